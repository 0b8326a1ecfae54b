"""What an earlier version has stored is read as today's, what a later one has stored is refused with words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from bot.engine import events as e
from bot.engine.errors import StoreError
from bot.engine.evolve import fold
from bot.insights.verify import verify
from bot.store.memory import MemoryStore
from bot.store.seal import Sealed

FIRST = {"stream": "s", "at": "2026-01-01T00:00:00.000000Z", "actor": "@m", "cause": "c", "correlation": "s"}
STARTED = {
    "type": "WorkflowStarted",
    "definition": "d",
    "version": "1",
    "digest": "x",
    "key": "k",
    "context": {},
}


def stored(*events: dict[str, Any]) -> MemoryStore:
    """A store with these bytes, sealed as they were then."""
    store, head, rows = MemoryStore(), "", []
    for version, event in enumerate(events, start=1):
        data = json.dumps({**FIRST, "version": version, **event}).encode()
        head = e.link(head, data)
        rows.append(Sealed(version, "", "", data, head))
    store._streams["s"] = rows
    return store


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Some versions on, with these lifts from each format to the next."""

    def set_(*lifts: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        monkeypatch.setattr(e, "FORMAT", len(lifts) + 1)
        monkeypatch.setattr(e, "LIFTS", dict(enumerate(lifts, start=1)))

    return set_


def body(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda raw: {**raw, "body": change(raw["body"])}


def renamed(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "type": "StepStarted"} if raw["type"] == "StepBegun" else raw


def with_attempts(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "attempt": 1} if raw["type"] == "StepStarted" else raw


def test_events_of_former_formats_are_lifted_one_format_after_the_other(later) -> None:
    store = stored(
        {"body": STARTED},
        {"body": {"type": "StepBegun", "step": "a", "key": "1"}},
        {"body": {"type": "StepStarted", "step": "b", "key": "2"}, "format": 2},
        {"body": {"type": "StepStarted", "step": "c", "key": "3", "attempt": 4}, "format": 3},
    )
    head = store.head("s")
    later(body(renamed), body(with_attempts))
    instance = fold(store.read("s"))
    assert instance is not None
    assert {s.name: s.attempt for s in instance.steps.values()} == {"a": 1, "b": 1, "c": 4}
    assert {event.format for event in store.read("s")} == {3}
    assert store.verify("s") == head, "what was stored is not touched"
    published = store.heads("s")[1]
    assert not any("published" in problem for problem in verify(store, "s", None, published).problems)
    assert any("published" in problem for problem in verify(store, "s", None, "0" * 64).problems)


def test_what_is_written_now_bears_the_format_of_now(later) -> None:
    event = e.Event(**FIRST, version=1, body=e.WorkflowCompleted())
    assert "format" not in json.loads(e.encode(event))
    later(lambda raw: raw)
    assert json.loads(e.encode(event))["format"] == 2
    assert e.decode(e.encode(event)) == msgspec.structs.replace(event, format=2)


def test_a_later_format_is_refused_with_words_and_only_its_stream(later) -> None:
    store = stored({"body": STARTED}, {"body": {"type": "StepDreamt", "of": "sheep"}, "format": 2})
    with pytest.raises(
        StoreError, match=r"event 2 cannot be read: it is of format 2, .* a newer one has written it"
    ):
        store.read("s")
    assert store.read("other") == []


@pytest.mark.parametrize(
    "data",
    [b"[]", b"7", b'{"format": "x"}', b'{"format": 0}', b'{"format": null, "body": {}}', b"{", b'"\xff"'],
)
def test_what_is_no_event_of_any_format_is_an_error_of_reading(data: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        e.decode(data)


def test_what_does_not_fit_its_own_format_is_an_error_of_reading(later) -> None:
    store = stored({"body": STARTED}, {"body": {"no": "type"}})
    later(body(renamed))
    with pytest.raises(StoreError, match="event 2 cannot be read: it does not fit its format, 1"):
        store.read("s")


def test_each_former_format_can_be_lifted() -> None:
    assert sorted(e.LIFTS) == list(range(1, e.FORMAT))
