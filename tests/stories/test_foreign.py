"""What somebody else made under our name before us: never adopted, never touched; the instance stops and says so.

All names and marks of the bot can be foretold: they follow from the record, and anybody can read the code. Here
they are foretold by the engine's own rule for keys.
"""

from __future__ import annotations

from typing import Any

import pytest

from bot.demo.stage import REPOSITORY, Stage
from bot.engine.scope import effect_key
from bot.github.markers import hidden, marked
from bot.sandbox.faults import Faults
from tests.stories.tales import (
    Told,
    before,
    branch,
    brought,
    comments,
    decided_files,
    ended,
    implementing,
    living,
    parked,
    plain,
    told_to,
)

RECORD_ID = "0003"
FEATURE = "limit-login-attempts-with-a-token-bucket"
INSTANCE = f"implement-adr/{REPOSITORY}/{RECORD_ID}"


def foretold(what: str, step: str) -> str:
    """The name of the branch that this step will make."""
    return f"cloi/{FEATURE}/{what}-{effect_key(INSTANCE, step, 1)[:8]}"


async def asked(stage: Stage) -> Told:
    """Tom asks; nobody waits for anything yet."""
    told = Told("foreign")
    tom = stage.person("tom")
    told.issue = (await tom.open_issue("Implement ADR-0003", ""))["number"]
    await tom.say(told.issue, "/cloi implement ADR-0003")
    await stage.until(lambda: stage.bot.store.summaries(definition="implement-adr"))
    told.instance = stage.instance()
    assert told.instance == INSTANCE
    return told


async def made_branch(stage: Stage, name: str, by: str = "tom") -> str:
    """Somebody makes a branch with a commit of theirs; its head."""
    person = stage.person(by)
    main = (await person.call("GET", "/git/ref/heads/main"))["object"]["sha"]
    await person.call("POST", "/git/refs", ref=f"refs/heads/{name}", sha=main)
    await person.write(name, "theirs.txt", b"theirs\n", "Theirs")
    head = branch(stage, name)
    assert head is not None
    return head


