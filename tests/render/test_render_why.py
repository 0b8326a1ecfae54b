"""`cloi why` and `cloi replay`: the words follow from what was recorded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.engine import events as e
from bot.engine.evolve import fold
from bot.language.definition import parse
from bot.render.why import replay, states, why

START = datetime(2026, 1, 1, tzinfo=UTC)
DEFINITION = parse(
    json.dumps(
        {
            "workflow": {
                "name": "make-tea",
                "version": "1",
                "steps": [
                    {"name": "boil", "type": "kettle"},
                    {"name": "buy", "type": "shop"},
                    {
                        "name": "pour",
                        "type": "kettle",
                        "depends_on": ["boil", "buy"],
                        "retry": {"attempts": 5},
                    },
                    {"name": "drink", "type": "wait", "depends_on": ["pour"]},
                ],
            }
        }
    )
)


def happened(*bodies: e.Body, actor: str = "@maria") -> list[e.Event]:
    first = e.WorkflowStarted(definition="make-tea", version="1", digest="d", key="k", context={})
    return [
        e.Event(
            stream="make-tea/k",
            version=i,
            at=e.stamp(START + timedelta(minutes=i)),
            actor=actor,
            cause="delivery 1",
            correlation="c",
            body=body,
        )
        for i, body in enumerate((first, *bodies), start=1)
    ]


def began(step: str, attempt: int = 1) -> e.Body:
    return e.StepStarted(step=step, attempt=attempt, key="k", undoable=True)


DONE = (
    began("boil"),
    began("buy"),
    e.StepCompleted(step="boil"),
    e.StepCompleted(step="buy"),
    began("pour"),
)
TAKEN_BACK = (
    *DONE,
    e.StepFailed(step="pour", error="the pot is cracked", kind="gate"),
    e.RollbackInitiated(reason="the pot is cracked", step="pour"),
    e.CompensationStarted(step="buy", action="undo", attempt=1),
)


def told(*bodies: e.Body):
    return why(happened(*bodies), DEFINITION, START + timedelta(hours=2))


def test_what_was_done_is_one_line_and_who_began_it_is_named() -> None:
    found = told(*DONE)
    assert [link.sentence for link in found.chain] == [
        "@maria started it (delivery 1)",
        "boil, buy were done",
    ]
    assert found.waits == (
        "pour is being done since 2026-01-01 00:06 UTC, attempt 1 of 5",
        "drink has not begun: first pour",
    )
    assert found.headline.startswith("make-tea/k is running since 2026-01-01 00:06 UTC, for 1 h 54 min")


def test_a_wait_says_for_what_until_when_and_what_is_listened_for() -> None:
    wait = e.StepWaiting(
        step="pour", note="a merge of #3", wake_on=("pull:3",), deadline=e.stamp(START + timedelta(days=1))
    )
    found = told(*DONE, wait)
    assert found.waits[0] == "pour waits since 2026-01-01 00:06 UTC for a merge of #3"
    assert found.next == (
        "pour looks again on news of pull:3, and from time to time without",
        "at 2026-01-02 00:00 UTC the time is up: pour has failed",
    )


def test_trouble_that_repeats_is_told_once() -> None:
    trouble = [
        body
        for attempt in (2, 3)
        for body in (
            e.StepRetryScheduled(
                step="pour",
                attempt=attempt,
                at=e.stamp(START + timedelta(hours=3)),
                error="502",
                kind="transient",
            ),
            began("pour", attempt),
        )
    ]
    found = told(*DONE, *trouble[:-1])
    assert found.chain[-1].sentence == "pour met trouble and was tried again: transient: 502"
    assert found.waits[0] == "pour is tried again at 2026-01-01 03:00 UTC, attempt 3 of 5: transient: 502"


def test_a_rollback_says_because_of_what_and_how_far_it_is() -> None:
    found = told(*TAKEN_BACK, e.CompensationWaiting(step="buy", note="the merge of revert #4"))
    assert [link.sentence for link in found.chain[2:]] == [
        "pour failed: gate: the pot is cracked",
        "so what was done is taken back, because of pour",
    ]
    assert found.waits == ("taking back buy waits for the merge of revert #4",)


def test_what_is_parked_names_who_could_and_how() -> None:
    stuck = (
        e.CompensationFailed(step="buy", error="the shop is shut", kind="conflict"),
        e.WorkflowParked(reason="taking back buy: the shop is shut", step="buy"),
    )
    found = told(*TAKEN_BACK, *stuck)
    assert found.waits == ("a human",)
    assert found.next[0] == "somebody who may write comments `/cloi retry`: taking back buy is tried again"


def test_what_has_ended_waits_for_nothing() -> None:
    found = told(e.RollbackInitiated(reason="coffee", cancelled=True), e.WorkflowCancelled(reason="coffee"))
    assert found.waits == ()
    assert found.next == ("nothing: it has ended",)
    assert [link.sentence for link in found.chain][1:] == [
        "@maria asked to take it back: coffee",
        "it ended cancelled, with everything taken back",
    ]


def test_hostile_words_stay_on_their_line() -> None:
    found = told(began("boil"), e.StepFailed(step="boil", error="{names}\n\x1b[31mroot#\u202e", kind="bug"))
    assert found.chain[-1].sentence == "boil failed: bug: {names} [31mroot#"
    assert "\x1b" not in str(found)


def test_replay_shows_the_state_after_each_event_and_ends_where_the_fold_does() -> None:
    events = happened(*TAKEN_BACK)
    grown = [instance for _, instance in replay(events)]
    assert len(grown) == len(events)
    assert grown[-1] == fold(events)
    assert states(grown[1]) == "running started: boil"
    assert states(grown[-1]) == "rolling-back completed: boil; undo started: buy; failed: pour"


def test_replay_stops_at_what_does_not_fit() -> None:
    events = happened(*DONE)
    with pytest.raises(ValueError, match="version 5 after 3"):
        list(replay(events[:3] + events[4:]))
