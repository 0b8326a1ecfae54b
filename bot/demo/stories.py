"""The stories that the demo plays: what people do, and what they then wait for.

A story says nothing of how the bot does its part, and takes its facts for the report from GitHub's side of
things: pull requests, checks and runs as the sandbox has them, and the default branch's tests, really run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.demo.stage import REPOSITORY, Stage
from bot.templates_dir import templates

RECORD = "ADR-0003"


@dataclass
class Told:
    """What a story has come to; the numbers of what it made."""

    name: str
    instance: str = ""
    adr_pull: int | None = None
    issue: int | None = None
    workflow_pull: int | None = None
    implementation_pull: int | None = None
    revert_pull: int | None = None
    tree_restored: bool | None = None


Story = Callable[[Stage], Awaitable[Told]]


def proposal() -> dict[str, bytes]:
    """The files of the author's pull request."""
    return _files(templates() / "demo-pr")


async def decided(stage: Stage, told: Told) -> None:
    """An author proposes the record, the bot checks it, a maintainer merges it."""
    tom, maria = stage.person("tom"), stage.person("maria")
    pull = await tom.propose("limit-logins", proposal(), title=f"{RECORD}: limit login attempts")
    told.adr_pull = pull["number"]
    stage.tell("tom", f"proposes a decision record in #{pull['number']}", pull["html_url"])
    check = await stage.until(lambda: stage.check(pull["head"]["sha"], "CLOI / decision records"))
    stage.tell("cloi", f"read it and says: {check['title']}", check["html_url"])
    await maria.merge(pull["number"])
    stage.tell("maria", f"merges #{pull['number']}: it is decided")


async def asked(stage: Stage, told: Told) -> None:
    """Somebody asks for it, and the bot proposes a workflow."""
    tom = stage.person("tom")
    issue = await tom.open_issue(f"Implement {RECORD}", "Guessing passwords must become pointless.")
    told.issue = issue["number"]
    comment = await tom.say(issue["number"], f"/cloi implement {RECORD}")
    stage.tell("tom", f"comments `/cloi implement {RECORD}` on #{issue['number']}", comment["html_url"])
    pull = await stage.until(lambda: stage.pull_by_bot("workflow"))
    told.workflow_pull = pull["number"]
    told.instance = stage.instance()
    stage.tell("cloi", f"made a plan and proposes its workflow in #{pull['number']}", pull["html_url"])


async def run(stage: Stage, told: Told) -> None:
    """A maintainer merges the workflow; it runs; the judged change becomes a pull request."""
    maria = stage.person("maria")
    assert told.workflow_pull is not None
    await maria.approve(told.workflow_pull, "Plan and workflow read. Go.")
    await maria.merge(told.workflow_pull)
    stage.tell("maria", f"reads and merges #{told.workflow_pull}: what she approved is what runs")
    going = await stage.until(stage.run)
    stage.tell("cloi", f"dispatched run {going['id']}", going["html_url"])
    ended = await stage.until(lambda: stage.run(status="completed"))
    jobs = ", ".join(f"{name} {conclusion}" for name, conclusion in stage.jobs(ended["id"]).items())
    stage.tell("runner", f"ended: {jobs}", ended["html_url"])
    pull = await stage.until(lambda: stage.pull_by_bot("implementation"))
    told.implementation_pull = pull["number"]
    stage.tell("cloi", f"judged the change and opens #{pull['number']}", pull["html_url"])


async def happy(stage: Stage) -> Told:
    """All goes well: record, plan, workflow, run, judged change, merge."""
    told = Told("happy")
    await decided(stage, told)
    await asked(stage, told)
    await run(stage, told)
    assert told.implementation_pull is not None
    await stage.person("maria").merge(told.implementation_pull)
    stage.tell("maria", f"reviews and merges #{told.implementation_pull}")
    await stage.until(lambda: stage.state(told.instance) == "completed")
    await stage.until(lambda: stage.state(f"follow-implementation/{told.instance}") == "completed")
    stage.tell("cloi", "is done; its one comment on the issue says so", stage.url(f"/issues/{told.issue}"))
    return told


