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


def test_a_plan_is_written_into_the_record_once_and_only_where_it_can_be(tmp_path: Path) -> None:
    record = tmp_path / "docs/adr/0001-use-a-queue.md"
    record.parent.mkdir(parents=True)
    text = (
        "---\nowner: ann # since May\n---\n# 1. Queue\n\n## Status\n\nAccepted\n\n## Decision\n\nWe use it.\n"
    )
    record.write_text(text)
    record.chmod(0o640)
    first = CliRunner().invoke(main, ["plan", "--write-back", str(record)])
    assert first.exit_code == 0, first.output
    assert "wrote feature_requirements, implementation_strategy, workflow_generation" in first.output
    once = record.read_text()
    assert once.startswith("---\nowner: ann # since May\nimplementation_metadata:\n")
    assert once.endswith(text.partition("---\n# 1")[2])
    assert record.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in record.parent.iterdir()] == [record.name], "nothing is left beside it"
    again = CliRunner().invoke(main, ["plan", "--write-back", str(record)])
    assert "it says so already" in again.output
    assert record.read_text() == once

    plain = text.partition("---\n# 1")[2]
    record.write_text(f"# 1{plain}")
    refused = CliRunner().invoke(main, ["plan", "--write-back", str(record)])
    assert refused.exit_code == 2
    assert "no front matter; --add-front-matter gives it one" in refused.output
    assert record.read_text() == f"# 1{plain}"
    added = CliRunner().invoke(main, ["plan", "--write-back", "--add-front-matter", str(record)])
    assert added.exit_code == 0
    assert record.read_text().endswith(f"---\n\n# 1{plain}")
    assert CliRunner().invoke(main, ["plan", "--json", "--write-back", str(record)]).exit_code == 2
