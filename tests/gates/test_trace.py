"""Which requirement is shown by what: named by a test that ran, only named, only claimed, or by nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gates.patch import FileChange, Hunk, Kind, Line, Patch, apply, parse
from bot.gates.suite import Outcome
from bot.gates.trace import Asked, asked_of, claims_of, outcomes_of, trace
from bot.result import EvidenceClass, Result, Verdict
from tests.properties import examples

BASE = {"shop/cart.py": b"total = 0\n"}
R = [Asked(f"ADR-012/R{n}", "work-item", f"thing {n}") for n in range(1, 6)]
GREEN = {"validate": "success"}
TESTS = b'''"""About ADR-012/R5."""

import unittest


class CartTest(unittest.TestCase):
    """ADR-012/R4: a cart."""

    def test_adr_012_r1_counts(self):
        pass

    # ADR-012/R2
    @staticmethod
    def test_b():
        pass  # ADR-012/R3


def test_adr_012_r11():
    pass
'''
Traced = Callable[..., dict[str, Result]]


@pytest.fixture
def traced(diff: Callable[..., bytes]) -> Traced:
    def look(files: dict[str, bytes], *, asked: Any = R, **given: Any) -> dict[str, Result]:
        patch = parse(diff(BASE, BASE | files))
        facts: dict[str, Any] = {"jobs": GREEN, "claims": {}, "outcomes": None} | given
        return {r.name: r for r in trace(asked, patch, apply(patch, BASE), **facts).children}

    return look


def named(result: Result) -> list[str]:
    return [e.text for e in result.children[1].evidence]


def verdicts(found: dict[str, Result]) -> str:
    return " ".join(r.verdict.value for r in found.values())


def test_a_line_belongs_to_the_test_around_it_below_it_or_to_those_of_its_class(traced: Traced) -> None:
    found = traced({"tests/test_cart.py": TESTS})
    assert [named(r) for r in found.values()] == [
        ["test_adr_012_r1_counts"],
        ["test_b"],
        ["test_b"],
        ["test_adr_012_r1_counts", "test_b"],
        ["test_adr_012_r11", "test_adr_012_r1_counts", "test_b"],
    ]
    assert verdicts(found) == "pass pass pass pass pass"


def test_other_languages_are_read_by_their_declarations(traced: Traced) -> None:
    text = b"""// ADR-012/R1
