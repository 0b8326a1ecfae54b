"""Which way a sentence points: "Superseded by ADR-7", "Building on ADR-036", "RFC 19 will be replaced by this".

A direction needs its words right beside the reference, a sentence about this record, and no denial. Anything
less is a mention. Not here: fields, and what to do with the answer (relations.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.records.identity import Identity
from bot.records.record import RelationKind
from bot.records.references import Reference

_LATIN_BY = "durch|par|por|da|door"
_VERBS: tuple[tuple[RelationKind, str], ...] = (
    (
        RelationKind.SUPERSEDED_BY,
        r"(?:super[sc]ee?ded|superseeded|replaced|obsoleted|overridden|succeeded|invalidated|supplanted|subsumed|"
        r"overruled|made\s+obsolete|rendered\s+obsolete)\s+(?:(?:\w{2,12}ly|in\s+part|in\s+full)\s+)?(?:in\s+favou?r\s+of|by|with|through)"
        r"|(?:superseded|ersetzt|abgelöst|remplacée?|substituíd[ao]|reemplazad[ao]|sustituid[ao]|sostituit[ao]|vervangen)"
        rf"\s+(?:{_LATIN_BY})|deprecated\s+by|"
        r"(?:deprecated|retired|abandoned|dropped)\s+in\s+favou?r\s+of|заменен[оаы]?\s+на|zastąpion[aey]\s+przez",
    ),
    (
        RelationKind.SUPERSEDES,
        r"super[sc]ee?des?|superseeds|super[sc]eding|replaces|obsoletes|overrides|ersetzt|remplace|substitui|заменяет"
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
    "invalidat supplant subsum overrul render made retire abandon drop замен zastąp "
    "amend updat modif ergänz depend requir hängt buil baut"
)
_STEMS = tuple(_STEM_WORDS.split())
_PARTLY = re.compile(r"\b(?:partial(?:ly)?|partly|in\s+part|parts?\s+of|teilweise|parcialmente)\b", re.I)
_NEGATED = re.compile(
    r"(?:\b(?:not|never|no\s+longer|without|nicht|no|instead\s+of|rather\s+than)|n't)\b[^.;,]{0,20}$"
    r"|\b(?:would|could|might|may|should|cannot|if|unless|whether)\b[^.;,]{0,40}$",
    re.I,
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
    r"(?:(?:this|we|our|the\s+present|diese[rs]?)\b(?:[^.;:!?]|\.(?=\w)){0,120}|"
    r"(?:(?:adr|decision|record|document|rfc|it|is|are|was|has|have|been|be|will|in|part|\w{2,14}ly|proposed|accepted|"
    r"but|now|later|then|since|approved|adopted|implemented|deprecated|rejected|entscheidung|wurde|ist|akzeptiert|angenommen|aceptad[ao])\b"
    r"[\s*_`,;:()~–—/-]*){0,8})$",
    re.I,
)
_BY_THIS = re.compile(
    r"^(?P<between>[^.;\n]{0,80}?)\b(?:super[sc]ee?ded|superseeded|replaced|"
    r"obsoleted|(?:made|rendered)\s+obsolete)\s+by\s+this\b",
    re.I,
)
_ONLY_AUXILIARIES = re.compile(
    r"^[\s*_`\])>,(:–—-]*(?:(?:is|are|was|were|will|be|has|have|been|now|which|that|hereby|fully|therefore|"
    r"and|thus)\b\s*)*$",
    re.I,
)
_THIS_DOES = re.compile(
    r"^(?P<between>[\s*_`\])>,(:–—-]{0,8}(?:\b(?:which|that|is|has|been|now|it|and)\b\s*){0,3})"
    r"(?:(?P<this>this(?:\s+(?:adr|rfc|record|decision|document|one|proposal))?\s+(?:now\s+|fully\s+)?)"
    r"(?P<verb>super[sc]ee?des|replaces|obsoletes|amends)\b|"
    r"(?P<verb2>super[sc]ee?des|replaces|obsoletes|amends)\s+(?:this|it)\b)|"
    r"^[^.;\n]{0,60}\b(?P<it>this\s+(?:adr|rfc|record|decision|document|one|proposal)\s+)"
    r"(?P<verb3>super[sc]ee?des|replaces|obsoletes|amends)\s+it\b",
    re.I,
)
_ONLY_PART = re.compile(
    r"^(?:[\])`*_]{0,3}['’]s\s+[\w\"“`*]|[\])`*_]{0,3}\s*\([^()]{0,140}\b(?:only|partial(?:ly)?|partly|in part|"
    r"clauses?|sections?|portions?|parts?)\b|[\])`*_]{0,3},?\s+(?:only|partially|partly|in part|en lo relativo)\b|"
    r"[\])`*_]{0,3},\s+(?:in|as to|as regards|regarding|except|but only|insofar)\s|[\])`*_]{0,3}\s*§|"
    r"[\])`*_]{0,3},?\s+(?:section|clause|item|rule|point)s?\s+\d|"
    r"[\])`*_]{0,3}\s+for\s+[\w /-]{2,40}(?=\))|"
    r"[\])`*_]{0,3},\s+[^.;,\n]{2,80}\bonly\b|"
    r"[\])`*_]{0,3}\s+(?:for|in)\s+[^.;,\n]{2,40}\b(?:mode|only|part|cases?)\b|"
    r"[\])`*_]{0,3}\s+for\s+(?:the|its)\s+(?!following|reason|sake|above|same|whole)[^.;,\n]{2,60}(?=[.;,\n]|$)|"
    r"[\])`*_]{0,3}\s*[—–-]\s+the\s[^.;]{0,80}\b(?:clause|section|part|rule|paragraph|item)s?\b)",
    re.I,
)
_OF_OURS = re.compile(
    r"\b[Tt]his\s+(?:sub-?section|section|part|paragraph|clause|point|rule|requirement|table|list|item|bullet|step|"
    r"option|setting|default|restriction|exception|sentence|statement|claim|number|figure|diagram|example|note|wording|limit|placement|workaround|detail|flag|field|value)\b|"
    r"\b[Oo]ur\s+(?!adr|decision|record|document|rfc|proposal|[A-Z]{2,6}\b)[a-z]\w+"
)
"""A thing of this record, not the record: "this section", "our first cache"."""
_AND = re.compile(r"(?:,|;|\band\b)\s*(?:(?:it|also|further|thereby|hence|so)\s+)*$", re.I)
_SEE = re.compile(
    r"\b(?:super[sc]ee?ded|superseeded|replaced|obsoleted?)\b[^\w\n]{0,6}"
    r"(?:(?:on|as of|since|at|\d[\d./-]*)[^\w\n]{1,3}){0,3}"
    r"(?P<see>(?:(?:see|cf|now|use|refer to|in favou?r of|by|with|the|new|record|decision|adr)\b"
    r"[^\w\n]{0,4}){0,5})$",
    re.I,
)
_POSSESSIVE = re.compile(r"[\])`*_]{0,3}['’]s\s")
_PART_NOUN = re.compile(
    r"[\"“”]|\b(?:aspects?|parts?|(?:sub-?)?sections?|portions?|clauses?|elements?|pieces?|some|points?|rules?|requirements?|"
    r"details?|guidance|recommendations?|bullets?|items?|paragraphs?|steps?|phases?|defaults?|mechanisms?|choices?|"
    r"half|lines?|statements?|options?)\b",
    re.I,
)
_VIA = re.compile(r"\b(?:of|in|from|by|with)[\s*_`\"'“(\[]*(?:the\s+|our\s+|adr\s+)?[\s*_`\"'“(\[]*$", re.I)
_WRITTEN_IN = re.compile(
    r"\b(?:described|defined|documented|made|taken|recorded|established|outlined|proposed|specified|adopted|introduced|"
    r"set\s+out|laid\s+out|chosen|stated|given|agreed|provided|detailed|presented|created)\s+(?:in|by|with)\b",
    re.I,
)
_PASSIVE = frozenset(
    {RelationKind.SUPERSEDED_BY, RelationKind.PARTIALLY_SUPERSEDED_BY, RelationKind.AMENDED_BY}
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


@dataclass(slots=True)
class _Said:
    """One reference with the kind that the words give it. joined: carries on what the one before it began."""

    reference: Reference
    kind: RelationKind | None
    joined: bool = False


def directed(
    text: str, references: list[Reference], *, strict: bool, own: Identity | None = None
) -> Iterator[tuple[Reference, RelationKind | None]]:
    """Each reference with the kind that the words around it give, if they give one.

    strict: the text is running prose, so the sentence must be about this record. own: who this record is.
    """
    if not references:
        return
    lowered = text.lower()
    speaks = any(stem in lowered for stem in _STEMS)
    if not speaks:
        yield from ((reference, None) for reference in references)
        return
    verbs = list(_VERB.finditer(text))
    place = _Sentence(text, references, own or Identity(), strict)
    said: list[_Said] = []
    last_end = 0
    for index, reference in enumerate(references):
        lead = text[last_end : reference.start]
        verb = next(
            (v for v in reversed(verbs) if last_end <= v.start() and v.end() <= reference.start), None
        )
        one = _Said(reference, None)
        if verb:
            before = said[-1].kind if said else None
            goes_on = before in STATUS_KINDS and _AND.search(text[last_end : verb.start()])
            one.kind = place.kind_of(verb, index, goes_on=bool(goes_on))
        elif said and said[-1].kind and is_joiner(lead):
            one = _Said(reference, said[-1].kind, joined=True)
        if one.kind is None:
            one.kind = _after(text, references, index)
        said.append(one)
        if one.kind in _PASSIVE and _POSSESSIVE.match(text, reference.end):
            pass  # "superseded by ADR-12's new rule": the successor, whatever of it
        elif one.joined and _POSSESSIVE.match(text, reference.end):
            one.kind = partial(one.kind) if one.kind and ";" not in lead else None
        elif only_part(text, reference.end):
            _narrow(said)
        last_end = reference.end
    yield from ((one.reference, one.kind) for one in said)


def _narrow(said: list[_Said]) -> None:
    """ "Supersedes ADR-9 and ADR-13 for one mode": what limits the last one limits those joined with it."""
    for one in reversed(said):
        one.kind = partial(one.kind) if one.kind else None
        if not one.joined:
            return


def _after(text: str, references: list[Reference], index: int) -> RelationKind | None:
    """What stands behind the reference: "will be replaced by this", "which this decision supersedes"."""
    end = references[index].end
    after = text[end : end + 120]
    if (found := _BY_THIS.match(after)) and not _next_within(references, index, found.end()):
        whole = _ONLY_AUXILIARIES.match(found["between"])
        return RelationKind.SUPERSEDES if whole else RelationKind.PARTIALLY_SUPERSEDES
    if (found := _THIS_DOES.match(after)) and not _next_within(references, index, found.end()):
        word = (found["verb"] or found["verb2"] or found["verb3"]).lower()
        if found["this"] or found["it"]:
            return RelationKind.AMENDS if word.startswith("amend") else RelationKind.SUPERSEDES
        return RelationKind.AMENDED_BY if word.startswith("amend") else RelationKind.SUPERSEDED_BY
    return None


def only_part(text: str, at: int) -> bool:
    """Whether the words right behind a reference limit what is said of it: "ADR-3 (only the retry rule)"."""
    return bool(_ONLY_PART.match(text[at : at + 160]))


def _next_within(references: list[Reference], index: int, length: int) -> bool:
    return index + 1 < len(references) and references[index + 1].start < references[index].end + length


def see_successor(lead: str, reference: Reference, own: Identity) -> RelationKind | None:
    """ "Superseded (see ADR-4)", "Superseded [0019](…)": a state whose successor follows without "by"."""
    found = _SEE.search(lead[-120:])
    newer = _is_newer(reference, own)
    if not found or newer is False or (not found["see"] and not newer):
        return None
    return partial(RelationKind.SUPERSEDED_BY) if is_partial(lead[-120:]) else RelationKind.SUPERSEDED_BY


def is_joiner(lead: str) -> bool:
    """Whether only a comma, an "and" or an aside stands between two references."""
    return bool(_JOINER.match(_ASIDE.sub(" ", lead))) or bool(_JOINER.match(lead))


def is_filler(lead: str) -> bool:
    """Whether the words before a reference say nothing of their own, such as "the decision described in"."""
    return bool(_FILLER.match(lead))


@dataclass(frozen=True, slots=True)
class _Sentence:
    """The words before a verb, and what they make of it."""

    text: str
    references: list[Reference]
    own: Identity
    strict: bool

    def kind_of(self, verb: re.Match[str], index: int, *, goes_on: bool) -> RelationKind | None:
        """What the verb says of the reference with that index. goes_on: it shares the subject."""
        reference = self.references[index]
        kind = next(k for i, (k, _) in enumerate(_VERBS) if verb[f"v{i}"])
        gap = self.text[verb.end() : reference.start]
        if not is_filler(gap):
            kind_or_none = _through(kind, gap)
            if kind_or_none is None:
                return None
            kind = kind_or_none
        start = verb.start() if goes_on else _clause_start(self.text, verb)
        lead = self._lead(start, verb.start(), index)
        if _NEGATED.search(lead):
            return None
        if kind in STATUS_KINDS:
            earlier = [r for r in self.references[:index] if r.target != self.own.id]
            if any(start <= e.start for e in earlier) and not _is_list(self.text, start, earlier, verb):
                return None  # the subject is the record named before
            newer = _is_newer(reference, self.own)
            if not about_us(lead[-200:]) or (
                self.strict and kind in _PASSIVE and _OF_OURS.search(lead[-200:])
            ):
                return partial(kind) if not self.strict or (kind in _PASSIVE and newer) else None
            if self.strict and kind in _PASSIVE and newer is False and not re.search(r"\w", lead):
                return None  # "Replaced by" an older record, deep in the text: said of something else
        if verb[0].lower() == "requires" and self.strict and not about_us(lead[-200:]):
            return None
        if (
            is_partial(lead[-24:])
            or is_partial(verb[0])
            or is_partial(self.text[verb.end() : verb.end() + 14])
        ):
            return partial(kind)
        return kind

    def _lead(self, start: int, end: int, index: int) -> str:
        """The words before the verb, with this record's own name as "this"."""
        for reference in reversed(self.references[:index]):
            if reference.target == self.own.id and start <= reference.start and reference.end <= end:
                return f"this {self.text[reference.end : end]}"
        return self.text[start:end]


