"""Which way a sentence points: "Superseded by ADR-7", "Building on ADR-036", "RFC 19 will be replaced by this".

A direction needs its words right beside the reference, a sentence about this record, and no denial. Anything
less is a mention. Not here: fields, and what to do with the answer (relations.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.records.behind import after, is_newer, is_partial, only_part, part_labelled, partial
from bot.records.identity import Identity
from bot.records.record import RelationKind
from bot.records.references import Reference
from bot.records.wording import (
    ABOUT_US,
    AND,
    AND_THING_OF,
    ASIDE,
    FILLER,
    IN_OURS,
    JOINER,
    NEGATED,
    OF_OURS,
    PART_NOUN,
    PASSIVE,
    POSSESSIVE,
    PROPOSED,
    QUOTE_ENDS,
    SEE,
    SET_OFF,
    SOME_DECISION,
    STATUS_KINDS,
    STEMS,
    THING_AFTER,
    THING_OF,
    TITLE,
    VERB,
    VERBS,
    VIA,
    WRITTEN_IN,
)


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
    speaks = any(stem in lowered for stem in STEMS)
    if not speaks:
        yield from ((reference, None) for reference in references)
        return
    verbs = list(VERB.finditer(text))
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
            goes_on = before in STATUS_KINDS and AND.search(text[last_end : verb.start()])
            one.kind = place.kind_of(verb, index, goes_on=bool(goes_on))
        elif said and said[-1].kind and is_joiner(lead):
            one = _Said(reference, said[-1].kind, joined=True)
        elif said and said[-1].kind is RelationKind.PARTIALLY_SUPERSEDES and AND_THING_OF.match(lead):
            one = _Said(reference, said[-1].kind)
        if index == 0 and strict and PROPOSED.match(lead) and SET_OFF.match(text, reference.end):
            one.kind = RelationKind.SUPERSEDES
        if one.kind is None:
            one.kind = after(text, references, index) or part_labelled(text, reference, place.own)
        said.append(one)
        if one.kind in PASSIVE and POSSESSIVE.match(text, reference.end):
            pass  # "superseded by ADR-12's new rule": the successor, whatever of it
        elif one.joined and POSSESSIVE.match(text, reference.end):
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


def see_successor(lead: str, reference: Reference, own: Identity) -> RelationKind | None:
    """ "Superseded (see ADR-4)", "Superseded [0019](…)": a state whose successor follows without "by"."""
    found = SEE.search(lead[-120:])
    newer = is_newer(reference, own)
    if not found or newer is False or (not found["see"] and not newer):
        return None
    return partial(RelationKind.SUPERSEDED_BY) if is_partial(lead[-120:]) else RelationKind.SUPERSEDED_BY


def is_joiner(lead: str) -> bool:
    """Whether only a comma, an "and" or an aside stands between two references."""
    return bool(JOINER.match(ASIDE.sub(" ", lead))) or bool(JOINER.match(lead))


def is_filler(lead: str) -> bool:
    """Whether the words before a reference say nothing of their own, such as "the decision described in"."""
    return bool(FILLER.match(lead))


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
        kind = next(k for i, (k, _) in enumerate(VERBS) if verb[f"v{i}"])
        gap = self.text[verb.end() : reference.start]
        if not is_filler(gap) and not is_filler(TITLE.sub(" ", gap)):
            kind_or_none = _through(kind, gap)
            if kind_or_none is None:
                return None
            kind = kind_or_none
        elif kind is RelationKind.SUPERSEDES and self._is_of_it(verb, gap, reference):
            kind = partial(kind)
        start = verb.start() if goes_on else _clause_start(self.text, verb)
        lead = self._lead(start, verb.start(), index)
        if NEGATED.search(lead) or self._is_quoted(verb, reference):
            return None
        if self.strict and kind in PASSIVE and (subject := self._before_bracket(start)):
            named = any(
                r.end <= start and self.text[r.end : start].strip(" *_`)(") == "" for r in self.references
            )
            whole = about_us(subject[-200:])
            return kind if whole else partial(kind) if is_newer(reference, self.own) and not named else None
        if kind in STATUS_KINDS:
            earlier = [r for r in self.references[:index] if r.target != self.own.id]
            if any(start <= e.start for e in earlier) and not _is_list(self.text, start, earlier, verb):
                return None  # the subject is the record named before
            newer = is_newer(reference, self.own)
            if reference.doubtful and not about_us(lead[-200:]):
                return None
            if kind is RelationKind.SUPERSEDES and IN_OURS.search(lead[-200:]):
                return partial(kind)
            if self.strict and kind is RelationKind.SUPERSEDES and OF_OURS.search(lead[-200:]):
                return partial(kind)
            if not about_us(lead[-200:]) or (self.strict and kind in PASSIVE and OF_OURS.search(lead[-200:])):
                return partial(kind) if not self.strict or (kind in PASSIVE and newer) else None
            if self.strict and kind in PASSIVE and newer is False and not re.search(r"\w", lead):
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

    def _before_bracket(self, start: int) -> str:
        """The words of a sentence before the bracket that a clause begins behind: what the clause is said of."""
        line = self.text[max(0, start - 300) : start].rstrip()
        return re.split(r"[.!?]\s", line[:-1])[-1].strip(" *_`>-") if line.endswith("(") else ""

    def _is_quoted(self, verb: re.Match[str], reference: Reference) -> bool:
        """Whether verb and reference are one quotation: what others say, or an example of what to write."""
        opened = self.text[: verb.start()].rstrip(" *_`")[-1:] in ('"', "“")
        closed = QUOTE_ENDS.match(self.text[reference.end : reference.end + 40])
        return bool(opened and closed and (self.strict or closed["example"]))

    def _is_of_it(self, verb: re.Match[str], gap: str, reference: Reference) -> bool:
        """Whether a thing of that record is meant: "the *retry* decision of ADR-7", "the ADR-7 retry rules"."""
        if SOME_DECISION.search(gap):
            return True
        named = re.search(r"\bthe\s+[\[`*_]*$", gap, re.I)
        return bool(named and THING_AFTER.match(self.text[reference.end : reference.end + 60]))

    def _lead(self, start: int, end: int, index: int) -> str:
        """The words before the verb, with this record's own name as "this"."""
        for reference in reversed(self.references[:index]):
            if reference.target == self.own.id and start <= reference.start and reference.end <= end:
                return f"this {self.text[reference.end : end]}"
        return self.text[start:end]


