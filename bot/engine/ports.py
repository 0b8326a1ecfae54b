"""What the engine asks of the world: a store, a clock, and step types. Implementations: bot/store, bot/steps.

Kept narrow, so that one contract suite can hold every store to it. All calls are synchronous and short: an
append is one local transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from bot.engine.events import Event
from bot.engine.outcome import Done, Failed, Outcome
from bot.language.definition import StepDefinition


class Clock(Protocol):
    """Time as data. `now` is UTC and aware."""

    def now(self) -> datetime: ...


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """An instance in one row, kept with each append so that lists need no folding."""

    instance: str
    definition: str
    key: str
    state: str
    open: bool
    started_at: str
    updated_at: str
    reason: str = ""


class Append(msgspec.Struct, frozen=True, kw_only=True):
    """Events for one stream, whose last version must be `expected`."""

    stream: str
    expected: int
    events: tuple[Event, ...]
    summary: Summary


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as it arrived, before anybody looked at it. id: X-GitHub-Delivery; body: the raw bytes.

    state: pending, consumed, ignored or parked; reason says why. attempts: how often handling it failed.
    """

    id: str
    event: str
    body: bytes
    received_at: str
    installation_target: str = ""
    state: str = "pending"
    reason: str = ""
    attempts: int = 0


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """A write to the outside world: intended first, then done, then observed.

    key: unique, goes along into GitHub. digest: of the content. state: intended or observed; result: what
    identifies the object that came of it.
    """

    key: str
    kind: str
    instance: str
    step: str
    digest: str
    state: str
    intended_at: str
    result: dict[str, Any] = {}


class EventStore(Protocol):
    """Streams of events, with the deliveries they consume and the effects they intend."""

    def append(self, appends: Sequence[Append], *, consumes: str | None = None, reason: str = "") -> None:
        """All or nothing; `consumes` names the delivery that is settled in the same transaction.

        Raises ConcurrencyConflict if a stream's version is not the expected one, or if the delivery was
        consumed before: a delivery is consumed once, by one append.
        """

    def read(self, stream: str) -> list[Event]:
        """All events of a stream in order; empty if there is none. Raises StoreError where one cannot be
        decoded, so that this stream can be parked."""

    def head(self, stream: str) -> str:
        """The hash chain's head, as hex; empty if there is no such stream."""

    def heads(self, stream: str) -> list[str]:
        """The chain's head after each event, as they were stored; the last is `head`."""

    def verify(self, stream: str) -> str:
        """The head, computed anew over the stored bytes. Raises StoreError at the first event that does not
        fit. A tail cut off cannot be seen from within: compare with the published head."""

    def summaries(self, *, definition: str | None = None, open_only: bool = False) -> list[Summary]:
        """Instances, oldest first."""

    def keep(self, delivery: Delivery) -> bool:
        """Durable when it returns. False if a delivery with this id was already kept: nothing is changed."""

    def pending(self, limit: int = 100) -> list[Delivery]:
        """Deliveries that nobody has handled yet, in order of arrival."""

    def settle(self, delivery: str, state: str, reason: str) -> None:
        """Mark a delivery as consumed, ignored or parked."""

    def stumble(self, delivery: str, reason: str) -> int:
        """Note that handling a delivery failed; the number of failures so far."""

    def kept(self, ids: Iterable[str]) -> set[str]:
        """Which of these deliveries were ever kept, whatever has become of them."""

    def deliveries(self, *, state: str | None = None, limit: int = 100) -> list[Delivery]:
        """The newest deliveries first, without their bodies."""

    def intend(self, effect: Effect) -> Effect:
        """Write the intent, durable when it returns; if the key is known, the effect as it stands."""

    def observe(self, key: str, result: Mapping[str, Any]) -> None:
        """Note what came of an effect."""

    def effects(self, instance: str | None = None) -> list[Effect]:
        """The journal, oldest first."""

    def put_blob(self, data: bytes, *, lasting: bool = False) -> str:
        """Keep a body outside the log; returns "sha256:<hex>". It expires, unless it is lasting: what a stream
        cannot be replayed without, such as its definition, and nothing that is anybody's."""

    def get_blob(self, digest: str) -> bytes:
        """The body. Raises KeyError where it is unknown or has expired."""

    def came_up(self, at: str, most: int) -> list[str]:
        """Remember that a process has come up, and return when the last ones did, oldest first, this one too:
        so many at most. What had no answer since the oldest of them had none in all of their lives."""
        ...

    def close(self) -> None: ...


