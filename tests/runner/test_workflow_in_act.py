"""The generated workflow really run, where the demo's story does not go: verifying, and refusing."""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bot.actions.generator import GeneratedWorkflow, GitHubActionsGenerator
from bot.gates.evidence import judge_run
from bot.gates.marker import write_marker
from bot.plans.cloi_yml import read as read_configuration
from bot.plans.planner import plan as make_plan
from bot.records.reader import read as read_record
from bot.runner.build import build, sha256
from bot.sandbox.act import ActExecutor
from bot.sandbox.execution import JobFinished, RunEvent, RunSpec

TEMPLATES = Path(__file__).parents[2] / "templates"
RECORD = "docs/adr/0003-limit-login-attempts-with-a-token-bucket.md"
GIT = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]


class Served(BaseHTTPRequestHandler):
    """The bot's side: one file."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(build())))
        self.end_headers()
        self.wfile.write(build())

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/cloi.pyz"
        server.shutdown()


@dataclass
class Ran:
    """How a run ended: conclusion and log by job, and result.json."""

    jobs: dict[str, str]
    logs: dict[str, str]
    result: dict[str, object] | None
    made: GeneratedWorkflow
    sha: str


def shop_with_workflow(shop: Path, address: str, *, in_force: bool) -> tuple[GeneratedWorkflow, str]:
    """The demo's default branch after its workflow PR (in_force: also after its implementation PR)."""
    shutil.copytree(TEMPLATES / "demo", shop)
    shutil.copytree(TEMPLATES / "demo-pr", shop, dirs_exist_ok=True)
    configuration = read_configuration((shop / ".github" / "cloi.yml").read_bytes())
    plan = make_plan(read_record(RECORD, (shop / RECORD).read_bytes()), configuration)
    made = GitHubActionsGenerator(address, sha256(), "0.1.0").generate(plan)
    files = {made.path: made.text, made.plan_path: made.plan_bytes}
    if in_force:
        files[made.marker_path] = write_marker(json.loads(made.plan_bytes), made.approval)
    for path, content in files.items():
        (shop / path).parent.mkdir(parents=True, exist_ok=True)
        (shop / path).write_bytes(content)
    for argv in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "The shop"]):
        subprocess.run([*GIT, *argv], cwd=shop, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=shop, capture_output=True, text=True, check=True)
    return made, head.stdout.strip()


@pytest.fixture
def run(tmp_path: Path, address: str) -> Callable[..., Awaitable[Ran]]:
    """Runs the demo's workflow on a default branch, with or without the marker."""

    async def go(event: str, *, in_force: bool, **inputs: str) -> Ran:
        made, sha = shop_with_workflow(tmp_path / "shop", address, in_force=in_force)
        plan = json.loads(made.plan_bytes)
        given = {
            "implementation_plan_id": plan["workflowId"],
            "approval": made.approval,
            "attempt": "1",
            **inputs,
        }
        (tmp_path / "artifacts").mkdir()
        spec = RunSpec(
            run_id=17, attempt=1, workflow_path=made.path, checkout=tmp_path / "shop", event_name=event,
            event={"inputs": given} if event == "workflow_dispatch" else {}, repository="acme/shop",
            ref="refs/heads/main", sha=sha, actor="cloi[bot]", token="ghs_nothing",
            api_url="http://127.0.0.1:1/api/v3", server_url="http://127.0.0.1:1", artifacts=tmp_path / "artifacts",
        )  # fmt: skip
        ended = [e async for e in events(spec) if isinstance(e, JobFinished)]
        result = tmp_path / "artifacts" / "cloi-result" / "result.json"
        claimed = json.loads(result.read_text()) if result.exists() else None
        return Ran(
            {e.name: e.conclusion for e in ended}, {e.name: e.log for e in ended}, claimed, made, spec.sha
        )

    return go


async def events(spec: RunSpec) -> AsyncIterator[RunEvent]:
    async for event in ActExecutor(grace_s=3).execute(spec):
        yield event


async def test_a_daily_run_tests_what_is_in_force_and_generates_nothing(
    run: Callable[..., Awaitable[Ran]],
) -> None:
    ran = await run("schedule", in_force=True)
    jobs = {"implement": "skipped", "validate": "success", "integrate": "skipped", "report": "success"}
    assert ran.jobs == jobs, ran.logs
    assert "the decision is in force and holds" in ran.logs["validate"]
    assert judge_run(None, ran.jobs, ran.result, mode="verify", expected={"baseSha": ran.sha}).passed


async def test_a_dispatch_that_was_not_approved_ends_before_anything_runs(
    run: Callable[..., Awaitable[Ran]],
) -> None:
    ran = await run("workflow_dispatch", in_force=False, mode="implement", approval="0" * 64)
    assert ran.jobs["implement"] == "failure"
    assert ran.jobs["validate"] == ran.jobs["integrate"] == "skipped"
    assert "are not what was approved" in ran.logs["implement"]
    assert "Starting scripted-agent" not in ran.logs["implement"]
    assert ran.result is not None and ran.result["execution"] == {"status": "not_started", "steps": []}
