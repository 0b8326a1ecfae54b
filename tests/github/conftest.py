"""A clock that stands still until told, a key made once, and a GitHub of one function."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.engine.ports import EventStore, StepContext
from bot.github.client import GitHub
from bot.github.signer import AppSigner
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
