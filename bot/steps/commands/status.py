"""`/cloi status [ADR]`: what is going on, in one line an implementation."""

from __future__ import annotations

from bot.render import commands as words
from bot.render.commands import CommandHelp, StatusEntry
from bot.steps.commands.base import Asked, Command, instances_of, load, meant, named


async def obey(asked: Asked) -> str | None:
    everything = instances_of(asked, open_only=False)
    found = meant(asked, everything) or [load(asked, s) for s in everything if s.open]
    return words.status([StatusEntry(i, ": ".join(named(i))) for i in found[-10:]])


COMMAND = Command(
    CommandHelp(
        name="status",
        usage="/cloi status [ADR]",
        description="Say how far the implementations are, and who has to act.",
        who="people with write permission",
        examples=("/cloi status",),
    ),
    obey,
)
