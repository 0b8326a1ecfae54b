"""Benchmark stubs are the only tests that a change may bring skipped: those that the approved plan names, and
nothing beside them."""

from __future__ import annotations

import pytest

from bot.gates.patch import apply, parse
from bot.gates.weakening import judge_tests_kept, stubs_of

NAME = "test_adr_007_r3_weighing_below_50_ms"
PLAN = {"testStrategy": {"benchmarkStubs": [{"name": NAME, "reason": "not measured yet: weighing < 50 ms"}]}}
OLD = (
    b"import unittest\n\n\nclass Old(unittest.TestCase):\n    def test_a(self):\n        self.assertTrue(1)\n"
)
STUB = f'    @unittest.skip("not measured yet: weighing < 50 ms")\n    def {NAME}(self):\n        pass\n'.encode()
NEW = b"import unittest\n\n\nclass Speed(unittest.TestCase):\n" + STUB
FINE = {
    "in a file of its own": {"tests/test_speed.py": NEW},
    "in a file that was there": {"tests/test_old.py": OLD + b"\n" + STUB},
    "with pytest": {
        "tests/test_speed.py": f'@pytest.mark.skip(reason="later")\ndef {NAME}():\n    pass\n'.encode()
    },
    "in JavaScript": {"tests/speed.test.js": f'it.skip("{NAME}", () => {{}});\n'.encode()},
}
TRICKS = {
    "another name": {"tests/test_speed.py": NEW.replace(NAME.encode(), b"test_adr_007_r4")},
    "a longer name": {"tests/test_speed.py": NEW.replace(NAME.encode(), NAME.encode() + b"_too")},
    "a whole class": {
        "tests/test_old.py": OLD.replace(b"class Old", b'@unittest.skip("x")\nclass Old') + STUB
    },
    "an old test above the stub": {
        "tests/test_old.py": OLD.replace(b"    def test_a", b'    @unittest.skip("x")\n    def test_a') + STUB
    },
    "the module": {"tests/test_speed.py": b'pytest.skip("x", allow_module_level=True)\n' + NEW},
    "a call in the mark": {
        "tests/test_speed.py": NEW.replace(b'"not measured yet: weighing < 50 ms"', b"f()")
    },
    "two marks on a line": {
        "tests/test_speed.py": NEW.replace(b"    @unittest", b"    unittest.case.TestCase.x = 1; @unittest")
    },
    "not right above": {"tests/test_speed.py": NEW.replace(b"\n    def", b"\n\n    def")},
    "at the end": {"tests/test_speed.py": b'@unittest.skip("x")\n'},
    "all of it in JavaScript": {"tests/speed.test.js": f'describe.skip("{NAME}", () => {{}});\n'.encode()},
}


def judged(diff, changes: dict[str, bytes], before: dict[str, bytes] | None = None):
    base = before or {"tests/test_old.py": OLD}
    patch = parse(diff(base, {**base, **changes}))
    return judge_tests_kept(patch, base, apply(patch, base), stubs_of(PLAN))


@pytest.mark.parametrize("changes", FINE.values(), ids=FINE)
def test_a_planned_stub_takes_nothing_away(diff, changes) -> None:
    assert judged(diff, changes).passed


@pytest.mark.parametrize("changes", TRICKS.values(), ids=TRICKS)
def test_nothing_else_is_skipped_under_its_cover(diff, changes) -> None:
    assert not judged(diff, changes).passed


def test_a_test_that_ran_before_cannot_become_a_stub(diff) -> None:
    ran = NEW.replace(STUB.split(b"\n")[0] + b"\n", b"")
    assert not judged(diff, {"tests/test_speed.py": NEW}, {"tests/test_speed.py": ran}).passed


def test_a_plan_without_numbers_allows_none(diff) -> None:
    assert (
        stubs_of({"testStrategy": {}}) == stubs_of({"testStrategy": {"benchmarkStubs": None}}) == frozenset()
    )
