"""One call: the narrowest token, honest errors, nothing repeated that may not be."""

from __future__ import annotations

import asyncio

import httpx
import msgspec
import pytest

from bot.github import errors
from bot.github.client import GitHub
from bot.github.signer import AppSigner

READ = {"contents": "read"}
WRITE = {"contents": "write"}


class Thing(msgspec.Struct):
    id: int


def ok(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"id": 1})


async def call(gh: GitHub, method: str = "GET", permissions: dict[str, str] = READ, **more: object):
    return await gh.call(method, "/repos/o/r/x", repository="o/r", permissions=permissions, **more)  # type: ignore[arg-type]


async def test_a_token_is_for_one_repository_and_the_permissions_asked_and_minted_once(github_of):
    gh, server = github_of(ok)
    await asyncio.gather(*(call(gh) for _ in range(5)))
    await call(gh, permissions=WRITE)
    assert server.minted == [
        {"repositories": ["r"], "permissions": READ},
        {"repositories": ["r"], "permissions": WRITE},
    ]
    assert {r.headers["authorization"] for r in server.requests[:5]} == {"Bearer ghs_1"}
    assert server.requests[5].headers["authorization"] == "Bearer ghs_2"
    assert server.requests[0].headers["x-github-api-version"] == "2026-03-10"


async def test_a_token_is_renewed_five_minutes_before_it_ends(github_of, clock):
    gh, server = github_of(ok)
    await call(gh)
    clock.push(minutes=54)
    await call(gh)
    assert len(server.minted) == 1
    clock.push(minutes=2)
    await call(gh)
    assert len(server.minted) == 2


async def test_a_permission_that_was_not_granted_is_named_with_who_can_grant_it(github_of):
    gh, _ = github_of(ok)
    with pytest.raises(errors.PermissionMissing) as caught:
        await call(gh, permissions={"issues": "write", "workflows": "write"})
    assert (caught.value.permission, caught.value.level) == ("workflows", "write")
    assert "owner of o" in caught.value.message
    failed = errors.as_failed(caught.value)
    assert failed.kind == "permission" and failed.park and not failed.retryable


async def test_a_permission_counts_as_soon_as_an_owner_accepts_it(github_of):
    gh, server = github_of(ok)
    with pytest.raises(errors.PermissionMissing):
        await call(gh, permissions={"checks": "write"})
    server.granted["checks"] = "write"
    assert (await call(gh, permissions={"checks": "write"})).json() == {"id": 1}


async def test_an_app_that_is_not_installed_says_who_can_install_it(clock, private_pem):
    gh = GitHub(
        "https://api.example.test",
        AppSigner(1, private_pem, clock),
        clock=clock,
        transport=httpx.MockTransport(lambda r: httpx.Response(404, json={"message": "Not Found"})),
    )
    with pytest.raises(errors.NotInstalled, match="not installed on o/r"):
        await call(gh)


async def test_an_app_that_was_removed_and_installed_anew_goes_on(place):
    name = place.repository()
    repo = place.ours(name)
    await repo.info()
    world = place.sandbox.world
    world.installations.pop(world.installation_on(place.app, place.sandbox.repository(name)).id)
    place.sandbox.install(place.app, [name])
    assert await repo.branch_head("main")
    world.installations.pop(world.installation_on(place.app, place.sandbox.repository(name)).id)
    with pytest.raises(errors.NotInstalled, match="not installed on acme/shop"):
        await repo.issue(1)


