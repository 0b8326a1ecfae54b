"""Traceability: for each requirement of the plan the files and tests of the change, and what that is worth.

Four answers, and only the first says that something was shown:

    pass      a test names it, that test ran, and GitHub saw the job that ran the tests succeed
    warn      the change names it, but no test does, or its test did not run
    unknown   the agent claims it, and nothing in the change names it
    fail      uncovered: nothing speaks for it

What a test proves is for a person to see; a name is easily written. The outcomes of single tests come from the
run and are a claim, so they can only make an answer worse. This table stops nothing; it says where to look. Not
here: finding the names (naming.py), showing it (bot/render/pulls.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.gates.naming import Naming, namings
from bot.gates.patch import Patch
from bot.gates.suite import Outcome
from bot.gates.weakening import is_test_file
from bot.result import Evidence, EvidenceClass, Result, Verdict, combine

NAME, FILES, TESTS = "trace", "trace/files", "trace/tests"
_MOST_PLACES = 20
_MOST_CLAIMED = 50
_MOST_SEARCHED = 300
_WORST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN, Verdict.PASS, Verdict.SKIP)


@dataclass(frozen=True, slots=True)
class Asked:
    """A requirement of the plan, as far as it matters here."""

    id: str
    kind: str
    text: str
    phase: str | None = None


def asked_of(plan: Mapping[str, Any]) -> tuple[Asked, ...]:
    """From a plan read from JSON. Raises KeyError, TypeError."""
    return tuple(Asked(r["id"], r["kind"], r["text"], r.get("phase")) for r in plan["adrRequirements"])


def claims_of(claimed: Mapping[str, Any] | None) -> dict[str, tuple[str, ...]]:
    """What the agent says it did for which requirement, id to paths. Anything odd is no claim."""
    said = (claimed or {}).get("requirements")
    out: dict[str, tuple[str, ...]] = {}
    for key, value in said.items() if isinstance(said, Mapping) else ():
        paths = value[:_MOST_CLAIMED] if isinstance(value, list) else []
        out[str(key)] = tuple(p for p in paths if isinstance(p, str))
    return out


def outcomes_of(evidence: Mapping[str, Any] | None) -> dict[str, Outcome] | None:
    """The outcomes of the suite with the change, from the evidence that `cloi gate tests` left; None if there are
    none that can be read."""
    suites = (evidence or {}).get("suites")
    changed = suites.get("changed") if isinstance(suites, Mapping) else None
    if not isinstance(changed, Mapping):
        return None
    known = {o.value: o for o in Outcome}
    return {str(t): known[o] for t, o in changed.items() if isinstance(o, str) and o in known}


def trace(
    asked: Sequence[Asked],
    patch: Patch,
    after: Mapping[str, bytes | None],
    *,
    jobs: Mapping[str, str],
    claims: Mapping[str, Sequence[str]],
    outcomes: Mapping[str, Outcome] | None,
) -> Result:
    """The tree "trace": a child for each requirement, named by its id, with its files and its tests below.

    after: what bot.gates.patch.apply gave. jobs: conclusions that GitHub wrote. claims, outcomes: see above.
    """
    found: dict[str, list[Naming]] = {}
    for naming in namings([a.id for a in asked], patch, after):
        found.setdefault(naming.id, []).append(naming)
    paths = frozenset(c.path for c in patch.files)
    tested = _Tested(jobs.get("validate") == "success", outcomes)
    single = {a.id: _one(a, found.get(a.id, ()), claims.get(a.id), paths, tested) for a in asked}
    children = tuple(_phase(a, single[a.id], asked, single) for a in asked)
    shown = sum(c.verdict is Verdict.PASS for c in children)
    words = f"{shown} of {len(children)} requirements are covered by tests that ran and passed"
    return combine(NAME, children, passed=words, failed=words)


class _Tested:
    """What is known of the tests. observed: the job that ran them succeeded."""

    def __init__(self, observed: bool, outcomes: Mapping[str, Outcome] | None) -> None:
        self.observed = observed
        self._searched = 0
        self._known = None if outcomes is None else dict(outcomes)
        self._last: dict[str, list[Outcome]] = {}
        for test, outcome in (outcomes or {}).items():
            self._last.setdefault(test.split("[", 1)[0].rsplit(".", 1)[-1], []).append(outcome)

    def trouble(self, test: str) -> str | None:
        """Why a test of this name shows nothing; None if it passed, as far as anybody knows."""
        if not self.observed:
            return "the job that runs it was not seen to succeed"
        if self._known is None:
            return None
        ends = self._last.get(test) or self._somewhere(test)
        if not ends:
            return "it is not among the tests that ran"
        bad = next((o for o in ends if o is not Outcome.PASSED), None)
        return None if bad is None else f"it is said to be {bad.value}"

    def _somewhere(self, test: str) -> list[Outcome]:
        """Outcomes of tests in whose id the name stands as words of its own, as other languages have it."""
        self._searched += 1
        if self._searched > _MOST_SEARCHED or self._known is None:
            return []
        words = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(test)}(?![A-Za-z0-9_])")
        return [outcome for name, outcome in self._known.items() if test in name and words.search(name)]


def _one(
    asked: Asked,
    found: Sequence[Naming],
    claimed: Sequence[str] | None,
    paths: frozenset[str],
    tested: _Tested,
) -> Result:
    files = [Evidence(EvidenceClass.COMPUTED, "", n.path, n.line) for n in found if not is_test_file(n.path)]
    tests: dict[tuple[str, str], tuple[Evidence, str | None]] = {}
    for naming in found:
        for test in naming.tests:
            trouble = tested.trouble(test)
            words = test if trouble is None else f"{test}: {trouble}"
            evidence = Evidence(EvidenceClass.COMPUTED, words, naming.path, naming.line)
            tests.setdefault((naming.path, test), (evidence, trouble))
    idle = [
        Evidence(EvidenceClass.COMPUTED, "no test", n.path, n.line)
        for n in found
        if is_test_file(n.path) and not n.tests
    ]
    said = [Evidence(EvidenceClass.CLAIMED, "", p) for p in dict.fromkeys(claimed or ()) if p in paths]
    children = (
        _part(FILES, [*_first_of_each(files), *(e for e in said if e.path not in {f.path for f in files})]),
        _part(TESTS, [*(e for e, _ in tests.values()), *_first_of_each(idle)]),
    )
    if any(trouble is None for _, trouble in tests.values()):
        verdict, words = Verdict.PASS, "a test that ran and passed names it"
    elif tests:
        verdict, words = Verdict.WARN, f"a test names it, but {next(iter(tests.values()))[1]}"
    elif found:
        verdict, words = Verdict.WARN, "the change names it, and no test does"
    elif claimed is not None:
        verdict, words = (
            Verdict.UNKNOWN,
            "claimed only: the agent says so, and nothing in the change names it",
        )
    elif asked.kind == "risk":
        verdict, words = Verdict.SKIP, "a risk to keep in mind, not work to be done"
    else:
        verdict, words = Verdict.FAIL, "uncovered: nothing in the change names it"
    return Result(asked.id, verdict, words, (), children)


def _phase(asked: Asked, own: Result, all_asked: Sequence[Asked], single: Mapping[str, Result]) -> Result:
    """A phase that nothing names is as good as the least of what belongs to it."""
    parts = [single[a.id] for a in all_asked if a.phase is not None and _key(a.phase) == _key(asked.text)]
    if asked.kind != "phase" or own.verdict not in (Verdict.FAIL, Verdict.UNKNOWN) or not parts:
        return own
    verdict = next(v for v in _WORST if any(p.verdict is v for p in parts))
    return Result(
        asked.id, verdict, f"as the least of the {len(parts)} requirements of this phase", (), own.children
    )


def _key(phase: str) -> str:
    return " ".join(phase.strip(" :").casefold().split())


def _first_of_each(evidence: Iterable[Evidence]) -> list[Evidence]:
    first: dict[str | None, Evidence] = {}
    for one in evidence:
        first.setdefault(one.path, one)
    return list(first.values())


def _part(name: str, evidence: Sequence[Evidence]) -> Result:
    words = f"{len(evidence)} named" if evidence else "none"
    return Result(name, Verdict.SKIP, words, tuple(evidence[:_MOST_PLACES]))
