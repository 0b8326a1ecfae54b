"""Histories with known truth: random definitions, steps with known durations and chances to fail, and past runs.

The runs are made by the engine's own `decide`, whose answers come at random times, so that the histories are
what an engine would have written. The true expected time is computed by a simulation of its own, which knows
neither the engine nor bot.insights; a test holds it to the engine.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from bot.coordination.starting import Story, first_append
from bot.engine import events as e
from bot.engine.decide import follow
from bot.engine.given import Answered, Circumstances, Given, TimePassed
from bot.engine.outcome import Done, Failed, Waiting
from bot.language.definition import WorkflowDefinition, parse

START = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("gate", "bad-input", "bug", "permission")


@dataclass(frozen=True)
class Nature:
    """The truth about a step. Seconds are lognormal: middle, spread (of the logarithm); a failed attempt
    takes `short` of it. passing: chances of a transient failure in the first and in each later attempt;
    final: the chance of one for good, of this kind, in each attempt. waits: for somebody, after it has
    begun."""

    middle: float
    spread: float
    short: float = 1.0
    passing: tuple[float, float] = (0.0, 0.0)
    final: float = 0.0
    kind: str = "gate"
    waits: bool = False

    def attempt(self, number: int, chance: random.Random) -> tuple[float, str]:
        """Seconds, and the kind of failure; empty where it works."""
        seconds = self.middle * math.exp(chance.gauss(0.0, self.spread))
        u = chance.random()
        if u < self.final:
            return seconds * self.short, self.kind
        if u < self.final + self.passing[number > 1]:
            return seconds * self.short, "transient"
        return seconds, ""

    def fails(self, attempts: int) -> float:
        """The chance that it fails for good, with that many attempts."""
        total, reached = 0.0, 1.0
        for number in range(1, attempts + 1):
            passing = self.passing[number > 1]
            total += reached * (self.final + (passing if number == attempts else 0.0))
            reached *= passing
        return total


@dataclass(frozen=True)
class Life:
    """A definition, and the truth about its steps."""

    definition: WorkflowDefinition
    natures: Mapping[str, Nature]

    def failure(self) -> float:
        """The chance that a run does not go through."""
        goes = math.prod(1 - self.natures[s.name].fails(s.retry.attempts) for s in self.definition.steps)
        return 1 - goes


def told(*bodies: e.Body | float, name: str, definition: str, repository: str) -> list[e.Event]:
    """Events of one instance; a number lets that many seconds pass."""
    now = START
    first = e.WorkflowStarted(
        definition=definition, version="1", digest="d", key="k", context={"repository": repository}
    )
    out: list[e.Event] = []
    for body in (first, *bodies):
        if isinstance(body, int | float):
            now += timedelta(seconds=body)
            continue
        envelope = {"stream": name, "version": len(out) + 1, "at": e.stamp(now)}
        out.append(e.Event(**envelope, actor="cloi", cause="c", correlation="c", body=body))
    return out


def drawn(chance: random.Random, flaky: float = 0.05) -> Life:
    """A random life. flaky: how often a step fails, about."""
    names = [f"s{i}" for i in range(chance.randint(3, 8))]
    natures = {}
    for name in names:
        rate = min(0.6, flaky * chance.choice((0.0, 0.3, 1.0, 3.0)) * chance.expovariate(1.0))
        waits = chance.random() < 0.15
        passing = chance.choice((0.0, 0.0, 0.03, 0.2)), chance.uniform(0.05, 0.7)
        natures[name] = Nature(
            middle=math.exp(chance.gauss(2.5, 1.3)),
            spread=chance.uniform(0.1, 0.7),
            short=chance.choice((1.0, 1.0, 0.5)),
            # The engine counts attempts anew once a step has come to wait.
            passing=(0.0, 0.0) if waits else passing,
            final=rate,
            kind=chance.choice(KINDS),
            waits=waits,
        )
    return Life(parse(text_of(names, chance)), natures)


def elsewhere(life: Life, chance: random.Random, spread: float) -> Life:
    """The same definition where steps fail more or less often, and are slower or faster."""
    natures = {}
    for name, nature in life.natures.items():
        odds = nature.final / (1 - nature.final) * math.exp(chance.gauss(0.0, spread))
        slower = math.exp(chance.gauss(0.0, spread / 2))
        natures[name] = replace(nature, final=min(0.7, odds / (1 + odds)), middle=nature.middle * slower)
    return Life(life.definition, natures)


def text_of(names: list[str], chance: random.Random) -> str:
    """A definition in one of the ways that people write them. Steps use some of what they depend on, and others
    they depend on out of habit."""
    lines = ["# Drawn at random.", "workflow:", "  name: life", '  version: "1"', "  steps:"]
    for i, name in enumerate(names):
        deps = sorted(chance.sample(names[:i], min(i, chance.choice((0, 1, 1, 1, 2)))))
        uses = [d for d in deps if chance.random() < 0.4]
        kind = chance.choice(("pure", "pure", "effect"))
        inputs = ", ".join(f'{d}: "${{outputs.{d}.o}}"' for d in uses)
        retry = chance.choice(
            ("", "", "{attempts: 1}", "{attempts: 2, backoff: 2s}", "{backoff: 5s, attempts: 3}")
        )
        if chance.random() < 0.5:
            parts = [f"name: {name}", f"type: {kind}", "outputs: {o: o}"]
            parts += [f"inputs: {{{inputs}}}"] * bool(inputs)
            parts += [f"depends_on: [{', '.join(deps)}]"] * bool(deps)
            parts += [f"retry: {retry}"] * bool(retry)
            lines.append(f"    - {{{', '.join(parts)}}}  # {name} in short")
            continue
        lines += [f"    - name: {name}  # the step {name}", f"      type: {kind}"]
        if deps and chance.random() < 0.5:
            lines += ["      depends_on:", *(f"        - {d}  # because of {d}" for d in deps)]
        elif deps:
            lines.append(f"      depends_on: [{', '.join(deps)}]  # {len(deps)}")
        lines += [f"      inputs: {{{inputs}}}"] * bool(inputs)
        lines += [f"      retry: {retry}"] * bool(retry)
        lines += ["      outputs: {o: o}", f"    # after {name}"]
    return "\n".join(lines) + "\n"


def runs(
    life: Life, number: int, chance: random.Random, repository: str = "tea/shop", stream: str = "life"
) -> Iterator[e.Event]:
    """The events of that many runs, one after the other."""
    for i in range(number):
        yield from one_run(life, chance, repository, f"{stream}/{repository}/{i}")


def one_run(life: Life, chance: random.Random, repository: str, stream: str) -> list[e.Event]:
    """The events of one run, up to its verdict, as the engine decides them."""
    story = Story(stream, stream, {"repository": repository}, "@maria", "test", stream)
    now = START
    start, instance = first_append(life.definition, story, Circumstances(now))
    events = list(start.events)
    seen, order = 0, count()
    coming: list[tuple[datetime, int, Given]] = []
    flying: set[str] = set()
    while True:
        for event in events[seen:]:
            match event.body:
                case e.StepStarted(step=step, attempt=attempt):
                    nature = life.natures[step]
                    seconds, kind = nature.attempt(attempt, chance)
                    passing = kind == "transient"
                    said = Failed(error=kind, kind=kind, retryable=passing) if kind else Done({"o": 1})
                    heapq.heappush(
                        coming, (now + timedelta(seconds=seconds), next(order), Answered(step, said))
                    )
                    flying.add(step)
                    if nature.waits:
                        heapq.heappush(coming, (now, next(order), Answered(step, Waiting(note="somebody"))))
                case e.StepRetryScheduled(at=at):
                    heapq.heappush(coming, (e.moment(at), next(order), TimePassed()))
                case e.WorkflowCompleted() | e.RollbackInitiated():
                    return events
        seen = len(events)
        now, _, given = heapq.heappop(coming)
        if isinstance(given, Answered):
            flying.discard(given.step)
        around = Circumstances(now, chance.random(), in_flight=frozenset(flying))
        more, instance = follow(instance, life.definition, given, around, "cloi", "test")
        events += more


def true_times(life: Life, variants: list[WorkflowDefinition], number: int, seed: int) -> list[list[float]]:
    """Seconds of that many runs of each variant, on the same chances for each. A run ends with its verdict."""
    out: list[list[float]] = [[] for _ in variants]
    for run in range(number):
        for variant, times in zip(variants, out, strict=True):
            times.append(_true_time(life, variant, f"{seed}/{run}"))
    return out


def _true_time(life: Life, variant: WorkflowDefinition, seed: str) -> float:
    """One run by discrete events: who is ready begins. After a failure nothing begins, and only calls are
    waited for."""
    calls: dict[str, list[tuple[float, float]]] = {}
    fails: dict[str, bool] = {}
    for step in variant.steps:
        chance = random.Random(f"{seed}/{step.name}")
        pauses = random.Random(f"{seed}/{step.name}/pause")
        nature, at, number = life.natures[step.name], 0.0, 1
        calls[step.name] = []
        while True:
            seconds, kind = nature.attempt(number, chance)
            calls[step.name].append((at, at + seconds))
            at += seconds
            if kind != "transient" or number >= step.retry.attempts:
                break
            pause = min(step.retry.most, step.retry.backoff * 2 ** (number - 1))
            at += pause * (1 - step.retry.jitter * (1 - pauses.random()))
            number += 1
        fails[step.name] = bool(kind)
    done: set[str] = set()
    begun: dict[str, float] = {}
    queue: list[tuple[float, str]] = []
    now = 0.0
    while True:
        for step in variant.steps:
            if step.name not in begun and set(step.depends_on) <= done:
                begun[step.name] = now
                heapq.heappush(queue, (now + calls[step.name][-1][1], step.name))
        if not queue:
            return now
        now, name = heapq.heappop(queue)
        if fails[name]:
            return max([now, *(t for _, other in queue for t in _under_way(life, other, now, begun, calls))])
        done.add(name)


def _under_way(
    life: Life,
    step: str,
    now: float,
    begun: Mapping[str, float],
    calls: Mapping[str, list[tuple[float, float]]],
) -> list[float]:
    """When the call of this step comes back that is under way now; nobody waits for what waits or rests."""
    spans = [] if life.natures[step].waits else calls[step]
    return [begun[step] + end for start, end in spans if begun[step] + start <= now < begun[step] + end]
