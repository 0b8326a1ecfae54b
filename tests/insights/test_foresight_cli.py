"""`cloi predict` and `cloi optimise` over a store, as people and scripts see them."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.engine.evolve import fold
from bot.engine.recording import append_of
from bot.language.definition import parse
from bot.store.sqlite import SQLiteStore
from tests.insights import lives

TEXT = """\
# How tea is made here.
workflow:
  name: tea
  version: "1"
  steps:
    - name: classify  # what is wrong
      type: error-analysis
      inputs: {error_message: "${context.error}"}
    - name: look-up
      type: rag-retrieval
      depends_on:
        - classify  # by habit
      inputs: {query: "${context.error}"}
    - {name: brew, type: plugin-execution, depends_on: [look-up]}
    - {name: taste, type: plugin-execution, depends_on: [look-up]}
"""
NATURES = {
    "classify": lives.Nature(20, 0.3),
    "look-up": lives.Nature(30, 0.4, passing=(0.1, 0.2)),
    "brew": lives.Nature(200, 0.3),
    "taste": lives.Nature(3, 0.3, final=0.4),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pots of tea."""
    path = tmp_path_factory.mktemp("tea") / "tea.sqlite3"
    opened = SQLiteStore(path)
    opened.put_blob(TEXT.encode(), lasting=True)
    life, chance = lives.Life(parse(TEXT), NATURES), random.Random(1)
    for i in range(40):
        events = lives.one_run(life, chance, "tea/shop", f"tea/{i}")
        folded = fold(events)
        assert folded is not None
        opened.append([append_of(None, tuple(events), folded)])
    opened.close()
    return path


def cloi(store: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--store", f"sqlite:///{store}"])


def test_predict_by_name_for_people_and_for_scripts(store: Path) -> None:
    shown = cloi(store, "predict", "tea", "--repository", "tea/shop")
    assert shown.exit_code == 0, shown.output
    assert "Chance to fail" in shown.stdout
    assert "runs of taste failed for good (gate)" in shown.stdout
    found = json.loads(cloi(store, "predict", "tea", "--json").stdout)
    assert found["enough"]
    assert found["failure"]["low"] < found["own"][0] / found["own"][1] < found["failure"]["high"]
    assert found["prevention"][0]["step"] == "taste"


def test_not_enough_history_and_nothing_to_propose_are_answers(store: Path) -> None:
    shown = cloi(store, "predict", "implement-adr")
    assert (shown.exit_code, "Not enough history: 0 runs" in shown.stdout) == (0, True)
    assert json.loads(cloi(store, "predict", "implement-adr", "--json").stdout)["enough"] is False
    shown = cloi(store, "optimise", "implement-adr")
    assert (shown.exit_code, "Nothing to propose: not enough history" in shown.stdout) == (0, True)
    found = json.loads(cloi(store, "optimise", "implement-adr", "--json").stdout)
    assert (found["steps"], found["diff"], found["gain"]) == ([], "", None)
    bare = cloi(store, "optimise", "implement-adr", "--diff")
    assert (bare.exit_code, bare.stdout) == (0, "")


def test_a_proposal_applies_with_git_and_changes_nothing_by_itself(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "tea.yaml"
    file.write_text(TEXT)
    shown = cloi(store, "optimise", str(file))
    assert "let brew wait for taste" in shown.stdout
    assert "let look-up run beside classify" in shown.stdout
    assert "critical path: classify → look-up → brew" in shown.stdout
    assert file.read_text() == TEXT
    diff = cloi(store, "optimise", str(file), "--diff").stdout
    subprocess.run(["git", "apply", "-"], input=diff, text=True, cwd=tmp_path, check=True)
    assert parse(file.read_text()).step("look-up").depends_on == ()
    assert "taste" in parse(file.read_text()).step("brew").depends_on


def test_what_does_not_exist_or_load_is_said(store: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("workflow: {name: x")
    for named, why in (("coffee", "there is no definition coffee"), (str(broken), "broken.yaml")):
        for command in ("predict", "optimise"):
            shown = cloi(store, command, named)
            assert shown.exit_code == 2
            assert why in shown.stderr
