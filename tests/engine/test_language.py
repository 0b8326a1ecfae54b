"""The definition language: its schema, what is said about mistakes, and that ADR-012's own example is in it."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.ports import StepType
from bot.language.definition import parse, seconds
from bot.language.errors import DefinitionError
from bot.language.lint import lint
from bot.language.schema import SCHEMA, misfits
from bot.language.source import read
from bot.steps.registry import step_classes
from tests.properties import examples

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "templates" / "workflows").glob("*.yaml"))
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)


def adr_example() -> str:
    """The YAML block of the decision itself."""
    text = (ROOT / "docs" / "adr" / "ADR-012-workflow-engine-architecture.md").read_text(encoding="utf-8")
    found = re.search(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found
    return found.group(1)


class Core(yaml.SafeLoader):
    """YAML 1.2, as editors read it: `on` is a word, numbers and true are not."""


Core.yaml_implicit_resolvers = {
    k: [(tag, pattern) for tag, pattern in v if not tag.endswith(":bool")]
    for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))

TEXTS = {"ADR-012": adr_example(), **{path.stem: path.read_text(encoding="utf-8") for path in SHIPPED}}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_shipped_and_what_the_decision_shows_follow_the_schema(name: str) -> None:
    text = TEXTS[name]
    VALIDATOR.validate(read(text).data)
    VALIDATOR.validate(yaml.load(text, Loader=Core))
    assert parse(text).text == text


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_what_is_shipped_has_nothing_wrong(path: Path) -> None:
    assert [f for f in lint(path.read_text(encoding="utf-8"), step_classes()) if f.severity != "notice"] == []


def test_the_decisions_example_is_read_as_it_is_meant() -> None:
    definition = parse(adr_example())
    steps = {step.name: step for step in definition.steps}
    assert [*steps] == ["classify-error", "retrieve-context", "generate-solution", "validate-solution"]
    assert steps["classify-error"].outputs == {"classification": "error_type"}
    assert steps["generate-solution"].parallel_group == "solution-generation"
    assert steps["validate-solution"].rollback_action == "cleanup-validation"
    assert lint(adr_example()) == ()


def test_the_schema_is_a_schema() -> None:
    jsonschema_rs.meta.validate(SCHEMA)


GOOD = """\
workflow:
  name: make-tea
  version: "1"
  trigger: {on: bell, key: "${fact.id}", context: {guest: "${fact.guest}"}}
  steps:
    - name: boil
      type: kettle
      inputs: {litres: "1"}
      outputs: {water: water, degrees: degrees}
    - name: pour
      type: kettle
      depends_on: [boil]
      timeout: 5m
      retry: {attempts: "3", backoff: 10s}
      inputs: {litres: "${outputs.boil.water}", guest: "${context.guest}", at: "${outputs.boil.degrees}"}
