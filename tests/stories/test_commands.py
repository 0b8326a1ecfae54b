"""Talking to the bot: who may, what is understood, what is asked back, and what is passed over with its reason."""

from __future__ import annotations

import re

import pytest

from bot.demo.stage import REPOSITORY, Stage
from bot.steps.commands import COMMANDS
from bot.store.memory import MemoryStore
from tests.stories.mortal import Fate, MortalStore, Point, mortal
from tests.stories.tales import (
    Told,
    comments,
    decided_files,
    ended,
    head_ref,
    implementing,
    living,
    names,
    parked,
    plain,
    told_to,
    written,
)


async def issue(stage: Stage, title: str = "A question", body: str = "") -> Told:
    """Tom opens an issue."""
    return Told("talk", issue=(await stage.person("tom").open_issue(title, body))["number"])


def answers(stage: Stage, told: Told) -> list[str]:
    """The bot's answers on the issue, without the living comment."""
    return [plain(c) for c in comments(stage, told.issue) if not c.startswith("### ")]


async def answered(stage: Stage, told: Told, words: str, by: str = "tom") -> str:
    """What the bot answers to this."""
    before = len(answers(stage, told))
    await told_to(stage, told, words, by)
    await stage.until(lambda: len(answers(stage, told)) > before)
    return answers(stage, told)[-1]


def reasons(stage: Stage) -> list[tuple[str, str]]:
    """State and reason of each comment's delivery, oldest first."""
    found = [d for d in stage.bot.store.deliveries(limit=1000) if d.event == "issue_comment"]
    return [(d.state, d.reason) for d in reversed(found)]


async def settled(stage: Stage) -> None:
    """Everything that was sent has been looked at."""
    await stage.sandbox.deliver()
    await stage.bot.pump()


def reactions(stage: Stage, comment: int) -> list[str]:
    return [r.content for r in stage.repository.comments[comment].reactions]


