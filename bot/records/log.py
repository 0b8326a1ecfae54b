"""A whole log of records: what no single file can say.

Built from a mapping of paths to bytes; it finds records by id, number and path, resolves a reference to the
record it means, and settles what one file leaves open, such as whether 10/02/2020 is in February or October.
Not here: what the log does by habit (convention.py), judging a record (checks), drawing (graph.py).
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from bot.records.dates import Order, read_date
from bot.records.document import SIDECARS
from bot.records.inline import plain
from bot.records.kinds import FileKind, is_record
from bot.records.reader import read_all
from bot.records.record import Record, Relation
from bot.records.site import Site, learn_sites, site_for


class RecordLog:
    """The records of one repository. files: path to bytes of all candidate files, indexes and templates too.

    repository: "owner/name", so that full web addresses of it count as links; learnt from the links themselves
    where it is not given. paths: all paths of the repository, where known; then every link can be judged.
    """

    def __init__(
        self, files: Mapping[str, bytes], repository: str | None = None, paths: Collection[str] | None = None
    ) -> None:
        self.files: dict[str, bytes] = dict(files)
        self.paths = frozenset(paths) | frozenset(files) if paths is not None else None
        self.sites = (Site(repository),) if repository else learn_sites(self.files)
        self.kinds = {path: is_record(path, data) for path, data in sorted(self.files.items())}
        found: list[Record] = []
        for path, kind in self.kinds.items():
            if kind is FileKind.ADR:
                site = site_for(path, self.sites)
                found += read_all(path, self.files[path], siblings=self.siblings(path), site=site)
        self.records: tuple[Record, ...] = tuple(_with_dates(found))
        self._there = _with_folders(self.paths or self.files)
        self._folders = {posixpath.dirname(record.path) for record in self.records}
        self._paths: dict[str, list[Record]] = {}
        self._ids: dict[str, list[Record]] = {}
        self._numbers: dict[int, list[Record]] = {}
        for record in self.records:
            self._paths.setdefault(record.path, []).append(record)
            if record.id:
                self._ids.setdefault(record.id.lower(), []).append(record)
            if record.number is not None:
                self._numbers.setdefault(record.number, []).append(record)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def siblings(self, path: str) -> dict[str, bytes]:
        """Files beside this one that the reader asks for, by name."""
        folder = posixpath.dirname(path)
        paths = {name: posixpath.join(folder, name) for name in SIDECARS}
        return {name: self.files[where] for name, where in paths.items() if where in self.files}

    def kind_of(self, path: str) -> FileKind:
        """What the file is; OTHER for a path that is not in the log."""
        return self.kinds.get(path, FileKind.OTHER)

    def exists(self, path: str) -> bool | None:
        """Whether a file or folder is there; None where that cannot be known, outside of the log's own folders."""
        if path in self._there:
            return True
        return False if self.paths is not None or posixpath.dirname(path) in self._folders else None

    def by_path(self, path: str) -> Record | None:
        """The record of this file; the first one where it holds several."""
        return next(iter(self._paths.get(path, ())), None)

    def all_of(self, path: str) -> tuple[Record, ...]:
        """All records of this file."""
        return tuple(self._paths.get(path, ()))

    def of_file(self, path: str, identity: str | None) -> Record | None:
        """The one record of this file, or of several the one with this id: never a neighbour in its stead."""
        here = self.all_of(path)
        return here[0] if len(here) == 1 else next((r for r in here if identity and r.id == identity), None)

    def by_id(self, identifier: str) -> tuple[Record, ...]:
        """All records with this id; several if a number was taken twice."""
        return tuple(self._ids.get(identifier.lower(), ()))

    def by_number(self, number: int) -> tuple[Record, ...]:
        """All records with this number."""
        return tuple(self._numbers.get(number, ()))

    def has(self, identifier: str) -> bool:
        """Whether the log holds a record with this id."""
        return identifier.lower() in self._ids

    def target(self, record: Record, relation: Relation) -> Record | None:
        """The record that a relation means: by the file it links to, else by id; None if absent or not unique.

        Where several records share an id, one of the same folder is meant.
        """
        if relation.target_path is not None:
            return self.by_path(relation.target_path) or self._in_folder(relation.target_path)
        found = self.by_id(relation.target)
        near = [r for r in found if posixpath.dirname(r.path) == posixpath.dirname(record.path)]
        chosen = near or list(found)
        return chosen[0] if len(chosen) == 1 else None

    def _in_folder(self, path: str) -> Record | None:
        """A link to a directory means the record in it."""
        for name in ("README.md", "index.md", "README.rst", "README.adoc"):
            if record := self.by_path(posixpath.join(path, name)):
                return record
        return None


def _with_folders(paths: Collection[str]) -> set[str]:
    """The paths and every folder above them."""
    out = set(paths)
    for path in paths:
        folder = posixpath.dirname(path)
        while folder and folder not in out:
            out.add(folder)
            folder = posixpath.dirname(folder)
    return out


def date_order(records: list[Record]) -> Order | None:
    """How these records write days and months, where those that leave no doubt all agree."""
    seen = Counter(read_date(plain(r.date_text)).order for r in records if r.date_text)
    del seen[None]
    return next(iter(seen)) if len(seen) == 1 else None


def _with_dates(records: list[Record]) -> list[Record]:
    """The records, with dates such as 10/02/2020 settled where their folder, or else the whole log, tells."""
    open_dates = [
        r for r in records if r.date is None and r.date_text and read_date(plain(r.date_text)).ambiguous
    ]
    if not open_dates:
        return records
    overall = date_order(records)
    folders: dict[str, list[Record]] = {}
    for record in records:
        folders.setdefault(posixpath.dirname(record.path), []).append(record)
    orders = {
        folder: date_order(folders[folder]) for folder in {posixpath.dirname(r.path) for r in open_dates}
    }
    settled: dict[int, Record] = {}
    for record in open_dates:
        if order := orders[posixpath.dirname(record.path)] or overall:
            iso = read_date(plain(record.date_text or ""), order).iso
            settled[id(record)] = replace(record, date=iso)
    return [settled.get(id(r), r) for r in records]
