"""The course of an instance: what follows from its state alone, forwards and back. Pure.

Forwards, every step begins whose dependencies are settled; back, one step after the other is undone. Not here:
in which order things are undone (saga.py), and what follows from an answer (answers.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.engine import events as e
from bot.engine.follows import known_step
from bot.engine.given import Circumstances
from bot.engine.instance import UNDER_WAY, Retreat, StepInstance, WorkflowInstance
from bot.engine.saga import built_upon, to_compensate
from bot.engine.scope import effect_key, value_of
from bot.engine.state import RollbackState, StepState, WorkflowState
from bot.language.definition import StepDefinition, WorkflowDefinition

# Looked at for each step at each event, so found in one go.
_COMPLETED, _SKIPPED, _FAILED = StepState.COMPLETED, StepState.SKIPPED, StepState.FAILED
_UNDOING = (RollbackState.STARTED, RollbackState.WAITING, RollbackState.RETRYING)


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
    for name, data in instance.signals:  # the oldest first, to the step that was begun first
        for step in instance.steps.values():
            if step.state is StepState.WAITING and step.signal == name != "":
                yield e.StepCompleted(step=step.name, result=data, signal=name)
                return
    begun = instance.steps
    settled = {n for n, s in begun.items() if s.state is _COMPLETED or s.state is _SKIPPED}
    failed = [s for s in begun.values() if s.state is _FAILED] if len(settled) < len(begun) else ()
    if failed:
        asking = next((s for s in failed if s.park), None)
        if asking is not None:
            yield e.WorkflowParked(reason=asking.error, step=asking.name)
            return
        # Siblings in flight finish first, and all of a parallel_group (ADR-012: allSettled); nothing new begins.
        groups = {definition.step(s.name).parallel_group for s in failed} - {None}
        for step in instance.steps.values():
            together = definition.step(step.name).parallel_group in groups and step.state in UNDER_WAY
            if together or (step.state is StepState.STARTED and step.name in around.in_flight):
                return
        yield from _failed(instance, definition, failed)
        return
    for phase, names in definition.phase_steps.items():
        if names <= settled and phase not in instance.phases_completed:
            yield e.PhaseCompleted(phase=phase)
    if len(settled) == len(definition.steps):
        if "completed" in definition.emits:
            yield e.StepEmitted(name=definition.emits["completed"])
        yield e.WorkflowCompleted()
        return
    free = len(definition.steps)
    if definition.most_at_once:
        free = definition.most_at_once - sum(s.state in UNDER_WAY for s in instance.steps.values())
    for planned in definition.steps:
        if planned.name in begun or not definition.needs[planned.name] <= settled:
            continue
        holds = planned.when is None or value_of(planned.when, instance, definition, False)
        if not holds or holds == "false":
            yield e.StepSkipped(step=planned.name, reason=f"{planned.when} does not hold")
        elif free > 0:
            free -= 1
            yield start(instance, planned, 1, around)


def _failed(
    instance: WorkflowInstance, definition: WorkflowDefinition, failed: Sequence[StepInstance]
) -> Iterator[e.Body]:
    first, reason = failed[0], failed[0].error
    if all(s.fix_forward and fixes_left(instance, definition, s.name) for s in failed):
        fix = definition.step(first.name).fix_forward
        assert fix is not None, "else none would be left"
        attempt = instance.fixes.get(first.name, 0) + 1
        yield e.FixForwardInitiated(
            step=first.name,
            from_step=fix.step,
            steps=built_upon(instance, definition, fix.step),
            attempt=attempt,
            most=attempt - 1 + fixes_left(instance, definition, first.name),
            reason=reason,
            evidence=first.evidence,
        )
        return
    if len(failed) > 1:
        reason = "; ".join(f"{s.name}: {s.error}" for s in failed)
    if "failed" in definition.emits:
        yield e.StepEmitted(name=definition.emits["failed"], data={"step": first.name, "reason": reason})
    # ADR-012's rollbackRequired: only a reference that resolves to false parks instead.
    if value_of(definition.rollback_required, instance, definition, True) in (False, "false"):
        yield e.WorkflowParked(reason=reason, step=first.name)
    else:
        yield e.RollbackInitiated(reason=reason, step=first.name)


def fixes_left(instance: WorkflowInstance, definition: WorkflowDefinition, step: str) -> int:
    """How often what this step finds may yet go back to an earlier one."""
    fix = definition.step(step).fix_forward
    try:
        most = int(value_of(fix.most, instance, definition, 0)) if fix is not None else 0
    except (TypeError, ValueError):
        return 0
    return max(0, most - instance.fixes.get(step, 0))


def _go_back(
    instance: WorkflowInstance, definition: WorkflowDefinition, around: Circumstances
) -> Iterator[e.Body]:
    # What is still on its way may yet have an effect: it is undone only after it has come back.
    # And one after the other is undone, also when more is to be taken back than at first.
    if around.in_flight or any(s.rollback in _UNDOING for s in instance.steps.values()):
        return
    first = next(to_compensate(instance, definition), None)
    retreat = instance.retreat
    if first is None:
        if retreat is not None and retreat.fix:
            yield anew(retreat, definition, retreat.memo)
        elif retreat is not None:
            reason = f"{retreat.step} and what was built upon it are taken back, because {instance.reason}. "
            reason += "A retry begins there anew, a cancel takes back the rest"
            yield e.WorkflowParked(reason=reason, step=retreat.step)
        elif instance.cancelled:
            yield e.WorkflowCancelled(reason=instance.reason)
        else:
            yield e.WorkflowCompensated(reason=instance.reason)
        return
    step = instance.steps[first]
    if step.rollback is RollbackState.NONE:
        yield compensation(definition.step(step.name), step)
    elif step.rollback is RollbackState.FAILED:
        yield e.WorkflowParked(reason=f"taking back {step.name}: {step.rollback_error}", step=step.name)


def start(
    instance: WorkflowInstance, step: StepDefinition, attempt: int, around: Circumstances
) -> e.StepStarted:
    known = known_step(instance, instance.steps, step.name)
    return e.StepStarted(
        step=step.name,
        attempt=attempt,
        key=effect_key(instance.id, step.name, known.round),
        undoable=step.type in around.undoable,
    )


def anew(retreat: Retreat, definition: WorkflowDefinition, memo: dict[str, Any]) -> e.WorkflowResumed:
    """What was taken back begins anew; its first step is told `memo`."""
    phases = tuple(p for p, steps in definition.phase_steps.items() if not steps.isdisjoint(retreat.steps))
    return e.WorkflowResumed(step=retreat.step, memo=memo, anew=retreat.steps, phases=phases)


def compensation(step: StepDefinition, known: StepInstance) -> e.CompensationStarted:
    return e.CompensationStarted(
        step=step.name, action=step.rollback_action or "undo", attempt=known.rollback_attempt + 1
    )
