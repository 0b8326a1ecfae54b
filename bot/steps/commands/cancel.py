"""`/cloi cancel [ADR]`: stop an implementation, and take back what it did."""

from __future__ import annotations

from bot.engine.errors import NotAllowedNow
from bot.render import commands as words
from bot.render.commands import CommandHelp, RecordLine
from bot.steps.commands.base import Asked, Command, instances_of, meant, named


async def obey(asked: Asked) -> str | None:
    found = meant(asked, instances_of(asked))
    if not found:
        return words.nothing_running(" ".join(asked.arguments))
    if len(found) > 1:
        return words.which_record(
            [RecordLine(str(i.context.get("record")), str(i.context.get("title"))) for i in found],
            "cancel",
        )
    try:
        asked.ctx.control.cancel(
            found[0].id,
            actor=f"@{asked.author}",
            reason=f"{asked.author} cancelled it",
            cause=asked.ctx.instance,
        )
    except NotAllowedNow as error:
        return words.not_now(named(found[0])[0], str(error))
    return None  # the living comment says it


COMMAND = Command(
    CommandHelp(
        name="cancel",
        usage="/cloi cancel [ADR]",
        description="Stop an implementation and take back what it did: close its pull request, delete its branch.",
        who="people with write permission",
        examples=("/cloi cancel",),
    ),
    obey,
)
