"""The tables of the SQLite store, and what is checked before a file is trusted to hold them.

Rowid tables with a unique index on (stream, version): WITHOUT ROWID measured slower. Large columns come last,
so that lists do not read them. A file is looked at before anything in it is changed: it may be somebody else's.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

from bot.engine.errors import StoreError
from bot.engine.events import stamp

VERSION = 1

TABLES = """
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
CREATE TABLE events (
  seq     INTEGER PRIMARY KEY,
  stream  TEXT NOT NULL,
  version INTEGER NOT NULL,
  name    TEXT NOT NULL,
  at      TEXT NOT NULL,
  hash    BLOB NOT NULL,
  body    BLOB NOT NULL,
  UNIQUE (stream, version)
);
CREATE TABLE instances (
  seq        INTEGER PRIMARY KEY,
  instance   TEXT NOT NULL UNIQUE,
  definition TEXT NOT NULL,
  key        TEXT NOT NULL,
  state      TEXT NOT NULL,
  open       INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  reason     TEXT NOT NULL
);
CREATE INDEX instances_open ON instances (seq) WHERE open;
CREATE TABLE deliveries (
  seq                 INTEGER PRIMARY KEY,
  id                  TEXT NOT NULL UNIQUE,
  event               TEXT NOT NULL,
  received_at         TEXT NOT NULL,
  installation_target TEXT NOT NULL,
  state               TEXT NOT NULL,
  reason              TEXT NOT NULL,
  attempts            INTEGER NOT NULL,
  body                BLOB NOT NULL
);
CREATE INDEX deliveries_pending ON deliveries (seq) WHERE state = 'pending';
CREATE TABLE effects (
  seq         INTEGER PRIMARY KEY,
  key         TEXT NOT NULL UNIQUE,
  kind        TEXT NOT NULL,
  instance    TEXT NOT NULL,
  step        TEXT NOT NULL,
  digest      TEXT NOT NULL,
  state       TEXT NOT NULL,
  intended_at TEXT NOT NULL,
  result      BLOB NOT NULL
);
CREATE INDEX effects_of ON effects (instance, seq);
CREATE TABLE blobs (
  digest     TEXT PRIMARY KEY,
  expires_at TEXT NOT NULL,
  body       BLOB NOT NULL
);
CREATE INDEX blobs_expire ON blobs (expires_at);
"""


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
    if row is None:
        raise StoreError(f"{path} is a database, but not one of CLOI bot's; nothing in it was changed")
    found = int(row[0])
    if found > VERSION:
        raise StoreError(
            f"{path} was written by a newer CLOI bot (schema {found}, this one knows {VERSION}); "
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
    if inspect(db, path) == 0:
        rows = f"INSERT INTO meta VALUES ('schema', '{VERSION}'), ('created', '{stamp(now)}');"  # noqa: S608
        db.executescript(f"BEGIN IMMEDIATE;{TABLES}{rows}COMMIT;")
