"""Step types that wait for nothing but the engine: await-signal and sleep.

Both are durable without a table of their own: a signal is an event of the instance, and when a sleep is over
follows from when it began. Not here: how a signal finds its step (bot/engine/course.py).
"""

from __future__ import annotations

from datetime import timedelta

from bot.engine.outcome import Done, Failed, Outcome, Waiting
from bot.engine.ports import StepContext, StepType
from bot.language.definition import seconds

_DAY = 86_400.0


class AwaitSignal(StepType):
    """Waits for a signal of this name (`coordinator.signal`). Result: the signal's data.

    One signal completes one step, the first that waits for it, also where it came before anybody waited.
    """

    type = "await-signal"
    inputs = frozenset({"name"})

    async def start(self, ctx: StepContext) -> Outcome:
        name = str(ctx.inputs["name"])
        if not name:
            return Failed(error="name: a signal needs one", kind="bad-input", before_effect=True)
        return Waiting(signal=name, note=f"the signal {name}", recheck_after=_DAY)


class Sleep(StepType):
    """Waits for a time, counted from its start: "90s", "5m", "6h", "14d", or a number of seconds."""

    type = "sleep"
    inputs = frozenset({"duration"})

    async def start(self, ctx: StepContext) -> Outcome:
        given = ctx.inputs["duration"]
        try:
            lasts = timedelta(seconds=given if isinstance(given, int | float) else seconds(str(given)))
            over = ctx.started_at + lasts
        except (ValueError, OverflowError) as error:
            return Failed(error=f"duration: {error}", kind="bad-input", before_effect=True)
        left = (over - ctx.now).total_seconds()
        if left <= 0:
            return Done()
        until = f"{over:%Y-%m-%d %H:%M:%S}"
        return Waiting(recheck_after=left, note=f"the time {until} (UTC)")
