"""open-workflow-pull: the generated workflow and its plan, on a branch, for a maintainer to read and merge.

Merging it approves exactly these bytes. Way back: the pull request is closed and the branch deleted, if its
head is still ours; a merged one stays, since a maintainer approved it and it runs only when dispatched.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.engine.outcome import Done, Outcome
from bot.engine.ports import StepContext
from bot.gates.constraints import constraints_of, outlook
from bot.github import commits, pulls
from bot.plans.plan import ImplementationPlan
from bot.render import pulls as words
from bot.render.plain import inert
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
    optional = frozenset({"advice"})
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
            constraints=[
                words.ConstraintLine(c.id, c.description or c.rule or c.type, c.pattern, outlook(c))
                for c in constraints_of(json.loads(blob(ctx, "plan")))
            ],
            instance=ctx.instance,
            requester=ctx.actor.removeprefix("@"),
            issue_url=(await repository.issue(int(ctx.inputs["issue"]))).html_url,
            advice=[str(sentence) for sentence in ctx.inputs.get("advice", ())],
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
            commit=commit,
            base=str(ctx.inputs["base_ref"]),
            title=text.title,
            body=str(text.body),
        )
        await close_and_delete(self, ctx, but=branch)
        links = [link(f"#{pull.number}", pull.html_url)]
        return Done({"number": pull.number, "branch": branch, "commit": commit, "links": links})

    async def take_back(self, ctx: StepContext) -> Outcome:
        return await close_and_delete(self, ctx)


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


def commit_message(made: ImplementationPlan, title: str, ctx: StepContext, more: Sequence[str] = ()) -> str:
    """Title, and trailers by which the commit can be traced back to record, plan and instance. A file's name may
    hold line breaks, and would add trailers of its own. more: further trailers."""
    return (
        f"{title}\n\n"
        f"Decision-Record: {inert(made.adr.path)}@{made.adr.blob_sha}\n"
        f"Plan-Digest: {made.digest}\n"
        f"Cloi-Instance: {inert(ctx.instance)}\n" + "".join(f"{inert(line)}\n" for line in more)
    )


def branch_of(ctx: StepContext, feature: str, what: str) -> str:
    """Our branch's name; the end of it is the step's key, so a retry by hand gets another."""
    return f"cloi/{feature}/{what}-{ctx.key[:8]}"


async def close_and_delete(
    step: GitHubStep, ctx: StepContext, *, but: str = "", merged: str = "was merged and stays"
) -> Outcome:
    """Close what this step opened, saying why, and delete its branches whose head is still ours; in whichever
    attempt they were made. What was merged stays, and so does what somebody has pushed to. but: a branch that
    stays too, the one of the attempt that went well. merged: what is said of a merged pull request."""
    repository = step.repository(ctx)
    notes: list[str] = []
    left: dict[str, object] = {}
    for effect in commits.begun(ctx):
        branch = str(effect.result["branch"])
        commit = await commits.made(repository, effect) if branch != but else None
        if commit is None:
            continue
        number = await pulls.opened(ctx, repository, branch)
        if number is not None:
            left["number"] = number
            if (await repository.pull(number)).merged or not await pulls.close_pull(
                ctx, repository, number, comment=str(words.closing(ctx.reason))
            ):
                left["merged"] = commit
                notes.append(f"#{number} {merged}")
                continue
            notes.append(f"#{number} is closed")
        if not await pulls.delete_branch(ctx, repository, branch, if_head=commit):
            notes.append(f"somebody has pushed to {branch}, so it was left")
    return Done({**left, "note": "; ".join(notes) or "nothing was there"})