class SecretSource(Protocol):
    """Where `${secret.NAME}` is looked up, each time a step is called."""

    def secret(self, name: str) -> str | None:
        """The value; None or empty where there is none."""
        ...


class Policy(Protocol):
    """Who may do what (ADR-012, Permission Management): asked before every act of an operator and every start."""

    def refusal(self, actor: str, act: str, instance: str, cause: str) -> str | None:
        """A sentence that says why not and who could; None allows it. act: start, cancel, roll-back, retry, pause,
        resume or signal. actor: "@maria", "cloi" … cause: the delivery, step or command behind it."""
        ...


class WorkflowControl(Protocol):
    """What a step may ask of the engine itself. All calls are idempotent for the same cause: what asks again after
    a crash changes nothing and hears no complaint."""

    def start(
        self,
        definition: str,
        key: str,
        context: Mapping[str, Any],
        *,
        actor: str,
        cause: str,
        correlation: str,
    ) -> tuple[str, bool]:
        """Id of the instance for this key, and whether this cause started it. An open one is never doubled;
        after an ended one a new one begins."""

    def cancel(
        self,
        instance: str,
        *,
        actor: str,
        reason: str,
        cause: str,
        cancelled: bool = True,
        from_step: str = "",
    ) -> None:
        """Take it back. cancelled: ends as cancelled, else as compensated. from_step: only from there on, then it
        parks. Raises NotAllowedNow."""

    def retry(self, instance: str, *, actor: str, cause: str, memo: Mapping[str, Any] | None = None) -> None:
        """Let a parked instance go on; the step that is tried again is told `memo`. Raises NotAllowedNow."""

    def pause(self, instance: str, *, actor: str, reason: str, cause: str) -> None:
        """Begin nothing new until it is resumed. Raises NotAllowedNow."""

    def resume(self, instance: str, *, actor: str, cause: str) -> None:
        """Let a paused instance go on. Raises NotAllowedNow."""

    def signal(self, instance: str, name: str, data: Mapping[str, Any], *, actor: str, cause: str) -> None:
        """Data for the next step that waits for a signal of this name. Raises NotAllowedNow."""


class StepContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a step sees: its declared inputs and its own memory, nothing of other steps.

    key: stable over automatic retries of this step, new after a retry by hand. memo: from the last Waiting.
    result: of the completed step, in `undo`. reason: why it is undone. plugin: that the definition names.
    """

    instance: str
    step: str
    attempt: int
    key: str
    inputs: Mapping[str, Any]
    now: datetime
    started_at: datetime
    actor: str
    correlation: str
    store: EventStore
    control: WorkflowControl
    memo: Mapping[str, Any] = {}
    result: Mapping[str, Any] = {}
    reason: str = ""
    plugin: str | None = None


class FailureHandler(Protocol):
    """What becomes of a failed step (ADR-012, `handleStepFailure`)."""

    def handle(self, failed: Failed, attempt: int, step: StepDefinition, fixes_left: int) -> Failed:
        """The failure as it is to be taken, with events that say why. fixes_left: how often the step may yet
        send its evidence back."""
        ...


class StepType:
    """Base of all step types: the only code with side effects.

    type: its name in definitions. inputs: names that must be given. optional: names that may be, or ANY. undoable:
    has a way back. effect_free: changes nothing that another step could see, so that it may as well run earlier or
    later. `start` and `undo` are repeated after a crash with the same key: they look, then do.
    """

    type: str = ""
    inputs: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    undoable: bool = False
    effect_free: bool = False

    async def start(self, ctx: StepContext) -> Outcome:
        raise NotImplementedError

    async def check(self, ctx: StepContext) -> Outcome:
        """What has become of it: called after a wake-up, which carries no data. Default: start again."""
        return await self.start(ctx)

    async def undo(self, ctx: StepContext) -> Outcome:
        return Done()

    async def check_undo(self, ctx: StepContext) -> Outcome:
        return await self.undo(ctx)
