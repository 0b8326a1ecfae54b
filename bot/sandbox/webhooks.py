"""Webhooks: an event of the world becomes one delivery for each App that asked for it, and a post to the App.

`emit` writes the delivery with the payload as the state is now; `Deliverer` posts what is waiting, in order, once.
GitHub never re-sends by itself, so neither does this: what failed stays in the log until somebody asks for it
again. Not here: which change is which event (refs.py, runs.py, the routes_* modules).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx

from bot.sandbox import shapes
from bot.sandbox.faults import Faults
from bot.sandbox.world import App, Delivery, Installation, Repository, User, World

_log = logging.getLogger(__name__)

TIMEOUT = 10.0  # seconds that GitHub waits for an answer


def emit(
    world: World,
    repository: Repository,
    event: str,
    action: str | None,
    sender: User,
    fields: Callable[[], dict[str, Any]],
    *,
    only: App | None = None,
) -> None:
    """Tells every App that is installed on `repository` and subscribed to `event`; with `only`, that App alone.
    fields: the event's own part of the payload, asked only if somebody listens."""
    payload: dict[str, Any] | None = None
    for installation in world.installations.values():
        if repository not in installation.repositories or event not in installation.events:
            continue
        if only is not None and installation.app is not only:
            continue
        if payload is None:
            payload = {
                **({"action": action} if action else {}),
                **fields(),
                "repository": shapes.repository(world, repository),
                "sender": shapes.user(world, sender),
            }
            if repository.owner.type == "Organization":
                payload["organization"] = shapes.user(world, repository.owner)
        brief = {"id": installation.id, "node_id": shapes.node("IN", installation.id)}
        _queue(world, installation, repository, event, action, {**payload, "installation": brief})


def emit_installation(world: World, installation: Installation, action: str, sender: User) -> None:
    """Tells an App that it was installed (created, deleted)."""
    payload = {
        "action": action,
        "installation": shapes.installation(world, installation),
        "repositories": [
            {
                "id": repo.id,
                "node_id": shapes.node("R", repo.id),
                "name": repo.name,
                "full_name": repo.full_name,
                "private": repo.private,
            }
            for repo in installation.repositories
        ],
        "requester": None,
        "sender": shapes.user(world, sender),
    }
    _queue(world, installation, None, "installation", action, payload)


def ping(world: World, app: App) -> None:
    """What GitHub sends when a webhook is set up."""
    if app.webhook_url is None:
        return
    hook = {
        "type": "App",
        "id": app.id,
        "name": "web",
        "active": True,
        "events": list(app.events),
        "app_id": app.id,
    }
    payload = {"zen": "Speak like a human.", "hook_id": app.id, "hook": hook}
    world.send(_delivery(world, app, None, None, "ping", None, payload))


def _queue(
    world: World,
    installation: Installation,
    repository: Repository | None,
    event: str,
    action: str | None,
    payload: dict[str, Any],
) -> None:
    if installation.app.webhook_url is not None:
        world.send(_delivery(world, installation.app, installation, repository, event, action, payload))


def _delivery(
    world: World,
    app: App,
    installation: Installation | None,
    repository: Repository | None,
    event: str,
    action: str | None,
    payload: dict[str, Any],
) -> Delivery:
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    guid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{world.html}/{world.new_id('guid')}/{app.secret}"))
    return Delivery(
        world.new_id("delivery"),
        guid,
        app,
        installation,
        repository,
        event,
        action,
        body,
        created_at=world.clock(),
    )


def redeliver(world: World, old: Delivery) -> Delivery:
    """Queues a delivery again: same guid, same bytes, an entry of its own in the log."""
    again = Delivery(
        world.new_id("delivery"),
        old.guid,
        old.app,
        old.installation,
        old.repository,
        old.event,
        old.action,
        old.body,
        redelivery=True,
        created_at=world.clock(),
    )
    world.send(again)
    return again


