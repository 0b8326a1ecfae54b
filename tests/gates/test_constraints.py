"""Stories of a record's own constraints: what a program can decide stops a change, and nothing else is guessed."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.gates.constraints import (
    Constraint,
    constraints_of,
    judge_constraints,
    not_checked,
    outlook,
)
from bot.gates.patch import Patch, parse
from bot.gates.rules import Limits, judge_patch
from bot.result import Result, Verdict

BASE = {"src/cli/run/index.js": b"run()\n", "src/old.js": b"import u from './unified.js'\n"}
NO_UNIFIED = Constraint(
    "ADR-003/C2", "import-pattern", "no-unified-js-references",
    "No imports should reference deprecated unified.js", r"import.*unified\.js", "error",
)  # fmt: skip
INDEX = Constraint(
    "ADR-003/C1", "file-structure", "cli-modules-must-use-index-js",
    "All CLI modules must use index.js as entry point", "src/cli/**/index.js", "error",
)  # fmt: skip
Made = Callable[[dict[str, bytes | None]], Patch]


@pytest.fixture
def made(diff: Callable[..., bytes]) -> Made:
    """The patch from BASE to BASE with these files (None deletes), through a diff that git wrote."""

    def make(changes: dict[str, bytes | None]) -> Patch:
        return parse(diff(BASE, {p: c for p, c in {**BASE, **changes}.items() if c is not None}))

    return make


def judge(patch: Patch, *constraints: Constraint) -> Result:
    return judge_constraints(patch, constraints, BASE)


def like(constraint: Constraint, **other: str) -> Constraint:
    return Constraint(**{**{f: getattr(constraint, f) for f in constraint.__slots__}, **other})


def test_an_import_that_the_record_forbids_stops_the_change_and_is_shown(made: Made) -> None:
    patch = made({"src/new.js": b"// new\nimport u from '../unified.js'\n"})
    result = judge(patch, NO_UNIFIED, INDEX)
    assert result.verdict is Verdict.FAIL
    (place,) = result.children[0].evidence
    assert (place.path, place.line) == ("src/new.js", 2)
    assert result.children[1].verdict is Verdict.PASS
    limits = Limits(("**",), 10, 10_000)
    whole = judge_patch(patch, limits, BASE, constraints=[NO_UNIFIED], listed=BASE)
    assert not whole.passed and "gate/constraint/ADR-003/C2" in {r.name for r in whole.walk()}


def test_what_stood_there_before_and_what_a_document_says_is_not_the_changes_doing(made: Made) -> None:
    patch = made(
        {"src/old.js": BASE["src/old.js"] + b"more()\n", "docs/a.md": b"Never `import unified.js`\n"}
    )
    assert judge(patch, NO_UNIFIED).verdict is Verdict.PASS


def test_a_file_that_the_record_demands_must_be_there_afterwards(made: Made) -> None:
    assert judge(made({"src/cli/run/index.js": None}), INDEX).verdict is Verdict.FAIL
    moved = {"src/cli/run/index.js": None, "src/cli/go/index.js": b"go()\n"}
    assert judge(made(moved), INDEX).verdict is Verdict.PASS


def test_a_file_that_the_record_forbids_may_not_be_added(made: Made) -> None:
    none = like(INDEX, rule="no-legacy", description="", pattern="src/legacy/**")
    assert judge(made({"src/legacy/a.js": b"x\n"}), none).verdict is Verdict.FAIL
    assert judge(made({"src/a.js": b"x\n"}), none).verdict is Verdict.PASS


def test_a_violation_of_less_than_an_error_warns(made: Made) -> None:
    result = judge(made({"a.js": b"import './unified.js'\n"}), like(NO_UNIFIED, severity="warning"))
    assert (result.verdict, result.passed) == (Verdict.WARN, True)


UNDECIDED = {
    "another type": like(NO_UNIFIED, type="port-management"),
    "no direction": like(NO_UNIFIED, rule="demo-import-test", description="Demo import pattern check"),
    "two directions": like(NO_UNIFIED, rule="no-imports", description="Everything must import it"),
    "no pattern": like(NO_UNIFIED, pattern=""),
    "looks around": like(NO_UNIFIED, pattern="(?=a)b"),
    "demanded imports": like(NO_UNIFIED, rule="must-import-log", description="", pattern="log"),
    "a pattern for a glob": like(INDEX, pattern=r"src/.*\.js$"),
}


@pytest.mark.parametrize("constraint", UNDECIDED.values(), ids=UNDECIDED)
def test_what_no_program_can_decide_is_said_to_be_unchecked_and_never_passed(
    constraint: Constraint, made: Made
) -> None:
    result = judge(made({"a.js": b"import './unified.js'\n"}), constraint)
    assert not_checked(constraint) and outlook(constraint).startswith("not checked")
    assert (result.verdict, result.children[0].verdict) == (Verdict.WARN, Verdict.WARN)
    assert result.reason == "0 of the record's 1 constraints hold; 1 not checked"
    assert result.children[0].reason.startswith("not checked")


@pytest.mark.parametrize(
    ("words", "direction"),
    [
        ("All CLI modules must use index.js as entry point", "demands"),
        ("Every service requires a README", "demands"),
        ("No imports should reference deprecated unified.js", "forbids"),
        ("Services should never import the database", "forbids"),
        ("Direct imports are forbidden", "forbids"),
        ("A2A services should not use hardcoded ports in production", "forbids"),
        ("Modules must not be without index.js", None),
        ("Modules must avoid legacy files", None),
        ("Only the gateway may import it", None),
        ("Prefer index.js", None),
        ("", None),
    ],
)
def test_a_direction_is_read_and_never_guessed(words: str, direction: str | None) -> None:
    assert like(NO_UNIFIED, rule="", description=words).direction == direction


def test_a_catastrophic_pattern_on_a_long_line_ends_with_a_clear_verdict(made: Made) -> None:
    patch = made({"a.js": b"a" * 300_000 + b"!\n"})
    assert judge(patch, like(NO_UNIFIED, pattern="(a+)+$")).verdict is Verdict.PASS
    assert judge(patch, like(NO_UNIFIED, pattern="(a+)+!$")).verdict is Verdict.FAIL


def test_a_change_that_is_too_much_to_look_through_is_not_known_to_be_good(made: Made) -> None:
    patch = made({"a.js": b"b\n" * 100})
    result = judge_constraints(patch, [like(NO_UNIFIED, pattern="a")] * 2, BASE, steps=1_500)
    assert result.children[0].verdict is Verdict.PASS
    assert (result.verdict, result.passed) == (Verdict.UNKNOWN, False)
    assert "took more steps" in result.children[-1].reason
    warned = [like(NO_UNIFIED, pattern="a", severity="info")] * 2
    assert judge_constraints(patch, warned, BASE, steps=1_500).verdict is Verdict.WARN


def test_constraints_come_from_the_plan_and_older_plans_have_none() -> None:
    plan: dict[str, Any] = {"constraints": [{f: getattr(INDEX, f) for f in INDEX.__slots__} | {"source": {}}]}
    assert constraints_of(plan) == (INDEX,)
    assert constraints_of({}) == ()


def test_a_hostile_glob_over_a_large_repository_ends_at_the_budget(made: Made) -> None:
    patch = made({"src/a.js": b"x\n"})
    many = [f"{'/'.join('a' * 60)}/{i}/x.js" for i in range(20_000)]
    evil = [like(INDEX, id=f"ADR-1/C{i}", pattern="**/" * 150 + "*a*a*a*x.js*") for i in range(50)]
    result = judge_constraints(patch, evil, many, steps=100_000)
    assert result.verdict is Verdict.UNKNOWN
    plain = like(INDEX, pattern="src/**/index.js")
    large = [*(f"lib/{i}.js" for i in range(100_000)), "src/a/index.js"]
    assert judge_constraints(patch, [plain] * 50, large, steps=10_000).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("src/", "src/a/b.js", True),
        ("**/index.js", "index.js", True),
        ("index.js", "index.js", True),
        ("index.js", "src/index.js", False),
        ("src/*.js", "src/a.js", True),
        ("src/*.js", "src/a.ts", False),
        ("**", "any/thing", True),
        ("src/a?.js", "src/ab.js", True),
    ],
)
def test_what_is_passed_over_would_not_have_fitted(made: Made, pattern: str, path: str, fits: bool) -> None:
    result = judge_constraints(made({"x.js": b"x\n"}), [like(INDEX, pattern=pattern)], [path])
    assert result.passed is fits


@pytest.mark.parametrize("end", [b"\r", b"\x0c", "\u2028".encode()])
def test_a_line_that_only_the_program_sees_is_looked_at_too(made: Made, end: bytes) -> None:
    anchored = like(NO_UNIFIED, pattern=r"^import.*unified\.js")
    assert (
        judge(made({"src/new.js": b"a()" + end + b"import u from './unified.js'\n"}), anchored).verdict
        is Verdict.FAIL
    )
    assert judge(made({"docs/page.mdx": b"import u from './unified.js'\n"}), anchored).verdict is Verdict.FAIL
