"""Header fields of a document in any dress: bold lines, bullets, tables, field lists, sections, attributes.

The header is what stands before the first heading of content; there, any known name followed by a value is a
field. Sections named like a field ("## Status") count wherever they stand, code and quotes never. Several
candidates for one field are all kept, in order: reader.py picks, checks.py compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.records.blocks import Block, Kind
from bot.records.field_names import FIELD_NAMES
from bot.records.inline import plain, without_comments
from bot.records.record import Place

MAX_LINE = 1_500
MAX_FIELDS = 400


@dataclass(frozen=True, slots=True)
class Field:
    """One field. key: a value of FIELD_NAMES; value: as written, several lines possible; where: its dress.

    where: bold-line, bullet, line, table, section, heading-inline, attribute or frontmatter. in_header: before
    the first heading of content. blocks: those of its section, if it is one; level: of its heading.
    """

    key: str
    name: str
    value: str
    place: Place
    where: str
    in_header: bool
    blocks: tuple[Block, ...] = ()
    level: int = 0


_NAME_SHAPE = re.compile(
    r"^[\s>|*_`~#+•·–—-]*(?:[^\w\s\[\](){}<>\"']{1,6}[\s*_]*)?"
    r"(?P<name>[^\W\d_][\w /&().'-]{0,40}?)[\s*_`]*(?P<colon>[::=])(?P<rest>.*)$",
    re.S,
)
_BOLD_NAME = re.compile(
    r"^\s*(?:[-*+]\s+)?(?:\*\*|__)(?P<name>[^*_:]{2,40})(?:\*\*|__)\s*[–—-]?\s+(?P<rest>\S.*)$"
)
_BOLD_ONLY = re.compile(r"^\s*(?:\*\*|__)(?P<name>[^*_:]{2,40}):?(?:\*\*|__)\s*:?\s*$")
_DASHED = re.compile(r"^(?P<name>[^\W\d_][\w ]{1,30}?)\s+[–—-]\s+(?P<rest>\S.*)$")
_INNER_BOLD = re.compile(r"(?<=\S)\s+(?=(?:\*\*|__)[^*_:\n]{2,30}(?::(?:\*\*|__)|(?:\*\*|__)\s*:))")
_PIECES = re.compile(r"\s+(?:\||·|•|∙|—|–|/|‖)\s+|\s*;\s+|\s{3,}|\t+|<br\s*/?>", re.I)
_HEADER_SECTIONS = re.compile(
    r"^(?:metadata|meta|meta data|header|document (?:info|information|control|properties)|info|"
    r"information|details|adr info|"
    r"adr metadata|decision info|prologue.*|properties|overview|front ?matter|record|history|"
    r"revision history)$",
    re.I,
)


def name_key(name: str) -> str | None:
    """Which field this name means, if it is one that we know."""
    bare = re.sub(r"[^\w\s-]+", " ", plain(name).lower()).replace("_", " ")
    bare = re.sub(r"\s+", " ", bare).strip(" -")
    return FIELD_NAMES.get(bare) or FIELD_NAMES.get(bare.replace("-", " "))


def fields_of(blocks: Sequence[Block]) -> list[Field]:
    """All field candidates of a document, in order of the text."""
    out: list[Field] = []
    header = True
    titled = False
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
            elif _HEADER_SECTIONS.match(plain(block.text)):
                pass
            elif titled or (block.level > 1 and name_key(block.text) is None and out):
                header = False
            titled = True
        elif block.kind is Kind.ROW:
            out += _row(blocks, index, header)
        else:
            out += _lines(blocks, index, header)
    return out


def _heading(blocks: Sequence[Block], index: int, header: bool) -> Field | None:
    block = blocks[index]
    text = without_comments(block.text)
    shape = _NAME_SHAPE.match(text)
    if shape and (key := name_key(shape["name"])) and plain(shape["rest"]):
        if key in ("id", "title", "related", "meta"):
            return None
        return Field(
            key,
            shape["name"],
            shape["rest"].strip(" *_"),
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
    value = _first_value(under)
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
        return " / ".join(cell for row in bodies for cell in row.cells[:1])
    column = next((i for i, cell in enumerate(rows[0].cells) if name_key(cell) == "status"), 0)
    return bodies[0].cells[column] if column < len(bodies[0].cells) else ""


def _row(blocks: Sequence[Block], index: int, header: bool) -> Iterator[Field]:
    row = blocks[index]
    cells = [without_comments(cell) for cell in row.cells]
    keys = [name_key(cell.rstrip(" :*_")) if plain(cell) else None for cell in cells]
    if row.header and len(cells) >= 2 and keys[0] and keys[1]:
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
            yield from _pieces(cells[0], row.line, row.place.end_line, "table", header)
            at += 1
        else:
            at += 1
            if at > 1 and not key:
                break


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
    for key, cell in zip(keys, rows[0].cells, strict=False):
        if key:
            yield Field(key, key, cell, rows[0].place, "table", header)


def _is_under_headed(blocks: Sequence[Block], index: int) -> bool:
    for block in reversed(blocks[max(0, index - 60) : index]):
        if block.kind is not Kind.ROW:
            return False
        if block.header:
            keys = [name_key(cell) for cell in block.cells[:2]]
            return len(keys) == 2 and all(keys)
    return False


def _lines(blocks: Sequence[Block], index: int, header: bool) -> Iterator[Field]:
    block = blocks[index]
    if block.quote and not header:
        return
    where = "bullet" if block.kind is Kind.ITEM else "attribute" if block.kind is Kind.FIELD else "line"
    lines = list(block.text_lines())
    for offset, (number, line) in enumerate(lines):
        line = line[:MAX_LINE]
        if only := _BOLD_ONLY.match(line):
            key = name_key(only["name"])
            if key and key != "meta":
                rest = "\n".join(text for _, text in lines[offset + 1 :])
                yield _labelled(blocks, index, key, only["name"], number, rest, header)
                return
        for field in _pieces(line, number, number, where, header):
            if field.value or field.key == "meta":
                yield _continued(field, lines, offset)
            else:
                rest = "\n".join(text for _, text in lines[offset + 1 :])
                yield _labelled(blocks, index, field.key, field.name, number, rest, header)


def _continued(field: Field, lines: Sequence[tuple[int, str]], offset: int) -> Field:
    """A relation's value may run over the following lines of its paragraph; a status or date may not."""
    if field.key in ("status", "meta", "id", "title", "deciders", "authors") or field.key.startswith("date"):
        return field
    more: list[str] = []
    end = field.place.end_line
    for number, line in lines[offset + 1 : offset + 20]:
        if any(True for _ in _pieces(line[:MAX_LINE], number, number, field.where, False)):
            break
        more.append(line)
        end = number
    if not more:
        return field
    value = "\n".join([field.value, *more])
    return Field(field.key, field.name, value, Place(field.place.line, end), field.where, field.in_header)


