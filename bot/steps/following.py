"""follow-implementation: keeps one comment true while an implementation goes on.

It waits for news of the other instance, reads what is true of it, and edits the comment when that looks
different: however many events there were, the comment is written once for where things stand now. Not here:
the comment's words (bot/render/progress.py).
"""

from __future__ import annotations

from bot.engine.instance import fold
from bot.engine.outcome import Done, Failed, Outcome, Waiting
from bot.engine.ports import StepContext
from bot.github import comments
from bot.render.progress import living_comment
from bot.render.view import view_of
from bot.steps.base import GitHubStep


class FollowImplementation(GitHubStep):
    """Done when the implementation has ended and its comment says so."""

    type = "follow-implementation"
    inputs = frozenset({"repository", "issue", "instance"})

    async def do(self, ctx: StepContext) -> Outcome:
        followed = str(ctx.inputs["instance"])
        instance = fold(ctx.store.read(followed))
        if instance is None:
            return Failed(error=f"there is no instance {followed}", kind="bug", before_effect=True)
        repository = self.repository(ctx)
        definition = self.services.definitions[instance.definition]
        context = instance.context
        issue = await repository.issue(int(ctx.inputs["issue"]))
        base = issue.html_url.rpartition(f"/{repository.full_name}/")[0]
        path = str(context.get("path", ""))
        view = view_of(
            instance,
            definition,
            title=f"{context.get('record', '')}: {context.get('title', '')}",
            record_path=path,
            record_url=f"{base}/{repository.full_name}/blob/HEAD/{path}" if base else None,
            issue_url=issue.html_url,
            requester=str(context.get("requester", "")),
            now=ctx.now,
            chain_head=ctx.store.head(followed) if instance.state.final else None,
        )
        number = await comments.say(
            ctx,
            repository,
            int(ctx.inputs["issue"]),
            marker=f"implementation {followed}",
            body=str(living_comment(view)),
        )
        if instance.state.final:
            return Done({"comment": number})
        return Waiting(
            wake_on=(f"instance:{followed}",), recheck_after=3600, note="news", memo={"comment": number}
        )
