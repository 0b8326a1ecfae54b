"""Starting the repository's test command, and reading what it said test by test.

No secrets in the environment, a HOME of its own, its own session, a time limit. A junit command finds the
place of its report in CLOI_JUNIT_FILE or as `{junit}` in its argv, or leaves it where the plan's `report` says.
Network is not taken away here; docs/security.md says so. Not here: judging the outcomes (bot/gates/suite.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.gates.suite import Outcome, SuiteError, parse_junit, parse_unittest
from bot.runner import process
from bot.runner.job import Job, Refusal, foreign_output, say

_SHOWN_LINES = 400


@dataclass(frozen=True, slots=True)
class Suite:
    """One run of the tests. exit_code: None if it was stopped. problem: why outcomes could not be read."""

    outcomes: Mapping[str, Outcome]
    exit_code: int | None
    seconds: float
    problem: str | None = None


def run_suite(job: Job, where: Path, name: str, *, argv: Sequence[str] | None = None) -> Suite:
    """Run the plan's test command in a folder. name: for the log. argv: another command in its place.

    Raises Refusal if there is no command, or if it cannot be started.
    """
    strategy = job.plan["testStrategy"]
    command = list(argv or strategy["command"])
    if not command:
        raise Refusal("the plan names no test command: name one in .github/cloi.yml on the default branch")
    home = job.work / "home"
    home.mkdir(parents=True, exist_ok=True)
    junit = job.work / f"junit-{name}.xml"
    junit.unlink(missing_ok=True)
    env = {
        **{v: job.env[v] for v in ("PATH", "LANG", "TMPDIR") if v in job.env},
        "HOME": str(home),
        "CI": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CLOI_JUNIT_FILE": str(junit),
    }
    command = [part.replace("{junit}", str(junit)) for part in command]
    seconds = float(job.plan["limits"]["timeoutMinutes"]) * 60
    say(f"Running the tests: {name}")
    try:
        ended = process.run(command, cwd=where, env=env, seconds=seconds, capture=True)
    except OSError as error:
        raise Refusal(f"the test command cannot be started: {error.strerror}: {command[0]}") from error
    with foreign_output():
        for line in (ended.stdout + ended.stderr).splitlines()[-_SHOWN_LINES:]:
            say(f"    {line}")
    if strategy["format"] == "unittest":
        return Suite(parse_unittest(ended.stderr), ended.exit_code, ended.seconds)
    report = where / str(strategy["report"]) if strategy.get("report") and not junit.exists() else junit
    try:
        outcomes = parse_junit(report.read_bytes())
    except OSError:
        return Suite({}, ended.exit_code, ended.seconds, "the test command left no JUnit file")
    except SuiteError as error:
        return Suite({}, ended.exit_code, ended.seconds, str(error))
    return Suite(outcomes, ended.exit_code, ended.seconds)
