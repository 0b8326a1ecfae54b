"""The durable store of one machine: a SQLite file in WAL mode, fully synchronous, with one writer.

A call that writes is one transaction that is on the disk when it returns. Safe to call from several threads;
a second process is refused, readers beside a running one are not (`open_readonly`). Not here: what events
mean, and sharing between machines (PostgreSQL's work).
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from bot.engine.errors import ConcurrencyConflict, StoreError
from bot.engine.events import Event, stamp
from bot.engine.ports import Append, Delivery, Effect, Summary
from bot.store.lock import WriterLock
from bot.store.schema import inspect, prepare
from bot.store.seal import FOREVER, check_chain, check_state, seal, unseal

_SUMMARY = "instance, definition, key, state, open, started_at, updated_at, reason"
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


class SQLiteStore:
    """An EventStore in one file. path: is created if absent, its directory is not. now: the clock that blobs
    expire by; blob_days: how long they are kept. connect: opens SQLite's URI of a file; tests let the power fail
    under it. Raises StoreError, with words for the operator."""

    def __init__(
        self,
        path: Path | str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        blob_days: float = 90,
        readonly: bool = False,
        connect: Callable[[str], sqlite3.Connection] | None = None,
    ) -> None:
        self.path = Path(path)
        self._connect = connect or _connect
        self.readonly = readonly
        self._now = now
        self._blob_life = timedelta(days=blob_days)
        self._guard = threading.RLock()
        self._heads: dict[str, _Head] = {}  # of streams written lately: nobody else moves them
        if not self.path.parent.is_dir():
            raise StoreError(f"{self.path}: the directory {self.path.parent} does not exist; create it first")
        self._lock = None if readonly else WriterLock(self.path)
        self._db: sqlite3.Connection | None = None
        try:
            self._db = self._connect_reader() if readonly else self._connect_writer()
        except BaseException:
            self.close()
            raise

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
                db.executemany(_UPSERT, map(msgspec.structs.astuple, changed))
                db.executemany("UPDATE instances SET updated_at = ?2 WHERE instance = ?1", moved.items())
                if consumes is not None:
                    self._consume(db, consumes, reason)
            self._remember(heads)

    def _head_of(self, db: sqlite3.Connection, stream: str) -> _Head:
        """Where the stream stands. Taken out of memory, and put back when what follows is on the disk."""
        known = self._heads.pop(stream, None)
        if known is None:
            found = db.execute(
                "SELECT version, hash FROM events WHERE stream = ? ORDER BY version DESC LIMIT 1", (stream,)
            ).fetchone()
            known = (found[0], found[1].hex(), None) if found else (0, "", None)
        return known

    def _remember(self, heads: Mapping[str, _Head]) -> None:
        if len(self._heads) > _REMEMBERED:
            self._heads.clear()
        for stream, head in heads.items():
            self._heads[stream] = head

    def read(self, stream: str) -> list[Event]:
        """See EventStore."""
        rows = self._rows("SELECT body FROM events WHERE stream = ? ORDER BY version", stream)
        return unseal(stream, (row[0] for row in rows))

    def head(self, stream: str) -> str:
        """See EventStore."""
        rows = self._rows("SELECT hash FROM events WHERE stream = ? ORDER BY version DESC LIMIT 1", stream)
        return rows[0][0].hex() if rows else ""

    def heads(self, stream: str) -> list[str]:
        """See EventStore."""
        rows = self._rows("SELECT hash FROM events WHERE stream = ? ORDER BY version", stream)
        return [row[0].hex() for row in rows]

    def verify(self, stream: str) -> str:
        """See EventStore."""
        rows = self._rows("SELECT version, body, hash FROM events WHERE stream = ? ORDER BY version", stream)
        return check_chain(stream, ((version, body, seal.hex()) for version, body, seal in rows))

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
        return [_delivery(row[:-1], zlib.decompress(row[-1])) for row in rows]

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
        return zlib.decompress(rows[0][0])

    # --- the file

    def close(self) -> None:
        """Move the log into the file and let the next process in. May be called twice."""
        with self._guard:
            if self._db is not None:
                if not self.readonly:
                    with suppress(
                        sqlite3.Error
                    ):  # the log stays beside the file and is read at the next start
                        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._db.close()
                self._db = None
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _connect_writer(self) -> sqlite3.Connection:
        try:
            # Payloads of private repositories lie in here: for its owner only. SQLite's side files follow suit.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written ({error.strerror})") from error
        with self._worded():
            db = self._connect(self.path.resolve().as_uri())
            self._db = db  # closed by `close` if what follows fails
            inspect(db, self.path)
            prepare(db, self.path, self._now())
        return db

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
            if inspect(db, self.path) == 0:
                raise StoreError(f"{self.path} is empty: nothing was recorded there yet")
        return db

    @contextmanager
    def _worded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} cannot be used: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._guard, self._worded():
            if self._db is None or self.readonly:
                raise StoreError(f"{self.path} is {'open for reading only' if self._db else 'closed'}")
            db = self._db
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    with suppress(sqlite3.Error):  # the first error is the one to tell
                        db.execute("ROLLBACK")
                raise

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._guard, self._worded():
            if self._db is None:
                raise StoreError(f"{self.path} is closed")
            return self._db.execute(sql, values).fetchall()

    @staticmethod
    def _consume(db: sqlite3.Connection, delivery: str, reason: str) -> None:
        row = db.execute("SELECT state FROM deliveries WHERE id = ?", (delivery,)).fetchone()
        if row is None:
            raise StoreError(f"no delivery {delivery} was kept")
        if row[0] == "consumed":
            raise ConcurrencyConflict(f"delivery {delivery}", 0, 1)
        db.execute("UPDATE deliveries SET state = 'consumed', reason = ? WHERE id = ?", (reason, delivery))


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


def _lasting(summary: Summary) -> tuple[Any, ...]:
    """Of a summary all but its time."""
    s = summary
    return s.instance, s.definition, s.key, s.state, s.open, s.started_at, s.reason


def _delivery(row: tuple[Any, ...], body: bytes) -> Delivery:
    return Delivery(**dict(zip(_DELIVERY.split(", "), row, strict=True)), body=body)


def _effect(row: tuple[Any, ...]) -> Effect:
    fields = dict(zip(_EFFECT.split(", "), row, strict=True))
    return Effect(**fields | {"result": msgspec.json.decode(fields["result"])})
