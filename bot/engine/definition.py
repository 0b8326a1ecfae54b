"""A workflow definition: ADR-012's YAML language, read strictly, as an immutable value with a digest.

    workflow:
      name, version, description, rollback_required
      trigger: {on, where, key, context}, emits: {started, completed, failed}
      steps: - name, type, plugin, inputs, outputs, depends_on, parallel_group, rollback_action,
               when, timeout, retry: {attempts, backoff, most}, phase

`outputs: {classification: error_type}` exports the result's field error_type as classification. The additions
to the decision's language are trigger, emits, rollback_required, when, timeout, retry and phase. YAML is read
without types, so that `on` and `no` stay words; a duplicate key is an error. Not here: what an instance does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from bot.engine.errors import DefinitionError
from bot.engine.references import is_well_formed, references

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\Z")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}\Z")
_WORKFLOW_KEYS = frozenset(
    {"name", "version", "description", "trigger", "emits", "rollback_required", "steps"}
)
_MOST_BYTES = 256 * 1024
_MOST_NODES = 20_000


@dataclass(frozen=True, slots=True)
class Retry:
    """attempts: in all. backoff: seconds before the second, doubled for each further one. most: seconds."""

    attempts: int = 5
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

    def step(self, name: str) -> StepDefinition:
        """The step of this name. Raises KeyError."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    @property
    def phases(self) -> tuple[str, ...]:
        """Phase names in order of their first step."""
        return tuple(dict.fromkeys(s.phase for s in self.steps if s.phase))


_STEP_KEYS = frozenset(StepDefinition.__dataclass_fields__)


def seconds(text: str) -> float:
    """ "90s", "5m", "6h", "14d" as seconds. Raises ValueError."""
    found = _DURATION.match(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a duration such as 90s, 5m, 6h or 14d")
    return float(found.group(1)) * _UNITS[found.group(2)]


def parse(text: str) -> WorkflowDefinition:
    """Read one definition. Raises DefinitionError with the line of the first thing that is wrong."""
    if len(text.encode()) > _MOST_BYTES:
        raise DefinitionError(f"larger than {_MOST_BYTES} bytes", rule="size")
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise DefinitionError(str(error.problem), line=mark.line + 1 if mark else 0, rule="yaml") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise DefinitionError("not readable as YAML", rule="yaml") from error
    if root is None:
        raise DefinitionError("empty", rule="yaml")
    lines: dict[tuple[Any, ...], int] = {}
    data = _plain(root, (), lines, [0])
    return _Reader(lines, text).workflow(data)


def _plain(node: yaml.Node, at: tuple[Any, ...], lines: dict[tuple[Any, ...], int], count: list[int]) -> Any:
    """Nodes as dicts, lists and strings, with the line of each. Counting bounds what aliases can multiply."""
    count[0] += 1
    line = node.start_mark.line + 1
    if count[0] > _MOST_NODES or len(at) > 20:
        raise DefinitionError("too deep or too large once its aliases are followed", line=line, rule="size")
    lines[at] = line
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise DefinitionError(
                    "a key must be a plain word", line=key_node.start_mark.line + 1, rule="yaml"
                )
            key = str(key_node.value)
            if key in out:
                raise DefinitionError(
                    f"the key {key!r} stands here twice",
                    line=key_node.start_mark.line + 1,
                    rule="duplicate-key",
                )
            out[key] = _plain(value_node, (*at, key), lines, count)
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*at, i), lines, count) for i, item in enumerate(node.value)]
    return str(node.value)