it('adds', () => {
  expect(1).toBe(1) // ADR-012/R2
})
// about ADR-012/R3
it("keeps adr-012 r4 too", () => {})
func helper() {} // ADR-012/R5
"""
    found = traced({"web/cart.test.js": text})
    expected = [
        ["adds"],
        ["adds"],
        ["keeps adr-012 r4 too"],
        ["keeps adr-012 r4 too"],
        ["keeps adr-012 r4 too"],
    ]
    assert [named(r) for r in found.values()] == expected


def test_the_four_answers(traced: Traced) -> None:
    files = {"tests/test_cart.py": b"def test_adr_012_r1():\n    pass\n", "shop/a.py": b"# ADR-012/R2\n"}
    claims = {"ADR-012/R3": ["shop/a.py", "elsewhere.py"], "ADR-012/R4": []}
    found = traced(files, claims=claims)
    assert verdicts(found) == "pass warn unknown unknown fail"
    (file,) = found["ADR-012/R3"].children[0].evidence
    assert (file.kind, file.path) == (EvidenceClass.CLAIMED, "shop/a.py")
    assert found["ADR-012/R5"].reason.startswith("uncovered")


def test_a_claim_never_makes_an_answer_better_and_the_runs_own_words_can_make_it_worse(
    traced: Traced,
) -> None:
    files = {"tests/test_cart.py": b"def test_adr_012_r1():\n    pass\n"}
    one = R[:1]
    assert verdicts(traced(files, asked=one, jobs={"validate": "failure"})) == "warn"
    for outcomes, verdict in [
        ({"tests.test_cart.test_adr_012_r1": Outcome.PASSED}, "pass"),
        ({"tests.test_cart.test_adr_012_r1[a.b]": Outcome.PASSED}, "pass"),
        ({"tests.test_cart.test_adr_012_r1": Outcome.SKIPPED}, "warn"),
        ({"tests.test_cart.test_other": Outcome.PASSED}, "warn"),
    ]:
        assert verdicts(traced(files, asked=one, outcomes=outcomes)) == verdict
    collected_by_nobody = traced(files, asked=one, outcomes={})
    assert "not among the tests that ran" in collected_by_nobody["ADR-012/R1"].reason


@pytest.mark.parametrize("ran", ["Cart adds", "cart.adds", "web/cart.test.js.Cart adds.Cart adds"])
def test_other_languages_name_their_tests_in_their_own_way(traced: Traced, ran: str) -> None:
    files = {"web/cart.test.js": b"it('adds', () => {}) // ADR-012/R1\n"}
    assert verdicts(traced(files, asked=R[:1], outcomes={ran: Outcome.PASSED})) == "pass"
    assert (
        verdicts(traced(files, asked=R[:1], outcomes={ran.replace("adds", "adds_x"): Outcome.PASSED}))
        == "warn"
    )


@given(
    st.text("ab \n\r\tdef test_():#'\"@/\\{}it1ADR-012/R1", max_size=60),
    st.sampled_from(["test_a.py", "a.test.js"]),
)
@settings(max_examples=examples(150), deadline=None)
def test_any_file_of_tests_is_looked_at(text: str, name: str) -> None:
    content = (text + "\n").encode()
    lines = tuple(Line("+", line + b"\n") for line in content.split(b"\n")[:-1])
    change = FileChange(name, Kind.ADD, None, "0" * 40, "100644", (Hunk(0, 0, 1, len(lines), lines),))
    patch = Patch((change,), len(content), "")
    facts: dict[str, Any] = {"jobs": GREEN, "claims": {}, "outcomes": None}
    found = trace(R, patch, {name: content}, **facts)
    assert [r.name for r in found.children] == [a.id for a in R]


def test_a_name_in_a_file_of_tests_without_any_test_shows_nothing(traced: Traced) -> None:
    found = traced(
        {"tests/conftest.py": b"# ADR-012/R1\n", "tests/test_x.py": b"def test_(:  # ADR-012/R2\n"}
    )
    assert verdicts(found) == "warn warn fail fail fail"
    assert named(found["ADR-012/R1"]) == ["no test"]


def test_longer_numbers_and_other_records_are_not_meant(traced: Traced) -> None:
    text = (
        b"# ADR-012/R11 XADR-012/R2 a/ADR-012/R3\ndef test_1adr_012_r4(): ...\ndef test_adr_012_r50(): ...\n"
    )
    assert verdicts(traced({"tests/test_x.py": text})) == "fail fail fail fail fail"


def test_a_test_that_was_there_before_is_not_the_changes_doing(diff: Callable[..., bytes]) -> None:
    base = {"tests/test_x.py": b"def test_adr_012_r1():\n    pass\n"}
    patch = parse(diff(base, {"tests/test_x.py": base["tests/test_x.py"] + b"\nX = 1\n"}))
    facts: dict[str, Any] = {"jobs": GREEN, "claims": {}, "outcomes": None}
    assert trace(R[:1], patch, apply(patch, base), **facts).verdict is Verdict.FAIL


def test_a_phase_is_as_good_as_what_belongs_to_it_and_a_risk_is_no_work(traced: Traced) -> None:
    asked = (
        Asked("1/R1", "phase", "Phase 1: Core"),
        Asked("1/R2", "work-item", "a", "phase 1: core"),
        Asked("1/R3", "work-item", "b", "Phase 1: Core:"),
        Asked("1/R4", "risk", "c"),
    )
    found = traced({"tests/test_x.py": b"def test_1_r2(): ...\n"}, asked=asked)
    assert verdicts(found) == "fail pass fail skip"
    assert found["1/R1"].reason == "as the least of the 2 requirements of this phase"


def test_what_a_run_left_is_read_as_far_as_it_makes_sense() -> None:
    assert claims_of({"requirements": {"a": ["x", 3], "b": "x", "c": {}}}) == {"a": ("x",), "b": (), "c": ()}
    assert claims_of({"requirements": []}) == claims_of(None) == {}
    assert outcomes_of({"suites": {"changed": {"t": "passed", "u": "fine", "v": 3}}}) == {"t": Outcome.PASSED}
    assert outcomes_of(None) is outcomes_of({"suites": 3}) is outcomes_of({"suites": {"changed": []}}) is None
    assert asked_of({"adrRequirements": [{"id": "a/R1", "kind": "risk", "text": "t"}]}) == (
        Asked("a/R1", "risk", "t"),
    )


def test_a_hostile_change_costs_no_more_than_it_is_long(traced: Traced) -> None:
    lines = b"# ADR-012/R1 ADR-012/R2\n" * 30_000
    many = b"".join(b"def test_%d(): pass\n" % n for n in range(5_000))
    found = traced({"tests/a.test.js": lines, "tests/test_b.py": lines + many})
    assert verdicts(found) == "pass pass fail fail fail"
