"""`/cloi pause [ADR]` and `/cloi resume [ADR]`: hold an implementation up for a while, and let it go on."""

from __future__ import annotations

from bot.engine.errors import NotAllowedNow
from bot.render import commands as words
from bot.render.commands import CommandHelp, RecordLine
from bot.steps.commands.base import Asked, Command, instances_of, meant, named


async def _pause(asked: Asked) -> str | None:
    return _done(asked, "pause")


async def _resume(asked: Asked) -> str | None:
    return _done(asked, "resume")


def _done(asked: Asked, act: str) -> str | None:
    found = meant(asked, instances_of(asked))
    if not found:
        return words.nothing_running(" ".join(asked.arguments))
    if len(found) > 1:
        return words.which_record([RecordLine(*named(i)) for i in found], act)
    name, actor, cause = found[0].id, f"@{asked.author}", asked.ctx.instance
    try:
        if act == "pause":
            asked.ctx.control.pause(name, actor=actor, reason=f"{asked.author} paused it", cause=cause)
        else:
            asked.ctx.control.resume(name, actor=actor, cause=cause)
    except NotAllowedNow as error:
        return words.not_now(named(found[0])[0], str(error))
    return None  # the living comment says it


COMMAND = Command(
    CommandHelp(
        name="pause",
        usage="/cloi pause [ADR]",
        description="Hold an implementation up: nothing new begins, no deadline comes nearer, until a resume.",
        who="people with write permission",
        examples=("/cloi pause",),
    ),
    _pause,
)
RESUME = Command(
    CommandHelp(
        name="resume",
        usage="/cloi resume [ADR]",
        description="Let a paused implementation go on.",
        who="people with write permission",
        examples=("/cloi resume",),
    ),
    _resume,
)
