"""Runs a committed workflow for real: nektos/act as another user, in directories that exist for this run only.

The workflow is taken from the run's commit. Actions are replaced by stand-ins (bot/sandbox/standins) for whatever
ref the workflow pins; a workflow that uses any other action is not started, since act would fetch it from the
network. act ignores a job's `timeout-minutes` (measured), so that limit is kept here. As GitHub does, a job that
exceeds it, and every unfinished job of a run that is cancelled, ends as cancelled.

Not the same as on GitHub, because act does not emulate it: `concurrency`, environments, one token for each job
(spec.token serves all), `if: always()` jobs that have not begun when the run is cancelled. Not here: what the
events mean for runs, checks and webhooks.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.sandbox.act_host import Account, Host, end_processes, give
from bot.sandbox.act_log import ActLog, RunningJob
from bot.sandbox.act_workflow import Refused, Use, Workflow, actions_of, read_workflow
from bot.sandbox.artifact_service import ArtifactService
from bot.sandbox.execution import RunEvent, RunSpec
from bot.sandbox.git import GitRefused, run_git

LABELS = ("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04")
LINE_LIMIT = 1_000_000  # bytes of one line of act's log; longer ones are dropped
_WORKFLOW_PATH = re.compile(r"^\.github/workflows/[\w.-]+\.ya?ml$")
_NOWHERE = "http://127.0.0.1:9"  # the discard port: whatever asks a proxy gets no network


class CannotRun(RuntimeError):
    """The run cannot be started at all. The text says why, for the run's log."""


@dataclass
class _Run:
    """One run in progress."""

    spec: RunSpec
    root: Path
    account: Account
    workflow: Workflow
    log: ActLog
    process: asyncio.subprocess.Process | None = None
    deadlines: dict[str, float] = field(default_factory=dict)  # by job name, in the loop's time
    interrupted: bool = False


