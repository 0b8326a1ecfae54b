"""What a record asks for, each with the exact quote and lines that it was read from.

R1 is the decision itself; a record that states no decision has no R1, and one that has nothing else has
nothing to implement, which is an answer. About 70 % of what a word search finds is really implementable, so
headings and lead-ins decide here first, wording second: an option that was rejected, a reason and a drawback
are written with the same words as work. Not here: numbers (thresholds.py), order and steps (planner.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.plans import decision, document, metadata, modality, thresholds, wording
from bot.plans.document import Document, Passage
from bot.plans.headings import Role, phase_of
from bot.plans.plan import Requirement, Source
from bot.records.blocks import Kind
from bot.records.record import Record

MAX_REQUIREMENTS = 300
_KINDS = {
    Role.CRITERION: "criterion",
    Role.RISK: "risk",
    Role.SECURITY: "security",
    Role.PERFORMANCE: "performance",
}
# Headings under which each item of a list counts, whatever its words.
_LISTS = frozenset({Role.WORK, Role.CRITERION, Role.SECURITY, Role.PERFORMANCE})
_TASK_TABLE = re.compile(
    r"\b(tasks?|actions?|deliverables?|requirements?|criteri(?:on|a)|metrics?|targets?|phases?|steps?"
    r"|milestones?|risks?|work|items?|changes?|measures?)\b",
    re.I,
)
_CHOICE_TABLE = re.compile(
    r"\b(?:choices?|chosen|selected|selection|decisions?|decided|technology|wahl|auswahl|choix|elecci[oó]n|escolha)\b"
    r"|选型|选择|選擇|决定|決定|决策|採用|선택",
    re.I,
)
_DEFINES = re.compile(r"^[\w -]{1,40} = ")
_MECHANISM = re.compile(r"\b(?:requires?|needs?)\b.*\b(?:that|which|to)\W*$", re.I)
_CRITERIA = re.compile(
    r"\b(?:solution|framework|library|tool|platform|candidate|option|database|technology|product|vendor)\b[^.:]{0,20}"
    r"\b(?:should|must|shall|needs? to|ha(?:s|ve) to)\W*$",
    re.I,
)
"""What the choice is measured by: "The framework should:"."""
_PROPOSES = re.compile(r"\b(?:adr|rfc|record|document|proposal|we) propose[sd]?\b", re.I)
_REQUIRES = re.compile(r"\b(requires?|required|goals?|needs?|evolve|following)\b", re.I)
_IDENTIFIER = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class _Found:
    kind: str
    text: str
    source: Source
    phase: str | None = None


def identifier(record: Record) -> str:
    """What requirement ids begin with: the record's id, or its file's name, in plain letters."""
    stem = record.path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    for candidate in (record.id or "", stem):
        clean = _IDENTIFIER.sub("-", candidate).strip("-.")[:64]
        if clean:
            return clean
    return "record"


def extract(record: Record) -> tuple[Requirement, ...]:
    """The record's requirements in order of the text; the decision first, as R1.

    ids are stable for the same text: "ADR-012/R3". At most MAX_REQUIREMENTS. Never raises.
    """
    return extract_from(record, document.read(record))


def extract_from(record: Record, page: Document) -> tuple[Requirement, ...]:
    """As `extract`, for a document already read."""
    name = identifier(record)
    chosen = decision.find(page)
    out: list[Requirement] = []
    if chosen is not None:
        out.append(Requirement(id=f"{name}/R1", kind="decision", text=chosen.text, source=chosen.source))
    seen = {chosen.text.casefold()} if chosen else set()
    for found in _all(record, page, chosen):
        key = found.text.casefold() + ("" if found.kind != "phase" else "\0phase")
        if not found.text or not found.source.quote or key in seen:
            continue
        seen.add(key)
        number = len(out) + (1 if chosen is not None else 2)  # R1 is the decision's, or nobody's
        out.append(
            Requirement(
                id=f"{name}/R{number}",
                kind=found.kind,
                text=found.text,
                source=found.source,
                phase=found.phase,
            )
        )
        if len(out) >= MAX_REQUIREMENTS:
            break
    return tuple(out)


def _all(record: Record, page: Document, chosen: decision.Decision | None) -> Iterator[_Found]:
    for entry in metadata.entries(record, page.lines):
        yield _Found(entry.kind, entry.text, entry.source)
    accepted: tuple[int, str] | None = None  # depth and text of the last accepted item, to fold its details
    for passage in page.passages:
        if passage.role is Role.EXCLUDED:
            continue
        if chosen is not None and passage.line == chosen.passage.line and passage.kind is not Kind.PARAGRAPH:
            continue
        if passage.kind is not Kind.ITEM:
            accepted = None
        if passage.kind is Kind.HEADING:
            if phase_of(passage.text.strip("*_ ")):
                yield _Found("phase", wording.shown(passage.text).rstrip(":"), page.source(passage))
        elif passage.kind is Kind.ITEM:
            if accepted is not None and passage.depth <= accepted[0]:
                accepted = None
            kind = _item(passage, detail=accepted is not None, formal=page.formal)
            if kind is not None:
                yield _Found(
                    kind, _text(passage), page.source(passage), None if kind == "phase" else passage.phase
                )
                if accepted is None:
                    accepted = (passage.depth, passage.text)
        elif passage.kind is Kind.PARAGRAPH:
            yield from _paragraph(page, passage, chosen)
        elif passage.kind is Kind.ROW:
            yield from _row(page, passage)


def _text(passage: Passage) -> str:
    """The item's words; a bare heading item above it is put in front, as the reader of the list has read it."""
    words = passage.words
    group = passage.group.strip(" :")
    titled = passage.group.endswith(":") or len(group.split()) <= 6
    if (
        group
        and titled
        and group != passage.phase
        and not (modality.promises(group) or wording.instructs(group))
    ):
        return wording.shown(f"{group}: {words}")
    return words


