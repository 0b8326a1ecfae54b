"""What is approved is what runs: hand edits, changes in between, a refusal, and nobody answering."""

from __future__ import annotations

import re

from bot.demo.stage import REPOSITORY, Stage
from bot.sandbox.recorded import RecordedExecutor, Recording
from tests.properties import slow
from tests.stories.conftest import NOW
from tests.stories.tales import (
    Told,
    before,
    branch,
    comments,
    decided_files,
    ended,
    head_ref,
    implementing,
    living,
    names,
    parked,
    plain,
    proposed,
    pull_of,
    strategies,
    told_to,
    written,
)

WORKFLOW = ".github/workflows/cloi-limit-login-attempts-with-a-token-bucket.yml"


def workflow_file(stage: Stage, ref: str) -> bytes:
    found = stage.sandbox.file(REPOSITORY, ref, WORKFLOW)
    assert found is not None
    return found


async def edited(stage: Stage, told: Told, old: bytes, new: bytes) -> None:
    """Maria edits the workflow in its pull request, and merges it."""
    name = head_ref(stage, told.workflow_pull)
    content = workflow_file(stage, name)
    assert old in content
    await written(stage, name, WORKFLOW, content.replace(old, new, 1))
    await stage.person("maria").merge(told.workflow_pull)


def named_hash(words: str) -> str:
    """The hash that the bot names."""
    found = re.search(r"/cloi approve ([0-9a-f]{64})", words)
    assert found is not None, words
    return found[1]


def answers(stage: Stage, told: Told) -> list[str]:
    """The bot's answers on the issue, without the living comment."""
    return [plain(c) for c in comments(stage, told.issue) if not c.startswith("### ")]


