"""Who may: a command counts only for whom its own instance saw to be allowed."""

from __future__ import annotations

from typing import Any

import pytest

from bot.coordination.clocks import VirtualClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.errors import NotAllowed
from bot.engine.outcome import DomainEvent, Done, Outcome, Waiting
from bot.engine.ports import StepContext, StepType
from bot.language.definition import parse
from bot.steps.policy import SeenToBeAllowed
from bot.store.memory import MemoryStore


class Check(StepType):
    """Finds out what GitHub would say of tom and eve."""

    type = "check-permission"
    inputs = frozenset({"user"})

    async def start(self, ctx: StepContext) -> Outcome:
        data = {"user": ctx.inputs["user"], "permission": "?", "allowed": ctx.inputs["user"] == "tom"}
        return Done(events=(DomainEvent("PermissionChecked", data),))


class Work(StepType):
    type = "work"

    async def start(self, ctx: StepContext) -> Outcome:
        return Waiting(note="a long time")


def definition(name: str, **step: Any) -> Any:
    lines = [f"workflow: {{name: {name}, version: '1', steps: [{{name: a, type: {step['type']}"]
    lines += [", inputs: {user: '${context.user}'}"] if step["type"] == "check-permission" else []
    return parse("".join([*lines, "}]}"]))


async def test_an_act_rests_on_a_permission_that_the_commands_own_instance_saw() -> None:
    store = MemoryStore()
    engine = StepCoordinator(
        store,
        [definition("answer-command", type="check-permission"), definition("work", type="work")],
        {"check-permission": Check(), "work": Work()},
        VirtualClock(),
        policy=SeenToBeAllowed(store),
    )
    name, _ = engine.start("work", "k", {}, actor="cloi", cause="a start of our own", correlation="c")
    causes = {}
    for user in ("tom", "eve"):
        causes[user], _ = engine.start(
            "answer-command", user, {"user": user}, actor=f"@{user}", cause=f"d-{user}", correlation="c"
        )
    await engine.settle()
    for actor, cause in (
        ("@eve", causes["eve"]),  # was asked about, and may not
        ("@eve", causes["tom"]),  # not hers
        ("@tom", causes["eve"]),
        ("@tom", "answer-command/there-is-none"),
    ):
        refusal = SeenToBeAllowed(store).refusal(actor, "pause", name, cause)
        assert (
            refusal == f"{actor} was not seen to be allowed to pause this; people with write permission may."
        )
    with pytest.raises(NotAllowed, match="people with write permission may"):
        engine.pause(name, actor="@eve", reason="stop", cause=causes["eve"])
    engine.pause(name, actor="@tom", reason="stop", cause=causes["tom"])
    assert engine.instance(name).state == "paused"
    assert [e.actor for e in store.read(name) if e.name == "OperatorRefused"] == ["@eve"]
