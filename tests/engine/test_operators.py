"""What people may do to an instance while it runs, who may, and what of it the log keeps."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from bot.engine.errors import NotAllowed, NotAllowedNow
from bot.engine.evolve import fold
from bot.engine.outcome import Failed, Waiting
from bot.engine.state import StepState, WorkflowState

_spec = importlib.util.spec_from_file_location("operators_world", Path(__file__).with_name("world.py"))
assert _spec
assert _spec.loader
w = importlib.util.module_from_spec(_spec)
sys.modules["operators_world"] = w
_spec.loader.exec_module(w)

BRANCH = {"name": "branch", "type": "make"}
MERGE = {"name": "merge", "type": "await-merge", "depends_on": ["branch"], "timeout": "2h"}
RUN = {"name": "run", "type": "make", "depends_on": ["merge"]}
NAME = "story/k"


async def waiting_for_a_merge(**more) -> w.House:
    house = w.House(w.definition(BRANCH, MERGE, RUN), w.World(), **more)
    house.begin()
    await house.engine.settle()
    return house


# Pause and resume.


async def test_while_it_is_paused_nothing_begins_and_after_it_everything_is_looked_at() -> None:
    house = await waiting_for_a_merge()
    house.engine.pause(NAME, actor="@maria", reason="@maria paused it")
    house.world.merged.add("merge")
    house.engine.handle("pull-request", {}, ["merge:merge"], actor="@tom", cause="d1")
    house.clock.advance(3601)
    house.engine.fire_timers()
    await house.engine.settle()
    assert house.state().state is WorkflowState.PAUSED
    assert house.world.log == ["+branch"]
    house.engine.resume(NAME, actor="@maria")
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPLETED
    assert house.world.log == ["+branch", "+run"]


async def test_what_is_under_way_when_the_pause_comes_is_recorded_and_nothing_follows() -> None:
    house = w.House(w.definition(BRANCH, {**RUN, "depends_on": ["branch"]}), w.World())
    house.begin()
    house.engine.pause(NAME, actor="@maria", reason="stop")
    await house.engine.settle()
    assert house.state().steps["branch"].state is StepState.COMPLETED
    assert "run" not in house.state().steps
    house.engine.resume(NAME, actor="@maria")
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPLETED


@pytest.mark.parametrize("park", [False, True])
async def test_what_fails_while_it_is_paused_has_its_consequence_afterwards(park: bool) -> None:
    refuse = w.Refuse(Failed(error="no", kind="gate", park=park))
    house = w.House(
        w.definition(BRANCH, {"name": "no", "type": "refuse", "depends_on": ["branch"]}),
        w.World(),
        refuse=refuse,
    )
    house.begin()
    while "no" not in house.state().steps:
        await w.asyncio.sleep(0)
    house.engine.pause(NAME, actor="@maria", reason="stop")
    await house.engine.settle()
    assert house.state().state is WorkflowState.PAUSED
    house.engine.resume(NAME, actor="@maria")
    await house.engine.settle()
    assert house.state().state is (WorkflowState.PARKED if park else WorkflowState.COMPENSATED)


async def test_no_deadline_comes_nearer_while_it_is_paused() -> None:
    house = await waiting_for_a_merge()
    house.clock.advance(3600)  # one of its two hours
    house.engine.pause(NAME, actor="@maria", reason="over the holidays")
    house.clock.advance(14 * 86400)
    house.engine.resume(NAME, actor="@maria")
    await house.engine.settle()
    house.clock.advance(3000)
    house.engine.fire_timers()
    await house.engine.settle()
    assert house.state().steps["merge"].state is StepState.WAITING
    house.clock.advance(700)
    house.engine.fire_timers()
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPENSATED


async def test_a_clock_that_is_set_back_during_a_pause_brings_no_deadline_nearer() -> None:
    house = await waiting_for_a_merge()
    before = house.state().steps["merge"].deadline
    house.engine.pause(NAME, actor="@maria", reason="a new battery")
    house.clock.advance(-86400)
    house.engine.resume(NAME, actor="@maria")
    await house.engine.settle()
    assert house.state().steps["merge"].deadline == before


async def test_a_pause_outlives_the_process() -> None:
    house = await waiting_for_a_merge()
    house.engine.pause(NAME, actor="@maria", reason="stop")
    await house.engine.stop()
    house.world.merged.add("merge")
    house.reopen()
    await house.go_on()
    assert house.state().state is WorkflowState.PAUSED
    house.engine.resume(NAME, actor="@maria")
    await house.go_on()
    assert house.state().state is WorkflowState.COMPLETED


async def test_what_is_paused_can_be_cancelled() -> None:
    house = await waiting_for_a_merge()
    house.engine.pause(NAME, actor="@maria", reason="stop")
    house.engine.cancel(NAME, actor="@maria", reason="never mind")
    await house.engine.settle()
    assert house.state().state is WorkflowState.CANCELLED
    assert house.world.objects == {}


async def test_what_is_taken_back_cannot_be_paused_half_way() -> None:
    class Slow(w.Make):
        type = "slow"

        async def undo(self, ctx):
            return Waiting(note="a person")

    world = w.World()
    house = w.House(
        w.definition({"name": "a", "type": "slow"}, MERGE | {"depends_on": []}), world, a=Slow(world)
    )
    house.begin()
    await house.engine.settle()
    house.engine.cancel(NAME, actor="@maria", reason="no")
    await house.engine.settle()
    with pytest.raises(NotAllowedNow, match="rolling-back"):
        house.engine.pause(NAME, actor="@maria", reason="stop")


# Who may, and what the log says of it.


ACTS = ("cancel", "roll-back", "retry", "pause", "resume", "signal", "roll-back")


class OnlyMaria:
    def refusal(self, actor: str, act: str, instance: str, cause: str) -> str | None:
        return None if actor == "@maria" else f"{actor} may not {act} this; @maria may."


async def test_who_may_not_is_refused_and_the_log_says_so() -> None:
    house = await waiting_for_a_merge(more={"policy": OnlyMaria()})
    for act in (
        lambda: house.engine.cancel(NAME, actor="@eve", reason="x"),
        lambda: house.engine.cancel(NAME, actor="@eve", reason="x", cancelled=False),
        lambda: house.engine.retry(NAME, actor="@eve"),
        lambda: house.engine.pause(NAME, actor="@eve", reason="x"),
        lambda: house.engine.resume(NAME, actor="@eve"),
        lambda: house.engine.signal(NAME, "go", {}, actor="@eve"),
        lambda: house.engine.cancel(NAME, actor="@eve", reason="x", from_step="branch"),
    ):
        with pytest.raises(NotAllowed, match="@maria may"):
            act()
    refused = [(e.actor, e.body.act) for e in house.store.read(NAME) if e.name == "OperatorRefused"]
    assert refused == [("@eve", act) for act in ACTS]
    assert house.state().state is WorkflowState.RUNNING
    with pytest.raises(NotAllowed):
        house.engine.start("story", "other", {}, actor="@eve", cause="c", correlation="c")
    assert house.store.read("story/other") == []


async def test_a_fact_starts_nothing_for_whom_the_policy_refuses() -> None:
    trigger = {"on": "comment", "key": "${fact.id}"}
    text = w.definition({"name": "a", "type": "make"}, trigger=trigger)
    house = w.House(text, w.World(), more={"policy": OnlyMaria()})
    assert house.engine.handle("comment", {"id": 1}, [], actor="@eve", cause="d1") == []
    assert house.engine.handle("comment", {"id": 1}, [], actor="@maria", cause="d2") == ["story/1"]


async def test_asked_again_after_a_crash_the_answer_is_the_same() -> None:
    house = await waiting_for_a_merge()
    for _ in range(2):
        with pytest.raises(NotAllowedNow, match="only what is parked"):
            house.engine.retry(NAME, actor="@maria", cause="comment 1")
    for _ in range(2):
        house.engine.pause(NAME, actor="@maria", reason="stop", cause="comment 2")
    house.reopen()
    house.engine.pause(NAME, actor="@maria", reason="stop", cause="comment 2")
    with pytest.raises(NotAllowedNow, match="only what is parked"):
        house.engine.retry(NAME, actor="@maria", cause="comment 1")
    assert [n for n in house.names() if n in ("OperatorRefused", "WorkflowPaused")] == [
        "OperatorRefused",
        "WorkflowPaused",
    ]


async def test_what_has_ended_is_not_written_to_any_more() -> None:
    house = w.House(w.definition(BRANCH), w.World())
    house.begin()
    await house.engine.settle()
    before = house.names()
    with pytest.raises(NotAllowedNow, match="completed"):
        house.engine.pause(NAME, actor="@maria", reason="stop")
    assert house.names() == before
    assert fold(house.store.read(NAME)).state is WorkflowState.COMPLETED
