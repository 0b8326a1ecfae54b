"""What each type of event changes, by table: a long stream is folded event by event. Pure.

Each function takes the instance, its steps, the event's body and time. It gives what changes of the instance
itself; what changes of a step it puts into `steps`. Not here: the fold itself (evolve.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bot.engine import events as e
from bot.engine.instance import WorkflowInstance
from bot.engine.state import (
    ROLLBACK_TRANSITIONS,
    STEP_TRANSITIONS,
    WORKFLOW_TRANSITIONS,
    RollbackState,
    StepState,
    WorkflowState,
    move,
)
from bot.engine.step import UNDER_WAY, Retreat, StepInstance, held_up

_replace = msgspec.structs.replace
# Long streams are mostly these, and in Python 3.11 each look at a member of an enum costs a tenth of an event.
_STARTED, _COMPLETED, _RETRYING = StepState.STARTED, StepState.COMPLETED, StepState.RETRYING

Changes = dict[str, Any]
"""Fields of the instance, and what they become."""
Steps = dict[str, StepInstance]
_NONE: Changes = {}


def _started_twice(instance: WorkflowInstance, steps: Steps, body: e.WorkflowStarted, at: str) -> Changes:
    raise ValueError(f"{instance.id} was started twice")


def _emitted(instance: WorkflowInstance, steps: Steps, body: e.StepEmitted, at: str) -> Changes:
    return {"emitted": {**instance.emitted, body.name: body.data}}


def _phase(instance: WorkflowInstance, steps: Steps, body: e.PhaseCompleted, at: str) -> Changes:
    return {"phases_completed": (*instance.phases_completed, body.phase)}


def _rollback(instance: WorkflowInstance, steps: Steps, body: e.RollbackInitiated, at: str) -> Changes:
    return {
        "state": _state(instance, WorkflowState.ROLLING_BACK),
        "reason": body.reason,
        "back_because": body.reason,
        "failed_step": body.step,
        "cancelled": body.cancelled,
        "retreat": Retreat(step=body.from_step, steps=body.steps) if body.from_step else None,
    }


def _fix_forward(instance: WorkflowInstance, steps: Steps, body: e.FixForwardInitiated, at: str) -> Changes:
    told = {"fix": body.attempt, "of": body.most, "step": body.step, "error": body.reason}
    memo = {**told, "evidence": body.evidence}
    return {
        "state": _state(instance, WorkflowState.ROLLING_BACK),
        "reason": body.reason,
        "back_because": body.reason,
        "failed_step": body.step,
        "retreat": Retreat(step=body.from_step, steps=body.steps, fix=True, memo=memo),
        "fixes": {**instance.fixes, body.step: body.attempt},
    }


def _signal(instance: WorkflowInstance, steps: Steps, body: e.SignalReceived, at: str) -> Changes:
    return {"signals": (*instance.signals, (body.name, body.data))}


def _completed(instance: WorkflowInstance, steps: Steps, body: e.WorkflowCompleted, at: str) -> Changes:
    return {"state": _state(instance, WorkflowState.COMPLETED)}


def _compensated(instance: WorkflowInstance, steps: Steps, body: e.WorkflowCompensated, at: str) -> Changes:
    return {"state": _state(instance, WorkflowState.COMPENSATED), "reason": body.reason}


def _cancelled(instance: WorkflowInstance, steps: Steps, body: e.WorkflowCancelled, at: str) -> Changes:
    return {"state": _state(instance, WorkflowState.CANCELLED), "reason": body.reason}


def _parked(instance: WorkflowInstance, steps: Steps, body: e.WorkflowParked, at: str) -> Changes:
    return {
        "state": _state(instance, WorkflowState.PARKED),
        "reason": body.reason,
        "failed_step": body.step,
    }


def _paused(instance: WorkflowInstance, steps: Steps, body: e.WorkflowPaused, at: str) -> Changes:
    state = _state(instance, WorkflowState.PAUSED)
    return {"state": state, "reason": body.reason, "failed_step": None, "paused_at": at}


def _refused(instance: WorkflowInstance, steps: Steps, body: e.OperatorRefused, at: str) -> Changes:
    return _NONE


def _resumed(instance: WorkflowInstance, steps: Steps, body: e.WorkflowResumed, at: str) -> Changes:
    if instance.state is WorkflowState.PAUSED:
        passed = (e.moment(at) - e.moment(instance.paused_at)).total_seconds()
        seconds = max(0.0, passed)  # a clock that was set back brings no deadline nearer
        steps.update({s.name: held_up(s, seconds) for s in steps.values() if s.state in UNDER_WAY})
    if body.anew:
        old = {name: steps.pop(name) for name in body.anew}
        fresh = {n: StepInstance(name=n, round=s.round + 1) for n, s in old.items()}
        if body.step:
            fresh[body.step] = _replace(fresh[body.step], memo=body.memo)
        return {
            "reason": "",
            "failed_step": None,
            "retreat": None,
            "anew": {**instance.anew, **fresh},
            "phases_completed": tuple(p for p in instance.phases_completed if p not in body.phases),
            "state": _state(instance, WorkflowState.RUNNING),
        }
    rolling = any(s.rollback is not RollbackState.NONE for s in steps.values())
    name = body.step
    if name and not rolling:
        known = steps[name]
        steps[name] = _replace(known, attempt=0, round=known.round + 1, memo=body.memo, deadline=None)
    elif name:
        # What a compensation remembers belongs to the attempt that failed; `again` tells the new one apart.
        known = steps[name]
        steps[name] = _replace(known, memo={**body.memo, "again": str(known.rollback_attempt)})
    to = WorkflowState.ROLLING_BACK if rolling else WorkflowState.RUNNING
    return {
        "reason": instance.back_because if rolling else "",
        "failed_step": None,
        "state": _state(instance, to),
    }


def _step_started(instance: WorkflowInstance, steps: Steps, body: e.StepStarted, at: str) -> Changes:
    known = steps.get(body.step) or instance.anew.get(body.step)
    if known is None:  # the usual case, without a detour
        steps[body.step] = StepInstance(
            name=body.step,
            state=_STARTED,
            attempt=body.attempt,
            key=body.key,
            undoable=body.undoable,
            started_at=at,
        )
        return _NONE
    steps[body.step] = _replace(
        known,
        state=move(STEP_TRANSITIONS, known.state, _STARTED),
        attempt=body.attempt,
        key=body.key,
        undoable=body.undoable,
        before_effect=False,
        park=False,
        fix_forward=False,
        evidence={},
        signal="",
        retry_at=None,
        error="",
        ended_at=None,
        started_at=known.started_at if known.state is _RETRYING else at,
        held=known.held if known.state is _RETRYING else 0.0,
    )
    return _NONE


def _step_waiting(instance: WorkflowInstance, steps: Steps, body: e.StepWaiting, at: str) -> Changes:
    known = known_step(instance, steps, body.step)
    steps[body.step] = _replace(
        known,
        state=move(STEP_TRANSITIONS, known.state, StepState.WAITING),
        attempt=1,  # it works again: a long wait must not use up its attempts one bad hour a day
        wake_on=body.wake_on,
        deadline=body.deadline,
        note=body.note,
        memo=body.memo,
        signal=body.signal,
    )
    return _NONE


def _step_completed(instance: WorkflowInstance, steps: Steps, body: e.StepCompleted, at: str) -> Changes:
    known = steps.get(body.step) or known_step(instance, steps, body.step)
    order = instance.completed + 1
    state = move(STEP_TRANSITIONS, known.state, _COMPLETED)
    steps[body.step] = _replace(known, state=state, result=body.result, ended_at=at, order=order, note="")
    if not body.signal:
        return {"completed": order}
    taken = next(i for i, (name, _) in enumerate(instance.signals) if name == body.signal)
    return {"completed": order, "signals": instance.signals[:taken] + instance.signals[taken + 1 :]}


def _step_skipped(instance: WorkflowInstance, steps: Steps, body: e.StepSkipped, at: str) -> Changes:
    known = known_step(instance, steps, body.step)
    state = move(STEP_TRANSITIONS, known.state, StepState.SKIPPED)
    steps[body.step] = _replace(known, state=state, note=body.reason, ended_at=at)
    return _NONE


def _step_failed(instance: WorkflowInstance, steps: Steps, body: e.StepFailed, at: str) -> Changes:
    known = known_step(instance, steps, body.step)
    steps[body.step] = _replace(
        known,
        state=move(STEP_TRANSITIONS, known.state, StepState.FAILED),
        error=body.error,
        kind=body.kind,
        before_effect=body.before_effect,
        park=body.park,
        fix_forward=body.fix_forward,
        evidence=body.evidence,
        ended_at=at,
    )
    return _NONE


def _step_retries(instance: WorkflowInstance, steps: Steps, body: e.StepRetryScheduled, at: str) -> Changes:
    known = known_step(instance, steps, body.step)
    state = move(STEP_TRANSITIONS, known.state, StepState.RETRYING)
    steps[body.step] = _replace(known, state=state, retry_at=body.at, error=body.error, kind=body.kind)
    return _NONE


def _undo_started(instance: WorkflowInstance, steps: Steps, body: e.CompensationStarted, at: str) -> Changes:
    known = _begun_step(steps, body.step)
    again = known.rollback is RollbackState.FAILED  # a human asked for it, and it may wait anew
    steps[body.step] = _replace(
        known,
        rollback=move(ROLLBACK_TRANSITIONS, known.rollback, RollbackState.STARTED),
        rollback_attempt=body.attempt,
        retry_at=None,
        rollback_started_at=at if again else known.rollback_started_at or at,
    )
    return _NONE


def _undo_waiting(instance: WorkflowInstance, steps: Steps, body: e.CompensationWaiting, at: str) -> Changes:
    known = _begun_step(steps, body.step)
    steps[body.step] = _replace(
        known,
        rollback=move(ROLLBACK_TRANSITIONS, known.rollback, RollbackState.WAITING),
        wake_on=body.wake_on,
        deadline=body.deadline,
        note=body.note,
        memo=body.memo,
    )
    return _NONE


def _undone(instance: WorkflowInstance, steps: Steps, body: e.CompensationCompleted, at: str) -> Changes:
    known = _begun_step(steps, body.step)
    state = move(ROLLBACK_TRANSITIONS, known.rollback, RollbackState.COMPLETED)
    steps[body.step] = _replace(known, rollback=state, rollback_result=body.result, note="")
    return _NONE


def _undo_failed(instance: WorkflowInstance, steps: Steps, body: e.CompensationFailed, at: str) -> Changes:
    known = _begun_step(steps, body.step)
    to = RollbackState.FAILED if body.retry_at is None else RollbackState.RETRYING
    state = move(ROLLBACK_TRANSITIONS, known.rollback, to)
    steps[body.step] = _replace(known, rollback=state, rollback_error=body.error, retry_at=body.retry_at)
    return _NONE


FOLLOWS: Mapping[type, Callable[[WorkflowInstance, Steps, Any, str], Changes]] = {
    e.WorkflowStarted: _started_twice,
    e.StepEmitted: _emitted,
    e.PhaseCompleted: _phase,
    e.RollbackInitiated: _rollback,
    e.FixForwardInitiated: _fix_forward,
    e.SignalReceived: _signal,
    e.WorkflowCompleted: _completed,
    e.WorkflowCompensated: _compensated,
    e.WorkflowCancelled: _cancelled,
    e.WorkflowParked: _parked,
    e.WorkflowPaused: _paused,
    e.WorkflowResumed: _resumed,
    e.OperatorRefused: _refused,
    e.StepStarted: _step_started,
    e.StepWaiting: _step_waiting,
    e.StepCompleted: _step_completed,
    e.StepSkipped: _step_skipped,
    e.StepFailed: _step_failed,
    e.StepRetryScheduled: _step_retries,
    e.CompensationStarted: _undo_started,
    e.CompensationWaiting: _undo_waiting,
    e.CompensationCompleted: _undone,
    e.CompensationFailed: _undo_failed,
}


def _state(instance: WorkflowInstance, new: WorkflowState) -> WorkflowState:
    return move(WORKFLOW_TRANSITIONS, instance.state, new)


def known_step(instance: WorkflowInstance, steps: Steps, name: str) -> StepInstance:
    """The step as it is, or as it begins."""
    return steps.get(name) or instance.anew.get(name) or StepInstance(name=name)


def _begun_step(steps: Steps, name: str) -> StepInstance:
    known = steps.get(name)
    if known is None:
        raise ValueError("a step that never started cannot be compensated")
    return known
