"""Typed inputs of a workflow: what an instance must be given, and the one error that names what is wrong. Pure.

    inputs:
      count: {type: integer, default: 3}
      level: {type: string, enum: [low, high]}

YAML is read without types (source.py), so defaults and enum are turned into what the type says. Without `inputs`
an instance takes whatever it is given. Not here: the context of triggers, and references to it (lint.py).
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.language.errors import InputRefused

TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
}
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


@dataclass(frozen=True, slots=True)
class Input:
    """One input. required: must be given, as it must where nothing is said and there is no default."""

    type: str = "string"
    required: bool = True
    default: Any = None
    enum: tuple[Any, ...] = ()

    def problem(self, value: Any) -> str | None:
        """Why this value is none, to be read after the input's name."""
        fits = isinstance(value, TYPES[self.type]) and (self.type == "boolean" or not isinstance(value, bool))
        if not fits or (isinstance(value, float) and not math.isfinite(value)):  # no event could hold it
            return f"must be {_WORDS[self.type]}, not {_shown(value)}"
        if self.enum and value not in self.enum:
            return f"must be one of {', '.join(map(str, self.enum))}, not {_shown(value)}"
        return None


def declared(raw: Mapping[str, Any]) -> dict[str, Input]:
    """The `inputs` of a definition, read. Raises ValueError where a default or enum is not of its type."""
    out = {}
    for name, said in raw.items():
        kind = str(said.get("type", "string"))
        enum = tuple(_typed(kind, value) for value in said.get("enum", ()))
        default = _typed(kind, said["default"]) if "default" in said else None
        required = str(said.get("required", default is None)).lower() == "true"
        one = Input(kind, required, default, enum)
        if default is not None and (why := one.problem(default)):
            raise ValueError(f"the default of the input {name!r} {why}")
        out[name] = one
    return out


def given(workflow: str, inputs: Mapping[str, Input] | None, context: Mapping[str, Any]) -> dict[str, Any]:
    """The context with defaults. What is None counts as not given. Raises InputRefused, naming the input."""
    if inputs is None:
        return dict(context)
    out = {name: one.default for name, one in inputs.items() if one.default is not None}
    for name, value in context.items():
        one = inputs.get(name)
        if one is None:
            near = difflib.get_close_matches(name, inputs, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InputRefused(f"{workflow} takes no input {name!r}{hint}")
        if value is None:
            continue
        why = one.problem(value)
        if why is not None:
            raise InputRefused(f"the input {name!r} of {workflow} {why}")
        out[name] = value
    for name, one in inputs.items():
        if one.required and name not in out:
            raise InputRefused(f"{workflow} needs the input {name!r}, {_WORDS[one.type]}")
    return out


def _typed(kind: str, value: Any) -> Any:
    """What the words of a definition mean. Raises ValueError."""
    try:
        match kind:
            case "integer":
                return int(value)
            case "number":
                return float(value)
            case "boolean":
                return {"true": True, "false": False}[str(value).lower()]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{_shown(value)} is not {_WORDS[kind]}") from None
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