def _through(kind: RelationKind, gap: str) -> RelationKind | None:
    """The kind where words stand between verb and reference: "supersedes some aspects of", "by the rule in"."""
    if len(gap) > 120 or re.search(r"[;:!?]|\.\s", gap) or not VIA.search(gap):
        return None
    if kind in (RelationKind.SUPERSEDES, RelationKind.AMENDS):
        if PART_NOUN.search(gap) or SOME_DECISION.search(gap):
            return partial(kind)
        if WRITTEN_IN.search(gap):
            return kind
        return partial(kind) if kind is RelationKind.SUPERSEDES and THING_OF.match(gap) else None
    return kind if kind in PASSIVE and (len(gap.split()) <= 7 or WRITTEN_IN.search(gap)) else None


def _is_list(text: str, start: int, earlier: list[Reference], verb: re.Match[str]) -> bool:
    """ "Supersedes A, amends B": the second verb begins a clause of its own, right after a comma."""
    last = max(e.end for e in earlier if e.start >= start)
    between = ASIDE.sub(" ", text[last : verb.start()])
    return (
        verb.start() > last
        and bool(re.match(r"^[\s*_`)\]]*(?:[,;]|\band\b|[,;]\s*and\b)\s*[*_`]*$", between))
        and bool(VERB.match(text[start:].lstrip(" *_`>-")))
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
    return bool(ABOUT_US.match(lead)) or bool(ABOUT_US.match(re.split(r"[,;:(–—|/]\s*|\.\s", lead)[-1]))


def _sentence_start(text: str, verb: re.Match[str]) -> int:
    """Where the verb's sentence begins: after a full stop, or at a line that begins with the verb in capitals."""
    line = text.rfind("\n", 0, verb.start()) + 1
    if verb[0][:1].isupper() and not re.search(r"[^\s*_`>|~-]", text[line : verb.start()]):
        return line
    window = max(0, verb.start() - 300)
    ends = [m.end() for m in re.finditer(r"[.!?][)*_\"]*\s+(?=\S)", text[window : verb.start() + 1])]
    return window + ends[-1] if ends else window
