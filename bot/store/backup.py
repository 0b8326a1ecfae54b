"""A copy of a store while it is in use: whole, at one moment, examined before it gets its name.

SQLite's own online backup, in one read transaction, so that a running server is not held up. Not here: what a
backup is asked for (bot/cli/keeping.py).
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from bot.engine.errors import StoreError


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy holds. size: of the file, in bytes."""

    destination: str
    instances: int
    events: int
    size: int


def copy(source: sqlite3.Connection, destination: Path) -> None:
    """Every page of an open file into a new one, which is on the disk when this returns, and sound.

    Raises StoreError where there is something already, and where the copy is not sound: none is left then.
    """
    made: Path | None = None
    try:
        if destination.exists():
            raise StoreError(f"{destination} is there already; nothing was changed")
        # A name of its own, never one that is taken: it might be anything, even what is copied.
        descriptor, name = tempfile.mkstemp(".part", f"{destination.name}.", destination.parent)
        os.close(descriptor)
        made = Path(name)
        with closing(sqlite3.connect(made, isolation_level=None)) as db:
            source.backup(db)
            db.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            found = [row[0] for row in db.execute("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            raise StoreError(f"the copy is damaged, and so is what it was made of: {'; '.join(found)}")
        _settle(made)
        made.rename(destination)
        _settle(destination.parent)
    except OSError as error:
        raise StoreError(f"{destination} cannot be written ({error.strerror})") from error
    except sqlite3.Error as error:
        raise StoreError(f"it could not be copied to {destination}: {error}") from error
    finally:
        if made is not None:
            with suppress(OSError):  # what went wrong before is the thing to tell
                made.unlink(missing_ok=True)


def _settle(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
