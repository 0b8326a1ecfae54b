"""What a rule looks at: a record, its log, the habits of its folder, and what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.records.convention import Convention, folder_of, learn
from bot.records.log import RecordLog
from bot.records.record import Edit, Finding, Place, Record, Severity


@dataclass(frozen=True, slots=True)
class Subject:
    """record: the one that is judged. convention: habits of its folder without it. peers: others of the folder.

    changed: paths of the pull request or None. base: the log before it or None. reserved: numbers of other open
    pull requests.
    """

    record: Record
    log: RecordLog
    convention: Convention
    peers: tuple[Record, ...]
    changed: frozenset[str] | None
    base: RecordLog | None
    reserved: Mapping[int, str]

    @classmethod
    def of(
        cls,
        record: Record,
        log: RecordLog,
        *,
        changed: set[str] | None = None,
        base: RecordLog | None = None,
        reserved: Mapping[int, str] | None = None,
    ) -> Subject:
        """The subject of a check; the habits are learnt here."""
        folder = folder_of(record.path)
        return cls(
            record,
            log,
            learn(log, folder, without=record.path),
            tuple(r for r in log if r is not record and folder_of(r.path) == folder),
            frozenset(changed) if changed is not None else None,
            base,
            reserved or {},
        )

    def finding(
        self,
        rule: str,
        severity: Severity,
        reason: str,
        *,
        at: str | Place = "title",
        suggestion: str | None = None,
        edit: Edit | None = None,
    ) -> Finding:
        """A finding of this record. at: a place, or the name of a field whose place is known."""
        place = at if isinstance(at, Place) else self.record.places.get(at, self.top)
        return Finding(rule, severity, self.record.path, place, reason, suggestion, edit)

    @property
    def top(self) -> Place:
        """Where findings go that have no line of their own."""
        return self.record.places.get("title", Place(1, 1))

    def line(self, number: int) -> str:
        """One line of the record's file, without its end; empty outside of the file."""
        lines = file_lines(self.record)
        return lines[number - 1] if 0 < number <= len(lines) else ""


def file_lines(record: Record) -> tuple[str, ...]:
    """The lines of a record's file, counted as the reader counts them."""
    return _split(record.text)


@lru_cache(maxsize=64)
def _split(text: str) -> tuple[str, ...]:
    return tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
