"""Issues, comments and reactions, by people and by the App."""

from __future__ import annotations

from typing import Any


async def test_an_issue_is_opened_edited_labelled_closed_and_reopened(shop: Any) -> None:
    issue = await shop.good("rita", "POST", "issues", {"title": "Cart", "body": "Forgets", "labels": ["bug"]})
    assert (issue["number"], issue["author_association"], issue["labels"][0]["name"]) == (
        1,
        "COLLABORATOR",
        "bug",
    )
    await shop.good("rita", "PATCH", "issues/1", {"title": "The cart forgets"})
    await shop.good("maria", "PATCH", "issues/1", {"state": "closed", "state_reason": "not_planned"})
    closed = await shop.good("maria", "GET", "issues/1")
    assert (closed["state"], closed["state_reason"], closed["closed_by"]["login"]) == (
        "closed",
        "not_planned",
        "maria",
    )
    await shop.good("maria", "PATCH", "issues/1", {"state": "open"})
    await shop.sandbox.deliver()
    names = ["opened", "edited", "closed", "reopened"]
    assert shop.mailbox.events[-4:] == [f"issues.{name}" for name in names]
    assert shop.mailbox.payload("issues.edited")["changes"] == {"title": {"from": "Cart"}}


async def test_issues_and_prs_share_numbers_and_lists(shop: Any) -> None:
    await shop.good("rita", "POST", "issues", {"title": "One"})
    assert (await shop.pull("two", {"a": "1"}))["number"] == 2
    listed = await shop.good("rita", "GET", "issues?sort=created&direction=asc")
    assert [(one["number"], "pull_request" in one) for one in listed] == [(1, False), (2, True)]
    assert (await shop.request("rita", "GET", "pulls/1")).status_code == 404


async def test_a_comment_is_made_edited_and_deleted_and_says_so(shop: Any) -> None:
    token = shop.mint()
    await shop.good("rita", "POST", "issues", {"title": "One"})
    mine = await shop.good(token, "POST", "issues/1/comments", {"body": "Working on it"})
    assert (mine["user"]["login"], mine["user"]["type"]) == ("cloi[bot]", "Bot")
    assert mine["performed_via_github_app"]["id"] == shop.app.id
    hers = await shop.good("rita", "POST", "issues/1/comments", {"body": "/cloi status"})
    assert hers["performed_via_github_app"] is None
    await shop.good(token, "PATCH", f"issues/comments/{mine['id']}", {"body": "Done"})
    assert (
        await shop.request("rita", "PATCH", f"issues/comments/{mine['id']}", {"body": "x"})
    ).status_code == 403
    await shop.good("maria", "DELETE", f"issues/comments/{hers['id']}")
    assert (await shop.request("rita", "GET", f"issues/comments/{hers['id']}")).status_code == 404
    assert [one["body"] for one in await shop.good("rita", "GET", "issues/1/comments")] == ["Done"]
    await shop.sandbox.deliver()
    assert shop.mailbox.events[-4:] == [
        "issue_comment.created",
        "issue_comment.created",
        "issue_comment.edited",
        "issue_comment.deleted",
    ]
    edited = shop.mailbox.payload("issue_comment.edited")
    assert edited["changes"] == {"body": {"from": "Working on it"}}
    assert edited["sender"]["login"] == "cloi[bot]"


async def test_the_same_reaction_is_given_once(shop: Any) -> None:
    await shop.good("rita", "POST", "issues", {"title": "One"})
    comment = await shop.good("rita", "POST", "issues/1/comments", {"body": "/cloi help"})
    place = f"issues/comments/{comment['id']}/reactions"
    token = shop.mint()
    first = await shop.request(token, "POST", place, {"content": "eyes"})
    again = await shop.request(token, "POST", place, {"content": "eyes"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    await shop.good("maria", "POST", place, {"content": "+1"})
    assert [one["content"] for one in await shop.good("rita", "GET", place)] == ["eyes", "+1"]
    assert (await shop.request(token, "POST", place, {"content": "tea"})).status_code == 422
    counted = (await shop.good("rita", "GET", f"issues/comments/{comment['id']}"))["reactions"]
    assert (counted["total_count"], counted["eyes"], counted["+1"]) == (2, 1, 1)


async def test_permissions_for_prs_do_not_reach_issues(shop: Any) -> None:
    await shop.good("rita", "POST", "issues", {"title": "One"})
    await shop.pull("two", {"a": "1"})
    token = shop.mint({"pull_requests": "write"})
    assert (await shop.request(token, "POST", "issues/1/comments", {"body": "x"})).status_code == 403
    made = await shop.request(token, "POST", "issues/2/comments", {"body": "x"})
    assert made.status_code == 201
    eyes = {"content": "eyes"}
    place = f"issues/comments/{made.json()['id']}/reactions"
    assert (await shop.request(token, "POST", place, eyes)).status_code == 201


async def test_an_empty_or_endless_comment_is_refused(shop: Any) -> None:
    await shop.good("rita", "POST", "issues", {"title": "One"})
    for body in ("", "  \n", "x" * 65537):
        assert (await shop.request("rita", "POST", "issues/1/comments", {"body": body})).status_code == 422
