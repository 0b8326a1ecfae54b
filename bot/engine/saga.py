"""Rollback Coordination (ADR-012): in which order an instance takes back what it did. Pure.

Everything started and not known to have failed before its effect, unknown ones first, then in reverse order
of completion, held by reverse depends_on: a step is undone only after every step that built upon it.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.instance import StepInstance, WorkflowInstance
from bot.engine.state import RollbackState, StepState
from bot.language.definition import WorkflowDefinition


def to_compensate(instance: WorkflowInstance, definition: WorkflowDefinition) -> Iterator[str]:
    """ADR-012's compensation plan: names of all steps that must still be undone, in the order to do it; of a
    retreat those that it takes back."""
    only = instance.steps if instance.retreat is None else instance.retreat.steps
    place = {step.name: i for i, step in enumerate(definition.steps)}
    open_steps = [
        s
        for s in (instance.steps[name] for name in instance.steps.keys() & only)
        if _needs_undo(s, definition) and s.rollback is not RollbackState.COMPLETED
    ]
    # Unknown ones (started, no outcome) before completed ones; the later completed before the earlier.
    open_steps.sort(key=lambda s: (s.state is StepState.COMPLETED, -s.order, -place[s.name]))
    wish = [s.name for s in open_steps]
    left = definition.names(wish)
    while wish:
        name = next(name for name in wish if not definition.below(name).meets(left))
        yield name
        wish.remove(name)
        left = left.without(name)


def _needs_undo(step: StepInstance, definition: WorkflowDefinition) -> bool:
    if step.state in (StepState.PENDING, StepState.SKIPPED) or step.before_effect:
        return False
    return step.undoable or definition.step(step.name).rollback_action is not None


def built_upon(instance: WorkflowInstance, definition: WorkflowDefinition, name: str) -> tuple[str, ...]:
    """The step and all that were begun upon it, near and far."""
    below = definition.below(name)
    return tuple(n for n in instance.steps if n == name or n in below)
