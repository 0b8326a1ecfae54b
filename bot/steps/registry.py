"""All step types, found by the entry points `cloi.steps` and `cloi.plugins`: ours and those of other packages.

A class that cannot be loaded fails the steps that need it, with a word in the log, and never the process.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.metadata import entry_points

from bot.engine.outcome import Failed, Outcome
from bot.engine.ports import StepContext, StepType
from bot.language.lint import ANY
from bot.plugins import registry as plugins
from bot.steps.base import GitHubStep, Services
from bot.steps.library.interaction import LLMInteraction

log = logging.getLogger("cloi.steps")

GROUP = "cloi.steps"


@cache
def installed() -> tuple[plugins.Installed, ...]:
    """Step types of this bot and all plugins, looked for once: what is installed later needs a new process."""
    return plugins.installed([*entry_points(group=GROUP), *entry_points(group=plugins.GROUP)])


def step_classes() -> dict[str, type[StepType]]:
    """By type name, without making any: for looking at definitions. Of two with one name neither counts."""
    found: dict[str, type[StepType]] = {}
    for one in installed():
        if one.problem:
            log.error("%s from %s: %s", one.name, one.source, one.problem)
        elif one.kind == "step type" and one.cls is not None:
            found[one.name] = one.cls
    return found


class BrokenStep(StepType):
    """In the place of a step type that cannot be loaded: its steps stop for a human, all else goes on."""

    optional = ANY

    def __init__(self, one: plugins.Installed) -> None:
        self.type = one.name
        words = f"the step type {one.name!r} cannot be used: it {one.problem}"
        self._failed = Failed(error=words, kind="bug", before_effect=True, park=True)

    async def start(self, ctx: StepContext) -> Outcome:
        return self._failed

    async def undo(self, ctx: StepContext) -> Outcome:
        return self._failed


def step_types(services: Services) -> dict[str, StepType]:
    """By type name."""
    made: dict[str, StepType] = {one.name: BrokenStep(one) for one in installed() if one.problem}
    for name, cls in step_classes().items():
        if issubclass(cls, GitHubStep):
            made[name] = cls(services)
        else:
            made[name] = cls(services.model) if issubclass(cls, LLMInteraction) else cls()
    return made