def _through(kind: RelationKind, gap: str) -> RelationKind | None:
    """The kind where words stand between verb and reference: "supersedes some aspects of", "by the rule in"."""
    if len(gap) > 120 or re.search(r"[;:!?]|\.\s", gap) or not _VIA.search(gap):
        return None
    if kind in (RelationKind.SUPERSEDES, RelationKind.AMENDS):
        if _PART_NOUN.search(gap):
            return partial(kind)
        return kind if _WRITTEN_IN.search(gap) else None
    return kind if kind in _PASSIVE and (len(gap.split()) <= 7 or _WRITTEN_IN.search(gap)) else None


def _is_newer(reference: Reference, own: Identity) -> bool | None:
    """Whether the reference has a higher number than this record; None where either has none."""
    digits = re.search(r"\d{1,6}$", reference.target)
    if own.number is None or digits is None:
        return None
    return int(digits[0]) > own.number


def _is_list(text: str, start: int, earlier: list[Reference], verb: re.Match[str]) -> bool:
    """ "Supersedes A, amends B": the second verb begins a clause of its own, right after a comma."""
    last = max(e.end for e in earlier if e.start >= start)
    between = _ASIDE.sub(" ", text[last : verb.start()])
    return (
        verb.start() > last
        and bool(re.match(r"^[\s*_`)\]]*(?:[,;]|\band\b|[,;]\s*and\b)\s*[*_`]*$", between))
        and bool(_VERB.match(text[start:].lstrip(" *_`>-")))
    )


