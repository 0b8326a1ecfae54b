"""The implementation report for people: whole, as `cloi report` prints it, and short, for the living comment.

Words in templates/words/report.md.j2. Not here: what there is to report (bot/insights/report.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.insights.report import (
    Act,
    CheckReport,
    EffectReport,
    GateReport,
    ImplementationReport,
    PhaseReport,
    UndoneReport,
)
from bot.render.fit import rows_within, within
from bot.render.flowchart import MARKS
from bot.render.markdown import GITHUB_MOST, Safe, cell, cell_code, linked
from bot.render.plain import clause, clip, one_line, words
from bot.render.result import MARKS as VERDICTS
from bot.render.times import duration, to_the_second
from bot.render.view import Link, Look
from bot.render.words import say, say_plainly
from bot.result import Verdict

_ENDS = {
    "completed": "✅",
    "compensated": "↩️",
    "cancelled": "⏹️",
    "rolling-back": "↩️",
    "parked": "✋",
    "paused": "⏸️",
}
_UNDONE = {"completed": Look.TAKEN_BACK, "failed": Look.STUCK, "waiting": Look.WAITING}
_CONCLUSIONS = {
    "success": Verdict.PASS,
    "neutral": Verdict.PASS,
    "skipped": Verdict.SKIP,
    "failure": Verdict.FAIL,
    "timed_out": Verdict.FAIL,
}
_IDENTITIES = ("number", "run", "check_run", "comment", "sha", "deleted", "cancelled")
_MOST_SHORT = 8_000  # bytes


def report_markdown(
    report: ImplementationReport, *, links: tuple[Link, ...] = (), most: int = GITHUB_MOST - 2_000
) -> Safe:
    """The whole report, at most `most` bytes. links: labels such as "#5" that become links where they occur."""
    head = say(
        "report",
        "head",
        report=report,
        title=_title(report),
        mark=_ENDS.get(report.state, "🔄"),
        ending=linked(say_plainly("report", "ending", report=report, reason=clause(report.reason)), links),
    )
    share = most // 6
    blocks = [
        _times(report),
        _table("phases", (_phase(phase, report) for phase in report.phases), share),
        _table("gates", [*map(_gate, report.gates), *map(_check, report.checks)], share)
        or say("report", "no_gates"),
        _undone(report, links, share) or say("report", "nothing_undone"),
        _table("people", (_act(act, links) for act in report.people), share),
        _table("effects", map(_effect, report.effects), share) or say("report", "no_effects"),
    ]
    return within(head, blocks, most)


def report_short(report: ImplementationReport, *, links: tuple[Link, ...] = ()) -> Safe:
    """What the living comment folds away at its end; it shows phases and steps itself.

    Left out is what depends on when the bot looked, such as which checks it saw: a lost webhook must not change
    the comment.
    """
    share = _MOST_SHORT // 3
    done = sum(not f.result.get("replaced") for f in report.effects)  # else it never came to be
    foot = say("report", "short_foot", report=report, effects=done)
    blocks = [_table("gates", map(_gate, report.gates), share), _undone(report, links, share)]
    return within(_times(report, waited=False), blocks, _MOST_SHORT, foot)


def _title(report: ImplementationReport) -> str:
    """The record, as the living comment has it, or what the instance is about."""
    record, title = (one_line(str(report.context.get(name, ""))) for name in ("record", "title"))
    return clip(f"{record}: {title}" if record and title else report.key, 300)


def _times(report: ImplementationReport, *, waited: bool = True) -> Safe:
    beside = ""
    if report.estimated is not None and report.ran is not None:
        low, high = (60 * minutes for minutes in report.estimated)
        place = (report.ran > high) - (report.ran < low)
        beside = say_plainly("report", "beside", place=place)
    return say(
        "report",
        "times",
        report=report,
        ran=duration(report.ran) if report.ran is not None else "",
        beside=beside,
        whole=duration(report.seconds),
        waited=duration(report.waited) if waited and report.waited >= 1 else "",
        left=[duration(s) for s in (report.left.median, report.left.low, report.left.high)]
        if report.left
        else [],
    )


def _undone(report: ImplementationReport, links: tuple[Link, ...], most: int) -> Safe:
    return _table("undone", (_way_back(step, links) for step in report.undone), most)


def _phase(phase: PhaseReport, report: ImplementationReport) -> str:
    took = duration(phase.seconds) if phase.seconds is not None else ""
    if phase.left is not None:
        took = say("report", "phase_left", left=duration(phase.left))
    state = say("report", "phase_state", state=phase.state, over=report.ended_at is not None)
    return f"| {cell(words(phase.name))} | {state} | {phase.done} of {phase.total} | {took} |"


def _gate(gate: GateReport) -> str:
    known = Verdict(gate.verdict) if gate.verdict in list(Verdict) else Verdict.UNKNOWN
    named = say_plainly("report", "gate", mode=gate.mode)
    return _answer(known, named, gate.reason or known.value, to_the_second(gate.at))


def _check(check: CheckReport) -> str:
    known = _CONCLUSIONS.get(check.conclusion, Verdict.UNKNOWN)
    return _answer(known, say_plainly("report", "check", check=check), check.conclusion, "")


def _answer(verdict: Verdict, named: str, answer: str, when: str) -> str:
    return f"| {VERDICTS[verdict]} | {cell(named)} | {cell(answer)} | {when} |"


def _way_back(step: UndoneReport, links: tuple[Link, ...]) -> str:
    mark = MARKS[_UNDONE.get(step.state, Look.GOING_BACK)]
    said = say_plainly("report", "undone_state", state=step.state, said=clause(step.said, 300))
    took = duration(step.seconds) if step.seconds is not None else ""
    return f"| {mark} | {cell(words(step.step))} | {cell_code(step.how)} | {linked(said, links)} | {took} |"


def _act(act: Act, links: tuple[Link, ...]) -> str:
    return f"- {to_the_second(act.at)} UTC: {linked(say_plainly('report', 'act', act=act), links)}"


def _effect(effect: EffectReport) -> str:
    came = _identity(effect) if effect.state == "observed" else say("report", "unseen")
    return f"| {cell(effect.kind)} | {cell(words(effect.step))} | {came} | {cell_code(effect.key, 160)} |"


def _identity(effect: EffectReport) -> Safe:
    """What identifies the object that came of it; of an unfamiliar effect, all that was noted."""
    found = {name: effect.result[name] for name in _IDENTITIES if name in effect.result} or effect.result
    said = ", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in found.items())
    return cell(said or "done", 160)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clip(value, 12) if isinstance(value, str) else str(value)


def _table(block: str, rows: Iterable[str], most: int) -> Safe:
    """Rows under their head, as many as fit, and how many did not; empty if there are none."""
    found = list(rows)
    if not found:
        return Safe("")
    shown, more = rows_within(found, most)
    body = say("report", block, rows=shown)
    return Safe(f"{body}\n\n{say('report', 'more', more=more)}") if more else body
