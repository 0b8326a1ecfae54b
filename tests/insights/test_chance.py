"""Rates and quantiles from a few: honest where little is known, and sure where much is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.insights.chance import quantile, rate

counts = st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, st.lists(counts, max_size=4))
def test_a_rate_lies_in_its_interval_and_the_order_of_siblings_is_nothing(own, siblings) -> None:
    found = rate(own, tuple(siblings))
    assert 0 <= found.low <= found.mean <= found.high <= 1
    assert rate(own, tuple(reversed(siblings))) == found


def test_the_more_was_seen_the_narrower_it_gets() -> None:
    widths = [(found := rate((n // 5, n))).high - found.low for n in (5, 20, 100, 1000)]
    assert widths == sorted(widths, reverse=True)
    assert rate((200, 1000)).mean == pytest.approx(0.2, abs=0.005)
    assert rate((20_000, 100_000)).mean == pytest.approx(0.2, abs=0.005)


def test_siblings_that_agree_say_much_of_a_newcomer_and_those_that_do_not_say_little() -> None:
    agree = rate((0, 0), ((10, 100), (11, 100), (9, 100)))
    differ = rate((0, 0), ((0, 100), (90, 100), (10, 100)))
    assert agree.mean == pytest.approx(0.1, abs=0.03)
    assert agree.high - agree.low < 0.35 < differ.high - differ.low


def test_its_own_counts_outweigh_its_siblings() -> None:
    assert rate((30, 40), ((1, 50), (2, 50))).mean > 0.65
    assert rate((0, 40), ((40, 50), (45, 50))).mean < 0.1


def test_quantiles_are_passed_as_often_as_they_say() -> None:
    chance = random.Random(1)
    below = 0
    for _ in range(4000):
        seen = [chance.lognormvariate(0, 2) for _ in range(11)]
        limit = quantile(seen, 0.9)
        assert limit is not None
        below += chance.lognormvariate(0, 2) <= limit
    assert below / 4000 == pytest.approx(0.9, abs=0.015)


def test_too_few_to_say_is_an_answer() -> None:
    assert quantile([1.0] * 8, 0.9) is None
    assert quantile([], 0.5) is None
    assert quantile([3.0], 0.5) == 3.0
