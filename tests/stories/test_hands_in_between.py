"""Taking back while people have their hands in it: they merge in the moment of closing, merge elsewhere, edit the
revert, open it again, or ask for it after the end and close it. Each end says what is so, and who can go on."""

from __future__ import annotations

from bot.demo.stage import REPOSITORY, Stage
from tests.stories.tales import (
    Instead,
    Told,
    before,
    comments,
    decided_files,
    ended,
    failing,
    implementing,
    living,
    parked,
    plain,
    proposed,
    pull_of,
    pushed,
    told_to,
    written,
)

MODULE = "teashop/login_limit.py"


def kept(stage: Stage) -> bool:
    """Whether the default branch has what was implemented."""
    return MODULE in stage.sandbox.tree(REPOSITORY, "main")


async def reverting(stage: Stage) -> tuple[Told, int]:
    """The implementation was merged and its verification failed; the revert is open."""
    told = await proposed(stage)
    await stage.person("maria").merge(told.implementation_pull)
    return told, (await stage.until(lambda: stage.pull_by_bot("revert")))["number"]


async def test_merged_in_the_moment_in_which_it_is_closed_a_revert_follows(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        maria, change = stage.person("maria"), told.implementation_pull
        before(stage, "PATCH", rf"/pulls/{change}$", lambda: maria.merge(change))
        await told_to(stage, told, "/cloi cancel")
        revert = await stage.until(lambda: stage.pull_by_bot("revert"))
        assert kept(stage)
        await maria.merge(revert["number"])
        await ended(stage, told, "cancelled")
        assert not kept(stage)


async def test_merged_while_its_proposal_had_stopped_a_person_is_asked(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed_but_parked(stage)
        maria, change = stage.person("maria"), told.implementation_pull
        await maria.merge(change)
        await told_to(stage, told, "/cloi cancel")
        await stage.until(lambda: "so the change is in" in plain(living(stage, told)))
        assert stage.state(told.instance) == "parked"
        main = stage.sandbox.tree(REPOSITORY, "main")
        await maria.call("DELETE", f"/contents/{MODULE}", message="Revert", sha=main[MODULE], branch="main")
        await told_to(stage, told, "/cloi retry")
        assert "so the change is in" in await parked(stage, told), "there is more than this file"


async def proposed_but_parked(stage: Stage) -> Told:
    """The implementation's pull request is open, and the App may not write its check run any more."""
    installation = next(iter(stage.sandbox.world.installations.values()))

    async def forbid() -> None:
        installation.permissions["checks"] = "read"
        stage.bot.github.tokens.forget(REPOSITORY)

    told = await implementing(stage)
    before(stage, "POST", r"/pulls$", forbid)
    await stage.person("maria").merge(told.workflow_pull)
    await parked(stage, told)
    told.implementation_pull = (stage.pull_by_bot("implementation") or {})["number"]
    installation.permissions["checks"] = "write"
    stage.bot.github.tokens.forget(REPOSITORY)
    return told


async def test_a_revert_that_is_opened_again_is_not_proposed_twice(open_stage, executor) -> None:
    async with open_stage(files=decided_files(), runs=Instead(executor, failing(mode="verify"))) as stage:
        told, revert = await reverting(stage)
        maria = stage.person("maria")
        await maria.close(revert)
        await parked(stage, told)
        await maria.call("PATCH", f"/pulls/{revert}", state="open")
        await told_to(stage, told, "/cloi retry")
        await stage.until(lambda: stage.state(told.instance) == "rolling-back")
        await stage.until(lambda: f"to merge the revert #{revert}" in plain(living(stage, told)))
        assert max(stage.repository.issues) == revert
        await maria.merge(revert)
        await ended(stage, told, "compensated")
        assert not kept(stage)


async def test_a_revert_that_conflicts_by_now_says_so(open_stage, executor) -> None:
    async with open_stage(files=decided_files(), runs=Instead(executor, failing(mode="verify"))) as stage:
        told, revert = await reverting(stage)
        content = stage.sandbox.file(REPOSITORY, "main", MODULE)
        await written(stage, "main", MODULE, b"# mended\n" + content)
        await stage.until(
            lambda: f"#{revert}, which conflicts with main by now" in plain(living(stage, told))
        )
        await stage.person("maria").close(revert)
        await parked(stage, told)
        await told_to(stage, told, "/cloi retry")
        assert "says what to do" in await conflict(stage, told)


async def conflict(stage: Stage, told: Told) -> str:
    await stage.until(lambda: "RevertConflict" in stage.bot.coordinator.instance(told.instance).emitted)
    return await parked(stage, told)


async def test_a_revert_that_others_have_changed_says_what_is_still_in(open_stage, executor) -> None:
    async with open_stage(files=decided_files(), runs=Instead(executor, failing(mode="verify"))) as stage:
        told, revert = await reverting(stage)
        content = stage.sandbox.file(REPOSITORY, "main", MODULE)
        await pushed(stage, revert, MODULE, content)
        await stage.person("maria").merge(revert)
        said = await ended(stage, told, "compensated")
        assert kept(stage)
        assert f"after others had pushed to it; not taken back: {MODULE}" in said.replace("\\", "")


async def test_a_revert_that_is_merged_elsewhere_has_taken_nothing_back(open_stage, executor) -> None:
    async with open_stage(files=decided_files(), runs=Instead(executor, failing(mode="verify"))) as stage:
        told, revert = await reverting(stage)
        await retargeted(stage, revert)
        await stage.person("maria").merge(revert)
        assert "merged into other, not into main" in await parked(stage, told)
        assert kept(stage)
        await told_to(stage, told, "/cloi retry")
        second = await stage.until(lambda: stage.pull_by_bot("revert"))
        await stage.person("maria").merge(second["number"])
        await ended(stage, told, "compensated")
        assert not kept(stage)


async def retargeted(stage: Stage, number: int | None) -> None:
    """A person changes the base of a pull request (by hand: the sandbox has no button for it)."""
    main = stage.sandbox.repository(REPOSITORY).git.ref("refs/heads/main")
    await stage.person("tom").call("POST", "/git/refs", ref="refs/heads/other", sha=main)
    pull = pull_of(stage, number).pull
    assert pull is not None
    pull.base_ref = "other"


async def test_an_implementation_that_is_merged_elsewhere_is_not_implemented(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        await retargeted(stage, told.implementation_pull)
        await stage.person("maria").merge(told.implementation_pull)
        assert "was merged into other, not into main" in await parked(stage, told)
        assert not kept(stage)


async def test_asked_for_after_the_end_and_closed_a_person_is_asked_and_can_go_on(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        maria = stage.person("maria")
        await maria.merge(told.implementation_pull)
        await ended(stage, told, "completed")
        await told_to(stage, told, "/cloi rollback")
        first = await stage.until(lambda: stage.pull_by_bot("revert"))
        await maria.close(first["number"])
        await stage.until(lambda: "so the change is still in" in back(stage, told))
        assert "/cloi retry" in back(stage, told)
        assert "/cloi cancel" not in back(stage, told)
        await told_to(stage, told, "/cloi rollback")
        await stage.until(lambda: "is being taken back already" in comments(stage, told.issue)[-1])
        await told_to(stage, told, "/cloi retry")
        second = await stage.until(lambda: stage.pull_by_bot("revert"))
        assert second["number"] != first["number"]
        await maria.merge(second["number"])
        await stage.until(lambda: f"Done: #{second['number']} was merged by maria" in back(stage, told))
        assert not kept(stage)
        for command in ("rollback", "rehearse rollback"):
            await told_to(stage, told, f"/cloi {command}")
            await stage.until(lambda: "default branch has nothing of" in comments(stage, told.issue)[-1])
            stage.repository.issues[told.issue].comments.pop()


def back(stage: Stage, told: Told) -> str:
    """What the comment says of the way back after the end."""
    return plain("\n".join(c for c in comments(stage, told.issue) if c.startswith("### Tak")))


async def test_asked_for_after_the_end_where_others_have_changed_it_there_is_one_issue(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        maria = stage.person("maria")
        await maria.merge(told.implementation_pull)
        await ended(stage, told, "completed")
        content = stage.sandbox.file(REPOSITORY, "main", MODULE)
        await written(stage, "main", MODULE, b"# mended\n" + content)
        await told_to(stage, told, "/cloi rollback")
        await stage.until(lambda: "says what to do" in back(stage, told))
        asked = max(stage.repository.issues)
        await told_to(stage, told, "/cloi retry")
        again = f"revert-implementation/{told.instance}"
        await stage.until(lambda: [e.name for e in stage.bot.store.read(again)].count("WorkflowParked") == 2)
        assert max(stage.repository.issues) == asked
        await maria.call("PATCH", f"/issues/{asked}", state="closed")
        await told_to(stage, told, "/cloi retry")
        await stage.until(lambda: "so a person says that" in back(stage, told))


async def test_a_workflow_that_is_gone_after_the_merge_says_what_can_be_done(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        maria = stage.person("maria")
        await maria.merge(told.implementation_pull)
        main = stage.sandbox.tree(REPOSITORY, "main")
        workflow = next(iter(stage.repository.workflows))
        await maria.call("DELETE", f"/contents/{workflow}", message="No", sha=main[workflow], branch="main")
        reason = await parked(stage, told)
        assert "cannot be verified" in reason
        assert "/cloi rollback" in reason
