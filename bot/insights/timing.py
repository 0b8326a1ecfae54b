"""How long a definition takes, and would take if it were changed: many possible runs, drawn from what was seen.

Two things are uncertain: what the true shares and durations are (few were seen), and how one run goes (chance). So
worlds are drawn first, each a possible truth, then runs in each of them; all variants of a definition are timed on
the same draws, so that their difference is not chance. Durations are those that were seen, weighted at random in
each world (a Bayesian bootstrap) and smoothed; steps are taken to fail and to last independently of each other.

What is measured is the time until a run has been completed once, if one that fails is begun anew: the expected
time to a verdict, divided by the chance to go through. Not here: which variants there are (optimizer.py).
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bot.insights.history import Run, StepRun
from bot.language.definition import Retry, WorkflowDefinition
from bot.language.lint import ancestors

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


@dataclass(frozen=True, slots=True)
class _Course:
    """One run of one step in one world: its attempts as (seconds, ends), until it worked or failed for good,
    as far as it could be repeated at all. None: it is skipped."""

    attempts: tuple[tuple[float, int], ...] | None


@dataclass(frozen=True, slots=True)
class _World:
    """A possible truth. passes: by step the chances of (working, failing in passing) of first and later attempts,
    and to be skipped. courses: by step, of each run."""

    passes: Mapping[str, tuple[float, float, float, float, float]]
    courses: Mapping[str, tuple[_Course, ...]]


MOST_ATTEMPTS = 16


class Draws:
    """Worlds and their runs, the same for all variants that are timed on them. seed: the same draws again."""

    def __init__(
        self, seen: Mapping[str, StepTimes], names: Sequence[str], worlds: int, runs: int, seed: int = 1
    ) -> None:
        chance = random.Random(seed)  # noqa: S311  nothing secret: the same history gives the same proposal
        self.seen = seen
        self.runs = runs
        self.worlds = tuple(_world(seen, names, runs, chance) for _ in range(worlds))


def _world(seen: Mapping[str, StepTimes], names: Sequence[str], runs: int, chance: random.Random) -> _World:
    passes, courses = {}, {}
    for name in names:
        known = seen[name]
        skip = chance.betavariate(known.skipped[0] + 0.01, known.skipped[1] - known.skipped[0] + 1.0)
        if not known.skipped[0]:
            skip = 0.0
        one = (*_chances(known.first, _WEAK, chance), *_chances(known.later, (1.0, 1.0), chance), skip)
        worked = _Pool(known.worked or known.broke or (1.0,), chance)
        broke = _Pool(
            known.broke if len(known.broke) > 2 else (*known.broke, *known.worked) or (1.0,), chance
        )
        passes[name] = one
        courses[name] = tuple(_course(one, worked, broke, chance) for _ in range(runs))
    return _World(passes, courses)


def _chances(
    counts: tuple[int, int, int], prior: tuple[float, float], chance: random.Random
) -> tuple[float, float]:
    """The chances to work and to fail in passing; what is left fails for good."""
    worked, passing, final = counts
    fails = chance.betavariate(passing + final + prior[0], worked + prior[1])
    share = chance.betavariate(passing + 0.5, final + 0.5)
    return 1 - fails, fails * share


class _Pool:
    """Durations with this world's weights."""

    def __init__(self, values: Sequence[float], chance: random.Random) -> None:
        self.logs = [math.log(v) for v in values]
        self.sums = list(accumulate(chance.expovariate(1.0) for _ in values))
        few = len(values)
        spread = statistics.stdev(self.logs) if few > 1 else 0.5
        self.smooth = 0.9 * spread * few**-0.2
        middle = statistics.fmean(self.logs)
        # Smoothing widens; drawing in by as much keeps the spread that was seen.
        self.keep = 1 / math.sqrt(1 + (self.smooth / spread) ** 2) if spread > 0 else 1.0
        self.middle = middle

    def draw(self, chance: random.Random) -> float:
        log = chance.choices(self.logs, cum_weights=self.sums)[0] + chance.gauss(0.0, self.smooth)
        return math.exp(self.middle + (log - self.middle) * self.keep)


def _course(
    passes: tuple[float, float, float, float, float], worked: _Pool, broke: _Pool, chance: random.Random
) -> _Course:
    if passes[4] and chance.random() < passes[4]:
        return _Course(None)
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
    return _Course(tuple(out))


@dataclass(frozen=True, slots=True)
class Timed:
    """A definition on some draws. until: by world, seconds until it has been completed once. whole: seconds that a
    run takes which goes through, on average. goes: the chance to go through, on average. critical: by step, the
    share of such runs in which it lies on the critical path."""

    until: tuple[float, ...]
    whole: float
    goes: float
    critical: Mapping[str, float]


