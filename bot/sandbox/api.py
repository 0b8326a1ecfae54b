"""The REST API as an ASGI app: from a request to a Call, through permission and description, to the answer.

`Api.answer` is the one place that every answer passes. Endpoints are the routes_* modules; what they need is in
permissions.py; how they must look is in openapi.py.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.sandbox import (
    openapi,
    permissions,
    routes_actions,
    routes_app,
    routes_checks,
    routes_contents,
    routes_gitdata,
    routes_issues,
    routes_pulls,
    routes_repos,
    strangers,
)
from bot.sandbox.call import HANDLERS, NEW_VERSION, OLD_VERSION, Answer, Call, Refusal, not_found
from bot.sandbox.faults import Faults, Misbehaviour
from bot.sandbox.git import GitRefused
from bot.sandbox.tokens import Actor, BadCredentials, Tokens
from bot.sandbox.world import Issue, Repository, RequestRecord, Run, World

ROUTES = (
    routes_app,
    routes_repos,
    routes_gitdata,
    routes_contents,
    routes_pulls,
    routes_issues,
    routes_checks,
    routes_actions,
)  # imported for the handlers that they register
PREFIX = "/api/v3"
_LIMIT = 5000  # requests an hour; counted, not enforced
_GREEDY = {"path", "ref", "branch", "basehead"}  # parameters that may contain slashes


def _pattern(template: str) -> re.Pattern[str]:
    """The regular expression of a path template, on the path as it was sent (percent-encoded)."""

    def group(match: re.Match[str]) -> str:
        name = match[1]
        return f"(?P<{name}>.{'*' if name == 'path' else '+'})" if name in _GREEDY else f"(?P<{name}>[^/]+)"

    escaped = re.sub(r"\\\{(\w+)\\\}", group, re.escape(template))
    return re.compile(escaped.replace("/(?P<path>.*)", "(?:/(?P<path>.*))?"))


def _specific(template: str) -> tuple[int, int]:
    """Longer and plainer templates are tried first."""
    return -template.count("/"), sum(template.count(f"{{{name}}}") for name in _GREEDY)


_PATTERNS = [
    (operation, operation.partition(" ")[0], _pattern(operation.partition(" ")[2]))
    for operation in sorted(HANDLERS, key=lambda name: _specific(name.partition(" ")[2]))
]


def match(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """(operation, parameters, decoded) of a method and a raw path."""
    for operation, wanted, pattern in _PATTERNS:
        if wanted == method and (found := pattern.fullmatch(path)):
            return operation, {name: unquote(value or "") for name, value in found.groupdict().items()}
    return None


class AnswerLost(httpx.RemoteProtocolError):
    """Raised where an answer is sent: over a port the connection ends within it, in process this is what the
    client's transport raises."""


