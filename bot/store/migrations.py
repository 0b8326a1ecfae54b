"""How the tables came to be, step by step: the schema of a new file, and what brings an older one up to date.

Each step is one transaction with its number. Before the first step an older file is copied, so that the former
version can be gone back to. A step that was released is never changed. Not here: what is checked of a file
before it is trusted (schema.py).
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

from bot.engine.errors import StoreError
from bot.engine.events import stamp
from bot.store.backup import copy

_FIRST = """
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

_ARCHIVE = """
CREATE TABLE archive (
  stream  TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  hash    BLOB NOT NULL,
  body    BLOB NOT NULL
);
"""

MIGRATIONS: list[str] = [_FIRST, _ARCHIVE]
"""What leads to schema 1, 2 and so on."""


def migrate(db: sqlite3.Connection, path: Path, found: int, now: datetime) -> None:
    """From schema `found` (0: an empty file) to the newest. Raises StoreError; the file then is as it was."""
    newest = len(MIGRATIONS)
    if found in (0, newest):
        kept = None
    else:
        kept = path.with_name(f"{path.name}.schema-{found}")
        kept.unlink(missing_ok=True)  # of an attempt that failed
        copy(db, kept)
    created = f"INSERT INTO meta VALUES ('schema', '0'), ('created', '{stamp(now)}');" if found == 0 else ""  # noqa: S608
    for number in range(found + 1, newest + 1):
        told = f"UPDATE meta SET value = '{number}' WHERE key = 'schema';"  # noqa: S608
        try:
            db.executescript(f"BEGIN IMMEDIATE;{MIGRATIONS[number - 1]}{created}{told}COMMIT;")
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            where = f"; as it was before, it lies in {kept}" if kept else ""
            raise StoreError(f"{path} cannot be brought to schema {number}: {error}{where}") from error
        created = ""
