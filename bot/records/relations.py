"""What a record says of others: supersession, amendment, dependence, and plain mention; each with its quote.

A direction is taken only from words that give it ("Superseded by", "Building on", `requires:`) and that stand
right before the reference; in running prose the sentence must also be about this record. Everything else that
names a record is RELATED: a reading list, no order of work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.records.blocks import Block, Kind
from bot.records.fields import Field
from bot.records.inline import plain
from bot.records.record import Place, Relation, RelationKind
from bot.records.references import Naming, Reference, find

MAX_RELATIONS = 400
_LINE = 1_500

FIELD_KINDS: Mapping[str, RelationKind] = {
    "supersedes": RelationKind.SUPERSEDES,
    "superseded-by": RelationKind.SUPERSEDED_BY,
    "partially-supersedes": RelationKind.PARTIALLY_SUPERSEDES,
    "partially-superseded-by": RelationKind.PARTIALLY_SUPERSEDED_BY,
    "amends": RelationKind.AMENDS,
    "amended-by": RelationKind.AMENDED_BY,
    "depends-on": RelationKind.DEPENDS_ON,
    "builds-on": RelationKind.BUILDS_ON,
    "related": RelationKind.RELATED,
}
_VERBS: tuple[tuple[RelationKind, str], ...] = (
    (
        RelationKind.SUPERSEDED_BY,
        r"(?:super[sc]ee?ded|superseeded|replaced|obsoleted|overridden|"
        r"succeeded)(?:\s+(?:in favou?r of|by|with|from))|ersetzt durch|abgelöst durch|remplacée? par|"
        r"substituíd[ao] por|reemplazad[ao] por|sostituit[ao] da|vervangen door|deprecated (?:by|"
        r"in favou?r of)",
    ),
    (
        RelationKind.SUPERSEDES,
        r"super[sc]ee?des?|superseeds|superseding|replaces|obsoletes|overrides|ersetzt|remplace|"
        r"reemplaza|substitui",
    ),
    (RelationKind.AMENDED_BY, r"(?:amended|updated|modified) by"),
    (RelationKind.AMENDS, r"amends|amending"),
    (
        RelationKind.DEPENDS_ON,
        r"depends? (?:up)?on|depending on|dependent on|requires|is a prerequisite of this|"
        r"prerequisites?:?|hängt ab von",
    ),
    (RelationKind.BUILDS_ON, r"(?:builds?|building|built) (?:up)?on(?: top of)?|baut auf"),
)
_VERB = re.compile("|".join(f"(?P<v{i}>\\b(?:{words})\\b)" for i, (_, words) in enumerate(_VERBS)), re.I)
_PARTLY = re.compile(r"\b(?:partial(?:ly)?|partly|in part|parts? of|teilweise|parcialmente)\b", re.I)
_NEGATED = re.compile(
    r"\b(?:not|never|no longer|n't|without|nicht|instead of|rather than)\b[^.;]{0,20}$", re.I
)
_BETWEEN = re.compile(
    r"^[\s:*_`\"'“(\[>-]*(?:(?:by|the|our|of|parts? of|on|from|decisions?|record|architecture decision|"
    r"in|those of|both|also)\b[\s:*_`\"'“(\[-]*){0,4}$",
    re.I,
)
_JOINED = re.compile(
    r"^[\s*_`\"'”)\]]*(?:,|;|&|/|\+|and|und|or|as well as|et|y|e|,\s*and)?[\s*_`\"'“(\[]*$", re.I
)
_SUBJECT = re.compile(
    r"^[\s>*_`#|~()\[\]\d.:,;–—-]*(?:(?:this|the present|it|which|and|but|also|status|note|update[d]?|"
    r"now|adr|decision|record|document|"
    r"rfc|proposal|we|is|are|was|has|have|been|partially|partly|fully|completely|accepted|approved|"
    r"deprecated|effectively|"
    r"that|explicitly|therefore|diese|dieser|entscheidung|wurde|ist|directly|heavily|proposed|"
    r"implemented|formally|in|part|be|to|will)\b"
    r"[\s*_`,;:()–—-]*){0,9}$",
    re.I,
)
_STATUS_KINDS = frozenset(list(RelationKind)[:6])


def relations_of(
    fields: Sequence[Field], blocks: Sequence[Block], lines: Sequence[str], name: Naming
) -> tuple[Relation, ...]:
    """All relations of a record: those of its fields first, then of its text, each (kind, target) once."""
    found: list[Relation] = []
    claimed: set[int] = set()
    for field in fields:
        if field.key in FIELD_KINDS or field.key == "status":
            for number, relation in _of_field(field, lines, name):
                found.append(relation)
                if relation.kind is not RelationKind.RELATED:
                    claimed.add(number)
    for block in blocks:
        if block.kind is Kind.CODE or not block.text:
            continue
        for number, line in block.text_lines():
            if len(found) > MAX_RELATIONS:
                break
            for reference, kind in _directed(line[:_LINE], name, strict=True):
                known = kind or RelationKind.RELATED
                if known in _STATUS_KINDS and number in claimed:
                    continue
                found.append(_relation(known, reference, lines, number))
    return _unique(found, name)


def from_metadata(values: Mapping[str, object], places: Mapping[str, Place], name: Naming) -> list[Relation]:
    """Relations that front matter states: top-level keys, and `dependencies` at any depth below."""
    found: list[Relation] = []
    for key, text, place in _scalars(values, places):
        if len(found) > MAX_RELATIONS:
            break
        kind = _metadata_kind(key)
        if kind is None:
            continue
        for reference in find(text[:_LINE], name, bare="." not in key):
            quote = f"{key}: {text}"[:300]
            found.append(
                Relation(
                    kind, reference.target, quote, place, reference.path, reference.note, reference.title
                )
            )
    return found


def _metadata_kind(key: str) -> RelationKind | None:
    from bot.records.fields import name_key

    last = key.rpartition(".")[2]
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", last)
    kind = FIELD_KINDS.get(name_key(spaced) or "")
    if kind is None and name_key(spaced) == "status":
        return None
    return kind if "." not in key or kind is RelationKind.DEPENDS_ON else None


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


def _of_field(field: Field, lines: Sequence[str], name: Naming) -> Iterator[tuple[int, Relation]]:
    own = FIELD_KINDS.get(field.key)
    parts: list[tuple[int, str]] = []
    if field.blocks:
        parts = [pair for b in field.blocks if b.kind is not Kind.CODE for pair in b.text_lines()]
    else:
        parts = [(field.place.line + i, text) for i, text in enumerate(field.value.split("\n"))]
    long = field.where == "section" and own is not None and own is not RelationKind.RELATED
    for number, line in parts:
        bare = own is not None and own is not RelationKind.RELATED and not (long and len(line) > 160)
        for reference, kind in _directed(
            line[:_LINE], name, strict=False, bare=bare or field.key == "status"
        ):
            chosen = kind if kind is not None else own
            if own is not None and kind is None and bare and _is_no_reference(line, reference):
                continue
            if chosen is not None:
                if own is not None and own is not RelationKind.RELATED and _PARTLY.search(line[:40]):
                    chosen = _partial(chosen)
                yield number, _relation(chosen, reference, lines, min(number, len(lines)))


def _is_no_reference(line: str, reference: Reference) -> bool:
    """A bare number far into a sentence is some number."""
    return reference.path is None and line[reference.start : reference.end].isdigit() and reference.start > 80


def _directed(
    line: str, name: Naming, *, strict: bool, bare: bool = False
) -> Iterator[tuple[Reference, RelationKind | None]]:
    """Each reference of a line with the kind that the words before it give, if they do."""
    references = find(line, name, bare=bare)
    if not references:
        return
    verbs = list(_VERB.finditer(line))
    carried: RelationKind | None = None
    last_end = 0
    for reference in references:
        kind: RelationKind | None = None
        nearest = next((v for v in reversed(verbs) if v.end() <= reference.start), None)
        if nearest and nearest.start() >= last_end and _BETWEEN.match(line[nearest.end() : reference.start]):
            kind = _kind_of(nearest, line, strict=strict)
        elif carried and _JOINED.match(_without_notes(line[last_end : reference.start])):
            kind = carried
        is_bare = line[reference.start : reference.end].lstrip("#").isdigit()
        if not (bare and is_bare and kind is None and strict):
            yield reference, kind
        carried, last_end = kind, reference.end


def _without_notes(text: str) -> str:
    return re.sub(r"\([^()]{0,200}\)|[:–—-]\s[^,;]{0,160}", "", text)


def _kind_of(verb: re.Match[str], line: str, *, strict: bool) -> RelationKind | None:
    kind = next(k for i, (k, _) in enumerate(_VERBS) if verb[f"v{i}"])
    before = line[: verb.start()]
    sentence = re.split(r"(?<=[.!?])\s+", before)[-1]
    if _NEGATED.search(sentence):
        return None
    if kind in _STATUS_KINDS and strict and not _SUBJECT.match(sentence[-160:]):
        return None
    if (
        kind is RelationKind.DEPENDS_ON
        and strict
        and verb[0].lower() == "requires"
        and not _SUBJECT.match(sentence[-160:])
    ):
        return None
    if _PARTLY.search(sentence[-24:]) or _PARTLY.search(line[verb.end() : verb.end() + 14]):
        return _partial(kind)
    return kind


def _partial(kind: RelationKind) -> RelationKind:
    return {
        RelationKind.SUPERSEDES: RelationKind.PARTIALLY_SUPERSEDES,
        RelationKind.SUPERSEDED_BY: RelationKind.PARTIALLY_SUPERSEDED_BY,
    }.get(kind, kind)


def _relation(kind: RelationKind, reference: Reference, lines: Sequence[str], number: int) -> Relation:
    quote = lines[number - 1].strip()[:300] if 0 < number <= len(lines) else ""
    place = Place(number, number)
    return Relation(kind, reference.target, quote, place, reference.path, reference.note, reference.title)


def _unique(found: Iterable[Relation], name: Naming) -> tuple[Relation, ...]:
    """Each (kind, target) once; RELATED only where nothing stronger is said of the target; never oneself."""
    out: dict[tuple[RelationKind, str], Relation] = {}
    own = name.own.id
    for relation in found:
        if relation.target == own or relation.target_path == name.path:
            continue
        key = (relation.kind, relation.target)
        kept = out.get(key)
        if kept is None or (kept.note is None and relation.note and kept.kind is RelationKind.RELATED):
            out[key] = relation
    strong = {target for kind, target in out if kind is not RelationKind.RELATED}
    return tuple(
        r for (kind, target), r in out.items() if kind is not RelationKind.RELATED or target not in strong
    )


def people(fields: Sequence[Field]) -> tuple[str, ...]:
    """Names in the deciders' fields, as written, split at commas; none where nobody is named."""
    for key in ("deciders", "authors"):
        for field in fields:
            if field.key == key and (text := plain(field.value)):
                names = [
                    plain(part).strip(" .-") for part in re.split(r"[,;\n]|\s+and\s+|\s+&\s+", field.value)
                ]
                names = [n for n in names if n]
                if names and "{" not in text and not text.lower().startswith("[list"):
                    return tuple(names[:50])
    return ()
