"""What a record says of others: supersession, amendment, dependence, and plain mention; each with its quote.

Three sources, strongest first: front matter, fields and sections named for it, and the running text. Everything
that names a record without a direction is RELATED: a reading list, no order of work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.records.behind import is_partial, only_part, partial
from bot.records.blocks import Block, Kind
from bot.records.field_lines import name_key
from bot.records.fields import Field
from bot.records.hidden import unstruck
from bot.records.inline import plain
from bot.records.phrases import directed, is_filler, is_joiner, see_successor
from bot.records.record import Place, Relation, RelationKind, Status
from bot.records.references import Naming, Reference, find
from bot.records.status import normalise
from bot.records.wording import ALTERNATIVES, BANNER, OF_THE_RECORD, STATUS_KINDS

MAX_RELATIONS = 600
MAX_TEXT = 20_000

FIELD_KINDS: Mapping[str, RelationKind] = {
    kind.value: kind for kind in RelationKind if kind is not RelationKind.RELATED
} | {"related": RelationKind.RELATED}

_OTHER_VERB = re.compile(
    r"\b(?:updates|modifies|refines|extends|clarifies|complements|narrows|keeps|preserves|respects|reuses|uses|retains|follows|see|relates|"
    r"references|implements|completes|continues|resolves|closes)\b",
    re.I,
)
_EAST_OTHER = re.compile("延续|延續|扩展|擴展|细化|細化|补充|補充|基于|基於|参考|參考|沿用")
_UNTICKED = re.compile(r"^\s*(?:[-*+]\s+)?\[ ?\]\s")
_BY_HYPHENS = re.compile(r"\b(?:superseded|replaced|obsoleted)-by-(?=\w)", re.I)
_NAMES = ("id", "adr", "number", "path", "ref", "link", "file", "href", "url")
_SPOKEN = ("title", "note", "notes", "status_note", "status-note", "summary", "description")
"""Keys of front matter that hold sentences."""
_IN_TITLE = re.compile(r"[\[(]\s*(?=(?:super[sc]eded|replaced|obsoleted)\s+by\b)", re.I)
_LIST_FOLLOWS = re.compile(
    r"^\s*\**this\s+(?:adr|rfc|record|decision|document|proposal|[A-Z]{2,5})\s+(?:super[sc]edes|replaces|obsoletes)"
    r"(?:\s+and\s+(?:deprecates|replaces|obsoletes))?(?:\s+(?:all|both|the|following|these|several|some|two|three|four|"
    r"older|earlier|previous|other|adrs|rfcs|records|decisions|documents|proposals|[A-Z]{2,5}s)){0,5}\s*:\**\s*$",
    re.I,
)
_NOTHING = re.compile(
    r"^\W*(?:none|nothing|nobody|n/a|not applicable|no|keine|nichts|aucun|ninguno|nenhum|nessuno|нет|"
    r"なし|无|無|없음)(?!\w)",
    re.I,
)
_FOR_EXAMPLE = re.compile(r"\b(?:form|format|example|e\.g|such\s+as|like)\b", re.I)
_BEFORE_NUMBER = re.compile(
    r"^[\s:*_`\"'(\[#-]*(?:(?:by|the|adr|no\.?|number|record|decision|and|also)\b\s*)*$", re.I
)
_ITS_DECISION = re.compile(r"\s+(?:decisions?|records?)\s*#?$", re.I)
"""Between a record and the number of one of its decisions: "ADR-7 decision #3"."""
_PART_OF = re.compile(r"\b(?:in|of|within|from)[\s*_`\"'“(\[]*$", re.I)


def relations_of(
    fields: Sequence[Field], blocks: Sequence[Block], lines: Sequence[str], name: Naming
) -> list[Relation]:
    """The relations of a record's fields, then of its text."""
    found: list[Relation] = []
    decided: set[tuple[int, str]] = set()
    examples: set[int] = set()  # lines of a template's list of states, or of boxes that are not ticked
    for field in fields:
        if field.key not in FIELD_KINDS and field.key != "status":
            continue
        if field.key == "status" and normalise(field.value) is Status.PLACEHOLDER:
            examples.update(range(field.place.line, field.place.end_line + 1))
            continue
        examples.update(b.line for b in field.blocks if _UNTICKED.match(b.text))
        for relation in _of_field(field, lines, name):
            found.append(relation)
            decided.add((relation.place.line, relation.target))
    aside = 0  # the level of the chapter on alternatives that the block stands in
    headed = False
    chapter = ""  # the heading that the block stands under, but for the title
    listed = False  # whether the block before was "This record supersedes:", or an item below it
    for block in blocks:
        if block.kind is Kind.CODE or not block.text:
            continue
        listed = block.kind is Kind.ITEM if listed else False
        if block.kind is Kind.HEADING:
            if not aside or block.level <= aside:
                aside = block.level if headed and ALTERNATIVES.search(block.text) else 0
            chapter = block.text if headed else ""
            headed = True
        if len(found) > MAX_RELATIONS:
            break
        text = unstruck(block.text[:MAX_TEXT])
        titled = _IN_TITLE.search(text) if block.kind is Kind.HEADING and block.level == 1 else None
        if titled:  # "# X [replaced by …]" is said of the record, as a status would be
            text = " " * titled.end() + text[titled.end() :]
        for reference, kind in directed(
            text, find(text, name, doubtful=True), strict=not titled, own=name.own
        ):
            line = _line_of(block.line, text, reference)
            if listed and kind is None and not text[: reference.start].strip(" -*+"):
                whole = not only_part(text, reference.end)
                kind = RelationKind.SUPERSEDES if whole else partial(RelationKind.SUPERSEDES)
            if (line, reference.target) in decided or line in examples:
                continue
            if reference.doubtful and kind not in STATUS_KINDS:
                continue
            if aside and kind in STATUS_KINDS:
                kind = None
            if kind is RelationKind.SUPERSEDED_BY and chapter and BANNER.match(text) and _is_of(chapter):
                kind = partial(kind)
            found.append(_relation(kind or RelationKind.RELATED, reference, lines, line))
        listed = listed or bool(block.kind is Kind.PARAGRAPH and _LIST_FOLLOWS.match(text))
    return found


