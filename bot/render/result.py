"""A result tree as people see it: Markdown for a check run, a tree for a terminal, annotations on lines.

All three are renderings of the same tree (bot/result.py) and say the same; the same tree gives the same
bytes. What does not fit is left out from the end, passes first, and the text says how much. Not here: what
follows from a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from bot.render.fit import rows_within, within
from bot.render.markdown import GITHUB_MOST, Safe, cell, cell_code, code, details, link, text
from bot.render.plain import clip, one_line
from bot.render.words import say
from bot.result import Evidence, EvidenceClass, Result, Verdict

MARKS = {
    Verdict.PASS: "✅",
    Verdict.WARN: "⚠️",
    Verdict.FAIL: "❌",
    Verdict.SKIP: "⏭️",
    Verdict.UNKNOWN: "❔",
}
SIGNS = {Verdict.PASS: "✓", Verdict.WARN: "!", Verdict.FAIL: "✗", Verdict.SKIP: "-", Verdict.UNKNOWN: "?"}
VOUCHES = {
    EvidenceClass.COMPUTED: "computed by the bot",
    EvidenceClass.OBSERVED: "observed on GitHub",
    EvidenceClass.CLAIMED: "claimed by the run",
}
_COLOURS = {Verdict.PASS: 32, Verdict.WARN: 33, Verdict.FAIL: 31, Verdict.SKIP: 90, Verdict.UNKNOWN: 35}
_LEVELS = {
    Verdict.WARN: "warning",
    Verdict.FAIL: "failure",
    Verdict.UNKNOWN: "failure",
    Verdict.SKIP: "notice",
}
_MOST_ROWS = 60
_MOST_TABLE = 12_000  # bytes
_MOST_LINES = 200
_MOST_DEPTH = 6  # deeper lists are no longer read; their lines stay at this depth


class Annotation(TypedDict):
    """One remark on lines of a file, with the fields of GitHub's checks API; 50 at most go in one request."""

    path: str
    start_line: int
    end_line: int
    annotation_level: str
    title: str
    message: str


def markdown(result: Result, most: int = GITHUB_MOST) -> Safe:
    """The verdict, a table of its children, and folded away what each of them rests on; at most `most` bytes."""
    mark = MARKS[result.verdict]
    head = say("result", "verdict", mark=mark, verdict=result.verdict.value, reason=clip(result.reason, 2000))
    blocks = [Safe("\n".join(_evidence_lines(result, 0)))] if result.evidence else []
    if result.children:
        blocks.append(_table(result.children))
    folded = [c for c in _stoppers_first(result.children) if c.children or c.evidence]
    blocks += [_folded(child) for child in folded]
    return within(head, blocks, most)


def terminal(result: Result, *, colour: bool = False) -> str:
    """An indented tree, a line for each answer and for each piece of evidence. colour: ANSI codes."""
    return "\n".join(_terminal_lines(result, 0, colour))


def annotations_of(result: Result) -> list[Annotation]:
    """A remark for each place that a warning or a refusal points to, in the order of files and lines.

    What passed is not remarked on. A place without a line is the file's first line. Twice the same is once.
    """
    found = {
        (e.path, e.line or 1, max(e.line or 1, e.end_line or 0), r.verdict, r.name, r.reason, e.text)
        for r in result.walk()
        if r.verdict in _LEVELS
        for e in r.evidence
        if e.path
    }
    return [
        Annotation(
            path=path,
            start_line=start,
            end_line=end,
            annotation_level=_LEVELS[verdict],
            title=clip(one_line(name), 255),
            message=clip(_message(reason, said), 8_000),
        )
        for path, start, end, verdict, name, reason, said in sorted(found)
    ]


def _message(reason: str, said: str) -> str:
    why, what = one_line(reason), one_line(said)
    return why if what.casefold() in why.casefold() else f"{why}\n{what}"


def _stoppers_first(children: tuple[Result, ...]) -> list[Result]:
    return sorted(children, key=lambda c: c.passed)


def _table(children: tuple[Result, ...]) -> Safe:
    shown = children if len(children) <= _MOST_ROWS else _stoppers_first(children)[:_MOST_ROWS]
    rows, missing = rows_within(
        [f"| {MARKS[c.verdict]} | {cell_code(c.name, 80)} | {cell(c.reason)} |" for c in shown],
        _MOST_TABLE,
    )
    missing += len(children) - len(shown)
    table = f"{say('result', 'table_head')}\n{rows}"
    if missing:
        table += "\n\n" + say("result", "rows_left_out", missing=missing)
    return Safe(table)


def _folded(child: Result) -> Safe:
    lines = list(_list_lines(child, 0))
    if len(lines) > _MOST_LINES:
        lines = [
            *lines[:_MOST_LINES],
            "- " + say("result", "lines_left_out", missing=len(lines) - _MOST_LINES),
        ]
    summary = f"{MARKS[child.verdict]} {child.name}: {clip(one_line(child.reason), 200)}"
    return details(summary, Safe("\n".join(lines)), opened=not child.passed)


def _list_lines(result: Result, depth: int) -> Iterator[str]:
    """What a result rests on. The result itself stands in the line above."""
    yield from _evidence_lines(result, depth)
    for child in result.children:
        yield f"{_indent(depth)}- {MARKS[child.verdict]} {code(child.name)} {text(clip(child.reason, 1000))}"
        yield from _list_lines(child, depth + 1)


def _evidence_lines(result: Result, depth: int) -> list[str]:
    return [f"{_indent(depth)}- {_evidence(e, result.reason)}" for e in result.evidence]


def _evidence(evidence: Evidence, reason: str) -> str:
    """One line. What only repeats the reason, which stands above, is not said again."""
    place = code(_place(evidence))
    if evidence.url:
        place = link(_place(evidence) or "look", evidence.url)
    said = text(clip(evidence.text, 1000)) if evidence.text != reason or not place else ""
    return " ".join(p for p in (f"_{VOUCHES[evidence.kind]}:_", said, place) if p)


def _place(evidence: Evidence) -> str:
    if not evidence.path:
        return ""
    if not evidence.line:
        return evidence.path
    last = evidence.end_line or evidence.line
    return f"{evidence.path}:{evidence.line}" + (f"-{last}" if last > evidence.line else "")


def _indent(depth: int) -> str:
    return "  " * min(depth, _MOST_DEPTH)


def _terminal_lines(result: Result, depth: int, colour: bool) -> Iterator[str]:
    sign = SIGNS[result.verdict]
    if colour:
        sign = f"\033[{_COLOURS[result.verdict]}m{sign}\033[0m"
    yield f"{'  ' * depth}{sign} {one_line(result.name)}: {one_line(result.reason)}"
    for e in result.evidence:
        parts = (f"{e.kind.value}:", one_line(e.text), one_line(_place(e)), one_line(e.url or ""))
        yield "  " * (depth + 2) + " ".join(p for p in parts if p)
    for child in result.children:
        yield from _terminal_lines(child, depth + 1, colour)