def _kind(passage: Passage, words: str) -> str:
    kind = _KINDS.get(passage.role, "work-item")
    if kind in ("work-item", "performance") and thresholds.stated(words):
        return "threshold"
    return kind


def _item(passage: Passage, *, detail: bool, formal: bool) -> str | None:
    """The kind of requirement that a list item is, or None.

    detail: it stands below an accepted item. formal: only capital MUST and SHOULD oblige (document.py).
    """
    words = passage.words
    name, rest = wording.label(passage.text)
    rest = wording.shown(rest)
    if (
        wording.empty(words)
        or wording.gives_reason(words)
        or wording.task_done(passage.text)
        or (_DEFINES.match(words) and not modality.promises(passage.lead))
    ):
        return None
    if phase_of(words) and passage.role in (Role.WORK, Role.DECISION, Role.OTHER):
        return "phase"
    if passage.role is Role.OTHER and not passage.section and name:
        return None  # "Start Date: …" below the title is a field of the record
    acting = len(words.split()) > 1 and (wording.instructs(words) or wording.instructs(rest))
    if not acting and passage.role in (Role.DECISION, Role.WORK):
        acting = any(wording.instructs(words[start:end]) for start, end in list(wording.sentences(words))[1:])
    if passage.parent and _introduces(words, rest, acting=acting):
        # A risk is often only named, and told below it.
        return "risk" if passage.role is Role.RISK and passage.depth == 1 and not detail else None
    if detail:
        if passage.role is Role.RISK or not (wording.instructs(words) or modality.promises(words)):
            return None
        return _kind(passage, words)
    return _kind(passage, words) if _counts(passage, words, rest, acting=acting, formal=formal) else None


def _introduces(words: str, rest: str, *, acting: bool) -> bool:
    """Whether an item with items below it is only their title."""
    return not rest.strip() or words.endswith(":") or (len(words.split()) <= 6 and not acting)


def _counts(passage: Passage, words: str, rest: str, *, acting: bool, formal: bool) -> bool:
    role, lead = passage.role, passage.lead
    promised = lead.endswith(":") and (modality.promises(lead) or _REQUIRES.search(lead) is not None)
    if role in _LISTS:
        return wording.says_enough(words) or acting or wording.task_done(passage.text) is False
    if role is Role.RISK:
        return passage.depth == 1 and wording.says_enough(words)
    if role is Role.DECISION:
        listed = (
            ((promised or wording.holds(lead)) and (len(words.split()) >= 3 or "`" in passage.text))
            or wording.ordered(words, lead)
            or wording.designs(words)
        )
        return acting or modality.promises(words) or (listed and not wording.defines(passage.text))
    if role is Role.CONSEQUENCES:
        return modality.we_owe(words)
    if role is Role.CONTEXT:
        return (
            passage.depth == 1
            and promised
            and (
                (modality.promises(lead) and not _CRITERIA.search(lead))
                or _MECHANISM.search(lead) is not None
                or _PROPOSES.search(lead) is not None
            )
            and (wording.acts(words) or wording.acts(rest))
        )
    return acting or modality.commands(words, formal=formal) or (promised and wording.acts(words))


def _paragraph(page: Document, passage: Passage, chosen: decision.Decision | None) -> Iterator[_Found]:
    if passage.role is Role.CONTEXT or document.standalone_label(passage.text):
        return
    for start, end in wording.sentences(passage.text):
        if chosen is not None and passage.line == chosen.passage.line and start < chosen.end:
            continue
        piece = passage.text[start:end]
        words = wording.shown(piece)
        if (
            wording.empty(words)
            or words.endswith(":")
            or wording.about_itself(words)
            or wording.gives_reason(words)
            or len(words.split()) < 3
        ):
            continue
        if _obliged(passage.role, words, formal=page.formal):
            yield _Found(_kind(passage, words), words, page.source(passage, start, end), passage.phase)


def _obliged(role: Role, words: str, *, formal: bool) -> bool:
    if role is Role.DECISION and wording.designs(words) and wording.does(words):
        return True
    if role in (Role.DECISION, Role.WORK):
        return modality.promises(words) or wording.instructs(words) or wording.we_do(words)
    if role in (Role.CRITERION, Role.SECURITY, Role.PERFORMANCE):
        return modality.promises(words)
    if role is Role.CONSEQUENCES:
        return modality.we_owe(words)
    if role is Role.OTHER:
        return modality.commands(words, formal=formal)
    return False


def _row(page: Document, passage: Passage) -> Iterator[_Found]:
    names = " ".join(passage.header)
    chosen = passage.role is Role.DECISION and _CHOICE_TABLE.search(names)
    if not chosen and (passage.role not in _LISTS | {Role.RISK} or not _TASK_TABLE.search(names)):
        return
    cells = [wording.shown(cell) for cell in passage.cells]
    full = [cell for cell in cells if cell and not wording.empty(cell)]
    if len(full) < 2:
        return
    words = wording.shown(" — ".join(full))
    kind = "phase" if phase_of(full[0]) else _kind(passage, words)
    yield _Found(kind, words, page.source(passage), passage.phase if kind != "phase" else None)
