"""`cloi kpis`, `why`, `replay` and `verify` over a store that an engine has written."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.coordination.clocks import VirtualClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.outcome import Done, Failed, Outcome
from bot.engine.ports import StepContext, StepType
from bot.language.definition import parse
from bot.store.sqlite import SQLiteStore

TEA = """
workflow:
  name: make-tea
  version: "1"
  steps:
    - {name: boil, type: kettle}
    - {name: taste, type: mouth, depends_on: [boil], inputs: {likes: "${context.likes}"}}
"""


class Kettle(StepType):
    type = "kettle"
    undoable = True

    async def start(self, ctx: StepContext) -> Outcome:
        return Done({"water": "hot"})


class Mouth(StepType):
    type = "mouth"
    inputs = frozenset({"likes"})

    async def start(self, ctx: StepContext) -> Outcome:
        return Done() if ctx.inputs["likes"] else Failed(error="bitter", kind="gate")


@pytest.fixture
async def store(tmp_path: Path) -> Path:
    """Two cups of tea: one drunk, one poured away."""
    path = tmp_path / "tea.sqlite3"
    opened = SQLiteStore(path)
    types = {t.type: t for t in (Kettle(), Mouth())}
    engine = StepCoordinator(opened, [parse(TEA)], types, VirtualClock())
    for key, likes in (("one", True), ("two", False)):
        context = {"repository": "tea/shop", "likes": likes}
        engine.start("make-tea", key, context, actor="@maria", cause="test", correlation=key)
    await engine.settle()
    opened.close()
    return path


def cloi(store: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--store", f"sqlite:///{store}"])


async def test_kpis_by_their_names(store: Path) -> None:
    shown = cloi(store, "kpis").stdout
    assert "Workflow Success Rate   50 % of 2 ended" in shown
    assert "1 × taste: gate" in shown
    found = json.loads(cloi(store, "kpis", "--json", "--by", "repository").stdout)
    assert found["repository"] == "tea/shop"
    assert found["compensation_effectiveness"] == 1
    assert cloi(store, "kpis", "--definition", "coffee").stdout == ""


async def test_why_and_replay(store: Path) -> None:
    shown = cloi(store, "why", "make-tea/two").stdout
    assert "make-tea/two is compensated" in shown
    assert "taste failed: gate: bitter" in shown
    lines = cloi(store, "replay", "make-tea/two").stdout.splitlines()
    assert lines[-1].endswith("compensated undo completed: boil; failed: taste")
    last = json.loads(cloi(store, "replay", "--json", "make-tea/two").stdout.splitlines()[-1])
    assert last["instance"]["state"] == "compensated"
    assert cloi(store, "why", "make-tea/three").exit_code == 2


async def test_what_was_recorded_is_whole(store: Path) -> None:
    result = cloi(store, "verify")
    assert (result.exit_code, result.stdout.count("whole")) == (0, 2)


async def test_a_head_that_was_published_is_found_also_when_the_stream_has_grown(store: Path) -> None:
    db = sqlite3.connect(store)
    heads = [h.hex() for (h,) in db.execute("SELECT hash FROM events WHERE stream = 'make-tea/one'")]
    db.close()
    for head in heads:
        assert cloi(store, "verify", "make-tea/one", "--head", head).exit_code == 0
    result = cloi(store, "verify", "make-tea/two", "--head", heads[0])
    assert result.exit_code == 1
    assert "was never the head" in result.stdout


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        (
            "UPDATE events SET body = replace(body, 'hot', 'wet') WHERE name = 'StepCompleted'",
            "not the bytes",
        ),
        (
            "UPDATE events SET body = CAST(replace(body, 'hot', 'wet') AS BLOB) WHERE name = 'StepCompleted'",
            "not the one",
        ),
        ("DELETE FROM events WHERE version = 2", "missing"),
        ("DELETE FROM events WHERE name IN ('WorkflowCompleted', 'WorkflowCompensated')", "cut off"),
        ("DELETE FROM blobs", "its definition is missing"),
    ],
)
async def test_whatever_was_changed_afterwards_is_seen(store: Path, sql: str, word: str) -> None:
    db = sqlite3.connect(store)
    db.execute(sql)
    db.commit()
    db.close()
    result = cloi(store, "verify")
    assert (result.exit_code, result.stdout.count(word)) == (1, 2)
