"""What an instance's references see, and the key of a step's effect. Pure."""

from __future__ import annotations

import hashlib
from typing import Any

from bot.engine.instance import WorkflowInstance
from bot.engine.state import StepState
from bot.language.definition import StepDefinition, WorkflowDefinition
from bot.language.errors import ReferenceUnresolved
from bot.language.references import resolve
from bot.language.secrets import Secrets


def scope(instance: WorkflowInstance, definition: WorkflowDefinition) -> dict[str, Any]:
    """What references of this instance can see: its context, and the exported outputs of completed steps."""
    outputs: dict[str, dict[str, Any]] = {}
    for step in definition.steps:
        known = instance.steps.get(step.name)
        if known is not None and known.state is StepState.COMPLETED:
            outputs[step.name] = {
                export: known.result[name] for export, name in step.outputs.items() if name in known.result
            }
    return {"context": instance.context, "outputs": outputs}


def value_of(value: Any, instance: WorkflowInstance, definition: WorkflowDefinition, otherwise: Any) -> Any:
    """The value with its references resolved; `otherwise` where one names nothing."""
    try:
        return resolve(value, scope(instance, definition))
    except ReferenceUnresolved:
        return otherwise


def step_inputs(
    instance: WorkflowInstance, definition: WorkflowDefinition, step: StepDefinition, secrets: Secrets
) -> dict[str, Any]:
    """The step's declared inputs with their references resolved. Raises ReferenceUnresolved."""
    if not step.inputs:
        return {}
    out: dict[str, Any] = resolve(dict(step.inputs), {**scope(instance, definition), "secret": secrets})
    return out


def effect_key(instance: str, step: str, round_: int) -> str:
    """Stable over automatic retries and crashes, new after a retry by hand. 20 hex digits."""
    return hashlib.sha256(f"{instance}\n{step}\n{round_}".encode()).hexdigest()[:20]
