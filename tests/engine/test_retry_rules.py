"""Which failures are tried again is what the definition says, where it says something."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import get_args

import pytest

from bot.engine.outcome import Failed
from bot.engine.state import WorkflowState
from bot.language.definition import Retry, parse
from bot.language.errors import DefinitionError
from bot.language.schema import SCHEMA
from bot.plugins.recovery import FailureHandling
from bot.plugins.registry import Kind, PluginRegistry

_spec = importlib.util.spec_from_file_location("retry_world", Path(__file__).with_name("world.py"))
assert _spec
assert _spec.loader
w = importlib.util.module_from_spec(_spec)
sys.modules["retry_world"] = w
_spec.loader.exec_module(w)

HANDLERS = [None, FailureHandling.of(PluginRegistry(), "error-classifier")]


def story(failed: Failed, handler, **retry) -> tuple[w.House, w.Refuse]:
    refuse = w.Refuse(failed)
    step = {"name": "no", "type": "refuse", "retry": {"attempts": 3, **retry}}
    house = w.House(w.definition(step), w.World(), refuse=refuse, more={"failures": handler})
    house.begin()
    return house, refuse


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize(
    ("kind", "retryable", "on", "calls"),
    [
        ("gate", False, ["gate", "transient"], 3),
        ("transient", True, ["rate-limit"], 1),
        ("transient", True, ["transient"], 3),
        ("transient", True, [], 1),
    ],
)
async def test_only_the_kinds_that_are_named_are_tried_again(handler, kind, retryable, on, calls) -> None:
    house, refuse = story(Failed(error="no", kind=kind, retryable=retryable), handler, on=on)
    await house.go_on()
    assert refuse.calls == calls
    assert house.state().state is WorkflowState.COMPENSATED
    said = [e.body.data["action"] for e in house.store.read("story/k") if e.name == "RecoveryChosen"]
    assert said == ([] if handler is None else ["retry"] * (calls - 1) + ["roll-back"])


@pytest.mark.parametrize("handler", HANDLERS)
async def test_who_asks_for_a_human_is_not_tried_again_for_its_kind(handler) -> None:
    house, refuse = story(Failed(error="look", kind="gate", park=True), handler, on=["gate"])
    await house.go_on()
    assert (refuse.calls, house.state().state) == (1, WorkflowState.PARKED)


async def test_without_jitter_a_pause_is_what_was_written() -> None:
    failed = Failed(error="502", kind="transient", retryable=True)
    house, _ = story(failed, None, jitter="0", backoff="40s")
    await house.engine.settle()
    due = house.engine.next_timer()
    assert due is not None
    assert 39.9 < (due - house.clock.now()).total_seconds() <= 40


def test_an_unknown_kind_is_named_with_what_was_meant() -> None:
    text = w.definition({"name": "a", "type": "make", "retry": {"on": ["transiend"]}})
    with pytest.raises(DefinitionError, match="did you mean 'transient'") as found:
        parse(text)
    assert found.value.rule == "kind"
    for share in ("1.5", "-1", "x"):
        with pytest.raises(DefinitionError, match="a number from 0 to 1"):
            parse(w.definition({"name": "a", "type": "make", "retry": {"jitter": share}}))
    assert Retry().wants("transient", True)


def test_the_kinds_that_a_definition_may_name_are_those_that_there_are() -> None:
    named = set(SCHEMA["$defs"]["kind"]["enum"])
    assert named == {*get_args(Kind), "refused"}, "a deadline that passed is not tried again by any rule"
