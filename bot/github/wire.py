"""One request to GitHub and its answer, or one of errors.py: no token is chosen here, and nothing is repeated.

githubkit speaks; what it would do by itself is turned off, because it is not known here what may be done
twice: it repeats a POST after a 502 (a dispatch was made three times), sleeps through rate limits inline, has
no time-out, and caches for the whole process. Not here: tokens (tokens.py), pages and caching (client.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
import msgspec
from githubkit.cache import MemCacheStrategy
from githubkit.core import GitHubCore
from githubkit.exception import RequestError, RequestFailed

from bot.engine.ports import Clock
from bot.github import errors

T = TypeVar("T")

# GitHub itself gives up on a request after ten seconds; the rest is for the way.
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
# https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
_NO_HEADER_WAIT = 60.0
_READS = frozenset({"GET", "HEAD"})
_ERROR_BODY_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Response:
    """An answer with a status below 400. content: the body as it came."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """The body as JSON values. Raises Unreadable."""
        return self.read(Any)

    def read(self, type: type[T]) -> T:
        """The body as `type`; fields that it does not name are passed over. Raises Unreadable."""
        try:
            return msgspec.json.decode(self.content, type=type)
        except msgspec.DecodeError as error:
            raise errors.Unreadable(f"GitHub's answer is not as documented: {error}.") from error


class SharedTransport(httpx.AsyncBaseTransport):
    """One pool of connections for all requests: githubkit closes its transport after each one."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Nothing: others still use it."""

    async def close(self) -> None:
        """Really close it."""
        await self._inner.aclose()


