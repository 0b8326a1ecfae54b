"""Typed inputs: what is given is checked at the start, what is asked for when the definition is read."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from bot.language.errors import DefinitionError, InputRefused
from bot.language.lint import lint

_spec = importlib.util.spec_from_file_location("inputs_world", Path(__file__).with_name("world.py"))
assert _spec
assert _spec.loader
w = importlib.util.module_from_spec(_spec)
sys.modules["inputs_world"] = w
_spec.loader.exec_module(w)

STEP = {"name": "a", "type": "make", "inputs": {"value": "${context.count}"}}
INPUTS = {
    "count": {"type": "integer", "default": "3"},
    "level": {"enum": ["low", "high"]},
    "ready": {"type": "boolean", "required": "false"},
    "parts": {"type": "array", "required": "false"},
}


def house(**more) -> w.House:
    return w.House(w.definition(STEP, inputs=INPUTS, **more), w.World())


async def test_defaults_have_the_type_that_was_declared() -> None:
    story = house()
    story.begin(level="low")
    await story.engine.settle()
    assert story.state().context == {"count": 3, "level": "low"}
    assert story.state().steps["a"].result["value"] == 3


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ({}, "story needs the input 'level', text"),
        ({"level": None}, "story needs the input 'level', text"),
        ({"level": "middling"}, "the input 'level' of story must be one of low, high, not 'middling'"),
        (
            {"level": "low", "count": "three"},
            "the input 'count' of story must be a whole number, not 'three'",
        ),
        ({"level": "low", "count": True}, "the input 'count' of story must be a whole number, not True"),
        ({"level": "low", "ready": "yes"}, "the input 'ready' of story must be true or false, not 'yes'"),
        ({"level": "low", "parts": {}}, "the input 'parts' of story must be a list, not {}"),
        ({"level": "low", "cuont": 1}, "story takes no input 'cuont'; did you mean 'count'?"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_nothing_begins(context, words) -> None:
    story = house()
    with pytest.raises(InputRefused) as refused:
        story.begin(**context)
    assert str(refused.value) == words
    assert story.store.summaries() == []


async def test_a_fact_that_does_not_fit_starts_nothing_and_stops_nobody_else() -> None:
    trigger = {"on": "push", "key": "${fact.id}", "context": {"level": "${fact.level}"}}
    story = house(trigger=trigger)
    assert story.engine.handle("push", {"id": 1, "level": 9}, [], actor="@m", cause="d1") == []
    assert story.engine.handle("push", {"id": 1, "level": "low"}, [], actor="@m", cause="d2") == ["story/1"]


@pytest.mark.parametrize(
    ("more", "rule", "words"),
    [
        ({"inputs": {"cuont": {}}}, "unknown-context", "did you mean 'cuont'?"),
        ({"inputs": {"count": {"type": "integer", "default": "x"}}}, "default", "'x' is not a whole number"),
        ({"inputs": {"count": {"enum": ["a"], "default": "b"}}}, "default", "must be one of a, not 'b'"),
        ({"inputs": {"count": {"type": "int"}}}, "type", "did you mean 'integer'?"),
        (
            {"inputs": {"count": {}}, "trigger": {"on": "x", "key": "k", "context": {}}},
            "missing-input",
            "does not give the input 'count'",
        ),
        (
            {
                "inputs": {"count": {}},
                "trigger": {"on": "x", "key": "k", "context": {"count": "1", "b": "2"}},
            },
            "unknown-input",
            "declares no input 'b'",
        ),
    ],
)
def test_lint_and_loading_find_what_cannot_fit(more, rule, words) -> None:
    text = w.definition(STEP, **more)
    assert any(f.rule == rule and words in str(f) for f in lint(text)), lint(text)
    with pytest.raises(DefinitionError):
        w.parse(text)


@pytest.mark.parametrize("value", ["\ud800", object(), {1, object()}])
def test_what_no_event_can_hold_is_refused_before_anything_is_kept(value) -> None:
    story = w.House(w.definition({"name": "made", "type": "make"}), w.World())
    with pytest.raises(InputRefused, match="no event can hold"):
        story.begin(x=value)
    assert story.store.read("story/k") == []
