"""docs/engine.md says what the code does: its drawings are made from it, and its tests exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.engine.state import ROLLBACK_TRANSITIONS, STEP_TRANSITIONS, WORKFLOW_TRANSITIONS
from bot.render.engine_doc import filled

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")


def test_the_drawings_and_the_events_are_those_of_the_code() -> None:
    assert filled(PAGE) == PAGE, "python -m bot.render.engine_doc docs/engine.md draws them anew"


def test_every_transition_of_the_tables_is_drawn_and_made_by_some_event() -> None:
    drawn = re.findall(r"^  ([a-z_]+) --> ([a-z_]+): (.*)$", PAGE, re.MULTILINE)
    tables = (WORKFLOW_TRANSITIONS, STEP_TRANSITIONS, ROLLBACK_TRANSITIONS)
    assert len(drawn) == sum(len(following) for table in tables for following in table.values())
    assert [row for row in drawn if row[2] == "not used"] == []


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[^`]+::[a-z0-9_]+)`", PAGE))))
def test_every_guarantee_names_a_test_that_exists(named: str) -> None:
    path, _, name = named.partition("::")
    assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_command_that_is_named_exists() -> None:
    from bot.cli import main

    assert set(re.findall(r"`cloi ([a-z]+)", PAGE)) <= set(main.commands)
