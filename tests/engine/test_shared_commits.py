"""Calls that come back together share a commit; nothing else of what was promised changes by that."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from bot.coordination.clocks import VirtualClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.errors import ConcurrencyConflict
from bot.engine.outcome import Done, Failed, Outcome, Waiting
from bot.engine.ports import Append, StepContext, StepType
from bot.engine.state import WorkflowState
from bot.language.definition import parse
from bot.store.memory import MemoryStore


class AtOnce(StepType):
    type = "at-once"
    undoable = True

    async def start(self, ctx: StepContext) -> Outcome:
        return Failed(error="no", kind="gate") if ctx.step == "no" else Done({"step": ctx.step})


class Follow(StepType):
    """Waits until another instance has ended."""

    type = "follow"

    async def start(self, ctx: StepContext) -> Outcome:
        other = f"story/{ctx.instance[-1]}"
        done = any(s.instance == other and not s.open for s in ctx.store.summaries())
        return (
            Done() if done else Waiting(wake_on=(f"instance:{other}",), note="the other", recheck_after=1e6)
        )


class Noting(MemoryStore):
    """Remembers what each commit held; fails those that `refuses` says."""

    def __init__(self) -> None:
        super().__init__()
        self.commits: list[dict[str, list[str]]] = []
        self.refused: dict[str, int] = {}

    def append(self, appends: Sequence[Append], *, consumes: str | None = None, reason: str = "") -> None:
        for item in appends:
            if self.refused.get(item.stream, 0):
                self.refused[item.stream] -= 1
                raise ConcurrencyConflict(item.stream, item.expected, 99)
        super().append(appends, consumes=consumes, reason=reason)
        self.commits.append({item.stream: [e.name for e in item.events] for item in appends})


def story(name: str, *steps: dict[str, Any]) -> Any:
    return parse(json.dumps({"workflow": {"name": name, "version": "1", "steps": list(steps)}}))


STORY = story(
    "story", {"name": "a", "type": "at-once"}, {"name": "b", "type": "at-once", "depends_on": ["a"]}
)
FOLLOWER = story("follower", {"name": "wait", "type": "follow"})
FAN = story(
    "fan",
    {"name": "a", "type": "at-once"},
    {"name": "no", "type": "at-once"},
    {"name": "b", "type": "at-once"},
    {"name": "later", "type": "at-once", "depends_on": ["a", "b", "no"]},
)


class House:
    def __init__(self) -> None:
        self.store, self.clock = Noting(), VirtualClock()
        types: dict[str, StepType] = {"at-once": AtOnce(), "follow": Follow()}
        self.engine = StepCoordinator(self.store, [STORY, FOLLOWER, FAN], types, self.clock)

    def begin(self, definition: str, key: str) -> None:
        self.engine.start(definition, key, {}, actor="@m", cause="t", correlation="c")

    def states(self) -> dict[str, str]:
        return {s.instance: s.state for s in self.store.summaries()}


async def test_a_turn_of_the_loop_is_one_commit_of_all_instances() -> None:
    house = House()
    for key in "123":
        house.begin("story", key)
    await house.engine.settle()
    names = [f"story/{key}" for key in "123"]
    assert house.store.commits[3:] == [
        {name: ["StepCompleted", "StepStarted"] for name in names},
        {name: ["StepCompleted", "WorkflowCompleted"] for name in names},
    ]


async def test_steps_of_one_instance_that_come_back_together_are_decided_one_after_the_other() -> None:
    house = House()
    house.begin("fan", "1")
    await house.engine.settle()
    together = house.store.commits[1]["fan/1"]
    assert together[:3] == ["StepCompleted", "StepFailed", "StepCompleted"], (
        "siblings finish before anything follows"
    )
    assert together[3:] == ["RollbackInitiated", "CompensationStarted"]
    assert house.states() == {"fan/1": "compensated"}


async def test_one_that_cannot_be_recorded_fails_alone_and_goes_on_later() -> None:
    house = House()
    for key in "123":
        house.begin("story", key)
    house.store.refused["story/2"] = 2  # with the others, and on its own
    await house.engine.settle()
    assert house.states() == {"story/1": "completed", "story/2": "running", "story/3": "completed"}
    due = house.engine.next_timer()
    assert due is not None
    house.clock.advance((due - house.clock.now()).total_seconds())
    house.engine.fire_timers()
    await house.engine.settle()
    assert house.engine.instance("story/2").state is WorkflowState.COMPLETED
    started = [e for e in house.store.read("story/2") if e.name == "StepStarted" and e.body.step == "b"]
    assert len(started) == 1


async def test_an_end_that_is_committed_together_with_the_wait_for_it_is_not_missed() -> None:
    house = House()
    for key in "12":
        house.begin("story", key)
    while len(house.store.commits) < 3:  # noqa: ASYNC110 - until the last steps have begun, and not yet run
        await asyncio.sleep(0)
    for key in "12":
        house.begin("follower", key)
    await house.engine.settle()
    both = {"story/1": "WorkflowCompleted", "follower/1": "StepWaiting"}
    assert any(both.items() <= {n: names[-1] for n, names in c.items()}.items() for c in house.store.commits)
    assert set(house.states().values()) == {"completed"}
