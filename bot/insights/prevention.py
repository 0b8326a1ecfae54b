"""What would prevent the failures that the history shows: one strategy for each risk factor, with its counts.
Pure.

ADR-012's `generatePreventionStrategies`. They are advice in words, since most need a person's judgement; what
can be written as a change of the definition is what `cloi optimise` proposes (optimizer.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.insights.history import Run
from bot.insights.prediction import Prediction, StepRisk
from bot.insights.variants import uses
from bot.language.definition import StepDefinition, WorkflowDefinition
from bot.language.graph import ancestors

_MOST = 8
_LATE = 0.25


@dataclass(frozen=True, slots=True)
class PreventionStrategy:
    """step, kind: the risk factor: which step, and which kind of failure. failed, of: how often it was that,
    of how many ends of the step. evidence, advice: a sentence each, without a full stop."""

    step: str
    kind: str
    failed: int
    of: int
    evidence: str
    advice: str


def strategies(
    definition: WorkflowDefinition, foretold: Prediction, runs: Sequence[Run]
) -> tuple[PreventionStrategy, ...]:
    """For each step and kind of failure that was seen, what failed most first."""
    out = [found for risk in foretold.steps for found in _of(definition, risk, runs)]
    if any(found.failed > 1 for found in out):
        out = [found for found in out if found.failed != 1]  # once may be chance, and would hide what is not
    return tuple(sorted(out, key=lambda s: (-s.failed, s.step, s.kind))[:_MOST])


def _of(definition: WorkflowDefinition, risk: StepRisk, runs: Sequence[Run]) -> Iterator[PreventionStrategy]:
    step = definition.step(risk.step)
    for kind, failed in risk.kinds.items():
        evidence = f"{failed} of {risk.runs} runs of {risk.step} failed for good ({kind})"
        more, advice = _advice(definition, step, risk, kind, runs)
        yield PreventionStrategy(risk.step, kind, failed, risk.runs, evidence + more, advice)
    if not risk.failed and risk.repeated > max(2, risk.runs // 10):
        evidence = f"{risk.repeated} attempts of {risk.step} in {risk.runs} runs had to be repeated"
        yield PreventionStrategy(
            risk.step, "repeated", 0, risk.runs, evidence, "keep its retries, and look at what it depends on"
        )


def _advice(
    definition: WorkflowDefinition, step: StepDefinition, risk: StepRisk, kind: str, runs: Sequence[Run]
) -> tuple[str, str]:
    """More evidence, and what to do."""
    match kind:
        case "transient" | "rate-limit":
            return _retries(step, risk, kind, runs)
        case "deadline":
            return _deadline(step, runs)
        case "gate" | "bad-input" | "refused":
            return _earlier(definition, step, risk, kind, runs)
        case "permission":
            return "", f"check the permissions that {step.name} needs in a step before anything is changed"
        case "conflict":
            return "", f"let {step.name} read anew and try again: retry with on: [conflict]"
    return "", f"this is a fault of {step.name} itself: `cloi why` on one of these instances shows the error"


def _retries(step: StepDefinition, risk: StepRisk, kind: str, runs: Sequence[Run]) -> tuple[str, str]:
    again = [s for r in runs for s in r.steps if s.step == step.name and len(s.attempts) > 1]
    helped = sum(s.state == "completed" for s in again)
    attempts = step.retry.attempts
    if not again:
        return "", f"let {step.name} be tried again: retry with attempts: {max(3, attempts)}, on: [{kind}]"
    more = f"; of {len(again)} that were tried again {helped} worked"
    if 2 * helped >= len(again):
        return (
            more,
            f"give {step.name} more attempts: retry with attempts: {attempts + max(2, attempts // 2)}",
        )
    return more, f"wait longer between the attempts of {step.name}: retry with a longer backoff"


def _deadline(step: StepDefinition, runs: Sequence[Run]) -> tuple[str, str]:
    seen = [s for r in runs for s in r.steps if s.step == step.name]
    late = [s.seconds for s in seen if s.kind == "deadline"]
    met = sorted(s.seconds for s in seen if s.state == "completed")
    more = f"; it was given up after {_said(max(late, default=0.0))}"
    if met:
        more += f", and those in time took up to {_said(met[-1])}"
    what = f"its timeout ({_said(step.timeout)})" if step.timeout else "its deadline"
    return more, f"lengthen {what}, or remind those for whom {step.name} waits before it has passed"


def _earlier(
    definition: WorkflowDefinition, step: StepDefinition, risk: StepRisk, kind: str, runs: Sequence[Run]
) -> tuple[str, str]:
    whole = [r.seconds for r in runs if r.outcome == "completed"]
    late = risk.before is not None and whole and risk.before > _LATE * sum(whole) / len(whole)
    more = f"; until then a run had taken {_said(risk.before)} on average" if late and risk.before else ""
    above = ancestors({s.name: s.depends_on for s in definition.steps})
    needed = uses(step, definition)
    needed |= frozenset().union(*(above[n] for n in needed))
    habit = sorted(above[step.name] - needed)
    if late and habit:
        return more, f"move {step.name} earlier: it uses nothing of {', '.join(habit)}"
    if kind == "gate" and step.fix_forward is None:
        return more, f"let what {step.name} finds go back to the step that can mend it: fix_forward"
    if late:
        return more, f"look for a cheap check before the work that {step.name} judges"
    return more, f"look at what {step.name} is given in these runs: it is refused, not broken"


def _said(seconds: float | None) -> str:
    """Durations in a sentence; tables have their own (bot/render/times.py)."""
    if seconds is None:
        return "no time"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.3g} s"
