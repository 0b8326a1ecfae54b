"""follow-implementation: keeps one comment true while an implementation goes on.

It waits for news of the other instance, reads what is true of it, and edits the comment when that looks
different: however many events there were, the comment is written once for where things stand now. Not here:
the comment's words (bot/render/progress.py).
"""

from __future__ import annotations

import msgspec

from bot.engine.instance import fold
from bot.engine.outcome import Done, Failed, Outcome, Waiting
from bot.engine.ports import StepContext
from bot.github import comments
from bot.render import progress as words
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
        gate = instance.emitted.get("QualityGateEvaluated", {}).get("result")
        view = words.view_of(
            instance,
            definition,
            repository=repository.full_name,
            gate=msgspec.json.decode(ctx.store.get_blob(gate)) if gate else None,
            head=ctx.store.head(followed) if instance.state.final else "",
        )
        number = await comments.say(
            ctx,
            repository,
            int(ctx.inputs["issue"]),
            marker=f"implementation {followed}",
            body=words.living_comment(view),
        )
        if instance.state.final:
            return Done({"comment": number})
        return Waiting(
            wake_on=(f"instance:{followed}",), recheck_after=3600, note="news", memo={"comment": number}
        )
