"""A delivery arrives: verified, kept, answered. Spoken to as GitHub does, in process."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.ports import EventStore
from bot.store import MemoryStore, SQLiteStore
from bot.web.receiver import Receiver
from tests.properties import examples

SECRET = "correct horse battery staple"


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers(body: bytes, **changes: str | None) -> dict[str, str]:
    given = {
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-GitHub-Event": "issue_comment",
        "X-GitHub-Hook-Installation-Target-ID": "42",
        "X-Hub-Signature-256": signed(body),
        "Content-Type": "application/json",
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in given.items() if value is not None}


async def post(
    receiver: Receiver, body: bytes | AsyncIterator[bytes], sent: dict[str, str]
) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(receiver), base_url="http://bot") as client:
        return await client.post("/webhook", content=body, headers=sent)


class Bell:
    rung = 0

    def __call__(self) -> None:
        self.rung += 1


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def receiver(store: MemoryStore, bell: Bell) -> Receiver:
    return Receiver(store, [SECRET], bell)


BODY = b'{"action": "created", "comment": {"body": "/cloi status"}}'


async def test_a_signed_delivery_is_kept_as_it_came_and_the_worker_woken(
    receiver: Receiver, store: MemoryStore, bell: Bell
) -> None:
    answer = await post(receiver, BODY, headers(BODY))
    assert (answer.status_code, answer.json()) == (202, {"kept": True})
    (kept,) = store.pending()
    assert (kept.id, kept.event, kept.body, kept.installation_target) == (
        "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "issue_comment",
        BODY,
        "42",
    )
    assert kept.received_at.endswith("Z")
    assert bell.rung == 1


async def test_the_body_need_not_be_json_nor_text(receiver: Receiver, store: MemoryStore) -> None:
    body = b"\x00\xff not json"
    assert (await post(receiver, body, headers(body))).status_code == 202
    assert store.pending()[0].body == body


async def test_the_same_delivery_again_changes_nothing(
    receiver: Receiver, store: MemoryStore, bell: Bell
) -> None:
    await post(receiver, BODY, headers(BODY))
    store.settle("72d3162e-cc78-11e3-81ab-4c9367dc0958", "ignored", "not for us")
    before = store.deliveries()
    other = b'{"action": "edited"}'
    answer = await post(receiver, other, headers(other))
    assert (answer.status_code, answer.json()) == (202, {"kept": False})
    assert store.deliveries() == before
    assert bell.rung == 1


async def test_the_answer_comes_after_the_disk(tmp_path: Path, bell: Bell) -> None:
    path = tmp_path / "cloi.sqlite3"
    store = SQLiteStore(path)
    beside = SQLiteStore.open_readonly(path)
    seen: list[tuple[str, int, int]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY}

    async def send(message: MutableMapping[str, Any]) -> None:
        seen.append((message["type"], len(beside.pending()), bell.rung))

    raw = [(name.lower().encode(), value.encode()) for name, value in headers(BODY).items()]
    await Receiver(store, [SECRET], bell)({"type": "http", "headers": raw}, receive, send)
    assert seen == [("http.response.start", 1, 0), ("http.response.body", 1, 0)]
    assert bell.rung == 1
    beside.close()
    store.close()


async def test_a_store_that_fails_is_told_to_github(tmp_path: Path, bell: Bell) -> None:
    store = SQLiteStore(tmp_path / "cloi.sqlite3")
    store.close()
    answer = await post(Receiver(store, [SECRET], bell), BODY, headers(BODY))
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text
    assert bell.rung == 0


async def test_a_worker_that_cannot_be_woken_does_not_make_the_delivery_fail(store: MemoryStore) -> None:
    def broken() -> None:
        raise RuntimeError("no worker")

    assert (await post(Receiver(store, [SECRET], broken), BODY, headers(BODY))).status_code == 202
    assert len(store.pending()) == 1


# --- who is refused


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        signed(b"another body"),
        signed(BODY, "another secret"),
        "sha1=x",
    ],
)
async def test_without_the_right_signature_nothing_is_kept(
    receiver: Receiver, store: MemoryStore, bell: Bell, signature: str | None
) -> None:
    answer = await post(receiver, BODY, headers(BODY, X_Hub_Signature_256=signature))
    assert answer.status_code == 401
    assert store.deliveries() == []
    assert bell.rung == 0


@pytest.mark.parametrize("name", ["X_GitHub_Delivery", "X_GitHub_Event"])
@pytest.mark.parametrize("value", [None, "", "../../etc", "x" * 101, "ünïcode"])
async def test_without_id_or_event_nothing_is_kept(
    receiver: Receiver, store: MemoryStore, name: str, value: str | None
) -> None:
    raw = [(k.lower().encode(), v.encode("latin-1")) for k, v in headers(BODY, **{name: value}).items()]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(receiver), base_url="http://bot") as client:
        answer = await client.post("/webhook", content=BODY, headers=raw)
    assert answer.status_code == 400
    assert store.deliveries() == []


async def test_a_webhook_set_to_form_encoding_is_told_so(receiver: Receiver, store: MemoryStore) -> None:
    sent = headers(BODY, Content_Type="application/x-www-form-urlencoded")
    answer = await post(receiver, BODY, sent)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]
    assert store.deliveries() == []


async def test_a_strange_target_is_left_out(receiver: Receiver, store: MemoryStore) -> None:
    await post(receiver, BODY, headers(BODY, X_GitHub_Hook_Installation_Target_ID="<b>"))
    assert store.pending()[0].installation_target == ""


def test_a_receiver_without_a_secret_cannot_be_made(store: MemoryStore, bell: Bell) -> None:
    for secrets in ([], [""], [SECRET, ""]):
        with pytest.raises(ValueError, match="anybody could send"):
            Receiver(store, secrets, bell)


async def test_while_the_secret_is_changed_both_are_good(store: MemoryStore, bell: Bell) -> None:
    receiver = Receiver(store, ["new", "old"], bell)
    for id, secret, status in (("1", "old", 202), ("2", "new", 202), ("3", "older", 401)):
        sent = headers(BODY, X_GitHub_Delivery=id, X_Hub_Signature_256=signed(BODY, secret))
        assert (await post(receiver, BODY, sent)).status_code == status
    assert [d.id for d in store.pending()] == ["1", "2"]


# --- size


def stream(*parts: bytes) -> AsyncIterator[bytes]:
    async def walk() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    return walk()


async def test_a_body_in_parts_without_a_length(receiver: Receiver, store: MemoryStore) -> None:
    answer = await post(receiver, stream(BODY[:7], b"", BODY[7:]), headers(BODY))
    assert answer.status_code == 202
    assert store.pending()[0].body == BODY


@pytest.mark.parametrize(("size", "status"), [(100, 202), (101, 413)])
async def test_the_limit_holds_with_and_without_a_length(store: EventStore, size: int, status: int) -> None:
    receiver = Receiver(store, [SECRET], Bell(), max_body_bytes=100)
    body = b"x" * size
    assert (await post(receiver, body, headers(body, X_GitHub_Delivery="a"))).status_code == status
    parts = stream(body[:60], body[60:])
    assert (await post(receiver, parts, headers(body, X_GitHub_Delivery="b"))).status_code == status
    assert len(store.pending()) == (2 if status == 202 else 0)


async def test_an_endless_body_is_not_read_to_its_end(store: MemoryStore) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 10
            yield b"x" * 10

    receiver = Receiver(store, [SECRET], Bell(), max_body_bytes=100)
    assert (await post(receiver, endless(), headers(b""))).status_code == 413
    assert read <= 120


async def test_a_length_that_is_too_large_is_refused_before_reading(store: MemoryStore) -> None:
    receiver = Receiver(store, [SECRET], Bell(), max_body_bytes=100)
    started: list[int] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        started.append(message.get("status", 0))

    async def receive() -> dict[str, Any]:
        raise AssertionError("nothing should be read")

    raw = [(b"x-hub-signature-256", b"sha256="), (b"content-length", b"101")]
    await receiver({"type": "http", "headers": raw}, receive, send)
    assert started[0] == 413


async def test_a_sender_who_hangs_up_is_not_answered(receiver: Receiver, store: MemoryStore) -> None:
    messages = iter(
        [{"type": "http.request", "body": BODY[:5], "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: MutableMapping[str, Any]) -> None:
        raise AssertionError("nobody is left to answer")

    raw = [(name.lower().encode(), value.encode()) for name, value in headers(BODY).items()]
    await receiver({"type": "http", "headers": raw}, receive, send)
    assert store.deliveries() == []


# --- for every body and every bit


@settings(max_examples=examples(40), deadline=None)
@given(body=st.binary(max_size=300), secret=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_any_signed_body_is_kept_and_comes_back_whole(body: bytes, secret: str) -> None:
    store = MemoryStore()
    sent = headers(body, X_Hub_Signature_256=signed(body, secret))
    assert asyncio.run(post(Receiver(store, [secret], Bell()), body, sent)).status_code == 202
    assert store.pending()[0].body == body


def flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)


@settings(deadline=None)
@given(body=st.binary(min_size=1, max_size=300), bit=st.integers(0, 10**6), in_signature=st.booleans())
def test_any_flipped_bit_is_401(body: bytes, bit: int, in_signature: bool) -> None:
    store = MemoryStore()
    signature = signed(body).encode()
    raw = {
        b"x-github-delivery": b"1",
        b"x-github-event": b"push",
        b"x-hub-signature-256": flip(signature, bit) if in_signature else signature,
    }
    sent_body = body if in_signature else flip(body, bit)
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": sent_body}

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(dict(message))

    receiver = Receiver(store, [SECRET], Bell())
    asyncio.run(receiver({"type": "http", "headers": list(raw.items())}, receive, send))  # type: ignore[arg-type]
    assert answers[0]["status"] == 401
    assert "error" in json.loads(answers[1]["body"])
    assert store.deliveries() == []
