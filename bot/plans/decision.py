"""The decision itself: requirement R1, the sentence that says what was chosen.

"Chosen option: …" wins wherever it stands below a heading of decision; else the first sentence there. Without
such a heading, a sentence "we decided to …" counts, then what a proposal says of itself in its summary, then the
words right below the title of a record that has little else. A title is no decision: it may name the question.
Not here: what else the record asks for (requirements.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.plans import document, modality, wording
from bot.plans.document import Document, Passage
from bot.plans.headings import Role, designs, role_of_title
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
_SUMMARY = re.compile(
    r"^\W*(?:\d[\d.]*\W+)?(?:(?:executive |simple )?summary|abstract|tl;?dr|in short|zusammenfassung|résumé|"
    r"resumen|resumo)\W*$",
    re.I,
)
_FIELDS = re.compile(r"^[\W_]*[\w -]{2,24}(?:\*\*|__)?\s?[:：]")
_LEAST_PREAMBLE = 6
"""Words of a sentence below the title that can be the decision."""
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
    prose = [p for p in page.passages if p.kind in _PROSE]
    decided = [p for p in prose if p.role is Role.DECISION]
    designed = decided if _only_designs(page) else []
    decided = decided if not designed else []
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
    summed = [p for p in prose if p.role is not Role.EXCLUDED and _SUMMARY.match(p.section)]
    told = (_sentence(page, passage) for passage in (*summed[:3], *designed[:_MOST_LOOKED_AT]))
    return next((found for found in told if found), None) or _below_title(page, prose)


def _only_designs(page: Document) -> bool:
    """Whether what stands as decided is the design of a proposal, and nothing is called a decision."""
    titles = [p.text if p.kind is Kind.HEADING else document.standalone_label(p.text) for p in page.passages]
    deciding = [title for title in titles if title and role_of_title(title) is Role.DECISION]
    return bool(deciding) and all(designs(title) for title in deciding)


def _below_title(page: Document, prose: Sequence[Passage]) -> Decision | None:
    """What a short record says right below its title: the sentence that orders or promises, else the first."""
    said = [
        found
        for passage in prose
        if not passage.section and passage.role is Role.OTHER and passage.kind is Kind.PARAGRAPH
        if not _FIELDS.match(passage.text)
        for start, end in wording.sentences(passage.text)
        if len(passage.text[start:end].split()) >= _LEAST_PREAMBLE
        if not wording.empty(words := wording.shown(passage.text[start:end]))
        and not wording.about_itself(words)
        if (found := _taken(page, passage, start, end))
    ]
    orders = (found for found in said if modality.promises(found.text) or wording.instructs(found.text))
    return next(orders, said[0] if said else None)


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
