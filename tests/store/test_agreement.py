"""Memory and SQLite answer alike, whatever is asked of them in whatever order."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.engine.errors import ConcurrencyConflict, StoreError
from bot.engine.events import Event, StepEmitted
from bot.engine.ports import Append, Delivery, Effect, EventStore, Summary
from bot.store import MemoryStore, SQLiteStore
from tests.properties import examples

NAMES = st.sampled_from(["a", "b", "c"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.dictionaries(
    TEXT, st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXT), max_size=3
)


def append(stream: str, expected: int, payloads: list[dict[str, Any]], text: str, open: bool) -> Append:
    events = tuple(
        Event(
            stream=stream,
            version=expected + n,
            at=text,
            actor=text,
            cause="",
            correlation="",
            body=StepEmitted(name="E", data=data),
        )
        for n, data in enumerate(payloads, start=1)
    )
    row = Summary(
        instance=stream,
        definition=text,
        key="",
        state="s",
        open=open,
        started_at="",
        updated_at="",
        reason=text,
    )
    return Append(stream=stream, expected=expected, events=events, summary=row)


APPENDS = st.lists(
    st.builds(append, NAMES, st.integers(0, 4), st.lists(JSON, min_size=1, max_size=2), TEXT, st.booleans()),
    max_size=3,
)


class BothStores(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.path = Path(self.directory.name) / "s.sqlite3"
        self.memory = MemoryStore(now=self.now)
        self.sqlite = SQLiteStore(self.path, now=self.now)

    @staticmethod
    def now() -> datetime:
        return datetime(2026, 11, 2, tzinfo=UTC)

    def both(self, ask: Callable[[EventStore], Any]) -> None:
        answers = []
        for store in (self.memory, self.sqlite):
            try:
                answers.append(ask(store))
            except (ConcurrencyConflict, StoreError, KeyError) as error:
                answers.append((type(error), str(error)))
        assert answers[0] == answers[1]

    @rule(appends=APPENDS, consumes=st.none() | NAMES)
    def append(self, appends: list[Append], consumes: str | None) -> None:
        self.both(lambda store: store.append(appends, consumes=consumes, reason="r"))

    @rule(stream=NAMES, payload=JSON)
    def append_at_the_end(self, stream: str, payload: dict[str, Any]) -> None:
        item = append(stream, len(self.memory.read(stream)), [payload], "t", True)
        self.both(lambda store: store.append([item]))

    @rule(id=NAMES, body=st.binary(max_size=50), text=TEXT)
    def keep(self, id: str, body: bytes, text: str) -> None:
        kept = Delivery(id=id, event=text, body=body, received_at=text)
        self.both(lambda store: store.keep(kept))

    @rule(id=NAMES, state=st.sampled_from(["pending", "consumed", "ignored", "parked"]), text=TEXT)
    def settle(self, id: str, state: str, text: str) -> None:
        self.both(lambda store: store.settle(id, state, text))

    @rule(id=NAMES, text=TEXT)
    def stumble(self, id: str, text: str) -> None:
        self.both(lambda store: store.stumble(id, text))

    @rule(key=NAMES, instance=NAMES, result=JSON)
    def intend(self, key: str, instance: str, result: dict[str, Any]) -> None:
        effect = Effect(
            key=key, kind="", instance=instance, step="", digest="", state="intended", intended_at=""
        )
        self.both(lambda store: store.intend(effect))

    @rule(key=NAMES, result=JSON)
    def observe(self, key: str, result: dict[str, Any]) -> None:
        self.both(lambda store: store.observe(key, result))

    @rule(data=st.binary(max_size=20))
    def blob(self, data: bytes) -> None:
        self.both(lambda store: store.get_blob(store.put_blob(data)))

    @rule()
    def reopen(self) -> None:
        self.sqlite.close()
        self.sqlite = SQLiteStore(self.path, now=self.now)

    @invariant()
    def they_agree(self) -> None:
        for name in ("a", "b", "c"):
            self.both(lambda store, name=name: (store.read(name), store.head(name)))
            self.both(lambda store, name=name: store.effects(name))
            assert self.sqlite.verify(name) == self.sqlite.head(name)
        self.both(lambda store: (store.summaries(), store.summaries(open_only=True)))
        self.both(lambda store: (store.pending(), store.deliveries(), store.deliveries(state="parked")))

    def teardown(self) -> None:
        self.sqlite.close()
        self.directory.cleanup()


TestBothStores = BothStores.TestCase
TestBothStores.settings = settings(max_examples=examples(25), stateful_step_count=25, deadline=None)
