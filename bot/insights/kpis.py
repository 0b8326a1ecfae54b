"""ADR-012's Key Performance Indicators, by their names, as a fold of events. Pure, and kept incrementally.

`Kpis` is an immutable sum of counts by definition and repository: `add` an event, or `merge` what was counted
elsewhere; how the events were split and interleaved makes no difference. Durations are kept in buckets whose
middle is within one percent, so that quantiles can be merged too. Not here: how it looks (bot/render/kpis.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot.engine import events as e

Key = tuple[str, ...]
Group = tuple[str, str]
"""Definition and repository."""

_GAMMA = 1.02
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class StepFailurePattern:
    """Where workflows fail. runs: how often the step began anew. failures: attempts by kind of failure.
    recovered: how often it was completed after all."""

    step: str
    runs: int
    failures: Mapping[str, int]
    recovered: int


@dataclass(frozen=True, slots=True)
class Indicators:
    """The KPIs of some instances; None where nothing was counted yet. Times in seconds.

    workflow_success_rate: completed of all that ended. average_execution_time, p50, p95: of the completed.
    rollback_frequency: rolled back of all that started. compensation_effectiveness: compensations that worked,
    of those that are over.
    """

    started: int
    ended: int
    parked: int
    workflow_success_rate: float | None
    average_execution_time: float | None
    p50: float | None
    p95: float | None
    rollback_frequency: float | None
    rollback_causes: Mapping[str, int]
    compensation_effectiveness: float | None
    average_rollback_time: float | None
    step_failure_patterns: tuple[StepFailurePattern, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """What must be remembered of an instance under way. kinds: of failures, by step; broken: compensations."""

    group: Group
    started_at: str
    rollback_at: str | None = None
    parked: bool = False
    kinds: Mapping[str, str] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kpis:
    """counts: by group and by what was counted. runs: instances under way, by stream."""

    counts: Mapping[Group, Mapping[Key, int]] = field(default_factory=dict)
    runs: Mapping[str, _Run] = field(default_factory=dict)

    def add(self, event: e.Event) -> Kpis:
        """With one more event. Those of a stream come in its order. Raises ValueError for the middle of one
        whose beginning was never added."""
        if isinstance(event.body, e.WorkflowStarted):
            repository = event.body.context.get("repository", "")
            run = _Run((event.body.definition, str(repository)), event.at)
            grown: _Run | None = run
            news: dict[Key, int] = {("started",): 1}
        else:
            if event.stream not in self.runs:
                raise ValueError(f"{event.stream} goes on without having begun")
            run = self.runs[event.stream]
            grown, news = _counted(run, event)
        runs = {**self.runs, event.stream: grown} if grown else _without(self.runs, event.stream)
        if not news:
            return replace(self, runs=runs)
        return Kpis({**self.counts, run.group: _sum(self.counts.get(run.group, {}), news)}, runs)

    def merge(self, other: Kpis) -> Kpis:
        """Both together; a stream belongs to one of them, whole."""
        groups = {*self.counts, *other.counts}
        counts = {g: _sum(self.counts.get(g, {}), other.counts.get(g, {})) for g in groups}
        return Kpis(counts, {**self.runs, **other.runs})

    def indicators(self, definition: str | None = None, repository: str | None = None) -> Indicators:
        """Of all instances, or those of a definition or of a repository."""
        found: Mapping[Key, int] = {}
        for group, counts in self.counts.items():
            if definition in (None, group[0]) and repository in (None, group[1]):
                found = _sum(found, counts)
        return _indicators(found)


def kpis(events: Iterable[e.Event]) -> Kpis:
    """The KPIs of these events."""
    found = Kpis()
    for event in events:
        found = found.add(event)
    return found


def _counted(run: _Run, event: e.Event) -> tuple[_Run | None, dict[Key, int]]:
    """The run after an event, None if it has ended, and what is to be counted."""
    match event.body:
        case e.StepStarted(step=step, attempt=1):
            return run, {("run", step): 1}
        case e.StepRetryScheduled(step=step, kind=kind) | e.StepFailed(step=step, kind=kind):
            return replace(run, kinds={**run.kinds, step: kind}), {("failure", step, kind): 1}
        case e.StepCompleted(step=step) if step in run.kinds:
            return replace(run, kinds=_without(run.kinds, step)), {("recovered", step): 1}
        case e.RollbackInitiated(step=step):
            cause = f"{step}: {run.kinds.get(step, 'failed')}" if step else "asked for"
            news: dict[Key, int] = {("cause", cause): 1, ("parked",): -run.parked}
            news[("rolled-back",)] = run.rollback_at is None
            return replace(run, rollback_at=run.rollback_at or event.at, parked=False), news
        case e.WorkflowParked():
            return replace(run, parked=True), {("parked",): not run.parked}
        case e.WorkflowResumed():
            return replace(run, parked=False), {("parked",): -run.parked}
        case e.CompensationStarted(step=step) if step in run.broken:
            return replace(run, broken=run.broken - {step}), {("undo-failed",): -1}
        case e.CompensationCompleted():
            return run, {("undo-done",): 1}
        case e.CompensationFailed(step=step, retry_at=None):
            return replace(run, broken=run.broken | {step}), {("undo-failed",): 1}
        case e.WorkflowCompleted():
            took = _microseconds(run.started_at, event.at)
            bucket = str(math.ceil(math.log(max(1, took), _GAMMA)))
            return None, {("completed",): 1, ("took",): took, ("bucket", bucket): 1}
        case e.WorkflowCompensated() | e.WorkflowCancelled():
            took = _microseconds(run.rollback_at or event.at, event.at)
            return None, {("taken-back",): 1, ("rollback-took",): took}
    return run, {}


def _indicators(counts: Mapping[Key, int]) -> Indicators:
    def one(*key: str) -> int:
        return counts.get(key, 0)

    def all_of(*start: str) -> dict[str, int]:
        found = {k[-1]: n for k, n in counts.items() if k[:-1] == start and n}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    completed, back = one("completed"), one("taken-back")
    buckets = sorted((int(k), n) for k, n in all_of("bucket").items())
    steps = {k[1] for k, n in counts.items() if k[0] == "failure" and n}
    patterns = [
        StepFailurePattern(s, one("run", s), all_of("failure", s), one("recovered", s)) for s in steps
    ]
    return Indicators(
        started=one("started"),
        ended=completed + back,
        parked=one("parked"),
        workflow_success_rate=_ratio(completed, completed + back),
        average_execution_time=_ratio(one("took") / 1e6, completed),
        p50=_quantile(buckets, 0.50),
        p95=_quantile(buckets, 0.95),
        rollback_frequency=_ratio(one("rolled-back"), one("started")),
        rollback_causes=all_of("cause"),
        compensation_effectiveness=_ratio(one("undo-done"), one("undo-done") + one("undo-failed")),
        average_rollback_time=_ratio(one("rollback-took") / 1e6, back),
        step_failure_patterns=tuple(sorted(patterns, key=lambda p: (-sum(p.failures.values()), p.step))),
    )


def _quantile(buckets: list[tuple[int, int]], q: float) -> float | None:
    """The value below which the share q lies (nearest rank), as the middle of its bucket; in seconds."""
    left = math.ceil(q * sum(n for _, n in buckets))
    for index, n in buckets:
        left -= n
        if left <= 0:
            return 2 * _GAMMA**index / (_GAMMA + 1) / 1e6
    return None


def _microseconds(start: str, end: str) -> int:
    return max(0, (e.moment(end) - e.moment(start)) // _MICROSECOND)


def _ratio(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def _sum(a: Mapping[Key, int], b: Mapping[Key, int]) -> dict[Key, int]:
    return {**a, **{key: a.get(key, 0) + n for key, n in b.items()}}


def _without(mapping: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in mapping.items() if k != key}
