"""Markdown that needs no parser: headings, paragraphs, tables and flat lists that stand by themselves.

Most lines of a record are of these, and the library spends most of a reading on them. Whatever is not plainly
one of them is left to the library, in stretches that begin and end where CommonMark closes every container; so
the blocks are the same, only sooner, and a test compares the two on any text. Not here: everything that nests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_HEADING = re.compile(r"(#{1,6}) ([^\s#][^\t]*)$")
_START = re.compile(
    r"[^\W_]|[|\"'(“‘§→✅❌⚠]|\*{1,2}(?=[^\W_])|_{1,2}(?=[^\W_])|`(?!`)|!\[|\[[^\[\]]+\](?!:)"
)
_ORDERED = re.compile(r"\d{1,9}[.)](?:[ \t]|$)")
_INTERRUPTS = re.compile(
    r"#|>|[-*+](?:[ \t]|$)|\d{1,9}[.)](?:[ \t]|$)|`{3}|~{3}|<|=+[ \t]*$|-+[ \t]*$|(?:[-*_][ \t]*){3,}$|\t"
)
_BULLET = re.compile(r"(?:[-*+]|\d{1,9}[.)]) (?=\S)")
_FENCE = re.compile(r"( *)((?:(?:[-*+]|\d{1,9}[.)]) +)*)(`{3,}|~{3,})(.*)$")


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines start to end (not included). text: None if not plain. level: of a heading. item: in a list."""

    start: int
    end: int
    text: str | None = None
    level: int = 0
    item: bool = False
    code: bool = False


def pieces_of(lines: Sequence[str]) -> Iterator[Piece]:
    """The text in pieces, in order: plain ones, and stretches for the library."""
    at, count = 0, len(lines)
    while at < count:
        if _blank(lines[at]):
            at += 1
            continue
        found = _heading(lines, at) or _paragraph(lines, at) or _code(lines, at)
        if found:
            yield found
            at = found.end
            continue
        items = _list(lines, at)
        if items:
            yield from items
            at = items[-1].end
            continue
        end = _library_end(lines, at)
        yield Piece(at, end)
        at = end


def _heading(lines: Sequence[str], at: int) -> Piece | None:
    line = lines[at]
    if line[0] != "#" or not (found := _HEADING.match(line)):
        return None
    text = found[2].rstrip()
    return None if text.endswith("#") else Piece(at, at + 1, text, len(found[1]))


def _paragraph(lines: Sequence[str], at: int) -> Piece | None:
    """A paragraph from here, up to a blank line, a heading or a bullet; None if it may be anything else."""
    first = lines[at]
    if not _START.match(first) or _ORDERED.match(first):
        return None
    end = at + 1
    while end < len(lines) and (line := lines[end]) and not _blank(line):
        bare = line.lstrip(" ")
        if _INTERRUPTS.match(bare):
            if bare != line:
                return None
            if _opens(line):
                break
            if _HEADING.match(line) or (
                _BULLET.match(line) and (line[0] in "-*+" or line.startswith(("1. ", "1) ")))
            ):
                if _rule_or_underline(line):
                    return None
                break
            return None
        end += 1
    return Piece(at, end, "\n".join(lines[at:end]).strip())


def _opens(line: str) -> str:
    """The mark of the fence that this line opens at the left edge; empty if it opens none."""
    if not line.startswith(("```", "~~~")) or not (found := _FENCE.match(line)):
        return ""
    return "" if found[3][0] == "`" and "`" in found[4] else found[3]


def _code(lines: Sequence[str], at: int) -> Piece | None:
    """A block of fenced code that is closed."""
    if not (fence := _opens(lines[at])):
        return None
    for number in range(at + 1, len(lines)):
        bare = lines[number].lstrip(" ")
        if (
            bare.startswith(fence)
            and len(lines[number]) - len(bare) <= 3
            and not bare.strip(fence[0] + " \t")
        ):
            if bare.rstrip(" \t").strip(fence[0]):
                continue
            return Piece(at, number + 1, "".join(f"{line}\n" for line in lines[at + 1 : number]), code=True)
    return None


def _blank(line: str) -> bool:
    return not line or not line.strip(" \t")


def _rule_or_underline(line: str) -> bool:
    return not line.strip("-*_ \t=")


def _list(lines: Sequence[str], at: int) -> list[Piece]:
    """A list without anything nested in it, whose next line closes it; empty if it is not that simple."""
    out: list[Piece] = []
    count = len(lines)
    while at < count and (mark := _BULLET.match(lines[at])) and not _rule_or_underline(lines[at]):
        width = mark.end()
        content = lines[at][width:]
        if not _START.match(content) or _ORDERED.match(content):
            return []
        end = at + 1
        words = [content]
        while end < count and (line := lines[end]) and not _blank(line) and not _BULLET.match(line):
            bare = line.lstrip(" ")
            if _INTERRUPTS.match(bare):
                if _HEADING.match(line):
                    break
                return []
            words.append(line[min(width, len(line) - len(bare)) :])
            end += 1
        out.append(Piece(at, end, "\n".join(words).strip(), 1, item=True))
        at = end
        while at < count and _blank(lines[at]):
            at += 1
    if at < count and not (out and _closes(lines[at])):
        return []
    return out


def _closes(line: str) -> bool:
    """Whether a line at the left edge, after a blank one, ends every list and quote before it."""
    return bool(_START.match(line) and not _ORDERED.match(line)) or bool(_HEADING.match(line))


def _library_end(lines: Sequence[str], at: int) -> int:
    """Where the library may stop: a plain line after a blank one, outside of code; else the end."""
    fence = ""
    indent = 0
    blank = html = False
    count = len(lines)
    for number in range(at, count):
        line = lines[number]
        if _blank(line):
            blank, html = True, False
            continue
        bare = line.lstrip(" ")
        if fence:
            if len(line) - len(bare) < indent:
                return count  # it may have left what the code stands in
            if (
                bare.startswith(fence)
                and not bare.strip(fence[0] + " \t")
                and len(line) - len(bare) <= indent + 3
            ):
                fence = ""
        elif "`" in line or "~" in line:
            if (found := _FENCE.match(line)) and not (found[3][0] == "`" and "`" in found[4]):
                if html or len(found[1]) > 3 or "\t" in line[:40]:
                    return count
                fence, indent = found[3], len(found[1]) + len(found[2])
            elif blank and number > at and _closes(line):
                return number
        elif blank and number > at and _closes(line):
            return number
        if bare[0] == "<":
            if re.match(r"<(?:script|pre|style|textarea|[!?])", bare, re.I):
                return count
            html = True
        blank = False
    return count
