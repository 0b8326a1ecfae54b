"""dispatch-run and await-run: the approved workflow runs, exactly as approved, and is followed to its end.

Before the dispatch both files on the default branch are compared with what was approved; a run counts only if
GitHub says that it is ours: id, event, path, actor, and both files at its head_sha. Otherwise it is cancelled.
Not here: judging what the run brought (judging.py).
"""

from __future__ import annotations

import hashlib

from bot.engine.outcome import DomainEvent, Done, Failed, Outcome, Waiting
from bot.engine.ports import StepContext
from bot.gates.patch import blob_id
from bot.github import dispatches
from bot.github.objects import Run
from bot.github.repository import Repository
from bot.steps.base import GitHubStep, blob, link, plan_of

ATTEMPT = "1"
"""A retry by hand has a new key, and with it a new run; GitHub's own re-run button would be another attempt."""


def run_name(workflow_id: str, attempt: str) -> str:
    """As the generated workflow's run-name resolves: the second correlation key beside the run's id."""
    return f"cloi {workflow_id} attempt {attempt}"


async def differs(ctx: StepContext, repository: Repository, ref: str) -> str | None:
    """A sentence if workflow or plan at `ref` are not the approved bytes, else None."""
    for name, path in (("workflow", "workflow_path"), ("plan", "plan_path")):
        where = str(ctx.inputs[path])
        file = await repository.file(where, ref)
        if file is None:
            return f"{where} is not on {ref[:12]}"
        if file.blob_sha != blob_id(blob(ctx, name)):
            found = hashlib.sha256(file.data).hexdigest()[:12]
            return f"{where} on {ref[:12]} is not what was proposed (it is {found}…): somebody changed it"
    return None


class DispatchRun(GitHubStep):
    """Result: run, base_sha (the default branch's head that was compared)."""

    type = "dispatch-run"
    inputs = frozenset(
        {"repository", "base_ref", "plan", "workflow", "workflow_path", "plan_path", "approval"}
    )
    undoable = True

    async def do(self, ctx: StepContext) -> Outcome:
        repository, made = self.repository(ctx), plan_of(ctx)
        base_ref = str(ctx.inputs["base_ref"])
        changed = await differs(ctx, repository, base_ref)
        if changed is not None:
            words = f"{changed}. Nothing runs that nobody approved; `/cloi implement` proposes it anew."
            return Failed(error=words, kind="refused", before_effect=True)
        run = await dispatches.dispatch(
            ctx,
            repository,
            workflow_file=str(ctx.inputs["workflow_path"]).rpartition("/")[2],
            ref=base_ref,
            inputs={
                "implementation_plan_id": made.workflow_id,
                "approval": str(ctx.inputs["approval"]),
                "mode": "implement",
                "attempt": ATTEMPT,
            },
            run_name=run_name(made.workflow_id, ATTEMPT),
        )
        return Done(
            {"run": run}, events=(DomainEvent("RunDispatched", {"run": run, "workflowId": made.workflow_id}),)
        )

    async def take_back(self, ctx: StepContext) -> Outcome:
        """Cancel the run, if it still goes. An unknown dispatch is looked for in the journal."""
        repository = self.repository(ctx)
        run = ctx.result.get("run") or await dispatches.find(ctx, repository)
        if run is None:
            return Done({"run": None})
        cancelled = await dispatches.cancel_run(ctx, repository, int(run))
        return Done({"run": run, "cancelled": cancelled})


class AwaitRun(GitHubStep):
    """Waits for the end of the run. Result: head_sha, conclusion, jobs (name to conclusion)."""

    type = "await-run"
    inputs = frozenset({"repository", "run", "workflow", "workflow_path", "plan", "plan_path", "deadline"})

    async def do(self, ctx: StepContext) -> Outcome:
        repository, number = self.repository(ctx), int(ctx.inputs["run"])
        run = await repository.run(number)
        wrong = await self._not_ours(ctx, repository, run)
        if wrong is not None:
            await dispatches.cancel_run(ctx, repository, number)
            return Failed(
                error=f"run {number} is not the approved one: {wrong}. It was cancelled.", kind="refused"
            )
        jobs = {j.name: j.conclusion or j.status for j in await repository.jobs(number, run.run_attempt)}
        links = [link(f"run {number}", run.html_url)]
        if run.status != "completed":
            going = next((name for name, state in jobs.items() if state == "in_progress"), None)
            return Waiting(
                wake_on=(f"run:{repository.full_name}/{number}",),
                recheck_after=120,
                deadline=float(ctx.inputs["deadline"]),
                note="the run" + (f" (job {going})" if going else ""),
                memo={"links": links, "head_sha": run.head_sha, "compared": True},
            )
        conclusion = run.conclusion or "unknown"
        seen = {"run": number, "conclusion": conclusion, "jobs": jobs}
        return Done(
            {**seen, "head_sha": run.head_sha, "links": links},
            events=(DomainEvent("RunObserved", seen),),
        )

    async def _not_ours(self, ctx: StepContext, repository: Repository, run: Run) -> str | None:
        made, app = plan_of(ctx), await self.services.github.app()
        actor = run.actor.login if run.actor else "nobody"
        expected = {
            "event": (run.event, "workflow_dispatch"),
            "workflow": (run.workflow_file, str(ctx.inputs["workflow_path"])),
            "actor": (actor, app.login),
            "attempt": (str(run.run_attempt), ATTEMPT),
            "name": (run.display_title, run_name(made.workflow_id, ATTEMPT)),
        }
        for what, (seen, wanted) in expected.items():
            if seen != wanted:
                return f"its {what} is “{seen}”, not “{wanted}”"
        if ctx.memo.get("compared"):  # head_sha of a run never changes
            return None
        return await differs(ctx, repository, run.head_sha)


class DeleteGeneratedFiles(GitHubStep):
    """ADR-012's way back before there is a pull request: stop the run, and discard what it brought."""

    type = "delete-generated-files"

    async def do(self, ctx: StepContext) -> Outcome:
        repository, number = self.repository(ctx), int(ctx.inputs["run"])
        cancelled = await dispatches.cancel_run(ctx, repository, number)
        deleted = await dispatches.delete_artifacts(ctx, repository, number)
        return Done({"run": number, "cancelled": cancelled, "artifacts_deleted": deleted})