async def gate_fails(stage: Stage) -> Told:
    """The change is good by itself, but others have built something beside that it breaks: it is taken back."""
    told = Told("gate-fails")
    maria = stage.person("maria")
    await decided(stage, told)
    await asked(stage, told)
    await run(stage, told)
    assert told.implementation_pull is not None
    await maria.write("main", "tests/test_patience.py", PATIENCE_TEST, "Customers may mistype eight times")
    stage.tell("maria", "pushes a test to main that the change will break: customers may mistype eight times")
    without = stage.sandbox.tree(REPOSITORY, "main")
    await maria.merge(told.implementation_pull)
    stage.tell("maria", f"merges #{told.implementation_pull}; git finds no conflict")
    verify = await stage.until(lambda: stage.run(status="completed", number=2))
    jobs = ", ".join(f"{name} {conclusion}" for name, conclusion in stage.jobs(verify["id"]).items())
    stage.tell("runner", f"verified the default branch: {jobs}", verify["html_url"])
    revert = await stage.until(lambda: stage.pull_by_bot("revert"))
    told.revert_pull = revert["number"]
    stage.tell("cloi", f"proposes to take it back in #{revert['number']}", revert["html_url"])
    await maria.merge(told.revert_pull)
    stage.tell("maria", f"merges the revert #{told.revert_pull}")
    await stage.until(lambda: stage.state(told.instance) == "compensated")
    await stage.until(lambda: stage.state(f"follow-implementation/{told.instance}") == "completed")
    told.tree_restored = stage.sandbox.tree(REPOSITORY, "main") == without
    stage.tell("cloi", "says on the issue what was undone, and why", stage.url(f"/issues/{told.issue}"))
    return told


STORIES: dict[str, Story] = {"happy": happy, "gate-fails": gate_fails}
ENDINGS = {"happy": ("completed", None), "gate-fails": ("compensated", True)}

PATIENCE_TEST = b'''"""Whoever mistypes a lot is still a customer."""

import unittest

from teashop.accounts import Accounts


class Patience(unittest.TestCase):
    def test_a_customer_may_mistype_eight_times(self):
        accounts = Accounts()
        accounts.register("ada", "correct horse")
        for _ in range(8):
            self.assertFalse(accounts.login("ada", "wrong"))
        self.assertTrue(accounts.login("ada", "correct horse"))
'''


async def report(stage: Stage, told: Told) -> dict[str, Any]:
    """The story's end as data, looked up and not remembered."""
    outcome = await stage.default_branch_tests()
    started = stage.run()
    out: dict[str, Any] = {
        "name": told.name,
        "state": stage.state(told.instance) or None,
        "adr_check": stage.adr_check(told.adr_pull),
        "workflow_pr": stage.pull(told.workflow_pull),
        "run": started["id"] if started else None,
        "jobs": stage.jobs(started["id"]) if started else {},
        "implementation_pr": stage.pull(told.implementation_pull),
        "revert_pr": stage.pull(told.revert_pull),
        "bot_comments": stage.bot_comments(),
        "requests": stage.requests(),
        "content_creations": stage.content_creations(),
        "events": stage.events(told.instance),
        "default_branch_tests": outcome,
        "tree_restored": told.tree_restored,
    }
    return out


def as_told(report: dict[str, Any]) -> bool:
    """Whether a story ended as it should."""
    return (report["state"], report["tree_restored"]) == ENDINGS[report["name"]] and report[
        "default_branch_tests"
    ] == "passed"


def demo_repository() -> dict[str, bytes]:
    """The files of the demo's repository."""
    return _files(templates() / "demo")


def _files(root: Path) -> dict[str, bytes]:
    found = (p for p in sorted(root.rglob("*")) if p.is_file() and "__pycache__" not in p.parts)
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in found}
