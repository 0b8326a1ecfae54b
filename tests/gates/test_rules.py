"""Stories of the judge: each rule stops what it is there for, and an honest change passes."""

from collections.abc import Callable

import pytest

from bot.gates.patch import parse
from bot.gates.rules import Limits, judge_patch, limits_of
from bot.result import Result, Verdict

LIMITS = Limits(
    allow=("shop/**", "tests/**", "docs/**"), max_files=4, max_bytes=20_000, protected=("docs/adr/3.md",)
)
TESTS = b"""import unittest


class T(unittest.TestCase):
    def test_a(self):
        self.assertEqual(1, 1)
"""
BASE = {"shop/cart.py": b"total = 0\n", "tests/test_cart.py": TESTS}
Judge = Callable[..., Result]


@pytest.fixture
def judged(diff: Callable[..., bytes]) -> Judge:
    """Judges the change from BASE to BASE with these files (None deletes), through a diff that git wrote."""

    def judge(changes: dict[str, bytes | None], *patterns: str) -> Result:
        after = {p: c for p, c in {**BASE, **changes}.items() if c is not None}
        return judge_patch(parse(diff(BASE, after)), LIMITS, BASE, patterns=patterns)

    return judge


def broken(result: Result) -> set[str]:
    return {r.name for r in result.walk() if r.verdict is Verdict.FAIL and not r.children}


def test_an_honest_change_passes_every_rule(judged: Judge) -> None:
    result = judged(
        {"shop/limit.py": b"rate = 5\n", "tests/test_limit.py": TESTS, "shop/cart.py": b"total = 1\n"}
    )
    assert result.verdict is Verdict.PASS, result


TOKEN = ("gh" + "p_" + "a1" * 20).encode()
BREAKS: dict[str, tuple[dict[str, bytes | None], str]] = {
    "nothing changed": ({}, "gate/changes"),
    "outside": ({"setup.py": b"x\n"}, "gate/paths"),
    "workflow": ({".github/workflows/x.yml": b"x\n"}, "gate/forbidden"),
    "owners": ({"docs/CODEOWNERS": b"x\n"}, "gate/forbidden"),
    "in place of owners": ({"docs/CODEOWNERS/x": b"x\n"}, "gate/forbidden"),
    "instructions": ({"shop/AGENTS.md": b"x\n"}, "gate/forbidden"),
    "instructions, small": ({"shop/claude.md": b"x\n"}, "gate/forbidden"),
    "rules of an editor": ({"shop/.cursor/rules/x.mdc": b"x\n"}, "gate/forbidden"),
    "the record itself": ({"docs/adr/3.md": b"x\n"}, "gate/forbidden"),
    "too many": ({f"shop/m{n}.py": b"x\n" for n in range(5)}, "gate/files"),
    "too large": ({"shop/big.py": b"x" * 20_001 + b"\n"}, "gate/size"),
    "token": ({"shop/key.py": b"key = '" + TOKEN + b"'\n"}, "gate/secrets"),
    "deleted tests": ({"tests/test_cart.py": None}, "gate/tests-weakened"),
    "skipped test": (
        {"tests/test_cart.py": TESTS.replace(b"    def", b"    @unittest.skip('later')\n    def")},
        "gate/tests-weakened",
    ),
    "born skipped": ({"tests/test_new.py": b"import pytest\npytest.skip('no')\n"}, "gate/tests-weakened"),
    "renamed test": ({"tests/test_cart.py": TESTS.replace(b"test_a", b"helper")}, "gate/tests-weakened"),
    "emptied test": (
        {"tests/test_cart.py": TESTS.replace(b"self.assertEqual(1, 1)", b"pass")},
        "gate/tests-weakened",
    ),
}


@pytest.mark.parametrize(("changes", "rule"), BREAKS.values(), ids=BREAKS)
def test_each_rule_stops_what_it_is_there_for(judged, changes, rule) -> None:  # type: ignore[no-untyped-def]
    result = judged(changes)
    assert not result.passed
    assert rule in broken(result)
    assert all(r.reason for r in result.walk())


def test_a_credential_is_shown_by_place_and_never_repeated(judged: Judge) -> None:
    result = judged({"shop/key.py": b"a = 1\nkey = '" + TOKEN + b"'\n"})
    (finding,) = next(r for r in result.walk() if r.name == "gate/secrets").evidence
    assert (finding.path, finding.line) == ("shop/key.py", 2)
    assert TOKEN.decode() not in repr(result)


@pytest.mark.parametrize(
    ("pattern", "content", "verdict"),
    [
        ("shop/** must not import shop.web", b"import shop.web.pages\n", Verdict.FAIL),
        ("shop/** must not import shop.web", b"from .web import pages\n", Verdict.FAIL),
        ("shop/** must not import shop.web", b"from shop import webbing\n", Verdict.PASS),
        ("`shop/**` may import only shop.", b"import os\nfrom shop import cart\n", Verdict.PASS),
        ("shop/** may import only shop", b"import requests\n", Verdict.FAIL),
        ("shop/** may import only shop", b"def broken(:\n", Verdict.FAIL),
        ("new files only in tests/**", b"x = 1\n", Verdict.FAIL),
        ("We prefer simple code", b"x = 1\n", Verdict.SKIP),
    ],
)
def test_patterns_that_are_rules_decide(judged, pattern, content, verdict) -> None:  # type: ignore[no-untyped-def]
    result = judged({"shop/limit.py": content}, pattern)
    assert next(r for r in result.walk() if r.name == "gate/patterns").verdict is verdict


def test_a_patch_for_another_base_is_not_judged_further(judged: Judge) -> None:
    result = judged({"shop/cart.py": b"total = 1\n"})
    assert result.passed
    other = judge_patch(parse(b""), LIMITS, {})
    assert broken(other) == {"gate/changes"}


def test_limits_come_from_the_plan_and_protect_its_record() -> None:
    plan = {"limits": {"allow": ["a/**"], "maxFiles": 2, "maxBytes": 3}, "adr": {"path": "docs/adr/1.md"}}
    assert limits_of(plan) == Limits(("a/**",), 2, 3, ("docs/adr/1.md",))
