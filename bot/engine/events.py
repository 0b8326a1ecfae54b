"""The events of an instance: the only truth that the engine keeps (ADR-012, "Core Domain Events").

Typed as a msgspec tagged union; times are ISO 8601 in UTC with microseconds. Workflow Started, Step Executed
(StepCompleted), Workflow Completed and Rollback Initiated are the decision's own; StepEmitted carries what
steps say in GitHub's world, under its own name. Not here: what follows from an event (instance.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec


class _Body(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True, gc=False):
    """Base of all bodies; the class name is the tag."""


class WorkflowStarted(_Body, frozen=True, kw_only=True):
    """definition, version, digest: what runs, pinned. key: what this instance is about. context: its inputs."""

    definition: str
    version: str
    digest: str
    key: str
    context: dict[str, Any]


class StepStarted(_Body, frozen=True, kw_only=True):
    """Durable before the effect. key: goes along into the outside world, stable over retries.
    undoable: whether the step's type has a way back."""

    step: str
    attempt: int
    key: str
    undoable: bool = False


class StepWaiting(_Body, frozen=True, kw_only=True):
    """See outcome.Waiting; deadline is an absolute time here."""

    step: str
    wake_on: tuple[str, ...] = ()
    deadline: str | None = None
    note: str = ""
    memo: dict[str, Any] = {}
    signal: str = ""


class StepCompleted(_Body, frozen=True, kw_only=True):
    """ADR-012's Step Executed. signal: the one that it waited for and took."""

    step: str
    result: dict[str, Any] = {}
    signal: str = ""


class StepSkipped(_Body, frozen=True, kw_only=True):
    """Its `when` did not hold."""

    step: str
    reason: str


class StepFailed(_Body, frozen=True, kw_only=True):
    """See outcome.Failed. fix_forward: may be done anew from an earlier step, if the definition says so."""

    step: str
    error: str
    kind: str
    before_effect: bool = False
    park: bool = False
    fix_forward: bool = False
    evidence: dict[str, Any] = {}


class StepRetryScheduled(_Body, frozen=True, kw_only=True):
    """A failed attempt that will be repeated at the given time."""

    step: str
    attempt: int
    at: str
    error: str
    kind: str


class StepEmitted(_Body, frozen=True, kw_only=True):
    """A domain event of a step: CheckRunObserved, QualityGateEvaluated, ImplementationWorkflowGenerated …"""

    name: str
    step: str = ""
    data: dict[str, Any] = {}


class PhaseCompleted(_Body, frozen=True, kw_only=True):
    """All steps of one phase are completed or skipped."""

    phase: str


class RollbackInitiated(_Body, frozen=True, kw_only=True):
    """reason: in words. step: which failed, if one did. cancelled: asked for by a human, so it ends that way.
    from_step: where not all is taken back, then only `steps`: this one and what was built upon it."""

    reason: str
    step: str | None = None
    cancelled: bool = False
    from_step: str = ""
    steps: tuple[str, ...] = ()


class FixForwardInitiated(_Body, frozen=True, kw_only=True):
    """What a step found goes back to an earlier one: `steps` are taken back and done anew, beginning with
    from_step, which is told the evidence. attempt: of `most`, counted for `step`, which failed."""

    step: str
    from_step: str
    steps: tuple[str, ...]
    attempt: int
    most: int
    reason: str
    evidence: dict[str, Any] = {}


class CompensationStarted(_Body, frozen=True, kw_only=True):
    """action: "undo" or the step type that rollback_action names."""

    step: str
    action: str
    attempt: int


class CompensationWaiting(_Body, frozen=True, kw_only=True):
    """An undo that waits for somebody, such as for the merge of a revert PR."""

    step: str
    wake_on: tuple[str, ...] = ()
    deadline: str | None = None
    note: str = ""
    memo: dict[str, Any] = {}


class CompensationCompleted(_Body, frozen=True, kw_only=True):
    """What was undone, and how, in `result`."""

    step: str
    result: dict[str, Any] = {}


class CompensationFailed(_Body, frozen=True, kw_only=True):
    """retry_at: when it is tried again; None parks the instance."""

    step: str
    error: str
    kind: str
    retry_at: str | None = None


class WorkflowCompleted(_Body, frozen=True, kw_only=True):
    """All steps are done."""


class WorkflowCompensated(_Body, frozen=True, kw_only=True):
    """All that had been done is undone."""

    reason: str


class WorkflowCancelled(_Body, frozen=True, kw_only=True):
    """The same, because a human wanted it."""

    reason: str


class WorkflowParked(_Body, frozen=True, kw_only=True):
    """Stopped visibly; a human has to look. reason: in words."""

    reason: str
    step: str | None = None


