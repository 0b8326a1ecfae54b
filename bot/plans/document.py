"""A record's text as passages: each block with what its heading, list and label say about it.

Lines count as the reader counts them. A quote is always cut out of the text itself, so that anyone can check
it; nothing here rewords. Not here: which passage is a requirement (requirements.py).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.plans.headings import Role, phase_of, role_of, role_of_title
from bot.plans.modality import is_formal
from bot.plans.plan import Source
from bot.plans.wording import cut, lists_reasons, shown, weighs
from bot.records.blocks import Block, Kind
from bot.records.document import parse
from bot.records.inline import plain
from bot.records.record import Record

MAX_PASSAGES = 1_000
"""The longest of 313 public records has 277. More is a book or an attack, and is cut with a warning."""

MAX_PASSAGE = 6_000
"""Characters of one block that are looked at."""

MAX_QUOTE = 2_000
_MOST_LEAD = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """One block in its surroundings.

    kind: heading, paragraph, item or row. text: as in the file, without list marks; its lines stand one to one
    for lines of the file from `line` on. role: of the nearest heading or label. phase: the record's own phase it
    stands in. section: the nearest heading, empty below the record's own title. Of an item: words, as they are
    shown to people; lead, the end of the paragraph that introduces its list, likewise; group, the item above it;
    depth, from 1; parent, whether it has items below it. header: the table's first row.
    """

    kind: Kind
    text: str
    line: int
    end_line: int
    role: Role
    section: str
    phase: str | None = None
    words: str = ""
    lead: str = ""
    group: str = ""
    depth: int = 0
    parent: bool = False
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


def _own(record: Record, blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks of this record, where the file holds others before or after it."""
    heads = [block.line for block in blocks if block.kind is Kind.HEADING and not block.quote]
    if not heads or not record.sections:
        return blocks
    first, last = record.sections[0].place, record.sections[-1].place
    start = first.line if heads[0] < first.line else 0
    end = last.end_line if heads[-1] > last.line else max(last.end_line, blocks[-1].end_line)
    return [block for block in blocks if start <= block.line <= end]


@dataclass(frozen=True, slots=True)
class _Above:
    """An item that others stand below: its depth, and what it says about them."""

    depth: int
    role: Role
    phase: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """The record's lines and passages. cut: there were more passages than are looked at.

    formal: the text speaks in the capital words of RFC 2119 (modality.py).
    """

    path: str
    lines: tuple[str, ...]
    passages: tuple[Passage, ...]
    cut: bool = False
    formal: bool = False

    def source(self, passage: Passage, start: int = 0, end: int | None = None) -> Source:
        """Where text[start:end] of the passage stands, with the exact words of the file."""
        piece = passage.text[start:end]
        line = passage.line + passage.text.count("\n", 0, start)
        last = min(line + piece.count("\n"), max(line, passage.end_line))
        return quote(self.path, self.lines, line, last, piece)


def quote(path: str, lines: tuple[str, ...], line: int, end_line: int, wanted: str = "") -> Source:
    """The words on these lines; narrowed to `wanted` if they stand there so, else the whole lines."""
    line = max(1, min(line, len(lines)))
    end_line = max(line, min(end_line, len(lines)))
    text = "\n".join(lines[line - 1 : end_line])
    first, last = wanted.split("\n", 1)[0].strip(), wanted.rsplit("\n", 1)[-1].strip()
    start = text.find(first)
    stop = text.rfind(last)
    if wanted and start >= 0 and stop >= start:
        text = (
            text[start : text.find(last, start) + len(last)]
            if "\n" not in wanted
            else text[start : stop + len(last)]
        )
    text = text.strip()
    return Source(path=path, line=line, end_line=end_line, quote=text[:MAX_QUOTE].rstrip())


