"""Two engines side by side, one over memory and one over SQLite: whatever is asked of them, they do the same.

hypothesis chooses what happens and in which order, and shrinks what fails; after each step both hold what
simulated.House checks (no step before its depends_on, reverse compensation, terminal stays terminal, the fold of
the events is the live state), and their streams have the same bytes. CLOI_THOROUGH=1 plays many more.
"""

from __future__ import annotations

import logging
import random
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.store import MemoryStore, SQLiteStore
from tests.engine.proving import draw
from tests.engine.simulated import Fate, House, running
from tests.properties import THOROUGH

EXAMPLES = 300 if THOROUGH else 12
SHARED_MEMORY = Path("/dev/shm")
ACTS = ["cancel", "undo", "retry", "pause", "resume", "signal", "back to s0", "back to s1"]
KEYS = st.sampled_from(["a", "b"])


def never() -> datetime:
    """A clock for what expires in the store: nothing does."""
    return datetime(2026, 1, 1, tzinfo=UTC)


class BothEngines(RuleBasedStateMachine):
    """Each rule is done to both houses."""

    def __init__(self) -> None:
        super().__init__()
        logging.disable(logging.CRITICAL)
        fast = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None  # as durable as asked for, without the disk
        self.directory = tempfile.TemporaryDirectory(dir=fast)
        self.path = Path(self.directory.name) / "s.sqlite3"
        self.wishes = 0

    @initialize(seed=st.integers(0, 10_000), at_once=st.sampled_from([1, 2, 50]))
    def open(self, seed: int, at_once: int) -> None:
        drawn = draw(random.Random(seed), most=5)
        stores = (MemoryStore(now=never), SQLiteStore(self.path, now=never))
        self.houses = [House(drawn, at_once=at_once, store=store) for store in stores]
        self.both(lambda house: house.open(Fate()))

    def both(self, do: Callable[[House], object]) -> None:
        answers = []
        for house in self.houses:
            with running(house.loop):
                answers.append(do(house))
        assert answers[0] == answers[1]

    @rule(key=KEYS)
    def start(self, key: str) -> None:
        def start(house: House) -> object:
            begun = house.engine.start("drawn", key, {}, actor="@m", cause=f"c {key}", correlation="c")
            house.drain()
            return begun

        self.both(start)

    @rule(key=KEYS)
    def deliver(self, key: str) -> None:
        self.both(lambda house: (house.keep(key), house.work()))

    @precondition(lambda self: self.houses[0].gates)
    @rule(which=st.integers(0, 20), several=st.booleans())
    def answer(self, which: int, several: bool) -> None:
        def let_on(house: House) -> None:
            count = len(house.gates)
            house.let_on(*range(count) if several else [which % count])

        self.both(let_on)

    @rule(key=KEYS, step=st.integers(0, 4), undo=st.booleans(), told=st.integers(0, 2))
    def fact(self, key: str, step: int, undo: bool, told: int) -> None:
        name, what = f"drawn/{key}", f"undo s{step}" if undo else f"s{step}"

        def fact(house: House) -> None:
            house.fact(name, what)
            for _ in range(told):
                house.signal(f"{name}:{what}")

        self.both(fact)

    @rule(seconds=st.sampled_from([1.0, 60.0, 901.0, 7201.0]))
    def time(self, seconds: float) -> None:
        self.both(lambda house: house.pass_time(seconds))

    @rule(key=KEYS, what=st.sampled_from(ACTS), again=st.booleans())
    def ask(self, key: str, what: str, again: bool) -> None:
        self.wishes += not again
        self.both(lambda house: house.ask(what, f"drawn/{key}", f"{what} {self.wishes}"))

    @rule()
    def crash(self) -> None:
        for house in self.houses:
            with running(house.loop):
                house.kill()
        self.houses[1].store.close()
        self.houses[1].store = SQLiteStore(self.path, now=never)
        self.both(lambda house: (house.open(Fate()), house.drain()))

    @invariant()
    def they_agree_and_the_rules_hold(self) -> None:
        if not hasattr(self, "houses"):
            return
        one, other = self.houses
        one.check()
        other.check()
        assert [gate[:3] for gate in one.gates] == [gate[:3] for gate in other.gates]
        assert one.store.summaries() == other.store.summaries()
        assert one.store.effects() == other.store.effects()
        for name in one.oracles:
            assert one.store.heads(name) == other.store.heads(name)
            assert one.store.head(name) == other.store.verify(name) == other.store.heads(name)[-1]

    def teardown(self) -> None:
        for house in getattr(self, "houses", ()):
            with running(house.loop):
                house.end(lambda house=house: house.let_on(0))
                house.kill()
            house.check_end()
        if hasattr(self, "houses"):
            self.houses[1].store.close()
        self.directory.cleanup()
        logging.disable(logging.NOTSET)


TestBothEngines = BothEngines.TestCase
TestBothEngines.settings = settings(max_examples=EXAMPLES, stateful_step_count=30, deadline=None)