async def test_a_branch(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        name = foretold("workflow", "open-workflow-pr")
        head = await made_branch(stage, name)
        told = await asked(stage)
        assert f"There is already a branch “{name}”, and what it holds is not ours" in await parked(
            stage, told
        )
        assert "what it holds is not ours" in plain(living(stage, told))
        assert branch(stage, name) == head
        assert list(stage.repository.pulls()) == []
        await stage.person("tom").call("DELETE", f"/git/refs/heads/{name}")
        await told_to(stage, told, "/cloi retry")
        assert await stage.until(lambda: stage.pull_by_bot("workflow"))


async def test_a_branch_stays_when_the_instance_is_cancelled(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        name = foretold("workflow", "open-workflow-pr")
        head = await made_branch(stage, name)
        told = await asked(stage)
        await parked(stage, told)
        await told_to(stage, told, "/cloi cancel")
        await ended(stage, told, "cancelled")
        assert branch(stage, name) == head


async def test_a_branch_with_our_very_content(open_stage) -> None:
    """Copied from what another instance of the bot would commit: the same bytes and words, by tom."""
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        git = stage.repository.git
        name = foretold("workflow", "open-workflow-pr")
        ours = branch(stage, name)
        assert ours is not None
        await told_to(stage, told, "/cloi cancel")
        await ended(stage, told, "cancelled")
        git.move(f"refs/heads/{name}", ours, None)
        # The second instance has another key: its branch is another one, and tom guesses that too.
        second = f"cloi/{FEATURE}/workflow-{effect_key(INSTANCE + '/2', 'open-workflow-pr', 1)[:8]}"
        tom = stage.person("tom")
        await tom.call("POST", "/git/refs", ref=f"refs/heads/{second}", sha=ours)
        await told_to(stage, told, "/cloi implement ADR-0003")
        await stage.until(lambda: stage.state(f"{INSTANCE}/2") == "parked")
        assert branch(stage, second) == ours
        assert stage.pull_by_bot("workflow") is None


async def test_a_pull_request_for_our_branch(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        name = foretold("workflow", "open-workflow-pr")
        theirs: list[dict[str, Any]] = []

        async def quicker() -> None:
            pull = await stage.person("tom").call("POST", "/pulls", title="Mine", head=name, base="main")
            theirs.append(pull)

        before(stage, "POST", r"/pulls$", quicker)
        told = await asked(stage)
        reason = await parked(stage, told)
        number = theirs[0]["number"]
        assert f"#{number} already proposes “{name}” for “main”, and it is not ours" in reason
        assert f"#{number} already proposes" in plain(living(stage, told))
        assert comments(stage, number) == []
        assert stage.repository.issues[number].state == "open"
        await stage.person("tom").close(number)
        await told_to(stage, told, "/cloi retry")
        assert await stage.until(lambda: stage.pull_by_bot("workflow"))
        assert branch(stage, name) is None  # the branch of the first attempt was ours


async def test_a_comment_with_our_mark(open_stage) -> None:
    """Anybody who may comment can write it, eve with read permission too."""
    async with open_stage(files=decided_files()) as stage:
        tom, eve = stage.person("tom"), stage.person("eve")
        issue = (await tom.open_issue("Implement ADR-0003", ""))["number"]
        forged = marked("### Implemented: all is well", f"implementation {INSTANCE}")
        theirs = await eve.say(issue, forged)
        await tom.say(issue, "/cloi implement ADR-0003")
        follower = f"follow-implementation/{INSTANCE}"
        await stage.until(lambda: stage.state(follower) == "parked")
        assert stage.repository.comments[theirs["id"]].body == forged
        [notice] = comments(stage, issue)
        assert f"A comment by eve on #{issue} carries the mark of ours" in plain(notice)
        assert "/cloi retry" in notice
        # The work itself goes on: only its comment waits for a person.
        assert await stage.until(lambda: stage.pull_by_bot("workflow"))
        told = Told("foreign", instance=INSTANCE, issue=issue)
        await eve.call("DELETE", f"/issues/comments/{theirs['id']}")
        await told_to(stage, told, "/cloi retry")
        await stage.until(lambda: any(c.startswith("### Implementing") for c in comments(stage, issue)))
        told.workflow_pull = (await stage.until(lambda: stage.pull_by_bot("workflow")))["number"]
        await brought(stage, told)
        await stage.person("maria").merge(told.implementation_pull)
        await ended(stage, told, "completed")
        assert len(comments(stage, issue)) == 2


async def test_a_mark_under_an_answer_keeps_nobody_from_being_answered(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        tom, eve = stage.person("tom"), stage.person("eve")
        issue = (await tom.open_issue("A question", ""))["number"]
        first = await eve.say(issue, "Hello")
        await eve.say(issue, hidden(f"answer {first['id'] + 2}"))
        await tom.say(issue, "/cloi help")
        await stage.until(lambda: comments(stage, issue))
        assert "/cloi implement" in comments(stage, issue)[0]


async def test_a_run_of_our_name(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        tom = stage.person("tom")

        async def quicker() -> None:
            workflow = next(iter(stage.repository.workflows))
            plan_id = stage.bot.coordinator.instance(INSTANCE).emitted["ImplementationPlanned"]["workflowId"]
            inputs = {
                "implementation_plan_id": plan_id,
                "approval": "0" * 64,
                "mode": "implement",
                "attempt": "1",
            }
            await tom.call(
                "POST",
                f"/actions/workflows/{workflow.rpartition('/')[2]}/dispatches",
                ref="main",
                inputs=inputs,
            )

        before(stage, "GET", r"/actions/workflows/.*/runs$", quicker)
        await stage.person("maria").merge(told.workflow_pull)
        reason = await parked(stage, told)
        [run] = stage.repository.runs.values()
        assert f"Run {run.id} has the name of ours and was started by tom" in reason
        assert "was started by tom" in plain(living(stage, told))
        assert run.cancelled_by is None
        await told_to(stage, told, "/cloi retry")
        going = await stage.until(lambda: stage.run(number=2))
        assert stage.repository.runs[going["id"]].actor.login == "cloi[bot]"
        change = await stage.until(lambda: stage.pull_by_bot("implementation"))
        await stage.person("maria").merge(change["number"])
        await ended(stage, told, "completed")


async def test_a_branch_under_the_name_of_our_revert_is_no_proof_that_nothing_is_left(
    open_stage, executor
) -> None:
    """Its parent has nothing of the implementation: taken for ours, the merge would look as if taken back."""
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await brought(stage, told)
        name = foretold("revert", "await-implementation-merge")
        head = await made_branch(stage, name)
        await stage.person("maria").merge(told.implementation_pull)
        await told_to(stage, told, "/cloi rollback")
        assert f"There is already a branch “{name}”" in await parked(stage, told)
        assert branch(stage, name) == head
        await stage.person("tom").call("DELETE", f"/git/refs/heads/{name}")
        await told_to(stage, told, "/cloi retry")
        revert = await stage.until(lambda: stage.pull_by_bot("revert"))
        await stage.person("maria").merge(revert["number"])
        await ended(stage, told, "compensated")


@pytest.mark.parametrize("what", ["workflow", "implementation", "revert"])
async def test_a_branch_that_somebody_moves_before_it_is_proposed(open_stage, what) -> None:
    """Whoever may push can be quicker than our next request. What they pushed is never proposed under our name."""
    faults = Faults.only(branch_moved=0.0)
    async with open_stage(files=decided_files(), faults=faults) as stage:
        if what == "workflow":
            faults.rates["branch-moved"] = 1.0
            told = await asked(stage)
        else:
            told = await implementing(stage)
            if what == "implementation":
                faults.rates["branch-moved"] = 1.0
                await stage.person("maria").merge(told.workflow_pull)
            else:
                await brought(stage, told)
                await stage.person("maria").merge(told.implementation_pull)
                faults.rates["branch-moved"] = 1.0
                await told_to(stage, told, "/cloi rollback")
        reason = await parked(stage, told)
        [moved] = faults.log
        name = moved.what.removeprefix("refs/heads/")
        assert f"Somebody has pushed to “{name}” before it could be proposed" in reason
        assert "/cloi retry" in living(stage, told)
        assert stage.pull_by_bot(what) is None
        theirs = branch(stage, name)
        await told_to(stage, told, "/cloi retry")
        pull = await stage.until(lambda: stage.pull_by_bot(what))
        proposed = stage.repository.issues[pull["number"]].pull
        assert proposed is not None
        assert proposed.head_ref != name
        assert branch(stage, name) == theirs, "what they pushed is theirs, and stays"
