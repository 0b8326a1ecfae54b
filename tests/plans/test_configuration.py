"""What maintainers write into .github/cloi.yml, and what they are told when a word is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans import globs
from bot.plans.cloi_yml import read
from bot.plans.configuration import Configuration, ConfigurationError, digest_of

FULL = b"""\
agent:
  name: scripted
  provider: command
  command: [python3, tools/agent.py, --quiet]
tests:
  command: [python3, -m, unittest, discover, -v]
  format: unittest
  types: [unit, integration]
  coverage_target: 75
paths:
  allow: [src/**, tests/**]
  max_files: 20
  max_bytes: 100000
records: [docs/adr/**]
accepted_when: merged
pull_requests: phase
runs_on: ubuntu-24.04-arm
timeout_minutes: 15
deadlines: {workflow_pr: 3d, run: 90m, implementation_pr: 2d}
rollback_required: false
on_accept: issue
"""


def refused(text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read(text.encode())
    return caught.value


def test_every_key_is_read() -> None:
    got = read(FULL)
    assert got.agent is not None
    assert got.agent.command == ("python3", "tools/agent.py", "--quiet")
    assert got.tests.command[-1] == "-v"
    assert (got.tests.types, got.tests.coverage_target) == (("unit", "integration"), 75)
    assert (got.paths.allow, got.paths.max_files, got.paths.max_bytes) == (
        ("src/**", "tests/**"),
        20,
        100_000,
    )
    assert (got.accepted_when, got.pull_requests, got.on_accept) == ("merged", "phase", "issue")
    assert (got.runs_on, got.timeout_minutes, got.rollback_required) == ("ubuntu-24.04-arm", 15, False)
    assert got.deadlines.workflow_pr == 3 * 86_400
    assert got.deadlines.run == 90 * 60


@pytest.mark.parametrize("data", [None, b"", b"# only a comment\n", b"---\n"])
def test_no_file_and_an_empty_one_are_the_defaults(data: bytes | None) -> None:
    got = read(data)
    assert got == Configuration()
    assert (got.tests.coverage_target, got.accepted_when, got.on_accept) == (80, "status", "nothing")
    assert got.rollback_required


@pytest.mark.parametrize(
    ("text", "line", "rule", "words"),
    [
        ("agnet:\n  command: [x]\n", 1, "unknown-key", 'Did you mean "agent"?'),
        ("\nagent:\n  comand: [x]\n", 3, "unknown-key", 'Did you mean "command"?'),
        (
            "agent:\n  command: python3 tools/agent.py 'a b'\n",
            2,
            "type",
            "command: [python3, tools/agent.py, a b]",
        ),
        ("agent: {name: x}\n", 1, "missing-key", "command: [program, argument]"),
        ("agent: {command: [x], provider: best}\n", 1, "value", "Possible: command."),
        ("agent: {command: [x]}\nagent: {command: [y]}\n", 2, "duplicate-key", "Remove one"),
        ("accepted_when: yes\n", 1, "value", "status, merged"),
        ("accepted_when: Merged\n", 1, "value", 'Did you mean "merged"?'),
        ("runs_on: ubuntu-latest\n", 1, "value", "ubuntu-"),
        ("tests: {coverage_target: 101}\n", 1, "value", "0 to 100"),
        ("tests: {command: [x], format: junit}\n", 1, "missing-key", "report: junit.xml"),
        ("paths:\n  allow: [src/**, .github/workflows/**]\n", 2, "protected", "what runs and who reviews"),
        ("paths: {allow: [../other/**]}\n", 1, "value", "inside the repository"),
        ("deadlines: {run: 6 weeks}\n", 1, "value", '"6h"'),
        ("deadlines: {run: 1000d}\n", 1, "value", "at most 90d"),
        ("a: &x [1]\nb: *x\n", 1, "alias", "Write the value out"),
        ("agent: [\n", 2, "syntax", "not YAML"),
        ("- agent\n", 1, "type", "Known keys"),
        ("rollback_required: 0\n", 1, "value", "true, false"),
    ],
)
def test_a_wrong_word_gets_its_place_and_an_advice(text: str, line: int, rule: str, words: str) -> None:
    error = refused(text)
    assert (error.path, error.line, error.rule) == (".github/cloi.yml", line, rule)
    assert words in str(error)


def test_a_huge_or_deep_file_is_refused_at_once() -> None:
    assert refused("#" * 70_000).rule == "too-large"
    assert refused("a: " + "[" * 200).rule == "depth"


def test_two_files_that_say_the_same_have_one_digest() -> None:
    other = (
        FULL.replace(b"run: 90m", b"run: '90m'").replace(b"accepted_when: merged\n", b"")
        + b"accepted_when: merged\n"
    )
    assert digest_of(read(FULL)) == digest_of(read(other))
    assert digest_of(read(FULL)) != digest_of(Configuration())


def test_what_stands_beside_a_plan_or_comes_after_it_is_not_in_its_digest() -> None:
    beside = read(FULL + b"on_implemented: nothing\nmodel_help: true\n")
    assert (beside.on_implemented, beside.model_help) == ("nothing", True)
    assert read(FULL).on_implemented == "status-pr"
    assert digest_of(beside) == digest_of(read(FULL))
    assert refused("on_implemented: merge\n").rule


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))))
def test_any_bytes_give_a_configuration_or_the_one_error(data: bytes) -> None:
    try:
        read(data)
    except ConfigurationError as error:
        assert error.line >= 1
        assert error.rule


@pytest.mark.parametrize(
    ("path", "glob", "expected"),
    [
        ("src/a/b.py", "src/**", True),
        ("src", "src/**", True),
        ("srcs/a.py", "src/**", False),
        ("src/a/b.py", "src/*.py", False),
        ("src/b.py", "src/*.py", True),
        ("b.py", "**/b.py", True),
        ("x/y/b.py", "**/b.py", True),
        ("x/y/b.py", "x/**/b.py", True),
        ("x/b.py", "x/**/b.py", True),
        ("a", "?", True),
        ("docs/x", "docs/", True),
        ("anything/at/all", "**", True),
    ],
)
def test_globs_mean_what_they_mean_on_github(path: str, glob: str, expected: bool) -> None:
    assert globs.matches(path, glob) is expected


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/x.yml",
        ".GitHub/x",
        "CODEOWNERS",
        "docs/CODEOWNERS",
        "AGENTS.md",
        "a/../../b",
        "/etc/x",
        "a\\b",
        "",
    ],
)
def test_some_paths_are_never_writable_whatever_is_allowed(path: str) -> None:
    assert not globs.writable(path, ["**", ".github/**"])


@given(st.text("ab*/?", max_size=40), st.text("ab/", max_size=40))
def test_a_hostile_glob_costs_nothing_and_never_raises(glob: str, path: str) -> None:
    assert globs.matches(path, glob) in (True, False)
