"""A SQLite file in use by one process: opened, locked, written in transactions, closed.

A transaction is on the disk when it ends (WAL, fully synchronous). Errors come out as StoreError with words for
the operator. Not here: what is in the file (sqlite.py), and whether it may be trusted (schema.py).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.engine.errors import StoreError
from bot.store.lock import WriterLock
from bot.store.migrations import MIGRATIONS
from bot.store.place import refuse_network
from bot.store.schema import inspect, prepare


class SQLiteFile:
    """path: is created if absent, its directory is not. now: the clock. connect: opens a URI of SQLite's; tests
    let the power fail under it. Safe to use from several threads. Raises StoreError."""

    def __init__(
        self,
        path: Path | str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        readonly: bool = False,
        connect: Callable[[str], sqlite3.Connection] | None = None,
    ) -> None:
        self.path = Path(path)
        self.readonly = readonly
        self._now = now
        self._connect = connect or _connect
        self._guard = threading.RLock()
        self._real = self.path.resolve()
        self._identity: tuple[int, int] | None = None
        if not self.path.parent.is_dir():
            raise StoreError(f"{self.path}: the directory {self.path.parent} does not exist; create it first")
        if not readonly:
            refuse_network(self.path)
        self._lock = None if readonly else WriterLock(self.path)
        self._db: sqlite3.Connection | None = None
        try:
            self._db = self._connect_reader() if readonly else self._connect_writer()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Move the log into the file and let the next process in. May be called twice."""
        with self._guard:
            if self._db is not None:
                if not self.readonly:
                    # The log stays beside the file and is read at the next start.
                    with suppress(sqlite3.Error, UnicodeError):
                        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._db.close()
                self._db = None
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _connect_writer(self) -> sqlite3.Connection:
        try:
            # Payloads of private repositories lie in here: for its owner only. SQLite's side files follow suit.
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._identity = _identity(os.fstat(descriptor))
            os.close(descriptor)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written ({error.strerror})") from error
        self._refuse_foreign_log()
        with self._worded():
            db = self._connect(self.path.resolve().as_uri())
            self._db = db  # closed by `close` if what follows fails
            inspect(db, self.path)
            prepare(db, self.path, self._now())
        return db

    def _refuse_foreign_log(self) -> None:
        """A copy has no log. One beside it is what a crash left of the store that lay here before, and SQLite
        would read it into the copy. Raises StoreError."""
        log = self._real.with_name(self._real.name + "-wal")
        with self._real.open("rb") as opened:
            versions = opened.read(20)[
                18:
            ]  # https://www.sqlite.org/fileformat2.html: 1 without a log, 2 with one
        if versions == b"\1\1" and log.exists() and log.stat().st_size:
            raise StoreError(
                f"{self.path} is a copy, and {log.name} beside it belongs to what was there before: take that "
                "file away, and the one that ends in -shm, since it would be read into the copy"
            )

    def _connect_reader(self) -> sqlite3.Connection:
        if not self.path.is_file():
            raise StoreError(f"there is no store at {self.path}: nothing was recorded there yet")
        uri = self.path.resolve().as_uri() + "?mode=ro"
        # In a directory that we may not write, SQLite can read a log only where its index exists already. Without
        # a log nobody is writing (a writer always has one), and the file can be taken as it is.
        log = self.path.with_name(self.path.name + "-wal")
        if not log.exists() and not os.access(self.path.parent, os.W_OK):
            uri += "&immutable=1"
        with self._worded():
            db = self._connect(uri)
            self._db = db
            found = inspect(db, self.path)
        if found == 0:
            raise StoreError(f"{self.path} is empty: nothing was recorded there yet")
        if found < len(MIGRATIONS):
            raise StoreError(
                f"{self.path} was written by an older CLOI bot (schema {found}); "
                "start `cloi serve` once, which brings it up to date and keeps a copy of it as it was"
            )
        return db

    def _in_place(self) -> None:
        """Raises StoreError if another file has come in its place: what is written would be found by nobody."""
        try:
            found = _identity(self._real.stat())
        except OSError:
            found = None
        if found != self._identity:
            raise StoreError(
                f"{self.path} was moved, deleted or replaced while it was in use, so nothing more is written to "
                "it; stop this process, put the right file in its place, and start again"
            )

    @contextmanager
    def _worded(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeError) as error:  # the latter where names in a damaged file are no text
            raise self._words(error) from error

    def _writing(self) -> _Transaction:
        return _Transaction(self)

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._guard:
            if self._db is None:
                raise StoreError(f"{self.path} is closed")
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise self._words(error) from error
            except (UnicodeError, OverflowError) as error:
                raise StoreError(f"what was asked of {self.path} can stand in no store: {error}") from error

    def _words(self, error: Exception) -> StoreError:
        return StoreError(f"{self.path} cannot be used: {error}")


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


class _Transaction:
    """`with` it: nobody else's thread comes between, and what is written is on the disk at its end, or undone."""

    __slots__ = ("_file",)

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file

    def __enter__(self) -> sqlite3.Connection:
        file = self._file
        file._guard.acquire()
        try:
            if file._db is None or file.readonly:
                raise StoreError(f"{file.path} is {'open for reading only' if file._db else 'closed'}")
            file._in_place()
            file._db.execute("BEGIN IMMEDIATE")
            return file._db
        except BaseException as error:
            file._guard.release()
            if isinstance(error, sqlite3.Error):
                raise file._words(error) from error
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        file, db = self._file, self._file._db
        assert db is not None, "nobody closes it in between"
        try:
            if error is None:
                try:
                    db.execute("COMMIT")
                    return
                except sqlite3.Error as late:
                    error = late
            if db.in_transaction:
                with suppress(sqlite3.Error):  # the first error is the one to tell
                    db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise file._words(error) from error
        finally:
            file._guard.release()


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
