"""Workflow runs: dispatched and triggered, their jobs, checks, logs, artifacts; with recorded executions."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.sandbox.execution import JobQueued, RunEvent, RunFinished, RunSpec
from bot.sandbox.recorded import Recording

DISPATCH = "actions/workflows/ci.yml/dispatches"
ON_PUSH = "on:\n  push: {branches: [main]}\n  pull_request:\njobs:\n  t: {runs-on: x, steps: []}\n"


async def dispatch(shop: Any, **inputs: str) -> Any:
    body = {"ref": "main", "inputs": {"key": "k1", **inputs}, "return_run_details": True}
    return await shop.good(shop.mint(), "POST", DISPATCH, body)


async def test_a_dispatched_run_has_jobs_checks_logs_and_artifacts(shop: Any) -> None:
    shop.recordings["ci.yml"] = Recording(
        {"build": "success", "deploy": "skipped"},
        logs={"build": "hello from build\n"},
        artifacts={"result": {"verdict.json": "{}", "deep/file.txt": "x"}},
    )
    started = await dispatch(shop)
    run = await shop.good("rita", "GET", f"actions/runs/{started['workflow_run_id']}")
    assert (run["status"], run["event"], run["actor"]["login"]) == (
        "queued",
        "workflow_dispatch",
        "cloi[bot]",
    )
    assert run["display_title"] == f"k1 by {run['id']}"
    assert run["head_sha"] == (await shop.good("rita", "GET", "commits/main"))["sha"]
    await shop.sandbox.pump()

    run = await shop.good("rita", "GET", f"actions/runs/{run['id']}")
    assert (run["status"], run["conclusion"], run["path"]) == (
        "completed",
        "success",
        ".github/workflows/ci.yml",
    )
    jobs = (await shop.good("rita", "GET", f"actions/runs/{run['id']}/jobs"))["jobs"]
    assert {job["name"]: job["conclusion"] for job in jobs} == {"build": "success", "deploy": "skipped"}
    checks = (await shop.good("rita", "GET", f"commits/{run['head_sha']}/check-runs"))["check_runs"]
    assert {(check["name"], check["app"]["slug"]) for check in checks} == {
        ("build", "github-actions"),
        ("deploy", "github-actions"),
    }
    log = await shop.request("rita", "GET", f"actions/jobs/{jobs[0]['id']}/logs")
    assert (log.status_code, (await shop.http.get(log.headers["Location"])).text) == (
        302,
        "hello from build\n",
    )

    listed = (await shop.good("rita", "GET", f"actions/runs/{run['id']}/artifacts?name=result"))["artifacts"]
    link = (await shop.request("rita", "GET", f"actions/artifacts/{listed[0]['id']}/zip")).headers["Location"]
    data = (await shop.http.get(link)).content
    assert listed[0]["digest"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert sorted(zipfile.ZipFile(io.BytesIO(data)).namelist()) == ["deep/file.txt", "verdict.json"]
    await shop.good("maria", "DELETE", f"actions/artifacts/{listed[0]['id']}")
    assert (await shop.http.get(link)).status_code == 404

    assert shop.mailbox.events[1:] == [
        "workflow_run.requested",
        "workflow_run.in_progress",
        *["check_run.created", "workflow_job.queued"] * 2,
        *["workflow_job.in_progress", "check_run.completed", "workflow_job.completed"],
        *["check_run.completed", "check_suite.completed", "workflow_job.completed"],
        "workflow_run.completed",
    ]


async def test_a_link_is_signed_and_ends_after_a_minute(shop: Any) -> None:
    shop.recordings["ci.yml"] = Recording({"build": "success"}, artifacts={"a": {"f": "1"}})
    await dispatch(shop)
    await shop.sandbox.pump()
    link = (await shop.request("rita", "GET", "actions/artifacts/1001/zip")).headers["Location"]
    assert (await shop.http.get(link.replace("/1001?", "/1002?"))).status_code == 403
    assert (await shop.http.get(link + "0")).status_code == 403
    shop.sandbox.world.auth_clock = lambda: datetime.now(UTC) + timedelta(seconds=61)
    assert (await shop.http.get(link)).status_code == 403


async def test_a_dispatch_is_refused_for_wrong_inputs_and_places(shop: Any) -> None:
    token = shop.mint()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"ref": "main"}, "Required input 'key' not provided"),
        ({"ref": "main", "inputs": {"key": "1", "x": "2"}}, "Unexpected inputs provided: ['x']"),
        ({"ref": "main", "inputs": {"key": "1", "mode": "x"}}, "not in the list of allowed values"),
        ({"ref": "nowhere", "inputs": {"key": "1"}}, "No ref found for: nowhere"),
        ({"ref": "main", "inputs": {str(number): "" for number in range(26)}}, "more than 25"),
    ]
    for body, words in wrong:
        refused = await shop.request(token, "POST", DISPATCH, body)
        assert refused.status_code == 422, body
        assert words in refused.json()["message"], refused.text
    await shop.branch("other", {".github/workflows/new.yml": "on: workflow_dispatch\n"})
    body = {"ref": "other"}
    missing = await shop.request("tom", "POST", "actions/workflows/new.yml/dispatches", body)
    assert missing.status_code == 404  # the file must be on the default branch
    await shop.good("tom", "PUT", "actions/workflows/ci.yml/disable")
    refused = await shop.request(token, "POST", DISPATCH, {"ref": "main", "inputs": {"key": "1"}})
    assert "disabled" in refused.json()["message"]
    assert not shop.sandbox.world.queue


async def test_only_a_run_that_is_asked_for_tells_its_id_and_the_new_version_always(shop: Any) -> None:
    body = {"ref": "main", "inputs": {"key": "1"}}
    assert (await shop.request("tom", "POST", DISPATCH, body)).status_code == 204
    newer = await shop.request("tom", "POST", DISPATCH, body, X_GitHub_Api_Version="2026-03-10")
    assert (newer.status_code, newer.json()["workflow_run_id"]) == (200, 1002)
    listed = await shop.good("tom", "GET", "actions/workflows/ci.yml/runs?event=workflow_dispatch&actor=tom")
    assert [run["id"] for run in listed["workflow_runs"]] == [1002, 1001]
    none = await shop.good("tom", "GET", "actions/runs?created=>2027-01-01")
    assert none["total_count"] == 0


async def test_a_queued_run_is_cancelled_and_run_again(shop: Any) -> None:
    run_id = (await dispatch(shop))["workflow_run_id"]
    await shop.good(shop.mint(), "POST", f"actions/runs/{run_id}/cancel")
    run = await shop.good("tom", "GET", f"actions/runs/{run_id}")
    assert (run["status"], run["conclusion"]) == ("completed", "cancelled")
    assert (await shop.request("tom", "POST", f"actions/runs/{run_id}/cancel")).status_code == 409
    await shop.good("tom", "POST", f"actions/runs/{run_id}/rerun")
    await shop.sandbox.pump()
    run = await shop.good("tom", "GET", f"actions/runs/{run_id}")
    assert (run["run_attempt"], run["conclusion"]) == (2, "success")
    first = await shop.good("tom", "GET", f"actions/runs/{run_id}/attempts/1/jobs")
    second = await shop.good("tom", "GET", f"actions/runs/{run_id}/attempts/2/jobs")
    assert (first["total_count"], second["total_count"]) == (0, 1)


async def test_a_run_is_cancelled_while_it_goes_on(shop: Any) -> None:
    """The App cancels when it hears that a job began."""
    shop.recordings["ci.yml"] = Recording({"one": "success", "two": "success"})
    run_id = (await dispatch(shop))["workflow_run_id"]
    original = shop.mailbox.__call__

    async def cancel_then_keep(request: Any) -> Any:
        answer = await original(request)
        if shop.mailbox.events[-1] == "workflow_job.in_progress":
            await shop.good(shop.mint(), "POST", f"actions/runs/{run_id}/cancel")
        return answer

    shop.sandbox.deliverer.client._transport.handler = cancel_then_keep
    await shop.sandbox.pump()
    run = await shop.good("tom", "GET", f"actions/runs/{run_id}")
    jobs = (await shop.good("tom", "GET", f"actions/runs/{run_id}/jobs"))["jobs"]
    assert run["conclusion"] == "cancelled"
    assert [job["conclusion"] for job in jobs] == ["success", "cancelled"]


async def test_pushes_and_prs_start_runs_but_not_those_of_a_run(shop: Any) -> None:
    await shop.good("maria", "PUT", "contents/.github/workflows/t.yml", _put(ON_PUSH))
    shop.recordings["t.yml"] = Recording({"t": "success"})
    await shop.pull("one", {"a.txt": "1"})
    await shop.good("maria", "PUT", "pulls/1/merge", {})
    runs = (await shop.good("maria", "GET", "actions/runs"))["workflow_runs"]
    assert [(run["event"], run["head_branch"], run["display_title"]) for run in runs] == [
        ("push", "main", "Merge pull request #1 from acme/one"),
        ("pull_request", "one", "Add one"),
        ("push", "main", "Write"),
    ]
    await shop.sandbox.pump()
    head = (await shop.good("maria", "GET", "pulls/1"))["head"]["sha"]
    assert (await shop.good("maria", "GET", f"commits/{head}/check-runs"))["total_count"] == 1


async def test_a_runs_token_is_held_to_its_permissions_and_dies_with_it(shop: Any) -> None:
    seen: list[tuple[str, int]] = []

    class Nosy:
        """Tries its token while the run goes on."""

        async def execute(self, spec: RunSpec) -> AsyncIterator[RunEvent]:
            read = await shop.request(spec.token, "GET", "contents/README.md")
            write = await shop.request(spec.token, "POST", "issues", {"title": "x"})
            seen.extend([(spec.token, read.status_code), (spec.token, write.status_code)])
            assert (spec.checkout / "src/cart.py").exists()
            assert spec.event["inputs"]["key"] == "k1"
            yield JobQueued("build")
            yield RunFinished("success")

        async def cancel(self, run_id: int) -> None:
            raise AssertionError

    shop.sandbox.runner.executor = Nosy()
    await dispatch(shop)
    await shop.sandbox.run_workflows()
    assert [status for _, status in seen] == [200, 403]
    assert (await shop.request(seen[0][0], "GET", "contents/README.md")).status_code == 401
    job = (await shop.good("tom", "GET", "actions/runs/1001/jobs"))["jobs"][0]
    assert job["conclusion"] == "cancelled"  # nobody finished it
    assert not list((shop.sandbox.world.root / "runs").iterdir())


async def test_an_executor_that_breaks_fails_the_run_and_says_why(shop: Any) -> None:
    shop.recordings.clear()
    await dispatch(shop)
    await shop.sandbox.pump()
    run = await shop.good("tom", "GET", "actions/runs/1001")
    assert run["conclusion"] == "failure"
    job = (await shop.good("tom", "GET", "actions/runs/1001/jobs"))["jobs"][0]
    link = (await shop.request("tom", "GET", f"actions/jobs/{job['id']}/logs")).headers["Location"]
    assert "there is no recording" in (await shop.http.get(link)).text


async def test_links_in_an_artifact_are_not_followed(shop: Any) -> None:
    class Linking:
        """Leaves a link to a file of the host."""

        async def execute(self, spec: RunSpec) -> AsyncIterator[RunEvent]:
            folder = spec.artifacts / "loot"
            folder.mkdir()
            (folder / "plain").write_text("1")
            (folder / "passwd").symlink_to("/etc/passwd")
            (spec.artifacts / "root").symlink_to("/etc")
            yield RunFinished("success")

        async def cancel(self, run_id: int) -> None:
            raise AssertionError

    shop.sandbox.runner.executor = Linking()
    await dispatch(shop)
    await shop.sandbox.run_workflows()
    artifacts = shop.sandbox.repository("acme/shop").artifacts
    assert [artifact.name for artifact in artifacts.values()] == ["loot"]
    with zipfile.ZipFile(artifacts[1001].file) as archive:
        assert archive.namelist() == ["plain"]


async def test_in_the_background_things_happen_by_themselves(shop: Any) -> None:
    async with shop.sandbox.background(), asyncio.timeout(10):
        await dispatch(shop)
        await shop.mailbox.wait_for("workflow_run.completed")
    assert shop.mailbox.payload("workflow_run.completed")["workflow_run"]["conclusion"] == "success"


def _put(text: str) -> dict[str, str]:
    return {"message": "Write", "content": base64.b64encode(text.encode()).decode()}
