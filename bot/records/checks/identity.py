"""Rules about who a record is: its number, its title, and that nobody else has the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.records.checks.subject import Subject
from bot.records.convention import ENOUGH
from bot.records.inline import plain
from bot.records.record import Finding, Record, Severity

_PLACEHOLDER = re.compile(
    r"^(?:[{\[<].*(?:title|titel|short|name|problem|decision).*[}\]>]|\[.*(?:title|titel).*\]|"
    r"(?:short )?title(?: of .*)?|titel|título|<!--.*)$",
    re.I,
)


def number_taken(subject: Subject) -> Iterator[Finding]:
    """The number is already used in the folder, or by another open pull request."""
    record = subject.record
    if not record.number:
        return  # 0000 is what a proposal is called until it has its number
    same = [r for r in subject.peers if r.number == record.number and _prefix(r) == _prefix(record)]
    if same and not _came_first(subject, same):
        names = ", ".join(r.path for r in same[:3])
        reason = f"Number {record.number} is already taken by {names}. Two records cannot share one number."
        yield subject.finding("number-taken", Severity.ERROR, reason)
    if record.number in subject.reserved and not _in_base(subject):
        other = subject.reserved[record.number]
        reason = f"Number {record.number} is already taken by another open pull request: {other}."
        yield subject.finding("number-taken-by-open-pr", Severity.ERROR, reason)


def _prefix(record: Record) -> str:
    return re.sub(r"\d+.*$", "", record.id or "")


def _came_first(subject: Subject, same: list[Record]) -> bool:
    """Whether this record was there before the pull request and the others came with it."""
    if subject.base is not None:
        return _in_base(subject) and not any(subject.base.by_path(r.path) for r in same)
    return False


def _in_base(subject: Subject) -> bool:
    return subject.base is not None and subject.base.by_path(subject.record.path) is not None


def number_differs(subject: Subject) -> Iterator[Finding]:
    """Number in title and file differ."""
    record = subject.record
    if record.number is None or record.title_number is None or record.title_number == record.number:
        return
    place = subject.top
    line = subject.line(place.line)
    digits = re.search(r"\d+", line)
    mended = None
    if digits and int(digits[0]) == record.title_number and place.line == place.end_line:
        mended = line[: digits.start()] + f"{record.number:0{len(digits[0])}d}" + line[digits.end() :]
    reason = f"The file's name says number {record.number}, the title says {record.title_number}."
    yield subject.finding("number-differs", Severity.ERROR, reason, suggestion=mended)


def title_missing(subject: Subject) -> Iterator[Finding]:
    """No title, or the template's."""
    record = subject.record
    if record.title is None or not plain(record.title):
        untitled = subject.convention.size >= ENOUGH and not subject.convention.states_title
        if record.title_number is None and not untitled:
            yield subject.finding("title-missing", Severity.ERROR, "The record has no title.")
    elif _PLACEHOLDER.match(record.title.strip()):
        reason = f'The title is still the template\'s: "{plain(record.title)[:80] or record.title[:80]}".'
        yield subject.finding("title-placeholder", Severity.ERROR, reason)


RULES = (number_taken, number_differs, title_missing)
