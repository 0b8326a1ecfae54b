"""Findings of checks for a terminal and for programs: one remark a finding, with the mend where there is one.

A finding is a child of a result tree (bot/result.py) whose first evidence says where; a text there that is not the
reason is what would stand there instead, and a second evidence is a mend in another place. Paths and texts come
from records, so what is printed is one printable line. Not here: annotations (result.py) and SARIF (sarif.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.render.plain import clip, one_line
from bot.render.words import say_plainly
from bot.result import Evidence, Result, Verdict

LEVELS = {Verdict.FAIL: "error", Verdict.UNKNOWN: "error", Verdict.WARN: "warning", Verdict.PASS: "notice"}
_MOST = 300


@dataclass(frozen=True, slots=True)
class Mend:
    """These lines of this file become this text (without the last line end). Lines count from 1."""

    path: str
    line: int
    end_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding. rule: such as "number-taken"; level: error, warning or notice; mends: what would help."""

    rule: str
    level: str
    path: str
    line: int
    end_line: int
    reason: str
    mends: tuple[Mend, ...] = ()


def remarks(result: Result) -> Iterator[Remark]:
    """The findings of a tree that have a place, in its order."""
    for found in result.walk():
        if found.children or not found.evidence or found.verdict not in LEVELS:
            continue
        first, *more = found.evidence
        told = [first] if first.text != found.reason else []
        yield Remark(
            rule=found.name.rpartition("/")[2],
            level=LEVELS[found.verdict],
            path=first.path or "",
            line=first.line or 1,
            end_line=_end(first),
            reason=found.reason,
            mends=tuple(Mend(e.path or "", e.line or 1, _end(e), e.text) for e in (*told, *more)),
        )


def _end(evidence: Evidence) -> int:
    return max(evidence.line or 1, evidence.end_line or 1)


def as_text(found: Sequence[Remark], records: int, shown: Callable[[str], str] = lambda path: path) -> str:
    """Lines for people, as compilers write them, and what it comes to. shown: a path as it is written here.

    records: how many were looked at.
    """
    lines = [line for remark in found for line in _lines(remark, shown)]
    return "\n".join([*lines, _sum(found, records)])


def _lines(remark: Remark, shown: Callable[[str], str]) -> Iterator[str]:
    where = f"{one_line(shown(remark.path))}:{remark.line}"
    yield f"{where}: {remark.level} {remark.rule}: {one_line(remark.reason)}"
    for mend in remark.mends:
        place = f"{one_line(shown(mend.path))}:{mend.line}"
        text = clip(one_line(mend.text.split("\n")[-1]), _MOST)
        yield "    " + say_plainly("records", "mend", place=place if place != where else None, text=text)


def _sum(found: Iterable[Remark], records: int) -> str:
    levels = [remark.level for remark in found]
    counts = {level: levels.count(level) for level in ("error", "warning", "notice")}
    return say_plainly("records", "sum", records=records, counts=[(n, w) for w, n in counts.items() if n])


def as_data(found: Iterable[Remark]) -> list[dict[str, Any]]:
    """The remarks as plain JSON values."""
    return [{**asdict(remark), "mends": [asdict(mend) for mend in remark.mends]} for remark in found]