def timed(definition: WorkflowDefinition, draws: Draws) -> Timed:
    """The definition, with all that it says of order and repetition."""
    names = in_order(definition)
    place = {name: i for i, name in enumerate(names)}
    needs = [tuple(place[n] for n in definition.needs[name]) for name in names]
    retries = [definition.step(name).retry for name in names]
    waits = [draws.seen[name].waits for name in names]
    most = definition.most_at_once or len(names)
    until, whole, completed, goes = [], 0.0, 0, 0.0
    critical = [0] * len(names)
    for world in draws.worlds:
        taken = [_taken(world.courses[n], r) for n, r in zip(names, retries, strict=True)]
        total = 0.0
        for run in range(draws.runs):
            steps = [t[run] for t in taken]
            end, ends, failed = _run(steps, needs, waits, most)
            total += end
            if not failed:
                whole += end
                completed += 1
                _mark(critical, ends, needs, steps)
        passes = math.prod(
            _goes_through(world.passes[n], r.attempts) for n, r in zip(names, retries, strict=True)
        )
        goes += passes
        until.append(total / draws.runs / max(passes, 1e-3))
    share = max(1, completed)
    return Timed(
        tuple(until),
        whole / share,
        goes / len(draws.worlds),
        {name: critical[i] / share for i, name in enumerate(names)},
    )


def in_order(definition: WorkflowDefinition) -> tuple[str, ...]:
    """Step names, each after all that it waits for; else as they are written."""
    above = ancestors(definition.needs)
    return tuple(sorted((s.name for s in definition.steps), key=lambda n: len(above[n])))


@dataclass(frozen=True, slots=True)
class _Taken:
    """A step in a run: seconds until it ended, whether it failed, and from when to when its calls were under
    way."""

    seconds: float
    failed: bool
    calls: tuple[tuple[float, float], ...]


def _taken(courses: Iterable[_Course], retry: Retry) -> list[_Taken]:
    """Under these rules of repetition."""
    out = []
    for course in courses:
        at, ends = 0.0, 0
        calls = []
        for number, (seconds, ends) in enumerate(course.attempts or (), 1):
            calls.append((at, at + seconds))
            at += seconds
            if ends != 1 or number >= retry.attempts:
                break
            at += min(retry.most, retry.backoff * 2.0 ** (number - 1)) * (1 - retry.jitter / 2)
        out.append(_Taken(at, ends != 0, tuple(calls)))
    return out


def _goes_through(passes: tuple[float, float, float, float, float], attempts: int) -> float:
    works, passing, works_later, passing_later, skip = passes
    total, left = works, passing
    for _ in range(min(attempts, MOST_ATTEMPTS) - 1):
        total += left * works_later
        left *= passing_later
    return skip + (1 - skip) * total


def _run(
    steps: Sequence[_Taken], needs: Sequence[Sequence[int]], waits: Sequence[bool], most: int
) -> tuple[float, list[float], bool]:
    """When it ends, when each step ends, and whether it failed. After a failure nothing begins, and calls
    under way come back; what waits or rests is left."""
    never = math.inf
    ends: list[float] = []
    starts: list[float] = []
    fails = never
    busy: list[float] = []
    for i, step in enumerate(steps):
        start = max((ends[n] for n in needs[i]), default=0.0)
        if most < len(steps) and start < never:
            # With a limit, who comes later in order waits for a free place.
            open_then = sorted(end for end in busy if end > start)
            if len(open_then) >= most:
                start = open_then[-most]
            busy.append(start + step.seconds)
        starts.append(start)
        end = start + step.seconds
        if step.failed:
            fails = min(fails, end)
            end = never
        ends.append(end)
    if fails == never:
        return max(ends, default=0.0), ends, False
    last = fails
    for i, step in enumerate(steps):
        if starts[i] < fails and not waits[i]:
            for start, end in step.calls:
                if starts[i] + start <= fails < starts[i] + end:
                    last = max(last, starts[i] + end)
                    break
    return last, ends, True


def _mark(
    critical: list[int],
    ends: Sequence[float],
    needs: Sequence[Sequence[int]],
    steps: Sequence[_Taken],
) -> None:
    """Count the steps on the way that was longest, from the last back to the first."""
    at: int | None = max(range(len(ends)), key=ends.__getitem__)
    while at is not None:
        critical[at] += steps[at].seconds > 0
        at = max(needs[at], key=ends.__getitem__, default=None)
