"""What is foretold of a definition's next run, for a terminal and in one sentence for a plan.

Every number stands beside the counts that it rests on. Not here: foretelling (bot/insights/prediction.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.insights.chance import Rate
from bot.insights.prediction import MINIMUM, Estimate, Prediction, StepRisk
from bot.insights.prevention import PreventionStrategy
from bot.render.plain import columns, one_line, pad
from bot.render.times import duration

_MOST_STEPS = 8
_BAR = 10


def prediction(found: Prediction, prevention: Sequence[PreventionStrategy]) -> str:
    """All of it, as lines."""
    title = one_line(found.definition + (f" in {found.repository}" if found.repository else ""))
    if found.failure is None:
        return f"{title}\n\n  {not_enough(found)}"
    rows = [("Chance to fail", chance(found.failure)), ("Seen", _seen(found))]
    rows.append(("Takes", _takes(found.time) if found.time else "unknown: too few runs went through to say"))
    blocks = [title, _columns(rows)]
    if found.steps:
        lines = [(one_line(s.step), _step(s)) for s in found.steps[:_MOST_STEPS]]
        blocks.append("  Where it fails\n" + _columns(lines, "    "))
    else:
        blocks.append("  No step has ever failed.")
    if prevention:
        advice = [f"    {one_line(p.evidence)}\n    → {one_line(p.advice)}" for p in prevention]
        blocks.append("  What would prevent it\n" + "\n".join(advice))
    return "\n\n".join(blocks)


def not_enough(found: Prediction) -> str:
    """Why nothing is foretold."""
    known = found.own[1] + found.others[1]
    return (
        f"Not enough history: {known} {_runs(known)} came to an end, and below {MINIMUM} "
        "anything said would be a guess."
    )


def chance(found: Rate) -> str:
    """ "18 %, nine times out of ten between 9 and 30 %" """
    between = f"between {percent(found.low)} and {percent(found.high)} %"
    return f"{percent(found.mean)} %, nine times out of ten {between}"


def percent(share: float) -> str:
    """Without decimals that nobody can know: "0.4", "7", "31"."""
    value = 100 * share
    return f"{value:.1f}" if 0.05 <= value < 0.95 else f"{value:.0f}"


def advice(found: Prediction, prevention: Sequence[PreventionStrategy], most: int = 3) -> tuple[str, ...]:
    """The same as a few sentences, to stand beside a plan; none where there is not enough history."""
    if found.failure is None:
        return ()
    failed, runs = found.own[0] + found.others[0], found.own[1] + found.others[1]
    out = [
        f"{failed} of {runs} earlier {_runs(runs)} did not go through by themselves; "
        f"the chance that this one does not is about {chance(found.failure)}."
    ]
    if found.time:
        out.append(f"From start to end {_takes(found.time)}.")
    out += [f"{one_line(p.evidence)}; what helps: {one_line(p.advice)}." for p in prevention[:most]]
    return tuple(out)


def _seen(found: Prediction) -> str:
    failed, runs = found.own
    here = f"{failed} of {runs} {_runs(runs)} failed"
    if found.others[1]:
        elsewhere = "other versions and repositories" if found.repository else "other versions"
        here += f"; in {elsewhere} {found.others[0]} of {found.others[1]}"
    return here


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"


def _takes(found: Estimate) -> str:
    low, median, high = map(duration, (found.low, found.median, found.high))
    return f"{median} in the middle, and 8 in 10 between {low} and {high} ({found.of} runs that went through)"


def _step(found: StepRisk) -> str:
    full = round(_BAR * min(1.0, found.rate.mean))
    bar = "▰" * full + "▱" * (_BAR - full)
    kinds = ", ".join(f"{n} × {one_line(kind)}" for kind, n in found.kinds.items())
    said = f"{bar} {percent(found.rate.mean):>3} %  {found.failed} of {found.runs}"
    said += f": {kinds}" if kinds else ""
    if found.repeated:
        said += f"; {found.repeated} × tried again, {found.recovered} × completed after all"
    return said


def _columns(rows: Sequence[tuple[str, str]], margin: str = "  ") -> str:
    width = max(columns(name) for name, _ in rows)
    return "\n".join(f"{margin}{pad(name, width)}  {value}".rstrip() for name, value in rows)
