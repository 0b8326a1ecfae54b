"""The course of an instance: what follows from its state alone, forwards and back. Pure.

Forwards, every step begins whose dependencies are settled; back, one step after the other is undone. Not here:
in which order things are undone (saga.py), and what follows from an answer (answers.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.engine import events as e
from bot.engine.given import Circumstances
from bot.engine.instance import StepInstance, WorkflowInstance
from bot.engine.saga import to_compensate
from bot.engine.scope import effect_key, scope
from bot.engine.state import RollbackState, StepState, WorkflowState
from bot.language.definition import StepDefinition, WorkflowDefinition
from bot.language.errors import ReferenceUnresolved
from bot.language.references import resolve

_SETTLED = (StepState.COMPLETED, StepState.SKIPPED)


def consequences(
    instance: WorkflowInstance, definition: WorkflowDefinition, around: Circumstances
) -> Iterator[e.Body]:
    """One round of what follows from the state alone. The caller repeats until nothing does."""
    if instance.state is WorkflowState.RUNNING:
        yield from _go_on(instance, definition, around)
    elif instance.state is WorkflowState.ROLLING_BACK:
        yield from _go_back(instance, definition, around)


def _go_on(
    instance: WorkflowInstance, definition: WorkflowDefinition, around: Circumstances
) -> Iterator[e.Body]:
    failed = [s for s in instance.steps.values() if s.state is StepState.FAILED]
    asking = next((s for s in failed if s.park), None)
    if asking is not None:
        yield e.WorkflowParked(reason=asking.error, step=asking.name)
        return
    if failed:
        # Siblings in flight finish first (ADR-012: allSettled); nothing new begins.
        if any(s.state is StepState.STARTED and s.name in around.in_flight for s in instance.steps.values()):
            return
        if "failed" in definition.emits:
            yield e.StepEmitted(
                name=definition.emits["failed"], data={"step": failed[0].name, "reason": failed[0].error}
            )
        if _wants_rollback(instance, definition):
            yield e.RollbackInitiated(reason=failed[0].error, step=failed[0].name)
        else:
            yield e.WorkflowParked(reason=failed[0].error, step=failed[0].name)
        return
    settled = {s.name for s in instance.steps.values() if s.state in _SETTLED}
    for phase, names in definition.phase_steps.items():
        if names <= settled and phase not in instance.phases_completed:
            yield e.PhaseCompleted(phase=phase)
    if len(settled) == len(definition.steps):
        if "completed" in definition.emits:
            yield e.StepEmitted(name=definition.emits["completed"])
        yield e.WorkflowCompleted()
        return
    for step in definition.steps:
        if step.name in instance.steps or not settled.issuperset(step.depends_on):
            continue
        if step.when is not None and not _holds(step.when, scope(instance, definition)):
            yield e.StepSkipped(step=step.name, reason=f"{step.when} does not hold")
        else:
            yield start(instance, step, 1, around)


def _wants_rollback(instance: WorkflowInstance, definition: WorkflowDefinition) -> bool:
    """ADR-012's rollbackRequired: only a reference that resolves to false parks instead."""
    if definition.rollback_required is None:
        return True
    try:
        value = resolve(definition.rollback_required, scope(instance, definition))
    except ReferenceUnresolved:
        return True  # it failed before anybody could say otherwise
    return value not in (False, "false")


def _holds(when: str, seen: Mapping[str, Any]) -> bool:
    """A reference holds if its value is neither missing, empty, false nor "false"."""
    try:
        value = resolve(when, seen)
    except ReferenceUnresolved:
        return False
    return bool(value) and value != "false"


def _go_back(
    instance: WorkflowInstance, definition: WorkflowDefinition, around: Circumstances
) -> Iterator[e.Body]:
    # What is still on its way may yet have an effect: it is undone only after it has come back.
    if around.in_flight:
        return
    order = to_compensate(instance, definition)
    if not order:
        if instance.cancelled:
            yield e.WorkflowCancelled(reason=instance.reason)
        else:
            yield e.WorkflowCompensated(reason=instance.reason)
        return
    step = instance.steps[order[0]]
    if step.rollback is RollbackState.NONE:
        yield compensation(definition.step(step.name), step)
    elif step.rollback is RollbackState.FAILED:
        yield e.WorkflowParked(reason=f"taking back {step.name}: {step.rollback_error}", step=step.name)


def start(
    instance: WorkflowInstance, step: StepDefinition, attempt: int, around: Circumstances
) -> e.StepStarted:
    known = instance.steps.get(step.name) or StepInstance(name=step.name)
    return e.StepStarted(
        step=step.name,
        attempt=attempt,
        key=effect_key(instance.id, step.name, known.round),
        undoable=step.type in around.undoable,
    )


def compensation(step: StepDefinition, known: StepInstance) -> e.CompensationStarted:
    return e.CompensationStarted(
        step=step.name, action=step.rollback_action or "undo", attempt=known.rollback_attempt + 1
    )
