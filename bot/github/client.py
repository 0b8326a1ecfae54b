"""GitHub as the rest of this room sees it: a call with the repository and the permissions it needs.

Adds to the wire: the right token, pages, pauses where GitHub asked for one, and reads that cost nothing when
nothing changed (conditional requests; a 304 is free of the rate limit). Nothing is repeated here but a request
refused with 401, which did nothing: its token is thrown away and minted anew, once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, TypeVar

import httpx
import msgspec

from bot.engine.ports import Clock
from bot.github import errors
from bot.github.pauses import Pauses
from bot.github.permissions import Permissions
from bot.github.signer import AppSigner
from bot.github.tokens import Tokens
from bot.github.wire import Response, Wire

T = TypeVar("T")

_REMEMBERED_BYTES = 16 * 1024 * 1024
_PER_PAGE = 100


class App(msgspec.Struct, frozen=True):
    """Who we are. login: the name under which what we do appears."""

    id: int
    slug: str

    @property
    def login(self) -> str:
        return f"{self.slug}[bot]"


class GitHub:
    """One App on one GitHub.

    base_url: of the REST API ("https://api.github.com", "https://HOST/api/v3"). api_version: of the REST API.
    patience: seconds to wait before each further look for something that may have happened or may not be
    visible yet.
    """

    def __init__(
        self,
        base_url: str,
        signer: AppSigner,
        *,
        clock: Clock,
        api_version: str = "2026-03-10",
        transport: httpx.AsyncBaseTransport | None = None,
        user_agent: str = "cloi-bot",
        patience: tuple[float, ...] = (1.0, 2.0, 4.0),
    ) -> None:
        self.api_version = api_version
        self.clock = clock
        self.patience = patience
        self._wire = Wire(
            base_url, api_version=api_version, user_agent=user_agent, clock=clock, transport=transport
        )
        self.tokens = Tokens(self._wire, signer, clock)
        self._pauses = Pauses(clock)
        self._app: App | None = None
        self._remembered = _Remembered(_REMEMBERED_BYTES)

    async def app(self) -> App:
        """Who we are, asked once."""
        if self._app is None:
            self._app = (await self.call_as_app("GET", "/app")).read(App)
        return self._app

    async def call_as_app(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None
    ) -> Response:
        """A request of the App itself: who we are, our installations, our deliveries."""
        with self._pauses.kept(""):
            return await self._wire.send(method, path, self.tokens.as_app(), json=json, params=params)

    async def call(
        self,
        method: str,
        path: str,
        *,
        repository: str,
        permissions: Permissions,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """One request with a token for `repository` ("owner/name") and `permissions`, and nothing else.

        path: its parts from strangers through bot/github/route.py. Raises GitHubError.
        """
        wanted = dict(headers or {})
        key = (repository, path, _frozen(permissions), _frozen(params or {}), _frozen(wanted))
        known = self._remembered.get(key) if method == "GET" else None
        if known is not None:
            wanted["If-None-Match"] = known.headers["etag"]

        async def send() -> Response:
            with self._pauses.kept(_account(repository)):
                token = await self.tokens.authorization(repository, permissions)
                return await self._wire.send(method, path, token, json=json, params=params, headers=wanted)

        try:
            answer = await send()
        except errors.Refused as error:
            if error.status != 401:
                raise
            self.tokens.forget(repository)
            answer = await send()
        if known is not None and answer.status == 304:
            return known
        if method == "GET":
            self._remembered.put(key, answer)
        return answer

    async def pages(
        self,
        path: str,
        type: type[T],
        *,
        repository: str,
        permissions: Permissions,
        params: Mapping[str, Any] | None = None,
        within: str | None = None,
        limit: int = 3000,
    ) -> list[T]:
        """All items of a list, page by page, at most `limit`.

        within: the field that holds the list, where GitHub wraps it ("workflow_runs").
        """
        out: list[T] = []
        page = 1
        while len(out) < limit:
            answer = await self.call(
                "GET",
                path,
                repository=repository,
                permissions=permissions,
                params={**(params or {}), "per_page": min(_PER_PAGE, limit), "page": page},
            )
            items = _items(answer, type, within)
            out += items
            if not items or 'rel="next"' not in answer.headers.get("link", ""):
                break
            page += 1
        return out[:limit]

    async def download(self, path: str, *, repository: str, permissions: Permissions, limit: int) -> bytes:
        """A file of at most `limit` bytes. Raises GitHubError, ArtifactRefused."""
        with self._pauses.kept(_account(repository)):
            token = await self.tokens.authorization(repository, permissions)
            return await self._wire.download(path, token, limit=limit)

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()


class _Remembered:
    """Answers with an ETag, the least recently used forgotten first. limit: bytes of bodies in all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._answers: OrderedDict[Any, Response] = OrderedDict()

    def get(self, key: Any) -> Response | None:
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def put(self, key: Any, answer: Response) -> None:
        old = self._answers.pop(key, None)
        self._size -= len(old.content) if old is not None else 0
        if "etag" not in answer.headers or len(answer.content) > self._limit // 8:
            return
        self._answers[key] = answer
        self._size += len(answer.content)
        while self._size > self._limit:
            self._size -= len(self._answers.popitem(last=False)[1].content)


def _items(answer: Response, type: type[T], within: str | None) -> list[T]:
    if within is not None:
        inside = answer.read(dict[str, msgspec.Raw]).get(within, msgspec.Raw(b"[]"))
        answer = Response(answer.status, {}, bytes(inside))
    return answer.read(list[type])  # type: ignore[valid-type]


def _account(repository: str) -> str:
    return repository.partition("/")[0]


def _frozen(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, str(value)) for name, value in values.items()))
