"""`/cloi help`: the commands, from the same data that they are made of."""

from __future__ import annotations

from bot.render import commands as words
from bot.render.commands import CommandHelp
from bot.steps.commands.base import Asked, Command


async def obey(asked: Asked) -> str | None:
    from bot.steps.commands import COMMANDS  # this module is one of them

    return words.help_text([c.help for c in COMMANDS.values()])


COMMAND = Command(
    CommandHelp(
        name="help",
        usage="/cloi help",
        description="Show this list.",
        who="people with write permission",
        examples=("/cloi help",),
    ),
    obey,
)
