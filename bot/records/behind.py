"""What stands behind a reference: "will be replaced by this", "(only the retry rule)", "— supersedes the limits".

English puts the verb before what it speaks of; where it does not, or where words behind narrow what was said, it
is read here. Not here: the verb before a reference, and whose sentence it is (phrases.py).
"""

from __future__ import annotations

import re

from bot.records.identity import Identity
from bot.records.record import RelationKind
from bot.records.references import Reference
from bot.records.wording import (
    BY_THIS,
    EAST_BY,
    EAST_OF,
    LABELLED,
    LABELLED_PART,
    ONLY_AUXILIARIES,
    ONLY_PART,
    PARTLY,
    STATUS_KINDS,
    THIS_DOES,
    VERB,
    VERBS,
)


def partial(kind: RelationKind) -> RelationKind:
    """The partial form of a supersession; other kinds have none."""
    if kind is RelationKind.SUPERSEDES:
        return RelationKind.PARTIALLY_SUPERSEDES
    return RelationKind.PARTIALLY_SUPERSEDED_BY if kind is RelationKind.SUPERSEDED_BY else kind


def is_partial(text: str) -> bool:
    """Whether the words say "partially"."""
    return bool(PARTLY.search(text))


def after(text: str, references: list[Reference], index: int) -> RelationKind | None:
    """What stands behind the reference: "will be replaced by this", "which this decision supersedes"."""
    end = references[index].end
    after = text[end : end + 120]
    if (found := BY_THIS.match(after)) and not _next_within(references, index, found.end()):
        whole = ONLY_AUXILIARIES.match(found["between"])
        return RelationKind.SUPERSEDES if whole else RelationKind.PARTIALLY_SUPERSEDES
    if found := LABELLED.match(after):
        kind = next(
            (k for i, (k, _) in enumerate(VERBS) if (v := VERB.match(found["verb"])) and v[f"v{i}"]), None
        )
        if kind in STATUS_KINDS:
            return partial(kind) if is_partial(found[0]) else kind
    if kind := _east_asian(text[max(0, references[index].start - 12) : references[index].start], after):
        return kind
    if (found := THIS_DOES.match(after)) and not _next_within(references, index, found.end()):
        word = (found["verb"] or found["verb2"] or found["verb3"] or found["verb4"]).lower()
        if found["this"] or found["it"] or found["aim"]:
            return RelationKind.AMENDS if word.startswith("amend") else RelationKind.SUPERSEDES
        return RelationKind.AMENDED_BY if word.startswith("amend") else RelationKind.SUPERSEDED_BY
    return None


def part_labelled(text: str, reference: Reference, own: Identity) -> RelationKind | None:
    """ "ADR-7 — supersedes the retry rule": said of whichever of the two is newer."""
    if not LABELLED_PART.match(text[reference.end : reference.end + 120]):
        return None
    newer = is_newer(reference, own)
    if newer is None:
        return None
    return RelationKind.PARTIALLY_SUPERSEDED_BY if newer else RelationKind.PARTIALLY_SUPERSEDES


def _east_asian(before: str, after: str) -> RelationKind | None:
    """Chinese, Japanese and Korean put the verb behind, or right before."""
    if EAST_BY.match(after):
        return RelationKind.SUPERSEDED_BY
    if EAST_OF.match(after) or re.search(r"(?<![被不未分])(?:取代|替代)了?\s*[\[`]?$", before):
        return RelationKind.SUPERSEDES
    return None


def only_part(text: str, at: int) -> bool:
    """Whether the words right behind a reference limit what is said of it: "ADR-3 (only the retry rule)"."""
    return bool(ONLY_PART.match(text[at : at + 160]))


def _next_within(references: list[Reference], index: int, length: int) -> bool:
    return index + 1 < len(references) and references[index + 1].start < references[index].end + length


def is_newer(reference: Reference, own: Identity) -> bool | None:
    """Whether the reference has a higher number than this record; None where either has none."""
    digits = re.search(r"\d{1,6}$", reference.target)
    if own.number is None or digits is None:
        return None
    return int(digits[0]) > own.number