class ActExecutor:
    """An Executor (bot/sandbox/execution.py) on this machine.

    grace_s: how long a cancelled run may clean up. run_limit_s: what no run exceeds. minute_s: the length of a
    minute of `timeout-minutes`, shorter in tests.
    """

    def __init__(self, *, grace_s: float = 10, run_limit_s: float = 900, minute_s: float = 60) -> None:
        self.grace_s, self.run_limit_s, self.minute_s = grace_s, run_limit_s, minute_s
        self._host: Host | None = None
        self._runs: dict[int, _Run] = {}

    async def execute(self, spec: RunSpec) -> AsyncIterator[RunEvent]:
        """Yields events as they happen. Raises CannotRun, ActMissing or WorkflowUnreadable before the first."""
        workflow = read_workflow(
            await asyncio.to_thread(_text_at, spec, spec.workflow_path), spec.workflow_path
        )
        if self._host is None:
            self._host = await asyncio.to_thread(Host)
        host, log = self._host, ActLog(workflow, secrets=[spec.token])
        mapping, refused = _stand_ins(spec, workflow, host)
        for event in log.begin():
            yield event
        if refused:
            for event in log.refuse(refused, _now()):
                yield event
            return
        account, service = host.account(), ArtifactService(spec.artifacts)
        root = Path(tempfile.mkdtemp(prefix=f"cloi-run-{spec.run_id}-"))
        run = self._runs[spec.run_id] = _Run(spec, root, account, workflow, log)
        try:
            await service.start()
            await asyncio.to_thread(_lay_out, run)
            await self._start(run, host, service, mapping)
            async for event in self._events(run, host.warning()):
                yield event
        finally:
            self._runs.pop(spec.run_id, None)
            await asyncio.shield(self._clear(run, service))

    async def cancel(self, run_id: int) -> None:
        """Interrupts a run; after the grace it is killed. A run that is not being executed is left alone."""
        if run := self._runs.get(run_id):
            run.log.stop("cancelled")
            self._interrupt(run)

    async def _start(self, run: _Run, host: Host, service: ArtifactService, mapping: list[str]) -> None:
        spec, root = run.spec, run.root
        owner, branch = spec.repository.split("/")[0], spec.ref.removeprefix("refs/heads/")
        values = {
            "HOME": "${{ runner.temp }}/..",  # act's own directory of the job, as on GitHub above the workspace
            "TMPDIR": "${{ runner.temp }}",
            "GITHUB_RUN_ID": str(spec.run_id),
            "GITHUB_RUN_ATTEMPT": str(spec.attempt),
            "GITHUB_RUN_NUMBER": str(spec.run_id),
            "GITHUB_API_URL": spec.api_url,
            "GITHUB_GRAPHQL_URL": spec.api_url.removesuffix("/v3") + "/graphql",
            "GITHUB_SERVER_URL": spec.server_url,
            "GITHUB_REPOSITORY": spec.repository,
            "GITHUB_REPOSITORY_OWNER": owner,
            "GITHUB_REF": spec.ref,
            "GITHUB_REF_NAME": branch,
            "GITHUB_SHA": spec.sha,
            "SHA_REF": spec.sha,  # where act takes github.sha from
            "GITHUB_TRIGGERING_ACTOR": spec.actor,
            "GITHUB_WORKFLOW_REF": f"{spec.repository}/{spec.workflow_path}@{spec.ref}",
            "GITHUB_WORKFLOW_SHA": spec.sha,
            "ACTIONS_RESULTS_URL": service.url,
            "ACTIONS_RUNTIME_TOKEN": service.token,
            "SANDBOX_SOURCE": str(root / "source.git"),
        }
        told = [value for key, value in values.items() if key not in ("HOME", "TMPDIR")]
        if any("${{" in value for value in [*told, spec.actor]) or re.search(r"['\s]", spec.token):
            raise CannotRun(
                "A name of this run holds an expression, which act would evaluate; it is not run."
            )
        arguments = [
            spec.event_name, "-C", str(root / "work"), "-W", spec.workflow_path, f"--actor={spec.actor}",
            "-e", str(root / "event.json"), "--secret-file", str(root / "secrets"),
            "--action-cache-path", str(root / "jobs"), "--no-cache-server", "--no-skip-checkout", "--json",
            *(f"--platform={label}=-self-hosted" for label in LABELS),
            *(f"--local-repository={entry}" for entry in mapping),
            *(f"--env={key}={value}" for key, value in values.items()),
        ]  # fmt: skip
        run.process = await asyncio.create_subprocess_exec(
            str(host.act),
            *arguments,
            cwd=root / "work",
            env=_environment(host.path, root),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            umask=0o022,
            **run.account.arguments(),
        )
        if run.log.cancelling:  # asked while the directories were being made
            self._interrupt(run)

    async def _events(self, run: _Run, warning: str) -> AsyncIterator[RunEvent]:
        """Follows act's log until it ends, with every limit kept."""
        assert run.process is not None and run.process.stdout is not None
        loop = asyncio.get_running_loop()
        end, rest = loop.time() + self.run_limit_s, b""
        while True:
            until = min([end, *run.deadlines.values()]) - loop.time()
            try:
                chunk = await asyncio.wait_for(run.process.stdout.read(65536), max(until, 0))
            except TimeoutError:
                if loop.time() >= end:
                    end = loop.time() + 2 * self.grace_s + 5
                    run.log.stop("timed_out")
                    self._interrupt(run)
                self._end_overdue(run, loop.time())
                continue
            *lines, rest = (rest + chunk).split(b"\n") if chunk else [rest, b""]
            rest = b"" if len(rest) > LINE_LIMIT else rest
            for line in lines:
                before = set(run.log.running)
                for event in run.log.feed(line.decode(errors="replace"), _now()):
                    yield event
                self._watch(run, before, warning)
            if not chunk:
                break
        await run.process.wait()
        if not any([run.log.running, run.log.ran, run.log.cancelling]):
            raise CannotRun("act did not start the run. " + " ".join(run.log.words)[:2000])
        for event in run.log.finish(_now()):
            yield event

    def _watch(self, run: _Run, before: set[str], warning: str) -> None:
        """New jobs get their deadline; what an ended job left running is ended."""
        if run.log.running:
            (run.root / "secrets").unlink(missing_ok=True)  # act reads it before the first job
        for name in set(run.log.running) - before:
            job = run.log.running[name].job
            run.deadlines[name] = asyncio.get_running_loop().time() + job.timeout_minutes * self.minute_s
            if warning:
                run.log.write(name, f"##[warning]{warning}", _now())
        for name in before - set(run.log.running):
            run.deadlines.pop(name, None)
            for job in run.workflow.jobs.values():
                if job.name == name:  # jobs of a matrix share their id, and wait for the end of the run
                    end_processes(run.account, marks=_marks(run, job.id))

    def _end_overdue(self, run: _Run, now: float) -> None:
        for name in [name for name, deadline in run.deadlines.items() if deadline <= now]:
            job: RunningJob = run.log.running[name]
            job.stopping = "cancelled"
            minutes = f"{job.job.timeout_minutes:g} minute{'' if job.job.timeout_minutes == 1 else 's'}"
            run.log.write(
                name, f"##[error]The job has exceeded the maximum execution time of {minutes}.", _now()
            )
            run.deadlines[name] = now + self.grace_s  # for steps that run always; each of them only that long
            end_processes(run.account, marks=_marks(run, job.job.id))

    def _interrupt(self, run: _Run) -> None:
        if run.process is None or run.process.returncode is not None or run.interrupted:
            return
        run.interrupted = True
        with suppress(ProcessLookupError):
            run.process.send_signal(signal.SIGINT)
        loop = asyncio.get_running_loop()
        loop.call_later(self.grace_s, _kill, run)

    async def _clear(self, run: _Run, service: ArtifactService) -> None:
        """Nothing of the run is left: processes, directories, the service, the user id."""
        _kill(run)
        if run.process is not None:
            await run.process.wait()
        await service.close()
        await asyncio.to_thread(_remove, run.root)
        run.account.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _text_at(spec: RunSpec, path: str) -> str:
    """A file of the run's commit. Raises CannotRun."""
    if path == spec.workflow_path and not _WORKFLOW_PATH.match(path):
        raise CannotRun(f"{path!r} is no workflow file.")
    try:
        return run_git("show", f"{spec.sha}:{path}", cwd=spec.checkout).decode(errors="replace")
    except GitRefused as error:
        raise CannotRun(f"{path} is not in commit {spec.sha}: {error}") from error


