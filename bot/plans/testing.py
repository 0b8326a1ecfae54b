"""How the change will be tested: the repository's own command, from its configuration or its files.

A test command is never taken from a record: whoever opens a pull request could write it. Where the
configuration names none, only what the file names make certain is used. Not here: running it (bot/runner).
"""

from __future__ import annotations

from collections.abc import Collection

from bot.plans.configuration import CONFIGURATION_PATH, Configuration
from bot.plans.plan import TestStrategy

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
