"""`/cloi approve HASH`: let a workflow run that was edited by hand before its merge.

The hash is over plan, workflow bytes and generator version, so what is approved is exactly what its approver
has read: another edit has another hash, and the step that dispatches refuses it.
"""

from __future__ import annotations

import re

from bot.engine.errors import NotAllowedNow
from bot.engine.state import WorkflowState
from bot.render import commands as words
from bot.render.commands import CommandHelp
from bot.steps.commands.base import Asked, Command, caused, instances_of, load, named

_HASH = re.compile(r"[0-9a-f]{64}")


async def obey(asked: Asked) -> str | None:
    given = asked.arguments[0].lower() if asked.arguments else ""
    if not _HASH.fullmatch(given):
        return words.approve_what()
    implementations = [load(asked, s) for s in instances_of(asked)]
    waiting = [i for i in implementations if i.state is WorkflowState.PARKED and given in i.reason]
    if any(caused(asked, i) for i in implementations):
        return None  # a former process has let it go on for this very command
    if not waiting:
        return words.nothing_to_approve()
    try:
        asked.ctx.control.retry(
            waiting[0].id, actor=f"@{asked.author}", cause=asked.ctx.instance, memo={"approved": given}
        )
    except NotAllowedNow as error:
        return words.not_now(named(waiting[0])[0], str(error))
    return None  # the living comment says it


COMMAND = Command(
    CommandHelp(
        name="approve",
        usage="/cloi approve HASH",
        description="Let a workflow run that somebody edited before it was merged; the bot names the hash.",
        who="people with write permission",
        examples=(),
    ),
    obey,
)
