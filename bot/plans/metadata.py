"""Front matter that speaks of implementation: `implementation_metadata` and `validation_metadata`.

The schema is the one that the customer's own log uses. Values are words, never run, compiled or trusted: they
come from whoever opened the pull request. A value of another shape than expected is left out, since another
team may use the same key for something else. Not here: parsing YAML (bot/records).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.plans import document, wording
from bot.plans.plan import Source
from bot.records import front_matter
from bot.records.record import Record

ROOT = "implementation_metadata"
MAX_VALUES = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that the front matter asks for. kind: work-item or criterion."""

    kind: str
    text: str
    source: Source


def entries(record: Record, lines: tuple[str, ...]) -> Iterator[Entry]:
    """feature_requirements and success_criteria, each with its lines."""
    block = _mapping(record.metadata, ROOT)
    if not block:
        return
    places = front_matter.split(record.path, lines).places
    for field, kind in (("feature_requirements", "work-item"), ("success_criteria", "criterion")):
        for value in _values(block, field):
            parts = (value.get("name"), value.get("description")) if isinstance(value, Mapping) else (value,)
            words = [str(part) for part in parts if isinstance(part, str) and part.strip()]
            place = places.get(f"{ROOT}.{field}")
            if place is None or not words or wording.empty(words[0]):
                continue
            within = range(place.line, min(place.end_line, len(lines)) + 1)
            line = next((n for n in within if words[0] in lines[n - 1]), place.line)
            source = document.quote(record.path, lines, line, line, words[0])
            yield Entry(kind, wording.shown(": ".join(words)), source)


def rollback_triggers(record: Record) -> tuple[str, ...]:
    """workflow_generation.rollback_triggers, such as "test_failure_rate > 5%"."""
    return _words(_mapping(record.metadata, ROOT, "workflow_generation"), "rollback_triggers")


def rollback_required(record: Record) -> bool:
    """Whether implementation_strategy asks for a way back. It can ask for one, never against one."""
    return _mapping(record.metadata, ROOT, "implementation_strategy").get("rollback_required") == "true"


def integration_points(record: Record) -> tuple[str, ...]:
    """implementation_strategy.integration_points: paths."""
    return _words(_mapping(record.metadata, ROOT, "implementation_strategy"), "integration_points")


def patterns(record: Record) -> tuple[str, ...]:
    """Patterns and constraints that the code has to keep, as words."""
    context = _mapping(record.metadata, ROOT, "ai_generation_context")
    constraints = [
        str(value.get("description") or value.get("rule") or "")
        for value in _values(_mapping(record.metadata, "validation_metadata"), "constraints")
        if isinstance(value, Mapping)
    ]
    shown = (wording.shown(words) for words in constraints)
    return (
        *_words(context, "code_patterns"),
        *_words(context, "architectural_constraints"),
        *(words for words in shown if words),
    )


def _mapping(values: Mapping[str, object], *keys: str) -> Mapping[str, object]:
    for key in keys:
        found = values.get(key)
        if not isinstance(found, Mapping):
            return {}
        values = found
    return values


def _values(block: Mapping[str, object], field: str) -> list[object]:
    found = block.get(field)
    return list(found[:MAX_VALUES]) if isinstance(found, list | tuple) else []


def _words(block: Mapping[str, object], field: str) -> tuple[str, ...]:
    shown = (wording.shown(value) for value in _values(block, field) if isinstance(value, str))
    return tuple(words for words in shown if words)