def _stand_ins(spec: RunSpec, workflow: Workflow, host: Host) -> tuple[list[str], dict[str, list[str]]]:
    """What act maps to local directories, and by job what keeps the run from being started."""

    def read(path: str) -> str | None:
        try:
            return _text_at(spec, path)
        except CannotRun:
            return None

    mapping: set[str] = set()
    refused: dict[str, list[str]] = {}
    for found in actions_of(workflow, read):
        if isinstance(found, Refused):
            refused.setdefault(found.where, []).append(found.reason)
        elif isinstance(found, Use):
            directory = host.standin(found.repository)
            if directory is None:
                words = f"The sandbox has no stand-in for the action {found.repository}, and fetches none."
                refused.setdefault(found.where, []).append(words)
            mapping.add(f"{found.repository}@{found.ref}={directory}")
    for job in workflow.jobs.values():
        if unknown := [label for label in job.labels if label not in LABELS]:
            words = f"The sandbox has no runner for {', '.join(unknown)}; it has {', '.join(LABELS)}."
            refused.setdefault(job.id, []).append(words)
    return sorted(mapping), refused


def _lay_out(run: _Run) -> None:
    """Makes the run's directories: its own where it writes, the caller's where it only reads."""
    spec, root, account = run.spec, run.root, run.account
    root.chmod(0o711)
    for name in ("jobs", "home", "tmp"):
        (root / name).mkdir()
        give(root / name, account, 0o700)
    for name, text in (("event.json", json.dumps(spec.event)), ("secrets", f"GITHUB_TOKEN='{spec.token}'\n")):
        (root / name).touch(mode=0o600)
        (root / name).write_text(text)
        give(root / name, account, 0o400)
    target = root / "work" / spec.workflow_path
    target.parent.mkdir(parents=True)
    target.write_text(_text_at(spec, spec.workflow_path))
    source = root / "source.git"
    run_git("init", "-q", "--bare", "--shared=0644", "-b", "main", str(source))
    run_git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=source)
    run_git(
        "fetch", "-q", str(spec.checkout.resolve()), "+HEAD:refs/sandbox/head", "+refs/*:refs/*", cwd=source
    )
    run_git("update-ref", spec.ref, spec.sha, cwd=source)
    for path in [root / "work", *(root / "work").rglob("*"), source, *source.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def _environment(path: str, root: Path) -> dict[str, str]:
    """All that act, and so each step, inherits. No proxy answers: git and curl reach the loopback only."""
    proxies = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    local = "127.0.0.1,localhost,::1"
    return {
        "PATH": path, "HOME": str(root / "home"), "TMPDIR": str(root / "tmp"), "LANG": "C.UTF-8",
        "USER": "runner", "LOGNAME": "runner", "TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat",
        "GIT_TERMINAL_PROMPT": "0", **dict.fromkeys(proxies, _NOWHERE), "no_proxy": local, "NO_PROXY": local,
    }  # fmt: skip


def _marks(run: _Run, job: str = "") -> tuple[bytes, ...]:
    """What is in the environment of this run's processes, or of one job's steps."""
    source = f"\0SANDBOX_SOURCE={run.root / 'source.git'}\0".encode()
    return (source, f"\0GITHUB_JOB={job}\0".encode()) if job else (source,)


def _kill(run: _Run) -> None:
    """Ends everything that belongs to the run, at once."""
    if run.process is not None and run.process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(run.process.pid, signal.SIGKILL)
    end_processes(run.account, marks=_marks(run) if run.account.uid is None else ())


def _remove(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    if root.exists():  # a job may take the right to write from its own directories
        for folder, _, _ in os.walk(root):
            Path(folder).chmod(0o700)
        shutil.rmtree(root, ignore_errors=True)