async def test_a_token_that_github_no_longer_takes_is_replaced_once(github_of):
    def answer(request: httpx.Request) -> httpx.Response:
        stale = request.headers["authorization"] == "Bearer ghs_1"
        return httpx.Response(401, json={"message": "Bad credentials"}) if stale else ok(request)

    gh, server = github_of(answer)
    assert (await call(gh, "POST")).json() == {"id": 1}
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("method", "answer", "error", "kind", "retryable"),
    [
        ("GET", httpx.Response(404, json={"message": "Not Found"}), errors.NotFound, "transient", True),
        ("PUT", httpx.Response(403, json={"message": "no"}), errors.Refused, "permission", False),
        ("PUT", httpx.Response(409, json={"message": "no"}), errors.Conflict, "conflict", False),
        ("PUT", httpx.Response(405, json={"message": "no"}), errors.Conflict, "conflict", False),
        ("GET", httpx.Response(502, text="<html>"), errors.Unavailable, "transient", True),
        ("POST", httpx.Response(502, text="<html>"), errors.Unknown, "transient", True),
        ("PATCH", httpx.Response(500, json=[]), errors.Unknown, "transient", True),
        ("POST", httpx.Response(429), errors.RateLimited, "rate-limit", True),
    ],
)
async def test_each_answer_has_one_meaning_and_is_asked_for_once(
    github_of, method, answer, error, kind, retryable
):
    gh, server = github_of(lambda request: answer)
    with pytest.raises(error) as caught:
        await call(gh, method)
    assert type(caught.value) is error
    failed = errors.as_failed(caught.value)
    assert (failed.kind, failed.retryable) == (kind, retryable)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("method", "problem", "error"),
    [
        ("POST", httpx.ConnectError("refused"), errors.Unavailable),
        ("POST", httpx.ReadTimeout("late"), errors.Unknown),
        ("POST", httpx.RemoteProtocolError("cut"), errors.Unknown),
        ("GET", httpx.ReadTimeout("late"), errors.Unavailable),
    ],
)
async def test_no_answer_is_unknown_only_where_the_write_may_have_happened(github_of, method, problem, error):
    def answer(request: httpx.Request) -> httpx.Response:
        raise problem

    gh, _ = github_of(answer)
    with pytest.raises(error):
        await call(gh, method)


async def test_what_is_wrong_with_a_request_is_passed_on_in_githubs_words(github_of):
    body = {
        "message": "Validation Failed",
        "errors": [{"resource": "PullRequest", "field": "head", "code": "invalid"}],
    }
    gh, _ = github_of(lambda request: httpx.Response(422, json=body))
    with pytest.raises(errors.Invalid, match="Validation Failed") as caught:
        await call(gh, "POST")
    assert caught.value.errors == ("PullRequest head invalid",)


@pytest.mark.parametrize(
    ("status", "headers", "message", "seconds"),
    [
        (403, {"retry-after": "17"}, "You have exceeded a secondary rate limit", 17),
        (429, {"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, "slow", 60),
        (403, {}, "You have exceeded a secondary rate limit", 60),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "RESET"}, "API rate limit exceeded", 90),
    ],
)
async def test_a_rate_limit_says_how_long_to_wait_and_nobody_sleeps(
    github_of, clock, status, headers, message, seconds
):
    reset = str(int(clock.now().timestamp()) + 90)
    headers = {k: v.replace("RESET", reset) for k, v in headers.items()}
    gh, server = github_of(lambda request: httpx.Response(status, headers=headers, json={"message": message}))
    with pytest.raises(errors.RateLimited) as caught:
        await call(gh, "POST")
    assert caught.value.retry_after == seconds
    assert len(server.requests) == 1


async def test_an_unchanged_thing_is_read_for_free(github_of):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("if-none-match") == '"v1"':
            return httpx.Response(304)
        return httpx.Response(200, headers={"etag": '"v1"'}, json={"id": 1})

    gh, server = github_of(answer)
    assert (await call(gh)).json() == (await call(gh)).json() == {"id": 1}
    assert "if-none-match" not in server.requests[0].headers
    assert server.requests[1].headers["if-none-match"] == '"v1"'
    await gh.call("GET", "/repos/o/r/x", repository="o/r", permissions={"issues": "read"})
    assert "if-none-match" not in server.requests[2].headers, "another token may not see the same"


async def test_lists_are_read_to_their_end_and_no_further_than_the_limit(github_of):
    def answer(request: httpx.Request) -> httpx.Response:
        page, size = int(request.url.params["page"]), int(request.url.params["per_page"])
        items = [{"id": i, "more": "fields"} for i in range(250)][(page - 1) * size : page * size]
        link = {"link": '<https://api.example.test/x?page=9>; rel="next"'} if page * size < 250 else {}
        return httpx.Response(200, headers=link, json={"total_count": 250, "things": items})

    gh, server = github_of(answer)

    async def ids(limit: int) -> list[int]:
        things = await gh.pages(
            "/repos/o/r/things", Thing, repository="o/r", permissions=READ, within="things", limit=limit
        )
        return [t.id for t in things]

    assert await ids(1000) == list(range(250))
    assert len(server.requests) == 3
    assert await ids(30) == list(range(30))


async def test_an_answer_of_another_shape_is_unreadable_not_a_crash(github_of):
    gh, _ = github_of(lambda request: httpx.Response(200, text="<html>welcome to the proxy</html>"))
    with pytest.raises(errors.Unreadable):
        (await call(gh)).read(Thing)
