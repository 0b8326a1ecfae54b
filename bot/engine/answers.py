"""What follows from the answer of a step, or of its undo: the events that say so. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine import events as e
from bot.engine.given import Circumstances
from bot.engine.instance import StepInstance, WorkflowInstance
from bot.engine.outcome import Done, Failed, Outcome, Waiting
from bot.engine.state import RollbackState, StepState
from bot.language.definition import StepDefinition

_COMPENSATION_ATTEMPTS = 8


def _emitted(outcome: Outcome, step: str) -> Iterator[e.Body]:
    for event in outcome.events:
        yield e.StepEmitted(name=event.name, step=step, data=event.data)


def answered(
    instance: WorkflowInstance, step: StepDefinition, outcome: Outcome, around: Circumstances
) -> Iterator[e.Body]:
    """Of a step's start or check."""
    known = instance.steps.get(step.name)
    if known is None or known.state not in (StepState.STARTED, StepState.WAITING):
        return  # the answer to a call that nobody waits for any more
    yield from _emitted(outcome, step.name)
    match outcome:
        case Done(result=result):
            yield e.StepCompleted(step=step.name, result=result)
        case Waiting():
            allowed = outcome.deadline if outcome.deadline is not None else step.timeout
            deadline = _deadline(known.started_at, allowed, known.held)
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
                    signal=outcome.signal,
                )
        case Failed():
            asks = outcome.park and not outcome.retryable
            if (
                not asks
                and step.retry.wants(outcome.kind, outcome.retryable)
                and known.attempt < step.retry.attempts
            ):
                delay = _delay(outcome, step, known.attempt, around.chance)
                yield e.StepRetryScheduled(
                    step=step.name,
                    attempt=known.attempt + 1,
                    at=e.stamp(e.later(around.now, delay)),
                    error=outcome.error,
                    kind=outcome.kind,
                )
            else:
                fixable = outcome.kind == "gate" if outcome.fix_forward is None else outcome.fix_forward
                yield e.StepFailed(
                    step=step.name,
                    error=outcome.error,
                    kind=outcome.kind,
                    before_effect=outcome.before_effect,
                    park=outcome.park,
                    fix_forward=fixable and step.fix_forward is not None,
                    evidence=outcome.evidence,
                )


def _deadline(started: str | None, allowed: float | None, held: float = 0.0) -> str | None:
    """allowed, held: seconds that it may take, and that it was paused."""
    if allowed is None or started is None:
        return None
    return e.stamp(e.later(e.moment(started), allowed + held))


def _waits_differently(known: StepInstance, outcome: Waiting, deadline: str | None) -> bool:
    before = (known.wake_on, known.note, known.memo, known.deadline)
    return before != (outcome.wake_on, outcome.note, outcome.memo, deadline)


def _delay(outcome: Failed, step: StepDefinition, attempt: int, chance: float) -> float:
    """Seconds: doubled each time, some of it left to chance; never less than what the other side asked for."""
    kept = 1 - step.retry.jitter * (1 - chance)
    backoff = min(step.retry.most, step.retry.backoff * 2.0 ** min(attempt - 1, 99)) * kept
    return max(backoff, outcome.retry_after or 0.0)


def undone(
    instance: WorkflowInstance, step: StepDefinition, outcome: Outcome, around: Circumstances
) -> Iterator[e.Body]:
    """Of an undo, or of its check."""
    known = instance.steps[step.name]
    if known.rollback not in (RollbackState.STARTED, RollbackState.WAITING):
        return
    yield from _emitted(outcome, step.name)
    match outcome:
        case Done(result=result):
            yield e.CompensationCompleted(step=step.name, result=result)
        case Waiting():
            deadline = _deadline(known.rollback_started_at, outcome.deadline)
            if deadline is not None and e.moment(deadline) <= around.now:
                yield e.CompensationFailed(
                    step=step.name,
                    error=f"waited for {outcome.note or 'an answer'} until the deadline passed",
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
                retry_at=e.stamp(e.later(around.now, delay)) if again else None,
            )
