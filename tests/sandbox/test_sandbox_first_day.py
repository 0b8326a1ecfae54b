"""The way of a change through the sandbox, by githubkit as the bot uses it."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from bot.sandbox import openapi
from bot.sandbox.call import HANDLERS, NEW_VERSION, OLD_VERSION
from bot.sandbox.permissions import NEEDS


async def test_an_app_makes_a_commit_a_pr_and_a_comment_and_maria_merges(shop: Any) -> None:
    app = shop.github()
    installation = (await app.arequest("GET", "/repos/acme/shop/installation")).json()
    bot = app.with_auth(app.auth.as_installation(installation["id"]))
    base = "/repos/acme/shop"
    tip = (await bot.arequest("GET", f"{base}/git/ref/heads/main")).json()["object"]["sha"]
    content = {"path": "src/coupon.py", "mode": "100755", "type": "blob", "content": "OFF = 10\n"}
    parent = (await bot.arequest("GET", f"{base}/git/commits/{tip}")).json()
    tree = await bot.arequest(
        "POST", f"{base}/git/trees", json={"base_tree": parent["tree"]["sha"], "tree": [content]}
    )
    commit = (
        await bot.arequest(
            "POST",
            f"{base}/git/commits",
            json={"message": "Add coupons", "tree": tree.json()["sha"], "parents": [tip]},
        )
    ).json()
    assert commit["author"]["name"] == "cloi[bot]"
    assert commit["verification"]["verified"] is True
    await bot.arequest("POST", f"{base}/git/refs", json={"ref": "refs/heads/cloi/1", "sha": commit["sha"]})
    pull = (
        await bot.arequest(
            "POST",
            f"{base}/pulls",
            json={"title": "Coupons", "head": "cloi/1", "base": "main", "body": "Hello"},
        )
    ).json()
    assert (pull["mergeable"], pull["mergeable_state"], pull["changed_files"]) == (True, "clean", 1)
    assert pull["user"] == {**pull["user"], "login": "cloi[bot]", "type": "Bot"}
    comment = await bot.rest.issues.async_create_comment("acme", "shop", pull["number"], body="Look here")
    assert comment.parsed_data.performed_via_github_app.slug == "cloi"

    maria = shop.github(shop.token("maria"))
    merged = await maria.rest.pulls.async_merge("acme", "shop", pull["number"], sha=commit["sha"])
    assert merged.parsed_data.merged
    assert shop.sandbox.file("acme/shop", "main", "src/coupon.py") == b"OFF = 10\n"
    modes = {
        entry["path"]: entry["mode"]
        for entry in (
            await maria.arequest("GET", f"{base}/git/trees/main", params={"recursive": "1"})
        ).json()["tree"]
    }
    assert modes["src/coupon.py"] == "100755"

    await shop.sandbox.pump()
    assert shop.mailbox.events == [
        "installation.created",
        "create",
        "push",
        "check_suite.requested",
        "pull_request.opened",
        "issue_comment.created",
        "push",
        "check_suite.requested",
        "pull_request.closed",
    ]
    assert shop.mailbox.payload("pull_request.closed")["pull_request"]["merged"] is True
    assert shop.sandbox.request_count(shop.app) == 8
    assert shop.sandbox.content_creations(shop.app) == 2


async def test_webhooks_are_signed_and_name_their_installation(shop: Any) -> None:
    await shop.good("maria", "POST", "issues", {"title": "Cart forgets"})
    await shop.sandbox.deliver()
    request = shop.mailbox.kept[-1]
    signature = hmac.new(b"secret", request.content, hashlib.sha256).hexdigest()
    assert request.headers["X-Hub-Signature-256"] == f"sha256={signature}"
    assert request.headers["X-GitHub-Hook-Installation-Target-ID"] == str(shop.app.id)
    payload = shop.mailbox.payload("issues.opened")
    assert payload["installation"]["id"] == shop.installation.id
    assert payload["sender"]["login"] == "maria"
    assert payload["repository"]["full_name"] == "acme/shop"


def test_what_is_served_is_described_and_has_its_permission() -> None:
    assert HANDLERS.keys() == NEEDS.keys()
    for version in (OLD_VERSION, NEW_VERSION):
        assert HANDLERS.keys() == openapi.description(version).operations


def test_the_permissions_that_are_asked_for_are_githubs() -> None:
    path = Path(openapi.__file__).with_name("openapi.json")
    known = json.loads(path.read_text())["components"]["schemas"]["app-permissions"]["properties"]
    for operation, need in NEEDS.items():
        for permission, level in need.app:
            assert level in known[permission]["enum"], operation
