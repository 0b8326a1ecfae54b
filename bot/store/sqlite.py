"""The durable store of one machine: a SQLite file in WAL mode, fully synchronous, with one writer.

A call that writes is one transaction that is on the disk when it returns. Safe to call from several threads;
a second process is refused, readers beside a running one are not (`open_readonly`). Not here: what events
mean, and sharing between machines (PostgreSQL's work).
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from bot.engine.errors import ConcurrencyConflict, StoreError
from bot.engine.events import Event, stamp
from bot.engine.ports import Append, Delivery, Effect, Summary
from bot.store import archive
from bot.store.backup import Backup, copy
from bot.store.file import SQLiteFile
from bot.store.seal import FOREVER, check_chain, check_state, hexed, seal, unseal

_SUMMARY = "instance, definition, key, state, open, started_at, updated_at, reason"
_LAST = """
SELECT version, hash FROM events WHERE stream = ?1
UNION ALL SELECT version, hash FROM archive WHERE stream = ?1 ORDER BY 1 DESC LIMIT 1
"""
_DELIVERY = "id, event, received_at, installation_target, state, reason, attempts"
_EFFECT = "key, kind, instance, step, digest, state, intended_at, result"
_UPSERT = f"""
INSERT INTO instances ({_SUMMARY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (instance) DO UPDATE SET definition = excluded.definition, key = excluded.key,
  state = excluded.state, open = excluded.open, started_at = excluded.started_at,
  updated_at = excluded.updated_at, reason = excluded.reason
"""  # noqa: S608

_Head = tuple[int, str, tuple[Any, ...] | None]
"""Where a stream stands: version, chain head, and what the row of its instance says, if that is known."""

_REMEMBERED = 50_000


class SQLiteStore(SQLiteFile):
    """An EventStore in one file, see SQLiteFile. blob_days: how long blobs are kept."""

    def __init__(
        self,
        path: Path | str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        blob_days: float = 90,
        readonly: bool = False,
        connect: Callable[[str], sqlite3.Connection] | None = None,
    ) -> None:
        self._blob_life = timedelta(days=blob_days)
        self._heads: dict[str, _Head] = {}  # of streams written lately: nobody else moves them
        super().__init__(path, now=now, readonly=readonly, connect=connect)

    @classmethod
    def open_readonly(cls, path: Path | str) -> SQLiteStore:
        """For looking, also beside a running server. Raises StoreError if nothing was ever stored there."""
        return cls(path, readonly=True)

    # --- streams

    def append(self, appends: Sequence[Append], *, consumes: str | None = None, reason: str = "") -> None:
        """See EventStore."""
        heads: dict[str, _Head] = {}
        rows: list[tuple[Any, ...]] = []
        changed: list[Summary] = []
        moved: dict[str, str] = {}  # nothing but its time, as with most events
        with self._guard:
            with self._writing() as db:
                for item in appends:
                    version, head, before = heads.get(item.stream) or self._head_of(db, item.stream)
                    for event in seal(item, version, head):
                        version, head = event.version, event.head
                        rows.append(
                            (item.stream, version, event.name, event.at, bytes.fromhex(head), event.data)
                        )
                    after = _lasting(item.summary)
                    if after == before:
                        moved[item.summary.instance] = item.summary.updated_at
                    else:
                        changed.append(item.summary)
                        moved.pop(item.summary.instance, None)
                    heads[item.stream] = (version, head, after)
                db.executemany(
                    "INSERT INTO events (stream, version, name, at, hash, body) VALUES (?, ?, ?, ?, ?, ?)",
                    rows,
                )
                if changed:
                    db.executemany(_UPSERT, map(msgspec.structs.astuple, changed))
                if moved:
                    db.executemany("UPDATE instances SET updated_at = ?2 WHERE instance = ?1", moved.items())
                if consumes is not None:
                    self._consume(db, consumes, reason)
            self._remember(heads)

    def _head_of(self, db: sqlite3.Connection, stream: str) -> _Head:
        """Where the stream stands. Taken out of memory, and put back when what follows is on the disk."""
        known = self._heads.pop(stream, None)
        if known is None:
            found = db.execute(_LAST, (stream,)).fetchone()
            known = (found[0], found[1].hex(), None) if found else (0, "", None)
        return known

    def _remember(self, heads: Mapping[str, _Head]) -> None:
        if len(self._heads) > _REMEMBERED:
            self._heads.clear()
        for stream, head in heads.items():
            self._heads[stream] = head

    def read(self, stream: str) -> list[Event]:
        """See EventStore."""
        found = self._rows("SELECT body FROM events WHERE stream = ? ORDER BY version", stream)
        events = unseal(stream, [row[0] for row in found])
        if events and events[0].version == 1:
            return events
        return unseal(stream, [body for _, body, _ in self._stored(stream)])

    def head(self, stream: str) -> str:
        """See EventStore."""
        rows = self._rows(_LAST, stream)
        return hexed(stream, rows[0][1]) if rows else ""

    def heads(self, stream: str) -> list[str]:
        """See EventStore."""
        return [head for _, _, head in self._stored(stream)]

    def verify(self, stream: str) -> str:
        """See EventStore."""
        return check_chain(stream, self._stored(stream))

    def _stored(self, stream: str) -> list[tuple[int, bytes, str]]:
        """Version, bytes and head (as hex) of each event, wherever it lies."""
        rows = self._rows("SELECT version, body, hash FROM events WHERE stream = ? ORDER BY version", stream)
        found = [(version, body, hexed(stream, head)) for version, body, head in rows]
        if found and found[0][0] == 1:
            return found
        # Looked at second: what is packed in between was read above, and nothing is ever unpacked.
        packed = self._rows("SELECT version, hash, body FROM archive WHERE stream = ?", stream)
        return [*archive.rows(stream, *packed[0]), *found] if packed else found

    def pack(self, before: datetime) -> tuple[list[str], list[str]]:
        """Move streams that ended before a moment into the archive, the oldest first, each in its own transaction.

        Which, and sentences about those that are not what was recorded: they stay as they are.
        """
        rows = self._rows(
            "SELECT instance FROM instances WHERE NOT open AND updated_at < ? "
            "AND EXISTS (SELECT 1 FROM events WHERE stream = instance) ORDER BY updated_at",
            stamp(before),
        )
        packed: list[str] = []
        problems: list[str] = []
        for (stream,) in rows:
            with self._guard, self._writing() as db:
                self._heads.pop(stream, None)
                try:
                    archive.move(db, stream)
                    packed.append(stream)
                except StoreError as error:
                    problems.append(str(error))
        return packed, problems

    def back_up(self, destination: Path) -> Backup:
        """A copy of everything, as it is at one moment; beside a running server too. Raises StoreError."""
        with self._guard, self._worded():
            if self._db is None:
                raise StoreError(f"{self.path} is closed")
            copy(self._db, destination)
        made = SQLiteStore(destination, readonly=True)
        try:
            rows = made.summaries()
            events = sum(len(made._stored(row.instance)) for row in rows if made.verify(row.instance))
        except StoreError:
            destination.unlink()  # it is not what was recorded, so it is no backup of it
            raise
        finally:
            made.close()
        size = destination.stat().st_size
        return Backup(destination=str(destination), instances=len(rows), events=events, size=size)

    def summaries(self, *, definition: str | None = None, open_only: bool = False) -> list[Summary]:
        """See EventStore."""
        where = "WHERE open" if open_only else "WHERE 1"
        where, values = (where, ()) if definition is None else (f"{where} AND definition = ?", (definition,))
        rows = self._rows(f"SELECT {_SUMMARY} FROM instances {where} ORDER BY seq", *values)  # noqa: S608
        names = Summary.__struct_fields__
        return [Summary(**dict(zip(names, row, strict=True)) | {"open": bool(row[4])}) for row in rows]

    # --- deliveries

    def keep(self, delivery: Delivery) -> bool:
        """See EventStore. The body is kept compressed."""
        check_state(delivery.state)
        d = delivery
        body = zlib.compress(d.body, 1)
        with self._writing() as db:
            cursor = db.execute(
                f"INSERT INTO deliveries ({_DELIVERY}, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
                "ON CONFLICT (id) DO NOTHING",
                (d.id, d.event, d.received_at, d.installation_target, d.state, d.reason, d.attempts, body),
            )
            return cursor.rowcount == 1

    def pending(self, limit: int = 100) -> list[Delivery]:
        """See EventStore."""
        rows = self._rows(
            f"SELECT {_DELIVERY}, body FROM deliveries WHERE state = 'pending' ORDER BY seq LIMIT ?",  # noqa: S608
            limit,
        )
        return [_delivery(row[:-1], _inflated(row[-1])) for row in rows]

    def settle(self, delivery: str, state: str, reason: str) -> None:
        """See EventStore."""
        check_state(state)
        with self._writing() as db:
            cursor = db.execute(
                "UPDATE deliveries SET state = ?, reason = ? WHERE id = ?", (state, reason, delivery)
            )
            if not cursor.rowcount:
                raise StoreError(f"no delivery {delivery} was kept")

    def stumble(self, delivery: str, reason: str) -> int:
        """See EventStore."""
        with self._writing() as db:
            rows = db.execute(
                "UPDATE deliveries SET attempts = attempts + 1, reason = ? WHERE id = ? RETURNING attempts",
                (reason, delivery),
            ).fetchall()
            if not rows:
                raise StoreError(f"no delivery {delivery} was kept")
            return int(rows[0][0])

    def kept(self, ids: Iterable[str]) -> set[str]:
        """See EventStore."""
        array = msgspec.json.encode(list(ids)).decode()
        rows = self._rows("SELECT id FROM deliveries WHERE id IN (SELECT value FROM json_each(?))", array)
        return {row[0] for row in rows}

    def deliveries(self, *, state: str | None = None, limit: int = 100) -> list[Delivery]:
        """See EventStore."""
        where, values = ("", ()) if state is None else ("WHERE state = ?", (state,))
        rows = self._rows(
            f"SELECT {_DELIVERY} FROM deliveries {where} ORDER BY seq DESC LIMIT ?",  # noqa: S608
            *values,
            limit,
        )
        return [_delivery(row, b"") for row in rows]

    # --- effects

    def intend(self, effect: Effect) -> Effect:
        """See EventStore."""
        values = (*msgspec.structs.astuple(effect)[:-1], msgspec.json.encode(effect.result))
        with self._writing() as db:
            cursor = db.execute(
                f"INSERT INTO effects ({_EFFECT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
                "ON CONFLICT (key) DO NOTHING",
                values,
            )
            if cursor.rowcount == 1:
                return effect
            row = db.execute(f"SELECT {_EFFECT} FROM effects WHERE key = ?", (effect.key,)).fetchone()  # noqa: S608
        return _effect(row)

    def observe(self, key: str, result: Mapping[str, Any]) -> None:
        """See EventStore."""
        with self._writing() as db:
            cursor = db.execute(
                "UPDATE effects SET state = 'observed', result = ? WHERE key = ?",
                (msgspec.json.encode(dict(result)), key),
            )
            if not cursor.rowcount:
                raise StoreError(f"no effect was intended under the key {key}")

    def effects(self, instance: str | None = None) -> list[Effect]:
        """See EventStore."""
        where, values = ("", ()) if instance is None else ("WHERE instance = ?", (instance,))
        rows = self._rows(f"SELECT {_EFFECT} FROM effects {where} ORDER BY seq", *values)  # noqa: S608
        return [_effect(row) for row in rows]

    def came_up(self, at: str, most: int) -> list[str]:
        """See EventStore. One row, also for thousands that were under way."""
        rows = self._rows("SELECT value FROM meta WHERE key = 'starts'")
        starts = [*(rows[0][0].split() if rows else ()), at][-most:]
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES ('starts', ?)", (" ".join(starts),))
        return starts

    # --- blobs

    def put_blob(self, data: bytes, *, lasting: bool = False) -> str:
        """See EventStore. Forgets those that have expired on the way."""
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        body, now = zlib.compress(data, 1), self._now()
        expires = FOREVER if lasting else now + self._blob_life
        with self._writing() as db:
            db.execute("DELETE FROM blobs WHERE expires_at <= ?", (stamp(now),))
            db.execute(
                "INSERT INTO blobs (digest, expires_at, body) VALUES (?, ?, ?) "
                "ON CONFLICT (digest) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)",
                (digest, stamp(expires), body),
            )
        return digest

    def get_blob(self, digest: str) -> bytes:
        """See EventStore."""
        rows = self._rows(
            "SELECT body FROM blobs WHERE digest = ? AND expires_at > ?", digest, stamp(self._now())
        )
        if not rows:
            raise KeyError(digest)
        try:
            return zlib.decompress(rows[0][0])
        except (zlib.error, TypeError) as error:
            raise StoreError(f"{self.path}: what is kept under {digest} cannot be read: {error}") from error

    @staticmethod
    def _consume(db: sqlite3.Connection, delivery: str, reason: str) -> None:
        row = db.execute("SELECT state FROM deliveries WHERE id = ?", (delivery,)).fetchone()
        if row is None:
            raise StoreError(f"no delivery {delivery} was kept")
        if row[0] == "consumed":
            raise ConcurrencyConflict(f"delivery {delivery}", 0, 1)
        db.execute("UPDATE deliveries SET state = 'consumed', reason = ? WHERE id = ?", (reason, delivery))


def _lasting(summary: Summary) -> tuple[Any, ...]:
    """Of a summary all but its time."""
    s = summary
    return s.instance, s.definition, s.key, s.state, s.open, s.started_at, s.reason


def _delivery(row: tuple[Any, ...], body: bytes) -> Delivery:
    return Delivery(**dict(zip(_DELIVERY.split(", "), row, strict=True)), body=body)


def _inflated(body: Any) -> bytes:
    """The body of a delivery; of a damaged one nothing, which no reader takes for a payload: it is parked."""
    try:
        return zlib.decompress(body)
    except (zlib.error, TypeError):
        return b""


def _effect(row: tuple[Any, ...]) -> Effect:
    fields = dict(zip(_EFFECT.split(", "), row, strict=True))
    return Effect(**fields | {"result": msgspec.json.decode(fields["result"])})
