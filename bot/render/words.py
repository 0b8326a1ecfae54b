"""Fills in the words that people read, which lie in templates/words: one file a noun, one block an answer.

Every value is escaped on its way in unless it is `Safe` already; forgetting that is impossible, since there
is no other way in. Whatever a template does to a Safe value (joining, cutting) makes it unsafe again, so the
mistake that remains shows too many backslashes and never too few. Not here: pages of the web (bot/web).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.render import markdown
from bot.render.markdown import Safe
from bot.render.plain import one_line, words
from bot.render.times import utc
from bot.templates_dir import templates


def say(file: str, block: str, **values: Any) -> Safe:
    """One block of templates/words/`file`.md.j2 as Markdown. Raises jinja2.UndefinedError for a value that
    the words need and nobody gave."""
    return Safe(_fill(_markdown(), file, block, values).strip("\n"))


def say_plainly(file: str, block: str, **values: Any) -> str:
    """The same as one line of plain text: for titles and terminals. Not safe in Markdown."""
    return one_line(_fill(_plain(), file, block, values))


def _fill(environment: Environment, file: str, block: str, values: dict[str, Any]) -> str:
    template = environment.get_template(f"{file}.md.j2")
    return "".join(template.blocks[block](template.new_context(values)))


def _safe(value: object) -> str:
    if isinstance(value, Safe):
        return value
    return "" if value is None else markdown.text(str(value))


@cache
def _markdown() -> Environment:
    made = _environment(_safe)
    for function in (markdown.code, markdown.cell, markdown.cell_code, markdown.link):
        made.globals[function.__name__] = function
    return made


@cache
def _plain() -> Environment:
    return _environment(lambda value: "" if value is None else one_line(str(value)))


def _environment(finalize: Callable[[object], str]) -> Environment:
    made = Environment(  # noqa: S701 - autoescape is for HTML; finalize escapes for Markdown
        loader=FileSystemLoader(templates() / "words"),
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["utc"] = utc
    made.globals["words"] = words
    return made
