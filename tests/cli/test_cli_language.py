"""`cloi schema` and `cloi lint` as people meet them."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from bot.cli import main

WRONG = """\
workflow:
  name: tea
  version: "1"
  steps:
    - name: boil
      type: report
      dependson: []
      inputs: {repository: "${context.repo", merge_sha: x, plan: y}
"""


def test_the_schema_is_printed_as_it_is() -> None:
    result = CliRunner().invoke(main, ["schema", "workflow"])
    assert json.loads(result.stdout)["title"] == "CLOI workflow definition"


def test_every_mistake_has_file_line_and_rule_and_the_exit_code_is_one(tmp_path: Path) -> None:
    file = tmp_path / "tea.yaml"
    file.write_text(WRONG)
    result = CliRunner().invoke(main, ["lint", str(file)])
    assert result.exit_code == 1
    assert [line.removeprefix(str(file)).split(" ")[0] for line in result.stdout.splitlines()] == [
        ":7:",
        ":8:",
    ]
    assert "did you mean 'depends_on'? [unknown-key]" in result.stdout
    result = CliRunner().invoke(main, ["lint", "--json", str(file)])
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(f["line"], f["rule"]) for f in found] == [(7, "unknown-key"), (8, "reference")]


def test_what_is_right_ends_with_zero_and_what_cannot_be_read_with_two() -> None:
    shipped = Path(__file__).parents[2] / "templates" / "workflows" / "implement-adr.yaml"
    assert CliRunner().invoke(main, ["lint", str(shipped)]).exit_code == 0
    assert CliRunner().invoke(main, ["lint", "no-such-file.yaml"]).exit_code == 2


def test_plugins_are_listed_by_kind_with_the_schemas_of_their_inputs() -> None:
    found = [json.loads(line) for line in CliRunner().invoke(main, ["plugins", "--json"]).stdout.splitlines()]
    by_name = {one["name"]: one for one in found}
    assert by_name["error-classifier"]["kind"] == "classifier"
    assert by_name["wait-and-retry"]["kind"] == "recovery strategy"
    assert by_name["solution-validator"]["schema"]["required"] == ["solution"]
    assert (
        "gate               solution-validator       solution" in CliRunner().invoke(main, ["plugins"]).stdout
    )


WAITS_IN_VAIN = """
workflow:
  name: r
  version: "1"
  trigger:
    - {on: pull, key: "${fact.number}"}
    - on: pull-request
      where: {actoin: opened}
      key: "${fact.repository}/${fact.nubmer}"
  steps:
    - {name: a, type: sleep, inputs: {duration: 5s}}
"""


def test_a_trigger_that_waits_for_what_never_comes_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(WAITS_IN_VAIN)
    done = CliRunner().invoke(main, ["lint", str(tmp_path / "r.yaml")])
    assert done.exit_code == 1
    assert [line.split(": ", 2)[-1] for line in done.stdout.splitlines()] == [
        "there is no fact 'pull'; known are pull-request, review, comment, run, job, check, "
        "button, push, installation [unknown-fact]",
        "the fact 'pull-request' has no 'actoin'; did you mean 'action'? [unknown-fact-data]",
        "the fact 'pull-request' has no 'nubmer'; did you mean 'number'? [unknown-fact-data]",
    ]


def test_braces_within_braces_are_answered_with_quotes(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("workflow:\n  steps:\n    - {inputs: {duration: ${context.time}}}\n")
    done = CliRunner().invoke(main, ["lint", str(tmp_path / "r.yaml")])
    assert "r.yaml:3: error: " in done.stdout
    assert "text with ${…} must stand in quotes between { and }" in done.stdout


def test_a_when_that_is_no_reference_is_warned_of(tmp_path: Path) -> None:
    text = WAITS_IN_VAIN.replace("duration: 5s}", "duration: 5s}, when: maybe").partition("  trigger:")
    (tmp_path / "r.yaml").write_text(text[0] + "  steps:" + text[2].partition("  steps:")[2])
    done = CliRunner().invoke(main, ["lint", str(tmp_path / "r.yaml")])
    assert "warning: when is 'maybe' each time, which decides nothing" in done.stdout
