"""One request to the REST API as its handler sees it, and what a handler may answer.

Handlers are plain functions `(Call) -> Answer`, registered by the operation that GitHub's description names; the
only place that turns HTTP into calls and answers into HTTP is api.py. Not here: permissions, validation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from bot.sandbox.tokens import Actor, Tokens
from bot.sandbox.world import App, Issue, Repository, Run, User, World

T = TypeVar("T")

OLD_VERSION = "2022-11-28"
NEW_VERSION = "2026-03-10"


class Refusal(Exception):
    """An answer that is not a success, in GitHub's shape. errors: its `errors` list."""

    def __init__(self, status: int, message: str, errors: Sequence[Any] = (), **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "message": message,
            **({"errors": list(errors)} if errors else {}),
            "documentation_url": "https://docs.github.com/rest",
            "status": str(status),
            **fields,
        }


def not_found() -> Refusal:
    """404, also for what must not be seen."""
    return Refusal(404, "Not Found")


def forbidden() -> Refusal:
    """403 for an App's token that lacks a permission."""
    return Refusal(403, "Resource not accessible by integration")


def invalid(resource: str, field_name: str, code: str = "invalid", message: str | None = None) -> Refusal:
    """422 with one error. code: invalid, missing, missing_field, already_exists, custom, unprocessable."""
    error = {
        "resource": resource,
        "field": field_name,
        "code": code,
        **({"message": message} if message else {}),
    }
    return Refusal(422, "Validation Failed", [error])


@dataclass
class Answer:
    """body: JSON, or bytes as they are, or None for nothing."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json; charset=utf-8"


@dataclass
class Call:
    """params: from the path, decoded. query: last value wins. body: {} if there was none. stop_run: asks the
    executor of a run that is going on to stop."""

    world: World
    tokens: Tokens
    stop_run: Callable[[Run], Awaitable[None]]
    operation: str
    actor: Actor
    url: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    accept: str
    version: str
    found: Repository | None = None

    @property
    def repository(self) -> Repository:
        """The repository of the path."""
        assert self.found is not None
        return self.found

    @property
    def user(self) -> User:
        """Who is acting: a person, or the bot user of an App."""
        if self.actor.user is None:
            raise Refusal(401, "Requires authentication")
        return self.actor.user

    @property
    def app(self) -> App | None:
        """The App whose installation token is used."""
        return self.actor.app if self.actor.installation else None

    @property
    def now(self) -> datetime:
        """The sandbox's time."""
        return self.world.clock()

    @property
    def commit_time(self) -> datetime:
        """What new commits are dated."""
        return self.world.commit_clock()

    def number(self, name: str) -> int:
        """A path parameter that is a number; anything else is not found."""
        text = self.params[name]
        if not text.isascii() or not text.isdigit():
            raise not_found()
        return int(text)

    def issue(self, name: str = "issue_number", *, pull: bool = False) -> Issue:
        """The issue or PR of the path; with `pull`, a PR only."""
        issue = self.repository.issues.get(self.number(name))
        if issue is None or (pull and issue.pull is None):
            raise not_found()
        return issue


Handler = Callable[[Call], Answer | Awaitable[Answer]]
HANDLERS: dict[str, Handler] = {}  # "GET /repos/{owner}/{repo}" -> handler


def operation(name: str) -> Callable[[Handler], Handler]:
    """Registers a handler for a method and path template of GitHub's description."""

    def register(handler: Handler) -> Handler:
        assert name not in HANDLERS, name
        HANDLERS[name] = handler
        return handler

    return register


def page(call: Call, items: Iterable[T], shape: Callable[[T], Any], *, key: str | None = None) -> Answer:
    """The page of `items` that was asked for (per_page 1-100, default 30; page from 1), with its Link header.
    key: the items lie under this key, beside total_count."""

    def integer(name: str, default: int) -> int:
        text = call.query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else default

    every = list(items)
    size = min(max(integer("per_page", 30), 1), 100)
    current = max(integer("page", 1), 1)
    last = max(-(-len(every) // size), 1)
    shown = [shape(item) for item in every[(current - 1) * size : current * size]]
    links = [("prev", current - 1), ("first", 1)] if current > 1 else []
    links += [("next", current + 1), ("last", last)] if current < last else []
    header = ", ".join(
        f'<{call.url}?{urlencode({**call.query, "page": number})}>; rel="{rel}"' for rel, number in links
    )
    body: Any = {"total_count": len(every), key: shown} if key else shown
    return Answer(body, headers={"Link": header} if header else {})
