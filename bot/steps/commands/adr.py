"""`/cloi adr renumber [NUMBER]`: give a record of this pull request a number that nobody has.

Its author may ask for it too: a first-time contributor is the one who meets the collision. What is written to a
branch depends on who asks (bot/steps/renumbering.py).
"""

from __future__ import annotations

import re

from bot.render import renumbering as words
from bot.render.commands import CommandHelp
from bot.steps.commands.base import Asked, Command

DEFINITION = "renumber-record"
_NUMBER = re.compile(r"(?:[A-Za-z]{2,8}-?|#)?0*([1-9]\d{0,5})")


async def obey(asked: Asked) -> str | None:
    verb, *more = asked.arguments or ("",)
    wanted = _NUMBER.fullmatch(more[0].strip("`")) if more else None
    if verb.lower() != "renumber" or len(more) > 1 or (more and wanted is None):
        return words.usage()
    if not (await asked.repository.issue(asked.issue)).is_pull:
        return words.not_a_pull()
    key = asked.ctx.instance.partition("/")[2]
    context = {
        "repository": asked.repository.full_name,
        "number": asked.issue,
        "wanted": wanted[1] if wanted else "",
        "user": asked.author,
        "comment": key,
    }
    asked.ctx.control.start(
        DEFINITION,
        key,
        context,
        actor=f"@{asked.author}",
        cause=asked.ctx.instance,
        correlation=asked.ctx.correlation,
    )
    return None  # the instance answers


COMMAND = Command(
    CommandHelp(
        name="adr",
        usage="/cloi adr renumber [NUMBER]",
        description="On a pull request: give its decision record the next free number, or this one, "
        "in its file name, its title and all references, in one commit on its branch.",
        who="people with write permission, and the pull request's author",
        examples=("/cloi adr renumber",),
    ),
    obey,
    authors=True,
)