async def test_who_may_not_gets_one_kind_refusal_however_often_they_ask(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await issue(stage, "Implement ADR-0003")
        refusal = await answered(stage, told, "/cloi implement ADR-0003", by="eve")
        assert refusal.startswith(
            "Sorry, eve: this needs write access to this repository, and yours is read."
        )
        assert "Nothing was changed" in refusal
        assert "could do it" in refusal
        again = await told_to(stage, told, "/cloi cancel", by="eve")
        await stage.until(lambda: reactions(stage, again))
        await settled(stage)
        assert len(comments(stage, told.issue)) == 1
        assert stage.bot.store.summaries(definition="implement-adr") == []


async def test_the_first_thing_that_a_command_gets_is_a_reaction(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await issue(stage)
        asked = await told_to(stage, told, "Hello! Let us see.\n\n/cloi help\n")
        await stage.until(lambda: answers(stage, told))
        writes = [
            r.path.rpartition(f"{REPOSITORY}/")[2]
            for r in stage.sandbox.requests
            if r.actor == "cloi[bot]" and r.method == "POST"
        ]
        assert writes[0] == f"issues/comments/{asked}/reactions"
        assert reactions(stage, asked) == ["eyes"]
        assert all(f"/cloi {name}" in answers(stage, told)[0] for name in COMMANDS)


async def test_a_typo_is_answered_with_what_was_probably_meant(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await issue(stage)
        said = await answered(stage, told, "/cloi implment ADR-0003")
        assert "I do not know `implment`, so nothing was done. Did you mean `/cloi implement`?" in said
        said = await answered(stage, told, "/cloi sing")
        assert "Did you mean" not in said
        said = await answered(stage, told, "/cloi implement ADR-0033")
        assert "There is no decision `ADR-0033`" in said
        assert "`/cloi implement 0003`" in said
        said = await answered(stage, told, "/cloi help\n/cloi status\n")
        assert "There are 2 commands in this comment. Only the first was read" in said


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Implement ADR-0003", ""),
        ("Guessing passwords", "As decided in docs/adr/0003-limit-login-attempts-with-a-token-bucket.md."),
        (
            "Guessing passwords",
            "See [the record](http://github.test/acme/teashop/blob/main/docs/adr/"
            "0003-limit-login-attempts-with-a-token-bucket.md).",
        ),
    ],
)
async def test_without_a_name_it_is_the_record_that_the_issue_names(open_stage, title, body) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await issue(stage, title, body)
        await told_to(stage, told, "/cloi implement")
        await stage.until(lambda: stage.pull_by_bot("workflow"))
        assert stage.instance() == f"implement-adr/{REPOSITORY}/0003"


@pytest.mark.parametrize("body", ["", "ADR-0002 or ADR-0003, I am not sure"])
async def test_where_no_record_or_more_than_one_is_named_it_asks_which(open_stage, body) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await issue(stage, "Passwords", body)
        said = await answered(stage, told, "/cloi implement")
        assert said.startswith("Which decision do you mean?")
        assert "`/cloi implement 0003` Limit login attempts with a token bucket" in said
        assert ("0001" in said) == (body == "")
        assert stage.bot.store.summaries(definition="implement-adr") == []


async def test_a_second_implement_points_to_the_one_that_runs(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await stage.until(lambda: "Waiting" in living(stage, told))
        other = await issue(stage, "The same again")
        said = await answered(stage, other, "/cloi implement ADR-0003", by="maria")
        assert "is being implemented already, so no second one was started" in said
        comment = next(
            c for c in stage.repository.comments.values() if c.body.startswith("### Implementing ")
        )
        assert f"#issuecomment-{comment.id}" in comments(stage, other.issue)[0]
        assert len(stage.bot.store.summaries(definition="implement-adr")) == 1


async def test_after_it_was_cancelled_it_can_be_implemented_anew(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        first = stage.pull_by_bot("workflow")
        await told_to(stage, told, "/cloi cancel")
        await ended(stage, told, "cancelled")
        await told_to(stage, told, "/cloi retry")
        second = await stage.until(lambda: stage.pull_by_bot("workflow"))
        assert second["number"] != first["number"]
        assert stage.instance() == f"{told.instance}/2"


async def test_status_says_how_far_it_is_and_who_has_to_act(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        said = await answered(stage, told, "/cloi status")
        assert f"Waiting for a maintainer to review and merge #{told.workflow_pull}" in said
        other = await issue(stage)
        assert "Waiting for a maintainer" in await answered(stage, other, "/cloi status")
        assert "Nothing is running here" in await answered(stage, other, "/cloi cancel")


async def test_what_is_no_command_of_a_person_is_passed_over_with_its_reason(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told, tom = await issue(stage), stage.person("tom")
        helper = stage.sandbox.add_app("helper", {"issues": "write"}, [], None, "")
        installed = stage.sandbox.install(helper, [REPOSITORY])
        token = stage.sandbox.tokens.mint(installed, {"issues": "write"}, (stage.repository,)).token

        await told_to(stage, told, "> /cloi implement ADR-0003\n\nWhat does this do?")
        await told_to(stage, told, "```\n/cloi implement ADR-0003\n```\nlike this?")
        await told_to(stage, told, "    /cloi implement ADR-0003")
        await told_to(stage, told, "<!-- /cloi implement ADR-0003 -->")
        await told_to(stage, told, "I would write `/cloi implement ADR-0003` there.")
        innocent = await told_to(stage, told, "Good morning")
        await tom.call("PATCH", f"/issues/comments/{innocent}", body="/cloi implement ADR-0003")
        await tom._http.post(
            f"/repos/{REPOSITORY}/issues/{told.issue}/comments",
            json={"body": "/cloi implement ADR-0003"},
            headers={"Authorization": f"Bearer {token}"},
        )
        await tom.call("DELETE", f"/issues/comments/{innocent}")
        await settled(stage)
        no_command = ("ignored", "the comment holds no /cloi command")
        assert reasons(stage) == [
            *[no_command] * 6,
            ("ignored", "a comment was edited; only new comments are read"),
            ("ignored", "helper[bot] is a bot; commands are taken from people"),
            ("ignored", "a comment was deleted; only new comments are read"),
        ]
        assert comments(stage, told.issue) == []

        said = await answered(stage, told, "/cloi help")
        assert "/cloi implement" in said
        await settled(stage)
        assert reasons(stage)[-1] == ("ignored", "our own comment")


KILLED = {
    "cancel": "append RollbackInitiated",
    "rollback": "append RollbackInitiated",
    "retry": "append WorkflowResumed, StepStarted",
    "approve": "append WorkflowResumed, StepStarted",
}
"""The commit by which each command takes effect."""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("command", KILLED)
async def test_a_command_that_took_effect_before_the_bot_was_killed_is_not_denied(
    open_stage, command, moment
) -> None:
    """Asked again after the restart, the engine knows by the cause that it has done so already."""
    point = Point("answer-command/obey", KILLED[command], 1, moment)
    fate = Fate([point])
    async with open_stage(MortalStore(MemoryStore(), fate), files=decided_files()) as stage:
        mortal(stage, fate)
        told = await implementing(stage)
        words = {"approve": "/cloi approve {}", "retry": "/cloi retry"}.get(command, f"/cloi {command}")
        if "WorkflowResumed" in KILLED[command]:
            words = words.format(await _stopped(stage, told))
        await told_to(stage, told, words, by="maria")
        if command == "retry":
            await stage.until(lambda: names(stage, told).count("WorkflowParked") == 2)
        elif command == "approve":
            await stage.until(stage.run)
        else:
            await ended(stage, told, "cancelled" if command == "cancel" else "compensated")
        await stage.until(lambda: all(s.state == "completed" for s in _answering(stage)))
        assert fate.met == [point], [str(p) for p in fate.passed if p.where == point.where]
        assert answers(stage, told) == []
        assert names(stage, told).count("WorkflowResumed") == (command in ("retry", "approve"))


async def test_a_retry_that_began_it_anew_before_the_bot_was_killed_is_not_denied(open_stage) -> None:
    start = "append WorkflowStarted, ImplementationStarted, StepStarted"
    fate = Fate([Point("answer-command/obey", start, 2, "after")])
    async with open_stage(MortalStore(MemoryStore(), fate), files=decided_files()) as stage:
        mortal(stage, fate)
        told = await implementing(stage)
        await told_to(stage, told, "/cloi cancel")
        await ended(stage, told, "cancelled")
        await told_to(stage, told, "/cloi retry")
        await stage.until(lambda: stage.pull_by_bot("workflow"))
        assert len(fate.met) == 1
        assert len(stage.bot.store.summaries(definition="implement-adr")) == 2
        assert answers(stage, told) == []
        await stage.until(lambda: len(comments(stage, told.issue)) == 2)  # each has its own comment


async def _stopped(stage: Stage, told: Told) -> str:
    """A hand edit stops it before the dispatch; the hash that would let it run."""
    name = head_ref(stage, told.workflow_pull)
    path = ".github/workflows/cloi-limit-login-attempts-with-a-token-bucket.yml"
    content = stage.sandbox.file(REPOSITORY, name, path)
    assert content is not None
    await written(stage, name, path, content + b"# read by maria\n")
    await stage.person("maria").merge(told.workflow_pull or 0)
    found = re.search(r"[0-9a-f]{64}", await parked(stage, told))
    assert found is not None
    return found[0]


def _answering(stage: Stage) -> list:
    return stage.bot.store.summaries(definition="answer-command")
