"""follow-implementation: keeps one comment true while an implementation goes on.

It waits for news of the other instance, reads what is true of it, and edits the comment when that looks
different: however many events there were, the comment is written once for where things stand now. Where
somebody else's comment has the mark of ours, a notice says so, and a person's `/cloi retry` lets it go on. Not
here: the comment's words (bot/render/progress.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.engine.events import moment, stamp
from bot.engine.evolve import fold
from bot.engine.outcome import Done, Failed, Outcome, Waiting
from bot.engine.ports import StepContext
from bot.github import comments
from bot.github.errors import ForeignObject, as_failed
from bot.insights.history import History, gathered
from bot.insights.remaining import remaining
from bot.insights.report import generate_implementation_report
from bot.render import commands as words
from bot.render.progress import living_comment
from bot.render.view import view_of
from bot.steps.base import GitHubStep, Services
from bot.steps.foresight import NEWEST

_HISTORY_AGE = timedelta(minutes=10)
_PAUSE = 3.0
"""Seconds between two edits, unless the implementation has ended: nobody reads faster than that."""


class FollowImplementation(GitHubStep):
    """Done when the implementation has ended and its comment says so."""

    type = "follow-implementation"
    inputs = frozenset({"repository", "issue", "instance"})

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._past: dict[tuple[str, str], tuple[datetime, History]] = {}

    async def do(self, ctx: StepContext) -> Outcome:
        followed = str(ctx.inputs["instance"])
        stream = ctx.store.read(followed)
        instance = fold(stream)
        if instance is None:
            return Failed(error=f"there is no instance {followed}", kind="bug", before_effect=True)
        repository = self.repository(ctx)
        rest = _PAUSE - (ctx.now - moment(ctx.memo["said_at"])).total_seconds() if ctx.memo else 0.0
        if rest > 0 and not instance.state.final:
            return self._waiting(followed, dict(ctx.memo), rest)
        definition = self.services.definitions[instance.definition]
        context = instance.context
        issue_url = ctx.memo.get("issue_url") or (await repository.issue(int(ctx.inputs["issue"]))).html_url
        base = issue_url.rpartition(f"/{repository.full_name}/")[0]
        path = str(context.get("path", ""))
        over = instance.state.final
        view = view_of(
            instance,
            definition,
            title=f"{context.get('record', '')}: {context.get('title', '')}",
            record_path=path,
            record_url=f"{base}/{repository.full_name}/blob/HEAD/{path}" if base else None,
            issue_url=issue_url,
            requester=str(context.get("requester", "")),
            now=ctx.now,
            report=(
                generate_implementation_report(stream, definition, ctx.store.effects(followed))
                if over
                else None
            ),
            chain_head=ctx.store.head(followed) if over else None,
            left=remaining(instance, definition, self._known(ctx, definition.name)),
        )
        issue, text = int(ctx.inputs["issue"]), str(living_comment(view))
        try:
            number = await comments.say(
                ctx, repository, issue, marker=f"implementation {followed}", body=text
            )
        except ForeignObject as error:
            notice = str(words.comment_not_ours(error.message))
            await comments.say(ctx, repository, issue, marker=f"notice {ctx.key}", body=notice, beside=True)
            return as_failed(error)
        if over:
            return Done({"comment": number})
        memo = {"comment": number, "issue_url": issue_url, "said_at": stamp(ctx.now)}
        return self._waiting(followed, memo, 3600)

    def _known(self, ctx: StepContext, definition: str) -> History:
        """Earlier runs of repositories of this owner, a little behind: what has ended is read once."""
        owner = str(ctx.inputs["repository"]).partition("/")[0]
        at, known = self._past.get((owner, definition), (None, History()))
        if at is None or ctx.now - at > _HISTORY_AGE:
            known = gathered(ctx.store, definition, known=known, newest=NEWEST, owner=owner, ended=True)
            self._past[owner, definition] = ctx.now, known
        return known

    def _waiting(self, followed: str, memo: dict[str, Any], seconds: float) -> Waiting:
        return Waiting(wake_on=(f"instance:{followed}",), recheck_after=seconds, note="news", memo=memo)
