"""REST for GitHub Actions: workflows, dispatches, runs, jobs, artifacts, logs."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from bot.sandbox import runs, shapes, shapes_runs, workflow_file
from bot.sandbox.call import NEW_VERSION, Answer, Call, Refusal, not_found, operation, page
from bot.sandbox.world import Artifact, Job, Run, Workflow, World

_LINK_LIFE = 60  # seconds that a download link works


def _workflow(call: Call) -> Workflow:
    """By id or file name."""
    asked = call.params["workflow_id"]
    for one in call.repository.workflows.values():
        if asked in (str(one.id), one.path.removeprefix(runs.FOLDER), one.path):
            return one
    raise not_found()


@operation("GET /repos/{owner}/{repo}/actions/workflows")
def list_workflows(call: Call) -> Answer:
    """The workflows that there are."""
    there = [one for one in call.repository.workflows.values() if one.state != "deleted"]
    return page(
        call, there, lambda one: shapes_runs.workflow(call.world, call.repository, one), key="workflows"
    )


@operation("GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}")
def get_workflow(call: Call) -> Answer:
    """One workflow."""
    return Answer(shapes_runs.workflow(call.world, call.repository, _workflow(call)))


@operation("PUT /repos/{owner}/{repo}/actions/workflows/{workflow_id}/enable")
def enable(call: Call) -> Answer:
    """Lets a workflow run again."""
    workflow = _workflow(call)
    if workflow.state == "disabled_manually":
        workflow.state = "active"
    return Answer(status=204)


@operation("PUT /repos/{owner}/{repo}/actions/workflows/{workflow_id}/disable")
def disable(call: Call) -> Answer:
    """Keeps a workflow from running."""
    workflow = _workflow(call)
    if workflow.state == "active":
        workflow.state = "disabled_manually"
    return Answer(status=204)


@operation("POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches")
def dispatch(call: Call) -> Answer:
    """Starts a run by hand, if the file on the default branch and on `ref` says that one can."""
    world, repo, workflow = call.world, call.repository, _workflow(call)
    git, name = repo.git, call.body["ref"]
    if workflow.state == "deleted":
        raise not_found()
    if workflow.state != "active":
        raise Refusal(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    default = git.find_commit(f"refs/heads/{repo.default_branch}")
    if default is None or git.file(default.sha, workflow.path) is None:
        raise not_found()
    branch = name.removeprefix("refs/heads/").removeprefix("refs/tags/")
    full = next((ref for ref in (f"refs/heads/{branch}", f"refs/tags/{branch}") if git.ref(ref)), None)
    tip = git.find_commit(full) if full else None
    if full is None or tip is None:
        raise Refusal(422, f"No ref found for: {name}")
    data = git.file(tip.sha, workflow.path)
    if data is None:
        raise Refusal(422, f"Workflow file {workflow.path} does not exist on {name}")
    file = workflow_file.read(workflow.path, data)
    inputs = file.inputs(call.body.get("inputs") or {})
    payload = {
        "inputs": inputs,
        "ref": full,
        "workflow": workflow.path,
        "repository": shapes.repository(world, repo),
        "sender": shapes.user(world, call.user),
    }
    run = runs.start(
        world,
        repo,
        workflow,
        event="workflow_dispatch",
        payload=payload,
        ref=full,
        branch=branch,
        sha=tip.sha,
        by=call.user,
        otherwise=workflow.name,
        inputs=inputs,
    )
    if not (call.version == NEW_VERSION or call.body.get("return_run_details")):
        return Answer(status=204)
    shape = shapes_runs.run(world, run)
    return Answer({"workflow_run_id": run.id, "run_url": shape["url"], "html_url": shape["html_url"]})


def _listed(call: Call, found: Iterable[Run]) -> Answer:
    """Runs, newest first, by the filters of the query."""
    query = call.query
    kept = list(found)
    for key, value in (
        ("event", lambda run: {run.event}),
        ("head_sha", lambda run: {run.head_sha}),
        ("branch", lambda run: {run.head_branch}),
        ("actor", lambda run: {run.actor.login}),
        ("status", lambda run: {run.status, run.conclusion}),
        ("check_suite_id", lambda run: {str(run.suite.id)}),
    ):
        if key in query:
            kept = [run for run in kept if query[key] in value(run)]
    if created := query.get("created"):
        kept = [run for run in kept if _in_range(created, shapes.when(run.created_at) or "")]
    kept.sort(key=lambda run: -run.id)
    return page(call, kept, lambda run: shapes_runs.run(call.world, run), key="workflow_runs")


def _in_range(wanted: str, at: str) -> bool:
    """GitHub's date search on ISO dates: A..B, >A, >=A, <A, <=A, A; a day means the whole day."""
    if ".." in wanted:
        low, _, high = wanted.partition("..")
        return (low == "*" or at >= low) and (high == "*" or at[: len(high)] <= high)
    for sign in (">=", "<=", ">", "<"):
        if wanted.startswith(sign):
            edge = wanted.removeprefix(sign)
            shown = at[: len(edge)]
            return {">=": shown >= edge, "<=": shown <= edge, ">": shown > edge, "<": shown < edge}[sign]
    return at.startswith(wanted)


