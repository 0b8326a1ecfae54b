"""Workflow runs: which workflows there are, starting, cancelling and repeating runs, and what their jobs become.

State and webhooks only; executing is runner.py's. GitHub Actions is an App like any other: its check runs carry
its name, its bot sends what its tokens do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.sandbox import checks, shapes_runs, webhooks, workflow_file
from bot.sandbox.call import Refusal
from bot.sandbox.execution import JobFinished, JobQueued, JobStarted, RunEvent, RunFinished, StepFinished
from bot.sandbox.world import Job, Repository, Run, Step, User, Workflow, World

FOLDER = ".github/workflows/"


def sync(world: World, repository: Repository) -> None:
    """Lists the workflow files of the default branch; a file that is gone keeps its entry as "deleted"."""
    tip = repository.git.find_commit(f"refs/heads/{repository.default_branch}")
    folder = repository.git.entry(tip.tree, FOLDER.rstrip("/")) if tip else None
    there = {
        FOLDER + entry.path: entry.sha
        for entry in (repository.git.tree(folder.sha) or () if folder else ())
        if entry.kind == "blob" and entry.path.endswith((".yml", ".yaml"))
    }
    for path, sha in there.items():
        name = workflow_file.read(path, repository.git.blob(sha) or b"").name
        known = workflow(world, repository, path, name)
        known.name = name
        if known.state == "deleted":
            known.state = "active"
    for path, known in repository.workflows.items():
        if path not in there and known.state == "active":
            known.state = "deleted"


def workflow(world: World, repository: Repository, path: str, name: str) -> Workflow:
    """The entry of a workflow file, made if it is new."""
    if path not in repository.workflows:
        repository.workflows[path] = Workflow(world.new_id("workflow"), path, name, world.clock())
    return repository.workflows[path]


def start(
    world: World,
    repository: Repository,
    of: Workflow,
    *,
    event: str,
    payload: dict[str, Any],
    ref: str,
    branch: str,
    sha: str,
    by: User,
    otherwise: str,
    inputs: Mapping[str, str] | None = None,
) -> Run:
    """Queues a run. otherwise: its title if the file has no run-name."""
    run_id = world.new_id("run")
    file = workflow_file.read(of.path, repository.git.file(sha, of.path) or b"")
    github = {
        "run_id": str(run_id),
        "actor": by.login,
        "sha": sha,
        "ref": ref,
        "ref_name": branch,
        "event_name": event,
        "repository": repository.full_name,
    }
    now = world.clock()
    assert world.actions
    run = Run(
        run_id,
        repository,
        of,
        1 + sum(other.workflow is of for other in repository.runs.values()),
        event,
        payload,
        ref,
        branch,
        sha,
        file.title(otherwise, inputs or {}, github),
        by,
        by,
        now,
        now,
        now,
        checks.new_suite(world, repository, world.actions, sha, branch),
    )
    repository.runs[run_id] = run
    _enqueue(world, run, by)
    return run


def _enqueue(world: World, run: Run, by: User) -> None:
    world.enqueue(run)
    announce(world, run, "requested", by)


def announce(world: World, run: Run, action: str, by: User | None = None) -> None:
    """The workflow_run event of a run as it is now."""
    webhooks.emit(
        world,
        run.repository,
        "workflow_run",
        action,
        by or run.triggering_actor,
        lambda: {
            "workflow_run": shapes_runs.run(world, run),
            "workflow": shapes_runs.workflow(world, run.repository, run.workflow),
        },
    )


def _announce_job(world: World, job: Job, action: str) -> None:
    webhooks.emit(
        world,
        job.run.repository,
        "workflow_job",
        action,
        job.run.triggering_actor,
        lambda: {"workflow_job": shapes_runs.job(world, job)},
    )


def cancel(world: World, run: Run, by: User) -> bool:
    """Asks a run to stop. False if it is being executed, so that its executor must be asked too."""
    if run.status == "completed":
        raise Refusal(409, "Cannot cancel a workflow run that is completed.")
    run.cancelled_by = by
    if run not in world.queue:
        return False
    world.queue.remove(run)
    finish(world, run, "cancelled")
    return True


def rerun(world: World, run: Run, by: User) -> None:
    """Queues another attempt of a completed run, on the same commit."""
    if run.status != "completed":
        raise Refusal(403, "This workflow is already running")
    run.attempt += 1
    run.status, run.conclusion, run.cancelled_by = "queued", None, None
    run.triggering_actor = by
    run.started_at = run.updated_at = world.clock()
    assert world.actions
    run.suite = checks.new_suite(world, run.repository, world.actions, run.head_sha, run.head_branch)
    _enqueue(world, run, by)


def begin(world: World, run: Run) -> None:
    """A runner takes the run."""
    run.status = "in_progress"
    run.updated_at = world.clock()
    announce(world, run, "in_progress")


def finish(world: World, run: Run, conclusion: str) -> None:
    """Ends a run; jobs that have not ended are cancelled with it."""
    for job in current_jobs(run):
        if job.status != "completed":
            _finish_job(world, job, "cancelled", world.clock(), job.log)
    run.status, run.conclusion = "completed", "cancelled" if run.cancelled_by else conclusion
    run.updated_at = world.clock()
    announce(world, run, "completed")


def current_jobs(run: Run) -> list[Job]:
    """The jobs of the latest attempt."""
    return [job for job in run.jobs if job.attempt == run.attempt]


def apply(world: World, run: Run, event: RunEvent) -> None:
    """What an executor's event changes. Unknown jobs are made known first, as their webhooks are."""
    match event:
        case JobQueued(name):
            _job(world, run, name)
        case JobStarted(name, at):
            _start_job(world, _job(world, run, name), at)
        case StepFinished(name, number, title, conclusion, began, ended):
            job = _job(world, run, name)
            _start_job(world, job, began)
            job.steps.append(Step(number, title, conclusion, began, ended))
        case JobFinished(name, conclusion, at, log):
            _finish_job(world, _job(world, run, name), conclusion, at, log)
        case RunFinished(conclusion):
            finish(world, run, conclusion)


def _job(world: World, run: Run, name: str) -> Job:
    known = next((job for job in current_jobs(run) if job.name == name), None)
    if known:
        return known
    assert world.actions
    check = checks.create(world, run.repository, run.suite, name, world.actions.bot, {})
    job = Job(check.id, run, run.attempt, name, check, world.clock())
    check.details_url = f"{world.html}/{run.repository.full_name}/actions/runs/{run.id}/job/{job.id}"
    run.jobs.append(job)
    _announce_job(world, job, "queued")
    return job


def _start_job(world: World, job: Job, at: datetime) -> None:
    if job.status != "queued":
        return
    assert world.actions
    job.status, job.started_at = "in_progress", at
    checks.update(world, job.check_run, world.actions.bot, {"status": "in_progress", "started_at": at})
    _announce_job(world, job, "in_progress")


def _finish_job(world: World, job: Job, conclusion: str, at: datetime, log: str) -> None:
    if job.status == "completed":
        return
    assert world.actions
    job.status, job.conclusion, job.completed_at, job.log = "completed", conclusion, at, log
    job.started_at = job.started_at or at
    done = {
        "status": "completed",
        "conclusion": conclusion,
        "started_at": job.started_at,
        "completed_at": at,
    }
    checks.update(world, job.check_run, world.actions.bot, done)
    _announce_job(world, job, "completed")
