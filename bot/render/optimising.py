"""What could be changed in a definition, for a terminal: where its time goes, each change with its gain, the diff.

Not here: what is proposed (bot/insights/optimizer.py).
"""

from __future__ import annotations

from bot.insights.optimizer import Gain, Proposal, Step
from bot.insights.patterns import Patterns, StepPattern
from bot.insights.variants import Change
from bot.render.plain import columns, one_line, pad, printable
from bot.render.prediction import percent
from bot.render.times import duration

_BAR = 12


def proposal(found: Proposal, *, colour: bool = False) -> str:
    """All of it, as lines. colour: for a terminal that has some."""
    blocks = [f"{one_line(found.definition)}, from {found.runs} run{'s' * (found.runs != 1)}"]
    if found.patterns is not None:
        blocks += [_expected(found, found.patterns), _patterns(found.patterns)]
    if found.gain is None:
        return "\n\n".join([*blocks, f"  Nothing to propose: {one_line(found.reason)}."])
    steps = [f"    {i}. {_step(step)}" for i, step in enumerate(found.steps, 1)]
    blocks.append("  What could be changed\n" + "\n".join(steps))
    blocks.append(_painted(printable(found.diff, keep="\n\t"), colour).rstrip("\n"))
    return "\n\n".join(
        [*blocks, "  Nothing was changed: this is a proposal. `--diff` prints it for `git apply`."]
    )


def _expected(found: Proposal, seen: Patterns) -> str:
    lines = [
        f"  Expected now   {duration(found.before)} until a run has gone through; "
        f"{percent(seen.goes)} % do at the first go, in {duration(seen.whole)}"
    ]
    if found.gain is not None:
        lines.append(f"  Expected then  {duration(found.before - found.gain.mean)}, {_gain(found.gain)}")
        if abs(found.through) > 0.01 * seen.whole:
            word = "sooner" if found.through > 0 else "later"
            lines.append(
                f"                 a run that goes through at once ends {duration(abs(found.through))} {word}"
            )
    return "\n".join(lines)


def _patterns(seen: Patterns) -> str:
    width = max(columns(one_line(s.step)) for s in seen.steps)
    top = max((s.seconds for s in seen.steps), default=0.0) or 1.0
    rows = [f"    {pad(one_line(s.step), width)}  {_pattern(s, top)}" for s in seen.steps]
    path = " → ".join(one_line(name) for name in seen.path)
    head = "  Where the time goes (on the critical path in … of the runs that go through)\n"
    return head + "\n".join(rows) + f"\n    critical path: {path}"


def _pattern(step: StepPattern, top: float) -> str:
    full = round(_BAR * step.seconds / top)
    notes = []
    if step.failed:
        notes.append(f"fails {percent(step.failed)} %")
    if step.repeated:
        notes.append(f"{step.repeated} × tried again")
    if step.waits:
        notes.append("waits for somebody")
    said = f"{'▰' * full}{'▱' * (_BAR - full)} {duration(step.seconds):>12}  {percent(step.critical):>3} %"
    return f"{said}  {', '.join(notes)}".rstrip()


def _step(step: Step) -> str:
    lines = [f"{said(step.change)}: {_gain(step.gain)}"]
    if step.change.risk:
        lines.append(f"look at this first: {step.change.risk}")
    return "\n       ".join(one_line(line) for line in lines)


def said(change: Change) -> str:
    """A change in words."""
    step, other = change.step, change.other
    match change.kind:
        case "side-by-side":
            return f"let {step} run beside {other}, of which it uses nothing"
        case "swap":
            return f"put {step} before {other}: what fails there, fails before {other} was done for nothing"
        case "first":
            return f"let {other} wait for {step}, which fails sooner and costs less"
        case "attempts":
            return f"give {step} {change.attempts} attempt{'s' * (change.attempts != 1)} in all"


def _gain(gain: Gain) -> str:
    low, high = (f"{'-' * (s < 0)}{duration(abs(s))}" for s in (gain.low, gain.high))
    return f"{duration(gain.mean)} less (nine times out of ten {low} to {high})"


def _painted(diff: str, colour: bool) -> str:
    if not colour:
        return diff
    paint = {"+": "32", "-": "31", "@": "36"}
    return "\n".join(
        f"\033[{paint[line[0]]}m{line}\033[0m" if line[:1] in paint else line for line in diff.split("\n")
    )
