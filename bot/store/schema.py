"""What is checked before a file is trusted to hold the tables of the SQLite store, and how it is made ready.

Rowid tables with a unique index on (stream, version): WITHOUT ROWID measured slower. Large columns come last,
so that lists do not read them. A file is looked at before anything in it is changed: it may be somebody else's.
Not here: the tables (migrations.py).
"""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime
from pathlib import Path

from bot.engine.errors import StoreError
from bot.store.migrations import MIGRATIONS, migrate


def inspect(db: sqlite3.Connection, path: Path) -> int:
    """The schema version of an open file, 0 if it is empty. Changes nothing.

    Raises StoreError if the file holds something else or was written by a newer version of this program.
    """
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return 0
    row = None
    if {"meta", "events", "deliveries"} <= tables:
        row = db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    if row is None or not re.fullmatch(r"[1-9]\d{0,8}", str(row[0]), re.ASCII):
        raise StoreError(f"{path} is a database, but not one of CLOI bot's; nothing in it was changed")
    found = int(row[0])
    if found > len(MIGRATIONS):
        raise StoreError(
            f"{path} was written by a newer CLOI bot (schema {found}, this one knows {len(MIGRATIONS)}); "
            "install that version again, or use another store"
        )
    return found


def prepare(db: sqlite3.Connection, path: Path, now: datetime) -> None:
    """Make an inspected file ready for the one writer: journal, durability, tables. Raises StoreError."""
    mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreError(f"{path}: its file system allows no write-ahead log; put the store on a local disk")
    db.execute("PRAGMA synchronous = FULL")  # NORMAL loses acknowledged events when the power fails
    db.execute("PRAGMA wal_autocheckpoint = 1000")
    found = inspect(db, path)
    if found < len(MIGRATIONS):
        migrate(db, path, found, now)
