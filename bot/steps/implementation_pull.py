"""open-implementation-pull: the judged patch as a commit of the App, and its pull request.

The commit is the patch applied to the base that was judged, file by file, plus the marker that says that this
implementation is in force: merging brings both, reverting takes both. Way back: restore-previous-state.
"""

from __future__ import annotations

import json

import msgspec

from bot import result as results
from bot.engine.outcome import Done, Failed, Outcome
from bot.engine.ports import StepContext
from bot.gates.patch import PatchError, apply, parse
from bot.github import checks, commits, pulls
from bot.plans.plan import ImplementationPlan
from bot.render import pulls as words
from bot.render import result as result_words
from bot.steps.base import GitHubStep, blob, link, plan_of
from bot.steps.judging import base_files
from bot.steps.workflow_pull import branch_of, close_and_delete

CHECK_NAME = "CLOI / quality gate"


def in_force(made: ImplementationPlan, patch_sha256: str) -> tuple[str, bytes]:
    """Path and content of the marker: while it is on the default branch, the daily check holds the decision."""
    body = {
        "schema": "cloi.in-force/1",
        "workflowId": made.workflow_id,
        "planDigest": made.digest,
        "patchSha256": patch_sha256,
    }
    return f".github/cloi/{made.feature}.in-force.json", (json.dumps(body, indent=2) + "\n").encode()


class OpenImplementationPull(GitHubStep):
    """Result: number, branch, commit."""

    type = "open-implementation-pull"
    inputs = frozenset({"repository", "issue", "base_ref", "head_sha", "run", "plan", "patch", "result"})
    undoable = True

    async def do(self, ctx: StepContext) -> Outcome:
        repository, made = self.repository(ctx), plan_of(ctx)
        patch = parse(blob(ctx, "patch"))
        base_sha = str(ctx.inputs["head_sha"])
        try:
            files = apply(patch, await base_files(repository, patch, base_sha))
        except PatchError as error:
            return Failed(error=str(error), kind="gate", before_effect=True)
        marker, content = in_force(made, patch.sha256)
        verdict = results.from_json(msgspec.json.decode(blob(ctx, "result")))
        text = words.implementation_pull(
            made,
            result=verdict,
            files=[c.path for c in patch.files],
            run=int(ctx.inputs["run"]),
            run_url=(await repository.run(int(ctx.inputs["run"]))).html_url,
            patch_sha256=patch.sha256,
            base_sha=base_sha,
            issue=int(ctx.inputs["issue"]),
        )
        branch = branch_of(ctx, made.feature, "implementation")
        commit = await commits.commit_branch(
            ctx,
            repository,
            branch=branch,
            base_sha=base_sha,
            files={**files, marker: content},
            message=text.commit,
        )
        pull = await pulls.open_pull(
            ctx, repository, head=branch, base=str(ctx.inputs["base_ref"]), title=text.title, body=text.body
        )
        await checks.check_run(
            ctx,
            repository,
            name=CHECK_NAME,
            head_sha=commit,
            external_id=ctx.key,
            status="completed",
            conclusion="success" if verdict.passed else "failure",
            title=result_words.title(verdict),
            summary=result_words.markdown(verdict),
            text=f"Head of the event log when this was written: `{ctx.store.head(ctx.instance)}`",
            annotations=(),
        )
        links = [link(f"#{pull.number}", pull.html_url)]
        return Done({"number": pull.number, "branch": branch, "commit": commit, "links": links})

    async def take_back(self, ctx: StepContext) -> Outcome:
        return await close_and_delete(self, ctx, "implementation")


class RestorePreviousState(OpenImplementationPull):
    """ADR-012's way back while the pull request is open: closed, with the branch deleted if it is still ours."""

    type = "restore-previous-state"
    inputs = frozenset()
    undoable = False

    async def do(self, ctx: StepContext) -> Outcome:
        return await close_and_delete(self, ctx, "implementation")
