"""What holds for every request: pages, ETags, versions, errors, GitHub's description, the log; and comparing."""

from __future__ import annotations

from typing import Any

from bot.sandbox.call import HANDLERS, Answer


async def test_lists_come_in_pages(shop: Any) -> None:
    for number in range(5):
        await shop.good("rita", "POST", "issues", {"title": f"Number {number}"})
    first = await shop.request("rita", "GET", "issues?per_page=2&direction=asc")
    assert [one["number"] for one in first.json()] == [1, 2]
    assert set(first.links) == {"next", "last"}
    second = await shop.request(
        "rita", "GET", first.links["next"]["url"].removeprefix(shop.sandbox.world.api)
    )
    assert [one["number"] for one in second.json()] == [3, 4]
    last = await shop.request("rita", "GET", "issues?per_page=2&page=3")
    assert (len(last.json()), set(last.links)) == (1, {"prev", "first"})


async def test_what_has_not_changed_is_304_and_free(shop: Any) -> None:
    first = await shop.request("rita", "GET", "branches/main")
    again = await shop.request("rita", "GET", "branches/main", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    used = [int(one.headers["x-ratelimit-used"]) for one in (first, again)]
    assert used == [1, 1]
    await shop.good("tom", "PUT", "contents/a.txt", {"message": "x", "content": "MQ=="})
    changed = await shop.request("rita", "GET", "branches/main", If_None_Match=first.headers["ETag"])
    assert changed.status_code == 200


async def test_githubkits_cache_asks_with_the_etag(shop: Any) -> None:
    github = shop.github(shop.token("rita"), http_cache=True)
    for _ in range(2):
        answer = await github.rest.repos.async_get("acme", "shop", headers={"Cache-Control": "no-cache"})
        assert answer.parsed_data.full_name == "acme/shop"
    assert [one.status for one in shop.sandbox.requests] == [200, 304]


async def test_the_newer_version_has_no_merge_commit_sha(shop: Any) -> None:
    await shop.pull("one", {"a": "1"})
    await shop.good("maria", "PUT", "pulls/1/merge", {})
    old = await shop.good("maria", "GET", "pulls/1", X_GitHub_Api_Version="2022-11-28")
    new = await shop.good("maria", "GET", "pulls/1", X_GitHub_Api_Version="2026-03-10")
    assert len(old["merge_commit_sha"]) == 40
    assert "merge_commit_sha" not in new
    assert (
        await shop.request("maria", "GET", "pulls/1", X_GitHub_Api_Version="2020-01-01")
    ).status_code == 400


async def test_unknown_and_misshapen_fields_are_named(shop: Any) -> None:
    unknown = await shop.request("rita", "POST", "issues", {"title": "x", "tittle": "y"})
    assert (unknown.status_code, unknown.json()["message"]) == (
        422,
        "Invalid request.\n\ntittle: unknown field",
    )
    deep = {"base_tree": "0" * 40, "tree": [{"path": "a", "mod": "100644"}]}
    found = await shop.request("tom", "POST", "git/trees", deep)
    assert "tree/0/mod: unknown field" in found.json()["message"]
    wrong = await shop.request("rita", "POST", "issues", {"title": ["x"]})
    assert wrong.status_code == 422
    missing = await shop.request("rita", "POST", "issues", {})
    assert missing.status_code == 422
    listed = await shop.request("rita", "POST", "issues", ["title"])
    assert listed.status_code == 400
    assert shop.sandbox.repository("acme/shop").issues == {}


async def test_what_is_not_json_or_not_there(shop: Any) -> None:
    headers = {"Authorization": f"Bearer {shop.token('rita')}"}
    url = f"{shop.sandbox.world.api}/repos/acme/shop/issues"
    bad = await shop.http.post(url, content=b"{", headers=headers)
    assert (bad.status_code, bad.json()["message"]) == (400, "Problems parsing JSON")
    half = await shop.http.post(url, content=b'{"title": "\\ud83d"}', headers=headers)
    assert half.status_code == 400
    for path in ("teapots", "issues/99", "pulls/x", "/repos/acme/none", "/nowhere"):
        missing = await shop.request("rita", "GET", path)
        assert (missing.status_code, missing.json()["message"]) == (404, "Not Found"), path


async def test_an_answer_that_breaks_githubs_description_is_a_bug_that_shows(make_shop: Any) -> None:
    shop = make_shop()
    name = "GET /repos/{owner}/{repo}/branches"
    good = HANDLERS[name]
    try:
        HANDLERS[name] = lambda call: Answer([{"name": 3}])
        broken = await shop.request("rita", "GET", "branches")
        HANDLERS[name] = lambda call: 1 / 0  # type: ignore[assignment,return-value]
        crashed = await shop.request("rita", "GET", "branches")
    finally:
        HANDLERS[name] = good
    assert (broken.status_code, crashed.status_code) == (500, 500)
    assert "The sandbox is at fault" in broken.json()["message"]
    assert any("ZeroDivisionError" in one for one in shop.sandbox.violations)


async def test_requests_are_logged_and_counted(shop: Any) -> None:
    github = shop.github()
    bot = github.with_auth(github.auth.as_installation(shop.installation.id))
    await bot.arequest("POST", "/repos/acme/shop/issues", json={"title": "x"})
    await bot.arequest("PATCH", "/repos/acme/shop/issues/1", json={"title": "y"})
    await shop.good("rita", "POST", "issues/1/comments", {"body": "mine"})
    lines = [(one.method, one.path, one.status, one.actor) for one in shop.sandbox.requests]
    assert lines == [
        ("POST", "/app/installations/1001/access_tokens", 201, "app/cloi"),
        ("POST", "/repos/acme/shop/issues", 201, "cloi[bot]"),
        ("PATCH", "/repos/acme/shop/issues/1", 200, "cloi[bot]"),
        ("POST", "/repos/acme/shop/issues/1/comments", 201, "rita"),
    ]
    assert (shop.sandbox.request_count(shop.app), shop.sandbox.content_creations(shop.app)) == (2, 1)


async def test_two_stories_with_the_same_end_look_the_same(make_shop: Any, tmp_path: Any) -> None:
    looks = []
    for detour in (False, True):
        shop = make_shop(root=str(detour))
        if detour:
            shop.clock.at = shop.clock.at.replace(year=2027)
            issue = await shop.request("nobody_here", "POST", "issues", {"title": "refused"})
            assert issue.status_code == 401
        pull = await shop.pull("one", {"a.txt": "1"})
        await shop.good("maria", "POST", "issues/1/comments", {"body": f"See {pull['head']['sha']}"})
        looks.append(shop.sandbox.snapshot())
        if detour:
            await shop.good("maria", "PATCH", "issues/1", {"title": "Other"})
            assert shop.sandbox.snapshot() != looks[0]
    assert looks[0] == looks[1]
    assert looks[0]["acme/shop"]["issues"][0]["pull"]["head"] == "one"


async def test_files_and_trees_of_a_repository_can_be_looked_at(shop: Any) -> None:
    before = shop.sandbox.tree("acme/shop", "main")
    await shop.pull("one", {"src/cart.py": None})
    await shop.good("maria", "PUT", "pulls/1/merge", {})
    assert before.keys() - shop.sandbox.tree("acme/shop", "main").keys() == {"src/cart.py"}
    assert shop.sandbox.file("acme/shop", "main", "src/cart.py") is None
