"""A workflow file as the rules see it: its text, its parsed values, its jobs and steps.

Read with every scalar as a string, since YAML's own types turn `on` into a truth value; a key given twice, which
loaders drop silently, is refused. Not here: any rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

_COMMAND = re.compile(r"^\s*cloi (check-inputs|approve|generate \w+|handover|gate [\w-]+|report)\b", re.M)

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the same language, many times faster
_DEEPEST = 100  # levels; no workflow has them

# Commands in whose step an agent, or code that it wrote, runs.
UNTRUSTED = ("generate ", "gate tests", "gate new-tests", "gate verify")


class Unreadable(ValueError):
    """The text is no workflow. The text of the error is for people."""


@dataclass(frozen=True)
class Step:
    """One step. data: its mapping."""

    data: dict[str, Any]

    @property
    def run(self) -> str:
        """The script, or nothing."""
        return str(self.data.get("run", ""))

    @property
    def uses(self) -> str:
        """The action with its ref, or nothing."""
        return str(self.data.get("uses", ""))

    @property
    def given(self) -> dict[str, Any]:
        """What stands under `with:`."""
        return _mapping(self.data.get("with"))

    @property
    def env(self) -> dict[str, Any]:
        """What stands under `env:`."""
        return _mapping(self.data.get("env"))

    @property
    def condition(self) -> str:
        """What stands under `if:`."""
        return str(self.data.get("if", ""))

    @property
    def command(self) -> str:
        """Our command that it runs, such as "gate patch", or nothing."""
        found = _COMMAND.search(self.run)
        return found[1] if found else ""

    @property
    def is_agent(self) -> bool:
        """Whether an agent is started here."""
        return self.command.startswith("generate ")

    @property
    def is_untrusted(self) -> bool:
        """Whether an agent, or code that it wrote, runs here."""
        return self.command.startswith(UNTRUSTED)

    def is_action(self, repo: str) -> bool:
        """Whether it uses this action."""
        return self.uses.partition("@")[0] == repo

    @property
    def title(self) -> str:
        """How to name it to people."""
        return str(self.data.get("name") or self.uses or self.run.strip()[:40])


@dataclass(frozen=True)
class Job:
    """One job by its id."""

    id: str
    data: dict[str, Any]

    @property
    def steps(self) -> list[Step]:
        """Its steps in order."""
        return [Step(_mapping(s)) for s in _list(self.data.get("steps"))]

    @property
    def needs(self) -> list[str]:
        """Ids of jobs that it waits for."""
        needs = self.data.get("needs", [])
        return [needs] if isinstance(needs, str) else [str(n) for n in _list(needs)]

    @property
    def permissions(self) -> Any:
        """What stands under `permissions:`, or None."""
        return self.data.get("permissions")

    @property
    def runs_agent(self) -> bool:
        """Whether one of its steps starts an agent."""
        return any(s.is_agent for s in self.steps)


@dataclass(frozen=True)
class Workflow:
    """text: the whole file. data: its values, every scalar a string."""

    text: str
    data: dict[str, Any]

    @cached_property
    def jobs(self) -> list[Job]:
        """Its jobs in order of the file."""
        return [Job(str(k), _mapping(v)) for k, v in _mapping(self.data.get("jobs")).items()]

    def job(self, name: str) -> Job:
        """A job by id; one without content if there is none."""
        return next((j for j in self.jobs if j.id == name), Job(name, {}))

    @property
    def triggers(self) -> dict[str, Any]:
        """What stands under `on:`."""
        on = self.data.get("on")
        return (
            _mapping(on)
            if isinstance(on, dict)
            else dict.fromkeys([on] if isinstance(on, str) else _list(on))
        )

    def steps(self) -> Iterator[tuple[Job, Step]]:
        """All steps with their jobs."""
        for job in self.jobs:
            for step in job.steps:
                yield job, step

    def scalars(self) -> Iterator[str]:
        """Every string in the file, keys included."""
        yield from _scalars(self.data)


def read_workflow(text: bytes) -> Workflow:
    """Read a workflow file. Raises Unreadable for what is not one YAML mapping with unique keys."""
    try:
        decoded = text.decode()
        _refuse_bombs(decoded)
        data = _value(yaml.compose(decoded, Loader=_LOADER))
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise Unreadable(f"this is not YAML: {error}") from error
    if not isinstance(data, dict):
        raise Unreadable("a workflow is a mapping")
    return Workflow(decoded, data)


def _refuse_bombs(text: str) -> None:
    """Anybody may have written this: libyaml recurses on the C stack, and aliases multiply. Raises Unreadable."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise Unreadable(f"it is nested more than {_DEEPEST} deep")
        if isinstance(event, yaml.AliasEvent):
            raise Unreadable("it uses YAML aliases, which are not read here")


def _value(node: yaml.Node | None) -> Any:
    """The node tree as strings, lists and mappings."""
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in out:
                raise Unreadable(f"line {key.start_mark.line + 1}: a key that is no word, or is given twice")
            out[key.value] = _value(value)
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_value(value) for value in node.value]
    return str(node.value) if isinstance(node, yaml.ScalarNode) else None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _scalars(inner)
    elif value is not None:
        yield str(value)
