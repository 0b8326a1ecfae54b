"""Header fields of a document in any dress: bold lines, bullets, tables, field lists, sections, attributes.

The header is what stands before the first heading of content; there, any known name followed by a value is a
field. Sections named like a field ("## Status") count wherever they stand, code and quotes never. Several
candidates for one field are all kept, in order: reader.py picks, checks.py compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from bot.records.blocks import Block, Kind
from bot.records.field_lines import label, may_hold, name_key, named, pieces
from bot.records.hidden import unstruck
from bot.records.inline import plain, without_comments
from bot.records.record import Place

MAX_FIELDS = 400
MAX_LINES = 80
"""Lines of one paragraph that are looked at; a header has a dozen."""
MAX_CELLS = 8


@dataclass(frozen=True, slots=True)
class Field:
    """One field. key: a value of FIELD_NAMES; value: as written, several lines possible; where: its dress.

    where: bold-line, bullet, line, table, section, heading-inline, attribute or frontmatter. in_header: before
    the first heading of content. blocks: those of its section, if it is one; level: of its heading. quoted: it
    stands in a quotation.
    """

    key: str
    name: str
    value: str
    place: Place
    where: str
    in_header: bool
    blocks: tuple[Block, ...] = ()
    level: int = 0
    quoted: bool = False


HEADER_SECTIONS = re.compile(
    r"^(?:metadata|meta|meta data|header|document (?:info|information|control|properties)|info|"
    r"information|details|adr info|"
    r"adr metadata|decision info|prologue.*|preamble|properties|overview|front ?matter|record|history|"
    r"revision history)$",
    re.I,
)


_NO = re.compile(r"^(?:no|n|not yet|false|never|pending|open|0|[✗✘❌✖☐□-]|\[\s?\])$", re.I)
_RELATIONS = ("supersedes", "superseded-by", "amends", "amended-by")
_PERSON = re.compile(r"^(?:reviewer|approver|voter|member|stakeholder|person|who|signatory|team)s?$", re.I)
_IN_CODE = re.compile(r"`[^`:]{1,60}:[^`]*`\W*$")
_OF_OTHERS = re.compile(
    r"^\W*(?:partially\s+)?(?:super[sc]ee?des|replaces|obsoletes|amends|amended\s+by|clarifies|refines|extends)\b[:\s]*"
    r"[\W]*(?:\d|adr|rfc)",
    re.I,
)


def fields_of(blocks: Sequence[Block]) -> list[Field]:
    """All field candidates of a document, in order of the text."""
    out: list[Field] = []
    header = True
    titled = False
    blocks = [_unstruck(block) for block in blocks]
    for index, block in enumerate(blocks):
        if len(out) >= MAX_FIELDS:
            break
        if block.kind in (Kind.CODE, Kind.RULE):
            continue
        if block.kind is Kind.HEADING:
            if block.quote:
                continue
            found = _heading(blocks, index, header)
            if found:
                out.append(found)
            elif not header or HEADER_SECTIONS.match(plain(block.text)):
                pass
            elif titled or (block.level > 1 and name_key(block.text) is None and out):
                header = False
            titled = True
        elif block.kind is Kind.ROW:
            out += _quoted(block, _row(blocks, index, header))
        else:
            out += _quoted(block, _lines(blocks, index, header))
    return out


def _quoted(block: Block, found: Iterator[Field]) -> Iterator[Field]:
    return (replace(field, quoted=True) for field in found) if block.quote else found


def _unstruck(block: Block) -> Block:
    """The block without what is struck out, which states nothing."""
    if block.kind is Kind.CODE or not ("~~" in block.text or "<" in block.text):
        return block
    return replace(block, text=unstruck(block.text), cells=tuple(unstruck(cell) for cell in block.cells))


def _heading(blocks: Sequence[Block], index: int, header: bool) -> Field | None:
    block = blocks[index]
    text = without_comments(block.text)
    found = named(text)
    if found and plain(found[2]):
        if found[0] in ("id", "title", "related", "meta"):
            return None
        return Field(
            found[0],
            found[1],
            found[2].strip(" *_"),
            block.place,
            "heading-inline",
            header,
            (),
            block.level,
        )
    numberless = re.sub(r"^\s*[\d.]{1,6}[.)]?\s+", "", text).rstrip(" :")
    key = name_key(numberless)
    if key is None or key in ("id", "title", "meta", "date-decided"):
        return None
    under = tuple(_under(blocks, index))
    value = _first_value([b for b in under if not _says_of_others(b)] if key == "status" else under)
    last = under[-1].end_line if under else block.end_line
    return Field(
        key,
        plain(text),
        value,
        Place(block.line, max(last, block.line)),
        "section",
        header,
        under,
        block.level,
    )


def _under(blocks: Sequence[Block], index: int) -> Iterator[Block]:
    level = blocks[index].level
    for block in blocks[index + 1 :]:
        if block.kind is Kind.HEADING and not block.quote:
            if block.level <= level:
                return
            continue
        yield block


def _says_of_others(block: Block) -> bool:
    """Whether a paragraph of a status section says what this record does to others, or nothing that holds."""
    return block.kind is Kind.PARAGRAPH and (not block.text.strip() or bool(_OF_OTHERS.match(block.text)))


def _first_value(under: Sequence[Block]) -> str:
    """The text that a field section begins with: one paragraph, or the items of one list."""
    first = next((b for b in under if b.kind not in (Kind.CODE, Kind.RULE)), None)
    if first is None or under[0].kind is Kind.CODE:
        return ""
    if first.kind is Kind.ITEM:
        items = []
        for block in under[under.index(first) :]:
            if block.kind is not Kind.ITEM:
                break
            items.append(block.text)
        return "\n".join(items)
    if first.kind is Kind.ROW:
        return _from_table([b for b in under if b.kind is Kind.ROW])
    return first.text


def _from_table(rows: Sequence[Block]) -> str:
    """The one value of a table under a field's heading; a table of several states with marks says none."""
    bodies = [row for row in rows if not row.header]
    if len(bodies) != 1 or not rows[0].header:
        return "table: " + " / ".join(cell for row in bodies[:12] for cell in row.cells[:1])
    column = next((i for i, cell in enumerate(rows[0].cells) if name_key(cell) == "status"), 0)
    if any(_NO.match(plain(cell)) for i, cell in enumerate(bodies[0].cells) if i != column):
        return "table: " + " / ".join(bodies[0].cells[:MAX_CELLS])
    return bodies[0].cells[column] if column < len(bodies[0].cells) else ""


