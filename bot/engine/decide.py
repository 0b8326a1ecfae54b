"""`decide`: which events follow from what has happened. Pure; time and chance are arguments.

One function answers everything that can happen to an instance (given.py): a step's outcome, time that passed, an
operator's wish. The events it gives include the start of whatever became runnable, so that "this is finished" and
"that is begun" are one commit (the intent is durable before the effect). Not here: doing anything
(coordinator.py), what an answer leads to (answers.py), and what the state alone does (course.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.engine import events as e
from bot.engine.answers import answered, undone
from bot.engine.course import anew, compensation, consequences, start
from bot.engine.errors import NotAllowedNow
from bot.engine.given import Answered, Asked, Circumstances, Given, Refused, TimePassed, Unanswered
from bot.engine.instance import WorkflowInstance
from bot.engine.outcome import held
from bot.engine.recording import wrapped
from bot.engine.saga import built_upon, to_compensate
from bot.engine.scope import effect_key
from bot.engine.state import RollbackState, StepState, WorkflowState
from bot.language.definition import WorkflowDefinition

_RESTS = (e.StepStarted, e.CompensationStarted)
"""What the state alone led to and leads no further: the next word is a step's."""


def decide(
    instance: WorkflowInstance, definition: WorkflowDefinition, given: Given, around: Circumstances
) -> tuple[e.Body, ...]:
    """The events that follow, oldest first; none if nothing does.

    Raises NotAllowedNow for a cancel or retry that does not fit the state.
    """
    return tuple(event.body for event in follow(instance, definition, given, around, "", "")[0])


def follow(
    instance: WorkflowInstance,
    definition: WorkflowDefinition,
    given: Given,
    around: Circumstances,
    actor: str,
    cause: str,
) -> tuple[tuple[e.Event, ...], WorkflowInstance]:
    """The same with the envelope that they are kept in, and the instance after them."""
    more = tuple(_direct(instance, definition, given, around))
    at = e.stamp(around.now)
    events, grown = wrapped(instance, more, at, actor, cause)
    while True:
        more = tuple(consequences(grown, definition, around))
        further, grown = wrapped(grown, more, at, actor, cause)
        events += further
        if all(type(body) in _RESTS for body in more):
            return events, grown


def _direct(
    instance: WorkflowInstance, definition: WorkflowDefinition, given: Given, around: Circumstances
) -> Iterator[e.Body]:
    match given:
        case Answered(step=step, outcome=outcome, compensating=True):
            yield from undone(instance, definition.step(step), outcome, around)
        case Answered(step=step, outcome=outcome):
            yield from answered(instance, definition.step(step), outcome, around)
        case TimePassed():
            yield from _due(instance, definition, around)
        case Asked():
            yield from _asked(instance, definition, given)
        case Refused(act=act, reason=reason):
            yield e.OperatorRefused(act=act, reason=reason)
        case Unanswered(starts=starts):
            yield from _given_up(instance, starts)


def _due(
    instance: WorkflowInstance, definition: WorkflowDefinition, around: Circumstances
) -> Iterator[e.Body]:
    now = e.stamp(around.now)
    for step in instance.steps.values():
        if step.retry_at is None or step.retry_at > now:
            continue
        if step.rollback is RollbackState.RETRYING and instance.state is WorkflowState.ROLLING_BACK:
            yield compensation(definition.step(step.name), step)
        elif step.state is StepState.RETRYING and instance.state is WorkflowState.RUNNING:
            yield start(instance, definition.step(step.name), step.attempt + 1, around)


def _given_up(instance: WorkflowInstance, starts: int) -> Iterator[e.Body]:
    """What may be what ends the process is not called again before somebody has looked."""
    back = instance.state is WorkflowState.ROLLING_BACK
    for step in instance.steps.values() if instance.state.moving else ():
        if (step.rollback is RollbackState.STARTED) if back else (step.state is StepState.STARTED):
            doing = f"taking back {step.name}" if back else step.name
            reason = (
                f"{doing} was under way at {starts} starts of the bot in a row and never came to an answer; "
            )
            reason += "the log of the process may say what ended it each time"
            yield e.WorkflowParked(reason=reason, step=step.name)
            return


