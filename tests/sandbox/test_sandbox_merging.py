"""PRs: what they change, conflicts, rules, merging, closing."""

from __future__ import annotations

from typing import Any

RULES = {
    "main": [
        {"type": "pull_request", "parameters": {"required_approving_review_count": 1}},
        {
            "type": "required_status_checks",
            "parameters": {
                "strict_required_status_checks_policy": False,
                "required_status_checks": [{"context": "tests"}],
            },
        },
        {"type": "non_fast_forward"},
        {"type": "deletion"},
    ]
}


async def test_two_prs_that_change_the_same_line_conflict(shop: Any) -> None:
    await shop.pull("one", {"README.md": "# Shop one\n"})
    await shop.pull("two", {"README.md": "# Shop two\n"})
    assert (await shop.good("maria", "GET", "pulls/2"))["mergeable"] is True
    await shop.good("maria", "PUT", "pulls/1/merge", {})
    two = await shop.good("maria", "GET", "pulls/2")
    assert (two["mergeable"], two["mergeable_state"]) == (False, "dirty")
    refused = await shop.request("maria", "PUT", "pulls/2/merge", {})
    assert (refused.status_code, refused.json()["message"]) == (405, "Pull Request is not mergeable")


async def test_a_merge_at_another_sha_is_refused(shop: Any) -> None:
    await shop.pull("one", {"a.txt": "1"})
    refused = await shop.request("maria", "PUT", "pulls/1/merge", {"sha": "0" * 40})
    assert refused.status_code == 409


async def test_changes_on_both_sides_come_together(shop: Any) -> None:
    await shop.pull("one", {"a.txt": "1\n"})
    await shop.pull("two", {"b.txt": "2\n", "src/cart.py": None})
    for number in (1, 2):
        await shop.good("maria", "PUT", f"pulls/{number}/merge", {})
    assert sorted(shop.sandbox.tree("acme/shop", "main")) == [
        ".github/workflows/ci.yml",
        "README.md",
        "a.txt",
        "b.txt",
    ]
    merge = await shop.good("maria", "GET", "commits/main")
    assert len(merge["parents"]) == 2
    assert merge["commit"]["message"] == "Merge pull request #2 from acme/two\n\nAdd two"
    files = await shop.good("maria", "GET", "pulls/2/files")
    assert [(file["filename"], file["status"]) for file in files] == [
        ("b.txt", "added"),
        ("src/cart.py", "removed"),
    ]


async def test_a_squash_is_one_commit(shop: Any) -> None:
    await shop.pull("one", {"a.txt": "1\n"})
    done = await shop.good("maria", "PUT", "pulls/1/merge", {"merge_method": "squash"})
    commit = await shop.good("maria", "GET", f"git/commits/{done['sha']}")
    assert (commit["message"], len(commit["parents"])) == ("Add one (#1)", 1)
    pull = await shop.good("maria", "GET", "pulls/1")
    assert (pull["merged"], pull["merge_commit_sha"]) == (True, done["sha"])


async def test_a_merged_pr_closes_the_issue_that_it_fixes(shop: Any) -> None:
    await shop.good("rita", "POST", "issues", {"title": "Cart forgets"})
    await shop.good("rita", "POST", "issues", {"title": "Not this one"})
    await shop.pull("fix", {"a.txt": "1"}, body="Fixes #1, see #2")
    await shop.good("maria", "PUT", "pulls/3/merge", {})
    states = [(await shop.good("maria", "GET", f"issues/{number}"))["state"] for number in (1, 2)]
    assert states == ["closed", "open"]
    await shop.sandbox.deliver()
    assert shop.mailbox.events[-2:] == ["pull_request.closed", "issues.closed"]


async def test_new_commits_synchronize_and_deleting_the_branch_closes(shop: Any) -> None:
    sha = (await shop.pull("one", {"a.txt": "1"}))["head"]["sha"]
    done = await shop.good(
        "tom", "PUT", "contents/b.txt", {"message": "More", "content": "Mg==", "branch": "one"}
    )
    await shop.sandbox.deliver()
    payload = shop.mailbox.payload("pull_request.synchronize")
    assert (payload["before"], payload["after"]) == (sha, done["commit"]["sha"])
    assert payload["pull_request"]["head"]["sha"] == done["commit"]["sha"]
    await shop.good("maria", "DELETE", "git/refs/heads/one")
    pull = await shop.good("maria", "GET", "pulls/1")
    assert (pull["state"], pull["merged"], pull["changed_files"]) == ("closed", False, 2)


async def test_a_ref_moves_back_only_by_force(shop: Any) -> None:
    first = (await shop.good("maria", "GET", "commits/main"))["sha"]
    await shop.branch("one", {"a.txt": "1"})
    refused = await shop.request("maria", "PATCH", "git/refs/heads/one", {"sha": first})
    assert (refused.status_code, refused.json()["message"]) == (422, "Update is not a fast forward")
    await shop.good("maria", "PATCH", "git/refs/heads/one", {"sha": first, "force": True})
    await shop.sandbox.deliver()
    assert shop.mailbox.payload("push")["forced"] is True


