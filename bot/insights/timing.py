"""How long a definition takes, and would take if it were changed: the same draws, run by its rules. Pure.

What is measured is the time until a run has been completed once, if one that fails is begun anew: the
expected time to a verdict, divided by the chance to go through. As in the engine, after a failure nothing
begins, calls under way come back, and what waits or rests is left. Not here: what is drawn (draws.py), which
variants there are (variants.py).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.insights.draws import Draws, Taken, goes_through
from bot.language.definition import WorkflowDefinition
from bot.language.graph import ancestors


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
    most = definition.most_at_once or len(definition.steps)
    # Where places are few, the engine gives them away in the order of the text.
    names = in_order(definition) if most >= len(definition.steps) else tuple(s.name for s in definition.steps)
    place = {name: i for i, name in enumerate(names)}
    needs = [tuple(place[n] for n in definition.needs[name]) for name in names]
    retries = [definition.step(name).retry for name in names]
    waits = [draws.seen[name].waits for name in names]
    until, whole, completed, goes = [], 0.0, 0, 0.0
    critical = [0] * len(names)
    taken = [draws.taken(n, r) for n, r in zip(names, retries, strict=True)]
    for number, world in enumerate(draws.worlds):
        total = 0.0
        for steps in zip(*(t[number] for t in taken), strict=True):
            end, ends, failed = _run(steps, needs, waits, most)
            total += end
            if not failed:
                whole += end
                completed += 1
                _mark(critical, ends, needs, steps)
        passes = math.prod(
            goes_through(world.passes[n], r.attempts) for n, r in zip(names, retries, strict=True)
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


def _run(
    steps: Sequence[Taken], needs: Sequence[Sequence[int]], waits: Sequence[bool], most: int
) -> tuple[float, list[float], bool]:
    """When it ends, when each step ends (never, if it fails or is not begun), and whether it failed."""
    begins = _begins if most >= len(steps) else _begins_limited
    starts = begins(steps, needs, most)
    fails = min((at + s.seconds for at, s in zip(starts, steps, strict=True) if s.failed), default=math.inf)
    ends = [math.inf if s.failed else at + s.seconds for at, s in zip(starts, steps, strict=True)]
    if fails == math.inf:
        return max(ends, default=0.0), ends, False
    last = fails
    for i, step in enumerate(steps):
        if starts[i] < fails and not waits[i]:
            for start, end in step.calls:
                if starts[i] + start <= fails < starts[i] + end:
                    last = max(last, starts[i] + end)
                    break
    return last, ends, True


def _begins(steps: Sequence[Taken], needs: Sequence[Sequence[int]], _: int) -> list[float]:
    """When each step would begin, if failures elsewhere stopped nobody; never, behind one that fails."""
    starts: list[float] = []
    for mine in needs:
        before = (math.inf if steps[n].failed else starts[n] + steps[n].seconds for n in mine)
        starts.append(max(before, default=0.0))
    return starts


def _begins_limited(steps: Sequence[Taken], needs: Sequence[Sequence[int]], most: int) -> list[float]:
    """The same where no more than `most` may be under way; of those that are ready the first in order begins."""
    starts = [math.inf] * len(steps)
    left = list(range(len(steps)))
    done: set[int] = set()
    busy: list[tuple[float, int]] = []
    now = 0.0
    while True:
        for i in list(left):
            if len(busy) < most and done.issuperset(needs[i]):
                left.remove(i)
                starts[i] = now
                heapq.heappush(busy, (now + steps[i].seconds, i))
        if not busy:
            return starts
        now, i = heapq.heappop(busy)
        if not steps[i].failed:
            done.add(i)


def _mark(
    critical: list[int],
    ends: Sequence[float],
    needs: Sequence[Sequence[int]],
    steps: Sequence[Taken],
) -> None:
    """Count the steps on the way that was longest, from the last back to the first."""
    at: int | None = max(range(len(ends)), key=ends.__getitem__)
    while at is not None:
        critical[at] += steps[at].seconds > 0
        at = max(needs[at], key=ends.__getitem__, default=None)
