"""All step types, found by the entry point `cloi.steps`: ours and those of other packages alike.

A class that cannot be loaded is left out with a word in the log; a definition that needs it then says so.
"""

from __future__ import annotations

import logging
from importlib.metadata import entry_points

from bot.engine.ports import StepType
from bot.steps.base import GitHubStep, Services

log = logging.getLogger("cloi.steps")

GROUP = "cloi.steps"


def step_classes() -> dict[str, type[StepType]]:
    """By type name, without making any: for looking at definitions offline. Raises ValueError like step_types."""
    found: dict[str, type[StepType]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        try:
            cls: type[StepType] = entry.load()
        except Exception:
            log.exception("the step type %s cannot be loaded from %s", entry.name, entry.value)
            continue
        if cls.type in found:
            raise ValueError(f"two packages provide the step type {cls.type!r}")
        found[cls.type] = cls
    return found


def step_types(services: Services) -> dict[str, StepType]:
    """By type name. Raises ValueError where two packages claim the same name."""
    classes = step_classes().items()
    return {name: cls(services) if issubclass(cls, GitHubStep) else cls() for name, cls in classes}
