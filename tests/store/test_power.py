"""The power fails at every write: whatever may then lie on the disk is opened, and nothing acknowledged is lost.

The real store writes through a file system of ours (an APSW VFS) that notes every write and every sync. For each
moment the test lays out what a disk may hold: all that was synced, and of what was not, nothing, everything, any
part, a last write torn between sectors. Each such image is opened by the real store on the real file system, and
must hold exactly what some call left: the last one that returned, or the one that was under way.

The whole of it: `CLOI_THOROUGH=1 pytest tests/store/test_power.py`.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import pytest

from bot.engine.events import Event, StepEmitted
from bot.engine.ports import Append, Delivery, Effect, Summary
from bot.store import SQLiteStore
from tests.properties import THOROUGH

CALLS = 120 if THOROUGH else 24
WAYS = 25 if THOROUGH else 5
"""How many images of each moment, at most."""

SECTOR = 512
AT = "2026-11-02T09:00:00.000000Z"


@dataclass
class Disk:
    """What was written, in order: (file, offset, bytes), (file, size) for a truncation, (file,) for a sync."""

    log: list[tuple[Any, ...]] = field(default_factory=list)

    def images(self, moment: int, chance: random.Random) -> Iterator[dict[str, bytes]]:
        """What may lie on the disk if the power fails after so many entries of the log; each once."""
        files: dict[str, bytearray] = {}
        loose: list[tuple[Any, ...]] = []
        for entry in self.log[:moment]:
            if len(entry) == 1:
                for written in (w for w in loose if w[0] == entry[0]):
                    _put(files, written)
                loose = [w for w in loose if w[0] != entry[0]]
            else:
                loose.append(entry)
        seen: set[tuple[tuple[str, bytes], ...]] = set()
        for way in range(WAYS):
            image = {name: bytearray(data) for name, data in files.items()}
            for place, written in enumerate(loose):
                torn = way > 2 or (way == 2 and place == len(loose) - 1)
                if way == 0 or (way > 3 and chance.random() < 0.5):
                    continue
                _put(image, _torn(written, chance) if torn and chance.random() < 0.7 else written)
            key = tuple((name, bytes(data)) for name, data in sorted(image.items()))
            if key not in seen:
                seen.add(key)
                yield dict(key)


def _put(files: dict[str, bytearray], written: tuple[Any, ...]) -> None:
    data = files.setdefault(written[0], bytearray())
    if len(written) == 2:
        del data[written[1] :]
        return
    _, offset, new = written
    data.extend(bytes(max(0, offset + len(new) - len(data))))
    data[offset : offset + len(new)] = new


def _torn(written: tuple[Any, ...], chance: random.Random) -> tuple[Any, ...]:
    """The write as far as some boundary between sectors."""
    if len(written) == 2:
        return written
    name, offset, data = written
    cuts = [at - offset for at in range(offset - offset % SECTOR + SECTOR, offset + len(data), SECTOR)]
    return (name, offset, data[: chance.choice(cuts)]) if cuts else written


class LoggedFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: Any) -> None:
        super().__init__("", name, flags)
        self.disk, self.name = disk, Path(name if isinstance(name, str) else name.filename()).name

    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.log.append((self.name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self.disk.log.append((self.name, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self.disk.log.append((self.name,))
        super().xSync(flags)


class LoggedDisk(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self.disk, self.called = disk, f"logged-{id(disk)}"
        super().__init__(self.called, "")

    def xOpen(self, name: Any, flags: Any) -> LoggedFile:
        return LoggedFile(self.disk, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:
        super().xDelete(name, sync)
        self.disk.log.append((Path(name).name, 0))  # no more than that: an empty journal is none
        self.disk.log.append((Path(name).name,))


class Cursor:
    """What the store uses of sqlite3's cursor, over APSW's."""

    def __init__(self, db: apsw.Connection, cursor: Any) -> None:
        self.fetchone, self.fetchall = cursor.fetchone, cursor.fetchall
        self.rowcount, self.rows = db.changes(), cursor

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)


class Connection:
    """What the store uses of sqlite3's connection, over APSW's."""

    def __init__(self, uri: str, vfs: str) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI
        self.db = apsw.Connection(f"{uri}?vfs={vfs}", flags=flags)
        self.db.execute("PRAGMA locking_mode = EXCLUSIVE")  # a VFS in Python has no shared memory
        self.executemany, self.executescript, self.close = self.db.executemany, self.db.execute, self.db.close

    def execute(self, sql: str, values: tuple[Any, ...] = ()) -> Cursor:
        return Cursor(self.db, self.db.execute(sql, values))

    @property
    def in_transaction(self) -> bool:
        return self.db.in_transaction


State = tuple[Any, ...]


def state_of(store: SQLiteStore) -> State:
    """All that the store says: chains by their heads, deliveries, effects, instances."""
    streams = [row.instance for row in store.summaries()]
    return (
        tuple((name, len(store.read(name)), store.verify(name)) for name in streams),
        tuple((d.id, d.state, d.attempts) for d in store.deliveries()),
        tuple((e.key, e.state) for e in store.effects()),
        tuple((row.instance, row.state, row.updated_at) for row in store.summaries()),
    )


def played(path: Path, synchronous: str, chance: random.Random) -> tuple[Disk, list[tuple[int, State]]]:
    """A store at work, with checkpoints between; after each call how long the log was, and the store's state."""
    disk = Disk()
    vfs = LoggedDisk(disk)
    store = SQLiteStore(path, connect=lambda uri: Connection(uri, vfs.called))  # type: ignore[arg-type,return-value]
    assert store._db is not None
    store._db.execute("PRAGMA wal_autocheckpoint = 24")
    store._db.execute(f"PRAGMA synchronous = {synchronous}")
    versions = dict.fromkeys("abc", 0)
    acknowledged = [(len(disk.log), state_of(store))]

    def event(stream: str, version: int) -> Event:
        body = StepEmitted(name="Filled", data={"text": "x" * chance.randint(0, 3000)})
        return Event(stream=stream, version=version, at=AT, actor="", cause="", correlation="", body=body)

    def append(stream: str) -> Append:
        before, count = versions[stream], chance.randint(1, 3)
        versions[stream] += count
        row = Summary(
            instance=stream,
            definition="d",
            key="k",
            state=chance.choice(["running", "parked"]),
            open=True,
            started_at=AT,
            updated_at=AT,
        )
        events = tuple(event(stream, before + i + 1) for i in range(count))
        return Append(stream=stream, expected=before, events=events, summary=row)

    for n in range(CALLS):
        match n % 6:
            case 0:
                store.keep(Delivery(id=str(n), event="push", body=b"{}" * 200, received_at=AT))
            case 1:
                store.append([append("a")], consumes=str(n - 1), reason="r")
            case 2:
                more = {"key": str(n), "kind": "k", "instance": "a", "step": "s", "digest": ""}
                store.intend(Effect(**more, state="intended", intended_at=AT))
            case 3:
                store.append([append("b"), append("c"), append("a")])
            case 4:
                store.observe(str(n - 2), {"number": n})
            case _:
                store.put_blob(chance.randbytes(chance.randint(1, 5000)))
        acknowledged.append((len(disk.log), state_of(store)))
    store._db.close()  # without a farewell: what follows is what the power left
    store._db = None
    store.close()
    vfs.unregister()
    return disk, acknowledged


