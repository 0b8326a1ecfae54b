"""The bot is killed anywhere, a new one starts with nothing but the store, and GitHub ends up the same as a whole.

Anywhere is: before each write to GitHub, with each write done and its answer lost, after each effect was noted,
and before and after each other commit of the store. To know these points each story is played once without a kill.
Then many points are tried in one play, spread over it (a killed story passes later points all the same); what a
play did not come past, since an earlier death changed its way, is tried alone.

`make test` tries each point of each effect. With CLOI_THOROUGH=1 (make slow) each of them is tried also alone, and
so are all commits of the store, those of deliveries among them.
CLOI_KILL="story: point; point" plays just these again; a failing play prints the command.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest

from bot.demo.stage import Stage
from bot.demo.stories import STORIES, Told
from bot.store.memory import MemoryStore
from tests.properties import THOROUGH
from tests.stories.conftest import Open
from tests.stories.mortal import DELIVERY, EFFECT, Fate, MortalStore, Point, mortal

AGAIN = os.environ.get("CLOI_KILL")
LIVES = 20
"""Deaths in one play, at most."""

_NOT_THE_SAME = re.compile(r"[0-9a-f]{64}|\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( UTC)?|\b[\d.]+ (s|min|h)\b")
"""What may differ in a text: heads of the events' chain, which holds times and causes; times; durations."""

_clean: dict[str, tuple[list[Point], Any]] = {}


async def play(open_stage: Open, story: str, points: Sequence[Point] = ()) -> tuple[Fate, Any]:
    """The story with a death at each of these points. Returns what was passed, and what it came to."""
    fate = Fate(points)
    store = MemoryStore()
    async with open_stage(MortalStore(store, fate)) as stage:
        mortal(stage, fate)
        told = await STORIES[story](stage)
        return fate, _end(stage, told, store)


async def clean(open_stage: Open, story: str) -> tuple[list[Point], Any]:
    """The points that the story passes, and its end, when nobody is killed."""
    if story not in _clean:
        fate, end = await play(open_stage, story)
        _clean[story] = fate.passed, end
    return _clean[story]


def _end(stage: Stage, told: Told, store: MemoryStore) -> dict[str, Any]:
    """GitHub as a whole; how many of each thing the bot made there; and that nothing was left undone."""
    for summary in store.summaries():
        store.verify(summary.instance)
    made = Counter(
        one.operation
        for one in stage.sandbox.requests
        if one.actor == "cloi[bot]" and one.status == 201 and "/git/" not in one.operation
    )
    end = {
        "github": stage.sandbox.snapshot(),
        "made": dict(made),
        "state": stage.state(told.instance),
        "not ended": [
            s.instance for s in store.summaries(open_only=True) if s.definition != "recover-deliveries"
        ],  # which never ends
        "not observed": [effect.key for effect in store.effects() if effect.state != "observed"],
        "not settled": [d.id for d in store.deliveries(limit=1000) if d.state in ("pending", "parked")],
    }
    return msgspec.json.decode(_NOT_THE_SAME.sub("…", msgspec.json.encode(end).decode()))


async def tried(open_stage: Open, story: str, points: Sequence[Point], *, lives: int = LIVES) -> None:
    """Each of the points is died at, in plays with so many lives, and each play ends as it should."""
    plays = -(-len(points) // lives)
    alone: list[Point] = []
    for number in range(plays):
        chosen = points[number::plays]
        fate = await checked(open_stage, story, chosen)
        alone += [p for p in chosen if p not in fate.met]
    for point in alone:
        fate = await checked(open_stage, story, [point])
        assert fate.met == [point], f"the story does not come past this point any more: {point}"


async def checked(open_stage: Open, story: str, points: Sequence[Point]) -> Fate:
    how = shlex.quote(f"{story}: " + "; ".join(map(str, points)))
    command = f"CLOI_KILL={how} pytest tests/stories/test_kills.py -k again"
    _, wanted = await clean(open_stage, story)
    try:
        fate, end = await play(open_stage, story, points)
    except Exception as error:
        raise AssertionError(f"killed there, the story does not come to its end: {command}") from error
    found = list(differences(wanted, end))
    assert not found, "\n".join([f"killed there, it ends otherwise: {command}", *found])
    return fate


def differences(wanted: Any, seen: Any, where: str = "") -> Iterator[str]:
    """A line for each place where two ends differ."""
    if isinstance(wanted, dict) and isinstance(seen, dict):
        for key in sorted(wanted.keys() | seen.keys()):
            yield from differences(wanted.get(key), seen.get(key), f"{where}/{key}")
    elif isinstance(wanted, list) and isinstance(seen, list) and len(wanted) == len(seen):
        for number, pair in enumerate(zip(wanted, seen, strict=True)):
            yield from differences(*pair, f"{where}/{number}")
    elif isinstance(wanted, str) and isinstance(seen, str) and wanted != seen:
        for line in difflib.unified_diff(wanted.split("\n"), seen.split("\n"), lineterm="", n=0):
            if not line.startswith(("---", "+++", "@@")):
                yield f"{where}: {line}"
    elif wanted != seen:
        yield f"{where}: {wanted!r} became {seen!r}"


@pytest.mark.parametrize("story", STORIES)
async def test_without_a_kill_the_story_passes_enough_points_and_leaves_nothing_undone(
    open_stage, story
) -> None:
    points, end = await clean(open_stage, story)
    assert len({p.where for p in points if p.kind != DELIVERY}) >= 8
    assert {p.moment for p in points if p.kind == EFFECT} == {"before", "lost", "after"}
    assert (end["not ended"], end["not observed"], end["not settled"]) == ([], [], [])


@pytest.mark.parametrize("story", STORIES)
async def test_killed_at_any_effect_github_ends_up_the_same(open_stage, story) -> None:
    points, _ = await clean(open_stage, story)
    effects = [p for p in points if p.kind == EFFECT]
    await tried(open_stage, story, effects)
    if THOROUGH:
        await tried(open_stage, story, effects, lives=1)


@pytest.mark.skipif(not THOROUGH, reason="played by make slow, with CLOI_THOROUGH=1")
@pytest.mark.parametrize("story", STORIES)
async def test_killed_at_any_commit_github_ends_up_the_same(open_stage, story) -> None:
    points, _ = await clean(open_stage, story)
    commits = [p for p in points if p.kind not in (EFFECT, DELIVERY)]
    await tried(open_stage, story, commits)


@pytest.mark.skipif(not THOROUGH, reason="played by make slow, with CLOI_THOROUGH=1")
@pytest.mark.parametrize("story", STORIES)
async def test_killed_at_any_delivery_github_ends_up_the_same(open_stage, story) -> None:
    points, _ = await clean(open_stage, story)
    deliveries = [p for p in points if p.kind == DELIVERY]
    await tried(open_stage, story, deliveries)


@pytest.mark.skipif(not AGAIN, reason="CLOI_KILL names no point")
async def test_again(open_stage) -> None:
    story, _, named = (AGAIN or "").partition(": ")
    points, _ = await clean(open_stage, story)
    chosen = [p for p in points if str(p) in named.split("; ")]
    assert len(chosen) == len(named.split("; ")), [str(p) for p in points]
    fate = await checked(open_stage, story, chosen)
    assert set(fate.met) == set(chosen)