def lines_of(record: Record) -> tuple[str, ...]:
    """The file's lines, numbered as the reader numbers them (all three kinds of line end)."""
    return tuple(record.text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def read(record: Record) -> Document:
    """All passages of a record, in order of the text, at most MAX_PASSAGES."""
    lines = lines_of(record)
    parsed = parse(record.path, record.text.encode("utf-8", "replace"))
    title = record.places.get("title")
    walk = _Walk(_own(record, parsed.blocks), title.line if title else 0)
    passages = tuple(itertools.islice(walk.passages(), MAX_PASSAGES + 1))
    return Document(
        path=record.path,
        lines=lines,
        passages=passages[:MAX_PASSAGES],
        cut=len(passages) > MAX_PASSAGES,
        formal=is_formal("\n".join(lines[parsed.front.end :])),
    )


class _Walk:
    """Goes through the blocks once, remembering the heading, label, list and item that each stands under."""

    def __init__(self, blocks: Sequence[Block], title_line: int) -> None:
        self.blocks = blocks
        self.title_line = title_line
        self.trail: list[
            tuple[int, str]
        ] = []  # level and title of the headings above, the record's own left out
        self.section = ""
        self.home, self.home_phase = Role.OTHER, ""
        self.role, self.phase = Role.OTHER, ""
        self.paragraph, self.lead = "", ""  # the lead is read from the paragraph once an item follows it
        self.stack: list[_Above] = []
        self.header: tuple[str, ...] = ()

    def passages(self) -> Iterator[Passage]:
        """All passages in order of the text."""
        for index, block in enumerate(self.blocks):
            if block.kind is not Kind.ROW:
                self.header = ()
            if block.quote or block.kind in (Kind.CODE, Kind.FIELD):
                continue
            if block.kind is Kind.HEADING:
                yield from self._heading(block)
            elif block.kind is Kind.RULE:
                # What follows a rule inside a section is a footer, no longer what the heading announced.
                self.home, self.home_phase = Role.OTHER, ""
                self.role, self.phase, self.paragraph, self.lead = Role.OTHER, "", "", ""
            elif block.kind is Kind.ROW and block.header:
                self.header = block.cells
            elif block.kind is Kind.ROW:
                yield replace(self._passage(block), cells=block.cells, header=self.header)
            elif block.kind is Kind.ITEM:
                following = next((b for b in self.blocks[index + 1 : index + 4] if b.kind is Kind.ITEM), None)
                yield self._item(block, parent=following is not None and following.level > block.level)
            else:
                yield from self._paragraph(block)

    def _passage(self, block: Block) -> Passage:
        return Passage(
            kind=block.kind,
            text=block.text[:MAX_PASSAGE],
            line=block.line,
            end_line=block.end_line,
            role=self.role,
            section=self.section,
            phase=self.phase or None,
        )

    def _heading(self, block: Block) -> Iterator[Passage]:
        title = plain(block.text)
        while self.trail and self.trail[-1][0] >= block.level:
            self.trail.pop()
        if block.line != self.title_line:
            self.trail.append((block.level, title))
        path = [name for _, name in self.trail]
        self.section = title if block.line != self.title_line else ""
        self.home = role_of(path)
        self.home_phase = (
            next((t for t in reversed(path) if phase_of(t)), "") if self.home is not Role.EXCLUDED else ""
        )
        self.role, self.phase, self.paragraph, self.lead = self.home, self.home_phase, "", ""
        self.stack.clear()
        if block.line != self.title_line:
            yield self._passage(block)

    def _paragraph(self, block: Block) -> Iterator[Passage]:
        if block.level:
            above = self.stack[-1] if self.stack else _Above(0, self.role, self.phase, "")
            yield replace(self._passage(block), role=above.role, phase=above.phase or None, depth=block.level)
            return
        self.stack.clear()
        self.paragraph, self.lead = block.text, ""
        name = standalone_label(block.text)
        if name and self.home is not Role.EXCLUDED:
            own = role_of_title(name)
            self.role = own or (Role.OTHER if self.role is Role.OTHER else self.home)
            self.phase = name if phase_of(name) else self.home_phase
            if phase_of(name):
                yield replace(self._passage(block), kind=Kind.HEADING)
                return
        here = self._passage(block)
        yield replace(here, role=Role.EXCLUDED) if not name and _weighed(here.role, block.text) else here

    def _item(self, block: Block, *, parent: bool) -> Passage:
        while self.stack and self.stack[-1].depth >= block.level:
            self.stack.pop()
        above = self.stack[-1] if self.stack else _Above(0, self.role, self.phase, "")
        if self.paragraph:
            self.paragraph, self.lead = "", shown(self.paragraph)[-_MOST_LEAD:]
        role, phase = above.role, above.phase
        words = plain(block.text)
        if _weighed(role, block.text) or (block.level == 1 and lists_reasons(self.lead)):
            role = Role.EXCLUDED
        if parent and role is not Role.EXCLUDED:
            alone = standalone_label(block.text)
            role = (role_of_title(alone) if alone else None) or role
            if phase_of(words):
                phase = words.strip(" :")
        here = replace(
            self._passage(block),
            role=role,
            phase=phase or None,
            words=cut(words) if block.text[:1] != "[" else shown(block.text),
            lead=self.lead,
            group=above.text,
            depth=block.level,
            parent=parent,
        )
        self.stack.append(_Above(block.level, role, phase, words))
        return here


def _weighed(role: Role, text: str) -> bool:
    """A consequence with its verdict on one line is no work, whatever its words; a test case may say the same."""
    return role not in (Role.WORK, Role.CRITERION) and weighs(text)


def standalone_label(text: str) -> str:
    """ "Related ADRs" for a paragraph or item that is only "**Related ADRs:**" or "Related ADRs:"; else ""."""
    bare = text.strip()
    if "\n" in bare or len(bare) > 120:
        return ""
    bold = bare.rstrip(":").startswith(("**", "__")) and bare.rstrip(":").endswith(("**", "__"))
    words = plain(bare)
    if bold or (words.endswith(":") and len(words.split()) <= 5):
        return words.strip(" :")
    return ""
