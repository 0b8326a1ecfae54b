"""`/cloi retry [ADR]`: let a parked implementation go on, or start an ended one anew."""

from __future__ import annotations

from bot.engine.errors import NotAllowedNow
from bot.engine.evolve import fold
from bot.engine.instance import WorkflowInstance
from bot.engine.state import WorkflowState
from bot.render import commands as words
from bot.render.commands import CommandHelp
from bot.steps.beginning import FOLLOWER, REVERT
from bot.steps.commands import implement
from bot.steps.commands.base import Asked, Command, caused, instances_of, load, meant, named


async def obey(asked: Asked) -> str | None:
    found = meant(asked, instances_of(asked, open_only=False))
    if not found:
        return words.nothing_running(" ".join(asked.arguments))
    last = found[-1]
    revert = parked_revert(asked, last)
    if revert is not None:
        asked.ctx.control.retry(revert, actor=f"@{asked.author}", cause=asked.ctx.instance)
        return None
    follower = fold(asked.ctx.store.read(f"{FOLLOWER}/{last.id}"))
    if follower is not None and follower.state is WorkflowState.PARKED:
        asked.ctx.control.retry(follower.id, actor=f"@{asked.author}", cause=asked.ctx.instance)
        if last.state is not WorkflowState.PARKED:
            return None
    ours = last.cause == asked.ctx.instance  # a former process has begun it anew for this very command
    if ours or last.state in (WorkflowState.COMPENSATED, WorkflowState.CANCELLED):
        again = Asked(
            asked.ctx,
            asked.services,
            asked.repository,
            asked.issue,
            asked.author,
            (str(last.context["record"]),),
        )
        return await implement.obey(again)
    try:
        asked.ctx.control.retry(last.id, actor=f"@{asked.author}", cause=asked.ctx.instance)
    except NotAllowedNow as error:
        return words.not_now(named(last)[0], str(error))
    return None


def parked_revert(asked: Asked, ended: WorkflowInstance) -> str | None:
    """The instance that was to take it back after its end and has stopped, or that this very command let go on."""
    for summary in asked.ctx.store.summaries(definition=REVERT, open_only=True):
        revert = load(asked, summary)
        if revert.key == ended.id and (revert.state is WorkflowState.PARKED or caused(asked, revert)):
            return revert.id
    return None


COMMAND = Command(
    CommandHelp(
        name="retry",
        usage="/cloi retry [ADR]",
        description="Let an implementation that has stopped go on, or start one anew that was taken back.",
        who="people with write permission",
        examples=("/cloi retry",),
    ),
    obey,
)
