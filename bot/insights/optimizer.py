"""ADR-012's Intelligent Workflow Optimizer: from past runs to a proposal that people may apply, or not.

It times a definition and what may be changed in it (variants.py) on the same draws (timing.py), takes the
change that gains most, and goes on from there while a change gains surely: the interval of its gain, which
holds 95 % of what the history leaves possible, lies above zero. What comes out is a unified diff with the
expected gain. Nothing is ever applied.
"""

from __future__ import annotations

import difflib
import math
import statistics
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.insights.amend import CannotAmend, amended
from bot.insights.draws import MOST_ATTEMPTS, Draws, StepTimes, times
from bot.insights.history import History, Run
from bot.insights.patterns import Patterns, patterns
from bot.insights.prediction import Prediction, predict
from bot.insights.prevention import PreventionStrategy, strategies
from bot.insights.timing import Timed, in_order, timed
from bot.insights.variants import Change, changes, with_step
from bot.language.definition import WorkflowDefinition

MINIMUM = 8
"""Runs below which nothing is proposed."""
_SEEN = 5  # ends of each step
_MOST_CHANGES = 6
_WORTH = 0.01  # of the whole time: less is not worth a review
_SURE = 1.65  # standard deviations: one chance in twenty to be wrong, were it normal
_PROMISING = 8  # candidates that are timed on all draws