def _clause_start(text: str, verb: re.Match[str]) -> int:
    """Where the verb's clause begins: its sentence, or what follows a semicolon or an open bracket in it."""
    start = _sentence_start(text, verb)
    clause = text[start : verb.start()]
    opened = clause.rfind("(")
    inside = (
        opened
        if opened >= 0 and ")" not in clause[opened:] and "](" not in clause[max(0, opened - 1) : opened + 1]
        else -1
    )
    return start + max(clause.rfind(";"), clause.rfind("·"), inside) + 1


def about_us(lead: str) -> bool:
    """Whether the words before a verb, or the last clause of them, make this record its subject."""
    return bool(_ABOUT_US.match(lead)) or bool(_ABOUT_US.match(re.split(r"[,;:(–—|/]\s*|\.\s", lead)[-1]))


def _sentence_start(text: str, verb: re.Match[str]) -> int:
    """Where the verb's sentence begins: after a full stop, or at a line that begins with the verb in capitals."""
    line = text.rfind("\n", 0, verb.start()) + 1
    if verb[0][:1].isupper() and not re.search(r"[^\s*_`>|~-]", text[line : verb.start()]):
        return line
    window = max(0, verb.start() - 300)
    ends = [m.end() for m in re.finditer(r"[.!?][)*_\"]*\s+(?=\S)", text[window : verb.start() + 1])]
    return window + ends[-1] if ends else window
