"""Stories of "best available": what an agent did here counts, and the choice is explained."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agents.descriptions import DESCRIPTIONS, description
from bot.agents.ranking import Candidate, TrackRecord, best, rank

A, B, C = (Candidate(name, "command") for name in "abc")


def test_the_better_record_wins_and_few_runs_prove_little() -> None:
    history = {"a": TrackRecord(runs=1, passed=1), "b": TrackRecord(runs=20, passed=18)}
    assert [r.candidate.name for r in rank([A, B, C], history)] == ["b", "a", "c"]
    assert best([A, B], history).reason == "18 of 20 runs passed their gates"


def test_equal_trust_is_decided_by_price_and_then_by_the_configuration() -> None:
    history = {"a": TrackRecord(2, 1, cost_usd=8.0), "b": TrackRecord(2, 1, cost_usd=2.0)}
    assert best([A, B], history).candidate == B
    assert best([C, A, B], {}).candidate == C


def test_none_available_says_why_for_each() -> None:
    with pytest.raises(LookupError, match="a: its key is missing"):
        best([Candidate("a", "command", unavailable="its key is missing")], {})
    with pytest.raises(LookupError, match="none is configured"):
        best([], {})


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.floats(0, 100)), max_size=6))
def test_ranking_loses_nobody_and_trust_never_rises_down_the_list(
    records: list[tuple[int, int, float]],
) -> None:
    names = [str(n) for n in range(len(records))]
    history = {n: TrackRecord(a + b, a, c) for n, (a, b, c) in zip(names, records, strict=True)}
    ranked = rank([Candidate(n, "command") for n in names], history)
    assert sorted(r.candidate.name for r in ranked) == names
    assert [r.trust for r in ranked] == sorted((r.trust for r in ranked), reverse=True)
    assert all(0 < r.trust < 1 and r.reason for r in ranked)


def test_descriptions_are_found_by_provider_and_an_unknown_one_names_the_known() -> None:
    assert all(description(p).provider == p for p in DESCRIPTIONS)
    with pytest.raises(ValueError, match="command"):
        description("magic")
