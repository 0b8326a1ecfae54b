"""What a command is given, and what it says of itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.engine.instance import WorkflowInstance, fold
from bot.engine.ports import StepContext, Summary
from bot.github.repository import Repository
from bot.render.commands import CommandHelp
from bot.steps.base import Services
from bot.steps.beginning import DEFINITION


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


def meant(asked: Asked, candidates: Sequence[Summary]) -> list[WorkflowInstance]:
    """Which of these the words mean: the record named, else those of this issue."""
    found = [load(asked, s) for s in candidates]
    if asked.arguments:
        wanted = asked.arguments[0].casefold()
        return [i for i in found if str(i.context.get("record", "")).casefold() == wanted]
    return [i for i in found if i.context.get("issue") == asked.issue]


def named(instance: WorkflowInstance) -> tuple[str, str]:
    """Id and title of the record that an implementation is about."""
    return str(instance.context.get("record", "")), str(instance.context.get("title", ""))
