"""Stories of `cloi gate`: a clean checkout, a checked patch, and tests that cannot be talked around."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.gates.marker import write_marker
from bot.runner.gate import gate_new_tests, gate_patch, gate_tests, gate_verify
from bot.runner.handover import handover
from bot.runner.job import Refusal

Make = Callable[..., Any]
HELLO = "def hello():\n    return 1\n"
TEST = """import unittest

import hello


class HelloTest(unittest.TestCase):
    def test_it(self):
        {}
"""
GOOD = {"hello.py": HELLO, "tests/test_hello.py": TEST.format("self.assertEqual(hello.hello(), 1)")}


def judged_job(place: Make, changes: dict[str, str], **more: Any) -> Any:
    """The next job, with the patch of these changes handed over."""
    here = place(**more)
    for path, text in changes.items():
        (here.checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (here.checkout / path).write_text(text)
    handover(here.job)
    return here.next_job()


def test_a_good_change_is_applied_and_its_tests_hold(place: Make) -> None:
    job = judged_job(place, GOOD)
    gate_patch(job.job)
    assert (job.checkout / "hello.py").read_text() == HELLO
    gate_tests(job.job)
    evidence = job.evidence("tests")
    assert evidence["result"]["verdict"] == "pass"
    assert (
        set(evidence["suites"]["changed"].values()) == {"passed"} and len(evidence["suites"]["changed"]) == 2
    )


def test_new_tests_must_fail_without_the_change(place: Make) -> None:
    job = judged_job(place, GOOD)
    gate_patch(job.job)
    gate_new_tests(job.job)
    assert job.evidence("new-tests")["result"]["verdict"] == "pass"


def test_new_tests_that_pass_without_the_change_prove_nothing(place: Make) -> None:
    idle = {"hello.py": HELLO, "tests/test_idle.py": TEST.replace("import hello\n", "").format("pass")}
    job = judged_job(place, idle)
    gate_patch(job.job)
    with pytest.raises(Refusal, match="prove nothing"):
        gate_new_tests(job.job)


def test_a_change_without_tests_is_refused_by_the_gate_of_new_tests(place: Make) -> None:
    job = judged_job(place, {"app.py": "def one():\n    return 2 - 1\n"})
    gate_patch(job.job)
    with pytest.raises(Refusal, match="no new test"):
        gate_new_tests(job.job)


def test_a_patch_that_is_not_the_one_handed_over_is_refused(place: Make) -> None:
    job = judged_job(place, GOOD)
    patch = job.job.handover / "patch.diff"
    patch.write_bytes(patch.read_bytes().replace(b"return 1", b"return 2"))
    with pytest.raises(Refusal, match="not the one whose hash"):
        gate_patch(job.job)
    patch.unlink()
    with pytest.raises(Refusal, match="no patch was handed over"):
        gate_patch(job.job)


def test_a_change_that_breaks_a_rule_is_not_applied(place: Make) -> None:
    job = judged_job(place, {**GOOD, "AGENTS.py": "x = 1\n", "docs/CLAUDE.md": "obey\n"})
    with pytest.raises(Refusal, match="breaks a rule"):
        gate_patch(job.job)
    assert not (job.checkout / "hello.py").exists()
    assert job.evidence("patch")["result"]["verdict"] == "fail"


def test_a_link_in_a_patch_is_refused_and_written_down(place: Make) -> None:
    here = place()
    (here.checkout / "link.py").symlink_to("/etc/passwd")
    handover(here.job)
    job = here.next_job()
    with pytest.raises(Refusal, match="symbolic link"):
        gate_patch(job.job)
    assert "symbolic link" in job.evidence("patch")["result"]["reason"]


def test_a_checkout_that_is_not_the_clean_base_is_refused(place: Make) -> None:
    job = judged_job(place, GOOD)
    (job.checkout / "left-over.txt").write_text("x")
    with pytest.raises(Refusal, match="not the clean base"):
        gate_patch(job.job)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"app.py": "def one():\n    return 2\n"}, "do not hold"),
        (
            {**GOOD, "tests/test_aaa.py": "import os\nprint('Ran 9 tests. OK', flush=True)\nos._exit(0)\n"},
            "do not hold",
        ),
        ({**GOOD, "hello.py": HELLO + "def more():\n" + "    print(1)\n" * 9}, "reach too little"),
    ],
    ids=["breaks an old test", "ends the process early", "is hardly tested"],
)
def test_a_change_whose_tests_do_not_hold_is_refused(place: Make, change: dict[str, str], words: str) -> None:
    job = judged_job(place, change)
    gate_patch(job.job)
    with pytest.raises(Refusal, match=words):
        gate_tests(job.job)
    assert job.evidence("tests")["result"]["verdict"] == "fail"


def test_the_tests_see_no_secret(place: Make, tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    spy = (
        f"import json, os\njson.dump(dict(os.environ), open({str(seen)!r}, 'w'))\n"
        + GOOD["tests/test_hello.py"]
    )
    job = judged_job(place, {**GOOD, "tests/test_hello.py": spy})
    gate_patch(job.job)
    gate_tests(job.job)
    env = json.loads(seen.read_text())
    assert not {"GITHUB_TOKEN", "MY_KEY", "GITHUB_SHA"} & set(env)
    assert env["HOME"] != str(tmp_path)


def test_no_test_command_is_said_plainly(place: Make) -> None:
    strategy = {"command": [], "format": "unittest", "coverageTarget": 0, "newTestsFailOnBase": True}
    job = judged_job(place, GOOD, testStrategy=strategy)
    gate_patch(job.job)
    with pytest.raises(Refusal, match="names no test command"):
        gate_tests(job.job)


JUNIT = "junit.xml"


def test_a_junit_report_is_read_from_where_the_plan_says(place: Make) -> None:
    code = f"open({JUNIT!r}, 'w').write('<testsuite><testcase classname=\"t\" name=\"a\"/></testsuite>')"
    command = {"command": ["env", sys.executable, "-c", code], "report": JUNIT, "format": "junit"}
    job = judged_job(place, GOOD, testStrategy={**command, "coverageTarget": 0, "newTestsFailOnBase": False})
    gate_patch(job.job)
    gate_tests(job.job)
    assert job.evidence("tests")["suites"]["changed"] == {"t.a": "passed"}


MARKER = ".github/cloi/hello.in-force.json"


def test_a_decision_that_is_not_in_force_leaves_nothing_to_check(place: Make) -> None:
    here = place()
    gate_verify(here.job)
    assert here.evidence("verify")["inForce"] is False
    assert here.evidence("verify")["result"]["verdict"] == "skip"


def in_force(place: Make, changes: dict[str, str | None]) -> Any:
    """A default branch with the marker, and with these files changed (None: deleted) and committed."""
    here = place()
    marker = write_marker(here.plan, "e" * 64).decode()
    for path, text in {MARKER: marker, **changes}.items():
        if text is None:
            (here.checkout / path).unlink()
        else:
            (here.checkout / path).write_text(text)
    return here.committed()


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [({}, "pass"), ({"docs/adr/0001-say-hello.md": "# 1. Say hello, or good day\n"}, "warn")],
    ids=["as it was implemented", "the record was edited since"],
)
def test_a_decision_in_force_that_holds(place: Make, changes: dict[str, str | None], verdict: str) -> None:
    here = in_force(place, changes)
    gate_verify(here.job)
    assert here.evidence("verify")["result"]["verdict"] == verdict


@pytest.mark.parametrize(
    "changes",
    [
        {"app.py": "def one():\n    return 3\n"},
        {"docs/adr/0001-say-hello.md": None},
        {"tests/test_app.py": None},
    ],
    ids=["its tests fail", "its record is gone", "its tests are gone"],
)
def test_a_decision_in_force_that_does_not_hold(place: Make, changes: dict[str, str | None]) -> None:
    here = in_force(place, changes)
    with pytest.raises(Refusal, match="does not hold"):
        gate_verify(here.job)


def test_a_marker_that_cannot_be_read_is_no_pass(place: Make) -> None:
    here = in_force(place, {MARKER: "{}"})
    with pytest.raises(Refusal, match="cannot be read"):
        gate_verify(here.job)
