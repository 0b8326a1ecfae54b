"""A crash, a refusal or a lost answer at every call of every port, over random definitions: the end is the same.

Each definition is played once without a mishap, with people who help what is parked. Then it is played with one
mishap at each call (of the store, of the world outside, of a step), before and after it. It must end in the same
state with the same effects, each once, and the oracle watches the order. `make test` takes a sample of calls over
all definitions, CLOI_THOROUGH=1 takes every call of them; CLOI_MISHAP="seed:call:mishap" repeats one.
"""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from bot.engine.state import WorkflowState
from tests.engine.outside import Killed, Refused
from tests.engine.proving import Drawn, draw
from tests.engine.simulated import Fate, House, running
from tests.properties import THOROUGH

AGAIN = os.environ.get("CLOI_MISHAP")
DEFINITIONS = 200
EACH = None if THOROUGH else 10
"""Mishaps tried for a definition; None is all."""
PARTS = 4
MISHAPS = ("killed before", "killed after", "refused", "answer lost")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Once(Fate):
    """One mishap at the nth call, whichever process makes it. calls: the ports, as they were called."""

    def __init__(self, which: int = 0, mishap: str = "") -> None:
        self.which, self.mishap = which, mishap
        self.calls: list[str] = []

    def before(self, port: str) -> None:
        self.calls.append(port)
        self._befall("killed before", "refused")

    def after(self, port: str) -> None:
        self._befall("killed after", "answer lost")

    def _befall(self, kill: str, refuse: str) -> None:
        if len(self.calls) == self.which and self.mishap in (kill, refuse):
            raise Killed if self.mishap == kill else Refused(self.mishap)


def lived(seed: int, fate: Fate) -> House:
    """The story of this seed's definition, until it ends. Raises Broken where a rule does not hold."""
    rng = random.Random(seed)
    house = House(draw(rng, most=6, bad=1))
    wish = rng.choice(("retry", "retry", "cancel"))
    with running(house.loop):
        house.keep("k")
        while True:
            try:
                house.open(fate)
                house.drain()
                house.end(lambda: house.let_on(0), wish)
                break
            except (Killed, Refused):
                house.kill()
    house.check_end()
    return house


def outcome(house: House) -> dict[str, Any]:
    """What must not depend on a mishap. What was begun when another step failed may; that it is undone, not."""
    instance = house.folded["drawn/k"]
    made = {s.name: house.world.made_by(instance.id, s.name) for s in house.drawn.definition.steps}
    if instance.state is WorkflowState.COMPLETED:
        # What a gate sends back may have begun by then, or not: so the keys of its effects may differ.
        steps = {s.name: (s.state, {**s.result, "key": ""}) for s in instance.steps.values()}
        return {"state": instance.state, "made": made, "steps": steps}
    reversible = {s.name for s in house.drawn.definition.steps if _has_a_way_back(house.drawn, s.name)}
    return {"state": instance.state, "made": {n: made[n] for n in reversible}, "why": instance.cancelled}


def _has_a_way_back(drawn: Drawn, step: str) -> bool:
    return drawn.natures[step].undoable or drawn.definition.step(step).rollback_action is not None


def points(calls: list[str]) -> list[tuple[int, str]]:
    """Every call with every mishap. That a step raises is no mishap of a port, but its own failure."""
    return [
        (n, mishap)
        for n, port in enumerate(calls, start=1)
        for mishap in MISHAPS
        if mishap.startswith("killed") or not port.startswith("step ")
    ]


def tried(seed: int, which: int, mishap: str, clean: dict[str, Any]) -> None:
    try:
        met = outcome(lived(seed, Once(which, mishap)))
        assert met == clean
    except Exception as error:
        again = f'CLOI_MISHAP="{seed}:{which}:{mishap}" .venv/bin/python -m pytest -n0 {os.path.relpath(__file__)}'
        raise AssertionError(
            f"definition {seed}, call {which} {mishap}: {error}\nrepeat it: {again}"
        ) from error


@pytest.mark.parametrize("part", range(PARTS))
def test_a_mishap_at_any_call_of_any_port_changes_nothing_in_the_end(part: int) -> None:
    for seed in range(part, DEFINITIONS, PARTS):
        fate = Once()
        clean = outcome(lived(seed, fate))
        found = points(fate.calls)
        if EACH is not None:
            found = random.Random(seed).sample(found, min(EACH, len(found)))
        for which, mishap in found:
            tried(seed, which, mishap, clean)


@pytest.mark.skipif(AGAIN is None, reason="CLOI_MISHAP names none")
def test_again() -> None:
    seed, which, mishap = (AGAIN or "").split(":")
    tried(int(seed), int(which), mishap, outcome(lived(int(seed), Once())))


def test_all_kinds_of_calls_are_among_them() -> None:
    met: set[str] = set()
    ends: set[WorkflowState] = set()
    for seed in range(DEFINITIONS):
        fate = Once()
        ends.add(lived(seed, fate).folded["drawn/k"].state)
        met |= set(fate.calls)
    assert met >= {"append", "intend", "observe", "effects", "read", "put_blob", "summaries", "world"}
    assert met >= {"step start", "step make", "step observe", "step answer", "step undo", "step undone"}
    assert ends == {WorkflowState.COMPLETED, WorkflowState.COMPENSATED, WorkflowState.CANCELLED}
