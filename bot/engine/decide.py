"""`decide`: which events follow from what has happened. Pure; time and chance are arguments.

One function answers everything that can happen to an instance: a step's outcome, time that passed, an
operator's cancel or retry. The events it gives include the start of whatever became runnable, so that "this
is finished" and "that is begun" are one commit (the intent is durable before the effect). Not here: doing
anything (coordinator.py), and in which order things are undone (saga.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.engine import events as e
from bot.engine.errors import NotAllowedNow
from bot.engine.instance import StepInstance, WorkflowInstance, evolve
from bot.engine.outcome import Done, Failed, Outcome, Waiting
from bot.engine.saga import to_compensate
from bot.engine.state import RollbackState, StepState, WorkflowState
from bot.language.definition import StepDefinition, WorkflowDefinition
from bot.language.errors import ReferenceUnresolved
from bot.language.references import resolve

_SETTLED = (StepState.COMPLETED, StepState.SKIPPED)
_COMPENSATION_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Answered:
    """A step's start, check, undo or check_undo came back."""

    step: str
    outcome: Outcome
    compensating: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """The instance has just been started, or loaded: see what is runnable."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Some retry may be due."""


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """A human wants it taken back. cancelled: as a change of mind; else because it turned out wrong."""

    reason: str
    cancelled: bool = True


@dataclass(frozen=True, slots=True)
class RetryAsked:
    """A human wants a parked instance to go on. memo: what the step that is tried again should know of it."""

    memo: Mapping[str, Any] = field(default_factory=dict)


Given = Answered | Begun | TimePassed | CancelAsked | RetryAsked


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What deciding may look at besides the instance.

    now: the time. chance: in [0, 1), for jitter. undoable: step types with a way back. in_flight: steps whose
    call has not come back yet; after a crash there are none, and what was started is unknown.
    """

    now: datetime
    chance: float = 0.5
    undoable: frozenset[str] = frozenset()
    in_flight: frozenset[str] = frozenset()


def decide(
    instance: WorkflowInstance, definition: WorkflowDefinition, given: Given, around: Circumstances
) -> tuple[e.Body, ...]:
    """The events that follow, oldest first; none if nothing does.

    Raises NotAllowedNow for a cancel or retry that does not fit the state.
    """
    bodies: list[e.Body] = []
    scratch = instance
    more = tuple(_direct(instance, definition, given, around)) or tuple(
        _consequences(instance, definition, around)
    )
    while more:
        for body in more:
            bodies.append(body)
            scratch = evolve(scratch, _provisional(scratch, body, around.now))
        more = tuple(_consequences(scratch, definition, around))
    return tuple(bodies)


def scope(instance: WorkflowInstance, definition: WorkflowDefinition) -> dict[str, Any]:
    """What references of this instance can see: its context, and the exported outputs of completed steps."""
    outputs: dict[str, dict[str, Any]] = {}
    for step in definition.steps:
        known = instance.steps.get(step.name)
        if known is not None and known.state is StepState.COMPLETED:
            outputs[step.name] = {
                export: known.result[name] for export, name in step.outputs.items() if name in known.result
            }
    return {"context": instance.context, "outputs": outputs}


def step_inputs(
    instance: WorkflowInstance, definition: WorkflowDefinition, step: StepDefinition
) -> dict[str, Any]:
    """The step's declared inputs with their references resolved. Raises ReferenceUnresolved."""
    out: dict[str, Any] = resolve(dict(step.inputs), scope(instance, definition))
    return out


def effect_key(instance: str, step: str, round_: int) -> str:
    """Stable over automatic retries and crashes, new after a retry by hand. 20 hex digits."""
    return hashlib.sha256(f"{instance}\n{step}\n{round_}".encode()).hexdigest()[:20]


def _provisional(instance: WorkflowInstance, body: e.Body, now: datetime) -> e.Event:
    return e.Event(
        stream=instance.id,
        version=instance.version + 1,
        at=e.stamp(now),
        actor="",
        cause="",
        correlation="",
        body=body,
    )


