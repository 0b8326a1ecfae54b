"""Deterministic simulation: one seed is one life of the engine, with everything that can go wrong in it.

A seed draws a definition, the order in which step calls go on, what is lost, late, doubled or refused, when the
process dies, when time jumps, and when somebody cancels or retries. Then the world turns fair, and all must end.
`make test` plays 500 seeds, CLOI_SIMULATIONS=10000 that many; a failing seed prints the command that repeats it
(CLOI_SIMULATION=seed plays just that one).
"""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Iterator

import msgspec
import pytest

from bot.coordination.coordinator import StepCoordinator
from bot.coordination.execution import StepExecution
from bot.coordination.wakeups import Wakeups
from bot.engine import course
from bot.engine import decide as deciding
from bot.engine.events import StepStarted
from bot.engine.ports import Append
from bot.language.definition import parse
from tests.engine.outside import Killed, Refused
from tests.engine.proving import draw
from tests.engine.simulated import Fate, House, Ports, running

SIMULATIONS = int(os.environ.get("CLOI_SIMULATIONS", "500"))
AGAIN = os.environ.get("CLOI_SIMULATION")
PARTS = 4
ACTS = ("cancel", "undo", "retry", "retry", "pause", "resume", "signal", "back to")
DARING = ("die", "die", "back", "recheck", *ACTS)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of steps raise here on purpose."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Chance(Fate):
    """Refuses, loses and kills at random, each as often as this seed likes."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.refuses, self.loses = rng.choice(((0, 0), (0.02, 0.02), (0.1, 0), (0, 0.1)))
        self.kills = rng.choice((0, 0.01, 0.03))

    def before(self, port: str) -> None:
        self._befall(self.refuses, f"{port} refused")

    def after(self, port: str) -> None:
        self._befall(self.loses, f"the answer of {port} was lost")

    def _befall(self, odds: float, words: str) -> None:
        chance = self.rng.random()
        if chance < self.kills:
            raise Killed
        if chance < self.kills + odds:
            raise Refused(words)


class Fair(Fate):
    """From now on all is well."""


class Simulation:
    """One seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.house = House(draw(self.rng), chance=self.rng.random, at_once=self.rng.choice((1, 2, 50, 50)))
        self.fate: Fate = Chance(self.rng)
        self.keys = ["a", "b"][: self.rng.choice((1, 1, 2))]
        self.signals: list[str] = []
        self.asked: list[tuple[str, str, str]] = []
        self.boldness = self.rng.choice((0.0, 0.02, 0.1))

    def play(self) -> None:
        with running(self.house.loop):
            self.reopen()
            for key in self.keys:
                self.house.keep(key)
            for _ in range(self.rng.randint(5, 120)):
                self.living(self.act)
            self.fate = Fair()
            self.house.kill()
            self.reopen()
            self.house.end(self.let_on)
            self.house.kill()
        self.house.check_end()

    def living(self, act) -> None:
        """Do it; if the process dies of it, open another."""
        try:
            act()
        except Killed:
            self.house.kill()
            self.reopen()
        self.house.check()

    def reopen(self) -> None:
        """Until one lives."""
        while True:
            try:
                self.house.open(self.fate)
                return self.house.drain()
            except (Killed, Refused):
                self.house.kill()

    def act(self) -> None:
        house, rng = self.house, self.rng
        what = rng.random()
        if what < self.boldness:
            self.dare()
        elif what < 0.62 and house.gates:
            self.let_on()
        elif what < 0.7 and house.store.pending():
            house.work()
        elif what < 0.8:
            self.hear()
        else:
            due = house.engine.next_timer()
            wait = 0.0 if due is None else (due - house.clock.now()).total_seconds()
            house.pass_time(rng.choice((0.5, max(wait, 0.0), max(wait, 0.0), 60.0, 4000.0)))

    def let_on(self) -> None:
        """One call, or several in the same turn of the loop."""
        count = len(self.house.gates)
        self.house.let_on(*self.rng.sample(range(count), min(count, self.rng.choice((1, 1, 2, 5)))))

    def dare(self) -> None:
        """What does not happen every day."""
        house, rng = self.house, self.rng
        if self.asked:
            wish = self.asked[0]
            if house.ask(*wish):
                self.asked.remove(wish)
        elif (what := rng.choice(DARING)) == "die":
            raise Killed
        elif what == "back":
            house.clock.advance(-rng.choice((1.0, 500.0)))
        elif what == "recheck":
            house.engine.recheck()
        elif house.folded:
            name = rng.choice(list(house.folded))
            if what == "back to":
                what += f" {rng.choice(house.drawn.definition.steps).name}"
            self.asked.append((what, name, f"{what} {rng.random()}"))
            self.dare()

    def hear(self) -> None:
        """Something comes to pass outside, and we are told, told twice, told late, or not."""
        house, rng = self.house, self.rng
        if house.folded:
            name = rng.choice(list(house.folded))
            step = rng.choice(house.drawn.definition.steps).name
            step = rng.choice((step, step, f"undo {step}"))
            house.fact(name, step)
            self.signals += [f"{name}:{step}"] * rng.choice((0, 1, 1, 2))
        for signal in list(self.signals):
            if rng.random() < 0.5:
                self.signals.remove(signal)
                house.signal(signal)


