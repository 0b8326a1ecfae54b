"""What the bot serves beside the webhook: its health, its runner, its front page."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from bot import __version__
from bot.engine.ports import EventStore
from bot.store import MemoryStore, SQLiteStore
from bot.web.site import runner_path, site

RUNNER = b"#!/usr/bin/env python3\nPK\x03\x04 and so on"


def a_site(
    store: EventStore | None = None,
    heartbeat: Callable[[], float | None] = lambda: 0.5,
    links: dict[str, str] | None = None,
) -> Starlette:
    return site(store or MemoryStore(), ["s"], lambda: None, RUNNER, heartbeat, links=links)


async def get(app: Starlette, path: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot") as client:
        return await client.request(method, path)


# --- health


async def test_it_is_well_when_the_store_can_be_read_and_the_worker_is_awake() -> None:
    answer = await get(a_site(), "/healthz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "store": "ok",
        "worker": "ok",
        "worker_seconds": 0.5,
        "version": __version__,
    }


@pytest.mark.parametrize("age", [None, 60.1, 3600.0])
async def test_a_silent_worker_is_unwell(age: float | None) -> None:
    answer = await get(a_site(heartbeat=lambda: age), "/healthz")
    assert answer.status_code == 503
    assert (answer.json()["status"], answer.json()["worker"]) == ("unwell", "silent")


async def test_a_store_that_cannot_be_read_is_unwell(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "cloi.sqlite3")
    app = a_site(store)
    assert (await get(app, "/healthz")).status_code == 200
    store.close()
    answer = await get(app, "/healthz")
    assert (answer.status_code, answer.json()["store"]) == (503, "unreadable")


# --- the runner


async def test_the_runner_is_served_under_its_hash_and_may_be_kept_for_ever() -> None:
    path = f"/runner/{hashlib.sha256(RUNNER).hexdigest()}/cloi.pyz"
    assert runner_path(RUNNER) == path
    answer = await get(a_site(), path)
    assert (answer.status_code, answer.content) == (200, RUNNER)
    assert "immutable" in answer.headers["cache-control"]
    assert (await get(a_site(), path, "HEAD")).headers["content-length"] == str(len(RUNNER))


@pytest.mark.parametrize(
    "wrong", ["0" * 64, hashlib.sha256(RUNNER).hexdigest().upper(), hashlib.sha256(RUNNER).hexdigest()[:-1]]
)
async def test_under_another_hash_there_is_nothing(wrong: str) -> None:
    answer = await get(a_site(), f"/runner/{wrong}/cloi.pyz")
    assert answer.status_code == 404
    assert "cache-control" not in answer.headers


# --- the webhook


async def test_the_webhook_takes_only_post() -> None:
    store = MemoryStore()
    app = a_site(store)
    assert (await get(app, "/webhook")).status_code == 405
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot") as client:
        signature = "sha256=" + hmac.new(b"s", b"{}", hashlib.sha256).hexdigest()
        sent = {"X-GitHub-Delivery": "1", "X-GitHub-Event": "ping", "X-Hub-Signature-256": signature}
        assert (await client.post("/webhook", content=b"{}", headers=sent)).status_code == 202
    assert [d.event for d in store.pending()] == ["ping"]


# --- the front page


async def test_the_front_page_says_what_this_is_and_how_it_is() -> None:
    answer = await get(a_site(links={"Documentation": "https://example.org/docs"}), "/")
    assert answer.status_code == 200
    for text in ("decision record", "Everything works.", __version__, 'href="https://example.org/docs"'):
        assert text in answer.text


async def test_the_front_page_says_what_is_wrong(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "cloi.sqlite3")
    app = a_site(store, heartbeat=lambda: None)
    store.close()
    answer = await get(app, "/")
    assert answer.status_code == 200
    for text in ("Something is wrong.", "cannot be read", "not awake yet"):
        assert text in answer.text
    assert "silent for 90 seconds" in (await get(a_site(heartbeat=lambda: 90.2), "/")).text


async def test_nothing_but_our_own_style_may_run_or_load() -> None:
    answer = await get(a_site(), "/")
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "<script" not in answer.text


async def test_what_is_shown_is_escaped() -> None:
    answer = await get(a_site(links={"<script>alert(1)</script>": '"><script>x'}), "/")
    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
