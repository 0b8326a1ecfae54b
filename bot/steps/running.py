"""dispatch-run and await-run: the approved workflow runs, exactly as approved, and is followed to its end.

Before the dispatch both files on the default branch are compared with what was approved; a run counts only if
GitHub says that it is ours: id, event, path, actor, and both files at its head_sha. Otherwise it is cancelled.
Not here: judging what the run brought (judging.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bot.actions.rules import prove
from bot.engine.outcome import DomainEvent, Done, Failed, Outcome, Waiting
from bot.engine.ports import StepContext
from bot.gates.approval import approval_hash
from bot.gates.patch import blob_id
from bot.github import dispatches
from bot.github.facts import run_key
from bot.github.objects import Job, Run
from bot.github.repository import Repository
from bot.steps.base import GitHubStep, blob, link, plan_of
from bot.steps.edited import void

_TO_STOP = 3600.0
"""Seconds that a cancelled run may take to stop before a human is asked."""


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


@dataclass(frozen=True, slots=True)
class Approved:
    """workflow: digest of the bytes that may run. approval: the hash over them, plan and generator."""

    workflow: str
    approval: str


class DispatchRun(GitHubStep):
    """Result: run, and workflow and approval as they were dispatched. mode: implement or verify."""

    type = "dispatch-run"
    inputs = frozenset(
        {
            "repository",
            "base_ref",
            "plan",
            "workflow",
            "workflow_path",
            "plan_path",
            "approval",
            "mode",
            "attempt",
        }
    )
    undoable = True

    async def do(self, ctx: StepContext) -> Outcome:
        repository, made = self.repository(ctx), plan_of(ctx)
        base_ref = str(ctx.inputs["base_ref"])
        if ctx.inputs["mode"] == "implement":
            stopped = await void(ctx, repository, base_ref, exact=True, standing=True)
            if stopped is not None:
                return stopped
        approved = await self._approved(ctx, repository, base_ref)
        if isinstance(approved, Failed):
            return approved
        run = await dispatches.dispatch(
            ctx,
            repository,
            workflow_file=str(ctx.inputs["workflow_path"]).rpartition("/")[2],
            ref=base_ref,
            inputs={
                "implementation_plan_id": made.workflow_id,
                "approval": approved.approval,
                "mode": str(ctx.inputs["mode"]),
                "attempt": str(ctx.inputs["attempt"]),
            },
            run_name=run_name(made.workflow_id, str(ctx.inputs["attempt"])),
        )
        seen = {"run": run, "mode": ctx.inputs["mode"], "workflowId": made.workflow_id}
        return Done(
            {"run": run, "workflow": approved.workflow, "approval": approved.approval},
            events=(DomainEvent("RunDispatched", seen),),
        )

    async def _approved(self, ctx: StepContext, repository: Repository, base_ref: str) -> Approved | Failed:
        """What may run: what was proposed and merged unchanged, or an edit that a person approved by its hash."""
        if await differs(ctx, repository, base_ref) is None:
            return Approved(str(ctx.inputs["workflow"]), str(ctx.inputs["approval"]))
        made, where = plan_of(ctx), str(ctx.inputs["workflow_path"])
        plan_file = await repository.file(str(ctx.inputs["plan_path"]), base_ref)
        file = await repository.file(where, base_ref)
        if file is None or plan_file is None or plan_file.data != blob(ctx, "plan"):
            words = (
                f"The plan or the workflow on {base_ref} is not what was proposed, and only a workflow may "
            )
            words += "be edited by hand. `/cloi cancel`, then `/cloi implement`, proposes both anew."
            if ctx.inputs["mode"] == "verify":
                words = (
                    f"The plan or the workflow is not on {base_ref} as it was approved, so what was merged "
                )
                words += (
                    "cannot be verified. Put them back, then `/cloi retry`; or `/cloi rollback` reverts it."
                )
            return Failed(error=words, kind="refused", before_effect=True, park=True)
        digest = hashlib.sha256(file.data).hexdigest()
        wanted = approval_hash(made.digest, digest, self.services.generator.version)
        if ctx.memo.get("approved") != wanted:
            words = f"{where} was edited by hand, so nobody has approved what would run. "
            words += (
                f"A person who has read it can comment `/cloi approve {wanted}`; `/cloi cancel` drops it."
            )
            return Failed(error=words, kind="refused", before_effect=True, park=True)
        broken = [r.reason for r in prove(file.data).walk() if not r.children and not r.passed]
        if broken:
            words = f"The edited {where} breaks a rule that no approval can lift: {broken[0]}."
            return Failed(error=words, kind="refused", before_effect=True, park=True)
        return Approved(ctx.store.put_blob(file.data), wanted)

    async def take_back(self, ctx: StepContext) -> Outcome:
        """Cancel the run, if it still goes. An unknown dispatch is looked for in the journal."""
        repository = self.repository(ctx)
        run = ctx.result.get("run") or await dispatches.find(ctx, repository)
        if run is None:
            return Done({"run": None, "note": "nothing ran"})
        cancelled = await dispatches.cancel_run(ctx, repository, int(run))
        note = f"run {run} was cancelled" if cancelled else f"run {run} had ended"
        return Done({"run": run, "cancelled": cancelled, "note": note})


class AwaitRun(GitHubStep):
    """Waits for the end of the run. Result: head_sha, conclusion, jobs (name to conclusion)."""

    type = "await-run"
    inputs = frozenset(
        {"repository", "run", "workflow", "workflow_path", "plan", "plan_path", "deadline", "attempt"}
    )

    async def do(self, ctx: StepContext) -> Outcome:
        repository, number = self.repository(ctx), int(ctx.inputs["run"])
        run = await repository.run(number)
        wrong = await self._not_ours(ctx, repository, run)
        if wrong is not None:
            await dispatches.cancel_run(ctx, repository, number)
            return Failed(
                error=f"run {number} is not the approved one: {wrong}. It was cancelled.", kind="refused"
            )
        seen_jobs = await repository.jobs(number, run.run_attempt)
        jobs = {j.name: j.conclusion or j.status for j in seen_jobs}
        links = [link(f"run {number}", run.html_url), *(_where(j) for j in seen_jobs if _stopped(j))]
        if run.status != "completed":
            going = next((name for name, state in jobs.items() if state == "in_progress"), None)
            return Waiting(
                wake_on=(run_key(repository.full_name, number),),
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
            "attempt": (
                str(run.run_attempt),
                "1",
            ),  # GitHub's re-run button makes another, which nobody approved
            "name": (run.display_title, run_name(made.workflow_id, str(ctx.inputs["attempt"]))),
        }
        for what, (seen, wanted) in expected.items():
            if seen != wanted:
                return f"its {what} is “{seen}”, not “{wanted}”"
        if ctx.memo.get("compared"):  # head_sha of a run never changes
            return None
        return await differs(ctx, repository, run.head_sha)


def _stopped(job: Job) -> bool:
    return job.html_url is not None and job.conclusion in ("failure", "timed_out")


def _where(job: Job) -> dict[str, str]:
    """To the log of a job that failed, by the step that did: there it says why."""
    step = next((s.name for s in job.steps if s.conclusion == "failure"), "")
    return link(f"{job.name}: {step}" if step else job.name, job.html_url or "")


class DeleteGeneratedFiles(GitHubStep):
    """ADR-012's way back before there is a pull request: stop the run, and discard what it brought once it has
    stopped, since a run that is being cancelled may still leave artifacts."""

    type = "delete-generated-files"

    async def do(self, ctx: StepContext) -> Outcome:
        repository, number = self.repository(ctx), int(ctx.inputs["run"])
        cancelled = await dispatches.cancel_run(ctx, repository, number)
        if (await repository.run(number)).status != "completed":
            return Waiting(
                wake_on=(run_key(repository.full_name, number),),
                recheck_after=60,
                deadline=_TO_STOP,
                note=f"run {number} to stop",
            )
        deleted = await dispatches.delete_artifacts(ctx, repository, number)
        note = f"{deleted} artifact{'' if deleted == 1 else 's'} deleted"
        return Done({"run": number, "cancelled": cancelled, "artifacts_deleted": deleted, "note": note})
