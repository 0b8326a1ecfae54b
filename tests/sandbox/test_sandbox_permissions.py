"""Who may do what: people by role, the App by its permissions, its tokens, and the workflows permission."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from githubkit.exception import RequestFailed

HELLO = {"message": "Hello", "content": "aGVsbG8K"}


def signed(shop: Any, **claims: Any) -> str:
    now = int(datetime.now(UTC).timestamp())
    whole = {"iat": now - 30, "exp": now + 300, "iss": str(shop.app.id), **claims}
    return jwt.encode(whole, shop.app.private_key_pem, "RS256")


async def bearer(shop: Any, token: str, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return await shop.http.request(method, shop.sandbox.world.api + path, json=body, headers=headers)


async def test_the_app_is_known_by_its_own_signature_only(shop: Any) -> None:
    now = int(datetime.now(UTC).timestamp())
    assert (await bearer(shop, signed(shop), "GET", "/app")).json()["slug"] == "cloi"
    for claims in ({"exp": now - 1}, {"exp": now + 3600}, {"iat": now + 600}, {"iss": "4711"}):
        assert (await bearer(shop, signed(shop, **claims), "GET", "/app")).status_code == 401
    other = jwt.encode({"iat": now, "exp": now + 60, "iss": str(shop.app.id)}, "x" * 64, "HS256")
    assert (await bearer(shop, other, "GET", "/app")).status_code == 401
    head, body, _ = signed(shop).split(".")
    assert (await bearer(shop, f"{head}.{body}.AAAA", "GET", "/app")).status_code == 401


async def test_the_apps_signature_is_no_token_for_repositories(shop: Any) -> None:
    assert (await bearer(shop, signed(shop), "GET", "/repos/acme/shop")).status_code == 401
    assert (await shop.request(shop.mint(), "GET", "/app")).status_code == 401


async def test_a_narrowed_token_does_what_it_was_minted_for_and_no_more(shop: Any) -> None:
    github = shop.github()
    made = await github.rest.apps.async_create_installation_access_token(
        shop.installation.id, repositories=["shop"], permissions={"issues": "write"}
    )
    token = made.parsed_data.token
    assert (await shop.request(token, "POST", "issues", {"title": "Mine"})).status_code == 201
    refused = await shop.request(token, "PUT", "contents/a.txt", HELLO)
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
    assert (await shop.request(token, "POST", "issues/1/comments", {"body": "x"})).status_code == 201
    assert (await shop.request(token, "GET", "pulls")).status_code == 403


async def test_more_than_was_granted_is_not_minted(shop: Any) -> None:
    github = shop.github()
    for asked in ({"workflows": "write"}, {"administration": "read"}, {"metadata": "write"}):
        with pytest.raises(RequestFailed) as refused:
            await github.arequest(
                "POST",
                f"/app/installations/{shop.installation.id}/access_tokens",
                json={"permissions": asked},
            )
        assert refused.value.response.status_code == 422
    with pytest.raises(RequestFailed) as unknown:
        await github.arequest(
            "POST",
            f"/app/installations/{shop.installation.id}/access_tokens",
            json={"repositories": ["cellar"]},
        )
    assert unknown.value.response.status_code == 422


async def test_a_token_for_one_repository_does_not_see_another(shop: Any) -> None:
    shop.sandbox.create_repository("acme/cellar", {"a": "1"}, collaborators={"maria": "admin"})
    shop.sandbox.create_repository("acme/window", {"a": "1"}, private=False)
    token = shop.mint()
    assert (await shop.request(token, "GET", "/repos/acme/cellar/contents/a")).status_code == 404
    assert (await shop.request(token, "POST", "/repos/acme/cellar/issues", {"title": "x"})).status_code == 404
    assert (await shop.request(token, "GET", "/repos/acme/window/contents/a")).status_code == 200
    assert (await shop.request(token, "POST", "/repos/acme/window/issues", {"title": "x"})).status_code == 403
    listed = await shop.good(token, "GET", "/installation/repositories")
    assert [one["full_name"] for one in listed["repositories"]] == ["acme/shop"]


async def test_tokens_end_after_an_hour(shop: Any) -> None:
    token = shop.mint()
    assert (await shop.request(token, "GET", "")).status_code == 200
    world = shop.sandbox.world
    world.auth_clock = lambda: datetime.now(UTC) + timedelta(minutes=61)
    assert (await shop.request(token, "GET", "")).status_code == 401


async def test_people_act_by_role(shop: Any) -> None:
    assert (await shop.request(None, "GET", "")).status_code == 401
    assert (await shop.request("passerby", "GET", "")).status_code == 404
    assert (await shop.request("rita", "GET", "contents/README.md")).status_code == 200
    assert (await shop.request("rita", "POST", "issues", {"title": "Help"})).status_code == 201
    assert (await shop.request("rita", "PUT", "contents/a.txt", HELLO)).status_code == 403
    assert (await shop.request("tom", "PUT", "contents/a.txt", HELLO)).status_code == 201
    assert (
        await shop.request("tom", "POST", "check-runs", {"name": "x", "head_sha": "0" * 40})
    ).status_code == 403
    assert (await shop.request("rita", "PATCH", "issues/1", {"state": "closed"})).status_code == 200
    await shop.good("maria", "POST", "issues", {"title": "Not Rita's"})
    assert (await shop.request("rita", "PATCH", "issues/2", {"state": "closed"})).status_code == 403


async def test_the_app_can_ask_what_somebody_may_do(shop: Any) -> None:
    token = shop.mint({})
    expected = {"maria": "admin", "tom": "write", "rita": "read", "passerby": "none"}
    for login, permission in expected.items():
        answer = await shop.good(token, "GET", f"collaborators/{login}/permission")
        assert answer["permission"] == permission
    assert (await shop.request(token, "GET", "collaborators/nobody/permission")).status_code == 404


async def test_without_workflows_permission_no_workflow_lands(shop: Any) -> None:
    token = shop.mint()
    path = ".github/workflows/evil.yml"
    refused = await shop.request(token, "PUT", f"contents/{path}", HELLO)
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
    entry = {"path": path, "mode": "100644", "type": "blob", "content": "on: push\n"}
    assert (await shop.request(token, "POST", "git/trees", {"tree": [entry]})).status_code == 403

    # Hidden in a directory's sha, the file passes the tree, and is found when a ref is to have it.
    await shop.branch("topic", {path: "on: push\n"})
    tip = (await shop.good("maria", "GET", "commits/topic"))["sha"]
    topic = await shop.good("maria", "GET", "git/trees/topic")
    folder = next(entry for entry in topic["tree"] if entry["path"] == ".github")
    hidden = {"path": ".github", "mode": "040000", "type": "tree", "sha": folder["sha"]}
    main = await shop.good(token, "GET", "git/trees/main")
    tree = await shop.good(token, "POST", "git/trees", {"base_tree": main["sha"], "tree": [hidden]})
    old = (await shop.good(token, "GET", "git/ref/heads/main"))["object"]["sha"]
    commit = await shop.good(
        token, "POST", "git/commits", {"message": "x", "tree": tree["sha"], "parents": [old]}
    )
    await shop.good("maria", "DELETE", "git/refs/heads/topic")
    for method, place, body in (
        ("POST", "git/refs", {"ref": "refs/heads/mine", "sha": commit["sha"]}),
        ("PATCH", "git/refs/heads/main", {"sha": commit["sha"]}),
        ("PATCH", "git/refs/heads/main", {"sha": tip}),
    ):
        assert (await shop.request(token, method, place, body)).status_code == 403
    assert path not in shop.sandbox.tree("acme/shop", "main")


async def test_merging_a_workflow_needs_the_permission_too(make_shop: Any) -> None:
    shop = make_shop()
    await shop.pull("ci", {".github/workflows/new.yml": "on: push\n"})
    refused = await shop.request(shop.mint(), "PUT", "pulls/1/merge", {})
    assert refused.status_code == 403
    assert "refusing to allow a GitHub App to create or update workflow" in refused.json()["message"]
    assert (await shop.good("maria", "GET", "pulls/1"))["state"] == "open"


async def test_with_workflows_permission_it_lands(make_shop: Any) -> None:
    shop = make_shop(permissions={"contents": "write", "workflows": "write"})
    token = shop.mint()
    await shop.good(token, "PUT", "contents/.github/workflows/new.yml", HELLO)
    narrowed = shop.mint({"contents": "write"})
    again = {
        **HELLO,
        "content": "Ynll",
        "sha": shop.sandbox.tree("acme/shop", "main")[".github/workflows/new.yml"],
    }
    assert (
        await shop.request(narrowed, "PUT", "contents/.github/workflows/new.yml", again)
    ).status_code == 403
    assert shop.sandbox.violations == []