class _Reader:
    """Turns plain data into values, and knows the line of each thing to complain about."""

    def __init__(self, lines: Mapping[tuple[Any, ...], int], text: str) -> None:
        self.lines = lines
        self.text = text

    def fail(self, at: tuple[Any, ...], message: str, rule: str) -> DefinitionError:
        return DefinitionError(message, line=self.lines.get(at, 0), rule=rule)

    def mapping(
        self, data: Any, at: tuple[Any, ...], allowed: frozenset[str] | None = None
    ) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise self.fail(at, f"{at[-1] if at else 'the document'} must be a mapping", "type")
        for key in data:
            if allowed is not None and key not in allowed:
                raise self.fail(
                    (*at, key), f"unknown key {key!r}; known are {', '.join(sorted(allowed))}", "unknown-key"
                )
        return data

    def word(self, data: Mapping[str, Any], key: str, at: tuple[Any, ...], default: str | None = None) -> str:
        value = data.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self.fail((*at, key) if key in data else at, f"{key} must be given as text", "required")
        return value

    def workflow(self, data: Any) -> WorkflowDefinition:
        body = self.mapping(
            self.mapping(data, (), frozenset({"workflow"})).get("workflow"), ("workflow",), _WORKFLOW_KEYS
        )
        at = ("workflow",)
        raw_steps = body.get("steps")
        if not isinstance(raw_steps, list) or not raw_steps:
            raise self.fail((*at, "steps"), "steps must be a list with at least one step", "required")
        steps = tuple(self.step(s, (*at, "steps", i)) for i, s in enumerate(raw_steps))
        self._check_graph(steps)
        raw = body.get("trigger", [])
        triggers = raw if isinstance(raw, list) else [raw]
        emits = self.mapping(
            body.get("emits", {}), (*at, "emits"), frozenset({"started", "completed", "failed"})
        )
        return WorkflowDefinition(
            name=self.word(body, "name", at),
            version=self.word(body, "version", at),
            description=str(body.get("description", "")),
            steps=steps,
            digest=hashlib.sha256(self.text.encode()).hexdigest(),
            text=self.text,
            triggers=tuple(self.trigger(t, (*at, "trigger")) for t in triggers),
            emits=emits,
            rollback_required=body.get("rollback_required"),
        )

    def trigger(self, data: Any, at: tuple[Any, ...]) -> Trigger:
        body = self.mapping(data, at, frozenset({"on", "where", "key", "context"}))
        return Trigger(
            on=self.word(body, "on", at),
            where=self.mapping(body.get("where", {}), (*at, "where")),
            key=self.word(body, "key", at),
            context=self.mapping(body.get("context", {}), (*at, "context")),
        )

    def step(self, data: Any, at: tuple[Any, ...]) -> StepDefinition:
        body = self.mapping(data, at, _STEP_KEYS)
        name = self.word(body, "name", at)
        if not _NAME.match(name):
            raise self.fail((*at, "name"), f"{name!r} is not a name of letters, digits, - and _", "name")
        depends = body.get("depends_on", [])
        if not isinstance(depends, list):
            raise self.fail((*at, "depends_on"), "depends_on must be a list of step names", "type")
        try:
            timeout = seconds(str(body["timeout"])) if "timeout" in body else None
            retry = self._retry(self.mapping(body.get("retry", {}), (*at, "retry")))
        except ValueError as error:
            raise self.fail(at, str(error), "duration") from error
        return StepDefinition(
            name=name,
            type=self.word(body, "type", at),
            plugin=body.get("plugin"),
            inputs=self.mapping(body.get("inputs", {}), (*at, "inputs")),
            outputs=self.mapping(body.get("outputs", {}), (*at, "outputs")),
            depends_on=tuple(str(d) for d in depends),
            parallel_group=body.get("parallel_group"),
            rollback_action=body.get("rollback_action"),
            when=body.get("when"),
            timeout=timeout,
            retry=retry,
            phase=body.get("phase"),
        )

    def _retry(self, data: Mapping[str, Any]) -> Retry:
        unknown = set(data) - {"attempts", "backoff", "most"}
        if unknown:
            raise ValueError(f"retry knows attempts, backoff and most, not {', '.join(sorted(unknown))}")
        if "attempts" in data and int(data["attempts"]) < 1:
            raise ValueError("retry.attempts must be at least 1")
        counts: dict[str, Any] = {"attempts": int(data["attempts"])} if "attempts" in data else {}
        durations: dict[str, Any] = {key: seconds(data[key]) for key in ("backoff", "most") if key in data}
        return replace(Retry(), **counts, **durations)

    def _check_graph(self, steps: tuple[StepDefinition, ...]) -> None:
        at = ("workflow", "steps")
        by_name: dict[str, StepDefinition] = {}
        for i, step in enumerate(steps):
            if step.name in by_name:
                raise self.fail((*at, i, "name"), f"two steps are named {step.name!r}", "duplicate-step")
            by_name[step.name] = step
        for i, step in enumerate(steps):
            for name in step.depends_on:
                if name not in by_name:
                    raise self.fail(
                        (*at, i, "depends_on"),
                        f"{step.name} depends on {name!r}, which is no step",
                        "unknown-step",
                    )
        above = _ancestors(by_name)
        for i, step in enumerate(steps):
            if step.name in above[step.name]:
                raise self.fail((*at, i, "depends_on"), f"{step.name} depends on itself in a circle", "cycle")
            for reference in references([dict(step.inputs), step.when]):
                self._check_reference(reference, step, by_name, above, (*at, i))

    def _check_reference(
        self,
        reference: tuple[str, ...],
        step: StepDefinition,
        by_name: Mapping[str, StepDefinition],
        above: Mapping[str, frozenset[str]],
        at: tuple[Any, ...],
    ) -> None:
        shown = "${" + ".".join(reference) + "}"
        if not is_well_formed(reference) or reference[0] == "fact":
            raise self.fail((*at, "inputs"), f"{shown} is no reference to context or outputs", "reference")
        if reference[0] != "outputs":
            return
        source = by_name.get(reference[1]) if len(reference) > 2 else None
        if source is None or reference[2] not in source.outputs:
            raise self.fail((*at, "inputs"), f"{shown} names no output of any step", "unknown-output")
        if source.name not in above[step.name]:
            raise self.fail(
                (*at, "inputs"), f"{shown} needs {source.name!r} in {step.name}'s depends_on", "order"
            )


def _ancestors(by_name: Mapping[str, StepDefinition]) -> dict[str, frozenset[str]]:
    """For each step all that come before it; a step on a circle is among its own."""
    above: dict[str, set[str]] = {name: set(step.depends_on) for name, step in by_name.items()}
    changed = True
    while changed:
        changed = False
        for found in above.values():
            more = set().union(*(above[n] for n in found)) - found if found else set()
            if more:
                found |= more
                changed = True
    return {name: frozenset(found) for name, found in above.items()}
