"""The shape of a definition: workflow.schema.json is the one description of the language, for editors and for us.

`misfits` interprets the few keywords of JSON Schema that the file uses, so that the bot needs no validator; a
test holds it to a real one. Not here: what a schema cannot say, such as circles and references (lint.py).
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from bot.language.source import Path

TEXT: str = (files("bot.language") / "workflow.schema.json").read_text(encoding="utf-8")
SCHEMA: Mapping[str, Any] = json.loads(TEXT)

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """Data that has not the shape it should. rule: type, required, unknown-key, or the name of the shape."""

    at: Path
    rule: str
    message: str
    suggestion: str = ""


def misfits(data: Any) -> Iterator[Misfit]:
    """All places where plain data, as YAML or JSON give it, does not follow the schema."""
    yield from _check(data, SCHEMA, (), "document")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion in words, or nothing where no known word is close."""
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f"did you mean {close[0]!r}?" if close else ""


def _check(data: Any, schema: Mapping[str, Any], at: Path, rule: str) -> Iterator[Misfit]:
    rule, schema = _followed(schema, data, rule)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    where = _where(at)
    if types and not any(_is(data, t) for t in types):
        # The first type is what people write; the others are what YAML may make of it.
        yield Misfit(at, "type", f"{where} must be {_WORDS[types[0]]}")
    elif isinstance(data, dict):
        yield from _mapping(data, schema, at, where)
    elif isinstance(data, list):
        if len(data) < schema.get("minItems", 0):
            yield Misfit(at, "required", f"{where} must be a list with at least {schema['minItems']} item")
        for i, item in enumerate(data):
            yield from _check(item, schema.get("items", {}), (*at, i), rule)
    elif not _matches(data, schema):
        known = [word for word in schema.get("enum", ()) if isinstance(word, str)]
        words = schema["description"] + (f" ({', '.join(known)})" if known else "")
        yield Misfit(at, rule, f"{where} must be {words}, not {_shown(data)}", did_you_mean(str(data), known))


def _shown(data: Any) -> str:
    text = repr(data)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _where(at: Path) -> str:
    if not at:
        return "the document"
    return f"item {at[-1] + 1} of {at[-2]}" if isinstance(at[-1], int) else at[-1]


def _mapping(data: dict[str, Any], schema: Mapping[str, Any], at: Path, where: str) -> Iterator[Misfit]:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    for name in schema.get("required", ()):
        if name not in data:
            yield Misfit(at, "required", f"{where} has no {name}")
    for key, value in data.items():
        if key not in properties and others is False:
            suggestion = did_you_mean(key, properties) or f"known are {', '.join(sorted(properties))}"
            yield Misfit((*at, key), "unknown-key", f"unknown key {key!r} in {where}", suggestion)
        else:
            yield from _check(value, properties.get(key, others), (*at, key), "value")


def _followed(schema: Mapping[str, Any], data: Any, rule: str) -> tuple[str, Mapping[str, Any]]:
    """The schema behind a $ref, and of several the one for this type of data."""
    if "anyOf" in schema:
        branches = [_followed(branch, data, rule) for branch in schema["anyOf"]]
        return next((b for b in branches if _is(data, b[1]["type"])), branches[0])
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return name, SCHEMA["$defs"][name]
    return rule, schema


def _is(data: Any, name: str) -> bool:
    return isinstance(data, _TYPES[name]) and (name == "boolean" or not isinstance(data, bool))


def _matches(data: Any, schema: Mapping[str, Any]) -> bool:
    if "enum" in schema and data not in schema["enum"]:
        return False
    if isinstance(data, str) and "pattern" in schema:
        return re.search(re.sub(r"\$\Z", r"\\Z", schema["pattern"]), data) is not None
    number = isinstance(data, int | float)
    return not (number and not schema.get("minimum", data) <= data <= schema.get("maximum", data))
