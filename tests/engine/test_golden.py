"""Golden streams: instances of the shipped definitions that an earlier version has finished, replayed by this one.

golden/*.jsonl were recorded by the real engine (golden/record.py says how). What has been stored must be read for
ever: the chain is whole, the fold is the recorded state, and `decide`, given what it was given then, decides the
same at each point, so that an instance under way goes on under a newer version as it would have under the older.
Where that is not wanted, the difference is named in DIFFERENCES, and why.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.engine import events as e
from bot.engine import given as asked
from bot.engine.decide import decide
from bot.engine.evolve import evolve, fold
from bot.engine.instance import WorkflowInstance
from bot.language.definition import WorkflowDefinition, parse

GOLDEN = Path(__file__).with_name("golden")
FILES = sorted(GOLDEN.glob("*.jsonl"))
SHIPPED = {path.stem for path in Path("templates/workflows").glob("*.yaml")}
NEVER_ENDS = {"recover-deliveries"}
NEW = {"advise-on-record"}
"""Shipped with no version yet, so there are no old logs of it. To be recorded with the first that is."""

_ANEW = "an undo that a human tries again may wait as long as it might at first"
_TOLD = "why it was taken back is told at the end, also where a human had to help on the way"
DIFFERENCES: dict[tuple[str, int], str] = {
    ("implement-adr-compensated-1", 67): _ANEW,
    ("implement-adr-compensated-1", 77): _TOLD,
    ("implement-adr-compensated-2", 74): _TOLD,
}
"""File and version at which this version decides otherwise than the one that recorded: why it should."""


_STARTED = ".steps.await-implementation-merge.rollback_started_at"
FOLDED: dict[tuple[str, str], str] = {
    ("implement-adr-compensated-1", _STARTED): _ANEW,
    ("implement-adr-compensated-2", _STARTED): _ANEW,
}
"""File and field of its final state that this version folds to another value: why it should."""

FORMER: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "CancelAsked": lambda was: {
        "act": "cancel" if was["cancelled"] else "roll-back",
        "reason": was["reason"],
    },
    "RetryAsked": lambda was: {"act": "retry", "data": was["memo"]},
}
"""What was given under a name that is gone, as today's Asked."""


@dataclass
class Golden:
    """One file. decisions: the version before each, what was given, and how many events followed."""

    header: dict[str, Any]
    data: list[bytes]
    decisions: list[tuple[int, dict[str, Any]]]

    @property
    def definition(self) -> WorkflowDefinition:
        return parse(self.header["definition"])


def read(path: Path) -> Golden:
    first, *lines = path.read_bytes().splitlines()
    golden = Golden(json.loads(first), [], [])
    for line in lines:
        if line.startswith(b'{"given"'):
            golden.decisions.append((len(golden.data), json.loads(line)))
        else:
            golden.data.append(line)
    return golden


def prefixes(golden: Golden) -> Iterator[tuple[WorkflowInstance, dict[str, Any], tuple[e.Body, ...]]]:
    """Before each decision: the instance, what was given, and the bodies that followed."""
    events = [e.decode(data) for data in golden.data]
    instance: WorkflowInstance | None = None
    for version, line in golden.decisions:
        while instance is None or instance.version < version:
            instance = evolve(instance, events[instance.version if instance else 0])
        yield instance, line, tuple(event.body for event in events[version : version + line["events"]])


def decided(golden: Golden, instance: WorkflowInstance, line: dict[str, Any]) -> tuple[e.Body, ...]:
    """What this version decides on what was given then."""
    fields = dict(line["given"])
    name = fields.pop("type")
    if not hasattr(asked, name):
        name, fields = "Asked", FORMER[name](fields)
    given = msgspec.convert(fields, getattr(asked, name))
    around = msgspec.convert({**line, "undoable": golden.header["undoable"]}, asked.Circumstances)
    return decide(instance, golden.definition, given, around)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_an_earlier_version_has_stored_is_read_and_decided_on_as_then(path: Path) -> None:
    golden = read(path)
    head = ""
    for data in golden.data:
        head = e.link(head, data)
    assert head == golden.header["head"]
    final = json.loads(msgspec.json.encode(fold(e.decode(data) for data in golden.data)))
    different = dict(lacks(golden.header["final"], final))
    assert different.keys() == {field for stem, field in FOLDED if stem == path.stem}, different
    for instance, line, bodies in prefixes(golden):
        same = decided(golden, instance, line) == bodies
        assert same or (path.stem, instance.version) in DIFFERENCES, f"after version {instance.version}"


def lacks(recorded: Any, now: Any, where: str = "") -> list[tuple[str, str]]:
    """Fields in which the recorded state is not that of today; what today's knows beyond it is no difference."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        return [found for key in recorded for found in lacks(recorded[key], now.get(key), f"{where}.{key}")]
    return [] if recorded == now else [(where, f"{recorded} became {now}")]


def test_all_shipped_definitions_that_end_are_among_them() -> None:
    missing = SHIPPED - NEVER_ENDS - NEW - {path.stem.rsplit("-", 2)[0] for path in FILES}
    assert not missing, "play its stories with `python tests/engine/golden/record.py STORY TESTS`"
    ends = {path.stem.rsplit("-", 2)[1] for path in FILES if path.stem.startswith("implement-adr-")}
    assert ends == {"completed", "compensated", "cancelled"}


def test_each_event_of_a_stream_was_decided_on_but_how_it_begins() -> None:
    for path in FILES:
        golden = read(path)
        decided_on = sum(line["events"] for _, line in golden.decisions)
        assert len(golden.data) - decided_on in (1, 2), path
        assert golden.decisions


def test_a_difference_that_is_named_is_one() -> None:
    for (stem, version), why in DIFFERENCES.items():
        golden = read(GOLDEN / f"{stem}.jsonl")
        at = {i.version: (line, bodies) for i, line, bodies in prefixes(golden)}
        instance = fold(e.decode(data) for data in golden.data[:version])
        assert instance is not None
        assert decided(golden, instance, at[version][0]) != at[version][1], why


def test_the_replay_sees_a_changed_decision_and_a_changed_fold() -> None:
    """It can fail: with another answer, and with an event left out."""
    golden = read(FILES[0])
    instance, line, bodies = next(prefixes(golden))
    line["given"] = {"type": "CancelAsked", "reason": "no", "cancelled": True}
    assert decided(golden, instance, line) != bodies
    with pytest.raises(ValueError, match="version"):
        fold(e.decode(data) for data in golden.data if data is not golden.data[1])


def shape() -> dict[str, dict[str, bool]]:
    """Each type of event with its fields, and whether each must be given."""
    return {
        kind.__name__: {field.name: field.required for field in msgspec.structs.fields(kind)}
        for kind in (e.Event, *e.Body.__args__)
    }


def test_the_format_of_events_only_grows_or_bears_a_new_number() -> None:
    """golden/formats.json has the shape of each format as it was first released."""
    recorded = json.loads((GOLDEN / "formats.json").read_text())
    today = shape()
    assert str(e.FORMAT) in recorded, "record the shape of the new format"
    for kind, fields in recorded[str(e.FORMAT)].items():
        assert kind in today, f"{kind} is gone: raise events.FORMAT, and lift what was stored"
        for name, required in fields.items():
            assert today[kind].get(name) == required, f"{kind}.{name} has changed: raise events.FORMAT"
        added = {name for name, required in today[kind].items() if required and name not in fields}
        assert not added, f"{kind} demands {added}, which older events lack: raise events.FORMAT"
