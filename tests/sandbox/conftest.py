"""A shop with a maintainer, a passer-by and an App, and people's clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from githubkit import AppAuthStrategy, GitHub, TokenAuthStrategy
from githubkit.cache import MemCacheStrategy

from bot.sandbox.faults import Faults
from bot.sandbox.recorded import RecordedExecutor, Recording
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.world import App, Installation

CI = """name: CI
run-name: ${{ inputs.key }} by ${{ github.run_id }}
on:
  workflow_dispatch:
    inputs:
      key: {required: true}
      mode: {type: choice, options: [implement, verify], default: implement}
permissions: {contents: read}
jobs:
  build: {runs-on: ubuntu-24.04, steps: [{run: "true"}]}
"""
FILES = {
    "README.md": "# Shop\n",
    "src/cart.py": "def total(items):\n    return sum(items)\n",
    ".github/workflows/ci.yml": CI,
}
PERMISSIONS = {
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
    "checks": "write",
    "actions": "write",
}
EVENTS = [
    *("issues", "issue_comment", "pull_request", "pull_request_review", "push", "create", "delete"),
    *("check_run", "check_suite", "workflow_run", "workflow_job"),
]


class Ticking:
    """A clock that goes on a second with each look."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@dataclass
class Mailbox:
    """An App's webhook endpoint that keeps what comes. status: what it answers, or an error that it raises."""

    status: int | Exception = 202
    kept: list[httpx.Request] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.kept.append(request)
        self.arrived.set()
        if isinstance(self.status, Exception):
            raise self.status
        return httpx.Response(self.status)

    async def wait_for(self, name: str) -> None:
        """Until an event has come."""
        while name not in self.events:
            self.arrived.clear()
            await self.arrived.wait()

    @property
    def events(self) -> list[str]:
        """Such as "push" or "issues.opened"."""
        found = []
        for request in self.kept:
            action = json.loads(request.content).get("action")
            name = request.headers["X-GitHub-Event"]
            found.append(f"{name}.{action}" if action else name)
        return found

    def payload(self, name: str) -> dict[str, Any]:
        """The last payload of an event, as named in `events`."""
        index = len(self.events) - 1 - self.events[::-1].index(name)
        found: dict[str, Any] = json.loads(self.kept[index].content)
        return found


@dataclass
class Shop:
    """The sandbox with its people. `request` acts over REST with a token, or without."""

    sandbox: Sandbox
    app: App
    installation: Installation
    mailbox: Mailbox
    http: httpx.AsyncClient
    executor: RecordedExecutor
    recordings: dict[str, Recording]
    clock: Ticking

    def token(self, login: str) -> str:
        user = self.sandbox.world.user(login)
        assert user
        return user.token

    async def request(
        self, who: str | None, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        """who: a login, or a token with an underscore. path: below the repository unless it starts with /."""
        url = path if path.startswith("/") else f"/repos/acme/shop/{path}".rstrip("/")
        if who:
            token = who if "_" in who else self.token(who)
            headers["Authorization"] = f"Bearer {token}"
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(method, f"{self.sandbox.world.api}{url}", json=body, headers=names)

    async def good(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`request`, which must succeed; its JSON."""
        response = await self.request(who, method, path, body, **headers)
        assert response.is_success, (response.status_code, response.text)
        return response.json() if response.content else None

    def mint(self, permissions: dict[str, str] | None = None) -> str:
        """An installation token."""
        wanted = self.installation.permissions if permissions is None else permissions
        return self.sandbox.tokens.mint(
            self.installation, wanted, tuple(self.installation.repositories)
        ).token

    def github(self, auth: Any = None, **options: Any) -> GitHub[Any]:
        """githubkit, as the bot uses it; as the App unless told otherwise."""
        strategy = auth or AppAuthStrategy(self.app.id, self.app.private_key_pem)
        if isinstance(auth, str):
            strategy = TokenAuthStrategy(auth)
        return GitHub(
            strategy,
            base_url=f"{self.sandbox.world.api}/",
            async_transport=httpx.ASGITransport(self.sandbox.asgi()),
            cache_strategy=MemCacheStrategy(),
            auto_retry=False,
            **options,
        )

    async def branch(
        self, name: str, files: dict[str, str | None], who: str = "maria", base: str = "main"
    ) -> str:
        """Makes a branch with one commit that sets (or, with None, removes) files; its tip."""
        start = (await self.good(who, "GET", f"git/ref/heads/{base}"))["object"]["sha"]
        tree = await self.good(
            who,
            "POST",
            "git/trees",
            {
                "base_tree": (await self.good(who, "GET", f"git/commits/{start}"))["tree"]["sha"],
                "tree": [
                    {"path": path, "mode": "100644", "type": "blob"}
                    | ({"sha": None} if text is None else {"content": text})
                    for path, text in files.items()
                ],
            },
        )
        commit = await self.good(
            who,
            "POST",
            "git/commits",
            {"message": f"Work on {name}", "tree": tree["sha"], "parents": [start]},
        )
        await self.good(who, "POST", "git/refs", {"ref": f"refs/heads/{name}", "sha": commit["sha"]})
        return str(commit["sha"])

    async def pull(self, name: str, files: dict[str, str | None], who: str = "maria", body: str = "") -> Any:
        """A PR of a new branch against main."""
        await self.branch(name, files, who)
        return await self.good(
            who, "POST", "pulls", {"title": f"Add {name}", "head": name, "base": "main", "body": body}
        )


@pytest.fixture
async def make_shop(tmp_path: Path) -> AsyncIterator[Callable[..., Shop]]:
    """Makes shops; keyword arguments go to create_repository, `permissions` to the App, `faults` to
    the sandbox."""
    async with contextlib.AsyncExitStack() as stack:

        def make(
            permissions: dict[str, str] | None = None,
            root: str = "sandbox",
            faults: Faults | None = None,
            **repository: Any,
        ) -> Shop:
            clock, mailbox = Ticking(), Mailbox()
            recordings = {"ci.yml": Recording({"build": "success"})}
            executor = RecordedExecutor(recordings, clock)
            sandbox = Sandbox(
                tmp_path / root,
                base_url="http://github.test",
                clock=clock,
                executor=executor,
                client=httpx.AsyncClient(transport=httpx.MockTransport(mailbox)),
                faults=faults,
            )
            stack.push_async_callback(sandbox.close)
            sandbox.add_user("maria", "Maria")
            sandbox.add_user("passerby")
            repository.setdefault("collaborators", {"maria": "admin", "tom": "write", "rita": "read"})
            sandbox.create_repository("acme/shop", repository.pop("files", FILES), **repository)
            app = sandbox.add_app(
                "cloi", permissions or PERMISSIONS, EVENTS, "http://bot.test/webhook", "secret"
            )
            installation = sandbox.install(app, ["acme/shop"])
            http = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox.asgi()))
            stack.push_async_callback(http.aclose)
            return Shop(sandbox, app, installation, mailbox, http, executor, recordings, clock)

        yield make


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> AsyncIterator[Shop]:
    """The usual shop. Whatever a story does, the sandbox must keep to GitHub's description."""
    made = make_shop()
    yield made  # type: ignore[misc]
    assert made.sandbox.violations == []
