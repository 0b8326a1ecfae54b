"""A tiny outside world for engine stories: effects by key, and steps that act on it.

`World` outlives the process that is killed, as GitHub does; `Crash` is the kill.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bot.engine.outcome import DomainEvent, Done, Failed, Outcome, Waiting
from bot.engine.ports import StepContext, StepType


class World:
    """Objects by key; `log` tells in which order they were made and taken away."""

    def __init__(self) -> None:
        self.objects: dict[str, str] = {}
        self.log: list[str] = []
        self.merged: set[str] = set()
        self.gate: Callable[[str], None] = lambda point: None

    def make(self, key: str, name: str) -> None:
        self.gate(f"before making {name}")
        if key not in self.objects:  # look, then do
            self.objects[key] = name
            self.log.append(f"+{name}")
        self.gate(f"after making {name}")

    def remove(self, key: str, name: str) -> None:
        self.gate(f"before removing {name}")
        if self.objects.pop(key, None) is not None:
            self.log.append(f"-{name}")
        self.gate(f"after removing {name}")


class Make(StepType):
    """Makes one object; undo takes it away."""

    type = "make"
    optional = frozenset({"value"})
    undoable = True

    def __init__(self, world: World) -> None:
        self.world = world

    async def start(self, ctx: StepContext) -> Outcome:
        await asyncio.sleep(0)
        self.world.make(ctx.key, ctx.step)
        return Done({"made": ctx.step, "value": ctx.inputs.get("value", "")})

    async def undo(self, ctx: StepContext) -> Outcome:
        await asyncio.sleep(0)
        self.world.remove(ctx.key, ctx.step)
        return Done()


class AwaitMerge(StepType):
    """Waits until a human has merged."""

    type = "await-merge"

    def __init__(self, world: World) -> None:
        self.world = world

    async def start(self, ctx: StepContext) -> Outcome:
        await asyncio.sleep(0)
        if ctx.step in self.world.merged:
            return Done({"by": "maria"}, events=(DomainEvent("Merged", {"step": ctx.step}),))
        return Waiting(wake_on=(f"merge:{ctx.step}",), note="a merge", recheck_after=3600)


class Refuse(StepType):
    """Fails, as often as told, in the way told."""

    type = "refuse"

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.calls = 0

    async def start(self, ctx: StepContext) -> Outcome:
        self.calls += 1
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


def types(world: World, **more: StepType) -> dict[str, StepType]:
    found: list[StepType] = [Make(world), AwaitMerge(world), *more.values()]
    return {t.type: t for t in found}


FAILS = Failed(error="the gate said no", kind="gate")


def definition(*steps: dict[str, Any], **more: Any) -> str:
    import json

    return json.dumps({"workflow": {"name": "story", "version": "1", "steps": list(steps), **more}})
