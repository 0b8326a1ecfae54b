"""Stories of test output: read as it really is printed, and compared with the suite of the base."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.gates.suite import Outcome, SuiteError, judge_new_tests, judge_suite, parse_junit, parse_unittest
from bot.result import Result, Verdict

SUITE = '''
import sys, unittest
class A(unittest.TestCase):
    def test_ok(self):
        """A docstring (with.dots) here ... hm"""
        print("noise (a.b) ... FAIL")
        print("err noise", file=sys.stderr)
    def test_fail(self): self.fail("ok")
    def test_error(self): raise ValueError
    @unittest.skip("why (a.b) not")
    def test_skip(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    @unittest.expectedFailure
    def test_surprise(self): pass
    def test_sub(self):
        for i in range(3):
            with self.subTest(i=i): self.assertNotEqual(i, 1)
    def test_sub_ok(self):
        with self.subTest("m"): pass
class B(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise ValueError
    def test_b(self): pass
'''


def test_unittest_is_read_as_it_is_printed(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(SUITE)
    (tmp_path / "test_b.py").write_text("import nothing_of_that_name\n")
    run = subprocess.run(
        [sys.executable, "-m", "unittest", "-v"], cwd=tmp_path, capture_output=True, text=True
    )
    assert parse_unittest(run.stderr) == {
        "test_a.A.test_ok": Outcome.PASSED,
        "test_a.A.test_fail": Outcome.FAILED,
        "test_a.A.test_error": Outcome.FAILED,
        "test_a.A.test_skip": Outcome.SKIPPED,
        "test_a.A.test_expected": Outcome.PASSED,
        "test_a.A.test_surprise": Outcome.FAILED,
        "test_a.A.test_sub": Outcome.FAILED,
        "test_a.A.test_sub_ok": Outcome.PASSED,
        "unittest.loader._FailedTest.test_b": Outcome.FAILED,
    }


def test_the_older_form_and_a_process_that_ends_early() -> None:
    text = "test_a (tests.test_x.X) ... ok\ntest_b (tests.test_x.X) ... "
    assert parse_unittest(text) == {
        "tests.test_x.X.test_a": Outcome.PASSED,
        "tests.test_x.X.test_b": Outcome.UNFINISHED,
    }


def test_junit_is_read() -> None:
    data = b"""<testsuites><testsuite><testcase classname="t.A" name="a"/>
    <testcase classname="t.A" name="b"><failure message="x"/></testcase>
    <testcase classname="t.A" name="c"><skipped/></testcase></testsuite></testsuites>"""
    assert parse_junit(data) == {"t.A.a": Outcome.PASSED, "t.A.b": Outcome.FAILED, "t.A.c": Outcome.SKIPPED}


@pytest.mark.parametrize("data", [b"", b"<a", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_what_is_no_plain_junit_is_refused(data: bytes) -> None:
    with pytest.raises(SuiteError):
        parse_junit(data)


P, F, S, U = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.UNFINISHED


def failed(result: Result) -> set[str]:
    return {r.name.rpartition("/")[2] for r in result.walk() if r.verdict is Verdict.FAIL and not r.children}


@pytest.mark.parametrize(
    ("base", "changed", "code", "verdict", "rules"),
    [
        ({"a": P}, {"a": P, "b": P}, 0, Verdict.PASS, set()),
        ({"a": P}, {"b": P}, 0, Verdict.FAIL, {"all-run"}),
        ({"a": P}, {"a": F}, 1, Verdict.FAIL, {"pass"}),
        ({"a": P}, {"a": P, "b": F}, 1, Verdict.FAIL, {"pass"}),
        ({"a": P}, {"a": U}, 0, Verdict.FAIL, {"pass"}),
        ({"a": P}, {"a": S}, 0, Verdict.FAIL, {"not-skipped"}),
        ({"a": P}, {"a": P}, 1, Verdict.FAIL, {"ended"}),
        ({"a": P}, {"a": P}, None, Verdict.FAIL, {"ended"}),
        ({"a": P, "x": F}, {"a": P, "x": F}, 1, Verdict.WARN, set()),
        ({}, {}, 0, Verdict.UNKNOWN, set()),
    ],
)
def test_the_suite_with_the_change_is_held_against_the_base(base, changed, code, verdict, rules) -> None:  # type: ignore[no-untyped-def]
    result = judge_suite(base, changed, code)
    assert (result.verdict, failed(result)) == (verdict, rules)


@pytest.mark.parametrize(
    ("base", "changed", "without", "required", "verdict"),
    [
        ({"a": P}, {"a": P, "n": P}, {"a": P}, True, Verdict.PASS),
        ({"a": P}, {"a": P, "n": P}, {"a": P, "n": F}, True, Verdict.PASS),
        ({"a": P}, {"a": P, "n": P, "m": P}, {"n": F, "m": P}, True, Verdict.WARN),
        ({"a": P}, {"a": P, "n": P}, {"n": P}, True, Verdict.FAIL),
        ({"a": P}, {"a": P}, {"a": P}, True, Verdict.FAIL),
        ({"a": P}, {"a": P}, {"a": P}, False, Verdict.WARN),
    ],
)
def test_new_tests_must_fail_where_the_change_is_not(base, changed, without, required, verdict):
    assert judge_new_tests(base, changed, without, required=required).verdict is verdict
