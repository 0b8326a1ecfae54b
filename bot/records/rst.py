"""reStructuredText to blocks: titles, fields, lists, tables and paragraphs, by lines.

Enough of the language to find a header and what a record says of others; directives other than list-table and
literal blocks are CODE, which nothing reads. A PEP's mail-like header is a paragraph of `Name: value` lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice, pairwise

from bot.records.blocks import Block, Kind

_UNDERLINE = re.compile(r"^([=\-`:.'\"~^_*+#<>])\1{2,}[ \t]*$")
_SHORT_UNDERLINE = re.compile(r"^([=\-~^*+#])\1+[ \t]*$")
_FIELD = re.compile(r"^:([A-Za-z][^:\n]{0,60}):(?:[ \t]+(.*))?$")
_ITEM = re.compile(r"^([ \t]*)(?:[-*+•]|#\.|\d{1,3}[.)]|\([a-z\d]\))[ \t]+(.*)$")
_DIRECTIVE = re.compile(r"^([ \t]*)\.\.(?:[ \t]+(.*))?$")
_GRID_RULE = re.compile(r"^[ \t]*\+[-=+]+\+[ \t]*$")
_SIMPLE_RULE = re.compile(r"^=+(?:[ \t]+=+)+[ \t]*$")
_LIST_ROW = re.compile(r"^[ \t]*(\*[ \t]+-|[ \t]-)[ \t]*(.*)$")
_HEADERS = ("adr", "seed", "rfc", "decision", "record", "pep")
_TARGET = re.compile(
    r"^\s*\.\. _(?:`(?P<quoted>[^`]{1,200})`|(?P<name>[^:`]{1,200})):\s+<?(?P<target>[^\s<>`]{1,300})>?\s*$"
)
_REFERENCE = re.compile(
    r"`(?P<quoted>[^`<>]{1,200})`__?(?!\w)|(?<![\w`_:/])(?P<name>[A-Za-z0-9][\w.-]{0,80}?)_(?![\w_`])"
)
MAX_TEXT = 20_000
_TEXTUAL = (
    "note",
    "admonition",
    "important",
    "warning",
    "tip",
    "hint",
    "attention",
    "caution",
    "topic",
    "container",
)


def blocks_of(lines: Sequence[str], first_line: int = 1) -> list[Block]:
    """The blocks of these lines. first_line: the number of the first of them in the file."""
    targets = _targets(lines)
    return [_resolved(block, targets) for block in _Scanner(lines, first_line).run()]


def _targets(lines: Sequence[str]) -> dict[str, str]:
    """Where named references point: `.. _name: target`."""
    found = (_TARGET.match(line[:500]) for line in lines if line.lstrip().startswith(".. _"))
    return {
        _reference_name(one["quoted"] or one["name"]): one["target"]
        for one in islice(filter(None, found), 400)
    }


def _reference_name(text: str) -> str:
    return " ".join(text.lower().split())


def _resolved(block: Block, targets: Mapping[str, str]) -> Block:
    """The block with `name`_ and name_ written as `name <target>`_."""
    if not targets or block.kind is Kind.CODE or "_" not in block.text:
        return block

    def inline(found: re.Match[str]) -> str:
        name = found["quoted"] or found["name"]
        target = targets.get(_reference_name(name))
        return f"`{name} <{target}>`_" if target else found[0]

    text = _REFERENCE.sub(inline, block.text[:MAX_TEXT], count=200) + block.text[MAX_TEXT:]
    return replace(
        block, text=text, cells=tuple(_REFERENCE.sub(inline, cell, count=20) for cell in block.cells)
    )


class _Scanner:
    """One pass over the lines; `at` only ever grows, so the work is linear."""

    def __init__(self, lines: Sequence[str], first_line: int) -> None:
        self.lines = lines
        self.first = first_line
        self.at = 0
        self.levels: list[str] = []
        self.out: list[Block] = []
        self.headed = False

    def run(self) -> list[Block]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line.strip():
                self.at += 1
            elif not (self._title() or self._directive(line) or self._table(line) or self._listed(line)):
                self._paragraph()
        return self.out

    def _line(self, index: int) -> str:
        return self.lines[index] if index < len(self.lines) else ""

    def _add(self, kind: Kind, text: str, start: int, end: int, level: int = 0) -> None:
        self.out.append(Block(kind, text, self.first + start, self.first + end, level))

    def _title(self) -> bool:
        at = self.at
        line, under, third = self._line(at), self._line(at + 1), self._line(at + 2)
        over = _UNDERLINE.match(line)
        if over and under.strip() and third.rstrip() == line.rstrip():
            self._heading(under.strip(), over[1] * 2, at, at + 2)
            return True
        if over and not _SIMPLE_RULE.match(line):
            self._add(Kind.RULE, "", at, at)
            self.at += 1
            return True
        mark = _UNDERLINE.match(under) or (_SHORT_UNDERLINE.match(under) if len(line.strip()) < 4 else None)
        if (
            mark
            and line.strip()
            and not line.startswith((" ", "\t"))
            and len(under.rstrip()) + 2 >= len(line.strip())
        ):
            self._heading(line.strip(), mark[1], at, at + 1)
            return True
        return False

    def _heading(self, text: str, style: str, start: int, end: int) -> None:
        if style not in self.levels:
            self.levels.append(style)
        self._add(Kind.HEADING, text, start, end, min(6, self.levels.index(style) + 1))
        self.at = end + 1

    def _directive(self, line: str) -> bool:
        found = _DIRECTIVE.match(line)
        if not found:
            return False
        start, name = self.at, (found[2] or "")
        end = self._indented_end(start + 1, len(found[1]))
        if name.startswith("list-table::"):
            self._list_table(start + 1, end)
        elif name.split("::")[0] in _HEADERS and not self.headed:
            self.headed = True
            self._options(start + 1, end)
        elif name.split("::")[0] in _TEXTUAL and "::" in name:
            inner = [text.strip() for text in self.lines[start + 1 : end]]
            for block in _Scanner(inner, self.first + start + 1).run():
                if block.kind is not Kind.HEADING:
                    self.out.append(block)
        else:
            self._add(Kind.CODE, "", start, max(start, end - 1))
        self.at = end
        return True

    def _indented_end(self, at: int, indent: int) -> int:
        while at < len(self.lines):
            line = self.lines[at]
            if line.strip() and len(line) - len(line.lstrip()) <= indent:
                break
            at += 1
        return at

    def _options(self, start: int, end: int) -> None:
        for index in range(start, end):
            if found := _FIELD.match(self.lines[index].strip()):
                self._add(Kind.FIELD, f"{found[1]}: {found[2] or ''}", index, index)

    def _list_table(self, start: int, end: int) -> None:
        cells: list[str] = []
        row = start
        for index in range(start, end):
            found = _LIST_ROW.match(self.lines[index])
            if not found:
                continue
            if found[1].startswith("*"):
                self._row(cells, row)
                cells, row = [], index
            cells.append(found[2].strip())
        self._row(cells, row)

    def _row(self, cells: Sequence[str], at: int, *, header: bool = False) -> None:
        if cells:
            number = self.first + at
            self.out.append(
                Block(Kind.ROW, " | ".join(cells), number, number, cells=tuple(cells), header=header)
            )

    def _table(self, line: str) -> bool:
        if _GRID_RULE.match(line):
            while self.at < len(self.lines) and self.lines[self.at].strip().startswith(("+", "|")):
                text = self.lines[self.at].strip()
                if text.startswith("|"):
                    self._row([cell.strip() for cell in text.strip("|").split("|")[:40]], self.at)
                self.at += 1
            return True
        if _SIMPLE_RULE.match(line):
            starts = [m.start() for m in re.finditer(r"=+", line)]
            self.at += 1
            while self.at < len(self.lines) and self.lines[self.at].strip():
                text = self.lines[self.at]
                if not _SIMPLE_RULE.match(text):
                    bounds = [*starts, len(text)]
                    cells = [text[a:b].strip() for a, b in pairwise(bounds)]
                    self._row(cells[:40], self.at)
                self.at += 1
            return True
        return False

    def _listed(self, line: str) -> bool:
        if found := _FIELD.match(line):
            start = self.at
            end = self._indented_end(start + 1, 0)
            more = [text.strip() for text in self.lines[start + 1 : end]]
            while more and not more[-1]:
                more.pop()
            text = "\n".join([f"{found[1]}: {(found[2] or '').strip()}", *more])
            self._add(Kind.FIELD, text, start, start + len(more))
            self.at = end
            return True
        if found := _ITEM.match(line):
            start = self.at
            self.at += 1
            words = [found[2]]
            while self.at < len(self.lines):
                following = self.lines[self.at]
                if not following.strip() or _ITEM.match(following) or not following.startswith((" ", "\t")):
                    break
                words.append(following.strip())
                self.at += 1
            self._add(Kind.ITEM, "\n".join(words), start, self.at - 1, len(found[1]) // 2 + 1)
            return True
        return False

    def _paragraph(self) -> None:
        start = self.at
        indent = len(self._line(start)) - len(self._line(start).lstrip())
        text: list[str] = []
        while self.at < len(self.lines) and self.lines[self.at].strip():
            if text and (_FIELD.match(self.lines[self.at]) or _UNDERLINE.match(self._line(self.at + 1))):
                break
            text.append(self.lines[self.at].strip())
            self.at += 1
        last = self.out[-1].kind if self.out else None
        quote = indent > 0 and last in (Kind.PARAGRAPH, Kind.HEADING)
        text_block = Block(
            Kind.PARAGRAPH, "\n".join(text), self.first + start, self.first + self.at - 1, 0, quote
        )
        self.out.append(text_block)
        if text and text[-1].endswith("::"):
            end = self._indented_end(self.at, indent)
            if end > self.at:
                self._add(Kind.CODE, "", self.at, end - 1)
                self.at = end
