"""`${context.x}`, `${outputs.step.name}`, `${secret.NAME}`: references, never code (ADR-012, DSL).

A string that is one reference alone keeps the value's type; inside a longer string it becomes text. Nothing is
evaluated: no operators, no calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.language.errors import ReferenceUnresolved

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\Z")


def references(value: Any) -> Iterator[tuple[str, ...]]:
    """Every reference in a value, as its path: ("outputs", "read", "plan")."""
    if isinstance(value, str):
        for found in _REFERENCE.findall(value):
            yield tuple(found.strip().split("."))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references(item)


def is_well_formed(reference: tuple[str, ...]) -> bool:
    """Whether a reference has the form of one: names joined by dots, under one of the four roots."""
    return bool(_PATH.match(".".join(reference))) and reference[0] in ("context", "outputs", "fact", "secret")


def resolve(value: Any, scope: Mapping[str, Any]) -> Any:
    """The value with its references replaced from `scope`. Raises ReferenceUnresolved."""
    if isinstance(value, str):
        alone = _REFERENCE.fullmatch(value)
        if alone:
            return _look_up(alone.group(1), scope)
        return _REFERENCE.sub(lambda m: _text(_look_up(m.group(1), scope)), value)
    if isinstance(value, Mapping):
        return {k: resolve(v, scope) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(v, scope) for v in value]
    return value


def _look_up(path: str, scope: Mapping[str, Any]) -> Any:
    value: Any = scope
    for part in path.strip().split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise ReferenceUnresolved(f"${{{path}}} names nothing that exists here")
        value = value[part]
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
