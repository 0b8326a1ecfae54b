"""A workflow instance as a value, and `evolve`: what each event makes of it. Pure; no clock, no store.

The fold of a stream's events is the instance; nothing else is. Not here: which events to write (decide.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from bot.engine import events as e
from bot.engine.state import (
    ROLLBACK_TRANSITIONS,
    STEP_TRANSITIONS,
    WORKFLOW_TRANSITIONS,
    RollbackState,
    StepState,
    WorkflowState,
    move,
)


class StepInstance(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an instance.

    attempt: of the running round, from 1; round: grows when a human asks for it again. key: of its effect.
    memo, wake_on, deadline, note: from the last Waiting. order: place in the order of completion, from 1.
    rollback_*: the same for its compensation.
    """

    name: str
    state: StepState = StepState.PENDING
    attempt: int = 0
    round: int = 1
    key: str = ""
    undoable: bool = False
    before_effect: bool = False
    result: dict[str, Any] = {}
    memo: dict[str, Any] = {}
    wake_on: tuple[str, ...] = ()
    deadline: str | None = None
    retry_at: str | None = None
    note: str = ""
    error: str = ""
    kind: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    order: int = 0
    rollback: RollbackState = RollbackState.NONE
    rollback_attempt: int = 0
    rollback_result: dict[str, Any] = {}
    rollback_error: str = ""
    rollback_started_at: str | None = None


