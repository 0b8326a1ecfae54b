"""Both stores behind one fixture, and a clock that tests turn by hand."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.engine.ports import EventStore
from bot.store import MemoryStore, SQLiteStore


class HandClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_days(self, days: float) -> None:
        self.time += timedelta(days=days)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> Iterator[EventStore]:
    make: dict[str, Callable[[], EventStore]] = {
        "memory": lambda: MemoryStore(now=clock, blob_days=30),
        "sqlite": lambda: SQLiteStore(tmp_path / "cloi.sqlite3", now=clock, blob_days=30),
    }
    opened = make[request.param]()
    yield opened
    opened.close()
