"""What is remembered of past runs: attempts, pauses, verdicts; the same however the events come."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine import events as e
from bot.engine.evolve import fold
from bot.engine.recording import append_of
from bot.insights.history import Attempt, Run, gathered, history, run_of
from bot.store.memory import MemoryStore
from tests.insights import lives
from tests.properties import examples


def told(*bodies: e.Body | float, name: str = "tea/1") -> list[e.Event]:
    return lives.told(*bodies, name=name, definition="tea", repository="a/b")


def started(step: str, attempt: int = 1) -> e.Body:
    return e.StepStarted(step=step, attempt=attempt, key="k")


def again(step: str, attempt: int) -> e.Body:
    return e.StepRetryScheduled(step=step, attempt=attempt, at="", error="502", kind="transient")


def only(run: Run | None) -> Run:
    assert run is not None
    return run


def test_attempts_and_pauses_are_kept_apart() -> None:
    run = only(
        run_of(
            told(
                started("boil"),
                2,
                again("boil", 2),
                10,
                started("boil", 2),
                3,
                e.StepCompleted(step="boil"),
                e.WorkflowCompleted(),
            )
        )
    )
    (boil,) = run.steps
    assert boil.attempts == (Attempt(2.0, "transient", again=True, pause=10.0), Attempt(3.0))
    assert (boil.state, boil.seconds, run.outcome, run.seconds) == ("completed", 15.0, "completed", 15.0)


def test_a_failure_ends_the_run_at_its_verdict_and_what_was_under_way_is_left() -> None:
    story = told(
        started("boil"),
        started("wait"),
        e.StepWaiting(step="wait"),
        4,
        e.StepFailed(step="boil", error="dry", kind="gate"),
        e.RollbackInitiated(reason="dry", step="boil"),
        90,
        e.WorkflowCompensated(reason="dry"),
    )
    run = only(run_of(story))
    assert (run.outcome, run.seconds) == ("failed", 4.0)
    assert [(s.step, s.state, s.kind, s.waited) for s in run.steps] == [
        ("boil", "failed", "gate", False),
        ("wait", "left", "", True),
    ]
    assert [s.step for s in run.culprits] == ["boil"]
    assert run_of(story[:5]) is None


def test_one_that_stops_for_a_human_has_failed_though_it_may_be_completed_later() -> None:
    story = told(
        started("boil"),
        1,
        e.StepFailed(step="boil", error="dry", kind="bug", park=True),
        e.WorkflowParked(reason="dry", step="boil"),
        3600,
        e.WorkflowResumed(step="boil"),
        started("boil"),
        e.StepCompleted(step="boil"),
        e.WorkflowCompleted(),
    )
    assert only(run_of(story)).outcome == "failed"
    assert len(history(story).of("tea")) == 1


def test_what_a_person_ends_says_nothing_about_the_next() -> None:
    story = told(started("boil"), e.RollbackInitiated(reason="coffee", cancelled=True))
    assert only(run_of(story)).outcome == "cancelled"
    assert history(story).of("tea") == ()


def test_time_in_which_it_was_paused_is_left_out() -> None:
    run = only(
        run_of(
            told(
                started("boil"),
                1,
                e.WorkflowPaused(reason="lunch"),
                3600,
                e.WorkflowResumed(),
                2,
                e.StepCompleted(step="boil"),
                e.WorkflowCompleted(),
            )
        )
    )
    assert (run.seconds, run.steps[0].seconds) == (3.0, 3.0)


def test_done_anew_counts_anew() -> None:
    run = only(
        run_of(
            told(
                started("cook"),
                5,
                e.StepCompleted(step="cook"),
                started("taste"),
                1,
                e.StepFailed(step="taste", error="bitter", kind="gate", fix_forward=True),
                e.FixForwardInitiated(
                    step="taste",
                    from_step="cook",
                    steps=("cook", "taste"),
                    attempt=1,
                    most=3,
                    reason="bitter",
                ),
                e.WorkflowResumed(step="cook", anew=("cook", "taste")),
                started("cook"),
                6,
                e.StepCompleted(step="cook"),
                started("taste"),
                1,
                e.StepCompleted(step="taste"),
                e.WorkflowCompleted(),
            )
        )
    )
    assert [(s.step, s.state, s.seconds) for s in run.steps] == [
        ("cook", "completed", 5.0),
        ("taste", "failed", 1.0),
        ("cook", "completed", 6.0),
        ("taste", "completed", 1.0),
    ]
    assert run.culprits == ()


@settings(max_examples=examples(30), deadline=None)
@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_interleaved_as_they_like_it_is_the_same(seed: int, shuffle: random.Random) -> None:
    chance = random.Random(seed)
    life = lives.drawn(chance, 0.2)
    streams = [lives.one_run(life, chance, "a/b", f"s{i}") for i in range(3)]
    left = [list(events) for events in streams]
    mixed = []
    while any(left):
        mixed.append(shuffle.choice([events for events in left if events]).pop(0))
    whole = history(mixed)
    assert {r.instance: r for r in whole} == {f"s{i}": only(run_of(s)) for i, s in enumerate(streams)}
    for run in whole:
        assert all(0 <= s.start <= s.start + s.seconds <= run.seconds + 1e-6 for s in run.steps)


def test_the_middle_of_a_stream_is_no_run() -> None:
    with pytest.raises(ValueError, match="without having begun"):
        run_of(told(started("boil"))[1:])


class _Counting(MemoryStore):
    """A real store that counts how often it is read."""

    reads = 0

    def read(self, stream: str) -> list[e.Event]:
        self.reads += 1
        return super().read(stream)


def test_what_has_ended_is_read_once_and_what_is_open_again() -> None:
    store = _Counting()
    over = told(started("boil"), e.StepCompleted(step="boil"), e.WorkflowCompleted(), name="over")
    under_way = told(started("boil"), name="open")
    for events in (over, under_way):
        folded = fold(events)
        assert folded is not None
        store.append([append_of(None, tuple(events), folded)])
    first = gathered(store, "tea")
    assert (list(first.runs), store.reads) == (["over"], 2)
    assert gathered(store, "tea", known=first) == first
    assert store.reads == 3
    assert len(gathered(store, "coffee")) == 0
