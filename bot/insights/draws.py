"""What was seen of each step, and what it leaves possible: worlds, and runs in them. Chance by seed, else pure.

Two things are uncertain: what the true shares and durations are (few were seen), and how one run goes
(chance). So worlds are drawn first, each a possible truth, then runs in each of them. Durations are those
that were seen, weighted at random in each world (a Bayesian bootstrap) and smoothed; steps are taken to fail
and to last independently of each other. Not here: in which order they run (timing.py).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bot.insights.history import Run, StepRun
from bot.language.definition import Retry

_PASSING = frozenset({"transient", "rate-limit"})
_FLOOR = 0.001  # seconds; what took no time at all still has a logarithm
_WEAK = (0.15, 2.85)
"""What is believed of a chance to fail before anything was seen: one in twenty, as if of three."""


@dataclass(frozen=True, slots=True)
class StepTimes:
    """What was seen of one step. worked, broke: seconds of attempts that did, and did not. first, later: of first
    and of further attempts, how many worked, failed in passing, failed for good. skipped: of how many. waits: it
    mostly waits for somebody, and nobody waits for it once another step has failed."""

    worked: tuple[float, ...]
    broke: tuple[float, ...]
    first: tuple[int, int, int]
    later: tuple[int, int, int]
    skipped: tuple[int, int]
    waits: bool

    @property
    def seen(self) -> int:
        """How often its end was seen, or that it was skipped."""
        return sum(self.first) + self.skipped[0]


def times(runs: Iterable[Run]) -> dict[str, StepTimes]:
    """Of each step that was ever seen."""
    found: dict[str, list[StepRun]] = {}
    for run in runs:
        for step in run.steps:
            found.setdefault(step.step, []).append(step)
    return {name: _times(seen) for name, seen in found.items()}


def _times(seen: Sequence[StepRun]) -> StepTimes:
    passing = _PASSING | {a.kind for s in seen for a in s.attempts if a.again}
    worked: list[float] = []
    broke: list[float] = []
    first, later = [0, 0, 0], [0, 0, 0]
    for step in seen:
        for number, attempt in enumerate(step.attempts):
            ends = 0 if not attempt.kind else 1 if attempt.kind in passing else 2
            (later if number else first)[ends] += 1
            (broke if ends else worked).append(max(_FLOOR, attempt.seconds))
    begun = [s for s in seen if s.state != "skipped"]
    return StepTimes(
        tuple(worked),
        tuple(broke),
        (first[0], first[1], first[2]),
        (later[0], later[1], later[2]),
        (len(seen) - len(begun), len(seen)),
        2 * sum(s.waited for s in begun) > len(begun),
    )


MOST_ATTEMPTS = 16
Course = tuple[tuple[float, int], ...]
"""One run of one step: its attempts as (seconds, end), as far as it could be repeated at all; none: it is skipped.
The end is 0 where it worked, 1 where it failed in passing, 2 where it failed for good."""
Passes = tuple[float, float, float, float, float]
"""Chances of a step: of its first attempt to work, or to fail in passing; the same of each later one; to be
skipped."""


@dataclass(frozen=True, slots=True)
class World:
    """A possible truth, by step: its chances, and its course in each run."""

    passes: Mapping[str, Passes]
    courses: Mapping[str, tuple[Course, ...]]


@dataclass(frozen=True, slots=True)
class Taken:
    """A step in a run: seconds until it ended, whether it failed, and from when to when its calls were under
    way."""

    seconds: float
    failed: bool
    calls: tuple[tuple[float, float], ...]


class Draws:
    """Worlds and their runs, the same for all variants that are timed on them. seed: the same draws again."""

    def __init__(
        self, seen: Mapping[str, StepTimes], names: Sequence[str], worlds: int, runs: int, seed: int = 1
    ) -> None:
        chance = random.Random(seed)  # noqa: S311  nothing secret: the same history gives the same proposal
        self.seen = seen
        self.runs = runs
        pools = {name: _pools(seen[name]) for name in names}
        self.worlds = tuple(_world(seen, pools, runs, chance) for _ in range(worlds))
        self._taken: dict[tuple[str, Retry], tuple[tuple[Taken, ...], ...]] = {}

    def taken(self, step: str, retry: Retry) -> tuple[tuple[Taken, ...], ...]:
        """What a step comes to under these rules of repetition, in each world, in each run."""
        if (step, retry) not in self._taken:
            self._taken[step, retry] = tuple(
                tuple(_taken(course, retry) for course in world.courses[step]) for world in self.worlds
            )
        return self._taken[step, retry]


def _taken(course: Course, retry: Retry) -> Taken:
    at, ends = 0.0, 0
    calls = []
    for number, (seconds, ends) in enumerate(course, 1):
        calls.append((at, at + seconds))
        at += seconds
        if ends != 1 or number >= retry.attempts:
            break
        at += min(retry.most, retry.backoff * 2.0 ** (number - 1)) * (1 - retry.jitter / 2)
    return Taken(at, ends != 0, tuple(calls))


def _world(
    seen: Mapping[str, StepTimes],
    pools: Mapping[str, tuple[_Pool, _Pool]],
    runs: int,
    chance: random.Random,
) -> World:
    passes: dict[str, Passes] = {}
    courses: dict[str, tuple[Course, ...]] = {}
    for name, (worked, broke) in pools.items():
        known = seen[name]
        skipped, of = known.skipped
        skip = chance.betavariate(skipped, of - skipped + 0.01) if skipped else 0.0
        one = (*_chances(known.first, _WEAK, chance), *_chances(known.later, (1.0, 1.0), chance), skip)
        worked.weigh(chance)
        broke.weigh(chance)
        passes[name] = one
        courses[name] = tuple(_course(one, worked, broke, chance) for _ in range(runs))
    return World(passes, courses)


def _chances(
    counts: tuple[int, int, int], prior: tuple[float, float], chance: random.Random
) -> tuple[float, float]:
    """The chances to work and to fail in passing; what is left fails for good."""
    worked, passing, final = counts
    fails = chance.betavariate(passing + final + prior[0], worked + prior[1])
    share = chance.betavariate(passing + 0.5, final + 0.5)
    return 1 - fails, fails * share


def _pools(known: StepTimes) -> tuple[_Pool, _Pool]:
    """Of attempts that work, and of those that do not; where few of these were seen, both are taken for alike."""
    few = len(known.broke) < 3
    return _Pool(known.worked or known.broke), _Pool((*known.broke, *known.worked) if few else known.broke)


class _Pool:
    """Durations that were seen, with the weights of one world after another."""

    def __init__(self, values: Sequence[float]) -> None:
        self.logs = [math.log(v) for v in values] or [0.0]
        few = len(self.logs)
        self.middle = sum(self.logs) / few
        spread = math.sqrt(sum((x - self.middle) ** 2 for x in self.logs) / (few - 1)) if few > 1 else 0.5
        self.smooth = 0.9 * spread * few**-0.2
        # Smoothing widens; drawing in by as much keeps the spread that was seen.
        self.keep = 1 / math.sqrt(1 + (self.smooth / spread) ** 2) if spread > 0 else 1.0
        self.sums: list[float] = []

    def weigh(self, chance: random.Random) -> None:
        self.sums = list(accumulate(chance.expovariate(1.0) for _ in self.logs))

    def draw(self, chance: random.Random) -> float:
        log = chance.choices(self.logs, cum_weights=self.sums)[0] + chance.gauss(0.0, self.smooth)
        return math.exp(self.middle + (log - self.middle) * self.keep)


def _course(passes: Passes, worked: _Pool, broke: _Pool, chance: random.Random) -> Course:
    if passes[4] and chance.random() < passes[4]:
        return ()
    out = []
    for number in range(MOST_ATTEMPTS):
        works, passing = passes[:2] if number == 0 else passes[2:4]
        u = chance.random()
        if u < works:
            out.append((worked.draw(chance), 0))
            break
        ends = 1 if u < works + passing else 2
        out.append((broke.draw(chance), ends))
        if ends == 2:
            break
    return tuple(out)


def goes_through(passes: Passes, attempts: int) -> float:
    """The chance of a step to be skipped or to work, with that many attempts."""
    works, passing, works_later, passing_later, skip = passes
    total, left = works, passing
    for _ in range(min(attempts, MOST_ATTEMPTS) - 1):
        total += left * works_later
        left *= passing_later
    return skip + (1 - skip) * total
