"""ADR-012's KPIs: right against what happened, and the same however they are counted."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine import events as e
from bot.engine.evolve import fold
from bot.engine.state import WorkflowState
from bot.insights.kpis import Kpis, kpis
from tests.insights import lives
from tests.properties import examples


def stream(name: str, *bodies: e.Body | float, repository: str = "tea/shop") -> list[e.Event]:
    """The events of an instance; a number lets that many seconds pass."""
    return lives.told(*bodies, name=name, definition="make-tea", repository=repository)


def started(step: str, attempt: int = 1) -> e.Body:
    return e.StepStarted(step=step, attempt=attempt, key="k", undoable=True)


GOOD = (started("boil"), 60, e.StepCompleted(step="boil"), e.WorkflowCompleted())
TIRED = (
    started("boil"),
    e.StepRetryScheduled(step="boil", attempt=2, at="", error="502", kind="transient"),
    20,
    started("boil", 2),
    e.StepCompleted(step="boil"),
    e.WorkflowCompleted(),
)
BAD = (
    started("boil"),
    e.StepCompleted(step="boil"),
    started("taste"),
    e.StepFailed(step="taste", error="bitter", kind="gate"),
    e.RollbackInitiated(reason="bitter", step="taste"),
    e.CompensationStarted(step="boil", action="undo", attempt=1),
    5,
    e.CompensationCompleted(step="boil"),
    e.WorkflowCompensated(reason="bitter"),
)
STUCK = (
    *BAD[:6],
    e.CompensationFailed(step="boil", error="too hot", kind="conflict"),
    e.WorkflowParked(reason="too hot", step="boil"),
)
FREED = (
    *STUCK,
    e.WorkflowResumed(step="boil"),
    e.CompensationStarted(step="boil", action="undo", attempt=2),
    5,
    e.CompensationCompleted(step="boil"),
    e.WorkflowCompensated(reason="bitter"),
)
CHANGED_MIND = (
    started("boil"),
    e.RollbackInitiated(reason="coffee", cancelled=True),
    e.WorkflowCancelled(reason="coffee"),
)
STORIES = [GOOD, TIRED, BAD, STUCK, FREED, CHANGED_MIND]


def test_the_indicators_have_the_decisions_meaning() -> None:
    events = [event for i, story in enumerate(STORIES) for event in stream(f"s{i}", *story)]
    found = kpis(events).indicators("make-tea")
    assert (found.started, found.ended, found.parked) == (6, 5, 1)
    assert found.workflow_success_rate == pytest.approx(2 / 5)
    assert found.average_execution_time == pytest.approx(40)
    assert found.rollback_frequency == pytest.approx(4 / 6)
    assert found.rollback_causes == {"taste: gate": 3, "asked for": 1}
    assert found.compensation_effectiveness == pytest.approx(2 / 3)
    assert found.average_rollback_time == pytest.approx(10 / 3)
    assert [(p.step, p.runs, p.failures, p.recovered) for p in found.step_failure_patterns] == [
        ("taste", 3, {"gate": 3}, 0),
        ("boil", 6, {"transient": 1}, 1),
    ]


def test_where_nothing_was_counted_nothing_is_claimed() -> None:
    found = Kpis().indicators()
    assert found.workflow_success_rate is None
    assert found.p95 is None
    assert found.compensation_effectiveness is None


def test_by_repository_and_altogether() -> None:
    both = kpis([*stream("a", *GOOD), *stream("b", *BAD, repository="coffee/bar")])
    assert both.indicators(repository="tea/shop").workflow_success_rate == 1
    assert both.indicators(repository="coffee/bar").workflow_success_rate == 0
    assert both.indicators().workflow_success_rate == 0.5


def test_the_middle_of_a_stream_says_that_its_beginning_is_missing() -> None:
    with pytest.raises(ValueError, match="without having begun"):
        Kpis().add(stream("a", *GOOD)[1])


histories = st.lists(
    st.tuples(st.sampled_from(STORIES), st.sampled_from(["tea/shop", "coffee/bar"]), st.integers(1, 9)),
    max_size=6,
).map(
    lambda rows: [
        stream(f"s{i}", *story, repository=repository)[: length + 3]
        for i, (story, repository, length) in enumerate(rows)
    ]
)


@given(histories, st.randoms(use_true_random=False), st.integers(0, 6))
def test_counted_bit_by_bit_shuffled_or_in_parts_it_is_the_same(streams, chance, cut) -> None:
    whole = kpis(event for events in streams for event in events)
    left = [list(events) for events in streams]
    mixed = Kpis()
    while any(left):  # any interleaving that keeps the order in each stream
        mixed = mixed.add(chance.choice([events for events in left if events]).pop(0))
    assert mixed == whole
    first, second = (
        kpis(event for events in part for event in events) for part in (streams[:cut], streams[cut:])
    )
    assert first.merge(second) == second.merge(first) == whole


@given(histories)
def test_they_agree_with_the_instances_themselves(streams: Sequence[list[e.Event]]) -> None:
    instances = [fold(events) for events in streams]
    states = [instance.state for instance in instances if instance]
    found = kpis(event for events in streams for event in events).indicators()
    assert found.started == len(states)
    assert found.ended == sum(state.final for state in states)
    assert found.parked == states.count(WorkflowState.PARKED)
    if found.ended:
        assert found.workflow_success_rate == states.count(WorkflowState.COMPLETED) / found.ended


@settings(max_examples=examples(50))
@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=60))
def test_quantiles_are_right_within_a_hundredth(times: list[float]) -> None:
    events = [event for i, t in enumerate(times) for event in stream(f"s{i}", t, e.WorkflowCompleted())]
    found = kpis(events).indicators()
    exact = sorted(times)
    for q, answer in ((0.5, found.p50), (0.95, found.p95)):
        rank = -(-int(q * 100) * len(exact) // 100) - 1
        assert answer == pytest.approx(exact[rank], rel=0.011)
    assert found.average_execution_time == pytest.approx(statistics.fmean(times), rel=1e-3)
