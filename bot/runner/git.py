"""The few things that git is asked in a job, with a fixed configuration and without anybody's hooks."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.runner.job import Refusal

# What the user or the repository has configured must not change what a diff looks like or start a program.
_FIXED = {
    "core.quotePath": "false",
    "core.autocrlf": "false",
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.untrackedCache": "false",
    "diff.suppressBlankEmpty": "false",
    "diff.orderFile": "/dev/null",
}
_DIFF = (
    "diff", "--cached", "--no-renames", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv",
    "--src-prefix=a/", "--dst-prefix=b/", "--unified=3", "--ignore-submodules=none", "--submodule=short",
)  # fmt: skip


class Git:
    """A repository's work tree. Each method raises Refusal with git's own words if git refuses."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout

    def _run(self, *args: str, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> bytes:
        config = [part for k, v in _FIXED.items() for part in ("-c", f"{k}={v}")]
        fixed = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0",
            **(env or {}),
        }
        argv = ["git", "-c", f"safe.directory={self.checkout}", *config, *args]
        run = subprocess.run(
            argv, cwd=self.checkout, env=fixed, input=stdin, capture_output=True, check=False
        )
        if run.returncode:
            words = run.stderr.decode(errors="replace").strip()
            raise Refusal(f"git {args[0]} failed: {words[-500:]}")
        return run.stdout

    def head(self) -> str:
        """The commit that is checked out."""
        return self._run("rev-parse", "HEAD").decode().strip()

    def is_clean(self) -> bool:
        """Whether the work tree holds exactly what is committed."""
        return not self._run("status", "--porcelain", "--untracked-files=all")

    def files_at(self, commit: str, paths: Iterable[str]) -> dict[str, bytes]:
        """Content of those of the paths that exist as files in a commit, as committed."""
        wanted = set(paths)
        if not wanted:
            return {}
        return {
            path: self._run("cat-file", "blob", sha)
            for path, (kind, sha) in self._tree(commit).items()
            if path in wanted and kind == "blob"
        }

    def listed(self, commit: str) -> dict[str, str]:
        """Everything in a commit but folders: path to git's type, blob or commit (a submodule)."""
        return {path: kind for path, (kind, _) in self._tree(commit).items()}

    def _tree(self, commit: str) -> dict[str, tuple[str, str]]:
        out = {}
        for entry in self._run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]:
            head, _, raw = entry.partition(b"\t")
            _, kind, sha = head.decode("ascii").split()
            out[raw.decode(errors="surrogateescape")] = (kind, sha)
        return out

    def snapshot(self, index: Path) -> str:
        """A tree of everything in the work tree that is not ignored, through an index of its own."""
        real = self.checkout / ".git" / "index"
        if not index.exists() and real.is_file():
            index.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(real, index)
        env = {"GIT_INDEX_FILE": str(index)}
        self._run("add", "--all", env=env)
        return self._run("write-tree", env=env).decode().strip()

    def changed_paths(self, base: str, tree: str) -> tuple[str, ...]:
        """Paths that are added or changed between a commit and a tree; deleted ones are left out."""
        raw = self._run("diff", "--name-only", "-z", "--no-renames", "--diff-filter=d", base, tree)
        return tuple(p.decode(errors="surrogateescape") for p in raw.split(b"\0")[:-1])

    def staged_diff(self, base: str) -> bytes:
        """Stage everything and give the diff from the base, whatever was committed in between."""
        self._run("add", "--all")
        return self._run(*_DIFF, base)

    def export(self, commit: str, target: Path) -> None:
        """A commit's files in a fresh folder, without .git. (git archive would leave out export-ignored tests.)"""
        target.mkdir(parents=True)
        env = {"GIT_INDEX_FILE": str(target.with_name(target.name + ".index"))}
        self._run("read-tree", commit, env=env)
        self._run("checkout-index", "--all", f"--prefix={target}/", env=env)
