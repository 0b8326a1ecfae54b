"""open-workflow-pull: the generated workflow and its plan, on a branch, for a maintainer to read and merge.

Merging it approves exactly these bytes. Way back: the pull request is closed and the branch deleted, if its
head is still ours; a merged one stays, since a maintainer approved it and it runs only when dispatched.
"""

from __future__ import annotations

from bot.engine.outcome import Done, Outcome
from bot.engine.ports import StepContext
from bot.github import commits, pulls
from bot.plans.plan import ImplementationPlan
from bot.render import pulls as words
from bot.steps.base import GitHubStep, blob, link, plan_of


class OpenWorkflowPull(GitHubStep):
    """Result: number, branch, commit."""

    type = "open-workflow-pull"
    inputs = frozenset(
        {
            "repository",
            "issue",
            "base_ref",
            "base_sha",
            "plan",
            "workflow",
            "workflow_path",
            "plan_path",
            "approval",
        }
    )
    undoable = True

    async def do(self, ctx: StepContext) -> Outcome:
        repository, made = self.repository(ctx), plan_of(ctx)
        text = words.workflow_pull(
            made,
            approval=str(ctx.inputs["approval"]),
            generator=self.services.generator.version,
            workflow_path=str(ctx.inputs["workflow_path"]),
            plan_path=str(ctx.inputs["plan_path"]),
            jobs=[words.JobLine(name, does, needs, permissions) for name, does, needs, permissions in _JOBS],
            instance=ctx.instance,
            requester=ctx.actor.removeprefix("@"),
            issue_url=(await repository.issue(int(ctx.inputs["issue"]))).html_url,
        )
        branch = branch_of(ctx, made.feature, "workflow")
        commit = await commits.commit_branch(
            ctx,
            repository,
            branch=branch,
            base_sha=str(ctx.inputs["base_sha"]),
            files={
                str(ctx.inputs["workflow_path"]): blob(ctx, "workflow"),
                str(ctx.inputs["plan_path"]): blob(ctx, "plan"),
            },
            message=commit_message(made, text.title, ctx),
        )
        pull = await pulls.open_pull(
            ctx,
            repository,
            head=branch,
            base=str(ctx.inputs["base_ref"]),
            title=text.title,
            body=str(text.body),
        )
        links = [link(f"#{pull.number}", pull.html_url)]
        return Done({"number": pull.number, "branch": branch, "commit": commit, "links": links})

    async def take_back(self, ctx: StepContext) -> Outcome:
        return await close_and_delete(self, ctx, "workflow")


_JOBS = (
    ("implement", "checks the approval, runs the agent, packs its patch", (), "contents: read"),
    (
        "validate",
        "judges the patch, applies it to a clean checkout, runs the tests",
        ("implement",),
        "contents: read",
    ),
    ("integrate", "shows that the new tests fail without the change", ("validate",), "contents: read"),
    ("report", "writes down what happened", ("implement", "validate", "integrate"), "contents: read"),
)


def commit_message(made: ImplementationPlan, title: str, ctx: StepContext) -> str:
    """Title, and trailers by which the commit can be traced back to record, plan and instance."""
    return (
        f"{title}\n\n"
        f"Decision-Record: {made.adr.path}@{made.adr.blob_sha}\n"
        f"Plan-Digest: {made.digest}\n"
        f"Cloi-Instance: {ctx.instance}\n"
    )


def branch_of(ctx: StepContext, feature: str, what: str) -> str:
    """Our branch's name; the end of it is the step's key, so a retry by hand gets another."""
    return f"cloi/{feature}/{what}-{ctx.key[:8]}"


async def close_and_delete(step: GitHubStep, ctx: StepContext, what: str) -> Outcome:
    """Close what this step opened, if it is open, and delete its branch, if its head is ours.

    After a crash the result may be missing though the pull request is there: then it is looked for.
    """
    repository = step.repository(ctx)
    branch = str(ctx.result.get("branch") or branch_of(ctx, plan_of(ctx).feature, what))
    number, commit = ctx.result.get("number"), ctx.result.get("commit")
    if number is None:
        ours = (await step.services.github.app()).login
        found = [p for p in await repository.pulls(head=branch) if p.user and p.user.login == ours]
        number = found[0].number if found else None
        commit = found[0].head.sha if found else await repository.branch_head(branch)
    left: dict[str, object] = {"branch": branch}
    if number is not None:
        pull = await repository.pull(int(number))
        left["number"] = pull.number
        if pull.merged:
            stays = "and stays" if what == "workflow" else "before, so its revert takes it back"
            return Done({**left, "note": f"#{pull.number} was merged {stays}"})
        if pull.state == "open":
            await pulls.close_pull(ctx, repository, pull.number)
        left["closed"] = True
    left["note"] = f"#{number} is closed" if number is not None else "nothing was there"
    if commit is not None:
        left["branch_deleted"] = await pulls.delete_branch(ctx, repository, branch, if_head=str(commit))
    return Done(left)
