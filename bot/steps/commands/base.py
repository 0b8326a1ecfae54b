"""What a command is given, and what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.engine.evolve import fold
from bot.engine.instance import WorkflowInstance
from bot.engine.ports import StepContext, Summary
from bot.github.repository import Repository
from bot.render.commands import CommandHelp
from bot.steps.base import Services
from bot.steps.beginning import DEFINITION

RECORD_ID = re.compile(r"\b(?:ADR|RFC|KEP|PEP|EIP|RFD)[-_ ]?0*(\d{1,6})\b", re.IGNORECASE)
"""What people call a record, whatever its log calls it: "ADR-7" means 0007 too."""
_NUMBER = re.compile(r"#?0*(\d{1,6})")
_LAST_NUMBER = re.compile(r"0*(\d{1,6})$")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """One command as somebody asked it. issue: where; author: who; arguments: the words behind it."""

    ctx: StepContext
    services: Services
    repository: Repository
    issue: int
    author: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """help: shown to people; obey: does it and answers with Markdown, or None.

    authors: whether the author of a pull request may use it there without write permission.
    """

    help: CommandHelp
    obey: Callable[[Asked], Awaitable[str | None]]
    authors: bool = False


def instances_of(asked: Asked, *, open_only: bool = True) -> list[Summary]:
    """The implementations of this repository, oldest first."""
    prefix = f"{DEFINITION}/{asked.repository.full_name}/"
    found = asked.ctx.store.summaries(definition=DEFINITION, open_only=open_only)
    return [s for s in found if s.instance.startswith(prefix)]


def load(asked: Asked, summary: Summary) -> WorkflowInstance:
    """The whole instance of a row."""
    return load_stream(asked, summary.instance)


def load_stream(asked: Asked, stream: str) -> WorkflowInstance:
    """An instance that is known to be there."""
    instance = fold(asked.ctx.store.read(stream))
    assert instance is not None, "a summary is written with its events"
    return instance


def caused(asked: Asked, instance: WorkflowInstance) -> bool:
    """Whether this very command has changed an instance before: what is asked again after a crash."""
    return any(event.cause == asked.ctx.instance for event in asked.ctx.store.read(instance.id))


def meant(asked: Asked, candidates: Sequence[Summary]) -> list[WorkflowInstance]:
    """Which of these the words mean: the record named, else those of this issue."""
    found = [load(asked, s) for s in candidates]
    if asked.arguments:
        return which(" ".join(asked.arguments), found, _names)
    return [i for i in found if i.context.get("issue") == asked.issue]


Names = tuple[str, str, int | None]
"""Id, path and number of a record."""


def which(text: str, candidates: Sequence[T], names: Callable[[T], Names]) -> list[T]:
    """Those that a person means by "ADR-012", "12", a path or a file name. What fits exactly goes first."""
    text = text.strip().strip("`")
    called = [(c, *names(c)) for c in candidates]
    exact = [c for c, id, path, _ in called if text.casefold() in (id.casefold(), path.casefold())]
    if exact:
        return exact
    number = RECORD_ID.fullmatch(text) or _NUMBER.fullmatch(text)
    if number:
        return [c for c, _, _, n in called if n == int(number[1])]
    return [c for c, _, path, _ in called if path.endswith("/" + text)]


def _names(instance: WorkflowInstance) -> Names:
    record = str(instance.context.get("record", ""))
    number = _LAST_NUMBER.search(record)
    return record, str(instance.context.get("path", "")), int(number[1]) if number else None


def named(instance: WorkflowInstance) -> tuple[str, str]:
    """Id and title of the record that an implementation is about."""
    return str(instance.context.get("record", "")), str(instance.context.get("title", ""))
