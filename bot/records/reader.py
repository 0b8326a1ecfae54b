"""A file's bytes to a Record: the one way into this room.

The reader knows no team's format. It makes blocks of the text, collects every field that any dress may hold,
and chooses: what is stated plainly wins over what is guessed, and where two statements disagree the worse one
is taken. Pure and total: any bytes give a Record within milliseconds, with findings for what was refused.
Not here: whether the record is right (checks.py), and what other records say (log.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.records import front_matter
from bot.records.banner import from_banner
from bot.records.blocks import Block, Kind, sections_of
from bot.records.choose import PERMITS, choose_date, choose_status, put_aside, statuses
from bot.records.dates import Order, read_date
from bot.records.document import Document, parse
from bot.records.field_lines import name_key
from bot.records.fields import Field, fields_of
from bot.records.identity import from_path, identify
from bot.records.inline import plain
from bot.records.record import Finding, Place, Record, Relation, RelationKind, Severity, Status
from bot.records.references import Naming, naming, own_word
from bot.records.relations import from_metadata, people, relations_of, unique
from bot.records.setting import Setting, setting_of
from bot.records.site import Site
from bot.records.split import split
from bot.records.status import normalise
from bot.records.titles import find_title, split_title


def read(
    path: str,
    data: bytes,
    *,
    siblings: Mapping[str, bytes] | None = None,
    order: Order | None = None,
    site: Site | None = None,
) -> Record:
    """The record in this file. Never raises.

    path: in the repository, with slashes; it names the format and often the id. siblings: files beside it by
    name, of which kep.yaml is read. order: how the log writes days and months, where that is known.
    site: where the repository is shown on the web; with it, full addresses of its files are links into its log.
    """
    document = parse(path, data, siblings)
    parts = split(document)
    if not parts:
        return record_of(document, order, site)
    whole = record_of(document, order, site)
    reason = f"The file holds {len(parts)} records; each one is read by itself."
    finding = Finding("several-records", Severity.NOTICE, path, Place(1, 1), reason)
    return replace(whole, status=None, status_text=None, date=None, findings=(*whole.findings, finding))


def read_all(
    path: str,
    data: bytes,
    *,
    siblings: Mapping[str, bytes] | None = None,
    order: Order | None = None,
    site: Site | None = None,
) -> list[Record]:
    """All records of a file: usually one; several where a team keeps its whole log in one file. Never raises."""
    document = parse(path, data, siblings)
    return [record_of(part, order, site) for part in split(document) or [document]]


def record_of(document: Document, order: Order | None = None, site: Site | None = None) -> Record:
    """The record that a document states."""
    source, front = document.source, document.front
    path = source.path
    fields = [*_front_fields(front), *fields_of(document.blocks)]
    title_block, title_raw = find_title(document, fields)
    stated_id = next((f.value for f in fields if f.key == "id" and f.where == "frontmatter"), None)
    expected = from_path(path).number if document.part is None else None
    title = split_title(title_raw, expected) if title_raw else None
    identity = identify(
        path,
        stated_id,
        title.label if title else None,
        title.digits if title and title.text else "",
        named=document.part is None,
    )
    stating = _of_this_one(fields, document.blocks, title_block, identity.number)
    setting = setting_of(document.blocks, source.lines)
    stated = put_aside(choose_status(stating, setting, document.family), path)
    status, status_field = (stated.status, stated.field) if stated else (None, None)
    iso, date_field = choose_date(path, fields, status_field, order)
    label = title.label if title and title.label else own_word(source.text, path, site)
    name = naming(path, identity, document.family, site, label)
    relations = _relations(document, fields, name)
    if title_block and title and title.number is not None and title.number != identity.number:
        own = name.id_of(title.number)  # the record's own title, though its file has another number
        relations = tuple(r for r in relations if r.target != own or r.place.line != title_block.line)
    places = _places(title_block, status_field, date_field, fields)
    banner = from_banner(status, relations, document.blocks, (title_block, title.text if title else None))
    if banner:
        status, places["status"] = banner.status, banner.place
    return Record(
        path=path,
        id=identity.id,
        number=identity.number,
        title=(title.text or None) if title else None,
        status=status,
        status_text=banner.quote if banner else status_field.value.strip()[:300] if status_field else None,
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
        findings=(*source.findings, *front.findings, *_conflicts(path, fields, setting, document.family)),
        text=source.text,
        blob_sha=source.blob_sha,
        partially_supersedes=_targets(relations, RelationKind.PARTIALLY_SUPERSEDES),
        partially_superseded_by=_targets(relations, RelationKind.PARTIALLY_SUPERSEDED_BY),
        date_text=date_field.value.strip()[:100] if date_field else None,
        status_where="banner" if banner else status_field.where if status_field else None,
        status_doubt=stated.doubt if stated and not banner else None,
        title_text=title_raw,
        title_number=title.number if title else None,
    )


def _conflicts(path: str, fields: Sequence[Field], setting: Setting, family: str) -> list[Finding]:
    """Where front matter and body state different things, which only the reader sees."""
    out: list[Finding] = []
    stated = [
        s for s in statuses(fields, setting, family) if s.status is not Status.PLACEHOLDER and not s.doubt
    ]
    front = next((s for s in stated if s.field.where == "frontmatter"), None)
    body = next((s for s in stated if s.field.where != "frontmatter"), None)
    if front and body and front.status is not body.status:
        reason = f"The front matter says {front.status.value}, the text says {body.status.value}."
        out.append(Finding("front-matter-differs", Severity.WARNING, path, body.field.place, reason))
    dates = [(read_date(plain(f.value)).iso, f) for f in fields if f.key == "date" and f.in_header]
    told = next((pair for pair in dates if pair[0] and pair[1].where == "frontmatter"), None)
    other = next((pair for pair in dates if pair[0] and pair[1].where != "frontmatter"), None)
    if told and other and told[0] != other[0]:
        reason = f"The front matter says {told[0]}, the text says {other[0]}."
        out.append(Finding("front-matter-differs", Severity.WARNING, path, other[1].place, reason))
    return out


_APPENDIX = re.compile(
    r"^\W*(?:appendix|annex|anhang|annexe|apéndice|anexo|allegato|bijlage|example|template)\b", re.I
)
"""A chapter that shows other texts."""


def _targets(relations: Sequence[Relation], kind: RelationKind) -> tuple[str, ...]:
    return tuple(r.target for r in relations if r.kind is kind)


def _of_this_one(
    fields: Sequence[Field], blocks: Sequence[Block], title: Block | None, number: int | None
) -> list[Field]:
    """The fields without a status that is another record's: in a row with that one's id, or below a later heading
    as high as the title, which is a chapter or a record shown as an example."""
    rows = {
        f.place
        for f in fields
        if (f.key, f.where) == ("id", "table")
        and number is not None
        and _last_number(f.value, number) != number
    }
    heads = (b for b in blocks if b.kind is Kind.HEADING and not b.quote)
    below = [b for b in heads if title and b.line > title.line]
    chapter = next((b.line for b in below if title and b.level <= title.level), None)
    appendix = next((b.line for b in below if _APPENDIX.match(plain(b.text))), None)

    def of_another(field: Field) -> bool:
        if field.where == "table":
            return field.place in rows
        inner = field.where in ("section", "heading-inline") and title and field.level > title.level
        return bool(inner and any(at is not None and field.place.line > at for at in (chapter, appendix)))

    return [f for f in fields if f.key != "status" or not of_another(f)]


def _last_number(text: str, default: int) -> int:
    digits = re.findall(r"\d{1,6}", plain(text))
    return int(digits[-1]) if digits else default


_TAKEN_BACK_BY = {
    **dict.fromkeys(
        ("true", "yes"),
        ("archived", "deprecated", "obsolete", "superseded", "withdrawn", "rejected", "template", "wip"),
    ),
    **dict.fromkeys(("false", "no"), ("approved", "accepted", "ratified", "final")),
}
"""Keys of front matter that with this value deny what `status` may say."""
_DENYING_TAGS = frozenset({"superseded", "obsolete", "withdrawn", "rejected", "archived"})


def _denied_by_tag(value: object) -> str | None:
    """A tag that is a state of a record which is not to be acted on."""
    tags = value if isinstance(value, list) else str(value).split(",")
    return next((str(tag) for tag in tags[:50] if str(tag).strip().lower() in _DENYING_TAGS), None)


def _front_fields(front: front_matter.FrontMatter) -> list[Field]:
    """Front matter as fields. `status: { accepted }` is a mapping to YAML and a word to its author."""
    out: list[Field] = []
    for name, value in front.values.items():
        key = name_key(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))
        if name.lower() == "draft" and str(value).strip().lower() in ("true", "yes", "on"):
            key, value = "status", "draft"
        if name.lower() == "tags" and (denied := _denied_by_tag(value)):
            key, value = "status", denied
        if name.lower() in _TAKEN_BACK_BY.get(str(value).strip().lower(), ()):
            key, value = "status", f"{name}: {value}"
        if name.lower() == "stage" and "status" not in {other.lower() for other in front.values}:
            key = "status"  # a log whose records go through stages
        if key is None or key in ("meta", "related"):
            continue
        place = front.places.get(name, Place(1, 1))
        text = _as_text(value, key)
        if front.broken and key == "status" and normalise(text) in PERMITS:
            continue  # nobody knows what else stood there
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
        if any(isinstance(v, (Mapping, list)) for v in value.values()):
            return "mapping of " + ", ".join(map(str, value))
        if not all(v in ("", "null", "~") for v in value.values()):
            return ", ".join(f"{k}: {v}" for k, v in value.items())
        names = [str(k) for k in value]
        return names[0] if len(names) == 1 else "{" + " | ".join(names) + "}"
    if isinstance(value, list):
        joiner = ", " if key in ("deciders", "authors") else " | "
        return joiner.join(_as_text(v, key) for v in value[:50])
    return str(value)


def _relations(document: Document, fields: Sequence[Field], name: Naming) -> tuple[Relation, ...]:
    front = from_metadata(document.front.values, document.front.places, name)
    status_lines = [f for f in fields if f.where != "frontmatter" or f.key == "status"]
    text = relations_of(status_lines, document.blocks, document.source.lines, name)
    return unique([*front, *text], name)


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
