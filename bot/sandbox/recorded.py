"""An executor that plays recordings: for stories about what follows from a run, without running anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath

from bot.sandbox.execution import (
    Conclusion,
    JobFinished,
    JobQueued,
    JobStarted,
    RunEvent,
    RunFinished,
    RunSpec,
    StepFinished,
)


@dataclass(frozen=True)
class Recording:
    """How a run goes. jobs: name -> conclusion, in order. logs: job -> text. artifacts: name -> path -> bytes.
    conclusion: of the run; by default that of its jobs."""

    jobs: Mapping[str, Conclusion] = field(default_factory=lambda: {"build": "success"})
    logs: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, Mapping[str, bytes | str]] = field(default_factory=dict)
    conclusion: Conclusion | None = None

    def outcome(self) -> Conclusion:
        """The run's conclusion."""
        if self.conclusion:
            return self.conclusion
        seen = set(self.jobs.values())
        if "failure" in seen or "timed_out" in seen:
            return "failure"
        return "cancelled" if "cancelled" in seen else "success"


Recorder = Callable[[RunSpec], Recording]


class RecordedExecutor:
    """Plays, for each run, what `recordings` holds for its workflow file, or what a function of the spec answers.

    A workflow without a recording fails, saying so. clock: dates the events.
    """

    def __init__(
        self,
        recordings: Mapping[str, Recording] | Recorder,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._recordings = recordings
        self._clock = clock
        self._cancelled: set[int] = set()
        self.specs: list[RunSpec] = []

    def _recording(self, spec: RunSpec) -> Recording:
        if callable(self._recordings):
            return self._recordings(spec)
        name = PurePosixPath(spec.workflow_path).name
        found = self._recordings.get(spec.workflow_path) or self._recordings.get(name)
        if found is None:
            raise LookupError(f"there is no recording of {spec.workflow_path}")
        return found

    async def execute(self, spec: RunSpec) -> AsyncIterator[RunEvent]:
        """Plays it. A cancelled run ends between two jobs."""
        self.specs.append(spec)
        recording = self._recording(spec)
        for name in recording.jobs:
            yield JobQueued(name)
        for name, conclusion in recording.jobs.items():
            if spec.run_id in self._cancelled:
                self._cancelled.discard(spec.run_id)
                yield RunFinished("cancelled")
                return
            if conclusion != "skipped":
                began = self._clock()
                yield JobStarted(name, began)
                yield StepFinished(name, 1, "Recorded", conclusion, began, self._clock())
            yield JobFinished(
                name, conclusion, self._clock(), recording.logs.get(name, f"{name}: {conclusion}\n")
            )
        for name, files in recording.artifacts.items():
            for path, data in files.items():
                target = spec.artifacts / name / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data.encode() if isinstance(data, str) else data)
        yield RunFinished(recording.outcome())

    async def cancel(self, run_id: int) -> None:
        """Stops a run at its next job."""
        self._cancelled.add(run_id)
