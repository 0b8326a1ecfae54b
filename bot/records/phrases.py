"""Which way a sentence points: "Superseded by ADR-7", "Building on ADR-036", "RFC 19 will be replaced by this".

A direction needs its words right beside the reference, a sentence about this record, and no denial. Anything
less is a mention. Not here: fields, and what to do with the answer (relations.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.records.record import RelationKind
from bot.records.references import Reference

_LATIN_BY = "durch|par|por|da|door"
_VERBS: tuple[tuple[RelationKind, str], ...] = (
    (
        RelationKind.SUPERSEDED_BY,
        r"(?:super[sc]ee?ded|superseeded|replaced|obsoleted|overridden|succeeded)\s+(?:in\s+favou?r\s+of|by|with)"
        r"|(?:superseded|ersetzt|abgelöst|remplacée?|substituíd[ao]|reemplazad[ao]|sustituid[ao]|sostituit[ao]|vervangen)"
        rf"\s+(?:{_LATIN_BY})|deprecated\s+(?:by|in\s+favou?r\s+of)",
    ),
    (
        RelationKind.SUPERSEDES,
        r"super[sc]ee?des?|superseeds|super[sc]eding|replaces|obsoletes|overrides|ersetzt|remplace|substitui"
        r"|(?:reemplaza|sustituye)(?:\s+a)?",
    ),
    (RelationKind.AMENDED_BY, r"(?:amended|updated|modified)\s+by"),
    (RelationKind.AMENDS, r"amends|amending|ergänzt"),
    (
        RelationKind.DEPENDS_ON,
        r"depends?\s+(?:up)?on|depending\s+on|dependent\s+on|requires|hängt\s+ab\s+von",
    ),
    (RelationKind.BUILDS_ON, r"(?:builds?|building|built)\s+(?:up)?on(?:\s+top\s+of)?|baut\s+auf"),
)
_VERB = re.compile("|".join(f"(?P<v{i}>\\b(?:{words})(?!\\w))" for i, (_, words) in enumerate(_VERBS)), re.I)
_STEM_WORDS = (
    "super replac obsolet overrid succeed ersetz abgel rempla substitu reemplaza sustitu sostitu vervang deprecat "
    "amend updat modif ergänz depend requir hängt buil baut"
)
_STEMS = tuple(_STEM_WORDS.split())
_PARTLY = re.compile(r"\b(?:partial(?:ly)?|partly|in\s+part|parts?\s+of|teilweise|parcialmente)\b", re.I)
_NEGATED = re.compile(
    r"(?:\b(?:not|never|no\s+longer|without|nicht|instead\s+of|rather\s+than)|n't)\b[^.;]{0,20}$", re.I
)
_FILLER = re.compile(
    r"^[\s:*_`\"'“”(\[>~-]*(?:(?:by|the|our|of|parts?\s+of|on|from|decisions?|record|architecture|in|"
    r"also|both|"
    r"those|older|newer|previous|earlier|new|old|adr|rfc|and|with|that|version\s+\S{1,6}|"
    r"(?:as\s+)?defined\s+in|described\s+in|"
    r"documented\s+in|made\s+in|taken\s+in|recorded\s+in|established\s+in|"
    r"outlined\s+in)\b[\s:*_`\"'“(\[-]*){0,6}$",
    re.I,
)
_JOINER = re.compile(
    r"^[\s*_`\"'”’)\]>.]*(?:,|;|&|/|\+|\||\band\b|\bund\b|\bor\b|\bas well as\b|\bet\b|\be\b|\by\b|"
    r"\balso\b|[\s-])*"
    r"[\s*_`\"'“‘(\[]*$",
    re.I,
)
_ASIDE = re.compile(r"\([^()]{0,240}\)|\s*[:–—]\s[^,;\n]{0,160}|\s-\s[^,;\n]{0,160}|[\"“][^\"”]{0,160}[\"”]")
_ABOUT_US = re.compile(
    r"^(?:[^\w]|[\d_])*"
    r"(?:(?:and|but|so|thus|therefore|hence|also|note|that|status|update|updated|now)\b[\s:,*_]*){0,3}"
    r"(?:(?:this|we|our|the\s+present|diese[rs]?)\b(?:[^.;:!?]|\.(?=\w)){0,70}|"
    r"(?:(?:adr|decision|record|document|rfc|it|is|are|was|has|have|been|be|will|in|part|\w{2,14}ly|proposed|accepted|"
    r"but|now|later|then|since|approved|adopted|implemented|deprecated|rejected|entscheidung|wurde|ist|akzeptiert|angenommen|aceptad[ao])\b"
    r"[\s*_`,;:()~–—/-]*){0,8})$",
    re.I,
)
_BY_THIS = re.compile(
    r"^(?P<between>[^.;\n]{0,80}?)\b(?:super[sc]ee?ded|superseeded|replaced|"
    r"obsoleted)\s+by\s+this\b",
    re.I,
)
_ONLY_AUXILIARIES = re.compile(
    r"^[\s*_`\])>,]*(?:(?:is|are|was|were|will|be|has|have|been|now|which|that|hereby|fully|therefore|"
    r"and|thus)\b\s*)*$",
    re.I,
)
STATUS_KINDS = frozenset(list(RelationKind)[:6])
"""Kinds that change what a record is worth; running prose must be about this record to state them."""


def partial(kind: RelationKind) -> RelationKind:
    """The partial form of a supersession; other kinds have none."""
    if kind is RelationKind.SUPERSEDES:
        return RelationKind.PARTIALLY_SUPERSEDES
    return RelationKind.PARTIALLY_SUPERSEDED_BY if kind is RelationKind.SUPERSEDED_BY else kind


def is_partial(text: str) -> bool:
    """Whether the words say "partially"."""
    return bool(_PARTLY.search(text))


def directed(
    text: str, references: list[Reference], *, strict: bool
) -> Iterator[tuple[Reference, RelationKind | None]]:
    """Each reference with the kind that the words around it give, if they give one.

    strict: the text is running prose, so the sentence must be about this record.
    """
    if not references:
        return
    lowered = text.lower()
    speaks = any(stem in lowered for stem in _STEMS)
    verbs = list(_VERB.finditer(text)) if speaks else []
    carried: RelationKind | None = None
    last_end = 0
    for index, reference in enumerate(references):
        lead = text[last_end : reference.start]
        verb = next(
            (v for v in reversed(verbs) if last_end <= v.start() and v.end() <= reference.start), None
        )
        kind: RelationKind | None = None
        if verb and _FILLER.match(text[verb.end() : reference.start]):
            kind = _kind_of(verb, text, references[:index], strict=strict)
        elif carried and is_joiner(lead):
            kind = carried
        if kind is None and speaks:
            after = text[reference.end : reference.end + 120]
            if (found := _BY_THIS.match(after)) and not _next_within(references, index, found.end()):
                whole = _ONLY_AUXILIARIES.match(found["between"])
                kind = RelationKind.SUPERSEDES if whole else RelationKind.PARTIALLY_SUPERSEDES
        yield reference, kind
        carried, last_end = kind, reference.end


def _next_within(references: list[Reference], index: int, length: int) -> bool:
    return index + 1 < len(references) and references[index + 1].start < references[index].end + length


def is_joiner(lead: str) -> bool:
    """Whether only a comma, an "and" or an aside stands between two references."""
    return bool(_JOINER.match(_ASIDE.sub(" ", lead))) or bool(_JOINER.match(lead))


def is_filler(lead: str) -> bool:
    """Whether the words before a reference say nothing of their own, such as "the decision described in"."""
    return bool(_FILLER.match(lead))


def _kind_of(
    verb: re.Match[str], text: str, earlier: list[Reference], *, strict: bool
) -> RelationKind | None:
    kind = next(k for i, (k, _) in enumerate(_VERBS) if verb[f"v{i}"])
    start = _sentence_start(text, verb)
    sentence = text[start : verb.start()]
    if _NEGATED.search(sentence):
        return None
    if kind in STATUS_KINDS:
        if any(start <= e.start for e in earlier) and not _is_list(text, start, earlier, verb):
            return None  # the subject is the record named before
        if not about_us(sentence[-200:]):
            return None if strict else partial(kind)  # "the sync part is superseded by …"
    if verb[0].lower() == "requires" and strict and not about_us(sentence[-200:]):
        return None
    if is_partial(sentence[-24:]) or is_partial(text[verb.end() : verb.end() + 14]):
        return partial(kind)
    return kind


def _is_list(text: str, start: int, earlier: list[Reference], verb: re.Match[str]) -> bool:
    """ "Supersedes A, amends B": the second verb begins a clause of its own, right after a comma."""
    last = max(e.end for e in earlier if e.start >= start)
    between = _ASIDE.sub(" ", text[last : verb.start()])
    return (
        verb.start() > last
        and bool(re.match(r"^[\s*_`)\]]*(?:[,;]|\band\b|[,;]\s*and\b)\s*[*_`]*$", between))
        and bool(_VERB.match(text[start:].lstrip(" *_`>-")))
    )


def about_us(lead: str) -> bool:
    """Whether the words before a verb, or the last clause of them, make this record its subject."""
    return bool(_ABOUT_US.match(lead)) or bool(_ABOUT_US.match(re.split(r"[,;:(–—|/]\s*|\.\s", lead)[-1]))


def _sentence_start(text: str, verb: re.Match[str]) -> int:
    """Where the verb's sentence begins: after a full stop, or at a line that begins with the verb in capitals."""
    line = text.rfind("\n", 0, verb.start()) + 1
    if verb[0][:1].isupper() and not re.search(r"[^\s*_`>|~-]", text[line : verb.start()]):
        return line
    window = max(0, verb.start() - 300)
    ends = [m.end() for m in re.finditer(r"[.!?][)*_\"]*\s+(?=\S)", text[window : verb.start()])]
    return window + ends[-1] if ends else window