class WorkflowInstance(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one run of a definition.

    id: also the stream's name. cancelled: the rollback was asked for by a human. reason: why it is rolled
    back, parked or ended. emitted: the latest domain event of each name.
    """

    id: str
    definition: str
    definition_version: str
    digest: str
    key: str
    context: dict[str, Any]
    state: WorkflowState
    steps: dict[str, StepInstance]
    version: int
    actor: str
    cause: str
    correlation: str
    started_at: str
    updated_at: str
    reason: str = ""
    failed_step: str | None = None
    cancelled: bool = False
    completed: int = 0
    phases_completed: tuple[str, ...] = ()
    emitted: dict[str, dict[str, Any]] = {}


def evolve(instance: WorkflowInstance | None, event: e.Event) -> WorkflowInstance:
    """The instance after `event`. Raises ValueError where the event does not fit: a bug or a damaged log."""
    body = event.body
    if isinstance(body, e.WorkflowStarted):
        if instance is not None:
            raise ValueError(f"{event.stream} was started twice")
        return WorkflowInstance(
            id=event.stream,
            definition=body.definition,
            definition_version=body.version,
            digest=body.digest,
            key=body.key,
            context=body.context,
            state=WorkflowState.RUNNING,
            steps={},
            version=event.version,
            actor=event.actor,
            cause=event.cause,
            correlation=event.correlation,
            started_at=event.at,
            updated_at=event.at,
        )
    if instance is None:
        raise ValueError(f"{event.stream} begins with {event.name}")
    if event.version != instance.version + 1:
        raise ValueError(f"{event.stream}: version {event.version} after {instance.version}")
    changes = {**_changes(instance, event), "version": event.version, "updated_at": event.at}
    return msgspec.structs.replace(instance, **changes)


def fold(stream: Iterable[e.Event]) -> WorkflowInstance | None:
    """All events of a stream, in order."""
    instance: WorkflowInstance | None = None
    for event in stream:
        instance = evolve(instance, event)
    return instance


def _state(instance: WorkflowInstance, new: WorkflowState) -> WorkflowState:
    return move(WORKFLOW_TRANSITIONS, instance.state, new)


def _changes(instance: WorkflowInstance, event: e.Event) -> dict[str, Any]:
    match event.body:
        case e.StepEmitted(name=name, data=data):
            return {"emitted": {**instance.emitted, name: data}}
        case e.PhaseCompleted(phase=phase):
            return {"phases_completed": (*instance.phases_completed, phase)}
        case e.RollbackInitiated(reason=reason, step=step, cancelled=cancelled):
            return {
                "state": _state(instance, WorkflowState.ROLLING_BACK),
                "reason": reason,
                "failed_step": step,
                "cancelled": cancelled,
            }
        case e.WorkflowCompleted():
            return {"state": _state(instance, WorkflowState.COMPLETED)}
        case e.WorkflowCompensated(reason=reason):
            return {"state": _state(instance, WorkflowState.COMPENSATED), "reason": reason}
        case e.WorkflowCancelled(reason=reason):
            return {"state": _state(instance, WorkflowState.CANCELLED), "reason": reason}
        case e.WorkflowParked(reason=reason, step=step):
            return {
                "state": _state(instance, WorkflowState.PARKED),
                "reason": reason,
                "failed_step": step,
            }
        case e.WorkflowResumed(step=step, memo=memo):
            return _resumed(instance, step, memo)
        case (
            e.CompensationStarted()
            | e.CompensationWaiting()
            | e.CompensationCompleted()
            | e.CompensationFailed() as body
        ):
            return _with_step(instance, body.step, _rollback_changes(instance, body, event.at))
        case (
            e.StepStarted()
            | e.StepWaiting()
            | e.StepCompleted()
            | e.StepSkipped()
            | e.StepFailed()
            | e.StepRetryScheduled() as body
        ):
            changes = _step_changes(instance, body, event.at)
            out = _with_step(instance, body.step, changes)
            if "order" in changes:
                out["completed"] = instance.completed + 1
            return out
    raise ValueError(f"nothing follows from {event.name}")


def _with_step(instance: WorkflowInstance, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    step = instance.steps.get(name) or StepInstance(name=name)
    return {"steps": {**instance.steps, name: msgspec.structs.replace(step, **changes)}}


def _resumed(instance: WorkflowInstance, step: str | None, memo: dict[str, Any]) -> dict[str, Any]:
    rolling = any(s.rollback is not RollbackState.NONE for s in instance.steps.values())
    out: dict[str, Any] = {"reason": "", "failed_step": None}
    out["state"] = _state(instance, WorkflowState.ROLLING_BACK if rolling else WorkflowState.RUNNING)
    if step and not rolling:
        again = {"attempt": 0, "round": instance.steps[step].round + 1, "memo": memo, "deadline": None}
        out |= _with_step(instance, step, again)
    elif step:
        # What a compensation remembers belongs to the attempt that failed; `again` tells the new one apart.
        told = {**memo, "again": str(instance.steps[step].rollback_attempt)}
        out |= _with_step(instance, step, {"memo": told})
    return out


def _step_changes(instance: WorkflowInstance, body: e.Body, at: str) -> dict[str, Any]:
    old = instance.steps.get(getattr(body, "step", ""), StepInstance(name="")).state

    def to(new: StepState) -> StepState:
        return move(STEP_TRANSITIONS, old, new)

    match body:
        case e.StepStarted():
            known = instance.steps.get(body.step)
            return {
                "state": to(StepState.STARTED),
                "attempt": body.attempt,
                "key": body.key,
                "undoable": body.undoable,
                "before_effect": False,
                "retry_at": None,
                "error": "",
                "ended_at": None,
                "started_at": known.started_at if known and old is StepState.RETRYING else at,
            }
        case e.StepWaiting():
            return {
                "state": to(StepState.WAITING),
                "attempt": 1,  # it works again: a long wait must not use up its attempts one bad hour a day
                "wake_on": body.wake_on,
                "deadline": body.deadline,
                "note": body.note,
                "memo": body.memo,
            }
        case e.StepCompleted():
            return {
                "state": to(StepState.COMPLETED),
                "result": body.result,
                "ended_at": at,
                "order": instance.completed + 1,
                "note": "",
            }
        case e.StepSkipped():
            return {"state": to(StepState.SKIPPED), "note": body.reason, "ended_at": at}
        case e.StepFailed():
            return {
                "state": to(StepState.FAILED),
                "error": body.error,
                "kind": body.kind,
                "before_effect": body.before_effect,
                "ended_at": at,
            }
        case e.StepRetryScheduled():
            return {
                "state": to(StepState.RETRYING),
                "retry_at": body.at,
                "error": body.error,
                "kind": body.kind,
            }
    raise ValueError(f"{type(body).__name__} is no event of a step")


def _rollback_changes(instance: WorkflowInstance, body: e.Body, at: str) -> dict[str, Any]:
    known = instance.steps.get(getattr(body, "step", ""))
    if known is None:
        raise ValueError("a step that never started cannot be compensated")

    def to(new: RollbackState) -> RollbackState:
        return move(ROLLBACK_TRANSITIONS, known.rollback, new)

    match body:
        case e.CompensationStarted():
            return {
                "rollback": to(RollbackState.STARTED),
                "rollback_attempt": body.attempt,
                "retry_at": None,
                "rollback_started_at": known.rollback_started_at or at,
            }
        case e.CompensationWaiting():
            return {
                "rollback": to(RollbackState.WAITING),
                "wake_on": body.wake_on,
                "deadline": body.deadline,
                "note": body.note,
                "memo": body.memo,
            }
        case e.CompensationCompleted():
            return {"rollback": to(RollbackState.COMPLETED), "rollback_result": body.result, "note": ""}
        case e.CompensationFailed():
            later = body.retry_at is not None
            return {
                "rollback": to(RollbackState.RETRYING if later else RollbackState.FAILED),
                "rollback_error": body.error,
                "retry_at": body.retry_at,
            }
    raise ValueError(f"{type(body).__name__} is no event of a compensation")
