"""What is asked of a store over the years: new tables, copies, packed streams; and a plain word when it cannot."""

import json
import sqlite3
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.engine.errors import ConcurrencyConflict, StoreError
from bot.engine.events import Event, StepEmitted, WorkflowCompleted, WorkflowStarted, encode
from bot.engine.ports import Append, Delivery, Summary
from bot.store import SQLiteStore, file, migrations, place

LONG_AGO = "2020-01-01T00:00:00.000000Z"
LATER = datetime(2021, 1, 1, tzinfo=UTC)


def story(stream: str, *, ended: bool = True, at: str = LONG_AGO) -> Append:
    bodies = [
        WorkflowStarted(definition="d", version="1", digest="x", key="k", context={"text": "two\nlines ‘ü’"}),
        *(StepEmitted(name="Filled", data={"n": n, "text": "again and again " * 20}) for n in range(20)),
        *([WorkflowCompleted()] if ended else []),
    ]
    events = tuple(
        Event(stream=stream, version=n, at=at, actor="", cause="", correlation="", body=body)
        for n, body in enumerate(bodies, start=1)
    )
    row = Summary(
        instance=stream,
        definition="d",
        key="k",
        state="completed" if ended else "running",
        open=not ended,
        started_at=at,
        updated_at=at,
    )
    return Append(stream=stream, expected=0, events=events, summary=row)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cloi.sqlite3"


def schema(path: Path) -> list[tuple[str, ...]]:
    db = sqlite3.connect(path)
    try:
        return db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
    finally:
        db.close()


