"""A whole log of records: what no single file can say.

Built from a mapping of paths to bytes; it finds records by id, number and path, and learns what this log does
by itself. Not here: judging a record (checks.py), drawing (graph.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.records.kinds import FileKind, is_record
from bot.records.reader import read
from bot.records.record import Record


class RecordLog:
    """The records of one repository. files: path to bytes of all candidate files, indexes and templates too."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.kinds = {path: is_record(path, data) for path, data in sorted(self.files.items())}
        self.records: tuple[Record, ...] = tuple(
            read(path, self.files[path]) for path, kind in self.kinds.items() if kind is FileKind.ADR
        )
        self._paths = {record.path: record for record in self.records}
        self._ids: dict[str, list[Record]] = {}
        self._numbers: dict[int, list[Record]] = {}
        for record in self.records:
            if record.id:
                self._ids.setdefault(record.id.lower(), []).append(record)
            if record.number is not None:
                self._numbers.setdefault(record.number, []).append(record)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def kind_of(self, path: str) -> FileKind:
        """What the file is; OTHER for a path that is not in the log."""
        return self.kinds.get(path, FileKind.OTHER)

    def by_path(self, path: str) -> Record | None:
        """The record of this file."""
        return self._paths.get(path)

    def by_id(self, identifier: str) -> tuple[Record, ...]:
        """All records with this id; several if a number was taken twice."""
        return tuple(self._ids.get(identifier.lower(), ()))

    def by_number(self, number: int) -> tuple[Record, ...]:
        """All records with this number."""
        return tuple(self._numbers.get(number, ()))

    def has(self, identifier: str) -> bool:
        """Whether the log holds a record with this id."""
        return identifier.lower() in self._ids
