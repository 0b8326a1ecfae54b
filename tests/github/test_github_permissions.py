"""What the App asks for is what it uses: no more, no less."""

from __future__ import annotations

from pathlib import Path

import yaml

from bot.github import facts
from bot.github.permissions import everything, for_commit, missing

MANIFEST = yaml.safe_load((Path(__file__).parents[2] / "app.yml").read_text())


def test_the_manifest_asks_for_exactly_what_is_used():
    assert MANIFEST["default_permissions"] == everything()


def test_every_event_that_the_manifest_asks_for_is_understood():
    assert set(MANIFEST["default_events"]) <= set(facts._READERS)


def test_only_a_commit_of_a_workflow_asks_for_the_permission_to_write_one():
    assert "workflows" not in for_commit([".github/cloi.yml", "workflows/x.yml"])
    assert for_commit(["a", ".github/workflows/x.yml"])["workflows"] == "write"


def test_a_higher_level_covers_a_lower_one():
    assert missing({"contents": "read"}, {"contents": "write"}) is None
    assert missing({"contents": "write"}, {"contents": "read"}) == ("contents", "write")
    assert missing({"contents": "read"}, {}) == ("contents", "read")
