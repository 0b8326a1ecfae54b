"""The comment that shows what a language model proposes about a record: templates/words/advice.md.j2.

It stands apart from plan and progress, and says of each line that it is inferred. Not here: holding the quotes
against the record (bot/agents/proposals.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.render.fit import rows_within
from bot.render.markdown import Safe, cell, cell_code
from bot.render.words import say

_MOST = 20_000  # bytes of each table


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A proposal whose quote stands on these lines. known: the plan's requirement that rests on them already."""

    kind: str
    text: str
    quote: str
    line: int
    end_line: int
    known: str = ""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A proposal that was refused, and why."""

    text: str
    quote: str
    reason: str


def proposals(path: str, model: str, good: Sequence[ProposalLine], refused: Sequence[RefusedLine]) -> Safe:
    """The comment's text."""
    rows, left = rows_within([_row(path, p) for p in good], _MOST)
    bad = [f"| {cell(r.text, 300)} | {cell(r.quote, 300)} | {cell(r.reason, 200)} |" for r in refused]
    bad_rows, bad_left = rows_within(bad, _MOST)
    return say(
        "advice",
        "advice",
        path=path,
        model=model,
        rows=rows,
        left=left,
        refused=len(refused),
        refused_rows=bad_rows,
        refused_left=bad_left,
    )


def no_proposals(path: str, reason: str) -> Safe:
    """What is said where there are none."""
    return say("advice", "none", path=path, reason=reason)


def _row(path: str, p: ProposalLine) -> str:
    lines = f"{p.line}-{p.end_line}" if p.end_line > p.line else str(p.line)
    known = f"in the plan as {cell_code(p.known, 80)}" if p.known else "not in the plan"
    return (
        f"| {cell(p.kind, 20)} | {cell(p.text, 500)} | {cell(p.quote, 500)} "
        f"| {cell_code(f'{path}:{lines}', 200)} | {known} |"
    )
