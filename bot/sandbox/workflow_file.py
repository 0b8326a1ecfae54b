"""What the sandbox itself reads from a workflow file: triggers, inputs, run-name, permissions. The rest is act's.

YAML is read with every scalar a string (`on` stays `on`). A file that cannot be read has no triggers.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import yaml

from bot.sandbox.call import Refusal

_MOST_INPUTS = 25
_DEEPEST = 100  # levels; no workflow has them
_DEFAULT_PERMISSIONS = {"contents": "read", "packages": "read"}  # GitHub's restricted default
_ALL = ("actions", "checks", "contents", "issues", "packages", "pull_requests", "statuses")
# libyaml's where it is there: fifteen times as fast. Strings, lists and mappings only: as safe as the safe loader.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_EXPRESSION = re.compile(r"\$\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}")


@dataclass(frozen=True)
class WorkflowFile:
    """triggers: event -> its settings ({} if none)."""

    name: str
    run_name: str | None = None
    triggers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    permissions: Mapping[str, str] = field(default_factory=dict)

    def wants(self, event: str, branch: str, action: str | None = None) -> bool:
        """Whether a push to `branch`, or a PR against it with this action, starts a run."""
        settings = self.triggers.get(event)
        if settings is None:
            return False
        if action is not None and action not in _texts(
            settings.get("types", ["opened", "synchronize", "reopened"])
        ):
            return False
        if "tags" in settings and "branches" not in settings:
            return False
        branches, ignored = (
            _texts(settings.get("branches", ["**"])),
            _texts(settings.get("branches-ignore", [])),
        )
        matched = any(fnmatchcase(branch, pattern) for pattern in branches)
        return matched and not any(fnmatchcase(branch, pattern) for pattern in ignored)

    def inputs(self, given: Mapping[str, Any]) -> dict[str, str]:
        """The inputs of a dispatch with defaults filled in. Raises GitHub's 422."""
        settings = self.triggers.get("workflow_dispatch")
        if settings is None:
            raise Refusal(422, "Workflow does not have 'workflow_dispatch' trigger")
        declared = {name: _mapping(one) for name, one in _mapping(settings.get("inputs")).items()}
        if len(declared) > _MOST_INPUTS or len(given) > _MOST_INPUTS:
            raise Refusal(
                422, f"you may only define up to {_MOST_INPUTS} `inputs` for a `workflow_dispatch` event"
            )
        unknown = sorted(set(given) - set(declared))
        if unknown:
            raise Refusal(422, f"Unexpected inputs provided: {unknown}")
        values = {name: _text(value) for name, value in given.items()}
        for name, one in declared.items():
            if name not in values and "default" in one:
                values[name] = _text(one["default"])
            if one.get("required") == "true" and not values.get(name):
                raise Refusal(422, f"Required input '{name}' not provided")
            value = values.setdefault(name, "")
            allowed = {"choice": _texts(one.get("options", [])), "boolean": ["true", "false"]}.get(
                one.get("type", "string")
            )
            if allowed and value and value not in allowed:
                raise Refusal(
                    422, f"Provided value '{value}' for input '{name}' not in the list of allowed values"
                )
        return values

    def title(self, otherwise: str, inputs: Mapping[str, str], github: Mapping[str, str]) -> str:
        """The run's title: run-name with inputs and `github.*` put in; unknown expressions stay as they are."""
        if not self.run_name:
            return otherwise
        known = {f"inputs.{name}": value for name, value in inputs.items()}
        known |= {f"github.event.inputs.{name}": value for name, value in inputs.items()}
        known |= {f"github.{name}": value for name, value in github.items()}
        return _EXPRESSION.sub(lambda match: known.get(match[1], match[0]), self.run_name)


@functools.lru_cache(maxsize=256)  # the same bytes are asked for at each push, dispatch and run
def read(path: str, data: bytes) -> WorkflowFile:
    """Reads a workflow file; its path is its name unless it has one."""
    try:
        whole = None if _too_deep(data) else yaml.load(data, Loader=_LOADER)  # noqa: S506
    except (yaml.YAMLError, ValueError):
        return WorkflowFile(path)
    root = _mapping(whole)
    on = root.get("on")
    listed = {event: {} for event in _texts(on)} if not isinstance(on, dict) else on
    triggers = {event: _mapping(settings) for event, settings in listed.items()}
    name = root.get("name")
    run_name = root.get("run-name")
    return WorkflowFile(
        name if isinstance(name, str) and name else path,
        run_name if isinstance(run_name, str) else None,
        triggers,
        _permissions(root),
    )


def _too_deep(data: bytes) -> bool:
    """Whether libyaml, which recurses on the C stack, could be brought down by it."""
    depth = 0
    for event in yaml.parse(data, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            return True
    return False


def _permissions(root: Mapping[str, Any]) -> dict[str, str]:
    """The union of what the jobs declare, since a run has one token here; a job without takes the file's."""
    top = _declared(root["permissions"]) if "permissions" in root else _DEFAULT_PERMISSIONS
    jobs = [_mapping(job) for job in _mapping(root.get("jobs")).values()]
    found: dict[str, str] = {}
    for job in jobs:
        for name, level in (_declared(job["permissions"]) if "permissions" in job else top).items():
            if level == "write" or name not in found:
                found[name] = level
    return found


def _declared(value: Any) -> dict[str, str]:
    if value in ("read-all", "write-all"):
        return dict.fromkeys(_ALL, value.removesuffix("-all"))
    pairs = _mapping(value).items()
    return {name.replace("-", "_"): str(level) for name, level in pairs if level in ("read", "write")}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
