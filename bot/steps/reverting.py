"""full-system-rollback: ADR-012's way back after the merge, as a revert pull request for people to merge.

What our one commit changed is taken back file by file on top of the default branch as it is now: untouched
files get their former content, files that others have changed since are merged line by line, and where that
is not possible an issue says exactly what a person can do. Only what we wrote ourselves is taken back: if
somebody pushed to our branch before it was merged, a person has to decide. Never a force-push.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.engine.outcome import DomainEvent, Done, Failed, Outcome, Waiting
from bot.engine.ports import StepContext
from bot.gates.merge import MergeConflict, merge
from bot.github import commits, issues, pulls
from bot.github.facts import pull_key
from bot.github.objects import Issue, Pull
from bot.github.repository import Repository
from bot.render import reverts as words
from bot.render.pulls import closing
from bot.steps.base import GitHubStep, link
from bot.steps.reading import blob_of

_PATIENCE = 30 * 86_400.0
"""Seconds that a revert pull request may stay open before a human is asked."""


@dataclass(frozen=True, slots=True)
class Reverse:
    """What taking a commit back would do. files: path to content, None deletes. conflicts: path to why not."""

    files: dict[str, bytes | None]
    conflicts: dict[str, str]


async def reverse_of(repository: Repository, commit: str, head: str, *, merged: bool = True) -> Reverse:
    """The reverse of our commit on top of `head`. merged: whether `head` already has the commit; if not, what
    would be reversed after a merge is computed. Raises GitHubError."""
    parent = (await repository.commit(commit)).parents[0].sha
    before, after, now = [await repository.tree(sha) for sha in (parent, commit, head)]
    files: dict[str, bytes | None] = {}
    conflicts: dict[str, str] = {}
    for path in sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p)):
        entries = (tree.get(path) for tree in (before, after, now))
        old, new, current = [None if e is None else await blob_of(repository, e.sha) for e in entries]
        try:
            if not merged:
                current = _merged(old, current, new)
            target = _merged(new, current, old)
        except MergeConflict as conflict:
            conflicts[path] = f"line {conflict.line} was changed since"
        except FileNotFoundError:
            conflicts[path] = "was deleted or made by somebody since"
        else:
            if target != current:
                files[path] = target
    return Reverse(files, conflicts)


def _merged(base: bytes | None, ours: bytes | None, theirs: bytes | None) -> bytes | None:
    """Three-way merge of contents, None being absence. Raises MergeConflict, FileNotFoundError."""
    if ours == base:
        return theirs
    if ours == theirs or theirs == base:
        return ours
    if base is None or ours is None or theirs is None:
        raise FileNotFoundError
    return merge(base, ours, theirs)


class FullSystemRollback(GitHubStep):
    """Compensated when the revert is merged; closed unmerged, a human is asked. Result: revert_pr, conflicts."""

    type = "full-system-rollback"
    optional = frozenset({"repository", "number", "commit", "feature", "why"})

    async def do(self, ctx: StepContext) -> Outcome:
        repository = self.repository(ctx)
        if "revert" in ctx.memo:
            return await self._awaited(ctx, repository, int(ctx.memo["revert"]))
        pull = await repository.pull(int(ctx.inputs["number"]))
        if not pull.merged:
            # Closed before anything else goes back, since until then a person may still merge it.
            comment = str(closing(ctx.reason))
            if pull.state == "closed" or await pulls.close_pull(
                ctx, repository, pull.number, comment=comment
            ):
                return Done({"note": f"#{pull.number} was never merged"})
            pull = await repository.pull(pull.number)
        commit = str(ctx.inputs["commit"])
        again = f"-{ctx.memo['again']}" if "again" in ctx.memo else ""
        branch = f"cloi/{ctx.inputs['feature']}/revert-{ctx.key[:8]}{again}"
        former = await self._former(ctx, repository, branch)
        if former is not None:
            return self._waiting(ctx, former, {"base": pull.base.ref})
        head = await self._head(ctx, repository, branch, pull.base.ref)
        reverse = await reverse_of(repository, commit, head)
        if not reverse.files and not reverse.conflicts:
            return Done({"note": f"the default branch has nothing of #{pull.number} any more"})
        if pull.head.sha != commit:
            why = f"somebody pushed to #{pull.number} before it was merged, so it is not ours alone"
            return await self._human(ctx, repository, pull, {pull.head.ref: why})
        if reverse.conflicts:
            return await self._human(ctx, repository, pull, reverse.conflicts)
        text = words.revert_pull(pull.number, pull.title, reason=_why(ctx), instance=ctx.instance)
        made = await commits.commit_branch(
            ctx, repository, branch=branch, base_sha=head, files=reverse.files, message=text.title
        )
        revert = await pulls.open_pull(
            ctx,
            repository,
            head=branch,
            commit=made,
            base=pull.base.ref,
            title=text.title,
            body=text.body,
        )
        opened = DomainEvent(
            "RevertProposed", {"number": revert.number, "reverts": pull.number, "commit": made}
        )
        return self._waiting(ctx, revert, {"base": pull.base.ref, "made": made}, (opened,))

    async def _former(self, ctx: StepContext, repository: Repository, branch: str) -> Pull | None:
        """A revert of a former attempt that is still open, or open again: one is enough."""
        for effect in commits.begun(ctx):
            if effect.result["branch"] == branch:
                continue
            number = await pulls.opened(ctx, repository, str(effect.result["branch"]))
            found = await repository.pull(number) if number is not None else None
            if found is not None and found.state == "open":
                return found
        return None

    async def _head(self, ctx: StepContext, repository: Repository, branch: str, base: str) -> str:
        """What to build on: what a former process has begun to build on, else the default branch now."""
        for effect in commits.begun(ctx):
            if effect.result["branch"] == branch:
                return str(effect.result["base"])
        head = await repository.branch_head(base)
        assert head is not None, "a pull request was merged into it"
        return head

    def _waiting(
        self, ctx: StepContext, revert: Pull, memo: Mapping[str, Any], events: tuple[DomainEvent, ...] = ()
    ) -> Waiting:
        note = f"a maintainer to merge the revert #{revert.number}"
        if revert.mergeable is False:
            note += (
                f", which conflicts with {revert.base.ref} by now (close it, then /cloi retry makes it anew)"
            )
        known = {name: memo[name] for name in ("base", "made") if name in memo}
        return Waiting(
            wake_on=(pull_key(str(ctx.inputs["repository"]), revert.number),),
            recheck_after=600,
            deadline=_PATIENCE,
            note=note,
            memo={**known, "revert": revert.number, "links": [link(f"#{revert.number}", revert.html_url)]},
            events=events,
        )

    async def _awaited(self, ctx: StepContext, repository: Repository, number: int) -> Outcome:
        revert = await repository.pull(number)
        base = str(ctx.memo.get("base", revert.base.ref))
        if revert.merged and revert.base.ref != base:
            words_ = f"the revert #{number} was merged into {revert.base.ref}, not into {base}, "
            return Failed(error=words_ + "so the change is still in", kind="refused", park=True)
        if revert.merged:
            by = revert.merged_by.login if revert.merged_by else "somebody"
            links = [link(f"#{number}", revert.html_url)]
            note = f"#{number} was merged by {by}" + await self._left(ctx, repository, revert)
            return Done({"revert_pr": number, "merged_by": by, "note": note, "links": links})
        if revert.state == "closed":
            words_ = f"the revert #{number} was closed without being merged, so the change is still in"
            return Failed(error=words_, kind="refused", park=True)
        return self._waiting(ctx, revert, ctx.memo)

    async def _left(self, ctx: StepContext, repository: Repository, revert: Pull) -> str:
        """Of a revert that others have pushed to: what the default branch still has, which they decided."""
        if revert.head.sha == ctx.memo.get("made", revert.head.sha):
            return ""
        head = await repository.branch_head(revert.base.ref)
        left = await reverse_of(repository, str(ctx.inputs["commit"]), head) if head else None
        if left is None or not (left.files or left.conflicts):
            return ""
        paths = sorted({*left.files, *left.conflicts})
        some = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
        return f" after others had pushed to it; not taken back: {some}"

    async def _human(
        self, ctx: StepContext, repository: Repository, pull: Pull, conflicts: dict[str, str]
    ) -> Outcome:
        """What cannot be taken back without a person: an issue with instructions, and the instance parks. Once
        that issue is closed, the person has spoken."""
        text = words.revert_issue(
            pull.number, pull.title, conflicts, reason=_why(ctx), base=pull.base.ref, instance=ctx.instance
        )
        before = await self._asked(ctx, repository)
        issue = before or await issues.open_issue(ctx, repository, title=text.title, body=text.body)
        if issue.state == "closed":
            note = f"#{issue.number} was closed, so a person says that #{pull.number} is taken back"
            return Done({"note": note})
        error = f"#{pull.number} cannot be taken back without a person; #{issue.number} says what to do"
        event = DomainEvent("RevertConflict", dict(conflicts))
        return Failed(error=error, kind="conflict", events=(event,), park=True)

    async def _asked(self, ctx: StepContext, repository: Repository) -> Issue | None:
        """The issue of a former attempt of this step."""
        for effect in ctx.store.effects(ctx.instance):
            if (effect.step, effect.kind) == (ctx.step, "open-issue") and "number" in effect.result:
                return await repository.issue(int(effect.result["number"]))
        return None


def _why(ctx: StepContext) -> str:
    """As a way back: why the saga goes back; as a step of its own: what its starter said."""
    return ctx.reason or str(ctx.inputs.get("why", ""))


class PrepareRevert(GitHubStep):
    """While the pull request is open: would its revert go through? Result: files, conflicts."""

    type = "prepare-revert"
    inputs = frozenset({"repository", "base_ref", "commit"})

    async def do(self, ctx: StepContext) -> Outcome:
        repository = self.repository(ctx)
        head = await repository.branch_head(str(ctx.inputs["base_ref"]))
        if head is None:
            return Failed(error="the default branch is gone", kind="bad-input", before_effect=True)
        reverse = await reverse_of(repository, str(ctx.inputs["commit"]), head, merged=False)
        seen = {"files": sorted(reverse.files), "conflicts": reverse.conflicts, "head": head}
        note = (
            f"{len(reverse.files)} files"
            if not reverse.conflicts
            else f"conflicts in {len(reverse.conflicts)}"
        )
        return Done({**seen, "note": note}, events=(DomainEvent("RevertPrepared", seen),))
