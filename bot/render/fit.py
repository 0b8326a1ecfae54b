"""What fits into one text on GitHub, by whole blocks and rows, and how much was left out.

A text that is cut in the middle of a table or a fold shows garbage; a text that is silently cut lies. Not
here: which blocks there are, and in which order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.render.markdown import Safe, size
from bot.render.words import say

_BETWEEN = "\n\n"


def within(head: Safe, blocks: Iterable[Safe], most: int, foot: Safe | None = None) -> Safe:
    """Head, as many whole blocks in their order as fit into `most` bytes, a word about the rest, foot.

    Empty blocks are skipped. Head and foot always stand, so their callers keep them short.
    """
    wanted = [block for block in blocks if block]
    ends = [foot] if foot else []
    room = most - sum(size(s) + 2 for s in (head, *ends, _left_out(len(wanted), len(wanted))))
    kept: list[Safe] = []
    for block in wanted:
        if size(block) + 2 <= room:
            kept.append(block)
            room -= size(block) + 2
    missing = len(wanted) - len(kept)
    word = [_left_out(missing, len(wanted))] if missing else []
    return Safe(_BETWEEN.join([head, *kept, *word, *ends]))


def rows_within(rows: Sequence[str], most: int) -> tuple[Safe, int]:
    """The first rows, as many as fit into `most` bytes, joined by newlines; and how many did not."""
    kept: list[str] = []
    for row in rows:
        most -= size(row) + 1
        if most < 0:
            break
        kept.append(row)
    return Safe("\n".join(kept)), len(rows) - len(kept)


def _left_out(missing: int, total: int) -> Safe:
    return say("result", "left_out", missing=missing, total=total)
