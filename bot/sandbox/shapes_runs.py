"""How checks, workflows, runs, jobs, artifacts and deliveries look in REST answers and webhooks. See shapes.py."""

from __future__ import annotations

import json
from urllib.parse import quote

from bot.sandbox import shapes, shapes_code
from bot.sandbox.shapes import Json, node, when
from bot.sandbox.world import (
    Artifact,
    CheckRun,
    CheckSuite,
    Delivery,
    Job,
    Repository,
    Run,
    Step,
    Workflow,
    World,
)


def _pulls(world: World, repo: Repository, sha: str) -> list[Json]:
    """The open PRs whose head is this commit."""
    return [
        shapes_code.pull_minimal(world, issue)
        for issue in repo.pulls()
        if issue.pull and issue.state == "open" and issue.pull.head_sha == sha
    ]


def check_run(world: World, it: CheckRun) -> Json:
    """A check run."""
    repo = it.repository
    api = f"{shapes_code.base(world, repo)}/check-runs/{it.id}"
    html = f"{world.html}/{repo.full_name}/runs/{it.id}"
    return {
        "id": it.id,
        "node_id": node("CR", it.id),
        "head_sha": it.suite.head_sha,
        "name": it.name,
        "external_id": it.external_id,
        "url": api,
        "html_url": html,
        "details_url": it.details_url or html,
        "status": it.status,
        "conclusion": it.conclusion,
        "started_at": when(it.started_at),
        "completed_at": when(it.completed_at),
        "output": {
            "title": it.output.get("title"),
            "summary": it.output.get("summary"),
            "text": it.output.get("text"),
            "annotations_count": len(it.annotations),
            "annotations_url": f"{api}/annotations",
        },
        "check_suite": {"id": it.suite.id},
        "app": shapes.app(world, it.suite.app),
        "pull_requests": _pulls(world, repo, it.suite.head_sha),
    }


def annotation(world: World, it: CheckRun, posted: Json) -> Json:
    """An annotation of a check run, from what was posted."""
    path = quote(str(posted["path"]))
    return {
        "path": posted["path"],
        "blob_href": f"{world.html}/{it.repository.full_name}/blob/{it.suite.head_sha}/{path}",
        **{key: posted.get(key) for key in ("start_line", "start_column", "end_line", "end_column")},
        **{key: posted.get(key) for key in ("annotation_level", "title", "message", "raw_details")},
    }


def check_suite(world: World, repo: Repository, it: CheckSuite, status: str, conclusion: str | None) -> Json:
    """A check suite as in its webhooks."""
    api = f"{shapes_code.base(world, repo)}/check-suites/{it.id}"
    commit = repo.git.commit(it.head_sha)
    return {
        "id": it.id,
        "node_id": node("CS", it.id),
        "head_branch": it.head_branch,
        "head_sha": it.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": api,
        "before": None,
        "after": it.head_sha,
        "pull_requests": _pulls(world, repo, it.head_sha),
        "app": shapes.app(world, it.app),
        "created_at": when(it.created_at),
        "updated_at": when(it.created_at),
        "rerequestable": True,
        "runs_rerequestable": True,
        "latest_check_runs_count": sum(run.suite is it for run in repo.check_runs.values()),
        "check_runs_url": f"{api}/check-runs",
        "head_commit": simple_commit(world, repo, commit.sha) if commit else None,
    }


def simple_commit(world: World, repo: Repository, sha: str) -> Json:
    """A commit as runs and check suites show it."""
    commit = repo.git.commit(sha)
    assert commit
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": shapes_code.git_commit(world, repo, commit)["committer"]["date"],
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
    }


def workflow(world: World, repo: Repository, it: Workflow) -> Json:
    """A workflow."""
    html = f"{world.html}/{repo.full_name}"
    return {
        "id": it.id,
        "node_id": node("W", it.id),
        "name": it.name,
        "path": it.path,
        "state": it.state,
        "created_at": when(it.created_at),
        "updated_at": when(it.created_at),
        "url": f"{shapes_code.base(world, repo)}/actions/workflows/{it.id}",
        "html_url": f"{html}/blob/{repo.default_branch}/{it.path}",
        "badge_url": f"{html}/workflows/{quote(it.name)}/badge.svg",
    }