def headers(delivery: Delivery) -> dict[str, str]:
    """What goes along with a delivery, signature included."""
    signature = hmac.new(delivery.app.secret.encode(), delivery.body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/sandbox",
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Hook-ID": str(delivery.app.id),
        "X-GitHub-Hook-Installation-Target-ID": str(delivery.app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature-256": f"sha256={signature}",
    }


class Deliverer:
    """Posts what is waiting. client: used for every post, such as one with an ASGITransport; None: made here.
    faults: how deliveries go astray."""

    def __init__(
        self, world: World, client: httpx.AsyncClient | None = None, faults: Faults | None = None
    ) -> None:
        self._world = world
        self._faults = faults
        self._late: list[tuple[datetime, Delivery]] = []
        self.client = client

    def next_late(self) -> datetime | None:
        """When a delivery that is late will be sent, by `auth_clock`."""
        return min((at for at, _ in self._late), default=None)

    async def deliver(self) -> int:
        """Sends until nothing waits but what is late; the number of deliveries."""
        outbox, count = self._world.outbox, 0
        while True:
            now = self._world.auth_clock()
            due = [one for one in self._late if one[0] <= now]
            if not outbox and not due:
                return count
            count += 1
            if due:
                self._late.remove(due[0])
                await self._post(due[0][1])
            else:
                await self._send(outbox.popleft())

    async def _send(self, delivery: Delivery) -> None:
        """Posts it, or does what is wrong with it. The one place where deliveries misbehave."""
        match kind := self._faults.delivery(delivery) if self._faults else None:
            case "drop":
                delivery.status, delivery.status_code = "failed to connect to host", 502
                delivery.request_headers = headers(delivery)
                delivery.delivered_at = self._world.clock()
            case "timeout":
                await self._post(delivery)
                delivery.status, delivery.status_code, delivery.duration = "timed out", 504, TIMEOUT
            case "double":
                await self._post(delivery)
                await self._post(delivery)
            case "swap" if self._world.outbox:
                await self._send(self._world.outbox.popleft())
                await self._post(delivery)
            case "late" | "swap" | "job-last":
                assert self._faults
                self._late.append((self._world.auth_clock() + self._faults.delay(kind), delivery))
            case _:
                await self._post(delivery)
        if (delivery.event, delivery.action) == ("workflow_run", "completed"):
            self._jobs_last()

    def _jobs_last(self) -> None:
        """A run's end was told: now its jobs' ends may be."""
        now = self._world.auth_clock()
        self._late = [(now if one.event == "workflow_job" else at, one) for at, one in self._late]

    async def _post(self, delivery: Delivery) -> None:
        """One attempt."""
        if self.client is None:
            self.client = httpx.AsyncClient()
        assert delivery.app.webhook_url
        delivery.request_headers = headers(delivery)
        began = time.monotonic()
        try:
            response = await self.client.post(
                delivery.app.webhook_url,
                content=delivery.body,
                headers=delivery.request_headers,
                timeout=TIMEOUT,
            )
        except httpx.TimeoutException:
            delivery.status, delivery.status_code = "timed out", 504
        except httpx.HTTPError:
            delivery.status, delivery.status_code = "failed to connect to host", 502
        except Exception as error:  # an App in the same process that broke while it answered
            _log.exception("%s %s broke its receiver", delivery.event, delivery.guid)
            delivery.status, delivery.status_code = f"receiver broke: {type(error).__name__}", 502
        else:
            delivery.status_code = response.status_code
            delivery.status = (
                "OK" if response.is_success else response.reason_phrase or "Invalid HTTP Response"
            )
            delivery.response_headers = dict(response.headers)
            delivery.response_body = response.text[:10_000]
        delivery.duration = round(time.monotonic() - began, 2)
        delivery.delivered_at = self._world.clock()

    async def close(self) -> None:
        """Closes the client."""
        if self.client is not None:
            await self.client.aclose()