@slow
async def test_a_hand_edit_waits_for_its_own_approval_and_then_runs_as_edited(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await edited(stage, told, b"timeout-minutes: 10", b"timeout-minutes: 9")
        reason = await parked(stage, told)
        right = named_hash(reason)
        assert "was edited by hand" in reason
        assert named_hash(living(stage, told)) == right
        assert stage.repository.runs == {}

        await told_to(stage, told, "/cloi approve")
        await stage.until(lambda: len(answers(stage, told)) == 1)
        assert "/cloi approve HASH" in answers(stage, told)[0]
        await told_to(stage, told, f"/cloi approve {'0' * 64}")
        await stage.until(lambda: len(answers(stage, told)) == 2)
        assert "No implementation waits for this hash" in answers(stage, told)[1]
        await told_to(stage, told, f"/cloi approve {right}", by="eve")
        await stage.until(lambda: len(answers(stage, told)) == 3)
        assert "needs write access" in answers(stage, told)[2]
        await told_to(stage, told, "/cloi retry")  # which is not an approval
        await stage.until(lambda: names(stage, told).count("WorkflowParked") == 2)
        assert named_hash(await parked(stage, told)) == right
        assert stage.repository.runs == {}

        await told_to(stage, told, f"/cloi approve {right}", by="maria")
        change = await stage.until(lambda: stage.pull_by_bot("implementation"))
        await stage.person("maria").merge(change["number"])
        await ended(stage, told, "completed")
        resumed = [e.actor for e in stage.bot.store.read(told.instance) if e.name == "WorkflowResumed"]
        assert resumed == ["@tom", "@maria"]
        runs = list(stage.repository.runs.values())
        assert [r.event_payload["inputs"]["approval"] for r in runs] == [right, right]
        assert b"timeout-minutes: 9" in workflow_file(stage, runs[0].head_sha)


async def test_an_edit_after_the_approval_needs_another_one(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await edited(stage, told, b"timeout-minutes: 10", b"timeout-minutes: 9")
        first = named_hash(await parked(stage, told))
        content = workflow_file(stage, "main")
        await written(stage, "main", WORKFLOW, content.replace(b"minutes: 9", b"minutes: 8"))
        await told_to(stage, told, f"/cloi approve {first}")
        await stage.until(lambda: first not in stage.bot.coordinator.instance(told.instance).reason)
        second = named_hash(await parked(stage, told))
        assert second != first
        assert stage.repository.runs == {}


async def test_an_edit_that_breaks_a_rule_cannot_be_approved(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await edited(stage, told, b"contents: read", b"contents: write")
        right = named_hash(await parked(stage, told))
        await told_to(stage, told, f"/cloi approve {right}", by="maria")
        breaks = "breaks a rule that no approval can lift"
        await stage.until(lambda: breaks in stage.bot.coordinator.instance(told.instance).reason)
        assert breaks in await parked(stage, told)
        await stage.until(lambda: breaks in plain(living(stage, told)))
        assert stage.repository.runs == {}
        await told_to(stage, told, "/cloi cancel")
        await ended(stage, told, "cancelled")


async def test_a_plan_that_was_edited_cannot_be_approved_at_all(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        name = head_ref(stage, told.workflow_pull)
        new = stage.sandbox.tree(REPOSITORY, name).keys() - stage.sandbox.tree(REPOSITORY, "main").keys()
        [path] = new - {WORKFLOW}
        content = stage.sandbox.file(REPOSITORY, name, path)
        assert content is not None
        await written(stage, name, path, content.replace(b"60000", b"99999"))
        await stage.person("maria").merge(told.workflow_pull)
        reason = await parked(stage, told)
        assert "/cloi approve" not in reason
        assert "only a workflow may be edited by hand" in reason
        assert stage.repository.runs == {}


async def test_a_change_after_the_merge_is_not_dispatched(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await stage.person("maria").merge(told.workflow_pull)
        content = workflow_file(stage, "main")
        await written(stage, "main", WORKFLOW, content.replace(b"minutes: 10", b"minutes: 9"), by="tom")
        named_hash(await parked(stage, told))
        assert stage.repository.runs == {}


async def test_a_change_between_comparing_and_dispatching_cancels_the_run(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)

        async def quicker() -> None:
            content = workflow_file(stage, "main")
            await written(stage, "main", WORKFLOW, content.replace(b"minutes: 10", b"minutes: 9"), by="tom")

        before(stage, "POST", r"/dispatches$", quicker)
        stage.sandbox.runner.executor, executor = None, stage.sandbox.runner.executor
        await stage.person("maria").merge(told.workflow_pull)
        said = await ended(stage, told, "compensated")
        stage.sandbox.runner.executor = executor
        [run] = stage.repository.runs.values()
        assert (run.conclusion, run.jobs) == ("cancelled", [])
        assert f"run {run.id} is not the approved one" in said
        assert "somebody changed it" in said
        assert stage.pull_by_bot("implementation") is None


async def test_a_run_that_somebody_starts_again_does_not_count(open_stage) -> None:
    """GitHub's re-run button makes another attempt of our run, which nobody approved."""
    recorded = RecordedExecutor(lambda spec: Recording(), clock=lambda: NOW)
    async with open_stage(files=decided_files(), runs=recorded) as stage:
        told = await implementing(stage)

        stage.sandbox.runner.executor = None
        await stage.person("maria").merge(told.workflow_pull)
        run = stage.repository.runs[(await stage.until(stage.run))["id"]]
        stage.sandbox.runner.executor = recorded
        await stage.sandbox.run_workflows()  # the bot has not heard of its end
        assert run.conclusion == "success"
        await stage.person("tom").call("POST", f"/actions/runs/{run.id}/rerun")
        said = await ended(stage, told, "compensated")
        assert "its attempt is “2”, not “1”" in said


async def test_a_workflow_that_nobody_wants_ends_with_words(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        name = head_ref(stage, told.workflow_pull)
        await stage.person("maria").close(told.workflow_pull)
        said = await ended(stage, told, "compensated")
        assert f"#{told.workflow_pull} with the workflow was closed without being merged" in said
        assert branch(stage, name) is None
        assert comments(stage, told.workflow_pull) == []
        assert stage.repository.runs == {}


async def test_a_workflow_that_nobody_merges_is_closed_at_its_deadline(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        said = await ended(stage, told, "compensated")
        assert f"waited for a maintainer to review and merge #{told.workflow_pull}" in said
        assert pull_of(stage, told.workflow_pull).state == "closed"
        [why] = comments(stage, told.workflow_pull)
        assert "until the deadline passed" in plain(why)


@slow
async def test_an_implementation_that_nobody_merges_is_closed_at_its_deadline(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        said = await ended(stage, told, "compensated")
        assert f"waited for a maintainer to review and merge #{told.implementation_pull}" in said
        assert pull_of(stage, told.implementation_pull).state == "closed"
        assert strategies(stage, told)["open-implementation-pr"] == "restore-previous-state"


async def test_a_run_that_does_not_end_is_cancelled_at_its_deadline(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        stage.sandbox.runner.executor = None
        await stage.person("maria").merge(told.workflow_pull)
        said = await ended(stage, told, "compensated")
        [run] = stage.repository.runs.values()
        assert run.conclusion == "cancelled"
        assert "waited for the run until the deadline passed" in said
