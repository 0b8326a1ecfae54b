"""Signals find the step that waits for them, once; and a sleep lasts as long as it should, whatever happens."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path

import pytest

from bot.engine.errors import NotAllowedNow
from bot.engine.state import StepState, WorkflowState
from bot.plugins.waiting import AwaitSignal, Sleep

_spec = importlib.util.spec_from_file_location("signals_world", Path(__file__).with_name("world.py"))
assert _spec
assert _spec.loader
w = importlib.util.module_from_spec(_spec)
sys.modules["signals_world"] = w
_spec.loader.exec_module(w)

NAME = "story/k"
FIRST = {"name": "first", "type": "await-signal", "inputs": {"name": "go"}, "outputs": {"by": "by"}}
SECOND = {"name": "second", "type": "await-signal", "inputs": {"name": "go"}, "depends_on": ["first"]}


def house(*steps, **more) -> w.House:
    return w.House(w.definition(*steps), w.World(), await_signal=AwaitSignal(), sleep=Sleep(), **more)


async def test_a_signal_completes_the_step_that_waits_and_its_data_is_the_result() -> None:
    story = house(
        FIRST,
        {"name": "made", "type": "make", "depends_on": ["first"], "inputs": {"value": "${outputs.first.by}"}},
    )
    story.begin()
    await story.engine.settle()
    assert story.state().steps["first"].state is StepState.WAITING
    story.engine.signal(NAME, "go", {"by": "maria"}, actor="@maria", cause="c1")
    await story.engine.settle()
    assert story.state().state is WorkflowState.COMPLETED
    assert story.state().steps["made"].result["value"] == "maria"


async def test_a_signal_that_comes_before_anybody_waits_is_kept_for_who_does() -> None:
    story = house({"name": "slow", "type": "await-merge"}, {**FIRST, "depends_on": ["slow"]})
    story.begin()
    story.engine.signal(NAME, "go", {"by": "maria"}, actor="@maria", cause="c1")
    await story.engine.settle()
    story.reopen()
    story.world.merged.add("slow")
    story.engine.handle("pull-request", {}, ["merge:slow"], actor="", cause="d")
    await story.engine.settle()
    assert story.state().state is WorkflowState.COMPLETED
    assert story.state().steps["first"].result == {"by": "maria"}
    assert story.state().signals == ()


async def test_one_signal_completes_one_step_and_the_same_cause_signals_once() -> None:
    story = house(FIRST, SECOND)
    story.begin()
    for _ in range(3):
        story.engine.signal(NAME, "go", {"n": 1}, actor="@maria", cause="comment 1")
    await story.engine.settle()
    assert story.state().steps["second"].state is StepState.WAITING
    story.engine.signal(NAME, "other", {}, actor="@maria", cause="comment 2")
    await story.engine.settle()
    assert story.state().steps["second"].state is StepState.WAITING
    story.engine.signal(NAME, "go", {"n": 2}, actor="@maria", cause="comment 3")
    await story.engine.settle()
    assert story.state().state is WorkflowState.COMPLETED
    assert [story.state().steps[s].result["n"] for s in ("first", "second")] == [1, 2]
    with pytest.raises(NotAllowedNow, match="nobody waits"):
        story.engine.signal(NAME, "go", {}, actor="@maria", cause="comment 4")


async def test_a_signal_that_ends_the_story_while_its_step_is_about_to_look_again_leaves_nothing_behind() -> (
    None
):
    story = house(FIRST)
    story.begin()
    await story.engine.settle()
    story.engine.recheck()
    story.engine.signal(NAME, "go", {}, actor="@maria", cause="c1")
    looks = [task for task in asyncio.all_tasks() if task.get_name() == f"{NAME}/first/step"]
    assert looks
    await asyncio.gather(*looks)  # raises what a look raises that nobody waits for any more
    assert story.engine.idle
    assert story.state().state is WorkflowState.COMPLETED


async def test_two_who_wait_side_by_side_get_a_signal_each() -> None:
    story = house(FIRST, {**SECOND, "depends_on": []})
    story.begin()
    await story.engine.settle()
    story.engine.signal(NAME, "go", {"n": 1}, actor="@maria", cause="1")
    await story.engine.settle()
    assert story.state().state is WorkflowState.RUNNING
    story.engine.signal(NAME, "go", {"n": 2}, actor="@maria", cause="2")
    await story.engine.settle()
    assert [story.state().steps[s].result["n"] for s in ("first", "second")] == [1, 2]


async def test_a_signal_while_paused_is_kept_until_it_goes_on() -> None:
    story = house(FIRST)
    story.begin()
    await story.engine.settle()
    story.engine.pause(NAME, actor="@maria", reason="stop")
    story.engine.signal(NAME, "go", {"by": "tom"}, actor="@tom", cause="c")
    assert story.state().state is WorkflowState.PAUSED
    story.engine.resume(NAME, actor="@maria")
    await story.engine.settle()
    assert story.state().steps["first"].result == {"by": "tom"}


async def test_who_waits_too_long_for_a_signal_has_failed() -> None:
    story = house({**FIRST, "timeout": "1h"})
    story.begin()
    await story.engine.settle()
    story.clock.advance(3601)
    story.engine.fire_timers()
    await story.engine.settle()
    assert story.state().reason == "waited for the signal go until the deadline passed"


@pytest.mark.parametrize("duration", ["2h", 7200])
async def test_a_sleep_lasts_from_its_start_also_over_restarts(duration) -> None:
    story = house(
        {"name": "nap", "type": "sleep", "inputs": {"duration": "${context.d}"}},
        {"name": "made", "type": "make", "depends_on": ["nap"]},
    )
    story.begin(d=duration)
    await story.engine.settle()
    for _ in range(3):
        story.clock.advance(2000)
        await story.engine.stop()
        story.reopen()
        await story.engine.settle()
        assert story.world.log == []
    due = story.engine.next_timer()
    assert due is not None
    assert 1000 < (due - story.clock.now()).total_seconds() <= 1200
    story.clock.advance(1200)
    story.engine.fire_timers()
    await story.engine.settle()
    assert story.world.log == ["+made"]


@pytest.mark.parametrize(
    ("duration", "why"),
    [("soon", "'soon' is not a duration"), ("9999999d", "duration: date value out of range")],
)
async def test_a_duration_that_is_none_says_so(duration: str, why: str) -> None:
    story = house({"name": "nap", "type": "sleep", "inputs": {"duration": duration}})
    story.begin()
    await story.engine.settle()
    assert why in story.state().reason


async def test_a_signal_without_a_name_is_none_and_completes_nobody_who_waits_for_something_else() -> None:
    story = house({"name": "merged", "type": "await-merge"})
    story.begin()
    await story.engine.settle()
    with pytest.raises(NotAllowedNow, match="without a name"):
        story.engine.signal(NAME, "", {}, actor="@maria", cause="c1")
    assert story.state().steps["merged"].state is StepState.WAITING


async def test_whoever_waits_for_a_signal_without_a_name_is_told() -> None:
    story = house({**FIRST, "inputs": {"name": "${context.name}"}})
    story.begin(name="")
    await story.engine.settle()
    assert story.state().reason == "name: a signal needs one"


@pytest.mark.parametrize("data", [{"x": object()}, {"x": "\ud800"}, "text", None])
async def test_what_no_event_can_hold_is_refused_and_the_log_says_so(data) -> None:
    story = house(FIRST)
    story.begin()
    await story.engine.settle()
    with pytest.raises(NotAllowedNow, match="no event can hold"):
        story.engine.signal(NAME, "go", data, actor="@maria", cause="c1")
    assert story.names()[-1] == "OperatorRefused"


async def test_what_a_signal_brings_is_gone_on_with_as_the_log_gives_it_back() -> None:
    story = house(FIRST, SECOND)
    story.begin(pair=(1, 2))
    await story.engine.settle()
    story.engine.signal(NAME, "go", {"by": ("maria", float("inf"))}, actor="@maria", cause="c1")
    in_memory = story.state()
    story.reopen()
    assert story.state() == in_memory
    assert in_memory.context == {"pair": [1, 2]}
    assert in_memory.steps["first"].result == {"by": ["maria", None]}


async def test_nothing_is_begun_by_an_answer_that_comes_back_while_the_engine_stops() -> None:
    """From a fuzz: the answer of one step began the call of another anew, which was cancelled and forgotten."""
    story = house({"name": "made", "type": "make"}, FIRST)
    story.begin()
    await asyncio.sleep(0)  # `first` has answered, `made` is under way
    await story.engine.stop()
    before = story.names()
    for _ in range(5):
        await asyncio.sleep(0)
    assert (story.world.log, story.names()) == ([], before)
    story.reopen()
    await story.engine.settle()
    assert story.world.log == ["+made"]
