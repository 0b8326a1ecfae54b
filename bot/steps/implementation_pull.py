"""open-implementation-pull: the judged patch as a commit of the App, and its pull request.

The commit is the patch applied to the base that was judged, file by file, plus the marker that says that this
implementation is in force: merging brings both, reverting takes both. Which requirements it serves stands in
branch, commit and text. Way back: restore-previous-state.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence

import msgspec

from bot import result as results
from bot.actions.workflow import marker_path
from bot.engine.evolve import fold
from bot.engine.outcome import Done, Failed, Outcome
from bot.engine.ports import StepContext
from bot.gates.marker import write_marker
from bot.gates.patch import Patch, PatchError, apply, parse
from bot.gates.trace import asked_of, trace
from bot.github import checks, commits, pulls
from bot.render import pulls as words
from bot.render import result as result_words
from bot.result import Result, Verdict
from bot.steps.base import GitHubStep, blob, link, plan_of
from bot.steps.edited import void
from bot.steps.judging import base_of
from bot.steps.reverting import reverse_of
from bot.steps.workflow_pull import branch_of, close_and_delete, commit_message

CHECK_NAME = "CLOI / quality gate"
_MOST_IN_BRANCH = 5


def implements(trace: Result) -> list[str]:
    """Trailers for a commit: one for each requirement that something speaks for; a claim says that it is one."""
    said = {Verdict.PASS: "", Verdict.WARN: "", Verdict.UNKNOWN: " (claimed)"}
    return [f"Implements: {r.name}{said[r.verdict]}" for r in trace.children if r.verdict in said]


def ids_in_branch(ids: Sequence[str]) -> str:
    """The requirements in a branch's name, such as "adr-012-r1-r2-r5"; of many the first and the last."""
    if not ids:
        return "implementation"
    record, last = ids[0].rpartition("/")[0], [i.rpartition("/")[2].lower() for i in ids]
    some = last if len(last) <= _MOST_IN_BRANCH else [last[0], "to", last[-1]]
    name = "-".join(re.findall("[a-z0-9]+", record.lower()))[:40].strip("-")
    return "-".join(["implementation", *([name] if name else []), *some])


class OpenImplementationPull(GitHubStep):
    """Result: number, branch, commit."""

    type = "open-implementation-pull"
    inputs = frozenset(
        {"repository", "issue", "base_ref", "head_sha", "run", "plan", "patch", "result", "approval"}
    )
    optional = frozenset({"trace"})
    undoable = True

    async def do(self, ctx: StepContext) -> Outcome:
        repository, made = self.repository(ctx), plan_of(ctx)
        stopped = await void(ctx, repository, str(ctx.inputs["base_ref"]), standing=True)
        if stopped is not None:
            return stopped
        patch = parse(blob(ctx, "patch"))
        base_sha = str(ctx.inputs["head_sha"])
        try:
            base = await base_of(repository, patch, base_sha)
            files = apply(patch, base.files, taken=base.taken)
        except PatchError as error:
            return Failed(error=str(error), kind="gate", before_effect=True)
        traced = await self._traced(ctx, patch, files)
        marker = marker_path(made.feature)
        content = write_marker(json.loads(blob(ctx, "plan")), str(ctx.inputs["approval"]))
        verdict = results.from_json(msgspec.json.decode(blob(ctx, "result")))
        text = words.implementation_pull(
            made,
            trace=traced,
            gate=verdict,
            run_url=(await repository.run(int(ctx.inputs["run"]))).html_url,
            patch_sha=patch.sha256,
            base_sha=base_sha,
            instance=ctx.instance,
            requester=ctx.actor.removeprefix("@"),
            reverts_after_merge=True,
            issue_url=(await repository.issue(int(ctx.inputs["issue"]))).html_url,
        )
        branch = branch_of(ctx, made.feature, ids_in_branch([r.id for r in made.adr_requirements]))
        commit = await commits.commit_branch(
            ctx,
            repository,
            branch=branch,
            base_sha=base_sha,
            files={**files, marker: content},
            message=commit_message(made, text.title, ctx, implements(traced)),
        )
        pull = await pulls.open_pull(
            ctx,
            repository,
            head=branch,
            commit=commit,
            base=str(ctx.inputs["base_ref"]),
            title=text.title,
            body=str(text.body),
        )
        await checks.check_run(
            ctx,
            repository,
            name=CHECK_NAME,
            head_sha=commit,
            external_id=ctx.key,
            status="completed",
            conclusion="success" if verdict.passed else "failure",
            title=verdict.reason,
            summary=str(result_words.markdown(verdict)),
            text=f"Head of the event log when this was written: `{ctx.store.head(ctx.instance)}`",
            annotations=(),
        )
        await close_and_delete(self, ctx, but=branch)
        links = [link(f"#{pull.number}", pull.html_url)]
        return Done({"number": pull.number, "branch": branch, "commit": commit, "links": links})

    async def _traced(self, ctx: StepContext, patch: Patch, files: dict[str, bytes | None]) -> Result:
        """As the judgement left it; instances that were judged before there was any are looked at without the
        run's own words."""
        if "trace" in ctx.inputs:
            return results.from_json(msgspec.json.decode(blob(ctx, "trace")))
        asked = asked_of(json.loads(blob(ctx, "plan")))
        return await asyncio.to_thread(trace, asked, patch, files, jobs={}, claims={}, outcomes=None)

    async def take_back(self, ctx: StepContext) -> Outcome:
        return await close_and_delete(self, ctx)


class RestorePreviousState(OpenImplementationPull):
    """ADR-012's way back while the pull request is open: closed, with the branch deleted if it is still ours."""

    type = "restore-previous-state"
    inputs = frozenset()
    undoable = False

    async def do(self, ctx: StepContext) -> Outcome:
        outcome = await close_and_delete(self, ctx, merged="was merged, which its revert takes back")
        if isinstance(outcome, Done) and "merged" in outcome.result:
            return await self._reverted(ctx, outcome)
        return outcome

    async def _reverted(self, ctx: StepContext, outcome: Done) -> Outcome:
        """What was merged before anybody waited for that has no way back of its own: a person has to revert it."""
        instance = fold(ctx.store.read(ctx.instance))
        if instance is not None and {"RevertProposed", "RevertConflict"} & instance.emitted.keys():
            return outcome
        repository, number = self.repository(ctx), int(outcome.result["number"])
        pull = await repository.pull(number)
        head = await repository.branch_head(pull.base.ref)
        reverse = await reverse_of(repository, str(outcome.result["merged"]), head) if head else None
        if reverse is None or not (reverse.files or reverse.conflicts):
            return Done({**outcome.result, "note": f"{pull.base.ref} has nothing of #{number} any more"})
        words_ = f"#{number} was merged before it could be closed, so the change is in. Revert it on GitHub "
        words_ += f"(the button at the end of #{number}) and merge that, then retry."
        return Failed(error=words_, kind="refused", park=True)