def run(world: World, it: Run) -> Json:
    """A workflow run as it is now."""
    repo = it.repository
    base = shapes_code.base(world, repo)
    api = f"{base}/actions/runs/{it.id}"
    whole = shapes.repository(world, repo)
    return {
        "id": it.id,
        "name": it.workflow.name,
        "node_id": node("WFR", it.id),
        "head_branch": it.head_branch,
        "head_sha": it.head_sha,
        "path": it.workflow.path,
        "display_title": it.title,
        "run_number": it.number,
        "run_attempt": it.attempt,
        "event": it.event,
        "status": it.status,
        "conclusion": it.conclusion,
        "workflow_id": it.workflow.id,
        "check_suite_id": it.suite.id,
        "check_suite_node_id": node("CS", it.suite.id),
        "url": api,
        "html_url": f"{world.html}/{repo.full_name}/actions/runs/{it.id}",
        "pull_requests": _pulls(world, repo, it.head_sha) if it.event == "pull_request" else [],
        "created_at": when(it.created_at),
        "updated_at": when(it.updated_at),
        "run_started_at": when(it.started_at),
        "actor": shapes.user(world, it.actor),
        "triggering_actor": shapes.user(world, it.triggering_actor),
        "referenced_workflows": [],
        "jobs_url": f"{api}/jobs",
        "logs_url": f"{api}/logs",
        "check_suite_url": f"{base}/check-suites/{it.suite.id}",
        "artifacts_url": f"{api}/artifacts",
        "cancel_url": f"{api}/cancel",
        "rerun_url": f"{api}/rerun",
        "previous_attempt_url": f"{api}/attempts/{it.attempt - 1}" if it.attempt > 1 else None,
        "workflow_url": f"{base}/actions/workflows/{it.workflow.id}",
        "head_commit": simple_commit(world, repo, it.head_sha),
        "repository": whole,
        "head_repository": whole,
    }


def _step(it: Step) -> Json:
    return {
        "name": it.name,
        "status": "completed",
        "conclusion": it.conclusion,
        "number": it.number,
        "started_at": when(it.started_at),
        "completed_at": when(it.completed_at),
    }


def job(world: World, it: Job) -> Json:
    """A job with the steps that have ended."""
    repo = it.run.repository
    base = shapes_code.base(world, repo)
    started = it.status != "queued"
    return {
        "id": it.id,
        "run_id": it.run.id,
        "workflow_name": it.run.workflow.name,
        "head_branch": it.run.head_branch,
        "run_url": f"{base}/actions/runs/{it.run.id}",
        "run_attempt": it.attempt,
        "node_id": node("J", it.id),
        "head_sha": it.run.head_sha,
        "url": f"{base}/actions/jobs/{it.id}",
        "html_url": f"{world.html}/{repo.full_name}/actions/runs/{it.run.id}/job/{it.id}",
        "status": it.status,
        "conclusion": it.conclusion,
        "created_at": when(it.created_at),
        "started_at": when(it.started_at or it.created_at),
        "completed_at": when(it.completed_at),
        "name": it.name,
        "steps": [_step(step) for step in it.steps],
        "check_run_url": f"{base}/check-runs/{it.check_run.id}",
        "labels": ["ubuntu-24.04"],
        "runner_id": 1 if started else None,
        "runner_name": "sandbox" if started else None,
        "runner_group_id": 1 if started else None,
        "runner_group_name": "sandbox" if started else None,
    }


def artifact(world: World, it: Artifact) -> Json:
    """An artifact."""
    repo = it.run.repository
    api = f"{shapes_code.base(world, repo)}/actions/artifacts/{it.id}"
    return {
        "id": it.id,
        "node_id": node("AR", it.id),
        "name": it.name,
        "size_in_bytes": it.size,
        "url": api,
        "archive_download_url": f"{api}/zip",
        "expired": False,
        "digest": it.digest,
        "created_at": when(it.created_at),
        "updated_at": when(it.created_at),
        "expires_at": when(it.expires_at),
        "workflow_run": {
            "id": it.run.id,
            "repository_id": repo.id,
            "head_repository_id": repo.id,
            "head_branch": it.run.head_branch,
            "head_sha": it.run.head_sha,
        },
    }


def delivery(world: World, it: Delivery, *, full: bool = False) -> Json:
    """An entry of the delivery log; with `full`, request and response too."""
    shape: Json = {
        "id": it.id,
        "guid": it.guid,
        "delivered_at": when(it.delivered_at or it.created_at),
        "redelivery": it.redelivery,
        "duration": it.duration,
        "status": it.status,
        "status_code": it.status_code,
        "event": it.event,
        "action": it.action,
        "installation_id": it.installation.id if it.installation else None,
        "repository_id": it.repository.id if it.repository else None,
        "throttled_at": None,
    }
    if full:
        shape["url"] = it.app.webhook_url
        shape["request"] = {"headers": it.request_headers, "payload": json.loads(it.body)}
        shape["response"] = {"headers": it.response_headers, "payload": it.response_body}
    return shape
