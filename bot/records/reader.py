"""A file's bytes to a Record: the one way into this room.

The reader knows no team's format. It makes blocks of the text, collects every field that any dress may hold,
and chooses: what is stated plainly wins over what is guessed, and where two statements disagree the worse one
is taken. Pure and total: any bytes give a Record within milliseconds, with findings for what was refused.
Not here: whether the record is right (checks.py), and what other records say (log.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.records import front_matter, markdown
from bot.records.blocks import Block, Kind, sections_of
from bot.records.dates import Order, read_date
from bot.records.fields import Field, fields_of, name_key
from bot.records.identity import from_path, identify, split_title
from bot.records.inline import plain, title_text
from bot.records.record import Finding, Place, Record, Relation, RelationKind, Status
from bot.records.references import naming
from bot.records.relations import from_metadata, people, relations_of
from bot.records.status import normalise
from bot.records.text import Source, decode

_DATE_KEYS = ("date", "date-decided", "date-since", "date-created", "date-updated")
_GENERIC_TITLE = re.compile(
    r"^(?:adr|rfc|architectur(?:e|al) decision(?: records?)?|decision records?|decision|title)$", re.I
)


@dataclass(frozen=True, slots=True)
class Document:
    """A decoded file taken apart: what every later step reads."""

    source: Source
    front: front_matter.FrontMatter
    blocks: tuple[Block, ...]
    family: str = ""


def read(
    path: str, data: bytes, *, siblings: Mapping[str, bytes] | None = None, order: Order | None = None
) -> Record:
    """The record in this file. Never raises.

    path: in the repository, with slashes; it names the format and often the id. siblings: files beside it by
    name, of which kep.yaml is read. order: how the log writes days and months, where that is known.
    """
    return record_of(parse(path, data), order)


def parse(path: str, data: bytes) -> Document:
    """Bytes to blocks, whatever the markup."""
    source = decode(path, data)
    front = front_matter.split(path, source.lines)
    blocks = markdown.blocks_of(source.lines[front.end :], front.end + 1)
    return Document(source, front, tuple(blocks))


def record_of(document: Document, order: Order | None = None) -> Record:
    """The record that a document states."""
    source, front = document.source, document.front
    path = source.path
    title_block, title_raw = _title(document)
    fields = [*_front_fields(front), *fields_of(document.blocks)]
    stated_id = next((f.value for f in fields if f.key == "id" and f.where == "frontmatter"), None)
    expected = from_path(path).number
    title = split_title(title_raw, expected) if title_raw else None
    identity = identify(path, title, stated_id)
    status, status_field = _status(fields, document.family)
    iso, date_field = _date(fields, order)
    name = naming(path, identity, document.family)
    relations = _relations(document, fields, name)
    places = _places(title_block, status_field, date_field, fields)
    return Record(
        path=path,
        id=identity.id,
        number=identity.number,
        title=(title.text or None) if title else None,
        status=status,
        status_text=status_field.value.strip()[:300] if status_field else None,
        date=iso,
        deciders=people(fields),
        supersedes=_targets(relations, RelationKind.SUPERSEDES),
        superseded_by=_targets(relations, RelationKind.SUPERSEDED_BY),
        amends=_targets(relations, RelationKind.AMENDS),
        amended_by=_targets(relations, RelationKind.AMENDED_BY),
        related=tuple(dict.fromkeys(r.target for r in relations)),
        relations=relations,
        sections=sections_of(document.blocks, source.lines),
        places=places,
        metadata=front.values,
        findings=(*source.findings, *front.findings),
        text=source.text,
        blob_sha=source.blob_sha,
        partially_supersedes=_targets(relations, RelationKind.PARTIALLY_SUPERSEDES),
        partially_superseded_by=_targets(relations, RelationKind.PARTIALLY_SUPERSEDED_BY),
        date_text=date_field.value.strip()[:100] if date_field else None,
        status_where=status_field.where if status_field else None,
        title_text=title_raw,
        title_number=title.number if title else None,
    )


def _targets(relations: Sequence[Relation], kind: RelationKind) -> tuple[str, ...]:
    return tuple(r.target for r in relations if r.kind is kind)


def _front_fields(front: front_matter.FrontMatter) -> list[Field]:
    """Front matter as fields. `status: { accepted }` is a mapping to YAML and a word to its author."""
    out: list[Field] = []
    for name, value in front.values.items():
        key = name_key(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))
        if key is None or key in ("meta", "related"):
            continue
        place = front.places.get(name, Place(1, 1))
        text = _as_text(value, key)
        if key == "id" and name.lower() not in (
            "id",
            "adr",
            "adr_id",
            "adr-id",
            "number",
            "rfc",
            "eip",
            "pep",
        ):
            continue
        out.append(Field(key, name, text, place, "frontmatter", True))
    return out


def _as_text(value: object, key: str) -> str:
    if isinstance(value, Mapping):
        if not all(v in ("", "null", "~") for v in value.values()):
            return ", ".join(f"{k}: {v}" for k, v in value.items())
        names = [str(k) for k in value]
        return names[0] if len(names) == 1 else "{" + " | ".join(names) + "}"
    if isinstance(value, list):
        joiner = ", " if key in ("deciders", "authors") else " | "
        return joiner.join(_as_text(v, key) for v in value[:50])
    return str(value)


def _title(document: Document) -> tuple[Block | None, str | None]:
    """The title's block and text: the first H1 that is a title; front matter's title where there is none."""
    heads = [b for b in document.blocks if b.kind is Kind.HEADING and not b.quote]
    tops = [b for b in heads if b.level == 1]
    for block in tops:
        text = title_text(block.text)
        if not text or name_key(text) or (_GENERIC_TITLE.match(plain(text)) and len(tops) > 1):
            continue
        if block is not tops[0] and heads.index(block) > 1:
            break
        return block, text
    for name in ("title", "Title", "name"):
        value = document.front.values.get(name)
        if isinstance(value, str) and value.strip():
            return None, value.strip()
    return None, None


def _status(fields: Sequence[Field], family: str) -> tuple[Status | None, Field | None]:
    """The status and the field that states it; of two that disagree, the one that permits less."""
    stated: list[tuple[Status, Field]] = []
    for field in fields:
        if field.key != "status" or not (field.in_header or field.where in ("section", "heading-inline")):
            continue
        status = normalise(field.value, family=family)
        if status is not None:
            stated.append((status, field))
    if not stated:
        return None, None
    known = [pair for pair in stated if pair[0] not in (Status.UNKNOWN, Status.PLACEHOLDER)]
    if not known:
        return stated[0]
    status, field = known[0]
    other = next((p for p in known[1:] if p[1].in_header and p[1].where != field.where), None)
    if other and _permits(status) and not _permits(other[0]):
        return other
    return status, field


def _permits(status: Status) -> bool:
    return status in (Status.ACCEPTED, Status.IMPLEMENTED)


def _date(fields: Sequence[Field], order: Order | None) -> tuple[str | None, Field | None]:
    """The date and its field: the plain date before dates of decision, creation or change."""
    first: Field | None = None
    for key in _DATE_KEYS:
        for field in fields:
            if field.key != key or not (field.in_header or field.where == "section"):
                continue
            stated = read_date(plain(field.value), order)
            if stated.iso:
                return stated.iso, field
            if first is None and plain(field.value):
                first = field
        if first is not None and key == "date":
            return None, first
    return None, first


def _relations(document: Document, fields: Sequence[Field], name: object) -> tuple[Relation, ...]:
    from bot.records.references import Naming
    from bot.records.relations import _unique

    assert isinstance(name, Naming)
    front = from_metadata(document.front.values, document.front.places, name)
    status_lines = [f for f in fields if f.where != "frontmatter" or f.key == "status"]
    text = relations_of(status_lines, document.blocks, document.source.lines, name)
    return _unique([*front, *text], name)


def _places(
    title: Block | None, status: Field | None, date: Field | None, fields: Sequence[Field]
) -> dict[str, Place]:
    places: dict[str, Place] = {}
    if title:
        places["title"] = title.place
    if status:
        places["status"] = status.place
    if date:
        places["date"] = date.place
    for field in fields:
        places.setdefault(field.key, field.place)
    return places


def findings_of(record: Record) -> tuple[Finding, ...]:
    """What the reader itself could not accept."""
    return record.findings
