"""`cloi plan` on a checkout: what only GitHub knows is not guessed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main


@pytest.mark.parametrize(
    ("accepted_when", "says"),
    [
        ("status", None),
        ("merged", "counts as accepted once it is merged"),
        ("reviewed", "Only GitHub knows that, and it was not asked here"),
    ],
)
def test_a_checkout_does_not_tell_who_reviewed(tmp_path: Path, accepted_when: str, says: str | None) -> None:
    record = tmp_path / "docs" / "adr" / "0001-use-queues.md"
    record.parent.mkdir(parents=True)
    record.write_text("# 1. Use queues\n\n## Status\n\nAccepted\n\n## Decision\n\nWe will use a queue.\n")
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "cloi.yml").write_text(
        f"accepted_when: {accepted_when}\nagent: {{name: a, provider: command, command: [x]}}\n"
        "tests: {command: [python3, -m, unittest]}\n"
    )
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    said = CliRunner().invoke(main, ["plan", "--json", str(record)])
    assert said.exit_code == 0, said.output
    blocked = [line for line in said.output.splitlines() if line.startswith("blocked: ")]
    assert len(blocked) == (says is not None)
    assert says is None or says in blocked[0]
