"""`cloi plan` and `cloi adr` on records that are no plain file of their own: a directory, or a part of a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

MANY = """# Decision log

## ADR-1: Use Go

**Status:** Accepted

### Decision

We will use Go.

## ADR-2: Use Rust

**Status:** Proposed

### Decision

We will use Rust.
"""


def cloi(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in arguments])


@pytest.fixture
def many(tmp_path: Path) -> Path:
    file = tmp_path / "decisions.md"
    file.write_text(MANY)
    return file


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    folder = tmp_path / "keps" / "123-thing"
    folder.mkdir(parents=True)
    (folder / "kep.yaml").write_text("title: The Thing\nkep-number: 123\nstatus: implementable\n")
    (folder / "README.md").write_text("# KEP-123: The Thing\n\n## Proposal\n\nWe will add the thing.\n")
    return folder


def test_a_directory_is_a_record_also_outside_of_a_repository(directory: Path) -> None:
    for asked in (directory / "README.md", directory, directory.parent):
        assert cloi("adr", "check", asked).output == "1 record: nothing to remark\n"
        assert json.loads(cloi("adr", "graph", "--json", asked).output)["nodes"][0]["id"] == "123"
    for asked in (directory / "README.md", directory):
        made = json.loads(cloi("plan", "--json", asked).stdout)
        assert (made["adr"]["id"], made["adr"]["status"]) == ("123", "accepted")


def test_findings_name_files_as_they_are_called_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / f"0001-{name}.md").write_text(
            "# 1. A\n\n## Status\n\nAccepted\n\n## Decision\n\nDo it.\n"
        )
    monkeypatch.chdir(tmp_path)
    first = cloi("adr", "check", ".").output.splitlines()[0]
    assert cloi("adr", "check").output.splitlines()[0] == first  # without a path, what lies here
    assert cloi("adr", "read").output.count("accepted") == 2
    assert cloi("adr", "graph").output.startswith("flowchart")
    assert first.startswith("0001-a.md:1: error number-taken: Number 1 is already taken by 0001-b.md.")


def test_a_change_that_holds_no_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "0001-a.md").write_text("# 1. A\n\n## Status\n\nAccepted\n")
    said = cloi("adr", "check", tmp_path, "--changed", tmp_path / "nope.md")
    assert said.exit_code == 2
    assert "nope.md" in said.output


def test_of_several_records_in_a_file_one_is_named(many: Path) -> None:
    asked = cloi("plan", many)
    assert asked.exit_code == 2
    assert "holds 2 records, and a plan is for one" in asked.output
    assert "--record ADR-1, --record ADR-2" in asked.output
    for name in ("ADR-2", "adr-2", "2"):
        made = json.loads(cloi("plan", "--json", "--record", name, many).stdout)
        assert [r["text"] for r in made["adrRequirements"]] == ["We will use Rust."]
    assert "proposed, not accepted" in cloi("plan", "--record", "2", many).output
    assert cloi("workflow", many).exit_code == 2
    none = cloi("plan", "--record", "7", many)
    assert none.exit_code == 2
    assert "ADR-1, ADR-2" in none.output


def test_a_plan_is_not_written_into_front_matter_that_several_records_share(many: Path) -> None:
    many.write_text(f"---\nowner: ann\n---\n{MANY}")
    before = many.read_bytes()
    said = cloi("plan", "--write-back", "--record", "1", many)
    assert said.exit_code == 2
    assert "holds 2 records" in said.output
    assert many.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("template.md", "# Title\n", "template"),
        ("README.md", "# Our decisions\n", "index"),
        ("notes.md", "hello\n", "number"),
        ("0001-x.pdf", "%PDF", ".md"),
    ],
)
def test_what_is_no_record_is_told_why(tmp_path: Path, name: str, text: str, why: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    said = cloi("plan", file)
    assert said.exit_code == 2
    assert why in said.output.partition(name)[2]
