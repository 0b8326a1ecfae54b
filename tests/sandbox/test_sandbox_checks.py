"""Check runs: an App's own, with annotations and buttons, and their limits."""

from __future__ import annotations

from typing import Any


async def head(shop: Any) -> str:
    return str((await shop.good("maria", "GET", "commits/main"))["sha"])


def annotation(line: int) -> dict[str, Any]:
    return {
        "path": "README.md",
        "start_line": line,
        "end_line": line,
        "annotation_level": "warning",
        "message": f"Line {line}",
    }


async def test_a_check_run_goes_from_queued_to_its_conclusion(shop: Any) -> None:
    token, sha = shop.mint(), await head(shop)
    made = await shop.good(
        token,
        "POST",
        "check-runs",
        {"name": "cloi", "head_sha": sha, "external_id": "wf-1", "status": "in_progress"},
    )
    assert (made["status"], made["conclusion"], made["app"]["slug"]) == ("in_progress", None, "cloi")
    output = {"title": "Fine", "summary": "All good", "annotations": [annotation(1)]}
    await shop.good(token, "PATCH", f"check-runs/{made['id']}", {"conclusion": "success", "output": output})
    more = {"output": {"summary": "Better", "annotations": [annotation(2)]}}
    done = await shop.good(token, "PATCH", f"check-runs/{made['id']}", more)
    assert (done["status"], done["external_id"]) == ("completed", "wf-1")
    assert done["output"] == {**done["output"], "title": "Fine", "summary": "Better", "annotations_count": 2}
    noted = await shop.good("rita", "GET", f"check-runs/{made['id']}/annotations")
    assert [one["message"] for one in noted] == ["Line 1", "Line 2"]
    await shop.sandbox.deliver()
    assert shop.mailbox.events[-3:] == ["check_run.created", "check_run.completed", "check_suite.completed"]


async def test_check_runs_are_found_by_name_and_app(shop: Any) -> None:
    token, sha = shop.mint(), await head(shop)
    for name in ("one", "two", "one"):
        await shop.good(token, "POST", "check-runs", {"name": name, "head_sha": sha})
    listed = await shop.good("rita", "GET", "commits/main/check-runs?check_name=one")
    assert (listed["total_count"], listed["check_runs"][0]["head_sha"]) == (1, sha)
    every = await shop.good("rita", "GET", f"commits/{sha}/check-runs?filter=all&app_id={shop.app.id}")
    assert every["total_count"] == 3
    other = await shop.good("rita", "GET", f"commits/{sha}/check-runs?app_id=1")
    assert other["total_count"] == 0


async def test_only_the_app_that_made_it_changes_a_check_run(shop: Any) -> None:
    made = await shop.good(shop.mint(), "POST", "check-runs", {"name": "cloi", "head_sha": await head(shop)})
    other = shop.sandbox.add_app("other", {"checks": "write"}, [], None, "s")
    installation = shop.sandbox.install(other, ["acme/shop"])
    token = shop.sandbox.tokens.mint(installation, other.permissions, tuple(installation.repositories)).token
    refused = await shop.request(token, "PATCH", f"check-runs/{made['id']}", {"conclusion": "success"})
    assert refused.status_code == 403
    assert (await shop.good("rita", "GET", f"check-runs/{made['id']}"))["conclusion"] is None


async def test_sizes_are_held(shop: Any) -> None:
    token, sha = shop.mint(), await head(shop)
    base = {"name": "cloi", "head_sha": sha}
    button = {"label": "Retry", "description": "Starts again", "identifier": "retry"}
    output = {"title": "t", "summary": "s"}
    for wrong in (
        {"output": {**output, "annotations": [annotation(1)] * 51}},
        {"actions": [button] * 4},
        {"actions": [{**button, "label": "x" * 21}]},
        {"actions": [{**button, "identifier": "x" * 21}]},
        {"actions": [{**button, "description": "x" * 41}]},
        {"output": {**output, "summary": "x" * 65536}},
        {"output": {**output, "annotations": [{**annotation(2), "end_line": 1}]}},
        {"conclusion": "great"},
        {"status": "completed"},
        {"head_sha": "1" * 40},
    ):
        assert (await shop.request(token, "POST", "check-runs", {**base, **wrong})).status_code == 422, wrong
    right = {**base, "actions": [button] * 3, "output": {**output, "annotations": [annotation(1)] * 50}}
    assert (await shop.request(token, "POST", "check-runs", right)).status_code == 201


async def test_a_button_reaches_its_app(shop: Any) -> None:
    button = {"label": "Retry", "description": "Starts again", "identifier": "retry"}
    body = {"name": "cloi", "head_sha": await head(shop), "conclusion": "failure", "actions": [button]}
    made = await shop.good(shop.mint(), "POST", "check-runs", body)
    shop.sandbox.press("acme/shop", made["id"], "retry", "maria")
    await shop.sandbox.deliver()
    pressed = shop.mailbox.payload("check_run.requested_action")
    assert pressed["requested_action"] == {"identifier": "retry"}
    assert (pressed["sender"]["login"], pressed["check_run"]["id"]) == ("maria", made["id"])