def _row(blocks: Sequence[Block], index: int, header: bool) -> Iterator[Field]:
    row = blocks[index]
    cells = [without_comments(cell) for cell in row.cells[:MAX_CELLS]]
    keys = [name_key(cell.rstrip(" :*_")) if plain(cell) else None for cell in cells]
    if row.header and len(cells) >= 2 and keys[0] and keys[1] and not _states_at_once(blocks, index, keys):
        yield from _column_headed(blocks, index, keys, header)
        return
    if index and _is_under_headed(blocks, index):
        return
    at = 0
    while at < len(cells):
        key = keys[at]
        if key and at + 1 < len(cells):
            yield Field(key, plain(cells[at]), cells[at + 1], row.place, "table", header)
            at += 2
        elif at == 0 and len(cells) == 1:
            yield from (Field(k, n, v, row.place, "table", header) for k, n, v in pieces(cells[0]))
            at += 1
        else:
            at += 1
            if at > 1 and not key:
                break


def _states_at_once(blocks: Sequence[Block], index: int, keys: Sequence[str | None]) -> bool:
    """Whether a table's first row is a field as those below it: `| Status | Accepted |` over `| Authors | … |`."""
    if len(keys) != 2 or keys[0] != "status" or keys[1] != "date-decided":
        return False
    below = takewhile(
        lambda block: block.kind is Kind.ROW and not block.header, blocks[index + 1 : index + 20]
    )
    return any(name_key(block.cells[0].rstrip(" :*_")) for block in below if block.cells)


def _column_headed(
    blocks: Sequence[Block], index: int, keys: Sequence[str | None], header: bool
) -> Iterator[Field]:
    rows = []
    for block in blocks[index + 1 :]:
        if block.kind is not Kind.ROW or block.header:
            break
        rows.append(block)
    if len(rows) != 1 and "status" not in keys:
        return  # a history of versions, not a header
    if len(rows) != 1:
        return
    if _PERSON.match(plain(blocks[index].cells[0])):
        return  # what one person thinks of it
    for key, cell in zip(keys, rows[0].cells, strict=False):
        if key:
            yield Field(key, key, cell, rows[0].place, "table", header)


