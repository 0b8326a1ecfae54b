"""react, check-permission, obey-command and answer: how a `/cloi` command in a comment is answered.

The words come from the delivery that created the comment, so an edit changes nothing. Who may is asked of
GitHub at the time of the command, never read from the comment.
"""

from __future__ import annotations

import difflib
from datetime import datetime
from typing import Any

from bot.engine.errors import NotAllowed
from bot.engine.outcome import DomainEvent, Done, Failed, Outcome
from bot.engine.ports import StepContext
from bot.github import comments
from bot.github.commands import commands
from bot.github.repository import WRITERS, Repository
from bot.render import commands as words
from bot.render.markdown import text
from bot.steps.base import GitHubStep
from bot.steps.commands import COMMANDS
from bot.steps.commands.base import Asked

_LATE = 600.0
"""Seconds after which an answer owes a word about being late."""


class React(GitHubStep):
    """The acknowledgement: within a second, and without a notification."""

    type = "react"
    inputs = frozenset({"repository", "comment", "content"})

    async def do(self, ctx: StepContext) -> Outcome:
        await comments.react(
            ctx, self.repository(ctx), int(ctx.inputs["comment"]), str(ctx.inputs["content"])
        )
        return Done()


class CheckPermission(GitHubStep):
    """Result: allowed, and for others the one kind refusal."""

    type = "check-permission"
    inputs = frozenset({"repository", "issue", "user", "body"})

    async def do(self, ctx: StepContext) -> Outcome:
        user = str(ctx.inputs["user"])
        repository = self.repository(ctx)
        level = await repository.permission(user)
        allowed = level in WRITERS
        author = None if allowed else await self._author(ctx, repository)
        allowed = allowed or (author is not None and author.casefold() == user.casefold())
        event = DomainEvent("PermissionChecked", {"user": user, "permission": level, "allowed": allowed})
        refusal = "" if allowed else str(words.refusal(user, level, "write", (author,) if author else ()))
        return Done({"allowed": allowed, "permission": level, "refusal": refusal}, events=(event,))

    async def _author(self, ctx: StepContext, repository: Repository) -> str | None:
        """The pull request's author, where the command is open to authors. Of several commands the first counts,
        as in ObeyCommand."""
        asked = commands(str(ctx.inputs["body"]))
        command = COMMANDS.get(asked[0].name) if asked else None
        if command is None or not command.authors:
            return None
        issue = await repository.issue(int(ctx.inputs["issue"]))
        return issue.user.login if issue.is_pull and issue.user else None


class ObeyCommand(GitHubStep):
    """Does what the first command of the comment asks. Result: answer (Markdown, or empty)."""

    type = "obey-command"
    inputs = frozenset({"repository", "issue", "author", "body", "created_at"})

    async def do(self, ctx: StepContext) -> Outcome:
        asked = commands(str(ctx.inputs["body"]))
        if not asked:
            return Failed(error="there is no command in this comment", kind="bad-input", before_effect=True)
        first = asked[0]
        command = COMMANDS.get(first.name or "help")  # who writes only `/cloi` wants to know what there is
        if command is None:
            near = difflib.get_close_matches(first.name, COMMANDS, n=1)
            return Done({"answer": str(words.unknown_command(first.name, near[0] if near else None))})
        asks = Asked(
            ctx=ctx,
            services=self.services,
            repository=self.repository(ctx),
            issue=int(ctx.inputs["issue"]),
            author=str(ctx.inputs["author"]),
            arguments=tuple(first.arguments),
        )
        seen: dict[str, Any] = {"command": first.name, "arguments": list(first.arguments)}
        try:
            answer = await command.obey(asks)
        except NotAllowed as error:  # by the policy, so that nothing has a stream of its own to say it in
            seen["refused"] = str(error)
            answer = text(str(error))
        if (ctx.now - _moment(str(ctx.inputs["created_at"]), ctx.now)).total_seconds() > _LATE:
            answer = f"{words.was_away(str(ctx.inputs['created_at']))}\n\n{answer or ''}".strip()
        if len(asked) > 1:
            answer = f"{answer or ''}\n\n{words.only_first(len(asked))}".strip()
        return Done(
            {"answer": str(answer or ""), "command": first.name},
            events=(DomainEvent("CommandObeyed", seen),),
        )


def _moment(text: str, otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return otherwise


class Answer(GitHubStep):
    """One comment for one marker: repeated, it is the same comment."""

    type = "answer"
    inputs = frozenset({"repository", "issue", "text", "marker"})

    async def do(self, ctx: StepContext) -> Outcome:
        number = await comments.say(
            ctx,
            self.repository(ctx),
            int(ctx.inputs["issue"]),
            marker=str(ctx.inputs["marker"]),
            body=str(ctx.inputs["text"]),
            beside=True,  # nobody can keep the bot from answering by writing its mark first
        )
        return Done({"comment": number})
