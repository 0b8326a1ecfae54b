"""What every page of the sandbox is made with: the request, the templates and their words, the headers.

Templates escape whatever they are given; only `Visit.markdown` gives HTML, and markdown.py makes it safe. The
Content-Security-Policy allows nothing but our own style sheet and drawings. Not here: the pages (pages.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.sandbox import markdown, page_text, page_thread
from bot.sandbox.world import Issue, Repository, World

FOLDER = Path(__file__).with_name("pages")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Visit:
    """One request for a page. params: from the path, decoded."""

    def __init__(self, world: World, request: Request) -> None:
        self.world = world
        self.params: dict[str, str] = request.path_params

    @property
    def repository(self) -> Repository:
        """The repository of the path; 404 without."""
        found = self.world.repository(f"{self.params['owner']}/{self.params['repo']}")
        return found or absent("There is no such repository.")

    def number(self, name: str = "number") -> int:
        """A parameter that is a number; anything else is 404."""
        text = self.params[name]
        return int(text) if text.isascii() and text.isdigit() else absent("There is no such number.")

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page. repo: in every template, None outside of a repository."""
        page = environment().get_template(f"{template}.html.j2")
        values = {"repo": None, "tab": "", **values, "world": self.world}
        return HTMLResponse(page.render(values), status, HEADERS)

    def markdown(self, repository: Repository, text: str | None, folder: str = "") -> str:
        """Markdown with this repository's issues and the world's people linked. folder: "ref/path" of the
        directory that relative links start from."""
        base = f"/{repository.full_name}/blob/{quote(folder)}/" if folder else ""
        return markdown.render(text, partial(_mention, self.world, repository), base=base)


def absent(words: str) -> Any:
    """Raises 404 with a sentence."""
    raise HTTPException(404, words)


@cache
def environment() -> Environment:
    """The templates."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "utc": _utc,
        "took": _took,
        "shown": page_text.visible,
        "sections": page_text.log_sections,
        "seconds": lambda seconds: datetime.fromtimestamp(seconds, UTC),
        "brief": page_text.brief,
        "part": partial(quote, safe="/"),
    }
    made.globals |= {"look": page_thread.look, "diff_lines": page_text.diff_lines}
    return made


def _utc(at: datetime | None) -> str:
    return f"{at:%d %b %Y, %H:%M:%S} UTC" if at else "not yet"


def _took(start: datetime | None, end: datetime | None) -> str:
    if not start or not end:
        return ""
    seconds = max((end - start).total_seconds(), 0)
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _mention(world: World, repository: Repository | None, text: str) -> str | None:
    if text.startswith("@"):
        found = world.user(text[1:])
        return f"/{quote(found.login)}" if found else None
    issue = repository.issues.get(int(text[1:])) if repository and len(text) < 12 else None
    return f"/{repository.full_name}/{kind(issue)}/{issue.number}" if repository and issue else None


def kind(issue: Issue) -> str:
    """The part of an issue's path that says what it is."""
    return "pull" if issue.pull else "issues"


Handler = Callable[[Visit], Response]
