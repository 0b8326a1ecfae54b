"""`/cloi rollback [ADR]`: take an implementation back because it turned out wrong, also after its merge.

While it is watched, the saga goes back as if a gate had failed. Once it has ended, only its pull request is
left to revert: that is an instance of its own, with the same step.
"""

from __future__ import annotations

from bot.engine.errors import NotAllowedNow
from bot.engine.state import WorkflowState
from bot.render import commands as words
from bot.render.commands import CommandHelp
from bot.steps.commands.base import Asked, Command, instances_of, meant, named

DEFINITION = "revert-implementation"


async def obey(asked: Asked) -> str | None:
    found = meant(asked, instances_of(asked, open_only=False))
    if not found:
        return words.nothing_running(" ".join(asked.arguments))
    last = found[-1]
    reason = f"{asked.author} asked for a rollback"
    if last.state is WorkflowState.COMPLETED:
        opened = last.steps["open-implementation-pr"].result
        context = {
            "repository": asked.repository.full_name,
            "number": opened["number"],
            "commit": opened["commit"],
            "feature": last.steps["plan"].result["feature"],
            "reason": reason,
        }
        asked.ctx.control.start(
            DEFINITION,
            last.id,
            context,
            actor=f"@{asked.author}",
            cause=asked.ctx.instance,
            correlation=last.correlation,
        )
        return words.reverting(named(last)[0], int(opened["number"]))
    try:
        asked.ctx.control.cancel(
            last.id, actor=f"@{asked.author}", reason=reason, cause=asked.ctx.instance, cancelled=False
        )
    except NotAllowedNow as error:
        return words.not_now(named(last)[0], str(error))
    return None


COMMAND = Command(
    CommandHelp(
        name="rollback",
        usage="/cloi rollback [ADR]",
        description="Take an implementation back: before its merge by closing, after it by a revert pull request.",
        who="people with write permission",
        examples=("/cloi rollback",),
    ),
    obey,
)
