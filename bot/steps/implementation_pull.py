"""open-implementation-pull: the judged patch as a commit of the App, and its pull request.

The commit is the patch applied to the base that was judged, file by file, plus the marker that says that this
implementation is in force: merging brings both, reverting takes both. Way back: restore-previous-state.
"""

from __future__ import annotations

import json
import re

import msgspec

from bot import result as results
from bot.actions.workflow import marker_path
from bot.engine.outcome import Done, Failed, Outcome
from bot.engine.ports import StepContext
from bot.gates.marker import write_marker
from bot.gates.patch import Patch, PatchError, apply, parse
from bot.gates.weakening import is_test_file
from bot.github import checks, commits, pulls
from bot.plans.plan import ImplementationPlan
from bot.render import pulls as words
from bot.render import result as result_words
from bot.result import Evidence, EvidenceClass
from bot.steps.base import GitHubStep, blob, link, plan_of
from bot.steps.judging import base_of
from bot.steps.workflow_pull import branch_of, close_and_delete, commit_message

CHECK_NAME = "CLOI / quality gate"


def covered(made: ImplementationPlan, patch: Patch) -> dict[str, list[Evidence]]:
    """For each requirement the added lines that name its id: computed from the patch, so nobody's claim."""
    out: dict[str, list[Evidence]] = {}
    for requirement in made.adr_requirements:
        named = re.compile(rf"(?<![\w/-]){re.escape(requirement.id)}(?!\d)")
        for change in patch.files:
            what = "a test names it" if is_test_file(change.path) else "named here"
            for line, text in change.added():
                if named.search(text):
                    found = Evidence(EvidenceClass.COMPUTED, what, change.path, line, line)
                    out.setdefault(requirement.id, []).append(found)
                    break
    return out


class OpenImplementationPull(GitHubStep):
    """Result: number, branch, commit."""

    type = "open-implementation-pull"
    inputs = frozenset(
        {"repository", "issue", "base_ref", "head_sha", "run", "plan", "patch", "result", "approval"}
    )
    undoable = True

    async def do(self, ctx: StepContext) -> Outcome:
        repository, made = self.repository(ctx), plan_of(ctx)
        patch = parse(blob(ctx, "patch"))
        base_sha = str(ctx.inputs["head_sha"])
        try:
            base = await base_of(repository, patch, base_sha)
            files = apply(patch, base.files, taken=base.taken)
        except PatchError as error:
            return Failed(error=str(error), kind="gate", before_effect=True)
        marker = marker_path(made.feature)
        content = write_marker(json.loads(blob(ctx, "plan")), str(ctx.inputs["approval"]))
        verdict = results.from_json(msgspec.json.decode(blob(ctx, "result")))
        text = words.implementation_pull(
            made,
            evidence=covered(made, patch),
            gate=verdict,
            run_url=(await repository.run(int(ctx.inputs["run"]))).html_url,
            patch_sha=patch.sha256,
            base_sha=base_sha,
            instance=ctx.instance,
            requester=ctx.actor.removeprefix("@"),
            reverts_after_merge=True,
            issue_url=(await repository.issue(int(ctx.inputs["issue"]))).html_url,
        )
        branch = branch_of(ctx, made.feature, "implementation")
        commit = await commits.commit_branch(
            ctx,
            repository,
            branch=branch,
            base_sha=base_sha,
            files={**files, marker: content},
            message=commit_message(made, text.title, ctx),
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

    async def take_back(self, ctx: StepContext) -> Outcome:
        return await close_and_delete(self, ctx)


class RestorePreviousState(OpenImplementationPull):
    """ADR-012's way back while the pull request is open: closed, with the branch deleted if it is still ours."""

    type = "restore-previous-state"
    inputs = frozenset()
    undoable = False

    async def do(self, ctx: StepContext) -> Outcome:
        return await close_and_delete(self, ctx, merged="was merged, which its revert takes back")
