"""HTML inside of Markdown, as far as headers use it: tables of fields, and a centred title.

By splitting, never by matching pairs, so that unclosed tags cost nothing. Not here: any other HTML.
"""

from __future__ import annotations

import re
from itertools import pairwise

from bot.records.blocks import Block, Kind
from bot.records.hidden import unstruck

MAX_TEXT = 20_000
MAX_ROWS = 200

_ROW = re.compile(r"<tr\b[^<>]{0,200}>", re.I)
_CELL = re.compile(r"<t[dh]\b[^<>]{0,200}>", re.I)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_UNSEEN = re.compile(r"\bhidden\b|display\s{0,4}:\s{0,4}none", re.I)
_TITLE = re.compile(r"<h1\b[^<>]{0,200}>([^<>]{1,300})</h1>", re.I)


def html_rows(text: str, line: int) -> list[Block]:
    """The rows of a table, or the title, in an HTML block; empty if there is neither. line: where it starts."""
    text = unstruck(text[:MAX_TEXT])
    if found := _TITLE.search(text):
        number = line + text.count("\n", 0, found.start())
        return [Block(Kind.HEADING, " ".join(found[1].split()), number, number, 1)]
    if "<details" in text.lower():
        return []  # folded away; as a paragraph it is seen to be
    starts = [m.end() for m in _ROW.finditer(text)][:MAX_ROWS]
    out: list[Block] = []
    for start, end in pairwise([*starts, len(text)]):
        row = text[start:end]
        tags = list(_CELL.finditer(row))[:9]
        ends = [*(tag.start() for tag in tags[1:]), len(row)]
        cells = tuple(
            "" if _UNSEEN.search(tag[0]) else _plain(row[tag.end() : stop])
            for tag, stop in zip(tags[:8], ends, strict=False)
        )
        if cells:
            number = line + text.count("\n", 0, start)
            out.append(Block(Kind.ROW, " | ".join(cells), number, number, cells=cells))
    return out


def _plain(cell: str) -> str:
    return " ".join(_TAG.sub(" ", cell).split())
