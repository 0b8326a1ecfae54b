"""How the change will be tested: the repository's own command, from its configuration or its files.

A test command is never taken from a record: whoever opens a pull request could write it. Where the
configuration names none, only what the file names make certain is used. Numbers that a record promises become
named tests that are skipped until somebody measures: a runner's speed says nothing of anybody's. Not here: running
it (bot/runner).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from bot.plans.configuration import CONFIGURATION_PATH, Configuration
from bot.plans.plan import BenchmarkStub, Requirement, TestStrategy, Threshold

_JUNIT = ("python3", "-m", "pytest", "--junit-xml=junit.xml")
_UNITTEST = ("python3", "-m", "unittest", "discover", "-v")
_ASK = f"Write into {CONFIGURATION_PATH}: tests: {{command: [program, argument], format: unittest}}"
_OTHERS = {
    "package.json": "npm",
    "go.mod": "go",
    "Cargo.toml": "cargo",
    "pom.xml": "maven",
    "build.gradle": "gradle",
    "build.gradle.kts": "gradle",
    "Gemfile": "bundler",
    "composer.json": "composer",
    "mix.exs": "mix",
}


def choose(configuration: Configuration, in_repository: Collection[str]) -> tuple[TestStrategy, str | None]:
    """The strategy with its reason; and a sentence if it blocks, since nothing says how to test.

    in_repository: paths of the base commit's tree; empty if they are not at hand.
    """
    setting = configuration.tests
    command, form, report, reason = (
        setting.command,
        setting.format,
        setting.report,
        f"{CONFIGURATION_PATH} names the command.",
    )
    problem: str | None = None
    if not command:
        names = {path.rpartition("/")[2] for path in in_repository}
        tests = any(n.startswith("test_") and n.endswith(".py") for n in names)
        if names & {"pytest.ini", "conftest.py"}:
            command, form, report = _JUNIT, "junit", "junit.xml"
            reason = "The repository has pytest's own files (pytest.ini or conftest.py)."
        elif tests:
            command, form, report = _UNITTEST, "unittest", None
            reason = "The repository has test_*.py files and nothing of pytest's."
        else:
            found = sorted({tool for file, tool in _OTHERS.items() if file in names})
            seen = (
                f"It looks like {' and '.join(found)}, but how results are written is not certain. "
                if found
                else ""
            )
            reason = "No test command is known."
            problem = (
                f"Nothing says how this repository is tested. {seen}A maintainer can change that. {_ASK}"
            )
    return (
        TestStrategy(
            command=command,
            format=form,
            test_types=setting.types,
            coverage_target=setting.coverage_target,
            new_tests_fail_on_base=True,
            report=report,
            reason=reason,
        ),
        problem,
    )


_COMPARED = {"<": "below", "<=": "at_most", ">": "above", ">=": "at_least", "=": "exactly"}
_UNITS = {"%": "percent", "req/s": "requests_per_s", "1/s": "per_s"}
_MOST_NAME = 100


def stubs(
    numbers: Sequence[Threshold],
    asked: Sequence[Requirement],
    of_all: Sequence[Requirement],
    *,
    first: bool = True,
) -> tuple[BenchmarkStub, ...] | None:
    """A skipped test for each threshold, named after the requirement that states it. None if there is none.

    asked: what this plan is for; of_all: what the whole record asks for. A number that belongs to another phase
    waits for that one; one that no requirement states comes with the first plan.
    """
    out: dict[str, BenchmarkStub] = {}
    for number in numbers:
        stated = stated_by(number, of_all)
        if (stated not in asked) if stated is not None else not first:
            continue
        promise = f"{number.subject} {number.comparator} {number.value:g} {number.unit}"
        name = _test_name(stated.id if stated else number.id, number)
        if name in out:
            name = f"{name[: _MOST_NAME - 8].rstrip('_')}_{number.id.rpartition('/')[2].lower()}"
        out[name] = BenchmarkStub(
            name=name,
            threshold=number.id,
            requirement=stated.id if stated else None,
            reason=f"not measured yet: {promise}",
        )
    return tuple(out.values()) or None


def stated_by(number: Threshold, asked: Sequence[Requirement]) -> Requirement | None:
    """The requirement in whose lines the number stands; one that is about a number wins."""
    line, words = number.source.line, number.source.quote
    near = [r for r in asked if r.source.line <= line <= r.source.end_line and r.kind != "phase"]
    same = [r for r in near if words in r.source.quote or r.source.quote in words]
    return next((r for r in same if r.kind == "threshold"), same[0] if same else None)


def _test_name(identifier: str, number: Threshold) -> str:
    unit = _UNITS.get(number.unit, number.unit)
    words = (
        f"test {identifier} {number.subject} {_COMPARED.get(number.comparator, '')} {number.value:g} {unit}"
    )
    return "_".join(re.findall("[a-z0-9]+", words.lower()))[:_MOST_NAME].rstrip("_")
