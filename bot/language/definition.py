"""A workflow definition: ADR-012's YAML language, read strictly, as an immutable value with a digest.

    workflow:
      name, version, description, rollback_required
      trigger: {on, where, key, context}, emits: {started, completed, failed}
      inputs: {NAME: {type, required, default, enum}}, most_at_once
      steps: - name, type, plugin, inputs, outputs, depends_on, parallel_group, rollback_action,
               when, timeout, retry: {attempts, backoff, most, jitter, on}, fix_forward: {step, most}, phase

`outputs: {classification: error_type}` exports the result's field error_type as classification. The additions
to the decision's language are trigger, emits, rollback_required, inputs, most_at_once, when, timeout, retry,
fix_forward and phase. Not here: what can be wrong with a text (lint.py, schema.py, source.py), and what an
instance does.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.language.errors import DefinitionError
from bot.language.graph import Names, descendants, held_together
from bot.language.inputs import Input, declared
from bot.language.lint import ANY, Takes, examine
from bot.language.source import read

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)\Z")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Retry:
    """attempts: in all. backoff: seconds before the second, doubled for each further one. most: seconds.
    jitter: the share of each pause that is left to chance. on: kinds of failures that are tried again; None
    leaves it to the step.

    As they stand, the other side may be away for about an hour before anything is taken back for it.
    """

    attempts: int = 12
    backoff: float = 10.0
    most: float = 600.0
    jitter: float = 0.5
    on: frozenset[str] | None = None

    def wants(self, kind: str, retryable: bool) -> bool:
        """Whether a failure of this kind, which the step calls retryable or not, may be tried again."""
        return retryable if self.on is None else kind in self.on


@dataclass(frozen=True, slots=True)
class FixForward:
    """Where a gate refuses, the evidence goes back to an earlier step, and all from there is done anew.

    most: how often; a number, or a reference to one. 0 is never.
    """

    step: str
    most: str = "3"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Which facts start an instance. on: the fact's kind. where: values its data must have (a list: one of).

    key: what the instance is about; one open instance a key. context: its inputs, by references to the fact.
    """

    on: str
    where: Mapping[str, Any]
    key: str
    context: Mapping[str, Any]

    def matches(self, data: Mapping[str, Any]) -> bool:
        """Whether a fact's data has all that `where` says."""
        for name, wanted in self.where.items():
            value = data.get(name)
            text = "true" if value is True else "false" if value is False else str(value)
            if text not in (wanted if isinstance(wanted, list) else [wanted]):
                return False
        return True


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
    fix_forward: FixForward | None = None
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class WorkflowDefinition:
    """What may run. digest: sha256 over the YAML text. emits: domain events at start, success and failure.

    rollback_required: a reference; false parks a failed instance instead of rolling it back. inputs: None takes
    whatever is given. most_at_once: steps of one instance that may be begun and not over, waiting ones too.
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
    inputs: Mapping[str, Input] | None = None
    most_at_once: int | None = None
    needs: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)
    """What each step waits for: its depends_on, and those of all steps of its parallel_group."""
    phase_steps: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)
    """The steps of each phase, in order of their first step."""
    _by_name: Mapping[str, StepDefinition] = field(init=False, repr=False, compare=False)
    _below: Mapping[str, Names] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        phases: dict[str, frozenset[str]] = {}
        for step in self.steps:
            if step.phase:
                phases[step.phase] = phases.get(step.phase, frozenset()) | {step.name}
        object.__setattr__(
            self, "needs", held_together((s.name, s.depends_on, s.parallel_group) for s in self.steps)
        )
        object.__setattr__(self, "phase_steps", phases)
        object.__setattr__(self, "_by_name", {step.name: step for step in self.steps})
        object.__setattr__(self, "_below", descendants({s.name: s.depends_on for s in self.steps}))

    def step(self, name: str) -> StepDefinition:
        """The step of this name. Raises KeyError."""
        return self._by_name[name]

    def below(self, name: str) -> Names:
        """All steps that build upon this one, near and far."""
        return self._below[name]

    def names(self, names: Iterable[str]) -> Names:
        """These steps, to be held against what `below` gives."""
        return next(iter(self._below.values())).of(names)

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
        inputs=declared(body["inputs"]) if "inputs" in body else None,
        most_at_once=int(body["most_at_once"]) if "most_at_once" in body else None,
    )


def check_types(definition: WorkflowDefinition, types: Mapping[str, Takes]) -> None:
    """Raises DefinitionError for a step type that nobody provides, and for inputs that one does not take."""
    for step in definition.steps:
        for name in filter(None, (step.type, step.rollback_action)):
            if name not in types:
                raise DefinitionError(
                    f"{definition.name}: step {step.name} needs the step type {name!r}, which nobody provides"
                )
        known = types[step.type]
        missing = known.inputs - set(step.inputs)
        unknown = set() if known.optional == ANY else set(step.inputs) - known.inputs - known.optional
        if missing or unknown:
            raise DefinitionError(
                f"{definition.name}: step {step.name} of type {step.type}: "
                f"missing inputs {sorted(missing)}, unknown inputs {sorted(unknown)}"
            )


def _trigger(body: Mapping[str, Any]) -> Trigger:
    return Trigger(
        on=body["on"], where=body.get("where", {}), key=body["key"], context=body.get("context", {})
    )


def _step(body: Mapping[str, Any]) -> StepDefinition:
    read_as: dict[str, Callable[[Any], Any]] = {
        "depends_on": tuple,
        "timeout": seconds,
        "retry": _retry,
        "fix_forward": lambda said: FixForward(**said),
    }
    return StepDefinition(**{key: read_as.get(key, _same)(value) for key, value in body.items()})


def _retry(body: Mapping[str, Any]) -> Retry:
    read_as: dict[str, Callable[[Any], Any]] = {"attempts": int, "jitter": float, "on": frozenset}
    return Retry(**{key: read_as.get(key, seconds)(value) for key, value in body.items()})


def _same(value: Any) -> Any:
    return value
