"""An accepted record is edited while its implementation runs: what was approved is no longer what is asked for."""

from __future__ import annotations

from bot.demo.stage import REPOSITORY, Stage
from tests.properties import slow
from tests.stories.tales import (
    decided_files,
    ended,
    implementing,
    living,
    names,
    parked,
    plain,
    proposed,
    pull_of,
    told_to,
    written,
)

PATH = "docs/adr/0003-limit-login-attempts-with-a-token-bucket.md"
ASKED = b"five attempts at once"
OTHER = b"seven attempts at once"


def text_of(stage: Stage) -> bytes:
    return stage.sandbox.file(REPOSITORY, "main", PATH)


async def edit(stage: Stage, before: bytes, after: bytes, branch: str = "edit") -> int:
    """Tom proposes another wording; the pull request's number."""
    assert before in text_of(stage)
    tom = stage.person("tom")
    main = (await tom.call("GET", "/git/ref/heads/main"))["object"]["sha"]
    await tom.call("POST", "/git/refs", ref=f"refs/heads/{branch}", sha=main)
    await written(stage, branch, PATH, text_of(stage).replace(before, after), by="tom")
    return int((await tom.call("POST", "/pulls", title="Edit", head=branch, base="main"))["number"])


async def check_on(stage: Stage, number: int) -> str:
    """What the check on a pull request shows."""
    pull = pull_of(stage, number).pull
    assert pull is not None

    def found() -> str | None:
        runs = [r for r in stage.repository.check_runs.values() if r.suite.head_sha == pull.head_sha]
        return next(
            (f"{r.output['summary']}\n{r.output['text']}" for r in runs if r.status == "completed"), None
        )

    return plain(await stage.until(found))


async def test_before_the_run_it_stops_and_goes_on_once_the_edit_is_taken_back(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        approved = text_of(stage)
        number = await edit(stage, ASKED, OTHER)
        shown = await check_on(stage, number)
        assert "What this edit changes in the plan for 0003" in shown
        assert "its approval is void" in shown
        assert "changed" in shown
        await stage.person("maria").merge(number)
        reason = await parked(stage, told)
        assert f"{PATH} was edited since its plan was approved: " in reason
        assert "changed (" in reason
        assert OTHER.decode() in plain(living(stage, told))
        assert "ApprovalVoided" in names(stage, told)
        # Whoever merges the old plan all the same, and says go on, starts nothing.
        await stage.person("maria").merge(told.workflow_pull)
        await told_to(stage, told, "/cloi retry")
        await stage.until(lambda: names(stage, told).count("ApprovalVoided") == 2)
        assert stage.run() is None
        await written(stage, "main", PATH, approved)
        await told_to(stage, told, "/cloi retry")
        assert await stage.until(lambda: stage.run())


async def test_while_the_implementation_is_open_it_stops_with_what_is_different(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        await stage.person("maria").merge(await edit(stage, ASKED, OTHER))
        assert "The approval is void" in await parked(stage, told)
        assert "changed (" in plain(living(stage, told))
        await told_to(stage, told, "/cloi cancel")
        await ended(stage, told, "cancelled")
        assert pull_of(stage, told.implementation_pull).state == "closed"
        # Anew, from the record as it is now.
        await told_to(stage, told, "/cloi implement ADR-0003")
        again = f"{told.instance}/2"
        await stage.until(lambda: stage.pull_by_bot("workflow"))
        store = stage.bot.store
        digests = [
            next(e.body.data["digest"] for e in store.read(name) if e.name == "ImplementationPlanned")
            for name in (told.instance, again)
        ]
        assert digests[0] != digests[1]


@slow
async def test_other_words_for_the_same_disturb_nobody_once_it_has_run(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        number = await edit(stage, b"Guessing passwords becomes", b"Guessing them becomes")
        shown = await check_on(stage, number)
        assert "changes no requirement of its plan" in shown
        await stage.person("maria").merge(number)
        await stage.person("maria").merge(told.implementation_pull)
        await ended(stage, told, "completed")


async def test_before_the_run_other_words_count_too(open_stage) -> None:
    """A plan is approved for exact bytes, and the run would refuse others."""
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        number = await edit(stage, b"Guessing passwords becomes", b"Guessing them becomes")
        assert "stops all the same and asks" in await check_on(stage, number)
        await stage.person("maria").merge(number)
        assert "in words, with the same requirements" in await parked(stage, told)
        await told_to(stage, told, "/cloi cancel")
        await ended(stage, told, "cancelled")
        await told_to(stage, told, "/cloi implement ADR-0003")
        assert await stage.until(lambda: stage.pull_by_bot("workflow"))


async def test_a_record_that_is_no_longer_accepted_is_not_implemented(open_stage) -> None:
    """Pushed straight to the default branch, so nobody was told; it is looked at before the run."""
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await written(
            stage, "main", PATH, text_of(stage).replace(b"**Status:** Accepted", b"**Status:** Rejected")
        )
        await stage.person("maria").merge(told.workflow_pull)
        reason = await parked(stage, told)
        assert "was edited since its plan was approved" in reason
        assert "Rejected" in reason or "rejected" in reason
        assert stage.run() is None


async def test_a_record_that_another_one_replaces_before_the_run_is_not_run(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        text = (
            b"# 9. Limit by address\n\n## Status\n\nAccepted\n\nSupersedes [0003]("
            + PATH.rpartition("/")[2].encode()
        )
        await written(
            stage, "main", "docs/adr/0009-limit-by-address.md", text + b")\n\n## Decision\n\nBy address.\n"
        )
        await stage.person("maria").merge(told.workflow_pull)
        reason = await parked(stage, told)
        assert f"{PATH} has the same text as when its plan was approved, and yet: " in reason
        assert "is superseded by 0009" in reason and "ApprovalVoided" in names(stage, told)
        assert stage.run() is None
