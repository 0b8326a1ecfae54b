"""How an instance begins: its first transaction. Pure.

Not here: under which id it begins, and whether there is one already (coordinator.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.engine import events as e
from bot.engine.decide import decide
from bot.engine.given import Begun, Circumstances
from bot.engine.instance import WorkflowInstance, evolve
from bot.engine.ports import Append
from bot.engine.recording import append_of, wrapped
from bot.language.definition import WorkflowDefinition
from bot.language.inputs import given


@dataclass(frozen=True, slots=True)
class Story:
    """Who begins which instance, about what (key), with which inputs (context), and because of what."""

    instance: str
    key: str
    context: Mapping[str, Any]
    actor: str
    cause: str
    correlation: str


def first_append(
    definition: WorkflowDefinition, story: Story, around: Circumstances
) -> tuple[Append, WorkflowInstance]:
    """The start and all that follows from it at once, in one transaction. Raises InputRefused."""
    first = e.Event(
        stream=story.instance,
        version=1,
        at=e.stamp(around.now),
        actor=story.actor,
        cause=story.cause,
        correlation=story.correlation,
        body=e.WorkflowStarted(
            definition=definition.name,
            version=definition.version,
            digest=definition.digest,
            key=story.key,
            context=given(definition.name, definition.inputs, story.context),
        ),
    )
    instance = evolve(None, first)
    bodies: tuple[e.Body, ...] = ()
    if "started" in definition.emits:
        bodies = (e.StepEmitted(name=definition.emits["started"]),)
    more, grown = wrapped(instance, bodies, around.now, story.actor, story.cause)
    then = decide(grown, definition, Begun(), around)
    rest, grown = wrapped(grown, then, around.now, story.actor, story.cause)
    return append_of(None, (first, *more, *rest), grown), grown
