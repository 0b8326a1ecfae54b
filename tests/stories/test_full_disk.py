"""The disk is full for a while: nothing is lost, nothing stops for good, and a worker that is beyond help ends the
process instead of leaving a server that only looks well."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from bot.demo.stage import Stage, pumped
from bot.demo.stories import demo_repository
from bot.engine.errors import StoreError
from bot.engine.ports import Delivery
from bot.sandbox.recorded import RecordedExecutor
from bot.store.sqlite import SQLiteStore


class Disk(SQLiteStore):
    """A real file that SQLite may or may not write to."""

    def full(self, yes: bool) -> None:
        db = self._db
        assert isinstance(db, sqlite3.Connection)
        db.execute(f"PRAGMA query_only = {int(yes)}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    store = Disk(tmp_path / "cloi.sqlite3")
    yield store
    store.close()


@contextlib.asynccontextmanager
async def stage_on(disk: Disk, tmp_path: Path) -> AsyncIterator[Stage]:
    async with pumped(tmp_path / "stage", demo_repository(), disk, RecordedExecutor({})) as stage:
        yield stage


def delivery(id: str) -> Delivery:
    return Delivery(id=id, event="ping", body=b"{}", received_at="2026-03-01T12:00:00Z")


async def turns(until: Callable[[], bool]) -> None:
    for _ in range(1000):
        if until():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come")


async def test_the_worker_outlives_a_full_disk_and_takes_what_waited(disk: Disk, tmp_path: Path) -> None:
    async with stage_on(disk, tmp_path) as stage, stage.bot.working():
        await turns(lambda: bool(disk.summaries()) and stage.bot.coordinator.idle)
        disk.keep(delivery("one"))
        disk.full(True)
        with pytest.raises(StoreError):
            disk.keep(delivery("refused"))
        for _ in range(3):  # what waits is looked at, and cannot be settled
            stage.bot._news.set()
            await asyncio.sleep(0.02)
        disk.full(False)
        stage.bot._news.set()
        await turns(lambda: disk.deliveries()[0].state == "ignored")
        assert disk.deliveries()[0].attempts == 0


async def test_a_worker_that_cannot_go_on_ends_the_server(disk: Disk, tmp_path: Path) -> None:
    async with stage_on(disk, tmp_path) as stage:

        def broken() -> int:
            raise RuntimeError("a mistake of ours")

        stage.bot.intake.take = broken  # type: ignore[method-assign]
        with pytest.raises(RuntimeError, match="a mistake of ours"):
            async with stage.bot.working():
                await asyncio.sleep(60)