def _is_of(chapter: str) -> bool:
    """Whether a banner below this heading is said of the chapter alone: "## Disks", "> Superseded by …"."""
    return not OF_THE_RECORD.search(plain(chapter))


def _of_field(field: Field, lines: Sequence[str], name: Naming) -> Iterator[Relation]:
    own = FIELD_KINDS.get(field.key)
    bodies = [b for b in field.blocks if b.kind is not Kind.CODE and b.text]
    if not bodies:
        bodies = [Block(Kind.PARAGRAPH, field.value, field.place.line, field.place.end_line)]
    for block in bodies:
        text = block.text[:MAX_TEXT]
        if field.key == "status" and _UNTICKED.match(text):
            continue
        text = _BY_HYPHENS.sub(lambda found: found[0].replace("-", " "), unstruck(text))
        for reference, kind in _in_value(own, text, name, bare=own is not RelationKind.RELATED):
            line = _line_of(block.line, text, reference)
            yield _relation(kind, reference, lines, line)


def _in_value(
    own: RelationKind | None, text: str, name: Naming, *, bare: bool
) -> Iterator[tuple[Reference, RelationKind]]:
    """The references in a field's value, each with its kind. own: the kind that the field is named for."""
    before = 0
    last: RelationKind | None = None
    found: list[tuple[Reference, RelationKind | None]] = []
    joined = 0  # how many of those found last belong together
    for reference, said in directed(
        text, find(text, name, bare=bare, doubtful=True), strict=False, own=name.own
    ):
        lead = text[before : reference.start]
        apart = _BEFORE_NUMBER.match(lead) and not (before and _ITS_DECISION.match(lead))
        stray = reference.bare and said is None and not (is_joiner(lead) or apart)
        if stray and (own is not None or not see_successor(text[: reference.start], reference, name.own)):
            continue
        kind = said or _kind_in_field(own, last, lead, first=before == 0)
        if kind is None and own is None:
            kind = see_successor(text[: reference.start], reference, name.own)
        joined = joined + 1 if found and re.fullmatch(r"[\s*_`\])]*(?:and|&)[\s*_`\[(]*", lead, re.I) else 0
        found.append((reference, kind))
        if kind is not None and only_part(text, reference.end):
            for index in range(len(found) - 1 - joined, len(found)):
                one, was = found[index]
                found[index] = (one, partial(was) if was else None)
            kind = partial(kind)
        before, last = reference.end, kind
    for reference, kind in found:
        if kind is not None and (kind in STATUS_KINDS or not reference.doubtful):
            yield reference, kind


def _kind_in_field(
    own: RelationKind | None, last: RelationKind | None, lead: str, *, first: bool
) -> RelationKind | None:
    """What a field named for a kind says of a reference in its value, from the words before the reference."""
    if own is None or own is RelationKind.RELATED:
        return own
    if not first and last is not None and is_joiner(lead):
        return last
    words = re.split(r"[;\n]", lead)[-1] if not first else lead
    if _NOTHING.search(words) or _FOR_EXAMPLE.search(words) or re.search(r"[^\W\d][.!?]\s+\S", words):
        return (
            RelationKind.RELATED
        )  # "none — the spirit of ADR-1 stays", "The rule. All else in ADR-1 stands"
    if _EAST_OTHER.search(words) or (first and _OTHER_VERB.match(words.lstrip(" *_`["))):
        return RelationKind.RELATED
    if is_partial(words):
        return partial(own)
    if is_filler(words) or is_joiner(words):
        return own
    if not first and words == lead:
        continues = last is RelationKind.PARTIALLY_SUPERSEDES and _PART_OF.search(words)
        return last if continues else RelationKind.RELATED
    if own is RelationKind.SUPERSEDES and _PART_OF.search(words):
        return RelationKind.PARTIALLY_SUPERSEDES
    if not first and (other := _OTHER_VERB.search(words)):
        return RelationKind.AMENDS if other[0].lower() in ("updates", "modifies") else RelationKind.RELATED
    if len(words.split()) <= 5:
        return own
    return RelationKind.RELATED


