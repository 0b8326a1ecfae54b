"""`cloi deliveries`, as somebody runs it who wonders where a webhook has gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.engine.ports import Delivery
from bot.store.sqlite import SQLiteStore


@pytest.fixture
def store(tmp_path: Path) -> str:
    """One delivery of each kind, and a server that still has the store open."""
    kept = SQLiteStore(tmp_path / "cloi.sqlite3")
    for number, event in enumerate(("ping", "push", "issue_comment", "pull_request"), start=1):
        at = f"2026-03-01T12:00:0{number}.000000Z"
        kept.keep(Delivery(id=f"guid-{number}", event=event, body=b"{}", received_at=at))
    kept.settle("guid-1", "ignored", "nothing here acts on “ping” events")
    kept.settle("guid-2", "consumed", "nobody waits for this")
    kept.stumble("guid-3", "KeyError: 'x'")
    kept.settle("guid-3", "parked", "the payload is not as GitHub documents it:\n\x1b[31mred")
    return f"sqlite:///{tmp_path}/cloi.sqlite3"


def listed(store: str, *more: str) -> Result:
    done = CliRunner().invoke(main, ["deliveries", "--store", store, *more])
    assert done.exit_code == 0, done.output
    return done


def test_the_newest_comes_first_with_what_became_of_it_and_why(store: str) -> None:
    lines = listed(store).output.splitlines()
    assert [line.split()[1:4] for line in lines] == [
        ["pending", "pull_request", "guid-4"],
        ["parked", "issue_comment", "guid-3"],
        ["consumed", "push", "guid-2"],
        ["ignored", "ping", "guid-1"],
    ]
    assert "nothing here acts on “ping” events" in lines[3]
    assert "\x1b" not in listed(store).output, "a payload's words stay text"


def test_parked_ones_can_be_asked_for(store: str) -> None:
    (one,) = [json.loads(line) for line in listed(store, "--state", "parked", "--json").output.splitlines()]
    assert (one["id"], one["state"], one["attempts"]) == ("guid-3", "parked", 1)


def test_where_none_is_in_a_state_it_is_said_beside_the_list(tmp_path: Path) -> None:
    SQLiteStore(tmp_path / "cloi.sqlite3").close()
    none = listed(f"sqlite:///{tmp_path}/cloi.sqlite3", "--state", "parked")
    assert (none.stdout, none.stderr) == ("", "no delivery here is parked\n")


def test_no_more_than_asked_for(store: str) -> None:
    assert len(listed(store, "--limit", "2").output.splitlines()) == 2
