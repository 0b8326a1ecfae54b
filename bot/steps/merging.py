"""await-merge: waits until people have merged a pull request, and tells what they decided.

It never merges: a human does. Closed unmerged is a no, and ends the instance with words. While it waits, the
checks on the pull request's head are observed as events.
"""

from __future__ import annotations

from bot.engine.outcome import DomainEvent, Done, Failed, Outcome, Waiting
from bot.engine.ports import StepContext
from bot.github.facts import branch_key, pull_key, sha_key
from bot.github.objects import Pull
from bot.github.repository import Repository
from bot.steps.base import GitHubStep, link
from bot.steps.edited import void


class AwaitMerge(GitHubStep):
    """Inputs: number, what ("the workflow"), deadline (seconds); plan and base_ref, to stop once an edit of the
    record has made the approval void, which is any edit where edits is "any".
    Result: merge_sha, merged_by, head_sha."""

    type = "await-merge"
    inputs = frozenset({"repository", "number", "what", "deadline"})
    optional = frozenset(
        {"plan", "base_ref", "edits", "commit", "feature"}
    )  # two for its way back, full-system-rollback

    async def do(self, ctx: StepContext) -> Outcome:
        repository, what = self.repository(ctx), str(ctx.inputs["what"])
        pull = await repository.pull(int(ctx.inputs["number"]))
        links = [link(f"#{pull.number}", pull.html_url)]
        if pull.state == "closed" and not pull.merged:
            words = f"#{pull.number} with {what} was closed without being merged"
            return Failed(error=words, kind="refused")
        # Also of one that is merged already: what is told of it must not hang on when it was looked at.
        events, seen = await self._checks(ctx, repository, pull)
        base = str(ctx.inputs.get("base_ref") or pull.base.ref)
        if pull.merged and pull.base.ref != base:
            error = f"#{pull.number} with {what} was merged into {pull.base.ref}, not into {base}"
            return Failed(error=error, kind="refused", park=True, events=events)
        if pull.merged:
            merged_by = pull.merged_by.login if pull.merged_by else "somebody"
            return Done(
                {
                    "merge_sha": await merge_sha(repository, pull),
                    "merged_by": merged_by,
                    "head_sha": pull.head.sha,
                    "note": f"#{pull.number} was merged by {merged_by}",
                    "links": links,
                },
                events=(
                    *events,
                    DomainEvent("PullRequestMerged", {"number": pull.number, "by": merged_by}),
                ),
            )
        if "plan" in ctx.inputs:
            exact = ctx.inputs.get("edits") == "any"
            stopped = await void(ctx, repository, str(ctx.inputs["base_ref"]), exact=exact)
            if stopped is not None:
                return stopped
        return Waiting(
            wake_on=(
                pull_key(repository.full_name, pull.number),
                sha_key(repository.full_name, pull.head.sha),
                branch_key(repository.full_name, pull.base.ref),  # the record may be edited there
            ),
            recheck_after=600,
            deadline=float(ctx.inputs["deadline"]),
            note=f"a maintainer to review and merge #{pull.number}",
            memo={"links": links, "checks": seen},
            events=events,
        )

    async def _checks(
        self, ctx: StepContext, repository: Repository, pull: Pull
    ) -> tuple[tuple[DomainEvent, ...], dict[str, str]]:
        """What checks say of the head, and an event for each that has newly concluded."""
        before = ctx.memo.get("checks", {})
        seen: dict[str, str] = {}
        events: list[DomainEvent] = []
        for run in await repository.check_runs(pull.head.sha):
            key = f"{run.name}@{run.head_sha[:12]}"
            if run.conclusion is None:
                continue
            seen[key] = run.conclusion
            if before.get(key) != run.conclusion:
                data = {
                    "name": run.name,
                    "app": run.app.slug if run.app else "",
                    "conclusion": run.conclusion,
                    "sha": run.head_sha,
                }
                events.append(DomainEvent("CheckRunObserved", data))
        return tuple(events), seen


async def merge_sha(repository: Repository, pull: Pull) -> str:
    """A commit of the base branch that holds the merge.

    REST 2022-11-28 names the merge commit; 2026-03-10 does not any more: then it is the branch's head now.
    """
    return pull.merge_commit_sha or await repository.branch_head(pull.base.ref) or pull.base.sha
