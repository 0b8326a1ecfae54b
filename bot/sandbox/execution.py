"""How a workflow run is executed: what an executor is given, and the events that it yields.

The world (bot/sandbox/runs.py) turns these events into runs, jobs, check runs, artifacts and webhooks, so an
executor knows nothing of GitHub's objects. Two exist: act (bot/sandbox/act.py) and recordings
(bot/sandbox/recorded.py). Not here: scheduling, permissions of the token, payloads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

Conclusion = Literal["success", "failure", "cancelled", "skipped", "timed_out", "neutral"]


@dataclass(frozen=True)
class RunSpec:
    """One attempt of one run.

    workflow_path: such as ".github/workflows/ci.yml", inside `checkout`. checkout: a clean work tree at `sha`
    with its .git, the executor's own to change. event: the webhook-like payload that triggered it, inputs
    included. repository: "owner/name". ref: full, such as "refs/heads/main". api_url: such as
    "http://host/api/v3". token: what GITHUB_TOKEN is, held to the workflow's `permissions:`; it dies with the
    run. artifacts: an empty directory; what lies in artifacts/<name>/ at the end is artifact <name>.
    """

    run_id: int
    attempt: int
    workflow_path: str
    checkout: Path
    event_name: str
    event: dict[str, Any]
    repository: str
    ref: str
    sha: str
    actor: str
    api_url: str
    server_url: str
    token: str
    artifacts: Path


@dataclass(frozen=True)
class JobQueued:
    """A job is known. Its name is unique in the run (a matrix job carries its values)."""

    name: str


@dataclass(frozen=True)
class JobStarted:
    """A runner took the job. at: aware, UTC."""

    name: str
    at: datetime


@dataclass(frozen=True)
class StepFinished:
    """A step of a started job ended. number counts from 1 in the job."""

    job: str
    number: int
    name: str
    conclusion: Conclusion
    started: datetime
    completed: datetime


@dataclass(frozen=True)
class JobFinished:
    """A job ended; a skipped one need not have started. log: its whole plain text."""

    name: str
    conclusion: Conclusion
    at: datetime
    log: str = ""


@dataclass(frozen=True)
class RunFinished:
    """The last event. Jobs that are not finished by now count as cancelled."""

    conclusion: Conclusion


RunEvent = JobQueued | JobStarted | StepFinished | JobFinished | RunFinished


class Executor(Protocol):
    """Runs workflows, one `execute` an attempt."""

    def execute(self, spec: RunSpec) -> AsyncIterator[RunEvent]:
        """Yields events as they happen. An exception is conclusion "failure", its text the log."""
        ...

    async def cancel(self, run_id: int) -> None:
        """Asks a run that is being executed to stop; its `execute` still ends with RunFinished."""
        ...


@runtime_checkable
class Replays(Protocol):
    """An executor that may know a run's outcome: what it replays needs no work tree."""

    def knows(self, spec: RunSpec) -> bool:
        """Whether `execute` leaves `spec.checkout` alone."""
        ...