def _labelled(
    blocks: Sequence[Block], index: int, key: str, name: str, number: int, rest: str, header: bool
) -> Field:
    """A label that stands alone: its value is the rest of the paragraph, else the list or paragraph after it."""
    label = blocks[index]
    if rest.strip():
        place = Place(number, max(number, label.end_line))
        body = Block(Kind.PARAGRAPH, rest, number + 1, label.end_line)
        return Field(
            key, name, rest if key != "status" else rest.split("\n")[0], place, "bold-line", header, (body,)
        )
    under: list[Block] = []
    for block in blocks[index + 1 : index + 200]:
        if block.kind in (Kind.HEADING, Kind.RULE, Kind.CODE, Kind.ROW):
            break
        if label.kind is Kind.ITEM and not (block.kind is Kind.ITEM and block.level > label.level):
            break
        if under and block.kind is not under[0].kind:
            break
        if block.kind is not Kind.ITEM and (under or _BOLD_ONLY.match(block.text.split("\n")[0])):
            break
        under.append(block)
    value = _first_value(under)
    end = under[-1].end_line if under else number
    return Field(key, name, value, Place(number, max(number, end)), "bold-line", header, tuple(under))


def _pieces(line: str, number: int, end: int, where: str, header: bool) -> Iterator[Field]:
    """The fields on one line: one, or several with marks between them."""
    whole = _named(line)
    if whole is None:
        return
    parts = [part for chunk in _INNER_BOLD.split(line) for part in _PIECES.split(chunk)]
    merged: list[tuple[str, str, str]] = []
    for part in parts:
        named = _named(part) if part.strip() else None
        if named:
            merged.append(named)
        elif merged and part.strip():
            key, name, value = merged[-1]
            merged[-1] = (key, name, f"{value} | {part.strip()}")
    if len(merged) <= 1:
        merged = [whole]
    dress = "bold-line" if where == "line" and line.lstrip().startswith(("**", "__")) else where
    for key, name, value in merged:
        yield Field(key, name, value, Place(number, end), dress, header)


def _named(line: str) -> tuple[str, str, str] | None:
    """(key, name, value) if the line is `name: value` with a known name."""
    text = without_comments(line)
    if (shape := _NAME_SHAPE.match(text)) and (key := name_key(shape["name"])):
        rest = shape["rest"]
        if rest.startswith("//"):
            return None
        return key, shape["name"].strip(), _unmarked(rest)
    if (shape := _BOLD_NAME.match(text)) and (key := name_key(shape["name"])) and key != "meta":
        return key, shape["name"].strip(), _unmarked(shape["rest"])
    if (shape := _DASHED.match(plain(text))) and name_key(shape["name"]) in ("status", "date"):
        return str(name_key(shape["name"])), shape["name"], shape["rest"]
    return None


def _unmarked(rest: str) -> str:
    """The value without the closing marks of a bold name or a bold line."""
    rest = re.sub(r"^[\s]*(?:\*\*|__|\*|_)?(?=\s|$)", "", rest).strip()
    rest = rest.rstrip("\\").strip()
    for mark in ("**", "__"):
        if rest.count(mark) % 2 and rest.endswith(mark):
            rest = rest[: -len(mark)]
    return rest.strip()