@operation("GET /repos/{owner}/{repo}/actions/runs")
def list_runs(call: Call) -> Answer:
    """All runs."""
    return _listed(call, call.repository.runs.values())


@operation("GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs")
def list_workflow_runs(call: Call) -> Answer:
    """The runs of one workflow."""
    workflow = _workflow(call)
    return _listed(call, [run for run in call.repository.runs.values() if run.workflow is workflow])


def _run(call: Call) -> Run:
    found = call.repository.runs.get(call.number("run_id"))
    if found is None:
        raise not_found()
    return found


@operation("GET /repos/{owner}/{repo}/actions/runs/{run_id}")
def get_run(call: Call) -> Answer:
    """One run."""
    return Answer(shapes_runs.run(call.world, _run(call)))


@operation("POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel")
async def cancel(call: Call) -> Answer:
    """Asks a run to stop."""
    run = _run(call)
    if not runs.cancel(call.world, run, call.user):
        await call.stop_run(run)
    return Answer({}, 202)


@operation("POST /repos/{owner}/{repo}/actions/runs/{run_id}/rerun")
def rerun(call: Call) -> Answer:
    """Runs the same commit again as the next attempt."""
    runs.rerun(call.world, _run(call), call.user)
    return Answer({}, 201)


@operation("GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs")
def list_jobs(call: Call) -> Answer:
    """The jobs of the latest attempt, or of all with filter=all."""
    run = _run(call)
    jobs = run.jobs if call.query.get("filter") == "all" else runs.current_jobs(run)
    return page(call, jobs, lambda job: shapes_runs.job(call.world, job), key="jobs")


@operation("GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs")
def list_attempt_jobs(call: Call) -> Answer:
    """The jobs of one attempt."""
    attempt, run = call.number("attempt_number"), _run(call)
    if not 1 <= attempt <= run.attempt:
        raise not_found()
    jobs = [job for job in run.jobs if job.attempt == attempt]
    return page(call, jobs, lambda job: shapes_runs.job(call.world, job), key="jobs")


@operation("GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts")
def list_artifacts(call: Call) -> Answer:
    """What a run left; `name` picks one."""
    name = call.query.get("name")
    found = [one for one in _run(call).artifacts if name in (None, one.name)]
    return page(call, found, lambda one: shapes_runs.artifact(call.world, one), key="artifacts")


def _artifact(call: Call) -> Artifact:
    found = call.repository.artifacts.get(call.number("artifact_id"))
    if found is None:
        raise not_found()
    return found


@operation("GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}")
def get_artifact(call: Call) -> Answer:
    """One artifact."""
    return Answer(shapes_runs.artifact(call.world, _artifact(call)))


@operation("DELETE /repos/{owner}/{repo}/actions/artifacts/{artifact_id}")
def delete_artifact(call: Call) -> Answer:
    """Deletes an artifact and its file."""
    artifact = _artifact(call)
    del call.repository.artifacts[artifact.id]
    artifact.run.artifacts.remove(artifact)
    artifact.file.unlink(missing_ok=True)
    return Answer(status=204)


@operation("GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}")
def download_artifact(call: Call) -> Answer:
    """Leads to a link that works for a minute without a token."""
    if call.params["archive_format"] != "zip":
        raise not_found()
    return Answer(status=302, headers={"Location": _link(call, "artifact", _artifact(call).id)})


def _job(call: Call) -> Job:
    wanted = call.number("job_id")
    for run in call.repository.runs.values():
        for job in run.jobs:
            if job.id == wanted:
                return job
    raise not_found()


@operation("GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs")
def download_log(call: Call) -> Answer:
    """Leads to the plain text of a job that has ended."""
    job = _job(call)
    if job.status != "completed":
        raise not_found()
    return Answer(status=302, headers={"Location": _link(call, "log", job.id)})


# Download links


def _signature(world: World, kind: str, number: int, expires: int) -> str:
    return hmac.new(world.signing_key, f"{kind}/{number}/{expires}".encode(), hashlib.sha256).hexdigest()


def _link(call: Call, kind: str, number: int) -> str:
    expires = int(call.world.auth_clock().timestamp()) + _LINK_LIFE
    signature = _signature(call.world, kind, number, expires)
    return f"{call.world.html}/_download/{kind}/{number}?expires={expires}&signature={signature}"


def download(world: World, kind: str, number: str, expires: str, signature: str) -> Answer:
    """What a link leads to. Raises 403 for one that is false or too old, 404 for what is gone."""
    digits = number.isascii() and number.isdigit() and expires.isascii() and expires.isdigit()
    good = digits and hmac.compare_digest(_signature(world, kind, int(number), int(expires)), signature)
    if not good or int(expires) < world.auth_clock().timestamp():
        raise Refusal(403, "This link is not valid, or no longer.")
    for repository in world.repositories.values():
        if kind == "artifact" and int(number) in repository.artifacts:
            artifact = repository.artifacts[int(number)]
            disposition = {"Content-Disposition": f'attachment; filename="{artifact.id}.zip"'}
            return Answer(artifact.file.read_bytes(), headers=disposition, media_type="application/zip")
        for job in (job for run in repository.runs.values() for job in run.jobs):
            if kind == "log" and job.id == int(number):
                return Answer(job.log.encode(), media_type="text/plain; charset=utf-8")
    raise not_found()
