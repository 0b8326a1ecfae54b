"""How an instance begins: which facts begin one, its first transaction, and whether it could run at all.

Pure. Not here: under which id it begins, and whether there is one already (coordinator.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.engine import events as e
from bot.engine.decide import decide
from bot.engine.given import Begun, Circumstances
from bot.engine.instance import WorkflowInstance, evolve
from bot.engine.ports import Append, StepType
from bot.engine.recording import append_of, wrapped
from bot.language.definition import Trigger, WorkflowDefinition
from bot.language.errors import DefinitionError
from bot.language.lint import ANY


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
    """The start and all that follows from it at once, in one transaction."""
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
            context=dict(story.context),
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


def matches(trigger: Trigger, data: Mapping[str, Any]) -> bool:
    """Each word of `where` equals the fact's value; a list means one of."""
    for name, wanted in trigger.where.items():
        value = data.get(name)
        text = "true" if value is True else "false" if value is False else str(value)
        if text not in (wanted if isinstance(wanted, list) else [wanted]):
            return False
    return True


def check_types(definition: WorkflowDefinition, step_types: Mapping[str, StepType]) -> None:
    """Raises DefinitionError for a step type that nobody provides, and for inputs that one does not take."""
    for step in definition.steps:
        for name in filter(None, (step.type, step.rollback_action)):
            if name not in step_types:
                raise DefinitionError(
                    f"{definition.name}: step {step.name} needs the step type {name!r}, which nobody provides"
                )
        known = step_types[step.type]
        missing = known.inputs - set(step.inputs)
        unknown = set() if known.optional == ANY else set(step.inputs) - known.inputs - known.optional
        if missing or unknown:
            raise DefinitionError(
                f"{definition.name}: step {step.name} of type {step.type}: "
                f"missing inputs {sorted(missing)}, unknown inputs {sorted(unknown)}"
            )
