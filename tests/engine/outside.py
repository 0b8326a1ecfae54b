"""The world outside a simulated engine, and the steps that act on it, each by the nature that was drawn for it.

A step stops at gates that whoever drives the house opens, looks by its key before it does anything, and may be
refused or cut off anywhere. Not here: who opens the gates, and what must hold (simulated.py).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.engine.outcome import DomainEvent, Done, Failed, Outcome, Waiting
from bot.engine.ports import Effect, StepContext, StepType
from tests.engine.proving import Nature

if TYPE_CHECKING:
    from tests.engine.simulated import House


class Killed(BaseException):
    """SIGKILL, as seen from inside."""


class Refused(OSError):
    """A port that does not answer as it should."""


@dataclass
class World:
    """What is outside: objects by key, however often they were made, and what has come to pass there."""

    objects: Counter[str] = field(default_factory=Counter)
    owner: dict[str, tuple[str, str]] = field(default_factory=dict)
    facts: Counter[tuple[str, str]] = field(default_factory=Counter)
    rounds: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def round(self, instance: str, step: str, key: str) -> int:
        """From 1: how many keys there were so far."""
        keys = self.rounds.setdefault((instance, step), [])
        if key not in keys:
            keys.append(key)
        return keys.index(key) + 1

    def made_by(self, instance: str, step: str) -> int:
        """How many objects of this step there are."""
        return sum(n for key, n in self.objects.items() if self.owner[key] == (instance, step))


class Act(StepType):
    """A step of whatever nature: intend, look, do, observe; it looks by its key before it does."""

    def __init__(self, house: House, name: str, undoable: bool) -> None:
        self.house, self.type, self.undoable = house, name, undoable

    async def start(self, ctx: StepContext) -> Outcome:
        house, nature = self.house, self.house.drawn.natures[ctx.step]
        where = (ctx.instance, ctx.step)
        first = house.world.round(*where, ctx.key) <= nature.rounds
        await house.gate("start", ctx)
        try:
            if not nature.late and (bad := self._bad(ctx, nature, first)):
                return bad
            if nature.effect:
                await self._make(ctx)
            if nature.late and (bad := self._bad(ctx, nature, first)):
                return bad
            heard = 0 if first and nature.ends == "never" else house.world.facts[where]
        except Refused as error:
            return Failed(error=str(error), kind="transient", retryable=True)
        await house.gate("answer", ctx)
        if heard < nature.waits or nature.signal:
            return Waiting(
                wake_on=(f"{ctx.instance}:{ctx.step}",),
                recheck_after=900,
                note="a signal" if nature.signal else f"{nature.waits - heard} facts",
                signal="go" if nature.signal else "",
                memo={"heard": heard},
            )
        return Done({"flag": nature.flag, "key": ctx.key}, events=(DomainEvent("Seen", {"step": ctx.step}),))

    def _bad(self, ctx: StepContext, nature: Nature, first: bool) -> Failed | None:
        if ctx.attempt <= nature.stumbles:
            return Failed(error="a bad moment", kind="transient", retryable=True)
        if not first or nature.ends in ("done", "never"):
            return None
        if nature.ends == "raises":
            raise ZeroDivisionError
        if nature.ends == "cancels":
            raise asyncio.CancelledError
        known = [effect for effect in ctx.store.effects(ctx.instance) if effect.step == ctx.step]
        return Failed(
            error=f"{ctx.step} cannot", kind="gate", park=nature.ends == "parks", before_effect=not known
        )

    async def _make(self, ctx: StepContext) -> None:
        house = self.house
        effect = ctx.store.intend(
            Effect(
                key=ctx.key,
                kind="object",
                instance=ctx.instance,
                step=ctx.step,
                digest="",
                state="intended",
                intended_at="",
            )
        )
        if effect.state == "observed":
            return
        await house.gate("make", ctx)
        if not house.world.objects[ctx.key]:
            house.ports.call("world", house.create, ctx)
        await house.gate("observe", ctx)
        ctx.store.observe(ctx.key, {"id": ctx.key})

    async def undo(self, ctx: StepContext) -> Outcome:
        house, nature = self.house, self.house.drawn.natures[ctx.step]
        await house.gate("undo", ctx)
        try:
            if ctx.attempt <= nature.undo_stumbles:
                return Failed(error="a bad moment", kind="transient", retryable=True)
            if nature.undo_fails and ctx.attempt == nature.undo_stumbles + 1:
                return Failed(error="somebody is in the way", kind="conflict")
            if nature.undo_waits and not house.world.facts[(ctx.instance, f"undo {ctx.step}")]:
                key, patience = f"{ctx.instance}:undo {ctx.step}", nature.undo_patience
                return Waiting(wake_on=(key,), note="a word", recheck_after=900, deadline=patience)
            for effect in ctx.store.effects(ctx.instance):
                if effect.step == ctx.step:
                    house.ports.call("world", house.remove, ctx, effect.key)
        except Refused as error:
            return Failed(error=str(error), kind="transient", retryable=True)
        await house.gate("undone", ctx)
        return Done()


class Clear(Act):
    """A rollback_action: a step type of its own, whose start undoes another's."""

    async def start(self, ctx: StepContext) -> Outcome:
        return await self.undo(ctx)
