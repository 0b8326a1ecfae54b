"""Rollback Coordination (ADR-012): in which order an instance takes back what it did. Pure.

Everything started and not known to have failed before its effect, unknown ones first, then in reverse order
of completion, held by reverse depends_on: a step is undone only after every step that built upon it.
"""

from __future__ import annotations

from bot.engine.instance import StepInstance, WorkflowInstance
from bot.engine.state import RollbackState, StepState
from bot.language.definition import WorkflowDefinition

_DONE = (RollbackState.COMPLETED,)


def to_compensate(instance: WorkflowInstance, definition: WorkflowDefinition) -> tuple[str, ...]:
    """ADR-012's compensation plan: names of all steps that must still be undone, in the order to do it."""
    open_steps = {
        s.name: s for s in instance.steps.values() if _needs_undo(s, definition) and s.rollback not in _DONE
    }
    dependants: dict[str, set[str]] = {name: set() for name in open_steps}
    for name in open_steps:
        for below in _descendants(name, definition):
            if below in open_steps:
                dependants[name].add(below)
    # Unknown ones (started, no outcome) before completed ones; the later completed before the earlier.
    wish = sorted(
        open_steps.values(),
        key=lambda s: (s.state is StepState.COMPLETED, -s.order, -_place(s.name, definition)),
    )
    out: list[str] = []
    while len(out) < len(wish):
        name = next(s.name for s in wish if s.name not in out and dependants[s.name] <= set(out))
        out.append(name)
    return tuple(out)


def _needs_undo(step: StepInstance, definition: WorkflowDefinition) -> bool:
    if step.state in (StepState.PENDING, StepState.SKIPPED) or step.before_effect:
        return False
    return step.undoable or definition.step(step.name).rollback_action is not None


def _place(name: str, definition: WorkflowDefinition) -> int:
    return next(i for i, s in enumerate(definition.steps) if s.name == name)


def _descendants(name: str, definition: WorkflowDefinition) -> set[str]:
    found: set[str] = set()
    frontier = {name}
    while frontier:
        frontier = {s.name for s in definition.steps if frontier & set(s.depends_on)} - found
        found |= frontier
    return found
