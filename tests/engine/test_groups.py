"""Steps of one parallel_group begin together and are judged together; and no more steps at once than allowed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from bot.engine.outcome import Done, Failed
from bot.engine.state import StepState, WorkflowState
from bot.language.errors import DefinitionError

_spec = importlib.util.spec_from_file_location("groups_world", Path(__file__).with_name("world.py"))
assert _spec
assert _spec.loader
w = importlib.util.module_from_spec(_spec)
sys.modules["groups_world"] = w
_spec.loader.exec_module(w)

NAME = "story/k"


def make(name: str, *needs: str, **more):
    return {"name": name, "type": "make", "depends_on": list(needs), **more}


async def test_a_group_is_held_back_until_all_of_it_could_begin() -> None:
    steps = [
        make("quick"),
        {"name": "slow", "type": "await-merge"},
        make("a", "quick", parallel_group="g"),
        make("b", "slow", parallel_group="g"),
        make("free", "quick"),
    ]
    house = w.House(w.definition(*steps), w.World())
    house.begin()
    await house.engine.settle()
    assert house.world.log == ["+quick", "+free"]
    house.world.merged.add("slow")
    house.engine.handle("pull-request", {}, ["merge:slow"], actor="", cause="d")
    await house.engine.settle()
    begun = [
        [e.body.step for e in house.store.read(NAME) if e.name == "StepStarted" and e.at == at]
        for at in {e.at for e in house.store.read(NAME)}
    ]
    assert ["a", "b"] in begun
    assert house.state().state is WorkflowState.COMPLETED


async def test_a_failed_member_fails_the_group_once_all_members_are_over() -> None:
    steps = [
        {"name": "no", "type": "refuse", "parallel_group": "g"},
        {"name": "flaky", "type": "flaky", "parallel_group": "g"},
        {"name": "waits", "type": "await-merge", "parallel_group": "g"},
        make("later", "no", "flaky", "waits"),
    ]
    flaky = w.Refuse(Failed(error="502", kind="transient", retryable=True), Done())
    flaky.type = "flaky"
    house = w.House(w.definition(*steps), w.World(), refuse=w.Refuse(w.FAILS), flaky=flaky)
    house.begin()
    await house.engine.settle()
    assert house.state().state is WorkflowState.RUNNING
    await house.engine.stop()
    house.reopen()  # what the group has come to is not forgotten
    await house.go_on()
    assert house.state().steps["flaky"].state is StepState.COMPLETED
    assert house.state().state is WorkflowState.RUNNING
    house.world.merged.add("waits")
    house.engine.handle("pull-request", {}, ["merge:waits"], actor="", cause="d")
    await house.go_on()
    assert house.state().state is WorkflowState.COMPENSATED
    assert house.state().reason == "the gate said no"


async def test_all_that_failed_in_a_group_is_told() -> None:
    steps = [{"name": n, "type": "refuse", "parallel_group": "g"} for n in ("one", "two")]
    house = w.House(w.definition(*steps), w.World(), refuse=w.Refuse(w.FAILS))
    house.begin()
    await house.engine.settle()
    assert house.state().reason == "one: the gate said no; two: the gate said no"


@pytest.mark.parametrize(
    "steps",
    [
        [make("a", parallel_group="g"), make("b", "a", parallel_group="g")],
        [make("a", parallel_group="g"), make("m", "a"), make("b", "m", parallel_group="g")],
        [
            make("a", parallel_group="g"),
            make("b", "d", parallel_group="g"),
            make("c", "a", parallel_group="h"),
            make("d", parallel_group="h"),
        ],
    ],
)
def test_a_group_that_could_never_begin_is_no_definition(steps) -> None:
    with pytest.raises(DefinitionError, match="waits for the parallel_group"):
        w.parse(w.definition(*steps))


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_no_more_steps_are_under_way_than_allowed_waiting_ones_too(most: int) -> None:
    steps = [{"name": f"s{i}", "type": "await-merge"} for i in range(5)]
    house = w.House(w.definition(*steps, most_at_once=str(most)), w.World())
    house.begin()
    for i in range(5):
        await house.engine.settle()
        waiting = [s for s in house.state().steps.values() if s.state is StepState.WAITING]
        assert len(waiting) == min(most, 5 - i)
        house.world.merged.add(waiting[0].name)
        house.engine.handle("pull-request", {}, [f"merge:{waiting[0].name}"], actor="", cause=f"d{i}")
    await house.engine.settle()
    assert house.state().state is WorkflowState.COMPLETED
