"""Rules about a record in the life of its log: listed in the index, and changed after it was accepted."""

from __future__ import annotations

from collections.abc import Iterator

from bot.records.checks.subject import Subject
from bot.records.choose import PERMITS
from bot.records.convention import names_record
from bot.records.record import Finding, Severity


def not_in_index(subject: Subject) -> Iterator[Finding]:
    """The log keeps an index, and this record is not in it."""
    index = subject.convention.index
    if index is None:
        return
    text = subject.log.files[index][: 256 * 1024].decode("utf-8", "replace")
    if not names_record(text, subject.record):
        reason = f"The log's index {index} does not list this record."
        yield subject.finding("index-missing", Severity.NOTICE, reason)


def accepted_changed(subject: Subject) -> Iterator[Finding]:
    """The text of an accepted record changed, so what was planned from it no longer holds."""
    before = subject.base.by_path(subject.record.path) if subject.base is not None else None
    if before is None or before.status not in PERMITS or before.blob_sha == subject.record.blob_sha:
        return
    reason = (
        "The text of an accepted record changed: its plan is made anew; an approval of the old one is void."
    )
    yield subject.finding("accepted-changed", Severity.NOTICE, reason)


RULES = (not_in_index, accepted_changed)
