"""How much longer an instance will probably take, whole and by phase, from what its steps took before. Pure.

Reckoned from the instance's last event, not from a clock, so that the same events give the same answer. It
supposes that nothing fails and that people take as long as they did; where a step that is still to come was
hardly ever seen, or one under way takes longer than it ever did, the answer is that nobody knows. Not here:
how it looks.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.engine.events import moment
from bot.engine.instance import StepInstance, WorkflowInstance
from bot.engine.state import StepState, WorkflowState
from bot.insights.chance import quantile
from bot.insights.history import History
from bot.insights.timing import in_order
from bot.language.definition import WorkflowDefinition

_SEEN = 5
_RUNS = 300


@dataclass(frozen=True, slots=True)
class Remaining:
    """Seconds after the instance's last event: half end before `median`, one in ten before `low`, one in ten after
    `high`. phases: the median of each phase that is not over. of: past runs that it rests on."""

    low: float
    median: float
    high: float
    phases: Mapping[str, float]
    of: int


def remaining(instance: WorkflowInstance, definition: WorkflowDefinition, past: History) -> Remaining | None:
    """None where nobody knows, and where it is not under way."""
    if instance.state is not WorkflowState.RUNNING:
        return None
    runs = past.of(definition.name)
    took: dict[str, list[float]] = {}
    for run in runs:
        for step in run.steps:
            if step.state in ("completed", "skipped"):
                took.setdefault(step.step, []).append(step.seconds)
    left: dict[str, Sequence[float]] = {}
    for name in in_order(definition):
        found = _left(instance, instance.steps.get(name), took.get(name, ()))
        if not found:
            return None
        left[name] = found
    return _drawn(instance, definition, left, len(runs))


def _left(
    instance: WorkflowInstance, step: StepInstance | None, took: Sequence[float]
) -> Sequence[float] | None:
    """What a step may yet take; None where nobody knows."""
    if step is not None and step.state in (StepState.COMPLETED, StepState.SKIPPED):
        return (0.0,)
    if len(took) < _SEEN:
        return None
    if step is None or step.started_at is None:
        return took
    spent = (moment(instance.updated_at) - moment(step.started_at)).total_seconds() - step.held
    return [t - spent for t in took if t > spent] or None


def _drawn(
    instance: WorkflowInstance, definition: WorkflowDefinition, left: Mapping[str, Sequence[float]], of: int
) -> Remaining:
    chance = random.Random(f"{instance.id}/{instance.version}")  # noqa: S311  the same events, the same answer
    whole: list[float] = []
    phases: dict[str, list[float]] = {name: [] for name in definition.phases}
    for _ in range(_RUNS):
        ends: dict[str, float] = {}
        for name in left:
            start = max((ends[n] for n in definition.needs[name]), default=0.0)
            ends[name] = start + chance.choice(left[name])
        whole.append(max(ends.values(), default=0.0))
        for phase, names in definition.phase_steps.items():
            phases[phase].append(max(ends[n] for n in names))
    low, median, high = (quantile(whole, q) or 0.0 for q in (0.1, 0.5, 0.9))
    middle = {phase: quantile(ends_of, 0.5) or 0.0 for phase, ends_of in phases.items()}
    return Remaining(low, median, high, {p: s for p, s in middle.items() if s > 0}, of)
