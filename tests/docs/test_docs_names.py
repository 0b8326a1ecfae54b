"""docs/architecture.md against the code: rooms import what the table says, and no name of ADR-012 is lost."""

from __future__ import annotations

import ast
import configparser
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Page, defined, rows

PAGE = Page("docs/architecture.md")
NAMES = PAGE.section("The names of ADR-012")
ADR = next((ROOT / "docs" / "adr").glob("ADR-012-*.md")).read_text()
NOT_BUILT = "not built yet"


# Rooms


def _room(module: str) -> str:
    return module.split(".")[1]


@cache
def _allowed() -> dict[str, set[str]]:
    """Room to rooms that the table lets it import."""
    out: dict[str, set[str]] = {}
    for where, _, may in rows(PAGE.section("Rooms")):
        room = Path(where.strip("`")).stem
        if may == "nothing":
            out[room] = set()
        elif may == "everything above":
            out[room] = set(out)
        else:
            out[room] = set(re.findall(r"`(\w+)`", may))
    return out


@cache
def _imports() -> dict[str, set[str]]:
    """Room to rooms that its modules import, anywhere in them."""
    out: dict[str, set[str]] = defaultdict(set)
    for file in (ROOT / "bot").rglob("*.py"):
        room = file.relative_to(ROOT / "bot").parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(file.read_text())):
            found: list[str] = []
            if isinstance(node, ast.Import):
                found = [a.name for a in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                found = [f"bot.{a.name}" for a in node.names] if node.module == "bot" else [node.module]
            out[room] |= {_room(m) for m in found if m.startswith("bot.")} - {room, "__version__"}
    return out


def test_the_table_has_every_room() -> None:
    here = {p.stem for p in (ROOT / "bot").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert _allowed().keys() == here - {"__init__"}


@pytest.mark.parametrize("room", _allowed())
def test_a_room_imports_what_the_table_lets_it(room: str) -> None:
    assert not _imports()[room] - _allowed()[room], f"bot/{room} imports more than docs/architecture.md says"


def test_the_table_allows_nothing_that_the_linter_forbids() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    allowed = _allowed()
    for name in contracts.sections():
        contract = contracts[name]
        if contract.get("type") != "forbidden":
            continue
        forbidden = {_room(m) for m in contract["forbidden_modules"].split() if m.startswith("bot.")}
        for source in contract["source_modules"].split():
            assert not allowed[_room(source)] & forbidden, f"{source}: {name}"


# Names


def _named_in_the_decision() -> set[str]:
    """Every class, operation, entity, service, event, indicator, standard and integration of ADR-012."""
    found = set(re.findall(r"[├└]── ([A-Z][\w ]*?)(?= \(|$| 🆕| ⭐)", ADR, re.MULTILINE))
    found -= {"Implementation Workflows", "Execution State", "Self-Implementing Services"}  # heads of lists
    found |= set(re.findall(r"^class (\w+)", ADR, re.MULTILINE))
    found |= set(re.findall(r"\bnew (\w+)\(", ADR))
    found |= set(re.findall(r"^  (?:async )?(\w+)\([\w, ]*\) \{", ADR, re.MULTILINE)) - {"constructor"}
    found |= set(re.findall(r"// Domain Event: (.+)", ADR))
    for heading in (
        "Domain Events for Monitoring",
        "Key Performance Indicators",
        "Performance Standards",
        "Security Considerations",
    ):
        part = ADR.partition(f"### {heading}\n")[2].partition("\n#")[0]
        found |= set(re.findall(r"^- \*\*(.+?):\*\*", part, re.MULTILINE))
    points = ADR.partition("**Domain Integration Points:**")[2]
    found |= set(re.findall(r"^- (.+?) →", points, re.MULTILINE))
    return found


def test_the_decision_is_read_as_a_person_would() -> None:
    found = _named_in_the_decision()
    assert {
        "Workflow Engine",
        "Rollback State",
        "State Persistence Service",
        "StepCoordinator",
        "WorkflowExecutionError",
        "createPlan",
        "Implementation Failed",
        "Step Failure Patterns",
        "Rollback Performance",
        "Audit Logging",
        "Error Analysis",
        "predictWorkflowFailures",
    } <= found


@pytest.mark.parametrize("name", sorted(_named_in_the_decision()))
def test_no_name_of_the_decision_is_left_out(name: str) -> None:
    firsts = [row[0] for row in rows(NAMES)]
    assert any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", first) for first in firsts), (
        f"docs/architecture.md has no row for {name}"
    )


@pytest.mark.parametrize("row", rows(NAMES), ids=lambda row: re.sub(r"[`*\[\]]", "", row[0])[:60])
def test_a_row_tells_module_and_test_or_that_it_is_not_built(row: list[str]) -> None:
    name, here, test = row
    links = re.findall(r"\[`?([\w ./-]+)`?\]\(\.\./([\w./-]+)\)", here)
    cited = re.findall(r"\(\.\./(tests/[\w./-]+)\)", test)
    assert all((ROOT / path).exists() for _, path in links)
    assert all((ROOT / path).is_file() for path in cited), f"{name}: {test}"
    assert (links and cited) or NOT_BUILT in here or "no class of that name" in here, f"{name} claims nothing"
    if NOT_BUILT in here and not links:
        built = set().union(*(defined(m) for m in (ROOT / "bot").rglob("*.py")))
        spoken = set(re.findall(r"`(\w+)`", name))
        assert not spoken & built, f"{spoken & built} is built by now"


def test_the_way_of_a_webhook_is_in_one_page() -> None:
    way = PAGE.section("The way of one webhook")
    assert [row[0] for row in rows(way)] == [str(n) for n in range(1, len(rows(way)) + 1)]
    assert len(way.split()) < 900
