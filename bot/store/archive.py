"""Finished streams, packed: the bytes of each event unchanged, so that the chain still leads to the same head.

A stream's events become one compressed row in the store's own file, in the transaction that takes them out of the
table of events: they are at one place at any moment, and a backup holds both. Reading a stream reads its packed
part first. Not here: which streams are packed (sqlite.py).
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable

from bot.engine.errors import StoreError
from bot.engine.events import link
from bot.store.seal import check_chain, hexed

_BETWEEN = b"\n"  # JSON on one line has none inside


def pack(bodies: Iterable[bytes]) -> bytes:
    """Many events' bytes as one."""
    return zlib.compress(_BETWEEN.join(bodies), 9)


def unpack(stream: str, packed: bytes) -> list[bytes]:
    """The reverse of `pack`. Raises StoreError where it is damaged."""
    try:
        return zlib.decompress(packed).split(_BETWEEN)
    except (zlib.error, TypeError) as error:
        raise StoreError(f"{stream}: its archive cannot be read: {error}") from error


def move(db: sqlite3.Connection, stream: str) -> int:
    """Inside a transaction: pack a stream's events, and take them out of their table. How many.

    Raises StoreError if they are not what was recorded: such a stream stays as it is, for people to look at.
    """
    rows = db.execute(
        "SELECT version, body, hash FROM events WHERE stream = ? ORDER BY version", (stream,)
    ).fetchall()
    head = check_chain(stream, ((version, body, hexed(stream, seal)) for version, body, seal in rows))
    bodies = [body for _, body, _ in rows]
    if any(_BETWEEN in body for body in bodies):
        raise StoreError(f"{stream}: an event is not on one line, so it is not packed")
    db.execute(
        "INSERT INTO archive (stream, version, hash, body) VALUES (?, ?, ?, ?)",
        (stream, len(rows), bytes.fromhex(head), pack(bodies)),
    )
    db.execute("DELETE FROM events WHERE stream = ?", (stream,))
    return len(rows)


def rows(stream: str, version: int, head: bytes, packed: bytes) -> list[tuple[int, bytes, str]]:
    """A packed stream as it was before: version, bytes and head of each event.

    Raises StoreError if it does not lead to the head that was kept, or has more or fewer events than were packed.
    """
    out: list[tuple[int, bytes, str]] = []
    last = ""
    for number, body in enumerate(unpack(stream, packed), start=1):
        last = link(last, body)
        out.append((number, body, last))
    if len(out) != version or last != hexed(stream, head):
        raise StoreError(f"{stream}: its archive is not what was recorded")
    return out
