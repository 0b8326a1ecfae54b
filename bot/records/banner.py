"""Words over a text that take it back: a banner "Superseded by …" or "DRAFT", or "(deprecated)" in the title.

Teams often put such a line on top and leave "Accepted" below as it is. Only a status that permits, or none, gives
way, and only to a worse one. Not here: the status itself (choose.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.records.blocks import Block, Kind
from bot.records.choose import PERMITS
from bot.records.inline import plain
from bot.records.record import Place, Relation, RelationKind, Status

NEAR_TOP = 60
"""Lines in which a banner is looked for where the text has no second heading."""

_LEAD_IN = (
    r"^\W*+(?:(?:note|warning|important|caution|attention|updated?|edit|status|notice|info|tip|superseded|deprecated|"
    r"obsolete|\d(?:[./-]*\d)*+)\b\W++){0,3}"
)
_SUBJECT = (
    r"(?:(?:this|the)\s+(?:(?:architectur(?:e|al)|decision|record|adr|rfc|pep|kep|document|proposal|page|spec|"
    r"specification|design|one)\s+){1,4}(?:is|has been|was|have been)\s+"
    r"(?:(?:now|fully|since|hereby|completely)\s+)?"
    r"(?:(?:retired|expired|withdrawn|deprecated|archived|closed)\s+and\s+(?:(?:is|has been|was)\s+)?)?)?"
)
_BY = re.compile(
    _LEAD_IN + _SUBJECT + r"(?:super[sc]ee?ded|replaced|obsoleted|invalidated|made obsolete|deprecated)\s+"
    r"(?:by|in favou?r of|with)\s+[^\s:]",
    re.I,
)
_BY_ANOTHER = re.compile(
    r"^.{2,60}\b(?:super[sc]ee?des|replaces|obsoletes)\s+this\s+(?:adr|rfc|record|decision|document|proposal)\b",
    re.I,
)
"""The other record as the subject: "ADR-12 supersedes this decision"."""
_STATE = re.compile(
    _LEAD_IN
    + _SUBJECT
    + r"(?P<state>super[sc]ee?ded|obsolete|deprecated|retired|withdrawn|rejected|reverted)\b"
    r"(?!\s+(?:in\s+part|partially|partly)|[-_/]|\s+\w+s\b)",
    re.I,
)
_IN_TITLE = re.compile(
    r"[(\[]\s*(?P<end>super[sc]ee?ded|obsolete|deprecated|withdrawn|rejected|retired|"
    r"replaced by)\b[^()\[\]]{0,80}[)\]]\s*$|"
    r"\s[–—-]\s(?-i:(?P<loud>SUPERSEDED|OBSOLETE|DEPRECATED|WITHDRAWN|REJECTED|RETIRED))\W*$|"
    r"^\W*(?P<start>superseded|obsolete|deprecated|withdrawn|rejected|retired)\s*(?:\]|:|\s[–—-]\s)",
    re.I,
)
_OPEN = re.compile(
    _LEAD_IN
    + _SUBJECT
    + r"(?:(?:still|just|only|an?|in)\s+){0,2}(?:draft|wip|work[ -]in[ -]progress|under discussion|"
    r"not\s+(?:yet\s+)?(?:accepted|approved|decided|ratified|final))(?:\s+(?:yet|adr|decision|record))?(?:\s?[.!:;,–—-]|\W*$)",
    re.I,
)
_OPEN_TITLE = re.compile(
    r"[(\[]\s?(?:wip|draft|work[ -]in[ -]progress)\s?[)\]]\W*$|"
    r"^\W*(?:wip|draft|work[ -]in[ -]progress)(?:\s?[\]):]|\s[–—-]\s)",
    re.I,
)
"""A draft by its own words, which may have kept "Accepted" from the record that it was copied from."""
_OF_US = re.compile(
    r"^\W*(?:this|the)\s(?:architectur(?:e|al)\s|decision\s|proposed\s){0,3}(?:decision|record|adr|rfc|document|proposal)\s",
    re.I,
)
"""How a plain sentence begins that speaks of the record itself."""
_REOPENED = re.compile(
    _LEAD_IN + r"(?:this|the)\s+(?:(?:architectur(?:e|al)|decision|record|adr|rfc|document|proposal)\s+){1,4}"
    r"(?:(?:is|has been|was)\s+(?:(?:now|again|currently|still)\s+){0,2}"
    r"(?:being\s+(?:revisited|reconsidered|reviewed|re-?evaluated|challenged)|"
    r"under\s+(?:review|reconsideration)|re-?opened|on\s+hold|suspended|reversed|revoked|rescinded|disputed|contested|cancell?ed|"
    r"no\s+longer\s+(?:valid|applicable|in\s+force|relevant|followed|in\s+use))|no\s+longer\s+(?:applies|holds|stands))\b",
    re.I,
)
"""A decision that was taken, and is open again or holds no more."""
_STRUCK_TITLE = re.compile(r"~~[^~]{1,300}~~|<(?:del|s|strike)>[^<>]{1,300}</(?:del|s|strike)>", re.I)
_LATER_CHAPTER = re.compile(
    r"^\W*(?:\d[\d./-]*\W+)?(?:update[ds]?|addendum|postscript|epilogue|afterword|retrospective|nachtrag)\b",
    re.I,
)
"""A chapter that was written when the decision had been lived with."""
_STATUS_OF = {
    "s": Status.SUPERSEDED,
    "o": Status.DEPRECATED,
    "d": Status.DEPRECATED,
    "w": Status.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Banner:
    """What takes the record back. quote: its words; place: where they stand."""

    status: Status
    quote: str
    place: Place


def from_banner(
    status: Status | None,
    relations: Sequence[Relation],
    blocks: Sequence[Block],
    title: tuple[Block | None, str | None],
) -> Banner | None:
    """The banner that overrules this status, if there is one. title: its block and its text as written."""
    if status is not None and status not in PERMITS:
        return None
    heads = [b.line for b in blocks if b.kind is Kind.HEADING and not b.quote]
    end = heads[1] if len(heads) > 1 else NEAR_TOP
    for relation in relations:
        if (
            relation.kind is RelationKind.SUPERSEDED_BY
            and relation.place.line < end
            and (_BY.match(plain(relation.quote)) or _BY_ANOTHER.search(plain(relation.quote)))
        ):
            return Banner(Status.SUPERSEDED, relation.quote, relation.place)
    if status is None:
        return None
    for block, line, text in _set_off(blocks, end):
        if not block.quote and not block.text.startswith(("**", "__")) and not _OF_US.match(text):
            continue
        if found := _STATE.match(text):
            return Banner(_meant(found["state"]), text[:300], Place(line, block.end_line))
        if _OPEN.match(text):
            return Banner(Status.DRAFT, text[:300], Place(line, block.end_line))
        if _REOPENED.match(text):
            return Banner(Status.UNKNOWN, text[:300], Place(line, block.end_line))
    for block, line, text in _added_later(blocks):
        if _OF_US.match(text) and (found := _STATE.match(text)):
            return Banner(_meant(found["state"]), text[:300], Place(line, block.end_line))
        if _REOPENED.match(text) or _OPEN.match(text):
            return Banner(Status.UNKNOWN, text[:300], Place(line, block.end_line))
    head, text_or_none = title
    top = next((b for b in blocks if b.kind is Kind.HEADING), None)
    if top is not None and _STRUCK_TITLE.fullmatch(top.text.strip()):
        return Banner(Status.UNKNOWN, top.text[:300], top.place)
    if text_or_none and (named := _IN_TITLE.search(plain(text_or_none))):
        place = head.place if head else Place(1, 1)
        return Banner(_meant(named["end"] or named["loud"] or named["start"]), text_or_none[:300], place)
    if text_or_none and _OPEN_TITLE.search(plain(text_or_none)):
        return Banner(Status.DRAFT, text_or_none[:300], head.place if head else Place(1, 1))
    return None


def _added_later(blocks: Sequence[Block]) -> Iterator[tuple[Block, int, str]]:
    """The first paragraph of each chapter such as "Update 2025"."""
    for above, block in pairwise(blocks):
        if (
            above.kind is Kind.HEADING
            and block.kind is Kind.PARAGRAPH
            and _LATER_CHAPTER.match(plain(above.text))
        ):
            yield block, block.line, plain(block.text)


def _set_off(blocks: Sequence[Block], end: int) -> Iterator[tuple[Block, int, str]]:
    """The first lines of quotes, of lines in bold and of plain paragraphs that stand over the text."""
    for block in blocks:
        if block.line >= end:
            return
        if block.kind is Kind.PARAGRAPH:
            for line, text in list(block.text_lines())[:2]:
                yield block, line, plain(text)


def _meant(word: str) -> Status:
    word = word.lower()
    if word.startswith("re"):
        return {"rej": Status.REJECTED, "rep": Status.SUPERSEDED}.get(word[:3], Status.DEPRECATED)
    return _STATUS_OF[word[0]]
