"""A rollback from a given step on: that one and what was built upon it, and then a human decides."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from bot.engine.errors import NotAllowedNow
from bot.engine.outcome import Done, Failed, Waiting
from bot.engine.state import WorkflowState
from bot.insights.report import report_of
from bot.render.why import why

_spec = importlib.util.spec_from_file_location("from_step_world", Path(__file__).with_name("world.py"))
assert _spec
assert _spec.loader
w = importlib.util.module_from_spec(_spec)
sys.modules["from_step_world"] = w
_spec.loader.exec_module(w)

NAME = "story/k"
STEPS = [
    {"name": "a", "type": "make"},
    {"name": "b", "type": "make", "depends_on": ["a"]},
    {"name": "side", "type": "make", "depends_on": ["a"]},
    {"name": "c", "type": "make", "depends_on": ["b", "side"]},
    {"name": "merge", "type": "await-merge", "depends_on": ["c"]},
]


async def waiting(**more) -> w.House:
    house = w.House(w.definition(*STEPS), w.World(), **more)
    house.begin()
    await house.engine.settle()
    house.world.log.clear()
    return house


async def test_only_the_step_and_what_was_built_upon_it_is_taken_back_then_it_parks() -> None:
    house = await waiting()
    house.engine.cancel(NAME, actor="@maria", reason="b is wrong", from_step="b")
    await house.engine.settle()
    assert house.world.log == ["-c", "-b"]
    assert house.state().state is WorkflowState.PARKED
    assert house.state().reason == (
        "b and what was built upon it are taken back, because b is wrong. "
        "A retry begins there anew, a cancel takes back the rest"
    )
    told = str(why(house.store.read(NAME), house.definition, house.clock.now()))
    assert "@maria asked to take back b and what was built upon it: b is wrong" in told
    assert "somebody who may write comments `/cloi retry`: b is tried again" in told


@pytest.mark.parametrize("restart", [False, True])
async def test_a_retry_begins_there_anew_with_new_keys(restart: bool) -> None:
    house = await waiting()
    before = house.state().steps
    house.engine.cancel(NAME, actor="@maria", reason="b is wrong", from_step="b")
    await house.engine.settle()
    if restart:
        house.reopen()
    house.engine.retry(NAME, actor="@maria", memo={"hint": "x"})
    await house.engine.settle()
    assert house.world.log == ["-c", "-b", "+b", "+c"]
    after = house.state().steps
    assert [n for n in before if before[n].key != after[n].key] == ["b", "c", "merge"]
    house.world.merged.add("merge")
    house.engine.handle("pull-request", {}, ["merge:merge"], actor="", cause="d")
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPLETED


async def test_a_cancel_then_takes_back_the_rest() -> None:
    house = await waiting()
    house.engine.cancel(NAME, actor="@maria", reason="b is wrong", from_step="b")
    await house.engine.settle()
    house.engine.cancel(NAME, actor="@maria", reason="all of it")
    await house.engine.settle()
    assert house.world.log == ["-c", "-b", "-side", "-a"]
    assert house.state().state is WorkflowState.CANCELLED


async def test_while_a_part_is_taken_back_all_of_it_may_be_and_a_way_back_that_fails_parks() -> None:
    class Slow(w.Make):
        type = "slow"
        answer = Waiting(wake_on=("undo",), note="a person")

        async def undo(self, ctx):
            return self.answer

    world = w.World()
    slow = Slow(world)
    steps = [{"name": "a", "type": "make"}, {"name": "b", "type": "slow", "depends_on": ["a"]}]
    merge = {"name": "merge", "type": "await-merge", "depends_on": ["b"]}
    house = w.House(w.definition(*steps, merge), world, slow=slow)
    house.begin()
    await house.engine.settle()
    house.engine.cancel(NAME, actor="@maria", reason="b is wrong", from_step="b")
    await house.engine.settle()
    assert house.state().state is WorkflowState.ROLLING_BACK
    slow.answer = Failed(error="cannot", kind="conflict")
    house.engine.handle("x", {}, ["undo"], actor="", cause="d")
    await house.engine.settle()
    assert house.state().reason == "taking back b: cannot"
    slow.answer = Waiting(wake_on=("undo",), note="a person")
    house.engine.retry(NAME, actor="@maria")
    await house.engine.settle()
    house.engine.cancel(NAME, actor="@maria", reason="all of it")
    with pytest.raises(NotAllowedNow):
        house.engine.cancel(NAME, actor="@maria", reason="again", from_step="a")
    slow.answer = Done()
    house.engine.handle("x", {}, ["undo"], actor="", cause="d2")
    await house.engine.settle()
    assert house.state().state is WorkflowState.CANCELLED
    assert world.log[-1] == "-a"


async def test_from_a_step_that_has_not_begun_there_is_nothing_to_take_back() -> None:
    house = w.House(w.definition({"name": "m", "type": "await-merge"}, *STEPS[:1]), w.World())
    house.begin()
    await house.engine.settle()
    with pytest.raises(NotAllowedNow, match="nope has not begun"):
        house.engine.cancel(NAME, actor="@maria", reason="x", from_step="nope")


async def test_what_waits_elsewhere_goes_on_afterwards() -> None:
    steps = [
        {"name": "elsewhere", "type": "await-merge"},
        {"name": "a", "type": "make"},
        {"name": "merge", "type": "await-merge", "depends_on": ["a"]},
    ]
    house = w.House(w.definition(*steps), w.World())
    house.begin()
    await house.engine.settle()
    house.engine.cancel(NAME, actor="@maria", reason="a is wrong", from_step="a")
    house.world.merged |= {"elsewhere", "merge"}
    house.engine.handle(
        "pull-request", {}, ["merge:elsewhere"], actor="", cause="d"
    )  # while it is taken back
    await house.engine.settle()
    house.engine.retry(NAME, actor="@maria")
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPLETED
    assert house.world.log == ["+a", "-a", "+a"]


def _begin(house: w.House) -> None:
    if not house.store.read(NAME):
        house.begin()


async def test_killed_at_any_point_a_part_is_taken_back_once_and_done_anew_once() -> None:
    async def played(kill: int | None) -> tuple[int, list[str], WorkflowState]:
        house = w.House(w.definition(*STEPS), w.World())
        acts = [
            _begin,
            lambda h: h.engine.cancel(NAME, actor="@m", reason="x", from_step="b", cause="c1"),
            lambda h: h.engine.retry(NAME, actor="@m", cause="c2"),
        ]
        return await w.lived(house, acts, kill), house.world.log, house.state().state

    points, log, state = await played(None)
    assert log == ["+a", "+b", "+side", "+c", "-c", "-b", "+b", "+c"]
    for kill in range(1, points + 1):
        _, seen, ended = await played(kill)
        assert (sorted(seen), ended) == (sorted(log), state), kill


async def test_the_report_still_tells_what_was_taken_back_when_it_is_done_anew_and_before_that() -> None:
    """From a fuzz: a step that is to be done anew, and waits for others first, ended the report in a traceback."""
    house = await waiting()
    house.engine.cancel(NAME, actor="@maria", reason="b is wrong", from_step="b")
    await house.engine.settle()
    house.engine.retry(NAME, actor="@maria")
    undone = [("c", "undo", "completed"), ("b", "undo", "completed")]
    assert "c" not in house.state().steps
    assert [(u.step, u.how, u.state) for u in report_of(house.store, NAME).undone] == undone
    await house.engine.settle()
    assert "c" in house.state().steps
    assert [(u.step, u.how, u.state) for u in report_of(house.store, NAME).undone] == undone
    house.engine.cancel(NAME, actor="@maria", reason="enough")
    await house.engine.settle()
    again = [(name, "undo", "completed") for name in ("c", "b", "side", "a")]
    assert [(u.step, u.how, u.state) for u in report_of(house.store, NAME).undone] == undone + again
