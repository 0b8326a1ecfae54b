"""A team that keeps its whole log in one file: what is asked for is planned, and no other record of the file."""

from __future__ import annotations

import pytest

from bot.demo.stories import demo_repository
from tests.stories.tales import comments, plain, pull_of

PATH = "docs/adr/decisions.md"
LOG = b"""# Decision log

## ADR-0011: Weigh the tea

**Status:** Accepted

### Decision

We will sell tea by weight.

## ADR-0012: Sell coffee

**Status:** Proposed

### Decision

We will sell coffee.
"""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("ADR-0012", "ADR-0012 is proposed, not accepted"),
        (PATH, "Which decision do you mean"),
    ],
)
async def test_nothing_is_begun_for_a_neighbour_in_the_file(open_stage, asked: str, said: str) -> None:
    async with open_stage(files={**demo_repository(), PATH: LOG}) as stage:
        tom = stage.person("tom")
        issue = await tom.open_issue("Coffee", "")
        await tom.say(issue["number"], f"/cloi implement {asked}")
        await stage.until(lambda: any(said in plain(c) for c in comments(stage, issue["number"])))
        assert stage.pull_by_bot("workflow") is None


async def test_the_one_that_is_asked_for_is_proposed(open_stage) -> None:
    async with open_stage(files={**demo_repository(), PATH: LOG.replace(b"Proposed", b"Accepted")}) as stage:
        tom = stage.person("tom")
        issue = await tom.open_issue("Coffee", "")
        await tom.say(issue["number"], "/cloi implement ADR-0012")
        await stage.until(lambda: stage.pull_by_bot("workflow"))
        proposed = pull_of(stage, stage.pull_by_bot("workflow")["number"])
        assert "We will sell coffee." in plain(proposed.body)
        assert "weight" not in plain(proposed.body)