def _direct(
    instance: WorkflowInstance, definition: WorkflowDefinition, given: Given, around: Circumstances
) -> Iterator[e.Body]:
    match given:
        case Answered(step=step, outcome=outcome, compensating=True):
            yield from _undone(instance, definition.step(step), outcome, around)
        case Answered(step=step, outcome=outcome):
            yield from _answered(instance, definition.step(step), outcome, around)
        case TimePassed():
            yield from _due(instance, definition, around)
        case CancelAsked(reason=reason, cancelled=cancelled):
            if instance.state not in (WorkflowState.RUNNING, WorkflowState.PARKED):
                raise NotAllowedNow(f"it is {instance.state.value}, so there is nothing to take back now")
            yield e.RollbackInitiated(reason=reason, cancelled=cancelled)
        case RetryAsked(memo=memo):
            yield from _retried(instance, definition, dict(memo))


def _emitted(outcome: Outcome, step: str) -> Iterator[e.Body]:
    for event in outcome.events:
        yield e.StepEmitted(name=event.name, step=step, data=event.data)


def _answered(
    instance: WorkflowInstance, step: StepDefinition, outcome: Outcome, around: Circumstances
) -> Iterator[e.Body]:
    known = instance.steps[step.name]
    if known.state not in (StepState.STARTED, StepState.WAITING):
        return  # the answer to a call that nobody waits for any more
    yield from _emitted(outcome, step.name)
    match outcome:
        case Done(result=result):
            yield e.StepCompleted(step=step.name, result=result)
        case Waiting():
            deadline = _deadline(known, step, outcome)
            if deadline is not None and e.moment(deadline) <= around.now:
                note = outcome.note or "an answer"
                yield e.StepFailed(
                    step=step.name, error=f"waited for {note} until the deadline passed", kind="deadline"
                )
            elif known.state is StepState.STARTED or _waits_differently(known, outcome, deadline):
                yield e.StepWaiting(
                    step=step.name,
                    wake_on=outcome.wake_on,
                    deadline=deadline,
                    note=outcome.note,
                    memo=outcome.memo,
                )
        case Failed():
            if outcome.retryable and known.attempt < step.retry.attempts:
                delay = _delay(outcome, step, known.attempt, around.chance)
                yield e.StepRetryScheduled(
                    step=step.name,
                    attempt=known.attempt + 1,
                    at=e.stamp(around.now + timedelta(seconds=delay)),
                    error=outcome.error,
                    kind=outcome.kind,
                )
            else:
                yield e.StepFailed(
                    step=step.name,
                    error=outcome.error,
                    kind=outcome.kind,
                    before_effect=outcome.before_effect,
                    park=outcome.park,
                )
                if outcome.park and instance.state is WorkflowState.RUNNING:
                    yield e.WorkflowParked(reason=outcome.error, step=step.name)


def _deadline(known: StepInstance, step: StepDefinition, outcome: Waiting) -> str | None:
    allowed = outcome.deadline if outcome.deadline is not None else step.timeout
    if allowed is None or known.started_at is None:
        return None
    return e.stamp(e.moment(known.started_at) + timedelta(seconds=allowed))


def _waits_differently(known: StepInstance, outcome: Waiting, deadline: str | None) -> bool:
    before = (known.wake_on, known.note, known.memo, known.deadline)
    return before != (outcome.wake_on, outcome.note, outcome.memo, deadline)


def _delay(outcome: Failed, step: StepDefinition, attempt: int, chance: float) -> float:
    """Seconds: doubled each time, half of it left to chance; never less than what the other side asked for."""
    backoff = min(step.retry.most, step.retry.backoff * 2.0 ** (attempt - 1)) * (0.5 + chance / 2)
    return max(backoff, outcome.retry_after or 0.0)