class Wire:
    """base_url: of the REST API, such as https://api.github.com. transport: for tests and the sandbox; by
    default a pool, through the proxy that HTTPS_PROXY and NO_PROXY name."""

    def __init__(
        self,
        base_url: str,
        *,
        api_version: str,
        user_agent: str,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._transport = SharedTransport(transport or _pool(base_url))
        self._base_url = base_url.rstrip("/")
        self._headers = {"X-GitHub-Api-Version": api_version}
        self._user_agent = user_agent
        self._core = GitHubCore(
            base_url=base_url,
            user_agent=user_agent,
            timeout=_TIMEOUT,
            async_transport=self._transport,
            cache_strategy=MemCacheStrategy(),
            http_cache=False,
            auto_retry=False,
            trust_env=False,
        )

    async def send(
        self,
        method: str,
        path: str,
        authorization: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send once. path: from `route`. authorization: the header's value. Raises GitHubError."""
        try:
            answer = await self._core.arequest(
                method,
                path,
                json=json,
                params=dict(params) if params else None,
                headers={**self._headers, **(headers or {}), "Authorization": authorization},
            )
        except RequestFailed as error:
            raise self._failure(method, path, error.response.raw_response) from error
        except RequestError as error:
            raise _no_answer(method, path, error.exc) from error
        except ValueError as error:  # githubkit reads Retry-After as a number; HTTP allows a date
            raise errors.RateLimited(
                "GitHub asks us to slow down.", _NO_HEADER_WAIT, method=method, path=path, status=429
            ) from error
        raw = answer.raw_response
        return Response(raw.status_code, raw.headers, raw.content)

    async def download(self, path: str, authorization: str, *, limit: int) -> bytes:
        """GET a body of at most `limit` bytes, stopping as soon as there is more. GitHub redirects to its file
        store, where our token does not go along. Raises GitHubError, ArtifactRefused."""
        async with httpx.AsyncClient(
            transport=self._transport, follow_redirects=True, timeout=_TIMEOUT, trust_env=False
        ) as client:
            headers = {**self._headers, "Authorization": authorization, "User-Agent": self._user_agent}
            try:
                async with client.stream("GET", self._base_url + path, headers=headers) as raw:
                    body = bytearray()
                    async for chunk in raw.aiter_bytes():
                        body += chunk
                        if len(body) > (limit if raw.is_success else _ERROR_BODY_LIMIT):
                            break
            except httpx.HTTPError as error:
                raise _no_answer("GET", path, error) from error
        if not raw.is_success:
            whole = httpx.Response(raw.status_code, headers=_plain(raw.headers), content=bytes(body))
            raise self._failure("GET", path, whole)
        if len(body) > limit:
            raise errors.ArtifactRefused(f"The download is larger than {limit:,} bytes.", path=path)
        return bytes(body)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    def _failure(self, method: str, path: str, raw: httpx.Response) -> errors.GitHubError:
        """The error for an answer with a status of 400 and up."""
        status = raw.status_code
        said, details = _said(raw)
        where: dict[str, Any] = {"method": method, "path": path, "status": status}
        if status == 429 or (status == 403 and _is_limit(raw, said)):
            wait = self._wait(raw)
            return errors.RateLimited(
                f"GitHub asks us to slow down; we go on in {wait:.0f} s.", wait, **where
            )
        if status == 401:
            return errors.Refused(
                f"GitHub does not accept the App's credentials for {method} {path}: {said}. Whoever runs the bot "
                "should compare app id and private key with the App's settings page.",
                **where,
            )
        if status in (403, 451):
            return errors.Refused(f"GitHub refuses {method} {path}: {said}", **where)
        if status in (404, 410):
            return errors.NotFound(f"GitHub finds nothing for {method} {path}: {said}", **where)
        if status in (405, 409):
            return errors.Conflict(f"GitHub cannot do {method} {path} as things stand: {said}", **where)
        if status >= 500:
            if method in _READS:
                return errors.Unavailable(f"GitHub has a problem reading {path} ({status}).", **where)
            return errors.Unknown(
                f"GitHub answered {status} to {method} {path}; it may or may not have happened.", **where
            )
        more = f" ({'; '.join(details)})" if details else ""
        return errors.Invalid(f"GitHub does not take {method} {path}: {said}{more}", errors=details, **where)

    def _wait(self, raw: httpx.Response) -> float:
        """Seconds to wait: Retry-After first, then the reset of an empty budget, else a minute."""
        after = raw.headers.get("retry-after", "")
        if after.isdigit():
            return float(after)
        reset = raw.headers.get("x-ratelimit-reset", "")
        if raw.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
            return max(1.0, float(reset) - self._clock.now().timestamp())
        return _NO_HEADER_WAIT


def _is_limit(raw: httpx.Response, said: str) -> bool:
    text = said.lower()
    return (
        "retry-after" in raw.headers
        or raw.headers.get("x-ratelimit-remaining") == "0"
        or "rate limit" in text
        or "abuse detection" in text
    )


def _said(raw: httpx.Response) -> tuple[str, tuple[str, ...]]:
    """GitHub's message and its details, as text that fits a sentence."""
    try:
        body = msgspec.json.decode(raw.content)
    except msgspec.DecodeError:
        body = None
    if not isinstance(body, dict):
        return f"it answered {raw.status_code}", ()
    details = body.get("errors")
    texts = []
    for one in details if isinstance(details, list) else []:
        if isinstance(one, dict):
            words = (one.get("resource"), one.get("field"), one.get("code"), one.get("message"))
            texts.append(" ".join(str(w) for w in words if w)[:300])
        else:
            texts.append(str(one)[:300])
    return str(body.get("message") or f"it answered {raw.status_code}")[:500], tuple(texts[:20])


def _no_answer(method: str, path: str, cause: Exception) -> errors.GitHubError:
    """Never sent, or sent without an answer."""
    never_sent = isinstance(cause, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    if never_sent or (method in _READS and isinstance(cause, httpx.HTTPError)):
        return errors.Unavailable(
            f"GitHub cannot be reached ({type(cause).__name__}).", method=method, path=path
        )
    if isinstance(cause, httpx.TransportError):
        return errors.Unknown(
            f"GitHub gave no answer to {method} {path} ({type(cause).__name__}); it may or may not have happened.",
            method=method,
            path=path,
        )
    return errors.GitHubError(f"The request {method} {path} went wrong: {cause!r}", method=method, path=path)


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Headers of a body that was already unpacked."""
    return {k: v for k, v in headers.items() if k.lower() not in ("content-encoding", "content-length")}


def _pool(base_url: str) -> httpx.AsyncHTTPTransport:
    """A pool of connections, through the environment's proxy if it names one for this host."""
    parts = urlsplit(base_url)
    proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    return httpx.AsyncHTTPTransport(proxy=proxy, limits=httpx.Limits(max_connections=20))
