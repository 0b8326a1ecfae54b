"""The whole way of the demo: its real plan, its real agent, the one file, four machines, and the App's verdict."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.actions.generator import GeneratedWorkflow, GitHubActionsGenerator
from bot.gates.evidence import judge_run
from bot.gates.patch import apply, parse, touched
from bot.gates.rules import judge_patch, limits_of
from bot.gates.weakening import stubs_of
from bot.plans.cloi_yml import read as read_configuration
from bot.plans.planner import plan as make_plan
from bot.records.reader import read as read_record
from bot.result import Verdict
from bot.runner.build import sha256

TEMPLATES = Path(__file__).parents[2] / "templates"
RECORD = "docs/adr/0003-limit-login-attempts-with-a-token-bucket.md"
GIT = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
SUCCESS = dict.fromkeys(("implement", "validate", "integrate", "report"), "success")


@dataclass
class Shop:
    """The demo's repository with the approved files on its default branch, and the jobs that run on it."""

    root: Path
    pyz: Path
    python: list[str]
    made: GeneratedWorkflow
    plan: dict[str, Any]
    sha: str
    said: list[str] = field(default_factory=list)

    def machine(self, job: str) -> Path:
        """A fresh machine with a clean checkout of the base."""
        home = self.root / job
        subprocess.run(
            [*GIT, "clone", "-q", "--no-local", self.root / "repository", home / "checkout"], check=True
        )
        (home / "temp").mkdir()
        return home

    def cloi(self, machine: Path, *argv: str, **env: str) -> int:
        """One command of the runner's file, as the workflow calls it."""
        given = {
            "PATH": os.environ["PATH"],
            "HOME": str(machine),
            "RUNNER_TEMP": str(machine / "temp"),
            "GITHUB_SHA": self.sha,
            "GITHUB_EVENT_NAME": "workflow_dispatch",
            "CLOI_WORKFLOW_ID": self.plan["workflowId"],
            "CLOI_PLAN": self.made.plan_path,
            "PLAN_ID": self.plan["workflowId"],
            "APPROVAL": self.made.approval,
            "MODE": "implement",
            "ATTEMPT": "1",
            **env,
        }
        run = subprocess.run(
            [*self.python, str(self.pyz), *argv],
            cwd=machine / "checkout",
            env=given,
            capture_output=True,
            text=True,
        )
        self.said.append(run.stdout + run.stderr)
        return run.returncode


@pytest.fixture
def shop(tmp_path: Path, pyz: Path, bare_python: list[str]) -> Shop:
    repository = tmp_path / "repository"
    shutil.copytree(TEMPLATES / "demo", repository)
    shutil.copytree(TEMPLATES / "demo-pr", repository, dirs_exist_ok=True)
    record = read_record(RECORD, (repository / RECORD).read_bytes())
    plan = make_plan(record, read_configuration((repository / ".github" / "cloi.yml").read_bytes()))
    made = GitHubActionsGenerator("https://bot.example/cloi.pyz", sha256(), "0.1.0").generate(plan)
    for path, content in ((made.path, made.text), (made.plan_path, made.plan_bytes)):
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_bytes(content)
    for argv in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "The shop"]):
        subprocess.run([*GIT, *argv], cwd=repository, check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True
    )
    return Shop(tmp_path, pyz, bare_python, made, json.loads(made.plan_bytes), head.stdout.strip())


def test_from_an_approved_plan_to_a_judged_change(shop: Shop) -> None:
    feature = f"--feature={shop.plan['feature']}"
    first = shop.machine("implement")
    for argv in (
        ["check-inputs"],
        ["approve", "--plan", shop.made.plan_path, "--workflow", shop.made.path],
        ["generate", "implementation", feature, "--adr-based", "--ai-enhanced"],
        ["generate", "tests", feature, "--coverage-target=80"],
        ["generate", "docs", feature, "--api-docs", "--user-guide"],
        ["handover"],
    ):
        assert shop.cloi(first, *argv) == 0, shop.said[-1]
    assert any("I am a script that plays an agent" in said for said in shop.said)

    last = shop.machine("report")
    shutil.copytree(first / "temp" / "handover", last / "temp" / "artifacts" / "cloi-patch")
    for job, gate in (("validate", "tests"), ("integrate", "new-tests")):
        machine = shop.machine(job)
        shutil.copytree(first / "temp" / "handover", machine / "temp" / "handover")
        assert shop.cloi(machine, "gate", "patch") == 0, shop.said[-1]
        assert shop.cloi(machine, "gate", gate) == 0, shop.said[-1]
        shutil.copytree(machine / "temp" / "evidence", last / "temp" / "artifacts" / f"cloi-evidence-{job}")
    needs = {"IMPLEMENT": "success", "VALIDATE": "success", "INTEGRATE": "success"}
    assert shop.cloi(last, "report", **needs) == 0, shop.said[-1]

    # The App judges for itself, from the artifact and the base.
    claimed = json.loads((last / "temp" / "result" / "result.json").read_text())
    patch = parse((first / "temp" / "handover" / "patch.diff").read_bytes())
    base = {
        p: (last / "checkout" / p).read_bytes() for p in touched(patch) if (last / "checkout" / p).is_file()
    }
    expected = {"baseSha": shop.sha, "planDigest": shop.plan["digest"], "patchSha256": patch.sha256}
    judged = judge_patch(patch, limits_of(shop.plan), base, stubs=stubs_of(shop.plan))
    verdict = judge_run(judged, SUCCESS, claimed, expected=expected)
    assert verdict.verdict is Verdict.PASS, verdict
    assert set(apply(patch, base)) == {
        "teashop/login_limit.py",
        "teashop/accounts.py",
        "tests/test_login_limit.py",
        f"docs/{shop.plan['feature']}-api.md",
        f"docs/{shop.plan['feature']}-guide.md",
    }


def test_the_demos_agent_says_what_it_is_and_refuses_what_it_cannot_do(shop: Shop) -> None:
    machine = shop.machine("implement")
    accounts = machine / "checkout" / "teashop" / "accounts.py"
    accounts.write_text(accounts.read_text().replace("import os\n", "import os as system\n"))
    argv = ["generate", "implementation", f"--feature={shop.plan['feature']}", "--adr-based", "--ai-enhanced"]
    assert shop.cloi(machine, *argv) == 1
    assert "I cannot think" in shop.said[-1]
    assert "ended the task implementation with exit code 1" in shop.said[-1]


def test_the_demo_is_a_small_repository_whose_own_tests_pass(shop: Shop) -> None:
    files = [p for p in (TEMPLATES / "demo").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    assert len(files) < 15
    command = shop.plan["testStrategy"]["command"]
    run = subprocess.run(command, cwd=shop.root / "repository", capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