class Api:
    """strict: an answer that does not fit GitHub's description, or a crash, is a 500 that says why; either way it
    is noted in `world.violations`. faults: what goes wrong for Apps."""

    def __init__(
        self,
        world: World,
        tokens: Tokens,
        stop_run: Callable[[Run], Awaitable[None]],
        *,
        strict: bool = True,
        faults: Faults | None = None,
    ) -> None:
        self._world = world
        self._tokens = tokens
        self._stop_run = stop_run
        self._strict = strict
        self._faults = faults
        self._numbers = itertools.count(1)
        self._used: Counter[tuple[str, int]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        assert scope["type"] == "http"
        request = Request(scope, receive)
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        path = raw.decode("latin-1").partition("?")[0].removeprefix(PREFIX)
        response = await self.answer(request, path)
        if response is None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
            raise AnswerLost("Server disconnected without sending a response.")
        await response(scope, receive, send)

    async def answer(self, request: Request, path: str) -> Response | None:
        """Request in, response out, and a line in the log; None where the answer is lost. The one place where
        answers misbehave."""
        found = match(request.method, path)
        operation, params = found or ("", {})
        actor = Actor()
        version = request.headers.get("X-GitHub-Api-Version", OLD_VERSION)
        wrong: Misbehaviour | None = None
        try:
            if version not in (OLD_VERSION, NEW_VERSION):
                raise Refusal(400, f"{version} is not a supported version of the REST API.")
            actor = self._tokens.actor(request.headers.get("Authorization"))
            if not found:
                raise not_found()
            if self._faults and self._of_an_app(actor):
                wrong = self._faults.request(request.method, path, self._world.auth_clock())
            if wrong and not wrong.works and wrong.answer:
                return self._logged(request, path, actor, version, operation, wrong.answer)
            answer = await self._handle(request, operation, params, actor, version)
        except BadCredentials as error:
            refusal = Refusal(401, str(error))
            answer = Answer(refusal.body, refusal.status)
        except Refusal as refusal:
            answer = Answer(refusal.body, refusal.status)
        except GitRefused as error:  # such as a NUL in a commit message: git's word against the request
            answer = Answer(Refusal(422, str(error)).body, 422)
        except Exception as error:  # a crash of the sandbox must be seen as one
            answer = self._violation(operation, [f"{type(error).__name__}: {error}"])
            if not self._strict:
                raise
        if found:
            answer = self._checked(operation, version, answer)
        if self._faults:
            self._spoil(self._faults, request, path, actor, answer)
        response = self._logged(request, path, actor, version, operation, answer)
        if wrong is None:
            return response
        return self._response(request, actor, version, wrong.answer) if wrong.answer else None

    def _logged(
        self, request: Request, path: str, actor: Actor, version: str, operation: str, answer: Answer
    ) -> Response:
        """The response; the log has what was done, even if that answer is then lost."""
        response = self._response(request, actor, version, answer)
        self._world.requests.append(
            RequestRecord(
                request.method,
                path,
                response.status_code,
                actor.label,
                self._world.clock(),
                operation,
            )
        )
        return response

    def _of_an_app(self, actor: Actor) -> bool:
        """GitHub Actions is none of them."""
        return actor.app is not None and actor.app.id in self._world.apps

    def _spoil(self, faults: Faults, request: Request, path: str, actor: Actor, answer: Answer) -> None:
        """What follows from an answer that was given, or is left out of it."""
        if answer.status == 201 or (request.method == "POST" and path.endswith("/dispatches")):
            faults.made(answer, self._world.api)
        if not self._of_an_app(actor):
            return
        if request.method == "GET" and answer.status == 200:
            faults.body(f"GET {path}", answer)
        if request.method == "POST" and path.endswith("/git/refs") and answer.status == 201:
            repository = self._world.repository("/".join(path.split("/")[2:4]))
            if repository and faults.moves_branch(answer.body["ref"]):
                strangers.move_branch(self._world, repository, answer.body["ref"])

    async def _handle(
        self, request: Request, operation: str, params: Mapping[str, str], actor: Actor, version: str
    ) -> Answer:
        repository = None
        if "repo" in params:
            repository = self._world.repository(f"{params['owner']}/{params['repo']}")
        permissions.require(operation, actor, repository, lambda: _issue(params, repository))
        body = await _body(request)
        problems = openapi.description(version).request_problems(operation, body)
        if problems:
            raise Refusal(422, "Invalid request.\n\n" + "\n".join(problems))
        call = Call(
            self._world,
            self._tokens,
            self._stop_run,
            operation,
            actor,
            self._world.html + request.url.path,
            params,
            dict(request.query_params),
            body or {},
            request.headers.get("Accept", ""),
            version,
            repository,
        )
        answer = HANDLERS[operation](call)
        return await answer if inspect.isawaitable(answer) else answer

    def _checked(self, operation: str, version: str, answer: Answer) -> Answer:
        if version == NEW_VERSION and isinstance(answer.body, dict | list):
            answer.body = openapi.older_fields(answer.body, rate=operation == "GET /rate_limit")
        problems = openapi.description(version).response_problems(operation, answer.status, answer.body)
        return self._violation(operation, problems, answer) if problems else answer

    def _violation(self, operation: str, problems: list[str], answer: Answer | None = None) -> Answer:
        self._world.violations += [f"{operation}: {problem}" for problem in problems]
        if not self._strict and answer:
            return answer
        return Answer({"message": "The sandbox is at fault: " + "; ".join(problems), "status": "500"}, 500)

    def _response(self, request: Request, actor: Actor, version: str, answer: Answer) -> Response:
        headers = {
            "X-GitHub-Request-Id": f"SANDBOX:{next(self._numbers):06X}",
            "X-GitHub-Api-Version-Selected": version,
            "X-GitHub-Media-Type": "github.v3; format=json",
            **answer.headers,
        }
        content = answer.body if isinstance(answer.body, bytes) else b""
        if answer.body is not None and not isinstance(answer.body, bytes):
            content = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
        status = answer.status
        if request.method == "GET" and status == 200:
            tag = f'W/"{hashlib.sha256(content).hexdigest()}"'
            headers |= {"ETag": tag, "Cache-Control": "private, max-age=60, s-maxage=60"}
            headers["Vary"] = "Accept, Authorization, X-GitHub-Api-Version"
            asked = {part.strip() for part in request.headers.get("If-None-Match", "").split(",")}
            if tag in asked or tag.removeprefix("W/") in asked:
                status, content = 304, b""
        headers |= self._limits(actor, free=status == 304)
        media = answer.media_type if content else None
        return Response(content, status, headers, media)

    def _limits(self, actor: Actor, *, free: bool) -> dict[str, str]:
        hour = int(self._world.auth_clock().timestamp()) // 3600
        key = (actor.label, hour)
        self._used[key] += not free
        return {
            "x-ratelimit-limit": str(_LIMIT),
            "x-ratelimit-remaining": str(max(_LIMIT - self._used[key], 0)),
            "x-ratelimit-reset": str((hour + 1) * 3600),
            "x-ratelimit-used": str(self._used[key]),
            "x-ratelimit-resource": "core",
        }


def _issue(params: Mapping[str, str], repository: Repository | None) -> Issue | None:
    """The issue or PR that a path is about, if there is one."""
    number = params.get("issue_number") or params.get("pull_number") or ""
    comment = params.get("comment_id", "")
    if repository and number.isascii() and number.isdigit():
        return repository.issues.get(int(number))
    if repository and comment.isascii() and comment.isdigit() and int(comment) in repository.comments:
        return repository.comments[int(comment)].issue
    return None


async def _body(request: Request) -> Any:
    data = await request.body()
    if not data:
        return None
    try:
        body = json.loads(data)
        if b"\\ud" in data.lower():
            json.dumps(body, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except ValueError:
        raise Refusal(400, "Problems parsing JSON") from None
    if body is not None and not isinstance(body, dict):
        raise Refusal(400, "Body should be a JSON object")
    return body
