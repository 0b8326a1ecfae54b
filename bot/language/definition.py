"""A workflow definition: ADR-012's YAML language, read strictly, as an immutable value with a digest.

    workflow:
      name, version, description, rollback_required
      trigger: {on, where, key, context}, emits: {started, completed, failed}
      steps: - name, type, plugin, inputs, outputs, depends_on, parallel_group, rollback_action,
               when, timeout, retry: {attempts, backoff, most}, phase

`outputs: {classification: error_type}` exports the result's field error_type as classification. The additions
to the decision's language are trigger, emits, rollback_required, when, timeout, retry and phase. Not here: what
can be wrong with a text (lint.py, schema.py, source.py), and what an instance does.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.language.errors import DefinitionError
from bot.language.lint import examine
from bot.language.source import read

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)\Z")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Retry:
    """attempts: in all. backoff: seconds before the second, doubled for each further one. most: seconds.

    As they stand, the other side may be away for about an hour before anything is taken back for it.
    """

    attempts: int = 12
    backoff: float = 10.0
    most: float = 600.0


@dataclass(frozen=True, slots=True)
class Trigger:
    """Which facts start an instance. on: the fact's kind. where: values its data must have (a list: one of).

    key: what the instance is about; one open instance a key. context: its inputs, by references to the fact.
    """

    on: str
    where: Mapping[str, Any]
    key: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepDefinition:
    """One step. timeout: seconds for the whole step, waiting included; None is no deadline."""

    name: str
    type: str
    plugin: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    parallel_group: str | None = None
    rollback_action: str | None = None
    when: str | None = None
    timeout: float | None = None
    retry: Retry = Retry()
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class WorkflowDefinition:
    """What may run. digest: sha256 over the YAML text. emits: domain events at start, success and failure.

    rollback_required: a reference; false parks a failed instance instead of rolling it back.
    """

    name: str
    version: str
    description: str
    steps: tuple[StepDefinition, ...]
    digest: str
    text: str
    triggers: tuple[Trigger, ...] = ()
    emits: Mapping[str, str] = field(default_factory=dict)
    rollback_required: str | None = None
    phase_steps: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)
    """The steps of each phase, in order of their first step."""
    _by_name: Mapping[str, StepDefinition] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        phases: dict[str, frozenset[str]] = {}
        for step in self.steps:
            if step.phase:
                phases[step.phase] = phases.get(step.phase, frozenset()) | {step.name}
        object.__setattr__(self, "phase_steps", phases)
        object.__setattr__(self, "_by_name", {step.name: step for step in self.steps})

    def step(self, name: str) -> StepDefinition:
        """The step of this name. Raises KeyError."""
        return self._by_name[name]

    @property
    def phases(self) -> tuple[str, ...]:
        """Phase names in order of their first step."""
        return tuple(self.phase_steps)


def seconds(text: str) -> float:
    """ "90s", "5m", "6h", "14d" as seconds. Raises ValueError."""
    found = _DURATION.match(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a duration such as 90s, 5m, 6h or 14d")
    return float(found.group(1)) * _UNITS[found.group(2)]


@functools.lru_cache(maxsize=100)  # a bot that starts again knows the same texts, and parsing takes 20 ms
def parse(text: str) -> WorkflowDefinition:
    """Read one definition. Raises DefinitionError with the line of the first thing that is wrong."""
    source = read(text)
    for finding in examine(source):
        if finding.severity == "error":
            raise DefinitionError(str(finding), line=finding.line, rule=finding.rule)
    body = source.data["workflow"]
    raw = body.get("trigger", [])
    return WorkflowDefinition(
        name=body["name"],
        version=body["version"],
        description=body.get("description", ""),
        steps=tuple(_step(step) for step in body["steps"]),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
        triggers=tuple(_trigger(t) for t in (raw if isinstance(raw, list) else [raw])),
        emits=body.get("emits", {}),
        rollback_required=body.get("rollback_required"),
    )


def _trigger(body: Mapping[str, Any]) -> Trigger:
    return Trigger(
        on=body["on"], where=body.get("where", {}), key=body["key"], context=body.get("context", {})
    )


def _step(body: Mapping[str, Any]) -> StepDefinition:
    read_as: dict[str, Callable[[Any], Any]] = {"depends_on": tuple, "timeout": seconds, "retry": _retry}
    return StepDefinition(**{key: read_as.get(key, _same)(value) for key, value in body.items()})


def _retry(body: Mapping[str, str]) -> Retry:
    read_as: dict[str, Any] = {key: int(v) if key == "attempts" else seconds(v) for key, v in body.items()}
    return Retry(**read_as)


def _same(value: Any) -> Any:
    return value
