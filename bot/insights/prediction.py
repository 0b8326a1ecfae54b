"""How the next run of a definition will probably go, from past runs: ADR-012's `predictWorkflowFailures`.

A failure is a run that does not go through by itself: it is taken back, or stops for a human. Runs of the
same text in the same repository count as they are; other versions and repositories of the definition count as
far as the history shows them to be alike. Below MINIMUM runs the answer is that there is not enough history.
Not here: what to do about it (prevention.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.insights.chance import CONFIDENCE, Counts, Rate, quantile, rate
from bot.insights.history import History, Run, StepRun
from bot.language.definition import WorkflowDefinition

MINIMUM = 5
"""Runs of a definition below which nothing is foretold."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds that a run takes that goes through: half take less than `median`, one in ten less than `low`, one in
    ten more than `high`. of: completed runs that it rests on."""

    low: float
    median: float
    high: float
    of: int


@dataclass(frozen=True, slots=True)
class StepRisk:
    """One step. runs: how often its end was seen; failed: for good, by kind. repeated: attempts that failed
    and were tried again; recovered: runs of the step that worked in a later attempt. rate: of failing for
    good. before: seconds, on average, that a run had lasted when this step failed; None if it never did."""

    step: str
    runs: int
    failed: int
    kinds: Mapping[str, int]
    repeated: int
    recovered: int
    rate: Rate
    before: float | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is to be expected of the next run.

    own: failed runs, of how many, of this text in this repository; others: the same of other versions and
    repositories. failure: the chance to fail, with the interval that holds it with `confidence`; None where there
    is not enough history. steps: those that have ever failed or been repeated, worst first.
    """

    definition: str
    repository: str | None
    own: Counts
    others: Counts
    failure: Rate | None
    confidence: float
    time: Estimate | None
    steps: tuple[StepRisk, ...]

    @property
    def enough(self) -> bool:
        """Whether there is enough history to foretell anything."""
        return self.failure is not None


def predict(definition: WorkflowDefinition, past: History, repository: str | None = None) -> Prediction:
    """Of the next run of this definition, as it stands, in this repository; None means wherever it ran so far."""
    runs = past.of(definition.name)
    mine = [r for r in runs if _alike(r, definition, repository)]
    groups = _groups(runs, definition, repository)
    own, others = _failed(mine), tuple(_failed(g) for g in groups)
    known = len(runs) >= MINIMUM
    return Prediction(
        definition=definition.name,
        repository=repository,
        own=own,
        others=(sum(x for x, _ in others), sum(n for _, n in others)),
        failure=rate(own, others) if known else None,
        confidence=CONFIDENCE,
        time=(_time(mine) or _time(runs)) if known else None,
        steps=_steps(definition, mine, groups) if known else (),
    )


def _alike(run: Run, definition: WorkflowDefinition, repository: str | None) -> bool:
    return run.digest == definition.digest and repository in (None, run.repository)


def _groups(
    runs: Iterable[Run], definition: WorkflowDefinition, repository: str | None
) -> tuple[tuple[Run, ...], ...]:
    """All runs but the definition's own here, by version and repository."""
    found: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        if not _alike(run, definition, repository):
            place = "" if repository is None else run.repository
            found.setdefault((run.digest, place), []).append(run)
    return tuple(tuple(group) for _, group in sorted(found.items(), key=lambda item: item[0]))


def _failed(runs: Iterable[Run]) -> Counts:
    ended = [run.outcome == "failed" for run in runs]
    return sum(ended), len(ended)


def _time(runs: Iterable[Run]) -> Estimate | None:
    seen = [run.seconds for run in runs if run.outcome == "completed"]
    low, median, high = quantile(seen, 0.1), quantile(seen, 0.5), quantile(seen, 0.9)
    if low is None or median is None or high is None:
        return None
    return Estimate(low, median, high, len(seen))


def _steps(
    definition: WorkflowDefinition, mine: Iterable[Run], groups: Iterable[Iterable[Run]]
) -> tuple[StepRisk, ...]:
    own = _by_step(mine)
    elsewhere = [_by_step(group) for group in groups]
    counts = {s.name: _final(own.get(s.name, ())) for s in definition.steps}
    out = []
    for step in definition.steps:
        siblings = [_final(group.get(step.name, ())) for group in elsewhere]
        if not any(n for _, n in siblings):
            # Then the other steps of the definition say how often a step of it fails.
            siblings = [c for name, c in counts.items() if name != step.name]
        seen = [r for group in (own, *elsewhere) for r in group.get(step.name, ())]
        risk = _risk(step.name, seen, rate(counts[step.name], tuple(siblings)))
        if risk.failed or risk.repeated:
            out.append(risk)
    return tuple(sorted(out, key=lambda r: (-r.failed, -r.repeated, r.step)))


def _by_step(runs: Iterable[Run]) -> dict[str, list[StepRun]]:
    found: dict[str, list[StepRun]] = {}
    for run in runs:
        for step in run.steps:
            found.setdefault(step.step, []).append(step)
    return found


def _final(seen: Iterable[StepRun]) -> Counts:
    ended = [s.state == "failed" for s in seen if s.state in ("completed", "failed")]
    return sum(ended), len(ended)


def _risk(name: str, seen: list[StepRun], found: Rate) -> StepRisk:
    failed = [s for s in seen if s.state == "failed"]
    return StepRisk(
        step=name,
        runs=_final(seen)[1],
        failed=len(failed),
        kinds=dict(Counter(s.kind for s in failed).most_common()),
        repeated=sum(a.again for s in seen for a in s.attempts),
        recovered=sum(s.state == "completed" and len(s.attempts) > 1 for s in seen),
        rate=found,
        before=sum(s.start + s.seconds for s in failed) / len(failed) if failed else None,
    )
