"""Rules about the state of a record and its date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from bot.records.checks.subject import Subject
from bot.records.dates import read_date
from bot.records.inline import plain
from bot.records.record import Finding, Severity, Status
from bot.records.words import CJK_STATE, STATE

_STATES = (
    *("proposed", "accepted", "approved", "rejected", "superseded", "deprecated", "implemented"),
    *("deferred", "withdrawn", "draft"),
)
"""What a slip of the pen may have meant; it is asked, never taken for said."""
_LEFT_OPEN = re.compile(r"(?:^|[\s|:])(n/?a|tbd|todo|\?{1,9}|\.{2,9})[\s|]*$", re.I)
_UNFILLED = re.compile(
    r"\bY{2,4}[-/. ]?M{1,2}|\bD{1,2}[-/. ]M{1,2}|\bX{2}\b|\binsert\b|[{\[<]\s*date|^date$|"
    r"\b\d{4}-(?:\d\d-)?(?:X|\?)+",
    re.I,
)


def reader_findings(subject: Subject) -> Iterator[Finding]:
    """What the reader could not accept: broken front matter, double keys, statements that disagree, size."""
    yield from subject.record.findings


def status_missing(subject: Subject) -> Iterator[Finding]:
    """No status although the log states one."""
    if subject.record.status is not None or not subject.convention.states_status:
        return
    place = subject.record.places.get("status")
    words = " ".join(subject.line(n) for n in range(place.line, place.end_line + 1)) if place else ""
    unfilled = _LEFT_OPEN.search(plain(words))
    if unfilled:
        reason = f'The status is not filled in: "{unfilled[1]}". The other records of this log state one.'
        yield subject.finding("status-missing", Severity.ERROR, reason, at="status")
    else:
        reason = "The record states no status, though the other records of this log do."
        yield subject.finding("status-missing", Severity.ERROR, reason)


def status_placeholder(subject: Subject) -> Iterator[Finding]:
    """The template's list of states is still there."""
    if subject.record.status is Status.PLACEHOLDER:
        reason = "The status is still the template's list: keep the one state that holds."
        yield subject.finding("status-placeholder", Severity.ERROR, reason, at="status")


def status_unknown(subject: Subject) -> Iterator[Finding]:
    """Words that name no state that the bot knows, unless the log itself uses them, or a known one in doubt."""
    record = subject.record
    if record.status is not Status.UNKNOWN:
        return
    words = plain(record.status_text or "")[:60]
    first = re.search(r"[^\W\d_]+", words)
    if record.status_doubt:
        reason = (
            f'The status "{words}" {record.status_doubt}, so the bot will not act on this record. If it holds, '
            "write it as plain text at the top of the file."
        )
    elif STATE.search(words) or CJK_STATE.search(words):
        reason = f'"{words}" leaves open which state holds, so the bot will not act on this record.'
    elif first and sum(w.lower() == first[0].lower() for w in _peer_words(subject)) >= 3:
        return
    else:
        near = get_close_matches(first[0].lower(), _STATES, n=1, cutoff=0.8) if first else []
        hint = f" Did you mean {near[0]}?" if near else ""
        reason = f'"{words}" names no state that the bot knows, so it will not act on this record.{hint}'
    yield subject.finding("status-unknown", Severity.WARNING, reason, at="status")


def _peer_words(subject: Subject) -> list[str]:
    found = (re.search(r"[^\W\d_]+", plain(r.status_text or "")) for r in subject.peers)
    return [match[0] for match in found if match]


def superseded_by_nobody(subject: Subject) -> Iterator[Finding]:
    """Superseded without naming a successor, here or there."""
    record = subject.record
    if record.status is not Status.SUPERSEDED or record.superseded_by or record.partially_superseded_by:
        return
    if any(record.id in r.supersedes for r in subject.log if record.id):
        return
    text = record.status_text or ""
    if re.search(r"\bby\b|\]\(|#\d|https?:", text, re.I):
        return  # a successor of another kind is named
    reason = "The record is superseded, but nothing says by which one."
    yield subject.finding("superseded-without-successor", Severity.WARNING, reason, at="status")


def date_wrong(subject: Subject) -> Iterator[Finding]:
    """A date that no calendar has, or that was never filled in."""
    record = subject.record
    if record.date is not None or not record.date_text:
        return
    text = plain(record.date_text)
    if read_date(text).impossible:
        reason = f'"{text[:40]}" is no day of any calendar; 2024-05-31 is how ISO 8601 writes a date.'
        yield subject.finding("date-impossible", Severity.WARNING, reason, at="date")
    elif _UNFILLED.search(text):
        reason = f'The date is not filled in: "{text[:40]}".'
        yield subject.finding("date-unfilled", Severity.WARNING, reason, at="date")


RULES = (
    reader_findings,
    status_missing,
    status_placeholder,
    status_unknown,
    superseded_by_nobody,
    date_wrong,
)