@dataclass(frozen=True, slots=True)
class Gain:
    """Seconds: expected, and the interval that holds nine tenths of what the history leaves possible."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Step:
    """A change with what it gains, on top of those before it."""

    change: Change
    gain: Gain


@dataclass(frozen=True, slots=True)
class Proposal:
    """What could be changed. runs: that it rests on. reason: why nothing is proposed; empty where something is.

    before: expected seconds until a run has been completed once, if one that fails is begun anew; gain: how much
    less. through: by how many seconds a run that goes through at once gets shorter; longer where negative. text:
    the definition with all changes; diff: from the old one.
    """

    definition: str
    runs: int
    reason: str
    patterns: Patterns | None = None
    before: float = 0.0
    gain: Gain | None = None
    through: float = 0.0
    steps: tuple[Step, ...] = ()
    text: str = ""
    diff: str = ""


class IntelligentWorkflowOptimizer:
    """ADR-012's name. past: what is known of all definitions. free: step types that are declared free of effects.
    worlds, paths: how many possible truths are looked at, and runs in each."""

    def __init__(
        self, past: History, free: Collection[str] = (), *, worlds: int = 80, paths: int = 40
    ) -> None:
        self.past = past
        self.free = frozenset(free)
        self._worlds, self._paths = worlds, paths

    def optimize_workflow_execution(self, definition: WorkflowDefinition, path: str = "") -> Proposal:
        """A proposal for this definition. path: what the diff calls its file."""
        runs = self._runs(definition)
        seen = times(runs)
        lacking = _lacking(definition, runs, seen)
        if lacking:
            return Proposal(definition.name, len(runs), lacking)
        names = in_order(definition)
        rough = Draws(seen, names, max(8, self._worlds // 8), max(8, self._paths // 2))
        draws = Draws(seen, names, self._worlds, self._paths, seed=2)
        first = now = timed(definition, draws)
        found = patterns(definition, runs, first)
        taken: list[Step] = []
        current = definition
        while len(taken) < _MOST_CHANGES:
            best = self._best(current, runs, seen, rough, draws, now)
            if best is None:
                break
            step, current, now = best
            taken.append(step)
        if not taken:
            reason = "no change is sure enough to make it faster, from what was seen"
            return Proposal(definition.name, len(runs), reason, found, statistics.fmean(first.until))
        text = amended(current)
        return Proposal(
            definition=definition.name,
            runs=len(runs),
            reason="",
            patterns=found,
            before=statistics.fmean(first.until),
            gain=_gain(first, now),
            through=first.whole - now.whole,
            steps=tuple(taken),
            text=text,
            diff=_diff(definition.text, text, path or f"{definition.name}.yaml"),
        )

    def analyze_execution_patterns(self, definition: WorkflowDefinition) -> Patterns | None:
        """How its time is spent; None where there is not enough history."""
        runs = self._runs(definition)
        seen = times(runs)
        if _lacking(definition, runs, seen):
            return None
        draws = Draws(seen, in_order(definition), self._worlds, self._paths, seed=2)
        return patterns(definition, runs, timed(definition, draws))

    def enhance_parallelization(
        self, definition: WorkflowDefinition
    ) -> Iterator[tuple[Change, WorkflowDefinition]]:
        """Steps that need not wait for each other."""
        return self._of(definition, "side-by-side")

    def optimize_step_ordering(
        self, definition: WorkflowDefinition
    ) -> Iterator[tuple[Change, WorkflowDefinition]]:
        """Steps that could come earlier, so that what fails, fails before others were done for nothing."""
        return self._of(definition, "swap", "first")

    def predict_workflow_failures(
        self, definition: WorkflowDefinition, repository: str | None = None
    ) -> tuple[Prediction, tuple[PreventionStrategy, ...]]:
        """What the next run is in for, and what would prevent it."""
        foretold = self.analyze_risk_factors(definition, repository)
        return foretold, self.generate_prevention_strategies(definition, foretold)

    def analyze_risk_factors(
        self, definition: WorkflowDefinition, repository: str | None = None
    ) -> Prediction:
        """Chances to fail, of the whole and of its steps."""
        return predict(definition, self.past, repository)

    def generate_prevention_strategies(
        self, definition: WorkflowDefinition, foretold: Prediction
    ) -> tuple[PreventionStrategy, ...]:
        """What to do about each risk factor, with the counts that speak for it."""
        return strategies(definition, foretold, self.past.of(definition.name))

    def _runs(self, definition: WorkflowDefinition) -> tuple[Run, ...]:
        """Those of this very text, if they are enough; else those of all its versions."""
        runs = self.past.of(definition.name)
        same = tuple(r for r in runs if r.digest == definition.digest)
        return same if len(same) >= 3 * MINIMUM else runs

    def _of(self, definition: WorkflowDefinition, *kinds: str) -> Iterator[tuple[Change, WorkflowDefinition]]:
        for change, changed in changes(definition, self.past.of(definition.name), self.free):
            if change.kind in kinds and _writable(changed):
                yield change, changed

    def _best(
        self,
        current: WorkflowDefinition,
        runs: tuple[Run, ...],
        seen: Mapping[str, StepTimes],
        rough: Draws,
        draws: Draws,
        now: Timed,
    ) -> tuple[Step, WorkflowDefinition, Timed] | None:
        """The change that surely gains most, if one does."""
        roughly = timed(current, rough)
        known = self.past.of(current.name)
        offered = []
        for change, changed in (*changes(current, known, self.free), *_attempts(current, seen)):
            if _hopeless(change, seen):
                continue
            guess = _gain(roughly, timed(changed, rough)).mean
            if guess > 0:
                offered.append((guess, change, changed))
        offered.sort(key=lambda one: -one[0])
        best: tuple[Step, WorkflowDefinition, Timed] | None = None
        for _, change, changed in offered[:_PROMISING]:
            after = timed(changed, draws)
            gain = _gain(now, after)
            if best is not None and gain.mean <= best[0].gain.mean:
                continue
            if _sure(now, after) and _writable(changed):
                best = Step(change, gain), changed, after
        return best


def _lacking(definition: WorkflowDefinition, runs: Collection[Run], seen: Mapping[str, StepTimes]) -> str:
    if len(runs) < MINIMUM:
        return f"not enough history: {len(runs)} of {MINIMUM} runs that came to an end"
    few = [s.name for s in definition.steps if s.name not in seen or seen[s.name].seen < _SEEN]
    if few:
        return f"not enough history: fewer than {_SEEN} ends were seen of {', '.join(few)}"
    return ""


def _attempts(
    definition: WorkflowDefinition, seen: Mapping[str, StepTimes]
) -> Iterator[tuple[Change, WorkflowDefinition]]:
    """More attempts where they helped and ran out; fewer where further ones never helped."""
    for step in definition.steps:
        now, known = step.retry.attempts, seen[step.name]
        if known.first[1] < 3:
            continue
        wanted = {now + 1, now + 2, min(2 * now, MOST_ATTEMPTS)} if now < MOST_ATTEMPTS else set()
        if sum(known.later) >= 10 and not known.later[0]:
            wanted.add(1)
        for attempts in sorted(wanted - {now}):
            if attempts > now and (step.retry.on is not None or not sum(known.later)):
                continue  # nothing is known of what a further attempt does
            changed = replace(step, retry=replace(step.retry, attempts=attempts))
            yield Change("attempts", step.name, attempts=attempts), with_step(definition, changed)


def _hopeless(change: Change, seen: Mapping[str, StepTimes]) -> bool:
    """Order is added for the sake of failing early: what never fails need not come first."""
    return change.kind in ("first", "swap") and not sum(seen[change.step].first[1:])


def _gain(before: Timed, after: Timed) -> Gain:
    each = sorted(b - a for b, a in zip(before.until, after.until, strict=True))
    tail = max(0, round(0.05 * len(each)) - 1)
    return Gain(statistics.fmean(each), each[tail], each[-1 - tail])


def _sure(before: Timed, after: Timed) -> bool:
    each = [b - a for b, a in zip(before.until, after.until, strict=True)]
    mean = statistics.fmean(each)
    spread = math.sqrt(sum((x - mean) ** 2 for x in each) / (len(each) - 1))
    return mean > max(_SURE * spread, _WORTH * statistics.fmean(before.until))


def _writable(changed: WorkflowDefinition) -> bool:
    try:
        amended(changed)
    except CannotAmend:
        return False
    return True


def _diff(before: str, after: str, path: str) -> str:
    lines: Iterable[str] = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
