"""A clock that stands still until told, a GitHub of one function for single behaviours of the client, and the
sandbox, with a network that can be cut, for stories of effects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.engine.ports import EventStore, StepContext
from bot.github.client import GitHub
from bot.github.repository import Repository
from bot.github.signer import AppSigner
from bot.sandbox.sandbox import Sandbox
from bot.store.memory import MemoryStore

Answer = Callable[[httpx.Request], httpx.Response]


class StandingClock:
    """Moves only when pushed."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def push(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture(scope="session")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def private_pem(private_key: rsa.RSAPrivateKey) -> str:
    return private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


class OneRepository:
    """Answers for the App, its installation and its tokens as documented; the rest is the test's function."""

    def __init__(self, clock: StandingClock, answer: Answer) -> None:
        self.clock = clock
        self.answer = answer
        self.requests: list[httpx.Request] = []
        self.minted: list[dict[str, object]] = []
        self.granted = {"contents": "write", "issues": "write", "metadata": "read", "actions": "write"}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/repos/o/r/installation":
            return httpx.Response(200, json={"id": 7, "permissions": self.granted})
        if path == "/app/installations/7/access_tokens":
            return self._token(request)
        self.requests.append(request)
        return self.answer(request)

    def _token(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if any(self.granted.get(name) not in (level, "write") for name, level in body["permissions"].items()):
            said = "The permissions requested are not granted to this installation."
            return httpx.Response(422, json={"message": said})
        self.minted.append(body)
        until = self.clock.now() + timedelta(hours=1)
        token = {"token": f"ghs_{len(self.minted)}", "expires_at": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return httpx.Response(201, json=token)


@pytest.fixture
def github_of(clock: StandingClock, private_pem: str) -> Callable[[Answer], tuple[GitHub, OneRepository]]:
    """A client, and the GitHub it talks to, for one function that answers all but tokens."""

    def build(answer: Answer) -> tuple[GitHub, OneRepository]:
        server = OneRepository(clock, answer)
        gh = GitHub(
            "https://api.example.test",
            AppSigner(1, private_pem, clock),
            clock=clock,
            transport=httpx.MockTransport(server),
            patience=(0.0, 0.0),
        )
        return gh, server

    return build


class NoControl:
    """Effects start no workflows."""


class Steps:
    """Contexts as the coordinator makes them: a key that holds until a person asks again."""

    def __init__(self, store: EventStore, clock: StandingClock) -> None:
        self.store = store
        self.clock = clock

    def begin(self, step: str = "step", *, round: int = 0, instance: str = "story/1") -> StepContext:
        now = self.clock.now()
        return StepContext(
            instance=instance,
            step=step,
            attempt=1,
            key=hashlib.sha256(f"{instance} {step} {round}".encode()).hexdigest()[:20],
            inputs={},
            now=now,
            started_at=now,
            actor="@ada",
            correlation=instance,
            store=self.store,
            control=NoControl(),  # type: ignore[arg-type]
        )


@pytest.fixture
def steps(clock: StandingClock) -> Steps:
    return Steps(MemoryStore(), clock)


class Killed(BaseException):
    """The process ends here: no handler of ours sees it."""


class Network(httpx.AsyncBaseTransport):
    """The way to the sandbox, which can fail at the n-th write (from 1; token mints are not counted).

    how: "before" and "after" kill the process before GitHub's write, and between it and its answer; "lost" does
    the write and answers 502; "undone" answers 502 and does nothing.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.writes: list[str] = []
        self.fail_at, self.how = 0, ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" or request.url.path.endswith("/access_tokens"):
            return await self._inner.handle_async_request(request)
        self.writes.append(f"{request.method} {request.url.path}")
        how = self.how if len(self.writes) == self.fail_at else ""
        if how == "before":
            raise Killed
        if how == "undone":
            return httpx.Response(502, request=request)
        response = await self._inner.handle_async_request(request)
        if how == "after":
            raise Killed
        if how == "lost":
            return httpx.Response(502, request=request)
        return response


PERMISSIONS = {
    "metadata": "read",
    "contents": "write",
    "workflows": "write",
    "pull_requests": "write",
    "issues": "write",
    "checks": "write",
    "actions": "write",
}

WORKFLOW = """\
name: build
run-name: ${{ inputs.name }}
on:
  workflow_dispatch:
    inputs:
      name: {type: string, required: true}
jobs:
  build:
    runs-on: ubuntu-24.04
    steps: [{run: "true"}]
"""

FILES: dict[str, str | bytes] = {
    "README.md": "hello\n",
    "bin/tool": "#!/bin/sh\n",
    "old.txt": "old\n",
    ".github/workflows/build.yml": WORKFLOW,
}


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Place:
    """A sandbox with our App, Maria who may write, and Eve, who may too."""

    def __init__(self, root: Path) -> None:
        self.sandbox = Sandbox(root, base_url="http://sandbox.test")
        self.app = self.sandbox.add_app("cloi", PERMISSIONS, [], None, "secret")
        self.signer = AppSigner(self.app.id, self.app.private_key_pem, RealClock())
        self.asgi = httpx.ASGITransport(self.sandbox.asgi())
        self.network = Network(self.asgi)

    def repository(self, name: str = "acme/shop") -> str:
        roles = {"maria": "admin", "eve": "write"}
        self.sandbox.create_repository(name, FILES, collaborators=roles, executable=["bin/tool"])
        self.sandbox.install(self.app, [name])
        return name

    def ours(self, name: str, network: Network | None = None) -> Repository:
        """The repository as a freshly started bot sees it."""
        gh = GitHub(
            "http://sandbox.test/api/v3",
            self.signer,
            clock=RealClock(),
            transport=network or self.network,
            patience=(0.0, 0.0),
        )
        return Repository(gh, name)

    async def person(self, login: str, method: str, path: str, **body: object) -> httpx.Response:
        """What a person does over REST."""
        user = self.sandbox.world.user(login)
        assert user is not None
        headers = {"Authorization": f"Bearer {user.token}"}
        async with httpx.AsyncClient(transport=self.asgi, base_url="http://sandbox.test/api/v3") as client:
            answer = await client.request(method, path, json=body or None, headers=headers)
        assert answer.is_success, answer.text
        return answer


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    it = Place(tmp_path / "sandbox")
    yield it
    await it.sandbox.close()
    assert it.sandbox.violations == []
