"""A tiny outside world for engine stories: effects by key, and steps that act on it.

`World` outlives the process that is killed, as GitHub does; `Crash` is the kill.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bot.coordination.clocks import VirtualClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.outcome import DomainEvent, Done, Failed, Outcome, Waiting
from bot.engine.ports import StepContext, StepType
from bot.language.definition import parse
from bot.store.memory import MemoryStore


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


class House:
    """A store and a clock that live on, and a coordinator that can be killed."""

    def __init__(self, text: str, world, store=None, more=None, **types) -> None:
        self.world, self.store, self.clock = world, store or MemoryStore(), VirtualClock()
        self.more = more or {}  # of the coordinator
        self.definition, self.types = parse(text), types
        self.engine = self.open()

    def open(self) -> StepCoordinator:
        self.engine = StepCoordinator(
            self.store,
            [self.definition],
            types(self.world, **self.types),
            self.clock,
            chance=lambda: 0.5,
            **self.more,
        )
        return self.engine

    def begin(self, key: str = "k", **context) -> str:
        name, _ = self.engine.start("story", key, context, actor="@maria", cause="test", correlation="c")
        return name

    def reopen(self) -> None:
        """The process was killed and starts again; what it was doing is unknown."""
        self.open().recover()

    async def go_on(self, rounds: int = 50) -> None:
        """Settle, and let time pass until the next timer, until nothing is due within a day."""
        for _ in range(rounds):
            await self.engine.settle()
            due = self.engine.next_timer()
            if due is None or (due - self.clock.now()).total_seconds() > 1800:
                return
            self.clock.advance(max(0.0, (due - self.clock.now()).total_seconds()))
            self.engine.fire_timers()
        raise AssertionError("it never comes to rest")

    def state(self, name: str = "story/k"):
        return self.engine.instance(name)

    def names(self, name: str = "story/k") -> list[str]:
        return [e.name for e in self.store.read(name)]


class Killed(BaseException):
    """SIGKILL, as seen from inside."""


async def lived(house: House, acts: list[Callable[[House], None]], kill_at: int | None = None) -> int:
    """What people do, each until nothing moves, with one kill at a point before or after an effect or an append.

    An act is done again by the next process, as a command is that was not answered. How many points there were.
    """
    passed, dead = 0, False

    def gate(point: str) -> None:
        nonlocal passed, dead
        passed += 1
        dead = dead or passed == kill_at
        if dead:  # and nothing else of this process does anything any more
            raise Killed(point)

    inner = house.store.append

    def append(appends, **more) -> None:
        gate("before append")
        inner(appends, **more)
        gate("after append")

    house.store.append, house.world.gate = append, gate
    for act in acts:
        while True:
            try:
                house.engine.recover()
                act(house)
                await house.engine.settle()
                if not dead:
                    break
            except Killed:
                pass
            await house.engine.stop()
            dead = False
            house.open()  # a new process, with nothing but the store and the world
    return passed
