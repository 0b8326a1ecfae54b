"""The engine's stories: what happens to an instance when all is well, and when it is not."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.errors import NotAllowedNow
from bot.engine.outcome import Done, Failed, Waiting
from bot.engine.state import RollbackState, StepState, WorkflowState
from bot.language.definition import Retry
from bot.language.errors import DefinitionError
from tests.properties import examples

_spec = importlib.util.spec_from_file_location("engine_world", Path(__file__).with_name("world.py"))
assert _spec and _spec.loader
w = importlib.util.module_from_spec(_spec)
sys.modules["engine_world"] = w
_spec.loader.exec_module(w)
House = w.House

BRANCH = {"name": "branch", "type": "make", "outputs": {"value": "value"}}
MERGE = {"name": "merge", "type": "await-merge", "depends_on": ["branch"], "timeout": "2h"}
RUN = {"name": "run", "type": "make", "depends_on": ["merge"], "inputs": {"value": "${outputs.branch.value}"}}


async def test_a_step_waits_for_a_merge_and_the_rest_follows() -> None:
    house = House(w.definition(BRANCH, MERGE, RUN), w.World())
    name = house.begin()
    await house.engine.settle()
    assert house.state().steps["merge"].state is StepState.WAITING
    house.world.merged.add("merge")
    house.engine.handle("pull-request", {}, ["merge:merge"], actor="@maria", cause="d1")
    await house.engine.settle()
    assert house.state(name).state is WorkflowState.COMPLETED
    assert house.world.log == ["+branch", "+run"]
    assert "Merged" in house.names()


async def test_completion_and_next_start_are_one_commit() -> None:
    house = House(w.definition(BRANCH, {**RUN, "depends_on": ["branch"]}), w.World())
    batches: list[list[str]] = []
    inner = house.store.append
    house.store.append = lambda a, **k: (batches.append([e.name for e in a[0].events]), inner(a, **k))[1]
    house.begin()
    await house.engine.settle()
    assert batches == [
        ["WorkflowStarted", "StepStarted"],
        ["StepCompleted", "StepStarted"],
        ["StepCompleted", "WorkflowCompleted"],
    ]


async def test_a_lost_webhook_is_made_up_for_by_the_recheck() -> None:
    house = House(w.definition(BRANCH, MERGE, RUN), w.World())
    house.begin()
    await house.engine.settle()
    house.world.merged.add("merge")
    house.clock.advance(3601)
    house.engine.fire_timers()
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPLETED


async def test_a_fact_that_comes_while_the_step_is_about_to_wait_is_not_missed() -> None:
    world = w.World()

    class Slow(w.AwaitMerge):
        async def start(self, ctx):
            outcome = await super().start(ctx)
            if "early" not in world.log:
                world.log.append("early")
                world.merged.add("merge")  # merged after the step had looked
                house.engine.handle("pull-request", {}, ["merge:merge"], actor="", cause="d")
            return outcome

    house = House(w.definition(BRANCH, MERGE, RUN), world, slow=Slow(world))
    house.begin()
    await house.go_on()
    assert house.state().state is WorkflowState.COMPLETED


async def test_a_passed_deadline_ends_the_instance_with_words_and_takes_back_what_was_made() -> None:
    house = House(w.definition(BRANCH, MERGE, RUN), w.World())
    house.begin()
    await house.engine.settle()
    house.clock.advance(7201)
    house.engine.fire_timers()
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPENSATED
    assert house.state().reason == "waited for a merge until the deadline passed"
    assert house.world.log == ["+branch", "-branch"]


async def test_a_merge_just_before_the_deadline_whose_webhook_was_lost_still_counts() -> None:
    house = House(w.definition(BRANCH, MERGE, RUN), w.World())
    house.begin()
    await house.engine.settle()
    house.world.merged.add("merge")
    house.clock.advance(7201)
    house.engine.fire_timers()
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPLETED


async def test_compensation_goes_backwards_and_unknown_first() -> None:
    steps = [
        {"name": "a", "type": "make"},
        {"name": "b", "type": "make", "depends_on": ["a"]},
        {"name": "c", "type": "make", "depends_on": ["b"]},
        {"name": "no", "type": "refuse", "depends_on": ["c"]},
    ]
    house = House(w.definition(*steps), w.World(), refuse=w.Refuse(w.FAILS))
    house.begin()
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPENSATED
    assert house.world.log == ["+a", "+b", "+c", "-c", "-b", "-a"]
    assert house.world.objects == {}


async def test_transient_failures_are_retried_with_growing_pauses_and_the_same_key() -> None:
    refuse = w.Refuse(*[Failed(error="502", kind="transient", retryable=True)] * 3, Done({"ok": True}))
    house = House(w.definition({"name": "no", "type": "refuse"}), w.World(), refuse=refuse)
    house.begin()
    await house.go_on()
    events = house.store.read("story/k")
    assert house.state().state is WorkflowState.COMPLETED
    assert {e.body.key for e in events if e.name == "StepStarted"} == {house.state().steps["no"].key}
    assert refuse.calls == 4


async def test_retries_end() -> None:
    refuse = w.Refuse(Failed(error="502", kind="transient", retryable=True))
    house = House(w.definition({"name": "no", "type": "refuse"}), w.World(), refuse=refuse)
    house.begin()
    await house.go_on()
    assert refuse.calls == Retry().attempts
    assert house.state().state is WorkflowState.COMPENSATED


async def test_a_parked_instance_waits_for_a_human_and_goes_on_with_a_new_key() -> None:
    refuse = w.Refuse(Failed(error="somebody else's branch", kind="conflict", park=True), Done())
    house = House(w.definition(BRANCH, {"name": "no", "type": "refuse"}), w.World(), refuse=refuse)
    house.begin()
    await house.engine.settle()
    first = house.state().steps["no"].key
    assert house.state().state is WorkflowState.PARKED
    house.engine.retry("story/k", actor="@maria")
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPLETED
    assert house.state().steps["no"].key != first


async def test_cancel_takes_back_and_a_second_cancel_is_refused() -> None:
    house = House(w.definition(BRANCH, MERGE, RUN), w.World())
    house.begin()
    await house.engine.settle()
    house.engine.cancel("story/k", actor="@maria", reason="@maria changed her mind")
    await house.engine.settle()
    assert house.state().state is WorkflowState.CANCELLED
    assert house.world.objects == {}
    with pytest.raises(NotAllowedNow):
        house.engine.cancel("story/k", actor="@maria", reason="again")


async def test_what_is_under_way_when_cancel_comes_is_undone_after_it_has_come_back() -> None:
    house = House(w.definition(BRANCH), w.World())
    house.begin()  # the call has not begun to run yet
    house.engine.cancel("story/k", actor="@maria", reason="no")
    await house.engine.settle()
    assert house.world.log == ["+branch", "-branch"]
    assert house.state().state is WorkflowState.CANCELLED


async def test_siblings_of_a_failed_step_finish_and_are_undone() -> None:
    steps = [
        {"name": "no", "type": "refuse", "parallel_group": "g"},
        {"name": "a", "type": "make", "parallel_group": "g"},
        {"name": "later", "type": "make", "depends_on": ["a", "no"]},
    ]
    house = House(w.definition(*steps), w.World(), refuse=w.Refuse(w.FAILS))
    house.begin()
    await house.engine.settle()
    assert house.world.log == ["+a", "-a"]


async def test_rollback_action_wins_over_undo() -> None:
    class Note(w.StepType):
        type = "note"

        async def start(self, ctx):
            house.world.log.append(f"note {ctx.step} because {ctx.reason}")
            return Done()

    steps = [
        {"name": "a", "type": "make", "rollback_action": "note"},
        {"name": "no", "type": "refuse", "depends_on": ["a"]},
    ]
    house = House(w.definition(*steps), w.World(), refuse=w.Refuse(w.FAILS), note=Note())
    house.begin()
    await house.engine.settle()
    assert house.world.log == ["+a", "note a because the gate said no"]


async def test_a_second_start_for_the_same_key_joins_the_open_one_and_follows_an_ended_one() -> None:
    house = House(w.definition(BRANCH, MERGE), w.World())
    first, _ = house.engine.start("story", "k", {}, actor="a", cause="c1", correlation="c")
    assert house.engine.start("story", "k", {}, actor="b", cause="c2", correlation="c") == (first, False)
    assert house.engine.start("story", "k", {}, actor="a", cause="c1", correlation="c") == (first, True)
    house.engine.cancel(first, actor="a", reason="x")
    await house.engine.settle()
    assert house.engine.start("story", "k", {}, actor="b", cause="c3", correlation="c") == ("story/k/2", True)


async def test_a_fact_starts_what_it_triggers_once() -> None:
    trigger = {
        "on": "comment",
        "where": {"asks": "true"},
        "key": "${fact.id}",
        "context": {"by": "${fact.by}"},
    }
    house = House(w.definition({"name": "a", "type": "make"}, trigger=trigger), w.World())
    fact = {"asks": True, "id": 7, "by": "maria"}
    assert house.engine.handle("comment", fact, [], actor="@maria", cause="d1") == ["story/7"]
    assert house.engine.handle("comment", fact, [], actor="@maria", cause="d2") == []
    assert house.engine.handle("comment", {"asks": False, "id": 8}, [], actor="", cause="d3") == []
    await house.engine.settle()
    assert house.state("story/7").context == {"by": "maria"}


async def test_a_missing_step_type_is_found_at_start() -> None:
    with pytest.raises(DefinitionError, match="nobody provides"):
        House(w.definition({"name": "a", "type": "nothing-such"}), w.World())


async def test_a_bug_in_a_step_fails_the_step_and_not_the_process() -> None:
    class Broken(w.StepType):
        type = "broken"

        async def start(self, ctx):
            raise ZeroDivisionError

    house = House(w.definition({"name": "a", "type": "broken"}), w.World(), broken=Broken())
    house.begin()
    await house.engine.settle()
    assert house.state().steps["a"].kind == "bug"


async def test_an_undo_may_wait_too() -> None:
    class Revert(w.Make):
        type = "make-slowly"

        async def undo(self, ctx):
            if "reverted" not in self.world.merged:
                return Waiting(wake_on=("revert",), note="the revert PR")
            return await super().undo(ctx)

    world = w.World()
    steps = [{"name": "a", "type": "make-slowly"}, {"name": "no", "type": "refuse", "depends_on": ["a"]}]
    house = House(w.definition(*steps), world, refuse=w.Refuse(w.FAILS), revert=Revert(world))
    house.begin()
    await house.engine.settle()
    assert house.state().steps["a"].rollback is RollbackState.WAITING
    world.merged.add("reverted")
    house.engine.handle("pull-request", {}, ["revert"], actor="", cause="d")
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPENSATED
    assert world.objects == {}


def _stories() -> dict[str, str]:
    good = [BRANCH, MERGE, RUN, {"name": "b2", "type": "make"}]
    bad = [*good, {"name": "no", "type": "refuse", "depends_on": ["run", "b2"]}]
    return {"good": w.definition(*good), "bad": w.definition(*bad)}


async def _played(story: str, kill_at: int | None) -> tuple[House, int]:
    """The story with one kill at the given point (before or after an effect or an append)."""
    house = House(_stories()[story], w.World(), refuse=w.Refuse(w.FAILS))
    house.world.merged.add("merge")
    points = await w.lived(house, [_begun], kill_at)
    return house, points


def _begun(house: House) -> None:
    if not house.store.read("story/k"):
        house.begin()


@pytest.mark.parametrize("story", ["good", "bad"])
async def test_killed_at_any_point_the_end_is_the_same_and_nothing_is_done_twice(story: str) -> None:
    clean, points = await _played(story, None)
    assert points > 10
    for kill_at in range(1, points + 1):
        house, _ = await _played(story, kill_at)
        assert house.state().state is clean.state().state, kill_at
        assert len(house.world.log) == len(set(house.world.log)), kill_at
        assert sorted(house.world.objects.values()) == sorted(clean.world.objects.values()), kill_at


@st.composite
def graphs(draw) -> list[dict]:
    steps: list[dict] = []
    for i in range(draw(st.integers(1, 7))):
        names = [s["name"] for s in steps]
        above = draw(st.sets(st.sampled_from(names), max_size=3)) if names else set()
        steps.append({"name": f"s{i}", "type": "make", "depends_on": sorted(above)})
    return steps


@settings(max_examples=examples(60), deadline=None)
@given(graphs(), st.booleans())
def test_in_any_graph_no_step_starts_before_what_it_depends_on_and_undo_is_the_reverse(steps, fails) -> None:
    no = {"name": "no", "type": "refuse", "depends_on": [s["name"] for s in steps]}

    async def story() -> House:
        text = w.definition(*steps, *([no] if fails else []))
        house = House(text, w.World(), refuse=w.Refuse(w.FAILS))
        house.begin()
        await house.engine.settle()
        return house

    house = asyncio.run(story())
    made = [entry[1:] for entry in house.world.log if entry[0] == "+"]
    undone = [entry[1:] for entry in house.world.log if entry[0] == "-"]
    for step in steps:
        for before in step["depends_on"]:
            assert made.index(before) < made.index(step["name"])
            if fails:
                assert undone.index(before) > undone.index(step["name"])
    assert set(undone) == (set(made) if fails else set())
    assert house.state().state is (WorkflowState.COMPENSATED if fails else WorkflowState.COMPLETED)


async def test_an_append_that_fails_is_repeated_and_one_whose_answer_was_lost_is_not_doubled() -> None:
    house = House(w.definition(BRANCH, {**RUN, "depends_on": ["branch"]}), w.World())
    inner, calls = house.store.append, 0

    def append(appends, **kw):
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError("disk full")
        inner(appends, **kw)
        if calls == 4:
            raise OSError("the answer was lost")

    house.store.append = append
    house.begin()
    await house.go_on()
    assert house.state().state is WorkflowState.COMPLETED
    assert house.world.log == ["+branch", "+run"]


async def test_a_plan_that_wants_no_rollback_parks_instead() -> None:
    steps = [
        {"name": "a", "type": "make", "outputs": {"back": "value"}, "inputs": {"value": "false"}},
        {"name": "no", "type": "refuse", "depends_on": ["a"]},
    ]
    text = w.definition(*steps, rollback_required="${outputs.a.back}")
    house = House(text, w.World(), refuse=w.Refuse(w.FAILS))
    house.begin()
    await house.engine.settle()
    assert house.state().state is WorkflowState.PARKED
    assert house.world.log == ["+a"]


async def test_a_retry_can_tell_the_step_what_a_human_decided() -> None:
    class Ask(w.StepType):
        type = "ask"

        async def start(self, ctx):
            if ctx.memo.get("approved") != "abc":
                return Failed(error="approve abc first", kind="refused", park=True)
            return Done({"by": ctx.memo["approved"]})

    house = House(w.definition({"name": "a", "type": "ask"}), w.World(), ask=Ask())
    house.begin()
    await house.engine.settle()
    house.engine.retry("story/k", actor="@maria", memo={"approved": "abc"})
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPLETED


async def test_a_rollback_by_hand_ends_compensated_and_a_cancel_cancelled() -> None:
    house = House(w.definition(BRANCH, MERGE, RUN), w.World())
    house.begin()
    await house.engine.settle()
    house.engine.cancel("story/k", actor="@maria", reason="it is wrong", cancelled=False)
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPENSATED


async def test_what_was_to_be_retried_is_no_reason_to_look_while_it_is_taken_back() -> None:
    class Revert(w.Make):
        type = "revert"

        async def undo(self, ctx):
            return Waiting(note="a person to merge the revert", recheck_after=3600)

    class Gate(w.Refuse):
        type = "gate"

    world = w.World()
    house = House(
        w.definition(
            {"name": "change", "type": "revert"},
            {"name": "flaky", "type": "refuse", "depends_on": ["change"]},
            {"name": "gate", "type": "gate", "depends_on": ["change"]},
        ),
        world,
        revert=Revert(world),
        refuse=w.Refuse(Failed(error="502", kind="transient", retryable=True)),
        gate=Gate(w.FAILS),
    )
    house.begin()
    await house.engine.settle()
    assert house.state().state is WorkflowState.ROLLING_BACK
    assert house.state().steps["flaky"].state is StepState.RETRYING
    house.clock.advance(60)
    house.engine.fire_timers()
    await house.engine.settle()
    due = house.engine.next_timer()
    assert due is not None
    assert due > house.clock.now(), "else the process spins until somebody merges"
