"""Time passes while the store takes no writes: no timer is lost, and one instance's trouble is nobody else's."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.coordination.clocks import VirtualClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.outcome import Done, Failed, Outcome
from bot.engine.ports import StepContext, StepType
from bot.language.definition import parse
from bot.store.sqlite import SQLiteStore

STORY: Mapping[str, Any] = {
    "workflow": {
        "name": "story",
        "version": "1",
        "steps": [{"name": "try", "type": "second-time", "retry": {"attempts": 3}}],
    }
}


class SecondTime(StepType):
    """Fails at first, as GitHub does now and then."""

    type = "second-time"

    async def start(self, ctx: StepContext) -> Outcome:
        if ctx.attempt == 1:
            return Failed(error="502", kind="transient", retryable=True)
        return Done()


async def test_a_retry_that_falls_due_on_a_full_disk_comes_later(tmp_path: Path) -> None:
    store, clock = SQLiteStore(tmp_path / "cloi.sqlite3"), VirtualClock()
    engine = StepCoordinator(store, [parse(json.dumps(STORY))], {"second-time": SecondTime()}, clock)
    names = [
        engine.start("story", key, {}, actor="@m", cause="t", correlation="c")[0] for key in ("one", "two")
    ]
    await engine.settle()

    async def next_timer() -> None:
        due = engine.next_timer()
        assert due is not None, "a timer is forgotten"
        clock.advance(max(0.0, (due - clock.now()).total_seconds()))
        engine.fire_timers()
        await engine.settle()

    db = store._db
    assert isinstance(db, sqlite3.Connection)
    db.execute("PRAGMA query_only = 1")  # SQLite's own refusal, as on a full disk
    for _ in range(4):
        await next_timer()
    db.execute("PRAGMA query_only = 0")
    while engine.next_timer() is not None:
        await next_timer()
    assert {s.instance: s.state for s in store.summaries()} == dict.fromkeys(names, "completed")
    store.close()
