"""Senders that nobody knows: they cost little, for a short time, and leave nothing."""

import asyncio
import hashlib
import hmac
from collections.abc import MutableMapping
from typing import Any

import pytest

from bot.store import MemoryStore
from bot.web.receiver import Receiver

SECRET = "correct horse battery staple"


class Sender:
    """One request, spoken by hand: `say` hands over a piece of its body, `status` is the answer's."""

    def __init__(
        self, receiver: Receiver, id: str, signature: str = "sha256=" + "0" * 64, **more: str
    ) -> None:
        raw = {"x-hub-signature-256": signature, "x-github-delivery": id, "x-github-event": "push", **more}
        headers = [(k.replace("_", "-").encode(), v.encode()) for k, v in raw.items()]
        self.pieces: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[MutableMapping[str, Any]] = []
        self.task = asyncio.create_task(self._run(receiver, headers))

    async def _run(self, receiver: Receiver, headers: list[tuple[bytes, bytes]]) -> None:
        async def send(message: MutableMapping[str, Any]) -> None:
            self.sent.append(message)

        await receiver({"type": "http", "headers": headers}, self.pieces.get, send)

    def say(self, body: bytes, *, more: bool) -> None:
        self.pieces.put_nowait({"type": "http.request", "body": body, "more_body": more})

    async def status(self) -> int:
        await asyncio.wait_for(self.task, 5)
        return int(self.sent[0]["status"])


def signed(body: bytes) -> str:
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


async def test_a_body_that_never_ends_is_given_up(store: MemoryStore) -> None:
    receiver = Receiver(store, [SECRET], lambda: None, patience=0.05)
    slow = Sender(receiver, "slow")
    slow.say(b"{", more=True)
    assert await slow.status() == 408
    assert store.deliveries() == []


async def test_many_unfinished_bodies_together_hold_no_more_than_one_limit(store: MemoryStore) -> None:
    receiver = Receiver(store, [SECRET], lambda: None, max_body_bytes=100, most_held=250)
    strangers = [Sender(receiver, f"s{n}") for n in range(5)]
    for stranger in strangers:
        stranger.say(b"x" * 90, more=True)
    for _ in range(20):
        await asyncio.sleep(0)
    refused = [s for s in strangers if s.task.done()]
    assert len(refused) == 3 and {await s.status() for s in refused} == {503}
    for stranger in strangers:
        if stranger not in refused:
            stranger.say(b"", more=False)
            assert await stranger.status() == 401
    real = Sender(receiver, "real", signed(b"{}"))  # what was held is let go
    real.say(b"{}", more=False)
    assert await real.status() == 202
    assert [d.id for d in store.deliveries()] == ["real"]


async def test_one_that_hangs_up_or_sends_too_much_is_not_held_for_ever(store: MemoryStore) -> None:
    receiver = Receiver(store, [SECRET], lambda: None, max_body_bytes=100, most_held=100)
    for n in range(5):
        gone, greedy = Sender(receiver, f"g{n}"), Sender(receiver, f"h{n}")
        gone.say(b"x" * 50, more=True)
        gone.pieces.put_nowait({"type": "http.disconnect"})
        await asyncio.wait_for(gone.task, 5)
        greedy.say(b"x" * 101, more=False)
        assert await greedy.status() == 413


async def test_the_content_type_is_read_in_any_case(store: MemoryStore) -> None:
    receiver = Receiver(store, [SECRET], lambda: None)
    form = Sender(receiver, "f", signed(b"payload="), content_type="Application/X-WWW-Form-Urlencoded")
    form.say(b"payload=", more=False)
    assert await form.status() == 415
