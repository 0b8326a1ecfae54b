"""Why an instance is in the state it is in: what led there, what it waits for, what would make it go on.

For `cloi why` and `cloi replay`. Made from the events alone, so that the words cannot say more than what was
recorded. Not here: reading them (bot/store), and the same story for a comment on GitHub (progress.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.engine import events as e
from bot.engine.evolve import evolve, fold
from bot.engine.instance import StepInstance, WorkflowInstance
from bot.engine.state import RollbackState, StepState, WorkflowState
from bot.language.definition import StepDefinition, WorkflowDefinition
from bot.render.plain import clause, one_line
from bot.render.times import duration, utc

_SETTLED = (StepState.COMPLETED, StepState.SKIPPED)
_MOST_KEYS = 4
_CAN_BEGIN_ANEW = "implement-adr"


@dataclass(frozen=True, slots=True)
class Link:
    """One thing that happened: version of the (last) event, when, in words, who did it and because of what."""

    version: int
    at: str
    sentence: str
    actor: str
    cause: str


@dataclass(frozen=True, slots=True)
class Why:
    """headline: the state. chain: what led there. waits: for what, now. next: what would make it go on."""

    headline: str
    chain: tuple[Link, ...]
    waits: tuple[str, ...]
    next: tuple[str, ...]

    def __str__(self) -> str:
        happened = [f"{utc(link.at)}  {link.sentence}" for link in self.chain]
        parts = [
            ("What led there", happened),
            ("What it waits for", self.waits),
            ("What comes next", self.next),
        ]
        lines = [self.headline]
        for title, sentences in parts:
            if sentences:
                lines += ["", f"{title}:", *(f"  {one_line(s)}" for s in sentences)]
        return "\n".join(lines)


def why(events: Sequence[e.Event], definition: WorkflowDefinition, now: datetime) -> Why:
    """The explanation of a stream that has begun. Raises ValueError for an empty one."""
    instance = fold(events)
    if instance is None:
        raise ValueError("nothing happened")
    lasts = duration((now - e.moment(instance.updated_at)).total_seconds())
    state = instance.state.value.replace("-", " ")
    since = f"since {utc(instance.updated_at)}" + ("" if instance.state.final else f", for {lasts}")
    because = f": {clause(instance.reason)}" if instance.reason else ""
    headline = one_line(f"{instance.id} is {state} {since}{because}")
    waits = tuple(_waits(instance, definition))
    return Why(headline, tuple(_chain(events)), waits, tuple(_next(instance, definition)))


def replay(events: Iterable[e.Event]) -> Iterator[tuple[e.Event, WorkflowInstance]]:
    """Each event with the instance after it. Raises ValueError at the first that does not fit."""
    instance: WorkflowInstance | None = None
    for event in events:
        instance = evolve(instance, event)
        yield event, instance


def states(instance: WorkflowInstance) -> str:
    """The state of an instance in one line: its own, then its steps that are begun, grouped by theirs."""
    groups: dict[str, list[str]] = {}
    for step in instance.steps.values():
        undoing = step.rollback is not RollbackState.NONE
        groups.setdefault(f"undo {step.rollback}" if undoing else step.state.value, []).append(step.name)
    steps = "; ".join(f"{state}: {', '.join(names)}" for state, names in groups.items())
    return one_line(f"{instance.state.value}  {steps}")


def _chain(events: Iterable[e.Event]) -> Iterator[Link]:
    """Events that mean the same for one step after the other become one link."""
    last: Link | None = None
    kind, names = "", list[str]()
    for event in events:
        new_kind, name, sentence = _said(event)
        if not sentence:
            continue
        if last is not None and new_kind == kind and new_kind:
            names += [name] if name not in names else []
            last = replace(last, version=event.version, at=event.at)
        else:
            if last is not None:
                yield _named(last, kind, names)
            kind, names = new_kind, [name]
            last = Link(event.version, event.at, sentence, event.actor, event.cause)
    if last is not None:
        yield _named(last, kind, names)


def _named(link: Link, kind: str, names: list[str]) -> Link:
    if kind not in ("done", "skipped", "undone"):
        return replace(link, sentence=one_line(link.sentence))
    verb = "was" if len(names) == 1 else "were"
    return replace(link, sentence=one_line(link.sentence.replace("{names}", f"{', '.join(names)} {verb}", 1)))


def _said(event: e.Event) -> tuple[str, str, str]:
    """A kind to group by (empty: never grouped), the step, and a sentence (empty: not worth telling)."""
    who = event.actor or "somebody"
    match event.body:
        case e.WorkflowStarted():
            return "", "", f"{who} started it ({event.cause})"
        case e.StepCompleted(step=step):
            return "done", step, "{names} done"
        case e.StepSkipped(step=step):
            return "skipped", step, "{names} skipped, since the condition did not hold"
        case e.StepRetryScheduled(step=step, kind=kind, error=error):
            return (
                f"again {step} {kind}",
                step,
                f"{step} met trouble and was tried again: {kind}: {clause(error)}",
            )
        case e.StepFailed(step=step, kind=kind, error=error):
            return "", step, f"{step} failed: {kind}: {clause(error)}"
        case e.RollbackInitiated(from_step=str() as first, reason=reason) if first:
            return "", "", f"{who} asked to take back {first} and what was built upon it: {clause(reason)}"
        case e.FixForwardInitiated(step=step, from_step=first, attempt=attempt, most=most, reason=reason):
            again = f"{step} sent it back to {first}, try {attempt} of {most} to fix it"
            return "", "", f"{again}: {clause(reason)}"
        case e.SignalReceived(name=name):
            return "", "", f"{who} gave the signal {name}"
        case e.RollbackInitiated(step=None, reason=reason):
            return "", "", f"{who} asked to take it back: {clause(reason)}"
        case e.RollbackInitiated(step=step):
            return "", "", f"so what was done is taken back, because of {step}"
        case e.CompensationCompleted(step=step):
            return "undone", step, "{names} taken back"
        case e.CompensationFailed(step=step, kind=kind, error=error, retry_at=at):
            then = "is tried again" if at else "needs a human"
            return (
                f"undo {step} {kind} {then}",
                step,
                f"taking back {step} failed and {then}: {kind}: {clause(error)}",
            )
        case e.WorkflowParked(reason=reason):
            return "", "", f"it stopped for a human: {clause(reason)}"
        case e.WorkflowPaused(reason=reason):
            return "", "", f"{who} held it up: {clause(reason)}"
        case e.OperatorRefused(act=act, reason=reason):
            return "", "", f"{who} asked to {act.replace('-', ' ')} it and was refused: {clause(reason)}"
        case e.WorkflowResumed(step=step):
            return "", "", f"{who} let it go on" + (f" with {step}" if step else "")
        case e.WorkflowCompleted() | e.WorkflowCompensated() | e.WorkflowCancelled():
            return "", "", f"it ended {_ENDED[event.name]}"
        case _:
            return "", "", ""


_ENDED = {
    "WorkflowCompleted": "completed",
    "WorkflowCompensated": "with everything taken back",
    "WorkflowCancelled": "cancelled, with everything taken back",
}


def _waits(instance: WorkflowInstance, definition: WorkflowDefinition) -> Iterator[str]:
    if instance.state.final:
        return
    if instance.state in (WorkflowState.PARKED, WorkflowState.PAUSED):
        yield "a human"
        return
    back = instance.state is WorkflowState.ROLLING_BACK
    for step in instance.steps.values():
        yield from _wait_of_undo(step) if back else _wait_of_step(step, definition.step(step.name))
    settled = frozenset(s.name for s in instance.steps.values() if s.state in _SETTLED)
    for planned in definition.steps:
        missing = sorted(definition.needs[planned.name] - settled)
        if not back and planned.name not in instance.steps and missing:
            yield f"{planned.name} has not begun: first {', '.join(missing)}"


def _wait_of_step(step: StepInstance, planned: StepDefinition) -> Iterator[str]:
    since = f"since {utc(step.started_at)}" if step.started_at else ""
    if step.state is StepState.STARTED:
        yield f"{step.name} is being done {since}, attempt {step.attempt} of {planned.retry.attempts}"
    elif step.state is StepState.WAITING:
        yield f"{step.name} waits {since} for {clause(step.note or 'an answer')}"
    elif step.state is StepState.RETRYING and step.retry_at:
        left = f"attempt {step.attempt + 1} of {planned.retry.attempts}"
        yield f"{step.name} is tried again at {utc(step.retry_at)}, {left}: {step.kind}: {clause(step.error)}"


def _wait_of_undo(step: StepInstance) -> Iterator[str]:
    if step.rollback is RollbackState.STARTED:
        yield f"{step.name} is being taken back, attempt {step.rollback_attempt}"
    elif step.rollback is RollbackState.WAITING:
        yield f"taking back {step.name} waits for {clause(step.note or 'an answer')}"
    elif step.rollback is RollbackState.RETRYING and step.retry_at:
        yield f"taking back {step.name} is tried again at {utc(step.retry_at)}: {clause(step.rollback_error)}"


def _next(instance: WorkflowInstance, definition: WorkflowDefinition) -> Iterator[str]:
    if instance.state.final:
        again = instance.state is not WorkflowState.COMPLETED and definition.name == _CAN_BEGIN_ANEW
        anew = "; `/cloi retry` by somebody who may write starts it anew" if again else ""
        yield f"nothing by itself: it has ended{anew}" if anew else "nothing: it has ended"
        return
    if instance.state is WorkflowState.PARKED:
        name = instance.failed_step
        undoing = name in instance.steps and instance.steps[name].rollback is RollbackState.FAILED
        what = f"{'taking back ' if undoing else ''}{name}" if name else "what was under way"
        yield f"somebody who may write comments `/cloi retry`: {what} is tried again"
        yield "or `/cloi cancel`: everything that was done is taken back"
        return
    if instance.state is WorkflowState.PAUSED:
        yield "somebody who may write comments `/cloi resume`: everything that waits looks again"
        yield "or `/cloi cancel`: everything that was done is taken back"
        return
    back = instance.state is WorkflowState.ROLLING_BACK
    for step in instance.steps.values():
        if (step.rollback if back else step.state) not in (StepState.WAITING, RollbackState.WAITING):
            continue
        keys = ", ".join(step.wake_on[:_MOST_KEYS]) + (" …" if len(step.wake_on) > _MOST_KEYS else "")
        heard = f"news of {keys}" if keys else "time"
        yield f"{step.name} looks again on {heard}, and from time to time without"
        if step.deadline:
            after = "a human is asked" if back else f"{step.name} has failed"
            yield f"at {utc(step.deadline)} the time is up: {after}"
