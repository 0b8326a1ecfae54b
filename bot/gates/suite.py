"""What a test command said, test by test, and whether that is good enough.

Reads `unittest -v` and JUnit XML into outcomes by test id, and compares the suite with the change to the suite
without it. Code under test can print whatever it likes, so all this is detail beside the job's observed
conclusion; demanding every id of the base catches the simple lies (a process that exits early, a test that
vanished). Not here: starting the command (bot/runner/suites.py).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from enum import StrEnum

from bot.result import Evidence, EvidenceClass, Result, Verdict, combine

MAX_XML = 20_000_000
_SHOWN = 50


class Outcome(StrEnum):
    """How one test ended. Expected failures count as PASSED, unexpected successes as FAILED."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNFINISHED = "unfinished"  # it began, and no outcome was printed


Outcomes = Mapping[str, Outcome]


class SuiteError(ValueError):
    """The output of a test command cannot be read. The text is for people."""


_HEAD = re.compile(r"^(?P<name>[^\s()]+) \((?P<where>[\w.<>]+)\)(?P<rest>.*)$")
_END = re.compile(r"(?:^|\.\.\. )(?P<word>ok|FAIL|ERROR|skipped\b.*|expected failure|unexpected success)$")
_WORDS = {
    "ok": Outcome.PASSED,
    "expected failure": Outcome.PASSED,
    "FAIL": Outcome.FAILED,
    "ERROR": Outcome.FAILED,
    "unexpected success": Outcome.FAILED,
}


def parse_unittest(text: str) -> dict[str, Outcome]:
    """Outcomes by dotted id from what `python -m unittest -v` writes to standard error.

    A test whose sub-test failed is FAILED. The id of a module that cannot be imported is the loader's.
    """
    out: dict[str, Outcome] = {}
    current: str | None = None
    for raw in text.splitlines():
        line = raw.rstrip()
        head = _HEAD.match(line.lstrip())
        if head and (head["where"].endswith("." + head["name"]) or " ... " in head["rest"] + " "):
            current = _test_id(head["name"], head["where"])
            out.setdefault(current, Outcome.UNFINISHED)
        end = _END.search(line)
        if end and current:
            outcome = _WORDS.get(end["word"], Outcome.SKIPPED)
            # a bare word after the outcome belongs to set-up code; a line with a head is a failed sub-test
            if out[current] is Outcome.UNFINISHED or (head and outcome is Outcome.FAILED):
                out[current] = outcome
    return out


def _test_id(name: str, where: str) -> str:
    """From 3.11 on, the words in brackets are the whole id; before, they are the class."""
    return where if where == name or where.endswith("." + name) else f"{where}.{name}"


def parse_junit(data: bytes) -> dict[str, Outcome]:
    """Outcomes by "classname.name" from JUnit XML. Raises SuiteError if it is none, or holds a document type."""
    if len(data) > MAX_XML:
        raise SuiteError(f"the JUnit file has {len(data)} bytes; more than {MAX_XML} are not read")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise SuiteError("the JUnit file declares a document type, which is not accepted")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 (no entities: see above)
    except ElementTree.ParseError as error:
        raise SuiteError(f"the JUnit file is not XML: {error}") from error
    out: dict[str, Outcome] = {}
    for case in root.iter("testcase"):
        key = ".".join(filter(None, (case.get("classname"), case.get("name") or "?")))
        bad = case.find("failure") is not None or case.find("error") is not None
        skipped = case.find("skipped") is not None
        outcome = Outcome.FAILED if bad else Outcome.SKIPPED if skipped else Outcome.PASSED
        if out.get(key) is not Outcome.FAILED:
            out[key] = outcome
    return out


def judge_suite(base: Outcomes, changed: Outcomes, exit_code: int | None) -> Result:
    """The verdict "gate/tests": every test of the base is there and holds, and no new one fails.

    exit_code: of the test command with the change; None if it had to be stopped. A test that already fails on
    the base does not speak against the change; it is named.
    """
    known = {t for t, o in base.items() if o is Outcome.FAILED}
    missing = [t for t in base if t not in changed and t not in known]
    failing = [t for t, o in changed.items() if o in (Outcome.FAILED, Outcome.UNFINISHED) and t not in known]
    skipped = [t for t, o in changed.items() if o is Outcome.SKIPPED and base.get(t) is Outcome.PASSED]
    children = [
        _ended(exit_code, bool(failing), bool(known)),
        _none_of(
            missing, "gate/tests/all-run", "every test of the base ran", "tests of the base did not run"
        ),
        _none_of(
            failing, "gate/tests/pass", f"{len(changed)} tests ran, none failed by the change", "tests fail"
        ),
        _none_of(skipped, "gate/tests/not-skipped", "no test is newly skipped", "tests are newly skipped"),
    ]
    if not changed:
        words = "no test result could be read, so nothing is known about the change"
        children.append(Result("gate/tests/found", Verdict.UNKNOWN, words))
    if known:
        evidence = _listed(known)
        words = f"{len(known)} tests already fail on the base; they are not counted"
        children.append(Result("gate/tests/base", Verdict.WARN, words, evidence))
    return combine(
        "gate/tests", tuple(children), passed="the tests hold with the change", failed="the tests do not hold"
    )


def judge_new_tests(base: Outcomes, changed: Outcomes, without: Outcomes, *, required: bool) -> Result:
    """The verdict "gate/new-tests": tests that came with the change must fail where the change is not.

    base: the suite without the change. changed: with all of it. without: with its tests and not its code. A
    test that is new and passes without the code proves nothing: if all do, the gate fails; single ones are
    named. required: the plan's newTestsFailOnBase; without it the answer is at most a warning.
    """
    new = sorted(set(changed) - set(base))
    idle = [t for t in new if without.get(t) is Outcome.PASSED]
    bad = Verdict.FAIL if required else Verdict.WARN
    if not new:
        return Result("gate/new-tests", bad, "the change brings no new test")
    if len(idle) == len(new):
        words = f"all {len(new)} new tests pass without the implementation, so they prove nothing about it"
        return Result("gate/new-tests", bad, words, _listed(idle))
    if idle:
        words = (
            f"{len(new) - len(idle)} of {len(new)} new tests fail without the implementation; the others pass"
        )
        return Result("gate/new-tests", Verdict.WARN, words, _listed(idle))
    words = f"all {len(new)} new tests fail without the implementation, as they should"
    return Result("gate/new-tests", Verdict.PASS, words)


def _ended(exit_code: int | None, explained: bool, known: bool) -> Result:
    name = "gate/tests/ended"
    if exit_code is None:
        return Result(name, Verdict.FAIL, "the test command ran out of time and was stopped")
    if exit_code and not explained and not known:
        words = f"the test command ended with exit code {exit_code}, although no test is said to have failed"
        return Result(name, Verdict.FAIL, words)
    return Result(name, Verdict.PASS, f"the test command ended by itself with exit code {exit_code}")


def _none_of(found: list[str], name: str, passed: str, failed: str) -> Result:
    if not found:
        return Result(name, Verdict.PASS, passed)
    return Result(name, Verdict.FAIL, f"{len(found)} {failed}", _listed(found))


def _listed(tests: Iterable[str]) -> tuple[Evidence, ...]:
    """Claimed: they were printed by a process in which the tested code ran."""
    ordered = sorted(tests)
    more = [f"and {len(ordered) - _SHOWN} more"] if len(ordered) > _SHOWN else []
    return tuple(Evidence(EvidenceClass.CLAIMED, t[:300]) for t in [*ordered[:_SHOWN], *more])