def _line_of(first: int, text: str, reference: Reference) -> int:
    return first + text.count("\n", 0, reference.start)


def _relation(kind: RelationKind, reference: Reference, lines: Sequence[str], number: int) -> Relation:
    number = max(1, min(number, len(lines)))
    quote = lines[number - 1].strip()[:300] if lines else ""
    place = Place(number, number)
    return Relation(kind, reference.target, quote, place, reference.path, reference.note, reference.title)


def from_metadata(values: Mapping[str, object], places: Mapping[str, Place], name: Naming) -> list[Relation]:
    """Relations that front matter states: top-level keys, and `dependencies` at any depth below."""
    found: list[Relation] = []
    for key, text, place in _scalars(values, places):
        if len(found) > MAX_RELATIONS:
            break
        if key.lower() in _SPOKEN:
            said = directed(text[:1_500], find(text[:1_500], name), strict=True, own=name.own)
            pairs = [(reference, kind) for reference, kind in said if kind in STATUS_KINDS]
        elif kind := _metadata_kind(key):
            value = text.strip()[:1_500]
            if "://" not in value:  # a path counts by its file's name
                value = re.sub(r"(?<=[^/])/(?:readme|index)\.\w{2,8}$", "", value, flags=re.I)
                value = re.sub(r"^/?[^\s\[\]()]*/(?=[^/\s]+/?$)", "", value)
            pairs = list(_in_value(kind, value, name, bare="." not in key or kind in STATUS_KINDS))
        else:
            continue
        quote = f"{key}: {text}"[:300]
        found += [
            Relation(kind, reference.target, quote, place, reference.path, reference.note, reference.title)
            for reference, kind in pairs
            if kind is not None
        ]
    return found


def _metadata_kind(key: str) -> RelationKind | None:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key.rpartition(".")[2])
    if spaced.lower() in ("deprecated", "obsolete"):  # `deprecated: 0027-other`: what to use instead
        return RelationKind.SUPERSEDED_BY
    kind = FIELD_KINDS.get(name_key(spaced) or "")
    if "." not in key or kind is RelationKind.DEPENDS_ON or (kind in STATUS_KINDS and key.count(".") < 3):
        return kind
    parent, _, last = key.rpartition(".")
    return _metadata_kind(parent) if last in _NAMES and "." not in parent else None


def _scalars(values: Mapping[str, object], places: Mapping[str, Place]) -> Iterator[tuple[str, str, Place]]:
    """(dotted key without indices, scalar, its place), depth first."""
    stack: list[tuple[str, str, object, Place]] = [
        (k, k, v, places.get(k, Place(1, 1))) for k, v in reversed(list(values.items()))
    ]
    while stack:
        key, dotted, value, place = stack.pop()
        if isinstance(value, Mapping):
            for k, v in reversed(list(value.items())):
                inner = f"{dotted}.{k}"
                stack.append((f"{key}.{k}", inner, v, places.get(inner, place)))
        elif isinstance(value, list):
            for i, v in reversed(list(enumerate(value))):
                inner = f"{dotted}.{i}"
                stack.append((key, inner, v, places.get(inner, place)))
        else:
            yield key, str(value), place


def unique(found: Iterable[Relation], name: Naming) -> tuple[Relation, ...]:
    """Each (kind, target) once; RELATED only where nothing stronger is said of the target; never oneself."""
    out: dict[tuple[RelationKind, str], Relation] = {}
    for relation in found:
        if relation.target == name.own.id or relation.target_path == name.path:
            continue
        key = (relation.kind, relation.target)
        kept = out.get(key)
        if kept is None or (kept.note is None and relation.note and kept.kind is RelationKind.RELATED):
            out[key] = relation
    strong = {target for kind, target in out if kind is not RelationKind.RELATED}
    whole = {(k, t) for k, t in out if k in STATUS_KINDS}
    return tuple(
        relation
        for (kind, target), relation in out.items()
        if not (kind is RelationKind.RELATED and target in strong)
        and not (kind is RelationKind.PARTIALLY_SUPERSEDES and (RelationKind.SUPERSEDES, target) in whole)
        and not (
            kind is RelationKind.PARTIALLY_SUPERSEDED_BY and (RelationKind.SUPERSEDED_BY, target) in whole
        )
    )


def people(fields: Sequence[Field]) -> tuple[str, ...]:
    """Names in the deciders' fields, as written, split at commas; none where nobody is named."""
    for key in ("deciders", "authors"):
        for field in fields:
            if field.key != key or not (text := plain(field.value)):
                continue
            parts = re.split(r"[,;\n]|\s+and\s+|\s+&\s+", field.value[:2_000])
            names = [name for part in parts if (name := plain(part).strip(" .-"))]
            if names and "{" not in text and not text.lower().startswith("[list"):
                return tuple(names[:50])
    return ()
