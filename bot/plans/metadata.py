"""Front matter that speaks of implementation: `implementation_metadata` and `validation_metadata`.

The schema is the one that the customer's own log uses. Values are words, never run, compiled or trusted: they
come from whoever opened the pull request. A value of another shape than expected is left out, since another
team may use the same key for something else. What this bot wrote there itself (write_back.py) says nothing new
and is not read: else a requirement that was withdrawn would live on in its own plan. Not here: parsing YAML
(bot/records).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.plans import document, wording
from bot.plans.plan import Constraint, Source
from bot.records import front_matter
from bot.records.record import Record

ROOT = "implementation_metadata"
CHECKS = "validation_metadata"
OURS = "cloi_plan"
"""Of `implementation_metadata`: names in its list `written` what this bot wrote there."""
MAX_VALUES = 50
MAX_WORDS = 500
_SAID = ("type", "rule", "description", "pattern", "severity")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that the front matter asks for. kind: work-item or criterion."""

    kind: str
    text: str
    source: Source


def entries(record: Record, lines: tuple[str, ...]) -> Iterator[Entry]:
    """feature_requirements and success_criteria, each with its lines."""
    block = _stated(record.metadata)
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
    return _words(_mapping(_stated(record.metadata), "workflow_generation"), "rollback_triggers")


def rollback_required(record: Record) -> bool:
    """Whether implementation_strategy asks for a way back. It can ask for one, never against one."""
    return _mapping(_stated(record.metadata), "implementation_strategy").get("rollback_required") == "true"


def integration_points(record: Record) -> tuple[str, ...]:
    """implementation_strategy.integration_points: paths."""
    return _words(_mapping(_stated(record.metadata), "implementation_strategy"), "integration_points")


def patterns(record: Record) -> tuple[str, ...]:
    """Patterns that the code has to keep, as words."""
    context = _mapping(_stated(record.metadata), "ai_generation_context")
    return (*_words(context, "code_patterns"), *_words(context, "architectural_constraints"))


def constraints(record: Record, lines: tuple[str, ...], name: str) -> tuple[Constraint, ...]:
    """validation_metadata.constraints with their lines, numbered as NAME/C1. A pattern is kept to the letter;
    one that is too long to be read by anybody is left out, so it is not checked."""
    block = _mapping(record.metadata, CHECKS)
    if not block:
        return ()
    places = front_matter.split(record.path, lines).places
    out: list[Constraint] = []
    for index, value in enumerate(_values(block, "constraints")):
        if not isinstance(value, Mapping):
            continue
        said = {field: _kept(value.get(field)) for field in _SAID}
        place = places.get(f"{CHECKS}.constraints.{index}.type") or places.get(f"{CHECKS}.constraints")
        if place is None or not any(said.values()):
            continue
        last = max(
            [
                place.end_line,
                *(p.end_line for f in _SAID if (p := places.get(f"{CHECKS}.constraints.{index}.{f}"))),
            ]
        )
        out.append(
            Constraint(
                id=f"{name}/C{len(out) + 1}",
                **said,
                source=document.quote(record.path, lines, place.line, min(last, place.line + 20)),
            )
        )
    found = block.get("constraints")
    left = len(found) - MAX_VALUES if isinstance(found, list | tuple) else 0
    if left > 0 and (place := places.get(f"{CHECKS}.constraints")):
        words = f"{left} more constraints, which are not read: this bot reads {MAX_VALUES}"
        said = {field: words if field == "description" else "" for field in _SAID}
        source = document.quote(record.path, lines, place.line, place.line)
        out.append(Constraint(id=f"{name}/C{len(out) + 1}", **said, source=source))
    return tuple(out)


def commands(record: Record) -> int:
    """How many commands and scripts the front matter names. None of them is ever run."""
    block = _mapping(record.metadata, CHECKS)
    return sum(len(_values(block, field)) for field in ("validation_scripts", "compliance_tests"))


def _kept(value: object) -> str:
    text = value if isinstance(value, str) and len(value) <= MAX_WORDS else ""
    return text.encode("utf-8", "replace").decode()


def written(values: Mapping[str, object]) -> frozenset[str]:
    """The fields of `implementation_metadata` that are this bot's. values: of the whole front matter."""
    return frozenset(
        name for name in _values(_mapping(values, ROOT, OURS), "written") if isinstance(name, str)
    )


def _stated(values: Mapping[str, object]) -> Mapping[str, object]:
    """`implementation_metadata` as people wrote it."""
    ours = written(values)
    return {name: value for name, value in _mapping(values, ROOT).items() if name not in ours}


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
