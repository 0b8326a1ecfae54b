"""The delivery log: what never reached the store is found and asked for, however GitHub calls it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot.engine.ports import Delivery
from bot.github import deliveries, errors
from bot.github.client import GitHub
from bot.github.signer import AppSigner
from bot.sandbox.sandbox import Sandbox
from bot.store.memory import MemoryStore

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Hook:
    """A sandbox whose webhooks end in a store, unless the door is shut; and time that a story moves."""

    def __init__(self, root: Path) -> None:
        self.time = START
        self.answer: httpx.Response | Exception = httpx.Response(202)
        self.store = MemoryStore()
        self.sandbox = Sandbox(
            root,
            base_url="http://github.test",
            clock=self.now,
            auth_clock=self.now,
            client=httpx.AsyncClient(transport=httpx.MockTransport(self.receive)),
        )
        self.app = self.sandbox.add_app("cloi", {"issues": "write"}, ["issues"], "http://bot.test/", "secret")
        self.sandbox.create_repository("acme/shop", {"a": "a"}, collaborators={"maria": "admin"})
        self.sandbox.install(self.app, ["acme/shop"])
        self.transport = httpx.ASGITransport(self.sandbox.asgi())
        signer = AppSigner(self.app.id, self.app.private_key_pem, self)
        self.gh = GitHub("http://github.test/api/v3", signer, clock=self, transport=self.transport)

    def now(self) -> datetime:
        return self.time

    def receive(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer.status_code == 202:
            self.keep(request)
        return self.answer

    def keep(self, request: httpx.Request) -> None:
        id, event = request.headers["X-GitHub-Delivery"], request.headers["X-GitHub-Event"]
        self.store.keep(Delivery(id=id, event=event, body=request.content, received_at=""))

    async def happens(self, title: str) -> str:
        """An issue is opened and told; the delivery's id."""
        token = self.sandbox.add_user("maria").token
        async with httpx.AsyncClient(transport=self.transport) as client:
            url = "http://github.test/api/v3/repos/acme/shop/issues"
            headers = {"Authorization": f"Bearer {token}"}
            assert (await client.post(url, json={"title": title}, headers=headers)).status_code == 201
        await self.sandbox.deliver()
        return list(self.sandbox.world.deliveries.values())[-1].guid

    async def missing(self, *, days: float = 3, kept_since: datetime = START) -> list[deliveries.Missing]:
        return await deliveries.missing(self.gh, self.store, self.time - timedelta(days=days), kept_since)


@pytest.fixture
async def hook(tmp_path: Path) -> AsyncIterator[Hook]:
    it = Hook(tmp_path / "github")
    await it.sandbox.deliver()
    yield it
    await it.gh.close()
    await it.sandbox.close()
    assert it.sandbox.violations == []


async def test_what_did_not_arrive_is_missing_until_it_is_here(hook: Hook) -> None:
    assert await hook.missing() == []
    hook.answer = httpx.ConnectError("nobody there")
    first = await hook.happens("one")
    hook.answer = httpx.Response(503)
    second = await hook.happens("two")
    found = await hook.missing()
    assert [(one.guid, one.event, one.action, one.asked) for one in found] == [
        (first, "issues", "opened", 0),
        (second, "issues", "opened", 0),
    ], "oldest first"
    assert [one.status for one in found] == ["failed to connect to host (502)", "Service Unavailable (503)"]

    asked, forgotten = await deliveries.ask_again(hook.gh, found)
    await hook.sandbox.deliver()
    assert (asked, forgotten) == (found, [])
    assert [one.asked for one in await hook.missing()] == [1, 1], "asked for, and still not here"

    hook.answer = httpx.Response(202)
    await deliveries.ask_again(hook.gh, await hook.missing())
    await hook.sandbox.deliver()
    assert await hook.missing() == []
    assert hook.store.kept([first, second]) == {first, second}


async def test_what_arrived_too_late_for_github_is_not_missing(hook: Hook) -> None:
    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            hook.keep(request)
            raise httpx.ReadTimeout("slow", request=request)

    hook.sandbox.deliverer.client = httpx.AsyncClient(transport=Slow())
    await hook.happens("kept, but answered too late")
    assert list(hook.sandbox.world.deliveries.values())[-1].status == "timed out"
    assert await hook.missing() == []


async def test_what_another_store_has_handled_is_left_alone(hook: Hook) -> None:
    await hook.happens("handled by a store that is gone")
    hook.store = MemoryStore()
    assert await hook.missing(kept_since=START + timedelta(hours=1)) == []
    assert len(await hook.missing(kept_since=START)) == 2, "a copy of the store that lacks some asks for them"


async def test_only_as_far_back_as_asked_and_page_by_page(hook: Hook) -> None:
    hook.answer = httpx.Response(500)
    await hook.happens("long ago")
    hook.time += timedelta(days=2)
    guids = [await hook.happens(str(number)) for number in range(150)]
    before = len(hook.sandbox.requests)
    assert [one.guid for one in await hook.missing(days=1)] == guids
    assert len(hook.sandbox.requests) - before == 2
    assert len(await hook.missing(days=3)) == 151


async def test_what_github_has_forgotten_is_told_apart(hook: Hook) -> None:
    hook.answer = httpx.Response(500)
    await hook.happens("one")
    await hook.happens("two")
    one, two = await hook.missing()
    del hook.sandbox.world.deliveries[one.attempt]
    assert await deliveries.ask_again(hook.gh, [one, two]) == ([two], [one])


@pytest.mark.parametrize("status", [429, 401])
async def test_it_stops_where_github_says_no_and_tells_only_if_nothing_was_done(
    hook: Hook, status: int
) -> None:
    left = [1]

    def answer(request: httpx.Request) -> httpx.Response:
        left[0] -= 1
        return httpx.Response(202 if left[0] >= 0 else status, json={"message": "no"})

    gh = GitHub("http://x.test", hook.gh.tokens._signer, clock=hook, transport=httpx.MockTransport(answer))
    them = [
        deliveries.Missing(guid=str(n), attempt=n, event="push", action="", status="", asked=0)
        for n in (1, 2, 3)
    ]
    assert await deliveries.ask_again(gh, them) == (them[:1], [])
    with pytest.raises(errors.GitHubError):
        await deliveries.ask_again(gh, them[1:])