def _is_under_headed(blocks: Sequence[Block], index: int) -> bool:
    for at in range(index - 1, max(-1, index - 61), -1):
        block = blocks[at]
        if block.kind is not Kind.ROW:
            return False
        if block.header:
            keys = [name_key(cell.rstrip(" :*_")) for cell in block.cells[:2]]
            return len(keys) == 2 and all(keys) and not _states_at_once(blocks, at, keys)
    return False


def _lines(blocks: Sequence[Block], index: int, header: bool) -> Iterator[Field]:
    block = blocks[index]
    if (over := _over_a_list(blocks, index)) and header:
        yield _labelled(blocks, index, *over, block.line, [], header)
        return
    if (block.quote and not header) or not may_hold(block.text):
        return
    where = "bullet" if block.kind is Kind.ITEM else "attribute" if block.kind is Kind.FIELD else "line"
    lines = list(islice(block.text_lines(), MAX_LINES))
    for offset, (number, line) in enumerate(lines):
        if alone := label(line):
            yield _labelled(blocks, index, *alone, number, [text for _, text in lines[offset + 1 :]], header)
            continue
        dress = "bold-line" if where == "line" and line.lstrip().startswith(("**", "__")) else where
        if line.lstrip().startswith("`") and line.count("`") % 2 == 0 and _IN_CODE.match(line.strip()):
            continue
        for key, name, value in pieces(line):
            if value or key == "meta":
                yield _continued(Field(key, name, value, Place(number, number), dress, header), lines, offset)
            else:
                rest = [text for _, text in lines[offset + 1 :]]
                yield _labelled(blocks, index, key, name, number, rest, header)


def _over_a_list(blocks: Sequence[Block], index: int) -> tuple[str, str] | None:
    """(key, name) of an item that is nothing but a relation's name, over items of its own."""
    block = blocks[index]
    if block.kind is not Kind.ITEM or len(block.text) > 40 or index + 1 == len(blocks):
        return None
    below = blocks[index + 1]
    name = plain(block.text).rstrip(" :")
    key = name_key(name) if below.kind is Kind.ITEM and below.level > block.level else None
    return (key, name) if key in _RELATIONS else None


def _continued(field: Field, lines: Sequence[tuple[int, str]], offset: int) -> Field:
    """A relation's value may run over the following lines of its paragraph; a status or date may not."""
    if field.key in ("status", "meta", "id", "title", "deciders", "authors") or field.key.startswith("date"):
        return field
    more = list(takewhile(lambda pair: not named(pair[1]), lines[offset + 1 : offset + 20]))
    if not more:
        return field
    value = "\n".join([field.value, *(text for _, text in more)])
    return replace(field, value=value, place=Place(field.place.line, more[-1][0]))


def _labelled(
    blocks: Sequence[Block], index: int, key: str, name: str, number: int, rest: Sequence[str], header: bool
) -> Field:
    """A label that stands alone: its value is the rest of the paragraph, else the list or paragraph after it."""
    following = list(takewhile(lambda text: not (named(text) or label(text)), rest))
    if any(text.strip() for text in following):
        text = "\n".join(following)
        body = Block(Kind.PARAGRAPH, text, number + 1, number + len(following))
        value = text.split("\n")[0] if key == "status" else text
        return Field(key, name, value, Place(number, number + len(following)), "bold-line", header, (body,))
    under = [] if rest else list(_after_label(blocks, index))
    end = under[-1].end_line if under else number
    return Field(
        key, name, _first_value(under), Place(number, max(number, end)), "bold-line", header, tuple(under)
    )


def _after_label(blocks: Sequence[Block], index: int) -> Iterator[Block]:
    """The list, or the one paragraph, that follows a label."""
    start = blocks[index]
    first: Block | None = None
    for block in blocks[index + 1 : index + 200]:
        if block.kind not in (Kind.ITEM, Kind.PARAGRAPH) or (first and block.kind is not first.kind):
            return
        if start.kind is Kind.ITEM and not (block.kind is Kind.ITEM and block.level > start.level):
            return
        line = block.text.split("\n")[0]
        if block.kind is Kind.PARAGRAPH and (first or named(line) or label(line)):
            return
        first = first or block
        yield block
