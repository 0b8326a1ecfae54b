"""What the bot serves: the webhook, its health, the runner file, and a page that says what this is.

The runner is addressed by its hash, so it can be cached for ever and a workflow gets what it was made for, or
nothing. Not here: receiving (receiver.py), how pages look (page.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import __version__
from bot.engine.errors import StoreError
from bot.engine.ports import EventStore
from bot.web.page import page
from bot.web.receiver import MAX_BODY_BYTES, Receiver


def runner_path(runner: bytes) -> str:
    """Where this runner file is served, below the public url."""
    return f"/runner/{hashlib.sha256(runner).hexdigest()}/cloi.pyz"


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the bot can do its work. worker: seconds since its last sign of life, None before the first; more
    than `silence` is too many."""

    store: bool
    worker: float | None
    silence: float

    @property
    def alive(self) -> bool:
        """The worker gave a sign of life recently."""
        return self.worker is not None and self.worker <= self.silence

    @property
    def well(self) -> bool:
        """All of it."""
        return self.store and self.alive


def site(
    store: EventStore,
    secrets: Sequence[str],
    notify: Callable[[], None],
    runner: bytes,
    heartbeat: Callable[[], float | None],
    *,
    links: Mapping[str, str] | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    silence: float = 60.0,
) -> Starlette:
    """The ASGI application.

    secrets, notify, max_body_bytes: see Receiver. runner: the bytes of cloi.pyz. heartbeat: seconds since the
    worker's last sign of life, None before the first; beyond `silence` seconds the bot is unwell. links: label
    to url, shown on the front page.
    """
    digest = hashlib.sha256(runner).hexdigest()

    def health() -> Health:
        try:
            store.head("")  # one look into the index; there is no such stream
            readable = True
        except StoreError:
            readable = False
        return Health(store=readable, worker=heartbeat(), silence=silence)

    async def healthz(_: Request) -> Response:
        now = health()
        content = {
            "status": "ok" if now.well else "unwell",
            "store": "ok" if now.store else "unreadable",
            "worker": "ok" if now.alive else "silent",
            "worker_seconds": None if now.worker is None else round(now.worker, 1),
            "version": __version__,
        }
        headers = {"Cache-Control": "no-store"}
        return JSONResponse(content, status_code=200 if now.well else 503, headers=headers)

    async def runner_file(request: Request) -> Response:
        if request.path_params["sha256"] != digest:
            raise HTTPException(404, "This bot serves another runner now; approve the workflow anew.")
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(runner, media_type="application/octet-stream", headers=headers)

    async def home(_: Request) -> Response:
        return page("home.html", version=__version__, health=health(), links=links or {})

    receiver = Receiver(store, secrets, notify, max_body_bytes=max_body_bytes)
    return Starlette(
        routes=[
            Route("/", home),
            Route("/healthz", healthz),
            Route("/webhook", receiver, methods=["POST"]),
            Route("/runner/{sha256}/cloi.pyz", runner_file),
        ]
    )
