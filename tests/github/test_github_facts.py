"""What a webhook means: a fact, or ignored with a reason that a person can read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.ports import Delivery
from bot.github import facts
from bot.github.facts import Fact, Ignored, Unreadable, read

APP = 77


def webhook(event: str, **payload: Any) -> Fact | Ignored | Unreadable:
    whole = {
        "repository": {"full_name": "o/r", "default_branch": "main"},
        "sender": {"login": "ada", "type": "User", "id": 5},
        **payload,
    }
    delivery = Delivery(id="d-1", event=event, body=json.dumps(whole).encode(), received_at="")
    return read(delivery, app_id=APP, slug="cloi")


def fact(event: str, **payload: Any) -> Fact:
    found = webhook(event, **payload)
    assert isinstance(found, Fact), found
    json.dumps(found.data)  # triggers and events hold JSON only
    return found


def reason(event: str, **payload: Any) -> str:
    found = webhook(event, **payload)
    assert isinstance(found, Ignored), found
    return found.reason


def pull(**more: Any) -> dict[str, Any]:
    side = {"sha": "a" * 40, "repo": {"full_name": "o/r"}}
    return {
        "number": 3,
        "title": "Add ADR-013",
        "user": {"login": "ada"},
        "head": {"ref": "adr", **side},
        "base": {"ref": "main", **side},
        "draft": False,
        "merged_at": None,
        **more,
    }


def test_a_pull_request_wakes_who_waits_for_it_and_tells_triggers_what_they_ask():
    found = fact("pull_request", action="opened", number=3, pull_request=pull())
    assert found.kind == "pull-request" and found.keys == (facts.pull_key("o/r", 3),) == ("pr:o/r#3",)
    assert (found.actor, found.delivery, found.number) == ("ada", "d-1", 3)
    wanted = {"action": "opened", "repository": "o/r", "number": 3, "same_repo": True, "merged": False}
    assert found.data.items() >= {**wanted, "own": False, "on_default_branch": True, "author": "ada"}.items()


def test_a_pull_request_of_our_own_is_marked_so_and_one_of_a_fork_too():
    ours = fact("pull_request", action="opened", number=3, pull_request=pull(user={"login": "cloi[bot]"}))
    assert ours.data["own"] is True
    fork = {"ref": "adr", "sha": "b" * 40, "repo": {"full_name": "eve/r"}}
    assert (
        fact("pull_request", action="opened", number=3, pull_request=pull(head=fork)).data["same_repo"]
        is False
    )
    gone = {**fork, "repo": None}
    assert (
        fact("pull_request", action="opened", number=3, pull_request=pull(head=gone)).data["same_repo"]
        is False
    )


def test_a_merge_is_told_from_a_close():
    merged = pull(merged_at="2026-11-22T12:00:00Z")
    assert fact("pull_request", action="closed", number=3, pull_request=merged).data["merged"] is True
    assert fact("pull_request", action="closed", number=3, pull_request=pull()).data["merged"] is False


def comment(body: str, **more: Any) -> dict[str, Any]:
    return {
        "action": "created",
        "issue": {"number": 9, "title": "Do it", **more.pop("issue", {})},
        "comment": {
            "id": 4,
            "body": body,
            "user": {"login": "ada", "type": "User", "id": 5},
            **more.pop("comment", {}),
        },
        **more,
    }


def test_a_persons_new_comment_with_a_command_is_a_fact():
    found = fact("issue_comment", **comment("please\n\n/cloi implement ADR-7"))
    assert found.kind == "comment" and found.number == 9 and found.keys == ()
    assert found.data["commands"] == [{"name": "implement", "arguments": ["ADR-7"], "line": 3}]
    assert (found.data["comment_id"], found.data["is_pull"], found.data["author_id"]) == (4, False, 5)
    on_pull = comment("/cloi status", issue={"pull_request": {"url": "x"}})
    assert fact("issue_comment", **on_pull).data["is_pull"] is True


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (comment("/cloi implement", action="edited"), "only new comments"),
        (comment("/cloi implement", action="deleted"), "only new comments"),
        (comment("/cloi x", comment={"performed_via_github_app": {"id": APP}}), "our own"),
        (comment("/cloi x", comment={"performed_via_github_app": {"id": 5}}), "taken from people"),
        (comment("/cloi x", comment={"user": {"login": "dependabot[bot]", "type": "Bot"}}), "is a bot"),
        (comment("/cloi x", sender={"login": "x[bot]", "type": "Bot"}), "is a bot"),
        (comment("/cloi x", comment={"user": None}), "no author"),
        (comment("/cloi x", sender=None), "no author"),
        (comment("> /cloi implement"), "no /cloi command"),
        (comment("nice work"), "no /cloi command"),
        (comment("/cloi x", comment={"body": None}), "no /cloi command"),
    ],
)
def test_other_comments_are_ignored_and_it_says_why(payload, words):
    assert words in reason("issue_comment", **payload)


def test_a_run_wakes_by_its_id_and_its_commit():
    run = {
        "id": 12,
        "head_sha": "c" * 40,
        "event": "workflow_dispatch",
        "run_attempt": 2,
        "conclusion": "success",
    }
    found = fact("workflow_run", action="completed", workflow_run=run)
    assert found.keys == ("run:o/r/12", "sha:o/r@" + "c" * 40)
    assert found.data.items() >= {"run_id": 12, "attempt": 2, "conclusion": "success"}.items()
    job = {"run_id": 12, "name": "implement", "status": "in_progress"}
    assert fact("workflow_job", action="in_progress", workflow_job=job).keys == ("run:o/r/12",)


def check(app: int, action: str = "completed", **more: Any) -> dict[str, Any]:
    run = {"id": 1, "name": "test", "head_sha": "d" * 40, "status": "completed", "app": {"id": app}}
    return {"action": action, "check_run": {**run, "external_id": "e"}, **more}


def test_checks_of_others_wake_and_our_own_do_not():
    assert fact("check_run", **check(15368)).keys == ("sha:o/r@" + "d" * 40,)
    assert reason("check_run", **check(APP)) == "our own check run"
    suite = {"head_sha": "d" * 40, "app": {"id": 15368}}
    assert fact("check_suite", action="completed", check_suite=suite).keys == ("sha:o/r@" + "d" * 40,)
    assert "our own" in reason("check_suite", action="completed", check_suite={**suite, "app": {"id": APP}})
    assert fact("status", sha="d" * 40, state="success", context="ci/old").keys == ("sha:o/r@" + "d" * 40,)


def test_a_button_on_our_check_is_an_order_of_the_person_who_pressed_it():
    pressed = fact("check_run", **check(APP, "requested_action", requested_action={"identifier": "approve"}))
    assert (pressed.kind, pressed.data["identifier"], pressed.actor) == ("button", "approve", "ada")
    assert fact("check_run", **check(APP, "rerequested")).data["identifier"] == facts.RERUN
    assert "somebody else" in reason(
        "check_run", **check(5, "requested_action", requested_action={"identifier": "x"})
    )
    bot = check(
        APP, "requested_action", requested_action={"identifier": "x"}, sender={"login": "b", "type": "Bot"}
    )
    assert "no person" in reason("check_run", **bot)


def test_a_push_is_about_its_branch_slashes_and_all():
    found = fact("push", ref="refs/heads/cloi/adr-7", before="0", after="1")
    assert found.keys == (facts.branch_key("o/r", "cloi/adr-7"),) == ("branch:o/r@cloi/adr-7",)
    assert found.data["is_default"] is False
    assert fact("push", ref="refs/heads/main").data["is_default"] is True
    assert "tag" in reason("push", ref="refs/tags/v1")


def test_a_review_wakes_its_pull_request_and_an_installation_itself():
    reviewed = fact(
        "pull_request_review", action="submitted", pull_request=pull(), review={"state": "APPROVED"}
    )
    assert reviewed.keys == ("pr:o/r#3",) and reviewed.data["state"] == "approved"
    grown = {"id": 8, "account": {"login": "o"}}
    added = fact(
        "installation_repositories",
        action="added",
        installation=grown,
        repositories_added=[{"full_name": "o/new"}],
    )
    assert added.data["added"] == ["o/new"] and added.keys == ("installation:8",)


def test_what_nobody_acts_on_is_ignored_by_name():
    assert "greeting" in reason("ping", zen="Keep it simple")
    assert "“star”" in reason("star", action="created")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"{}", b'{"action": 1}', b"\xff\xfe", b'{"sender": "ada"}']
)
def test_what_is_not_a_payload_is_unreadable_never_a_crash(body):
    for event in ("pull_request", "issue_comment", "push", "workflow_run", "check_run", "installation"):
        found = read(Delivery(id="1", event=event, body=body, received_at=""), app_id=APP)
        assert isinstance(found, Unreadable) and event in found.reason


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "action",
                    "repository",
                    "full_name",
                    "sender",
                    "login",
                    "comment",
                    "issue",
                    "id",
                    "body",
                    "number",
                    "user",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(st.sampled_from(sorted(facts._READERS)), _JSON)
def test_no_json_makes_it_stumble(event: str, payload: Any):
    delivery = Delivery(id="1", event=event, body=json.dumps(payload).encode(), received_at="")
    assert isinstance(read(delivery, app_id=APP), Fact | Ignored | Unreadable)
