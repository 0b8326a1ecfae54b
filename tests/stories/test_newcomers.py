"""Stories of people who do not know the bot yet: they write what is natural, not what its log says."""

from __future__ import annotations

import pytest

from bot.demo.stage import REPOSITORY, Stage
from bot.steps.commands.base import which
from tests.stories.tales import Told, comments, decided_files, ended, implementing, living, plain, told_to


async def _answer(stage: Stage, told: Told, words: str) -> str:
    def said() -> list[str]:
        return [plain(c) for c in comments(stage, told.issue) if not c.startswith("### ")]

    before = len(said())
    await told_to(stage, told, words)
    await stage.until(lambda: len(said()) > before)
    return said()[-1]


async def test_a_record_is_called_the_same_in_every_command(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)  # the log calls it 0003, people call it ADR-0003
        other = Told("talk", issue=(await stage.person("tom").open_issue("A question", ""))["number"])
        said = await _answer(stage, other, "/cloi cancel ADR-0002")
        assert said.startswith("I know no implementation of `ADR-0002`")
        for name in ("ADR-0003", "3", "0003-limit-login-attempts-with-a-token-bucket.md"):
            assert "Waiting for a maintainer" in await _answer(stage, other, f"/cloi status {name}")
        await told_to(stage, other, "/cloi cancel ADR-3")
        await ended(stage, told, "cancelled")


async def test_who_writes_only_cloi_is_shown_what_there_is(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = Told("talk", issue=(await stage.person("tom").open_issue("A question", ""))["number"])
        assert "/cloi implement" in await _answer(stage, told, "/cloi")
        assert "Nothing is running in this repository." in await _answer(stage, told, "/cloi status")


async def test_an_agent_that_gives_up_is_told_as_that_with_the_log_and_what_helps(open_stage) -> None:
    """The demo's agent is a script for one record; newcomers ask it for another one."""
    async with open_stage(files=decided_files()) as stage:
        number = (await stage.person("tom").open_issue("Another", ""))["number"]
        told = Told("another", instance=f"implement-adr/{REPOSITORY}/0002", issue=number)
        await told_to(stage, told, "/cloi implement ADR-0002")
        pull = await stage.until(lambda: stage.pull_by_bot("workflow"))
        await stage.person("maria").merge(pull["number"])
        said = await ended(stage, told, "compensated")
        reason = "the run did not pass its gates: the job implement ended with failure, not with success"
        assert f"Taken back, because: {reason}." in said
        assert "Somebody with write access can write `/cloi retry` here to start anew." in said
        assert "[implement: Generate implementation](http" in living(stage, told)
        assert "says something else" not in said


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0003", ["0003"]),
        ("3", ["0003"]),
        ("#3", ["0003"]),
        ("`adr-3`", ["0003"]),
        ("ADR-12", ["ADR-012"]),
        ("docs/adr/0003-a.md", ["0003"]),
        ("0003-a.md", ["0003"]),
        ("ADR-3 please", []),
        ("03-a.md", []),
        ("4", []),
    ],
)
def test_which_record_somebody_means(text: str, meant: list[str]) -> None:
    records = [("0003", "docs/adr/0003-a.md", 3), ("ADR-012", "docs/adr/ADR-012-b.md", 12)]
    assert [r[0] for r in which(text, records, lambda r: r)] == meant
