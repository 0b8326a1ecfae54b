"""A whole demo with processes of its own, real HTTP, real act and SQLite, and a real `kill -9` of the bot.

A seed chooses the story and the moments: after how many stored events the bot is killed, twice in a story. It is
started again at once, on the same store. One seed in `make test`; as many as CLOI_KILLS says elsewhere (make slow:
ten). `CLOI_KILL_SEED=7 pytest tests/stories/test_sigkill.py` plays one again.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.demo.stories import ENDINGS, STORIES, Told
from tests.stories.processes import Distant, processes

SEEDS = range(1, 1 + int(os.environ.get("CLOI_KILLS", "1")))
if "CLOI_KILL_SEED" in os.environ:
    SEEDS = range(int(os.environ["CLOI_KILL_SEED"]), 1 + int(os.environ["CLOI_KILL_SEED"]))

EVENTS = {"happy": 75, "gate-fails": 90}
"""About how many events a story stores; a moment past its end would be no kill."""


class Reaper(threading.Thread):
    """Kills the bot when so many events are stored, and starts it again. killed: after how many it did."""

    def __init__(self, stage: Distant, moments: list[int]) -> None:
        super().__init__(daemon=True)
        self.stage = stage
        self.moments = moments
        self.killed: list[int] = []
        self.trouble: Exception | None = None
        self._enough = threading.Event()
        # Asked so often that reading the events would slow the bot.
        self._looking: sqlite3.Connection | None = None

    def run(self) -> None:
        try:
            for moment in self.moments:
                while self._count() < moment:
                    if self._enough.wait(0.005):
                        return
                self.stage.kill_bot()
                self.killed.append(self._count())
                self.stage.start_bot()
        except Exception as error:
            self.trouble = error
        finally:
            if self._looking is not None:
                self._looking.close()

    def _count(self) -> int:
        try:
            if self._looking is None:
                where = f"{self.stage.store_path.as_uri()}?mode=ro"
                self._looking = sqlite3.connect(where, uri=True, isolation_level=None)
            return int(self._looking.execute("SELECT count(*) FROM events").fetchone()[0])
        except sqlite3.OperationalError:  # nothing was ever stored there, or just now it is opened
            return 0

    def stop(self) -> None:
        self._enough.set()
        self.join(60)


@contextmanager
def reaping(stage: Distant, moments: list[int]) -> Iterator[Reaper]:
    reaper = Reaper(stage, moments)
    reaper.start()
    try:
        yield reaper
    finally:
        reaper.stop()


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_a_real_kill_the_demo_ends_as_it_should_with_one_of_each(tmp_path, seed) -> None:
    chance = random.Random(seed)
    story = chance.choice(sorted(STORIES))
    moments = sorted(chance.sample(range(1, EVENTS[story] - 10), 2))
    async with processes(tmp_path) as stage:
        with reaping(stage, moments) as reaper:
            told = await STORIES[story](stage)
        assert reaper.trouble is None
        assert len(reaper.killed) == 2, (moments, reaper.killed)
        assert (stage.state(told.instance), told.tree_restored) == ENDINGS[story]
        one_of_each(stage, told)
        nothing_left(stage)


def one_of_each(stage: Distant, told: Told) -> None:
    """What the bot made on GitHub, counted."""
    pulls = stage.get("/pulls", state="all")
    kinds = Counter(p["head"]["ref"].rsplit("/", 1)[1].split("-")[0] for p in stage.by_bot(pulls))
    wanted = {"workflow": 1, "implementation": 1} | ({"revert": 1} if told.revert_pull else {})
    assert kinds == wanted
    comments = stage.get(f"/issues/{told.issue}/comments")
    assert len(stage.by_bot(comments)) == 1
    asked = next(c for c in comments if "/cloi" in c["body"] and c["user"]["login"] == "tom")
    assert [r["content"] for r in stage.get(f"/issues/comments/{asked['id']}/reactions")] == ["eyes"]
    assert [r["display_title"].rsplit(" ", 1)[1] for r in stage.runs()] == ["1", "2"]
    heads = {p["head"]["sha"] for p in pulls}
    checks = [
        c["name"]
        for sha in heads
        for c in stage.get(f"/commits/{sha}/check-runs", filter="all")["check_runs"]
        if c["app"]["slug"] == "cloi"
    ]
    assert sorted(checks) == ["CLOI / decision records", "CLOI / quality gate"]


def nothing_left(stage: Distant) -> None:
    """Every instance has ended, every intent is settled, every chain of events is whole."""
    with stage.store() as store:
        assert [s.key for s in store.summaries(open_only=True)] == ["app"]  # recover-deliveries never ends
        assert [e.key for e in store.effects() if e.state != "observed"] == []
        for summary in store.summaries():
            store.verify(summary.instance)
