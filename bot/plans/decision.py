"""The decision itself: requirement R1, the sentence that says what was chosen.

"Chosen option: …" wins wherever it stands below a heading of decision; else the first sentence there. Without
such a heading, a sentence "we decided to …" counts. A title is no decision: it may name the question. Not
here: what else the record asks for (requirements.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.plans import document, wording
from bot.plans.document import Document, Passage
from bot.plans.headings import Role
from bot.plans.plan import Source
from bot.records.blocks import Kind

_CHOSEN = re.compile(
    r"\b(?:chosen|selected|preferred) (?:option|solution|alternative|approach)s?\b|^\W*decision\W*:", re.I
)
_DECIDED = re.compile(
    r"\bwe(?: have|'ve)? (?:therefore |thus )?(?:decided|chose|chosen|selected|opted|agreed|adopted)\b"
    r"|\bdecided (?:for|to|that)\b|^(?:therefore,? |thus,? |so )?we (?:will|are going to) (?:use|adopt)\b",
    re.I,
)
_BECAUSE = re.compile(r",? because\b|,? since\b", re.I)
_MOST_LOOKED_AT = 20
_PROSE = (Kind.PARAGRAPH, Kind.ITEM)


@dataclass(frozen=True, slots=True)
class Decision:
    """text: the words. source: where. passage, end: the block, and how much of it the decision takes."""

    text: str
    source: Source
    passage: Passage
    end: int


def find(page: Document) -> Decision | None:
    """The decision sentence, or None where the record states none."""
    decided = [p for p in page.passages if p.role is Role.DECISION and p.kind in _PROSE]
    for passage in decided:
        if _CHOSEN.search(passage.text[:200]) and (found := _sentence(page, passage)):
            return found
    said = [found for passage in decided[:_MOST_LOOKED_AT] if (found := _sentence(page, passage))]
    if said:  # "This record covers …" is the decision only where nothing else is said
        return next((found for found in said if not wording.about_itself(found.text)), said[0])
    for passage in page.passages:
        if passage.role is not Role.EXCLUDED and passage.kind in _PROSE:
            for start, end in wording.sentences(passage.text):
                if _DECIDED.search(passage.text[start:end]):
                    return _taken(page, passage, start, end)
    return None


def _sentence(page: Document, passage: Passage) -> Decision | None:
    """The passage's first sentence that says something; a label or a lead-in alone does not."""
    if _label(passage.text):
        return None
    for start, end in wording.sentences(passage.text):
        words = wording.shown(passage.text[start:end])
        if wording.empty(words) or _label(passage.text[start:end]):
            continue
        if not any(ch.isalpha() for ch in words):
            continue
        return _taken(page, passage, start, end)
    return None


def _label(text: str) -> bool:
    """Whether it only names what follows; "Implement a cache of two layers:" says what is decided."""
    words = document.standalone_label(text)
    return bool(words) and (len(words.split()) < 4 or not wording.instructs(words))


def _taken(page: Document, passage: Passage, start: int, end: int) -> Decision:
    piece = passage.text[start:end]
    because = _BECAUSE.search(piece)
    # "Chosen option: X, because …": the reason is no part of what has to be done.
    shorter = start + because.start() if because and _CHOSEN.search(piece[: because.start()]) else end
    return Decision(
        wording.shown(passage.text[start:shorter]), page.source(passage, start, shorter), passage, end
    )
