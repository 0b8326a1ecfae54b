"""Execution patterns of a definition: where its time goes, what repeats, what is on the critical path. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.insights.history import Run, StepRun
from bot.insights.timing import Timed
from bot.language.definition import WorkflowDefinition


@dataclass(frozen=True, slots=True)
class StepPattern:
    """One step. seconds: on average, of those that ended. critical: in which share of the runs that go through it
    lies on the critical path. failed: the share that failed for good. repeated: attempts that were tried again.
    waits: it mostly waits for somebody."""

    step: str
    runs: int
    seconds: float
    critical: float
    failed: float
    repeated: int
    waits: bool


@dataclass(frozen=True, slots=True)
class Patterns:
    """steps: in the order of the definition. path: the expected critical path, first to last. whole: seconds
    that a run which goes through takes, on average; alone: what its steps took together, which is more where
    some ran side by side. goes: the chance to go through."""

    steps: tuple[StepPattern, ...]
    path: tuple[str, ...]
    whole: float
    alone: float
    goes: float


def patterns(definition: WorkflowDefinition, runs: Sequence[Run], now: Timed) -> Patterns:
    """From past runs, and from their timing as the definition stands."""
    steps = tuple(
        _step(s.name, [r for run in runs for r in run.steps if r.step == s.name], now.critical[s.name])
        for s in definition.steps
    )
    mean = {s.step: s.seconds for s in steps}
    completed = [r for r in runs if r.outcome == "completed"]
    alone = sum(s.seconds for r in completed for s in r.steps) / max(1, len(completed))
    return Patterns(steps, _longest(definition, mean), now.whole, alone, now.goes)


def _step(name: str, seen: Sequence[StepRun], critical: float) -> StepPattern:
    ended = [s for s in seen if s.state in ("completed", "failed")]
    n = max(1, len(ended))
    return StepPattern(
        step=name,
        runs=len(ended),
        seconds=sum(s.seconds for s in ended) / n,
        critical=critical,
        failed=sum(s.state == "failed" for s in ended) / n,
        repeated=sum(a.again for s in seen for a in s.attempts),
        waits=2 * sum(s.waited for s in ended) > len(ended),
    )


def _longest(definition: WorkflowDefinition, mean: dict[str, float]) -> tuple[str, ...]:
    """The way through the graph whose expected durations are longest together."""
    ways: dict[str, tuple[float, tuple[str, ...]]] = {}

    def way(name: str) -> tuple[float, tuple[str, ...]]:
        if name not in ways:
            before = max((way(n) for n in sorted(definition.needs[name])), default=(0.0, ()))
            ways[name] = before[0] + mean[name], (*before[1], name)
        return ways[name]

    return max((way(s.name) for s in definition.steps), default=(0.0, ()))[1]