async def test_the_same_pr_is_not_opened_twice_nor_without_commits(shop: Any) -> None:
    await shop.pull("one", {"a.txt": "1"})
    again = await shop.request("maria", "POST", "pulls", {"title": "x", "head": "one", "base": "main"})
    assert (again.status_code, again.json()["errors"][0]["message"]) == (
        422,
        "A pull request already exists for acme:one.",
    )
    main = (await shop.good("maria", "GET", "commits/main"))["sha"]
    await shop.good("maria", "POST", "git/refs", {"ref": "refs/heads/same", "sha": main})
    empty = await shop.request("maria", "POST", "pulls", {"title": "x", "head": "same", "base": "main"})
    assert empty.json()["errors"][0]["message"] == "No commits between main and same"
    listed = await shop.good("maria", "GET", "pulls?head=acme:one&state=open")
    assert [one["number"] for one in listed] == [1]


async def test_a_branch_with_rules_asks_for_a_review_and_checks(make_shop: Any) -> None:
    shop = make_shop(branch_rules=RULES)
    listed = await shop.good("maria", "GET", "rules/branches/main")
    assert [rule["type"] for rule in listed] == [rule["type"] for rule in RULES["main"]]
    hello = {"message": "x", "content": "aGk="}
    assert (await shop.request("maria", "PUT", "contents/x.txt", hello)).status_code == 409
    pull = await shop.pull("one", {"a.txt": "1"})
    assert pull["mergeable_state"] == "blocked"
    refused = await shop.request("maria", "PUT", "pulls/1/merge", {})
    assert refused.status_code == 405
    assert 'Required status check "tests" is expected.' in refused.json()["message"]

    own = await shop.request("maria", "POST", "pulls/1/reviews", {"event": "APPROVE"})
    assert own.status_code == 422
    await shop.good("rita", "POST", "pulls/1/reviews", {"event": "APPROVE"})  # readers do not count
    check = {"name": "tests", "head_sha": pull["head"]["sha"], "conclusion": "success"}
    await shop.good(shop.mint(), "POST", "check-runs", check)
    assert (await shop.request("maria", "PUT", "pulls/1/merge", {})).status_code == 405
    await shop.good("tom", "POST", "pulls/1/reviews", {"event": "APPROVE", "body": "Good"})
    assert (await shop.good("maria", "GET", "pulls/1"))["mergeable_state"] == "clean"
    await shop.good("maria", "PUT", "pulls/1/merge", {})
    await shop.sandbox.deliver()
    assert "pull_request_review.submitted" in shop.mailbox.events
    assert shop.sandbox.violations == []


async def test_a_pr_whose_commits_are_pushed_to_its_base_is_merged(shop: Any) -> None:
    sha = (await shop.pull("one", {"a.txt": "1"}))["head"]["sha"]
    await shop.good("maria", "PATCH", "git/refs/heads/main", {"sha": sha})
    assert (await shop.good("maria", "GET", "pulls/1"))["merged"] is True


async def test_closed_and_opened_again(shop: Any) -> None:
    await shop.pull("one", {"a.txt": "1"})
    await shop.good("maria", "PATCH", "pulls/1", {"state": "closed"})
    await shop.good("maria", "PATCH", "pulls/1", {"state": "open", "title": "Better"})
    await shop.sandbox.deliver()
    assert shop.mailbox.events[-3:] == ["pull_request.closed", "pull_request.edited", "pull_request.reopened"]


async def _brought_by(shop: Any, sha: str) -> list[int]:
    return [one["number"] for one in await shop.good("maria", "GET", f"commits/{sha}/pulls")]


async def test_a_commit_tells_which_pr_brought_it(shop: Any) -> None:
    own = (await shop.pull("one", {"a.txt": "1\n"}))["head"]["sha"]
    assert await _brought_by(shop, own) == [1]  # still open
    await shop.pull("two", {"a.txt": "2\n"})
    await shop.good("maria", "PATCH", "pulls/2", {"state": "closed"})
    closed = (await shop.good("maria", "GET", "pulls/2"))["head"]["sha"]
    assert await _brought_by(shop, closed) == []
    merged = await shop.good("maria", "PUT", "pulls/1/merge", {})
    await shop.pull("three", {"c.txt": "3\n"})
    squashed = await shop.good("maria", "PUT", "pulls/3/merge", {"merge_method": "squash"})
    assert [await _brought_by(shop, sha) for sha in (own, merged["sha"], squashed["sha"])] == [[1], [1], [3]]
    last = await shop.good("maria", "GET", "commits?path=a.txt&sha=main&per_page=1")
    assert [one["sha"] for one in last] == [own]


async def test_a_commit_that_was_pushed_has_no_pr(shop: Any) -> None:
    pushed = await shop.good("maria", "PUT", "contents/x.txt", {"message": "x", "content": "aGk="})
    assert await _brought_by(shop, pushed["commit"]["sha"]) == []
    assert (await shop.request("maria", "GET", f"commits/{'0' * 40}/pulls")).status_code == 422


async def test_nobody_judges_their_own_pr(shop: Any) -> None:
    await shop.pull("one", {"a.txt": "1"})
    for event, verb in (("APPROVE", "approve"), ("REQUEST_CHANGES", "request changes on")):
        refused = await shop.request("maria", "POST", "pulls/1/reviews", {"event": event, "body": "So."})
        assert refused.status_code == 422
        assert refused.json()["message"] == f"Review Can not {verb} your own pull request"
    await shop.good("tom", "POST", "pulls/1/reviews", {"event": "REQUEST_CHANGES", "body": "Why?"})
    await shop.good("rita", "POST", "pulls/1/reviews", {"event": "APPROVE"})
    listed = await shop.good("maria", "GET", "pulls/1/reviews")
    assert [(one["user"]["login"], one["state"]) for one in listed] == [
        ("tom", "CHANGES_REQUESTED"),
        ("rita", "APPROVED"),
    ]