def played(seed: int) -> None:
    """Raises AssertionError with the command that repeats it."""
    try:
        Simulation(seed).play()
    except Exception as error:
        command = (
            f"CLOI_SIMULATION={seed} .venv/bin/python -m pytest -n0 {os.path.relpath(__file__)} -k again"
        )
        raise AssertionError(f"seed {seed}: {error}\nrepeat it with: {command}") from error


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_befalls_it_each_instance_ends_as_the_rules_say(part: int) -> None:
    for seed in range(part, SIMULATIONS, PARTS):
        played(seed)


@pytest.mark.skipif(AGAIN is None, reason="CLOI_SIMULATION names no seed")
def test_again() -> None:
    played(int(AGAIN or 0))


def test_what_is_drawn_is_what_the_language_would_read() -> None:
    for seed in range(30):
        drawn = draw(random.Random(seed)).definition
        assert parse(drawn.text) == drawn


def _undoes_forwards(patch: pytest.MonkeyPatch) -> None:
    right = course.to_compensate
    patch.setattr(course, "to_compensate", lambda i, d: reversed(tuple(right(i, d))))


def _undoes_what_is_under_way(patch: pytest.MonkeyPatch) -> None:
    def blind(self: StepExecution, instance: str) -> frozenset[str]:
        return frozenset()

    patch.setattr(StepExecution, "in_flight", blind)


def _forgets_the_intent(patch: pytest.MonkeyPatch) -> None:
    right = Ports.call

    def call(self: Ports, name: str, do, *args, **more):
        if (
            name == "append" and self.house.lives > 1
        ):  # in a second life, calls are made that were never recorded
            args = ([_without_starts(item) for item in args[0]], *args[1:])
        return right(self, name, do, *args, **more)

    patch.setattr(Ports, "call", call)


def _without_starts(item: Append) -> Append:
    kept = [event for event in item.events if not isinstance(event.body, StepStarted)]
    events = [msgspec.structs.replace(e, version=item.expected + n) for n, e in enumerate(kept, start=1)]
    return msgspec.structs.replace(item, events=tuple(events))


def _takes_a_new_key_for_each_repeat(patch: pytest.MonkeyPatch) -> None:
    right = course.start

    def start(instance, step, attempt, around):
        return msgspec.structs.replace(
            right(instance, step, attempt, around), key=f"{step.name} {around.now}"
        )

    patch.setattr(deciding, "start", start)


def _does_not_look_after_a_restart(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StepCoordinator, "recover", lambda self: 0)


def _forgets_what_was_not_confirmed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StepCoordinator, "_doubt", lambda self, instance: None)


def _loses_a_timer_now_and_then(patch: pytest.MonkeyPatch) -> None:
    right = Wakeups.remind

    def remind(self: Wakeups, at, instance: str) -> None:
        if at.microsecond % 7:
            right(self, at, instance)

    patch.setattr(Wakeups, "remind", remind)


@pytest.mark.parametrize(
    ("bug", "words"),
    [
        (_undoes_forwards, "is undone before"),
        (_undoes_what_is_under_way, "ends after its undoing began|does it while it is being undone"),
        (_forgets_the_intent, "not what was recorded"),
        (_takes_a_new_key_for_each_repeat, "repeated with another key"),
        (_does_not_look_after_a_restart, "waits for nothing that has a name|would be forgotten"),
        (_forgets_what_was_not_confirmed, "waits for nothing that has a name|not what was recorded"),
        (_loses_a_timer_now_and_then, "would be forgotten"),
    ],
)
def test_it_would_find(bug, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bug(monkeypatch)
    command = r"\nrepeat it with: CLOI_SIMULATION=\d+ .* -k again$"
    with pytest.raises(AssertionError, match=rf"(?s)^seed \d+: .*({words}).*{command}"):
        for seed in range(200):
            played(seed)
