"""`cloi adr check` and `cloi adr graph`, as somebody runs them beside their own log."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result

from bot.cli import main

NAMES = ("record-decisions", "use-postgres", "use-events", "split-the-shop", "cache-prices")


def record(number: int, name: str, status: str = "Accepted") -> str:
    title = name.replace("-", " ").capitalize()
    head = f"# {number}. {title}\n\nDate: 2026-01-0{number}\n\n## Status\n\n{status}\n"
    return f"{head}\n## Context\n\nWhy.\n\n## Decision\n\nSo.\n"


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five records without a fault, in a repository."""
    folder = tmp_path / "docs" / "adr"
    folder.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    for number, name in enumerate(NAMES, start=1):
        (folder / f"000{number}-{name}.md").write_text(record(number, name))
    monkeypatch.chdir(tmp_path)
    return folder


def cloi(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["adr", *arguments])


def test_a_log_without_faults_ends_with_zero(log: Path) -> None:
    done = cloi("check", "docs/adr")
    assert (done.exit_code, done.output) == (0, "5 records: nothing to remark\n")


def test_a_number_taken_twice_is_an_error_with_its_place(log: Path) -> None:
    (log / "0005-use-queues.md").write_text(record(5, "use-queues"))
    done = cloi("check", "docs/adr/0005-use-queues.md")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "docs/adr/0005-use-queues.md:1: error number-taken: Number 5 is already taken by "
        "docs/adr/0005-cache-prices.md. Two records cannot share one number.",
        "1 record: 1 error",
    ]


def test_paths_are_shown_as_seen_from_here(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (log / "0006-use-queues.md").write_text(record(5, "use-queues"))
    monkeypatch.chdir(log.parent)
    shown = cloi("check", "adr/0006-use-queues.md").output.splitlines()
    assert shown[0].startswith("adr/0006-use-queues.md:1: error number-differs: ")
    assert shown[1] == "    instead: # 6. Use queues"


def test_only_what_was_changed_is_judged(log: Path) -> None:
    (log / "0005-use-queues.md").write_text(record(5, "use-queues"))
    done = cloi("check", "docs/adr", "--changed", "docs/adr/0001-record-decisions.md")
    assert (done.exit_code, done.output) == (0, "1 record: nothing to remark\n")


def test_a_warning_does_not_fail_and_says_what_the_other_file_lacks(log: Path) -> None:
    text = record(5, "cache-prices", "Accepted\n\nSupersedes [3. Use events](0003-use-events.md)")
    (log / "0005-cache-prices.md").write_text(text)
    done = cloi("check", "docs/adr", "--json")
    found = json.loads(done.output)["findings"]
    assert done.exit_code == 0
    assert [(f["rule"], f["level"]) for f in found] == [("supersession-one-sided", "warning")]
    assert found[0]["mends"][0]["path"] == "docs/adr/0003-use-events.md"
    assert "(0005-cache-prices.md)" in found[0]["mends"][0]["text"]


REGION = {"required": ["startLine"], "properties": {"startLine": {"type": "integer", "minimum": 1}}}
URI = {"required": ["uri"], "properties": {"uri": {"type": "string", "format": "uri-reference"}}}
SARIF = {
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "minItems": 1,
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {"rules": {"uniqueItems": True, "items": {"required": ["id"]}}},
                            }
                        },
                    },
                    "results": {
                        "items": {
                            "required": ["message"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "message": {"required": ["text"]},
                                "locations": {
                                    "items": {
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation"],
                                                "properties": {"artifactLocation": URI, "region": REGION},
                                            }
                                        }
                                    }
                                },
                                "fixes": {
                                    "items": {
                                        "required": ["artifactChanges"],
                                        "properties": {
                                            "artifactChanges": {
                                                "minItems": 1,
                                                "items": {
                                                    "required": ["artifactLocation", "replacements"],
                                                    "properties": {
                                                        "artifactLocation": URI,
                                                        "replacements": {
                                                            "minItems": 1,
                                                            "items": {
                                                                "required": ["deletedRegion"],
                                                                "properties": {"deletedRegion": REGION},
                                                            },
                                                        },
                                                    },
                                                },
                                            }
                                        },
                                    }
                                },
                            },
                        }
                    },
                },
            },
        },
    },
}
"""What SARIF 2.1.0's own schema demands of the parts that are written."""


def test_sarif_is_as_its_schema_wants_it(log: Path) -> None:
    text = record(5, "cache-prices", "Accepted\n\nSupersedes [3. Use events](0003-use-events.md)")
    (log / "0005-größte preise.md").write_text(text)
    done = cloi("check", "docs/adr", "--sarif")
    made = json.loads(done.output)
    jsonschema_rs.validator_for(SARIF, validate_formats=True).validate(made)
    run = made["runs"][0]
    assert done.exit_code == 1
    assert {r["level"] for r in run["results"]} >= {"error", "warning"}
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert any("gr%C3%B6%C3%9Fte%20preise" in json.dumps(result) for result in run["results"])


def test_what_cannot_be_done_ends_with_two(log: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert cloi("check", "empty").exit_code == 2
    assert cloi("graph", "empty").exit_code == 2
    assert cloi("check", "docs/adr", "--json", "--sarif").exit_code == 2
    assert cloi("check", "nowhere").exit_code == 2


def test_a_log_whose_records_stand_alone_says_why_nothing_is_drawn(log: Path) -> None:
    drawn = cloi("graph", "docs/adr/0003-use-events.md")
    assert (drawn.exit_code, drawn.stdout.splitlines()[0]) == (0, "flowchart LR")
    assert "names another" in drawn.stderr


def test_the_graph_is_drawn_and_told(log: Path) -> None:
    text = record(5, "cache-prices", "Accepted\n\nSupersedes [3. Use events](0003-use-events.md)")
    (log / "0005-cache-prices.md").write_text(text)
    drawn = cloi("graph", "docs/adr").output
    assert drawn.startswith("flowchart LR\n")
    assert "==>|supersedes|" in drawn
    edges = json.loads(cloi("graph", "docs/adr", "--json").output)["edges"]
    assert [(e["source"].partition("#")[0], e["kind"], e["target"].partition("#")[0]) for e in edges] == [
        ("docs/adr/0005-cache-prices.md", "supersedes", "docs/adr/0003-use-events.md")
    ]
