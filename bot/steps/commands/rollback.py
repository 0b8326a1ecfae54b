"""`/cloi rollback [ADR]`: take an implementation back because it turned out wrong, also after its merge.

While it is watched, the saga goes back as if a gate had failed. Once it has ended, only its pull request is
left to revert: that is an instance of its own, with the same step.
"""

from __future__ import annotations

import contextlib

from bot.engine.errors import NotAllowedNow
from bot.engine.instance import WorkflowInstance
from bot.engine.state import WorkflowState
from bot.render import commands as words
from bot.render.commands import CommandHelp
from bot.render.progress import status_markdown
from bot.steps.beginning import REVERT as DEFINITION
from bot.steps.beginning import follow
from bot.steps.commands.base import Asked, Command, instances_of, load, load_stream, meant, named
from bot.steps.reverting import reverse_of
from bot.steps.status import DEFINITION as WRITES_STATUS


async def obey(asked: Asked) -> str | None:
    found = meant(asked, instances_of(asked, open_only=False))
    if not found:
        return words.nothing_running(" ".join(asked.arguments))
    last = found[-1]
    reason = f"{asked.author} asked for a rollback"
    if last.state is WorkflowState.COMPLETED:
        opened = last.steps["open-implementation-pr"].result
        repository, number = asked.repository, int(opened["number"])
        head = await repository.branch_head((await repository.pull(number)).base.ref)
        left = await reverse_of(repository, str(opened["commit"]), head) if head else None
        if left is None or not (left.files or left.conflicts):
            return words.nothing_left(named(last)[0], number)
        context = {
            **{name: last.context[name] for name in ("issue", "path", "record", "title")},
            "requester": asked.author,
            "repository": repository.full_name,
            "number": number,
            "commit": opened["commit"],
            "feature": last.steps["plan"].result["feature"],
            "reason": reason,
        }
        revert, ours = asked.ctx.control.start(
            DEFINITION,
            last.id,
            context,
            actor=f"@{asked.author}",
            cause=asked.ctx.instance,
            correlation=last.correlation,
        )
        if not ours:
            return words.reverting_already(named(last)[0], status_markdown(load_stream(asked, revert)))
        follow(asked.ctx, revert, context)
        return words.reverting(named(last)[0], number, status=_status_too(asked, last, reason))
    try:
        asked.ctx.control.cancel(
            last.id, actor=f"@{asked.author}", reason=reason, cause=asked.ctx.instance, cancelled=False
        )
    except NotAllowedNow as error:
        return words.not_now(named(last)[0], str(error))
    return None


def _status_too(asked: Asked, implementation: WorkflowInstance, reason: str) -> int | None:
    """A status that says "implemented" goes with it: still open, its pull request is closed; merged, it is
    reverted like any other. The number of the latter."""
    key = f"{asked.repository.full_name}/{implementation.context['record']}"
    found = [s for s in asked.ctx.store.summaries(definition=WRITES_STATUS) if s.key == key]
    latest = load(asked, found[-1]) if found else None
    if latest is None or latest.state not in (
        WorkflowState.COMPLETED,
        WorkflowState.RUNNING,
        WorkflowState.PARKED,
    ):
        return None
    actor, cause = f"@{asked.author}", asked.ctx.instance
    if latest.state is not WorkflowState.COMPLETED:
        with contextlib.suppress(NotAllowedNow):  # it has just ended, or goes back already
            asked.ctx.control.cancel(latest.id, actor=actor, reason=reason, cause=cause, cancelled=False)
        return None
    proposed = latest.steps["propose"].result
    if "number" not in proposed:
        return None
    context = {
        "repository": asked.repository.full_name,
        "number": proposed["number"],
        "commit": proposed["commit"],
        "feature": f"{latest.context['feature']}-status",
        "reason": reason,
    }
    asked.ctx.control.start(
        DEFINITION, latest.id, context, actor=actor, cause=cause, correlation=implementation.correlation
    )
    return int(proposed["number"])


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