def _asked(instance: WorkflowInstance, definition: WorkflowDefinition, given: Asked) -> Iterator[e.Body]:
    state = instance.state
    match given.act:
        case "cancel" | "roll-back":
            yield _taken_back(instance, definition, given)
        case "retry":
            yield from _retried(instance, definition, _brought(given))
        case "pause":
            if state is not WorkflowState.RUNNING:
                raise NotAllowedNow(f"it is {state.value}; only what is running can be paused")
            yield e.WorkflowPaused(reason=given.reason)
        case "resume":
            if state is not WorkflowState.PAUSED:
                raise NotAllowedNow(f"it is {state.value}; only what is paused can be resumed")
            yield e.WorkflowResumed()
        case "signal":
            if state.final:
                raise NotAllowedNow(f"it is {state.value}, so nobody waits for a signal")
            if not given.name:  # a step that waits for no signal has none either, and would take it
                raise NotAllowedNow("a signal without a name is waited for by nobody")
            yield e.SignalReceived(name=given.name, data=_brought(given))


def _brought(given: Asked) -> dict[str, Any]:
    try:
        return held(given.data)
    except ValueError as error:
        raise NotAllowedNow(str(error)) from error


def _taken_back(
    instance: WorkflowInstance, definition: WorkflowDefinition, given: Asked
) -> e.RollbackInitiated:
    back = instance.state is WorkflowState.ROLLING_BACK
    if instance.state.final or (back and (instance.retreat is None or given.name)):
        raise NotAllowedNow(f"it is {instance.state.value}, so there is nothing to take back now")
    if given.name and given.name not in instance.steps:
        raise NotAllowedNow(f"{given.name} has not begun, so there is nothing to take back from there on")
    steps: tuple[str, ...] = ()
    if given.name:
        steps = built_upon(instance, definition, given.name)
        if (
            instance.retreat is not None
        ):  # what was taken back before, and has not begun anew, does so with these
            steps = tuple(n for n in instance.steps if n in steps or n in instance.retreat.steps)
        elif any(s.rollback is not RollbackState.NONE for s in instance.steps.values()):
            raise NotAllowedNow("it is being taken back as a whole, so not from a step on")
    stuck = next((s.name for s in instance.steps.values() if s.rollback is RollbackState.FAILED), None)
    if stuck is not None and instance.retreat is None:
        raise NotAllowedNow(f"taking it back has stopped at {stuck}; a retry goes on from there")
    return e.RollbackInitiated(
        reason=given.reason, cancelled=given.act == "cancel", from_step=given.name, steps=steps
    )


def _retried(
    instance: WorkflowInstance, definition: WorkflowDefinition, memo: dict[str, Any]
) -> Iterator[e.Body]:
    if instance.state is not WorkflowState.PARKED:
        raise NotAllowedNow(f"it is {instance.state.value}; only what is parked can be tried again")
    if instance.retreat is not None and next(to_compensate(instance, definition), None) is None:
        yield anew(instance.retreat, definition, memo)
        return
    name = instance.failed_step
    step = instance.steps.get(name) if name else None
    if step is not None and (
        step.rollback is RollbackState.STARTED
        or (step.rollback is RollbackState.NONE and step.state is StepState.STARTED)
    ):
        yield e.WorkflowResumed()  # given up without an answer: what it did is unknown, so its key stays
        return
    yield e.WorkflowResumed(step=name, memo=memo)
    if step is not None and step.rollback is RollbackState.FAILED:
        yield compensation(definition.step(step.name), step)
    elif step is not None and step.state is StepState.FAILED:
        key = effect_key(instance.id, step.name, step.round + 1)
        yield e.StepStarted(step=step.name, attempt=1, key=key, undoable=step.undoable)