"""


class Kettle(StepType):
    type = "kettle"
    inputs = frozenset({"litres"})
    optional = frozenset({"guest", "at"})


@pytest.mark.parametrize(
    ("old", "new", "line", "rule", "suggestion"),
    [
        ("depends_on: [boil]", "depends_on: [boild]", 12, "unknown-step", "'boil'"),
        ("depends_on: [boil]", "depends_on: [boil, pour]", 12, "cycle", "leave one"),
        ("boil.water", "boil.watter", 15, "unknown-output", "'water'"),
        ("boil.water", "boill.water", 15, "unknown-output", "'boil'"),
        ("      depends_on: [boil]\n", "      when: \"${outputs.boil.water}\"\n", 12, "order", "add 'boil'"),
        ("type: kettle\n      inputs", "type: kettel\n      inputs", 7, "unknown-type", "'kettle'"),
        ("      timeout: 5m", "      rollback_action: ketle", 13, "unknown-type", "'kettle'"),
        ("      timeout: 5m", "      plugin: tea-cosi", 13, "unknown-plugin", "'tea-cosy'"),
        ("      timeout: 5m", "      timeout: 5 minutes", 13, "duration", ""),
        ("      timeout: 5m", "      time_out: 5m", 13, "unknown-key", "'timeout'"),
        ("      timeout: 5m", "      depends_on: []", 13, "duplicate-key", "remove"),
        ('attempts: "3"', 'attempts: "0"', 14, "count", ""),
        ("guest: \"${context", "gast: \"${context", 15, "unknown-input", "'guest'"),
        ("      inputs: {litres: \"1\"}\n", "", 6, "missing-input", ""),
        ("context.guest", "contxt.guest", 15, "reference", "'context'"),
        ("context.guest", "context.gust", 15, "unknown-context", "'guest'"),
        ("context.guest}", "context.guest", 15, "reference", "write"),
        ("fact.guest", "context.guest", 4, "reference", "fact"),
        ("name: pour", "name: boil", 10, "duplicate-step", ""),
        ("name: pour", "name: po ur", 10, "name", ""),
        (', at: "${outputs.boil.degrees}"', "", 9, "unused-output", ""),
        ('version: "1"', "version: {}", 3, "type", ""),
        ("  version: \"1\"\n", "", 1, "required", ""),
        ("[boil]", "[boil", 13, "yaml", ""),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_its_line_and_what_to_do(old, new, line, rule, suggestion) -> None:
    assert lint(GOOD, {"kettle": Kettle}, {"tea-cosy"}) == ()
    assert GOOD.count(old) == 1
    found = [f for f in lint(GOOD.replace(old, new), {"kettle": Kettle}, {"tea-cosy"}) if f.rule == rule]
    assert found[0].line == line
    assert suggestion in found[0].suggestion


def test_all_mistakes_are_named_not_only_the_first() -> None:
    text = (
        GOOD.replace("timeout: 5m", "time_out: 5m")
        .replace("[boil]", "[boil, milk]")
        .replace("boil.water", "boil.steam")
    )
    found = lint(text, {"kettle": Kettle})
    assert [f.rule for f in found if f.severity == "error"] == [
        "unknown-step",
        "unknown-key",
        "unknown-output",
    ]


def test_a_circle_is_told_once_with_its_way() -> None:
    steps = "".join(
        f"    - {{name: {n}, type: t, depends_on: [{d}]}}\n" for n, d in ("ab", "bc", "ca", "da", "ee")
    )
    found = lint(f"workflow:\n  name: x\n  version: '1'\n  steps:\n{steps}")
    assert [(f.line, f.message) for f in found] == [
        (5, "a → b → c → a go round in a circle"),
        (9, "e → e go round in a circle"),
    ]


def test_a_step_whose_result_nobody_uses_is_worth_a_word() -> None:
    text = GOOD + "    - {name: weigh, type: kettle, outputs: {grams: grams, pounds: pounds}}\n"
    assert [(f.severity, f.rule, f.line) for f in lint(text)] == [("notice", "unused-step", 16)]


def test_half_a_character_is_no_text() -> None:
    assert [
        (f.line, f.rule) for f in lint(GOOD.replace("name: boil", 'name: "\\ud800"', 1)) if f.rule == "yaml"
    ]
    assert [f.rule for f in lint(GOOD + '  description: "half \\ud83d"\n')] == ["yaml"]


def test_an_alias_that_multiplies_is_refused() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for old, new in zip("abcdef", "bcdefg", strict=True):
        bomb += f"{new}: &{new} [{', '.join(['*' + old] * 10)}]\n"
    assert [f.rule for f in lint(bomb)] == ["size"]
    assert [f.rule for f in lint("a: &a [*a]")] == ["size"]


junk = st.recursive(
    st.one_of(
        st.text("ab ${}.-", max_size=8),
        st.integers(-2, 3),
        st.booleans(),
        st.sampled_from(["5m", "", "boil"]),
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


EVERYTHING = """
workflow:
  name: everything
  version: "1"
  most_at_once: "2"
  rollback_required: "${context.back}"
  inputs:
    back: {type: boolean, default: "true"}
    count: {type: integer, required: "false", enum: ["1", "2"]}
    share: {type: number, default: "0.5"}
    parts: {type: array, required: "false"}
    more: {type: object, required: "false"}
    level: {enum: [low, high], description: how much}
  trigger: {on: x, key: k, context: {level: "${fact.level}"}}
  steps:
    - {name: a, type: t, parallel_group: g, inputs: {key: "${secret.KEY}"}, outputs: {most: most}}
    - {name: b, type: t, parallel_group: g, retry: {attempts: "3", jitter: "0.5", on: [gate, transient]}}
    - {name: c, type: t, depends_on: [a, b], fix_forward: {step: a, most: "${outputs.a.most}"}}
    - {name: d, type: t, depends_on: [c], fix_forward: {step: c, most: "0"}}
"""
SMALL = [GOOD, TEXTS["ADR-012"], TEXTS["answer-command"], EVERYTHING]


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A shipped definition with up to three places changed."""
    data = copy.deepcopy(read(draw(st.sampled_from(SMALL))).data)
    for _ in range(draw(st.integers(0, 3))):
        place: Any = data
        while isinstance(place, dict | list) and place:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = draw(st.sampled_from(keys))
            inner = place[key]
            if not inner or not isinstance(inner, dict | list) or draw(st.integers(0, 3)) == 0:
                match draw(st.sampled_from(["change", "remove", "add"])):
                    case "change":
                        place[key] = draw(junk)
                    case "remove":
                        del place[key]
                    case "add" if isinstance(place, dict):
                        place[draw(st.sampled_from(["timeout", "x", "retry", "trigger"]))] = draw(junk)
                break
            place = inner
    return data


@settings(max_examples=examples(150), deadline=None)
@given(damaged())
def test_our_reading_of_the_schema_is_that_of_a_real_validator(data: Any) -> None:
    assert (not list(misfits(data))) == VALIDATOR.is_valid(data)


@settings(max_examples=examples(150), deadline=None)
@given(damaged())
def test_what_lint_calls_an_error_is_what_cannot_be_loaded_and_nothing_else(data: Any) -> None:
    text = json.dumps(data)
    errors = [f for f in lint(text) if f.severity == "error"]
    try:
        definition = parse(text)
    except DefinitionError as error:
        assert (error.line, error.rule) == (errors[0].line, errors[0].rule)
    else:
        assert errors == []
        assert VALIDATOR.is_valid(read(text).data)
        assert all(step.retry.backoff >= 0 for step in definition.steps)


@given(st.text())
def test_any_text_at_all_is_answered_with_findings(text: str) -> None:
    assert lint(text)


@given(st.from_regex(re.compile(SCHEMA["$defs"]["duration"]["pattern"].replace("$", r"\Z"))))
def test_every_duration_of_the_schema_can_be_read(text: str) -> None:
    assert seconds(text) >= 0
