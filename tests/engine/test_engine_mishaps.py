"""The smallest stories of what the simulation has found: each was once a way to stand still, or to do wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from bot.engine.errors import NotAllowedNow
from bot.engine.state import WorkflowState
from bot.language.definition import parse
from tests.engine.outside import Refused
from tests.engine.proving import Drawn, Nature
from tests.engine.simulated import Fate, House, running


class Loses(Fate):
    """The answer to the nth append is lost: it was done, and nobody is told."""

    def __init__(self, which: int) -> None:
        self.left = which

    def after(self, port: str) -> None:
        if port == "append":
            self.left -= 1
            if not self.left:
                raise Refused("the answer was lost")


@pytest.fixture
def house() -> Iterator[Callable[..., House]]:
    """A house with these steps, one after the other unless they say otherwise."""
    opened: list[House] = []
    logging.disable(logging.CRITICAL)

    def build(fate: Fate | None = None, **natures: Nature) -> House:
        text = json.dumps(
            {
                "workflow": {
                    "name": "drawn",
                    "version": "1",
                    "steps": [{"name": n, "type": "act"} for n in natures],
                }
            }
        )
        opened.append(House(Drawn(parse(text), natures)))
        entered.enter_context(running(opened[-1].loop))
        opened[-1].open(fate or Fate())
        return opened[-1]

    with ExitStack() as entered:
        yield build
        for one in opened:
            one.kill()
    logging.disable(logging.NOTSET)


def begin(house: House) -> str:
    more: dict[str, Any] = {"actor": "@m", "cause": "c", "correlation": "c"}
    try:
        return house.engine.start("drawn", "k", {}, **more)[0]
    except Refused:
        return house.engine.start("drawn", "k", {}, **more)[0]  # as whoever was refused does


def go_on(house: House, seconds: float = 60.0) -> WorkflowState:
    """Let all calls run, then time pass in small portions."""
    for _ in range(int(seconds)):
        house.drain()
        for _ in range(200):
            if house.gates:
                house.let_on(0)
        assert not house.gates, "it never comes to rest"
        house.check()
        house.pass_time(1.0)
    return house.folded["drawn/k"].state


def test_an_instance_whose_start_was_kept_and_not_confirmed_runs(house) -> None:
    this = house(Loses(1), a=Nature())
    begin(this)
    assert go_on(this) is WorkflowState.COMPLETED


def test_a_cancel_that_was_kept_and_not_confirmed_is_carried_out(house) -> None:
    this = house(Loses(2), a=Nature(waits=1))
    begin(this)
    go_on(this, 2)
    this.ports.fate = Loses(1)
    with pytest.raises(Refused):
        this.engine.cancel("drawn/k", actor="@m", reason="no", cause="once")
    this.engine.cancel("drawn/k", actor="@m", reason="no", cause="once")  # asked again, it is said to be done
    assert go_on(this) is WorkflowState.CANCELLED


def test_while_it_is_not_known_what_was_kept_nothing_is_begun(house) -> None:
    this = house(None, a=Nature(waits=1))
    begin(this)
    go_on(this, 2)
    this.ports.fate = Loses(1)
    with pytest.raises(Refused):
        this.engine.cancel("drawn/k", actor="@m", reason="no")
    this.fact("drawn/k", "a")
    this.signal("drawn/k:a")  # in the store it is being taken back, whatever is remembered here
    assert not this.gates
    assert go_on(this) is WorkflowState.CANCELLED


def test_a_step_in_which_something_is_cancelled_fails_and_is_not_forgotten(house) -> None:
    this = house(None, a=Nature(ends="cancels"))
    begin(this)
    assert go_on(this) is WorkflowState.COMPENSATED


def test_two_that_wait_do_not_keep_each_other_asking_for_ever(house) -> None:
    this = house(None, a=Nature(waits=1), b=Nature(waits=1))
    begin(this)
    go_on(this, 2)
    this.engine.recheck()
    this.drain()
    this.engine.recheck()  # while both are asking already
    assert go_on(this, 2) is WorkflowState.RUNNING


def test_a_step_whose_type_is_gone_after_a_restart_waits_for_a_human(house) -> None:
    this = house(None, a=Nature())
    begin(this)
    this.kill()
    this.open(Fate(), without="act")
    assert go_on(this) is WorkflowState.PARKED
    assert "nobody provides the step type 'act'" in this.folded["drawn/k"].reason


def test_what_cannot_go_on_at_a_restart_holds_up_nobody_else(house) -> None:
    this = house(None, a=Nature())
    begin(this)
    this.engine.start("drawn", "other", {}, actor="@m", cause="c2", correlation="c")
    this.kill()

    class First(Fate):
        def before(self, port: str) -> None:
            if port == "read" and not self.__dict__.setdefault("refused", []):
                self.__dict__["refused"].append(port)
                raise Refused("a bad sector")

    this.open(First())
    go_on(this)
    states = {name: i.state.value for name, i in this.folded.items()}
    assert states == {"drawn/k": "completed", "drawn/other": "completed"}


def test_what_was_taken_back_before_another_part_begins_anew_too(house) -> None:
    this = house(None, a=Nature(), b=Nature(), c=Nature(waits=1))
    begin(this)
    go_on(this, 2)
    for step in ("a", "b"):
        this.engine.cancel("drawn/k", actor="@m", reason=f"{step} is wrong", from_step=step)
        assert go_on(this, 2) is WorkflowState.PARKED
    this.engine.retry("drawn/k", actor="@m")
    this.fact("drawn/k", "c")
    this.signal("drawn/k:c")
    assert go_on(this, 2) is WorkflowState.COMPLETED
    assert [this.world.made_by("drawn/k", step) for step in "abc"] == [1, 1, 1]


def test_what_is_being_taken_back_as_a_whole_is_not_taken_back_in_part(house) -> None:
    this = house(None, a=Nature(undo_fails=True), b=Nature(), c=Nature(waits=1))
    begin(this)
    go_on(this, 2)
    this.engine.cancel("drawn/k", actor="@m", reason="no")
    assert go_on(this, 2) is WorkflowState.PARKED
    with pytest.raises(NotAllowedNow, match="as a whole"):
        this.engine.cancel("drawn/k", actor="@m", reason="only a", from_step="a")


def test_where_taking_back_has_stopped_a_cancel_is_answered_with_what_would_go_on(house) -> None:
    this = house(None, a=Nature(undo_fails=True), b=Nature(), c=Nature(waits=1))
    begin(this)
    go_on(this, 2)
    this.engine.cancel("drawn/k", actor="@m", reason="no")
    assert go_on(this, 2) is WorkflowState.PARKED
    with pytest.raises(NotAllowedNow, match="has stopped at a; a retry goes on from there"):
        this.engine.cancel("drawn/k", actor="@m", reason="no!")
    assert go_on(this, 2) is WorkflowState.PARKED


def test_one_step_after_the_other_is_taken_back_also_when_more_is_wanted(house) -> None:
    this = house(None, a=Nature(undo_waits=True), b=Nature(), c=Nature(waits=1))
    begin(this)
    go_on(this, 2)
    this.engine.cancel("drawn/k", actor="@m", reason="a is wrong", from_step="a")
    go_on(this, 2)
    this.engine.cancel("drawn/k", actor="@m", reason="all is wrong")
    go_on(this, 2)  # the oracle is watching
    this.fact("drawn/k", "undo a")
    this.signal("drawn/k:undo a")
    assert go_on(this, 2) is WorkflowState.CANCELLED


def test_why_it_is_taken_back_is_still_known_after_a_human_has_helped(house) -> None:
    this = house(None, a=Nature(undo_fails=True), b=Nature(waits=1))
    begin(this)
    go_on(this, 2)
    this.engine.cancel("drawn/k", actor="@m", reason="it is wrong", cancelled=False)
    assert go_on(this, 2) is WorkflowState.PARKED
    this.engine.retry("drawn/k", actor="@m")
    assert go_on(this, 2) is WorkflowState.COMPENSATED
    assert this.folded["drawn/k"].reason == "it is wrong"


def test_an_undo_that_a_human_tries_again_may_wait_as_long_as_before(house) -> None:
    this = house(None, a=Nature(undo_waits=True, undo_patience=30), b=Nature(waits=1))
    begin(this)
    go_on(this, 2)
    this.engine.cancel("drawn/k", actor="@m", reason="no")
    assert go_on(this, 60) is WorkflowState.PARKED
    this.engine.retry("drawn/k", actor="@m")
    assert go_on(this, 10) is WorkflowState.ROLLING_BACK
    this.fact("drawn/k", "undo a")
    this.signal("drawn/k:undo a")
    assert go_on(this, 2) is WorkflowState.CANCELLED
