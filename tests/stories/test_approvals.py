"""What is approved is what runs: hand edits wait for `/cloi approve HASH`, other changes stop everything."""

from __future__ import annotations

import re

import pytest

from tests.stories.tales import (
    before,
    decided_files,
    ended,
    head_ref,
    implementing,
    living,
    parked,
    plain,
    pushed,
    told_to,
    written,
)

pytestmark = pytest.mark.xdist_group("approvals")

WORKFLOW = ".github/workflows/cloi-limit-login-attempts-with-a-token-bucket.yml"
PLAN = ".github/cloi/limit-login-attempts-with-a-token-bucket.plan.json"


async def _edited(stage, told, old: bytes, new: bytes, path: str = WORKFLOW) -> None:
    """Maria edits the workflow's pull request by hand, and merges it."""
    branch = head_ref(stage, told.workflow_pull)
    text = stage.sandbox.file("acme/teashop", branch, path)
    assert text.count(old) >= 1
    await pushed(stage, told.workflow_pull, path, text.replace(old, new, 1), by="maria")
    await stage.person("maria").merge(told.workflow_pull)


def _hash(reason: str) -> str:
    found = re.search(r"/cloi approve ([0-9a-f]{64})", reason)
    assert found, reason
    return found.group(1)


async def test_a_hand_edit_parks_and_runs_once_its_hash_is_approved(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await _edited(stage, told, b"# To change it", b"# Read by Maria. To change it")
        reason = await parked(stage, told)
        assert "was edited by hand" in reason
        assert stage.run() is None
        assert _hash(reason) in plain(living(stage, told))
        await told_to(stage, told, f"/cloi approve {_hash(reason)}", by="maria")
        change = await stage.until(lambda: stage.pull_by_bot("implementation"))
        await stage.person("maria").merge(change["number"])
        await ended(stage, told, "completed")
        resumed = [e for e in stage.bot.store.read(told.instance) if e.name == "WorkflowResumed"]
        assert [e.actor for e in resumed] == ["@maria"]


async def test_a_wrong_hash_is_refused(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await _edited(stage, told, b"# To change it", b"# Read by Maria. To change it")
        await parked(stage, told)
        await told_to(stage, told, "/cloi approve " + "0" * 64)
        await stage.until(lambda: stage.bot_comments() == 2)
        assert stage.state(told.instance) == "parked"
        assert stage.run() is None


async def test_an_edit_that_breaks_a_rule_does_not_run_even_with_its_hash(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await _edited(stage, told, b"contents: read", b"contents: write")
        reason = await parked(stage, told)
        await told_to(stage, told, f"/cloi approve {_hash(reason)}", by="maria")
        await stage.until(lambda: "breaks a rule" in stage.bot.coordinator.instance(told.instance).reason)
        assert "no approval can lift" in await parked(stage, told)
        assert stage.run() is None


async def test_an_edited_plan_is_never_approved_by_hand(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await _edited(stage, told, b'"maxFiles": 12', b'"maxFiles": 999', path=PLAN)
        reason = await parked(stage, told)
        assert "`/cloi cancel`, then `/cloi implement`" in reason
        assert "approve" not in reason
        await told_to(stage, told, "/cloi cancel")
        await ended(stage, told, "cancelled")
        assert stage.run() is None


async def test_a_change_between_merge_and_dispatch_is_seen_before_the_dispatch(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await stage.person("maria").merge(told.workflow_pull)
        text = stage.sandbox.file("acme/teashop", "main", WORKFLOW)
        await written(stage, "main", WORKFLOW, text + b"# one more line\n")
        await parked(stage, told)
        assert stage.run() is None


async def test_a_change_at_the_very_moment_of_the_dispatch_cancels_the_run(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)

        async def change() -> None:
            text = stage.sandbox.file("acme/teashop", "main", WORKFLOW)
            await written(stage, "main", WORKFLOW, text + b"# one more line\n")

        before(stage, "POST", r"/dispatches$", change)
        await stage.person("maria").merge(told.workflow_pull)
        said = await ended(stage, told, "compensated")
        assert "is not the approved one" in said
        assert stage.pull_by_bot("implementation") is None


async def test_a_workflow_that_nobody_wants_ends_with_words(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        branch = head_ref(stage, told.workflow_pull)
        await stage.person("maria").close(told.workflow_pull)
        said = await ended(stage, told, "compensated")
        assert f"#{told.workflow_pull} with the workflow was closed without being merged" in said
        assert stage.repository.git.ref(f"refs/heads/{branch}") is None
        assert stage.run() is None


async def test_a_workflow_that_nobody_reads_in_time_ends_with_words(open_stage) -> None:
    async with open_stage(files=decided_files(more=b"")) as stage:
        told = await implementing(stage)
        stage.bot.clock.advance(14 * 86_400 + 1)
        stage.bot.coordinator.fire_timers()
        said = await ended(stage, told, "compensated")
        assert "until the deadline passed" in said
        assert stage.pull(told.workflow_pull) == {
            "number": told.workflow_pull,
            "state": "closed",
            "merged": False,
        }
