"""The file of the SQLite store: reopened, shared, refused, damaged."""

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.engine.errors import StoreError
from bot.engine.events import Event, WorkflowCompleted
from bot.engine.ports import Append, Delivery, Summary
from bot.store import MemoryStore, SQLiteStore, open_store

AT = "2026-11-02T09:00:00.000000Z"


def one_event(stream: str, version: int = 1) -> Append:
    body = WorkflowCompleted()
    event = Event(stream=stream, version=version, at=AT, actor="", cause="", correlation="", body=body)
    row = Summary(
        instance=stream, definition="d", key="k", state="completed", open=False, started_at=AT, updated_at=AT
    )
    return Append(stream=stream, expected=version - 1, events=(event,), summary=row)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cloi.sqlite3"


def test_everything_is_there_after_reopening(path: Path) -> None:
    store = SQLiteStore(path)
    store.append([one_event("a")])
    store.keep(Delivery(id="d", event="push", body=b"{}", received_at=AT))
    digest, head = store.put_blob(b"body"), store.head("a")
    store.close()
    store.close()
    store = SQLiteStore(path)
    assert (store.head("a"), store.verify("a"), store.get_blob(digest)) == (head, head, b"body")
    assert [d.id for d in store.pending()] == ["d"]
    store.close()


def test_it_is_fully_synchronous_with_a_log(path: Path) -> None:
    store = SQLiteStore(path)
    with store._writing() as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    store.close()


def test_closing_moves_the_log_into_the_file(path: Path) -> None:
    store = SQLiteStore(path)
    store.append([one_event("a")])
    log = path.with_name(path.name + "-wal")
    assert log.stat().st_size > 0
    store.close()
    assert not log.exists()


def test_only_its_owner_can_read_it(path: Path) -> None:
    store = SQLiteStore(path)
    store.append([one_event("a")])
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    store.close()


def test_after_closing_every_call_says_so(path: Path) -> None:
    store = SQLiteStore(path)
    store.close()
    for call in (lambda: store.append([one_event("a")]), lambda: store.read("a")):
        with pytest.raises(StoreError, match="is closed"):
            call()


def test_a_second_writer_is_told_which_process_has_the_store(path: Path) -> None:
    store = SQLiteStore(path)
    code = f"from bot.store import SQLiteStore; SQLiteStore({str(path)!r})"
    second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert f"is already in use by process {os.getpid()};" in second.stderr
    store.append([one_event("a")])
    store.close()
    third = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert third.returncode == 0, third.stderr


def test_threads_may_share_a_store(path: Path) -> None:
    store = SQLiteStore(path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.append([one_event(f"s{n}")]), range(100)))
    assert len(store.summaries()) == 100
    store.close()


# --- reading beside a running server


def test_a_reader_sees_what_a_running_writer_commits(path: Path) -> None:
    writer = SQLiteStore(path)
    reader = SQLiteStore.open_readonly(path)
    assert reader.read("a") == []
    writer.append([one_event("a")])
    assert len(reader.read("a")) == 1
    assert reader.head("a") == writer.head("a")
    with pytest.raises(StoreError, match="open for reading only"):
        reader.append([one_event("a", 2)])
    reader.close()
    writer.append([one_event("a", 2)])
    writer.close()


def test_a_reader_works_without_a_writer_and_leaves_the_store_free(path: Path) -> None:
    SQLiteStore(path).close()
    reader = SQLiteStore.open_readonly(path)
    writer = SQLiteStore(path)
    writer.append([one_event("a")])
    assert [s.instance for s in reader.summaries()] == ["a"]
    writer.close()
    reader.close()


def test_a_reader_of_nothing_is_told_so_and_creates_nothing(path: Path) -> None:
    with pytest.raises(StoreError, match="nothing was recorded there yet"):
        SQLiteStore.open_readonly(path)
    assert list(path.parent.iterdir()) == []
    path.touch()
    with pytest.raises(StoreError, match="is empty: nothing was recorded there yet"):
        SQLiteStore.open_readonly(path)


# --- files that are not for us


@pytest.mark.parametrize("open_it", [SQLiteStore, SQLiteStore.open_readonly])
def test_a_missing_directory(path: Path, open_it: Callable[[Path], SQLiteStore]) -> None:
    with pytest.raises(StoreError, match="does not exist; create it first"):
        open_it(path.parent / "nowhere" / "cloi.sqlite3")


@pytest.mark.parametrize("open_it", [SQLiteStore, SQLiteStore.open_readonly])
def test_a_file_that_is_no_database(path: Path, open_it: Callable[[Path], SQLiteStore]) -> None:
    path.write_bytes(b"Dear diary, today I was not a database. " * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="cannot be used: file is not a database"):
        open_it(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("open_it", [SQLiteStore, SQLiteStore.open_readonly])
def test_a_torn_file(path: Path, open_it: Callable[[Path], SQLiteStore]) -> None:
    store = SQLiteStore(path)
    for n in range(50):
        store.append([one_event(f"s{n}")])
    store.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StoreError, match="malformed"):
        open_it(path)


