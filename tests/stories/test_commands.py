"""What people write in comments, and what the bot answers."""

from __future__ import annotations

import pytest

from bot.demo.stories import RECORD, Told, decided

pytestmark = pytest.mark.xdist_group("commands")


def _by_bot(stage) -> list[str]:
    return [c.body for c in stage.repository.comments.values() if c.user.login == "cloi[bot]"]


async def _answer(stage, issue: int, login: str, words: str) -> str:
    """What the bot newly says after this comment."""
    before = len(_by_bot(stage))
    await stage.person(login).say(issue, words)
    await stage.until(lambda: len(_by_bot(stage)) > before)
    return _by_bot(stage)[-1]


async def _quiet(stage, issue: int, login: str, words: str) -> str:
    """The reason for which a comment was ignored; it must be the newest delivery of a comment."""
    before = len(_by_bot(stage))
    await stage.person(login).say(issue, words)
    await stage.sandbox.pump()
    await stage.bot.pump()
    assert len(_by_bot(stage)) == before
    kept = [d for d in stage.bot.store.deliveries() if d.event == "issue_comment"]
    assert kept[0].state == "ignored"
    return kept[0].reason


@pytest.fixture
async def stage(open_stage):
    async with open_stage() as opened:
        await decided(opened, Told("commands"))
        yield opened


async def _issue(stage, title: str = "Something", body: str = "") -> int:
    return int((await stage.person("tom").open_issue(title, body))["number"])


async def test_a_command_is_acknowledged_by_a_reaction_at_once(stage) -> None:
    issue = await _issue(stage)
    comment = await stage.person("tom").say(issue, "/cloi status")
    await stage.until(lambda: stage.repository.comments[comment["id"]].reactions)
    reaction = stage.repository.comments[comment["id"]].reactions[0]
    assert (reaction.content, reaction.user.login) == ("eyes", "cloi[bot]")


async def test_who_may_not_gets_one_kind_refusal_that_says_who_could(stage) -> None:
    issue = await _issue(stage)
    said = await _answer(stage, issue, "eve", f"/cloi implement {RECORD}")
    assert "needs write access" in said
    assert "Anyone with write access could do it" in said
    await stage.person("eve").say(issue, f"/cloi implement {RECORD}")
    await stage.sandbox.pump()
    await stage.bot.pump()
    assert sum("needs write access" in text for text in _by_bot(stage)) == 1
    assert stage.bot.store.summaries(definition="implement-adr") == []


async def test_a_typo_gets_the_nearest_command(stage) -> None:
    said = await _answer(stage, await _issue(stage), "tom", "/cloi implment ADR-0003")
    assert "Did you mean `/cloi implement`?" in said


async def test_help_lists_every_command(stage) -> None:
    from bot.steps.commands import COMMANDS

    said = await _answer(stage, await _issue(stage), "tom", "/cloi help")
    assert all(f"/cloi {name}" in said for name in COMMANDS)


async def test_the_record_is_taken_from_the_issues_title(stage) -> None:
    issue = await _issue(stage, f"Implement {RECORD}", "It is time.")
    await stage.person("tom").say(issue, "/cloi implement")
    await stage.until(lambda: stage.pull_by_bot("workflow"))
    assert stage.instance() == "implement-adr/acme/teashop/0003"


async def test_the_record_is_taken_from_a_link_in_the_issue(stage) -> None:
    path = "docs/adr/0003-limit-login-attempts-with-a-token-bucket.md"
    issue = await _issue(stage, "Logins", f"See {stage.url(f'/blob/main/{path}')} for why.")
    await stage.person("tom").say(issue, "/cloi implement")
    assert await stage.until(lambda: stage.pull_by_bot("workflow"))


async def test_where_no_record_is_named_the_bot_asks(stage) -> None:
    said = await _answer(stage, await _issue(stage, "Do something"), "tom", "/cloi implement")
    assert "`/cloi implement 0003`" in said
    assert stage.bot.store.summaries(definition="implement-adr") == []


async def test_an_unknown_record_is_not_guessed(stage) -> None:
    said = await _answer(stage, await _issue(stage), "tom", "/cloi implement ADR-77")
    assert "There is no decision `ADR-77` on the default branch" in said


async def test_a_second_implement_links_the_running_one(stage) -> None:
    issue = await _issue(stage)
    await stage.person("tom").say(issue, f"/cloi implement {RECORD}")
    await stage.until(lambda: stage.pull_by_bot("workflow"))
    other = await _issue(stage, "The same again")
    said = await _answer(stage, other, "maria", f"/cloi implement {RECORD}")
    assert "is being implemented already" in said
    assert stage.url(f"/issues/{issue}#issuecomment-") in said
    assert len(stage.bot.store.summaries(definition="implement-adr")) == 1


@pytest.mark.parametrize(
    "words",
    [
        "> /cloi implement ADR-0003",
        "```\n/cloi implement ADR-0003\n```",
        "    /cloi help",
        "<!-- /cloi help -->",
    ],
)
async def test_quotes_and_code_are_not_commands(stage, words: str) -> None:
    assert "no /cloi command" in await _quiet(stage, await _issue(stage), "tom", words)


async def test_an_edit_never_triggers(stage) -> None:
    issue = await _issue(stage)
    comment = await stage.person("tom").say(issue, "Good morning")
    await stage.person("tom").call("PATCH", f"/issues/comments/{comment['id']}", body="/cloi help")
    await stage.sandbox.pump()
    await stage.bot.pump()
    assert _by_bot(stage) == []
    reasons = [d.reason for d in stage.bot.store.deliveries() if d.event == "issue_comment"]
    assert "a comment was edited; only new comments are read" in reasons


async def test_the_bots_own_comments_are_ignored_with_the_reason_recorded(stage) -> None:
    await _answer(stage, await _issue(stage), "tom", "/cloi help")
    await stage.sandbox.pump()
    await stage.bot.pump()
    reasons = [d.reason for d in stage.bot.store.deliveries() if d.event == "issue_comment"]
    assert "our own comment" in reasons


async def test_only_the_first_command_of_a_comment_is_taken_and_that_is_said(stage) -> None:
    said = await _answer(stage, await _issue(stage), "tom", "/cloi status\n/cloi help")
    assert "2" in said or "first" in said
    assert "| Command |" not in said