def lost(disk: Disk, acknowledged: list[tuple[int, State]], chance: random.Random) -> tuple[int, list[str]]:
    """How many images were opened, and what is wrong in which."""
    count, wrong = 0, []
    memory = Path("/dev/shm")  # images need no disk of their own, and are opened a thousand times
    place = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as name:
        directory = Path(name)
        for moment in range(acknowledged[0][0], len(disk.log) + 1):
            done = max(i for i, (length, _) in enumerate(acknowledged) if length <= moment)
            allowed = [state for _, state in acknowledged[done : done + 2]]
            for image in disk.images(moment, chance):
                count += 1
                for file, data in image.items():
                    (directory / file).write_bytes(data)
                problem = examined(directory / "cloi.sqlite3", allowed)
                if problem:
                    wrong.append(f"after entry {moment} of the log: {problem}")
                for file in directory.iterdir():
                    file.unlink()
    return count, wrong


def examined(path: Path, allowed: list[State]) -> str | None:
    try:
        store = SQLiteStore(path)
        try:
            found = state_of(store)
            with store._writing() as db:
                sound = db.execute("PRAGMA quick_check").fetchall()
        finally:
            store.close()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if sound != [("ok",)]:
        return f"the file is damaged: {sound[0][0]}"
    return None if found in allowed else "what was acknowledged is not there, or half of a call is"


def test_wherever_the_power_fails_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    chance = random.Random(1)
    disk, acknowledged = played(tmp_path / "cloi.sqlite3", "FULL", chance)
    count, wrong = lost(disk, acknowledged, chance)
    assert wrong == []
    assert count >= 1000, count
    assert sum(entry[0] == "cloi.sqlite3" for entry in disk.log) > 20, "else there was no checkpoint"


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_without_full_synchronisation_it_would_be_lost(tmp_path: Path, synchronous: str) -> None:
    chance = random.Random(2)
    disk, acknowledged = played(tmp_path / "cloi.sqlite3", synchronous, chance)
    last = acknowledged[-4][0]  # the tail shows it
    _, wrong = lost(disk, [(max(length, last), state) for length, state in acknowledged], chance)
    assert wrong, "the test above could not fail"
    shutil.rmtree(tmp_path)
