"""REST for check runs. Only the App that made a check run may change it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.sandbox import checks, merging, shapes_runs
from bot.sandbox.call import Answer, Call, Refusal, invalid, not_found, operation, page
from bot.sandbox.world import CheckRun


def _fields(call: Call) -> dict[str, Any]:
    """What the body sets of a CheckRun. `conclusion` means completed; sizes are held by GitHub's description."""
    body = call.body
    fields: dict[str, Any] = {
        key: body[key]
        for key in ("name", "external_id", "details_url", "status", "conclusion", "actions")
        if key in body
    }
    for key in ("started_at", "completed_at"):
        if key in body:
            fields[key] = _date(body[key])
    if "conclusion" in body:
        fields["status"] = "completed"
        fields.setdefault("completed_at", call.now)
    elif body.get("status") == "completed":
        raise invalid("CheckRun", "conclusion", "missing_field")
    elif "status" in body:
        fields["conclusion"] = fields["completed_at"] = None
    if fields.get("status") == "in_progress":
        fields.setdefault("started_at", call.now)
    if "output" in body:
        if body["output"].get("images"):
            raise Refusal(422, "The sandbox does not know images of check runs.")
        fields["output"] = {
            key: body["output"][key] for key in ("title", "summary", "text") if key in body["output"]
        }
    return fields


def _date(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except ValueError:
        raise invalid("CheckRun", "started_at") from None


def _annotations(call: Call) -> list[dict[str, Any]]:
    posted: list[dict[str, Any]] = call.body.get("output", {}).get("annotations", [])
    for one in posted:
        same_line = one["start_line"] == one["end_line"]
        if one["end_line"] < one["start_line"] or ("start_column" in one and not same_line):
            raise invalid(
                "CheckRun", "annotations", "invalid", "lines and columns of an annotation do not fit"
            )
    return posted


@operation("POST /repos/{owner}/{repo}/check-runs")
def create(call: Call) -> Answer:
    """A new check run of the calling App."""
    sha, app = call.body["head_sha"], call.app
    assert app
    if call.repository.git.commit(sha) is None:
        raise Refusal(422, f"No commit found for SHA: {sha}")
    fields = _fields(call)
    fields.pop("name")
    fields.setdefault("started_at", call.now)
    branch = next(
        (
            issue.pull.head_ref
            for issue in call.repository.pulls()
            if issue.pull and issue.pull.head_sha == sha
        ),
        None,
    )
    suite = checks.suite_of(call.world, call.repository, app, sha, branch)
    fields["annotations"] = list(_annotations(call))
    run = checks.create(call.world, call.repository, suite, call.body["name"], call.user, fields)
    return Answer(shapes_runs.check_run(call.world, run), 201)


def _run(call: Call) -> CheckRun:
    found = call.repository.check_runs.get(call.number("check_run_id"))
    if found is None:
        raise not_found()
    return found


@operation("GET /repos/{owner}/{repo}/check-runs/{check_run_id}")
def get(call: Call) -> Answer:
    """One check run."""
    return Answer(shapes_runs.check_run(call.world, _run(call)))


@operation("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}")
def update(call: Call) -> Answer:
    """Changes a check run; annotations are added to those it has."""
    run = _run(call)
    if run.suite.app is not call.app:
        raise Refusal(
            403, "Invalid app_id `{}` - check run can only be modified by the GitHub App that created it."
        )
    fields = _fields(call)
    if "output" in fields:
        fields["output"] = {**run.output, **fields["output"]}
    fields["annotations"] = [*run.annotations, *_annotations(call)]
    checks.update(call.world, run, call.user, fields)
    return Answer(shapes_runs.check_run(call.world, run))


@operation("GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations")
def list_annotations(call: Call) -> Answer:
    """All annotations of a check run."""
    run = _run(call)
    return page(call, run.annotations, lambda one: shapes_runs.annotation(call.world, run, one))


@operation("GET /repos/{owner}/{repo}/commits/{ref}/check-runs")
def list_for_ref(call: Call) -> Answer:
    """Check runs on a commit, newest first; by check_name, status, app_id; the latest of each, or filter=all."""
    commit = call.repository.git.find_commit(call.params["ref"])
    if commit is None:
        raise Refusal(422, f"No commit found for SHA: {call.params['ref']}")
    if call.query.get("filter") == "all":
        found = [run for run in call.repository.check_runs.values() if run.suite.head_sha == commit.sha]
    else:
        found = merging.latest_checks(call.repository, commit.sha)
    for key, value in (
        ("check_name", lambda run: run.name),
        ("status", lambda run: run.status),
        ("app_id", lambda run: str(run.suite.app.id)),
    ):
        if key in call.query:
            found = [run for run in found if value(run) == call.query[key]]
    found.sort(key=lambda run: -run.id)
    return page(call, found, lambda run: shapes_runs.check_run(call.world, run), key="check_runs")