@pytest.mark.parametrize("open_it", [SQLiteStore, SQLiteStore.open_readonly])
def test_somebody_elses_database_is_left_alone(path: Path, open_it: Callable[[Path], SQLiteStore]) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE meta (key, value)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"not one of CLOI bot's"):
        open_it(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("open_it", [SQLiteStore, SQLiteStore.open_readonly])
def test_a_newer_schema_is_not_touched(path: Path, open_it: Callable[[Path], SQLiteStore]) -> None:
    SQLiteStore(path).close()
    newer = sqlite3.connect(path)
    newer.execute("UPDATE meta SET value = '999' WHERE key = 'schema'")
    newer.commit()
    newer.close()
    with pytest.raises(StoreError, match=r"newer CLOI bot \(schema 999"):
        open_it(path)


@pytest.fixture
def sealed_directory() -> Iterator[Path]:
    """A directory that may be read but not written, with a store in it."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        store = SQLiteStore(directory / "cloi.sqlite3")
        store.append([one_event("a")])
        store.close()
        for file in directory.iterdir():
            file.chmod(0o444)
        directory.chmod(0o555)
        yield directory
        directory.chmod(0o755)


def as_nobody(act: Callable[[], str]) -> str:
    """What `act` answers in a process that root's rights do not help."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        try:
            answer = act()
        except StoreError as error:
            answer = f"StoreError: {error}"
        except BaseException as error:
            answer = repr(error)
        os.write(into, answer.encode())
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


def test_a_directory_that_may_not_be_written(sealed_directory: Path) -> None:
    answer = as_nobody(lambda: str(SQLiteStore(sealed_directory / "new.sqlite3")))
    assert answer.startswith("StoreError:")
    assert "its directory cannot be written (Permission denied)" in answer


def test_a_store_in_such_a_directory_can_still_be_read(sealed_directory: Path) -> None:
    path = sealed_directory / "cloi.sqlite3"
    assert as_nobody(lambda: SQLiteStore.open_readonly(path).summaries()[0].instance) == "a"


# --- the chain


def test_a_changed_a_missing_and_an_unreadable_event_are_found(path: Path) -> None:
    store = SQLiteStore(path)
    for stream in ("changed", "missing", "unreadable", "whole"):
        store.append([one_event(stream)])
        store.append([one_event(stream, 2)])
        store.append([one_event(stream, 3)])
    with store._writing() as db:
        db.execute(
            "UPDATE events SET body = CAST(replace(body, '2026', '2027') AS BLOB) "
            "WHERE stream = 'changed' AND version = 2"
        )
        db.execute("DELETE FROM events WHERE stream = 'missing' AND version = 2")
        db.execute("UPDATE events SET body = x'7b' WHERE stream = 'unreadable' AND version = 3")
    with pytest.raises(StoreError, match="changed: event 2 is not the one that was recorded"):
        store.verify("changed")
    with pytest.raises(StoreError, match="missing: event 2 is missing"):
        store.verify("missing")
    with pytest.raises(StoreError, match="unreadable: event 3 cannot be read"):
        store.read("unreadable")
    assert store.verify("whole") == store.head("whole")
    store.close()


# --- urls


def test_a_store_is_named_by_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(open_store("memory:"), MemoryStore)
    for url, file in (
        ("sqlite:///here.sqlite3", tmp_path / "here.sqlite3"),
        (f"sqlite:///{tmp_path}/there.sqlite3", tmp_path / "there.sqlite3"),
    ):
        open_store(url).close()
        assert file.is_file()


@pytest.mark.parametrize("url", ["", "sqlite:///", "mysql://root:secret@host/db", "cloi.sqlite3"])
def test_other_urls_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(StoreError, match="no such store") as refusal:
        open_store(url)
    assert "secret" not in str(refusal.value)


def test_the_lock_is_on_the_file_whatever_links_lead_to_it(tmp_path: Path) -> None:
    path, other = tmp_path / "cloi.sqlite3", tmp_path / "link.sqlite3"
    store = SQLiteStore(path)
    other.symlink_to(path)
    with pytest.raises(StoreError, match="already in use by process"):
        SQLiteStore(other)
    store.close()


@pytest.mark.parametrize("mishap", ["deleted", "moved", "replaced"])
def test_a_file_that_goes_away_under_a_running_server_takes_no_more_writes(
    tmp_path: Path, mishap: str
) -> None:
    """SQLite itself would write on into a file that nobody finds again."""
    path = tmp_path / "cloi.sqlite3"
    store = SQLiteStore(path)
    store.put_blob(b"before")
    if mishap == "deleted":
        path.unlink()
    else:
        path.rename(tmp_path / "elsewhere")
    if mishap == "replaced":
        path.write_bytes(b"")
    with pytest.raises(StoreError, match="moved, deleted or replaced"):
        store.put_blob(b"after")
    store.close()


@pytest.mark.parametrize("open_it", [SQLiteStore, SQLiteStore.open_readonly])
def test_a_file_whose_schema_is_no_text(path: Path, open_it: Callable[[Path], SQLiteStore]) -> None:
    SQLiteStore(path).close()
    path.write_bytes(path.read_bytes().replace(b"tableevents", b"tableev\xed\xffts"))
    with pytest.raises(StoreError, match="cannot be used"):
        open_it(path)
