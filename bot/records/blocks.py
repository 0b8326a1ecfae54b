"""The common shape of a document, whatever it was written in: headings, paragraphs, items, rows, code.

Markdown, reStructuredText and AsciiDoc are each turned into this, so that reading fields and relations is
written once. Lines of a block's text stand one to one for lines of the file. Not here: parsing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.records.inline import plain
from bot.records.record import Place, Section

MAX_SECTIONS = 600


class Kind(StrEnum):
    """What a block is. CODE is never read for fields: it may hold another record's header."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    RULE = "rule"
    CODE = "code"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Block:
    """One block. line, end_line: from 1, both included. level: of a heading, or an item's depth from 1.

    cells: of a row. header: a row that heads its table. quote: inside a block quote.
    """

    kind: Kind
    text: str
    line: int
    end_line: int
    level: int = 0
    quote: bool = False
    cells: tuple[str, ...] = ()
    header: bool = False

    @property
    def place(self) -> Place:
        """Where the block stands."""
        return Place(self.line, max(self.line, self.end_line))

    def text_lines(self) -> Iterator[tuple[int, str]]:
        """Each line of the text with its number in the file."""
        for offset, line in enumerate(self.text.split("\n")):
            yield min(self.line + offset, max(self.line, self.end_line)), line


def sections_of(blocks: Sequence[Block], lines: Sequence[str]) -> tuple[Section, ...]:
    """The document's sections in order of the text; each ends where the next heading of any level begins."""
    heads = [b for b in blocks if b.kind is Kind.HEADING and not b.quote][:MAX_SECTIONS]
    out: list[Section] = []
    trail: list[tuple[int, str]] = []
    for index, head in enumerate(heads):
        title = plain(head.text)
        while trail and trail[-1][0] >= head.level:
            trail.pop()
        trail.append((head.level, title))
        end = heads[index + 1].line - 1 if index + 1 < len(heads) else len(lines)
        end = max(end, head.end_line)
        body = "\n".join(lines[head.end_line : end]).strip("\n")
        path = tuple(name for _, name in trail)
        out.append(Section(head.level, title, path, Place(head.line, end), body))
    return tuple(out)
