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


_ALL = [
    ["events"],
    ["events", "make-tea/one"],
    ["replay", "make-tea/one"],
    ["why", "make-tea/one"],
    ["report", "make-tea/one"],
    ["verify"],
    ["kpis"],
    ["predict", "make-tea"],
    ["optimise", "make-tea"],
    ["deliveries"],
    ["backup", "copy"],
    ["archive", "--older-than", "0d"],
]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE events SET body = x'00ff'",
        "UPDATE events SET body = 5",
        "UPDATE events SET hash = 'text'",
        "DELETE FROM events WHERE version = 1",
        """UPDATE events SET body = CAST(replace(body, '"at":"2', '"at":"x') AS BLOB)""",
        """UPDATE events SET body = CAST(replace(body, '"step":"boil"', '"step":"fry"') AS BLOB)""",
        "UPDATE blobs SET body = x'00'",
        "UPDATE blobs SET body = 'text'",
        "DROP TABLE instances",
        "DROP TABLE blobs",
        "PACK; UPDATE archive SET body = 'text'",
        "PACK; UPDATE archive SET hash = 'text'",
    ],
)
async def test_whatever_is_broken_in_a_store_no_command_ends_in_a_traceback(store: Path, sql: str) -> None:
    if sql.startswith("PACK; "):
        assert cloi(store, "archive", "--older-than", "0d").exit_code == 0
    db = sqlite3.connect(store)
    db.execute(sql.removeprefix("PACK; "))
    db.commit()
    db.close()
    for command in _ALL:
        arguments = [a if a != "copy" else str(store.with_name("copy")) for a in command]
        said = cloi(store, *arguments)
        assert said.exception is None or isinstance(said.exception, SystemExit), (command, said.exception)
        store.with_name("copy").unlink(missing_ok=True)


@pytest.mark.parametrize("name", ["\udcff", "no\x1b[2Jbody", "x" * 5000, ""])
@pytest.mark.parametrize("command", ["events", "replay", "why", "report", "verify", "predict"])
async def test_a_name_that_nothing_has_is_one_line(store: Path, command: str, name: str) -> None:
    said = cloi(store, command, name)
    assert said.exit_code == 2, said.output
    assert "\x1b" not in said.output and said.output.count("\n") == 1


async def test_an_empty_head_is_none_that_was_published(store: Path) -> None:
    """As a script asks whose variable is not set."""
    assert cloi(store, "verify", "make-tea/one", "--head", "").exit_code == 1


async def test_no_limit_is_too_large(store: Path) -> None:
    assert cloi(store, "deliveries", "--limit", "9" * 20).exit_code in (0, 2)