def _undone(
    instance: WorkflowInstance, step: StepDefinition, outcome: Outcome, around: Circumstances
) -> Iterator[e.Body]:
    known = instance.steps[step.name]
    if known.rollback not in (RollbackState.STARTED, RollbackState.WAITING):
        return
    yield from _emitted(outcome, step.name)
    match outcome:
        case Done(result=result):
            yield e.CompensationCompleted(step=step.name, result=result)
        case Waiting():
            started = known.rollback_started_at
            deadline = (
                e.stamp(e.moment(started) + timedelta(seconds=outcome.deadline))
                if outcome.deadline is not None and started is not None
                else None
            )
            if deadline is not None and e.moment(deadline) <= around.now:
                yield e.CompensationFailed(
                    step=step.name,
                    error=f"waited for {outcome.note} until the deadline passed",
                    kind="deadline",
                )
            elif known.rollback is RollbackState.STARTED or _waits_differently(known, outcome, deadline):
                yield e.CompensationWaiting(
                    step=step.name,
                    wake_on=outcome.wake_on,
                    deadline=deadline,
                    note=outcome.note,
                    memo=outcome.memo,
                )
        case Failed():
            again = outcome.retryable and known.rollback_attempt < _COMPENSATION_ATTEMPTS
            delay = _delay(outcome, step, known.rollback_attempt, around.chance)
            yield e.CompensationFailed(
                step=step.name,
                error=outcome.error,
                kind=outcome.kind,
                retry_at=e.stamp(around.now + timedelta(seconds=delay)) if again else None,
            )


def _due(
    instance: WorkflowInstance, definition: WorkflowDefinition, around: Circumstances
) -> Iterator[e.Body]:
    now = e.stamp(around.now)
    for step in instance.steps.values():
        if step.retry_at is None or step.retry_at > now:
            continue
        if step.rollback is RollbackState.RETRYING and instance.state is WorkflowState.ROLLING_BACK:
            yield _compensation(definition.step(step.name), step)
        elif step.state is StepState.RETRYING and instance.state is WorkflowState.RUNNING:
            yield _start(instance, definition.step(step.name), step.attempt + 1, around)


def _retried(
    instance: WorkflowInstance, definition: WorkflowDefinition, memo: dict[str, Any]
) -> Iterator[e.Body]:
    if instance.state is not WorkflowState.PARKED:
        raise NotAllowedNow(f"it is {instance.state.value}; only what is parked can be tried again")
    name = instance.failed_step
    step = instance.steps.get(name) if name else None
    yield e.WorkflowResumed(step=name, memo=memo)
    if step is not None and step.rollback is RollbackState.FAILED:
        yield _compensation(definition.step(step.name), step)
    elif step is not None and step.state is StepState.FAILED:
        key = effect_key(instance.id, step.name, step.round + 1)
        yield e.StepStarted(step=step.name, attempt=1, key=key, undoable=step.undoable)


def _start(
    instance: WorkflowInstance, step: StepDefinition, attempt: int, around: Circumstances
) -> e.StepStarted:
    known = instance.steps.get(step.name) or StepInstance(name=step.name)
    return e.StepStarted(
        step=step.name,
        attempt=attempt,
        key=effect_key(instance.id, step.name, known.round),
        undoable=step.type in around.undoable,
    )


def _compensation(step: StepDefinition, known: StepInstance) -> e.CompensationStarted:
    return e.CompensationStarted(
        step=step.name, action=step.rollback_action or "undo", attempt=known.rollback_attempt + 1
    )


def _consequences(
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
    for phase in definition.phases:
        names = {s.name for s in definition.steps if s.phase == phase}
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
            yield _start(instance, step, 1, around)


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
        yield _compensation(definition.step(step.name), step)
    elif step.rollback is RollbackState.FAILED:
        yield e.WorkflowParked(reason=f"taking back {step.name}: {step.rollback_error}", step=step.name)
