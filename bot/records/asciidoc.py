"""AsciiDoc to blocks: titles, attributes, labelled lists, tables and paragraphs, by lines.

Listing, literal, passthrough and comment blocks are CODE, which nothing reads. Attributes such as `:state:`
are fields. Enough for a header and for what a record says of others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.records.blocks import Block, Kind

_HEADING = re.compile(r"^(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?[ \t]*$")
_ATTRIBUTE = re.compile(r"^:(!?[\w][\w -]{0,40}!?):(?:[ \t]+(.*))?$")
_LABELLED = re.compile(r"^([^\s:][^:\n]{0,60})::(?:[ \t]+(.*))?$")
_ITEM = re.compile(r"^[ \t]*(\*{1,5}|-|\.{1,5}|\d{1,3}\.)[ \t]+(\S.*)$")
_FENCE = re.compile(r"^(-{4,}|\.{4,}|\+{4,}|/{4,}|_{4,}|`{3,})")
_AS_CODE = re.compile(r"\[(?:source|listing|literal|quote|verse|pass|stem|comment)\b", re.I)
_CONDITION = re.compile(r"^if(?:n?def|eval)::[^\[]{0,100}\[[ \t]*\]?")
_REVISION = re.compile(r"^v?[\d.]+,[ \t]*(\d{4}-\d\d-\d\d)")
_COLUMNS = re.compile(r"cols=\"?([^\"\]]{1,80})")
MAX_CELLS = 2_000


def blocks_of(lines: Sequence[str], first_line: int = 1) -> list[Block]:
    """The blocks of these lines. first_line: the number of the first of them in the file."""
    out: list[Block] = []
    at = 0
    columns = 0
    while at < len(lines):
        line = lines[at]
        number = first_line + at
        if not line.strip() or (line.startswith("//") and not line.startswith("////")):
            at += 1
        elif fence := _FENCE.match(line):
            end = next(
                (i for i in range(at + 1, len(lines)) if lines[i].rstrip() == fence[1]), len(lines) - 1
            )
            out.append(Block(Kind.CODE, "", number, first_line + end))
            at = end + 1
        elif (line.startswith("====") and not line.strip("= \t")) or line.startswith("[%collapsible"):
            at = _shown_apart(lines, at, first_line, out)
        elif line.startswith("|==="):
            end = next((i for i in range(at + 1, len(lines)) if lines[i].startswith("|===")), len(lines))
            out += _table(lines[at + 1 : end], number + 1, columns)
            at = end + 1
        elif found := _HEADING.match(line):
            out.append(Block(Kind.HEADING, found[2], number, number, len(found[1])))
            at += 1
        elif found := _ATTRIBUTE.match(line):
            value = "unset" if "!" in found[1] else found[2] or ""
            out.append(Block(Kind.FIELD, f"{_named(found[1])}: {value}", number, number))
            at += 1
        elif _CONDITION.match(line):
            end = next((i for i in range(at + 1, len(lines)) if lines[i].startswith("endif::")), at)
            out.append(Block(Kind.CODE, "", number, first_line + end))
            at = end + 1
        elif line.startswith("[") and line.rstrip().endswith("]"):
            columns = _column_count(line)
            at += 1
            if _AS_CODE.match(line) and at < len(lines) and not _FENCE.match(lines[at]):
                at = _as_code(lines, at, first_line, out)
        elif line.startswith((" ", "\t")) and not _ITEM.match(line) and not _LABELLED.match(line.strip()):
            at = _as_code(lines, at, first_line, out)
        elif found := _LABELLED.match(line):
            at = _labelled(found, lines, at, first_line, out)
        elif found := _ITEM.match(line):
            out.append(Block(Kind.ITEM, found[2], number, number, len(found[1])))
            at += 1
        else:
            at = _paragraph(lines, at, first_line, out)
    return out


def _shown_apart(lines: Sequence[str], at: int, first: int, out: list[Block]) -> int:
    """An example, as a quotation; a part that is folded away, as code."""
    start = at + 1 if lines[at].startswith("[") else at
    if start >= len(lines) or not lines[start].startswith("===="):
        return start
    mark = lines[start].rstrip()
    end = next((i for i in range(start + 1, len(lines)) if lines[i].rstrip() == mark), len(lines))
    if start > at:
        out.append(Block(Kind.CODE, "", first + at, first + min(end, len(lines) - 1)))
    else:
        inner = [line for line in lines[start + 1 : end] if not line.startswith("====")]
        out += [replace(block, quote=True) for block in blocks_of(inner, first + start + 1)]
    return end + 1


def _named(attribute: str) -> str:
    return {"revdate": "date", "docdate": "created"}.get(attribute.strip("!"), attribute)


def _labelled(found: re.Match[str], lines: Sequence[str], at: int, first: int, out: list[Block]) -> int:
    start, value = at, (found[2] or "").strip()
    at += 1
    if not value and at < len(lines) and lines[at].strip() and not _HEADING.match(lines[at]):
        value, at = lines[at].strip(), at + 1
    out.append(Block(Kind.FIELD, f"{found[1]}: {value}", first + start, first + at - 1))
    return at


def _as_code(lines: Sequence[str], at: int, first: int, out: list[Block]) -> int:
    """A paragraph that is shown as it is written, or as somebody else's words."""
    start = at
    while at < len(lines) and lines[at].strip():
        at += 1
    out.append(Block(Kind.CODE, "", first + start, first + max(start, at - 1)))
    return max(at, start + 1)


def _paragraph(lines: Sequence[str], at: int, first: int, out: list[Block]) -> int:
    start = at
    text: list[str] = []
    while at < len(lines) and lines[at].strip():
        line = lines[at]
        if text and (
            _HEADING.match(line) or _FENCE.match(line) or _ATTRIBUTE.match(line) or line.startswith("|===")
        ):
            break
        if text and (_ITEM.match(line) or _LABELLED.match(line)):
            break
        dated = _REVISION.match(line) if start and out and out[-1].level == 1 else None
        text.append(f"date: {dated[1]}" if dated else line.strip().removesuffix(" +"))
        at += 1
    out.append(Block(Kind.PARAGRAPH, "\n".join(text), first + start, first + at - 1))
    return at


def _column_count(line: str) -> int:
    found = _COLUMNS.search(line)
    if not found:
        return 0
    if repeat := re.match(r"(\d{1,2})\*", found[1]):
        return int(repeat[1])
    return len(re.split(r"[,;]", found[1]))


def _table(lines: Sequence[str], first: int, columns: int) -> list[Block]:
    """A table's rows; cells may stand one a line, so the column count tells where a row ends."""
    cells: list[tuple[int, str]] = []
    counted = columns
    header = False
    for offset, line in enumerate(lines):
        if not line.strip():
            header = header or len(cells) == counted > 1
            continue
        if "|" not in line:
            if cells:
                number, text = cells[-1]
                cells[-1] = (number, f"{text} {line.strip()}".strip()[:2_000])
            continue
        parts = re.split(r"(?:(?<=\s)|^)(?:\d*[.+]?\d*[<^>]*[.<^>]*[a-z]?)?\|", line)
        found = [(first + offset, part.strip()) for part in parts[1:]]
        if not counted and len(found) > 1:
            counted = len(found)
        cells += found
        if len(cells) > MAX_CELLS:
            break
    counted = counted or 2
    rows = [cells[i : i + counted] for i in range(0, len(cells), counted)]
    return [
        Block(
            Kind.ROW,
            " | ".join(text for _, text in row),
            row[0][0],
            row[0][0],
            cells=tuple(text for _, text in row),
            header=header and index == 0,
        )
        for index, row in enumerate(rows)
    ]
