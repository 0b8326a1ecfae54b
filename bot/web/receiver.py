"""POST /webhook: is it from GitHub, is it kept, 202. Nothing else happens before the answer.

GitHub waits ten seconds and never sends a delivery again by itself, so the body is not even parsed here; a
store that fails answers 503, which GitHub lists as failed and can be asked to send again. A plain ASGI
callable, since this is the one route that has to be fast.

The signature covers the body only. Id and event name are headers, and whoever once saw a signed body can send it
again under another id: what follows must be idempotent by what the body names, not by the delivery's id.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from starlette.types import Receive, Scope, Send

from bot.engine.errors import StoreError
from bot.engine.events import stamp
from bot.engine.ports import Delivery, EventStore

MAX_BODY_BYTES = 25 * 1024 * 1024
"""GitHub's own cap: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""

PATIENCE = 10.0
"""Seconds that a body may take to arrive: GitHub itself gives up on a delivery after that."""

MOST_HELD = 4 * MAX_BODY_BYTES
"""Bytes of unfinished bodies, of all requests together: nobody is known to be GitHub before the last byte."""

_ID = re.compile(rb"[0-9A-Za-z-]{1,100}")
_EVENT = re.compile(rb"[a-z_]{1,100}")
_TARGET = re.compile(rb"[0-9]{1,30}")
_log = logging.getLogger(__name__)


class Refused(Exception):
    """The answer that ends a request early: its HTTP status, and a sentence for whoever set up the webhook."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class _Gone(Exception):
    """The sender hung up before the body was complete; nobody is left to answer."""


class Receiver:
    """An ASGI callable that keeps deliveries in `store`.

    secrets: the webhook's secret, and the one before it while it is being changed. notify: called after a new
    delivery is kept, to wake the worker. max_body_bytes: larger bodies are refused unread. patience: seconds that
    a body may take. most_held: bytes of all bodies that are arriving.
    """

    def __init__(
        self,
        store: EventStore,
        secrets: Sequence[str],
        notify: Callable[[], None],
        *,
        max_body_bytes: int = MAX_BODY_BYTES,
        patience: float = PATIENCE,
        most_held: int = MOST_HELD,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not secrets or not all(secrets):
            raise ValueError("a receiver needs a webhook secret: without one, anybody could send deliveries")
        self._store = store
        self._secrets = [secret.encode() for secret in secrets]
        self._notify = notify
        self._max = max_body_bytes
        self._patience = patience
        self._most_held = max(most_held, max_body_bytes)
        self._held = 0
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            kept = await self._take(dict(scope["headers"]), receive)
        except _Gone:
            return
        except Refused as refusal:
            await _answer(send, refusal.status, {"error": refusal.sentence})
            return
        await _answer(send, 202, {"kept": kept})
        if kept:
            try:
                self._notify()
            except Exception:  # the delivery is safe, and the worker looks by itself in a while
                _log.exception("the worker could not be woken")

    async def _take(self, headers: dict[bytes, bytes], receive: Receive) -> bool:
        """Whether the delivery is new. Raises Refused."""
        if not (signature := headers.get(b"x-hub-signature-256")):
            raise Refused(401, "The X-Hub-Signature-256 header is missing: set a secret on the webhook.")
        try:
            async with asyncio.timeout(self._patience):
                body = await self._body(headers, receive)
        except TimeoutError:
            raise Refused(408, f"The body did not arrive within {self._patience:g} seconds.") from None
        if not self._signed(body, signature):
            raise Refused(401, "The signature does not fit: the webhook and the bot have different secrets.")
        id, event = headers.get(b"x-github-delivery", b""), headers.get(b"x-github-event", b"")
        if not _ID.fullmatch(id) or not _EVENT.fullmatch(event):
            raise Refused(400, "X-GitHub-Delivery or X-GitHub-Event is missing or not as GitHub writes it.")
        if headers.get(b"content-type", b"").lower().startswith(b"application/x-www-form-urlencoded"):
            raise Refused(415, "Set the webhook's content type to application/json.")
        target = headers.get(b"x-github-hook-installation-target-id", b"")
        delivery = Delivery(
            id=id.decode(),
            event=event.decode(),
            body=body,
            received_at=stamp(self._now()),
            installation_target=target.decode() if _TARGET.fullmatch(target) else "",
        )
        try:
            return self._store.keep(delivery)
        except StoreError as error:
            _log.error("delivery %s could not be kept: %s", delivery.id, error)
            raise Refused(503, "The delivery could not be kept. Please send it again later.") from error

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        too_large = Refused(413, f"More than {self._max} bytes.")
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length[:20]) > self._max:
            raise too_large
        parts, size, more = [], 0, True
        try:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                part = message.get("body", b"")
                size += len(part)
                self._held += len(part)
                if size > self._max:
                    raise too_large
                if self._held > self._most_held:
                    raise Refused(503, "Too much is arriving at once. Please send it again later.")
                parts.append(part)
                more = message.get("more_body", False)
            return b"".join(parts)
        finally:
            self._held -= size

    def _signed(self, body: bytes, signature: bytes) -> bool:
        good = False
        for secret in self._secrets:  # all of them, each in constant time
            expected = b"sha256=" + hmac.digest(secret, body, "sha256").hex().encode()
            good |= hmac.compare_digest(expected, signature)
        return good


async def _answer(send: Send, status: int, content: dict[str, object]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
