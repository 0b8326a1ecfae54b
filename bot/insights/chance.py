"""What a share of a few tells about the next: rates with honest intervals, and quantiles of what was seen. Pure.

A rate is estimated from its own counts and from its siblings' (the same in other repositories or versions):
rates of siblings are taken as drawn from one Beta distribution whose mean and spread are unknown, and
averaged over. So siblings that agree say much about a newcomer, and siblings that do not say little.
Everything is on fixed grids; no chance is involved, and the same counts give the same answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate

Counts = tuple[int, int]
"""How often it happened, of how many times."""

CONFIDENCE = 0.9
_POINTS = 512
_MEANS = tuple(1 / (1 + math.exp(-(-6.0 + 8.2 * i / 17))) for i in range(18))
_STRENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 256.0)
_MOST_SIBLINGS = 60
_MOST_COUNTED = 4000


@dataclass(frozen=True, slots=True)
class Rate:
    """A share between 0 and 1: what to expect, and the interval that holds it nine times out of ten."""

    mean: float
    low: float
    high: float


@lru_cache(maxsize=4096)
def rate(own: Counts, siblings: tuple[Counts, ...] = ()) -> Rate:
    """The rate behind `own`. siblings: counts of what is alike, in any order."""
    prior = _prior(tuple(sorted(s for s in siblings if s[1] > 0))[:_MOST_SIBLINGS])
    happened, of = _bounded(own)
    points = _points()
    logs = [
        happened * log_p + (of - happened) * log_q + (math.log(w) if w > 0 else -math.inf)
        for (_, log_p, log_q), w in zip(points, prior, strict=True)
    ]
    top = max(logs)
    weights = [math.exp(x - top) for x in logs]
    total = sum(weights)
    mean = sum(p * w for (p, _, _), w in zip(points, weights, strict=True)) / total
    sums = list(accumulate(weights))
    tail = (1 - CONFIDENCE) / 2
    # Never, or always, may be the truth where nothing else was seen: the interval reaches to it.
    low = 0.0 if of and not happened else _quantile(sums, tail * total)
    high = 1.0 if of and happened == of else _quantile(sums, (1 - tail) * total)
    return Rate(mean, low, high)


def quantile(seen: Sequence[float], q: float) -> float | None:
    """The value below which the next one lies with chance q, whatever the distribution; None where too few were
    seen to say. (The (n+1)q-th of n is passed by the next one with chance 1-q.)"""
    rank = (len(seen) + 1) * q
    if rank < 1 or rank > len(seen):
        return None
    ordered = sorted(seen)
    below = min(int(rank), len(seen) - 1)
    share = rank - below
    return ordered[below - 1] + share * (ordered[below] - ordered[below - 1])


def _bounded(counts: Counts) -> Counts:
    """What the grid can tell apart; more counts than that are scaled down, which only widens the interval."""
    happened, of = counts
    if of <= _MOST_COUNTED:
        return counts
    return round(happened * _MOST_COUNTED / of), _MOST_COUNTED


@cache
def _points() -> tuple[tuple[float, float, float], ...]:
    """p, log p, log (1-p), evenly spread in the angle whose sine squared is p, where a rate's spread is even."""
    out = []
    for i in range(_POINTS):
        p = math.sin((i + 0.5) / _POINTS * math.pi / 2) ** 2
        out.append((p, math.log(p), math.log1p(-p)))
    return tuple(out)


@cache
def _nodes() -> tuple[tuple[float, float, tuple[float, ...]], ...]:
    """Each Beta distribution that rates may come from, as (a, b, its weight at each point)."""
    out = []
    for mean in _MEANS:
        for strength in _STRENGTHS:
            a, b = mean * strength, (1 - mean) * strength
            # The weight of a point is the density times the width of its cell: p^(a-1/2) q^(b-1/2) in the angle.
            logs = [(a - 0.5) * log_p + (b - 0.5) * log_q for _, log_p, log_q in _points()]
            top = max(logs)
            weights = [math.exp(x - top) for x in logs]
            total = sum(weights)
            out.append((a, b, tuple(w / total for w in weights)))
    return tuple(out)


@lru_cache(maxsize=512)
def _prior(siblings: tuple[Counts, ...]) -> tuple[float, ...]:
    """Where a rate may lie, before its own counts are looked at."""
    logs = []
    for a, b, _ in _nodes():
        base = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
        logs.append(
            sum(
                base + math.lgamma(a + x) + math.lgamma(b + n - x) - math.lgamma(a + b + n)
                for x, n in siblings
            )
        )
    top = max(logs)
    chances = [math.exp(x - top) for x in logs]
    total = sum(chances)
    out = [0.0] * _POINTS
    for chance, (_, _, weights) in zip(chances, _nodes(), strict=True):
        share = chance / total
        if share > 1e-6:
            out = [o + share * w for o, w in zip(out, weights, strict=True)]
    return tuple(out)


def _quantile(sums: Sequence[float], wanted: float) -> float:
    """Where the running sum reaches what is wanted, between the grid's points."""
    before = 0.0
    for i, reached in enumerate(sums):
        if reached >= wanted:
            share = (wanted - before) / (reached - before) if reached > before else 0.5
            return math.sin((i + share) / _POINTS * math.pi / 2) ** 2
        before = reached
    return 1.0