def old_store(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the first version wrote it: before streams were packed."""
    with monkeypatch.context() as past:
        for module in (migrations, file):
            past.setattr(module, "MIGRATIONS", migrations.MIGRATIONS[:1])
        past.setattr("bot.store.schema.MIGRATIONS", migrations.MIGRATIONS)
        past.setattr("bot.store.sqlite._LAST", "SELECT version, hash FROM events WHERE stream = ?1 LIMIT 1")
        store = SQLiteStore(path)
        store.append([story("a")])
        store.close()


# --- schemas


def test_an_older_file_is_brought_up_to_date_and_a_copy_of_it_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_store(path, monkeypatch)
    before = schema(path)
    with pytest.raises(StoreError, match=r"older CLOI bot .schema 1.; start `cloi serve` once"):
        SQLiteStore.open_readonly(path)
    store = SQLiteStore(path)
    assert store.verify("a") == store.head("a")
    assert len(store.read("a")) == 22
    store.close()
    new = path.with_name("new.sqlite3")
    SQLiteStore(new).close()
    assert schema(path) == schema(new) != before
    kept = path.with_name("cloi.sqlite3.schema-1")
    assert schema(kept) == before
    db = sqlite3.connect(kept)
    assert db.execute("SELECT count(*) FROM events").fetchone() == (22,)
    db.close()


def test_a_step_that_fails_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SQLiteStore(path).close()
    before = schema(path)
    broken = [*migrations.MIGRATIONS, "CREATE TABLE half (a); CREATE TABLE events (again);"]
    for module in (migrations, file):
        monkeypatch.setattr(module, "MIGRATIONS", broken)
    monkeypatch.setattr("bot.store.schema.MIGRATIONS", broken)
    with pytest.raises(StoreError, match=r"cannot be brought to schema 3: .*; as it was before, it lies in"):
        SQLiteStore(path)
    assert schema(path) == before == schema(path.with_name("cloi.sqlite3.schema-2"))
    monkeypatch.undo()
    SQLiteStore(path).close()


# --- places


MOUNTED = r"""21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 21 0:35 / {point} rw,relatime shared:20 - {kind} server:/export rw,vers=4.2
41 21 0:36 / {point}/local rw - xfs /dev/sdb1 rw
"""


@pytest.mark.parametrize("kind", ["nfs4", "nfs", "cifs", "smb3", "9p", "fuse.sshfs", "ceph"])
def test_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    mounts = path.with_name("mountinfo")
    mounts.write_text(MOUNTED.format(point=path.parent, kind=kind))
    monkeypatch.setattr(place, "MOUNTS", mounts)
    with pytest.raises(
        StoreError, match=rf"network file system \({kind}\), .* put the store on a disk of this machine"
    ):
        SQLiteStore(path)
    assert [f.name for f in path.parent.iterdir()] == ["mountinfo"]
    (path.parent / "local").mkdir()
    SQLiteStore(path.parent / "local" / path.name).close()


def test_the_innermost_mount_is_the_one_that_counts() -> None:
    text = MOUNTED.format(point=r"/with\040space", kind="nfs4")
    assert place.file_system(Path("/with space/deep"), text) == "nfs4"
    assert place.file_system(Path("/with space/local/x"), text) == "xfs"
    assert place.file_system(Path("/with spaces"), text) == "ext4"
    assert place.file_system(Path("/x"), "rubbish\n") == ""
    assert not place._NETWORK.match("fuse.ntfs-3g")


# --- damage


@pytest.mark.parametrize("seed", range(12))
def test_a_page_overwritten_is_an_error_and_never_another_story(path: Path, seed: int) -> None:
    store = SQLiteStore(path)
    names = [f"s{n}" for n in range(30)]
    for name in names:
        store.append([story(name)])
    told = {name: store.read(name) for name in names}
    store.close()
    size = path.stat().st_size // 4096
    with path.open("r+b") as raw:
        raw.seek(4096 * (1 + seed * (size - 1) // 12))
        raw.write(b"\xa5" * 4096)
    try:
        damaged = SQLiteStore.open_readonly(path)
    except StoreError as error:
        assert "cannot be used" in str(error)
        return
    for name in names:
        with suppress(StoreError):
            assert not damaged.verify(name) or damaged.read(name) == told[name]
    with pytest.raises(StoreError):
        damaged.back_up(path.with_name("copy"))
    assert not path.with_name("copy").exists()
    damaged.close()


# --- copies


def test_a_copy_is_made_while_a_server_writes(path: Path) -> None:
    store = SQLiteStore(path)
    store.append([story("a"), story("b", ended=False)])
    store.keep(Delivery(id="d", event="push", body=b"{}", received_at=LONG_AGO))
    store.put_blob(b"kept")
    copied = path.with_name("copy.sqlite3")
    run = CliRunner().invoke(main, ["backup", str(copied), "--json", "--store", f"sqlite:///{path}"])
    assert run.exit_code == 0, run.output
    assert json.loads(run.output) == {
        "destination": str(copied),
        "instances": 2,
        "events": 43,
        "size": copied.stat().st_size,
    }
    store.append([story("c")])
    again = SQLiteStore(copied)
    assert [s.instance for s in again.summaries()] == ["a", "b"]
    assert again.verify("a") == store.head("a")
    assert [d.id for d in again.pending()] == ["d"]
    again.append([story("c")])
    assert again.head("c") == store.head("c")
    again.close()
    store.close()
    assert sorted(f.name for f in path.parent.iterdir() if f.suffix == ".part") == []


def test_a_copy_never_replaces_anything(path: Path) -> None:
    SQLiteStore(path).close()
    for destination in (path, path.parent):
        run = CliRunner().invoke(main, ["backup", str(destination), "--store", f"sqlite:///{path}"])
        assert (run.exit_code, "is there already; nothing was changed" in run.output) == (2, True)
    nowhere = path.parent / "no" / "copy"
    run = CliRunner().invoke(main, ["backup", str(nowhere), "--store", f"sqlite:///{path}"])
    assert (run.exit_code, "cannot be written (No such file or directory)" in run.output) == (2, True)


def test_what_is_not_as_recorded_is_not_kept_as_a_copy(path: Path) -> None:
    store = SQLiteStore(path)
    store.append([story("a")])
    with store._writing() as db:
        db.execute("UPDATE events SET body = CAST(replace(body, 'again', 'never') AS BLOB) WHERE version = 3")
    store.close()
    run = CliRunner().invoke(main, ["backup", str(path.with_name("copy")), "--store", f"sqlite:///{path}"])
    assert run.exit_code == 2
    assert "event 3 is not the one that was recorded" in run.output
    assert not path.with_name("copy").exists()


# --- packed streams


def test_packed_streams_read_and_verify_as_before_and_take_a_tenth(path: Path) -> None:
    store = SQLiteStore(path)
    store.append([story("old"), story("open", ended=False), story("young", at="2026-01-01T00:00:00.000000Z")])
    names = ("old", "open", "young")
    before = {n: (store.read(n), store.head(n), store.heads(n), store.verify(n)) for n in names}
    rows = store.summaries()
    assert store.pack(LATER) == (["old"], [])
    assert store.pack(LATER) == ([], [])
    for opened in (store, SQLiteStore.open_readonly(path)):
        assert {
            n: (opened.read(n), opened.head(n), opened.heads(n), opened.verify(n)) for n in names
        } == before
        assert opened.summaries() == rows
    with store._writing() as db:
        assert db.execute("SELECT count(*) FROM events WHERE stream = 'old'").fetchone() == (0,)
        packed = db.execute("SELECT length(body) FROM archive").fetchone()[0]
    assert packed * 10 < sum(len(encode(event)) for event in before["old"][0])
    with pytest.raises(ConcurrencyConflict) as conflict:
        store.append([story("old")])
    assert conflict.value.found == 22
    store.close()


def test_a_stream_that_is_not_what_was_recorded_is_not_packed(path: Path) -> None:
    store = SQLiteStore(path)
    store.append([story("a")])
    with store._writing() as db:
        db.execute("UPDATE events SET body = CAST(replace(body, 'again', 'never') AS BLOB) WHERE version = 3")
    assert store.pack(LATER) == ([], ["a: event 3 is not the one that was recorded"])
    assert len(store.read("a")) == 22
    store.close()


@pytest.mark.parametrize(
    "change", ["hash = zeroblob(32)", "version = 21", "body = x'00'", "body = substr(body, 9)"]
)
def test_a_changed_archive_is_seen(path: Path, change: str) -> None:
    store = SQLiteStore(path)
    store.append([story("a")])
    store.pack(LATER)
    with store._writing() as db:
        db.execute(f"UPDATE archive SET {change}")
    with pytest.raises(StoreError, match=r"a: its archive (is not what was recorded|cannot be read)"):
        store.verify("a")
    store.close()


def test_the_commands_find_what_was_packed(path: Path) -> None:
    store, url = SQLiteStore(path), f"sqlite:///{path}"
    store.append([story("d/k")])
    head = store.head("d/k")

    def cloi(*words: str) -> str:
        run = CliRunner().invoke(main, [*words, "--store", url])
        assert run.exit_code == 0, run.output
        return run.output

    told = {words: cloi(*words) for words in (("events", "d/k", "--json"), ("replay", "d/k"))}
    held = subprocess.run(
        [sys.executable, "-m", "bot.cli", "archive", "--store", url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (held.returncode, "is already in use by process" in held.stderr) == (2, True)
    store.close()
    assert json.loads(cloi("archive", "--json")) == {"packed": ["d/k"], "problems": []}
    assert cloi("archive", "--older-than", "1d") == "0 instances packed\n"
    assert {words: cloi(*words) for words in told} == told
    found = CliRunner().invoke(main, ["verify", "d/k", "--json", "--store", url])
    assert json.loads(found.output)["head"] == head
    assert CliRunner().invoke(main, ["archive", "--older-than", "soon", "--store", url]).exit_code == 2


def filled(path: Path) -> SQLiteStore:
    store = SQLiteStore(path)
    store.append([story("a")])
    return store


def test_a_copy_never_writes_over_a_file_that_was_there_not_even_the_store_itself(tmp_path: Path) -> None:
    """The copy is made beside its destination, and whatever lies there may be called anything."""
    path = tmp_path / "a.part"
    store = filled(path)
    theirs = tmp_path / "b.part"
    theirs.write_text("somebody's")
    store.back_up(tmp_path / "a")
    store.back_up(tmp_path / "b")
    store.close()
    assert theirs.read_text() == "somebody's"
    for file_ in (path, tmp_path / "a"):
        there = SQLiteStore.open_readonly(file_)
        assert there.verify("a")
        there.close()
    assert len(list(tmp_path.glob("*.part"))) == 2


@pytest.mark.parametrize("nowhere", [".", "", "no/such/directory", "/dev/full/x"])
def test_where_nothing_can_be_written_that_is_said(tmp_path: Path, nowhere: str) -> None:
    store = filled(tmp_path / "cloi.sqlite3")
    with pytest.raises(StoreError, match=r"there already|cannot be written"):
        store.back_up(Path(nowhere))
    store.close()


@pytest.mark.parametrize("schema", ["abc", "-1", "0", "", "1e3", "9" * 5000])
def test_a_file_with_a_strange_number_is_not_touched(tmp_path: Path, schema: str) -> None:
    path = tmp_path / "cloi.sqlite3"
    filled(path).close()
    db = sqlite3.connect(path)
    db.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (schema,))
    db.commit()
    db.close()
    for readonly in (True, False):
        with pytest.raises(StoreError, match="not one of CLOI bot's"):
            SQLiteStore(path, readonly=readonly)


@pytest.mark.parametrize("body", ["x'00'", "'text'", "5"])
def test_a_delivery_whose_body_is_damaged_holds_up_no_other(path: Path, body: str) -> None:
    store = SQLiteStore(path)
    for name in ("broken", "whole"):
        store.keep(Delivery(id=name, event="push", body=b"{}", received_at=LONG_AGO, installation_target=""))
    with store._writing() as db:
        db.execute(f"UPDATE deliveries SET body = {body} WHERE id = 'broken'")
    assert [(d.id, d.body) for d in store.pending()] == [("broken", b""), ("whole", b"{}")]
    store.close()


def test_the_log_that_a_crash_left_is_not_read_into_a_copy_that_takes_the_place(tmp_path: Path) -> None:
    path, copy, log = tmp_path / "s", tmp_path / "copy", tmp_path / "s-wal"
    store = filled(path)
    store.back_up(copy)
    store.append([story("later")])
    left = log.read_bytes()
    store.close()
    copy.replace(path)
    log.write_bytes(left)  # as after kill -9
    with pytest.raises(
        StoreError, match="s-wal beside it belongs to what was there before: take that file away"
    ):
        SQLiteStore(path)
    log.unlink()
    store = SQLiteStore(path)
    assert [row.instance for row in store.summaries()] == ["a"]
    store.close()