class WorkflowPaused(_Body, frozen=True, kw_only=True):
    """A human held it up: nothing new begins until it is resumed."""

    reason: str


class WorkflowResumed(_Body, frozen=True, kw_only=True):
    """It goes on after a human asked, or after what was taken back to be fixed. step: is tried again, and is told
    `memo`. anew: steps that were taken back and are done anew; phases: those that they open again."""

    step: str | None = None
    memo: dict[str, Any] = {}
    anew: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()


class SignalReceived(_Body, frozen=True, kw_only=True):
    """Data for the next step that waits for a signal of this name."""

    name: str
    data: dict[str, Any] = {}


class OperatorRefused(_Body, frozen=True, kw_only=True):
    """Who asked for this act (cancel, roll-back, retry, pause, resume, signal) may not, or it does not fit now."""

    act: str
    reason: str


Body = (
    WorkflowStarted
    | StepStarted
    | StepWaiting
    | StepCompleted
    | StepSkipped
    | StepFailed
    | StepRetryScheduled
    | StepEmitted
    | PhaseCompleted
    | RollbackInitiated
    | FixForwardInitiated
    | CompensationStarted
    | CompensationWaiting
    | CompensationCompleted
    | CompensationFailed
    | WorkflowCompleted
    | WorkflowCompensated
    | WorkflowCancelled
    | WorkflowParked
    | WorkflowPaused
    | WorkflowResumed
    | SignalReceived
    | OperatorRefused
)


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One event in its stream. version counts from 1. actor: who caused it ("@maria", "cloi", "timer").

    cause: the delivery, event or command behind it. correlation: the same over all instances of one story.
    format: of what is stored, see FORMAT; events of the first format bear no number.
    """

    stream: str
    version: int
    at: str
    actor: str
    cause: str
    correlation: str
    body: Body
    format: int = 1

    @property
    def name(self) -> str:
        """The name to show: the domain's own where a step emitted it."""
        return self.body.name if isinstance(self.body, StepEmitted) else type(self.body).__name__


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


FORMAT = 1
"""Today's format. What was stored stays as it is, for its chain's sake, and is lifted when it is read.

A new type of event, and a new field that has a default, need no new format. All else does: raise this number and
say in LIFTS how an event of the format before becomes one of the next. Golden streams hold us to it."""

LIFTS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From each former format to the one after it. Pure, on events as plain JSON values."""


def encode(event: Event) -> bytes:
    """The bytes that are stored, and that the chain is computed over. In memory all are of today's format."""
    return _encoder.encode(event if event.format == FORMAT else msgspec.structs.replace(event, format=FORMAT))


def decode(data: bytes) -> Event:
    """The reverse of `encode`, for any format there ever was. Raises msgspec.DecodeError or ValidationError."""
    try:
        event = _decoder.decode(data)
        if event.format == FORMAT:
            return event
    except msgspec.ValidationError:
        raw = msgspec.json.decode(data)
        if not isinstance(raw, dict) or raw.get("format", 1) == FORMAT:
            raise
    return _lifted(msgspec.json.decode(data, type=dict[str, Any]))


def decode_all(data: Iterable[bytes]) -> list[Event]:
    """Many at once, for long streams. Raises as `decode`."""
    items = list(data)
    try:
        events = [*map(_decoder.decode, items)]
    except msgspec.ValidationError:
        return [decode(item) for item in items]
    return events if {event.format for event in events} <= {FORMAT} else [decode(item) for item in items]


def _lifted(raw: dict[str, Any]) -> Event:
    found = raw.get("format", 1)
    if not isinstance(found, int) or not 0 < found <= FORMAT:
        raise msgspec.ValidationError(
            f"it is of format {found}, and this version reads formats up to {FORMAT}; a newer one has written it"
        )
    try:
        for number in range(found, FORMAT):
            raw = LIFTS[number](raw)
    except Exception as error:
        raise msgspec.ValidationError(f"it does not fit its format, {found}: {error!r}") from error
    return msgspec.convert({**raw, "format": FORMAT}, Event)


def link(previous: str, data: bytes) -> str:
    """The hash chain's next head: sha256 over the previous head and the stored bytes, as hex."""
    return hashlib.sha256(previous.encode() + b"\n" + data).hexdigest()


def stamp(moment: datetime) -> str:
    """ISO 8601 with microseconds and Z, so that text order is time order."""
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


def later(time: datetime, seconds: float) -> datetime:
    """So many seconds on, or the end of the calendar: nobody's number is too large to be counted with."""
    try:
        return time + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=time.tzinfo)


def moment(text: str) -> datetime:
    """The reverse of `stamp`."""
    return datetime.fromisoformat(text)
