"""gate/tests-weakened: a change may add tests, but not take away what the old ones demanded.

A change that passes because its tests were deleted, skipped or emptied is the oldest trick of code that writes
itself. The rule counts per test file: tests and assertions may not become fewer, and no new mark may say "do
not run this", but for the benchmark stubs that the approved plan names. Counting is by words for several
languages, so it can be wrong in both directions: a human merges. Not here: running the tests (bot/runner) and
comparing their ids (suite.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bot.gates.globs import matches_any
from bot.gates.patch import FileChange, Kind, Patch
from bot.result import MOST_EVIDENCE, Evidence, EvidenceClass, Result, Verdict

TEST_FILES = (
    "**/tests/**", "**/test/**", "**/__tests__/**", "**/spec/**",
    "**/test_*.py", "**/*_test.py", "**/conftest.py", "**/*_test.go",
    "**/*.test.*", "**/*.spec.*", "**/*_spec.rb", "**/*Test.java",
)  # fmt: skip

_SKIPS = re.compile(
    r"@(?:unittest\.)?(?:skip(?:If|Unless)?\b|expectedFailure\b)|\bself\.skipTest\(|\bSkipTest\b"
    r"|\bpytest\.(?:skip|xfail|importorskip)\b|\bmark\.(?:skip(?:if)?|xfail)\b|\bcollect_ignore"
    r"|\b(?:it|describe|test|context)\.(?:skip|only|todo)\b|\bx(?:it|describe|test)\("
    r"|\bt\.Skip(?:f|Now)?\(|@(?:Disabled|Ignore)\b|#\[ignore\b|\bpending\("
)
_SKIP_DECORATOR = re.compile(r"^\s*@(?:unittest\.skip|pytest\.mark\.skip)\([^()]*\)\s*$")
_DECLARED = re.compile(r"^\s*(?:async\s+)?def (test\w*)\(")
_SKIPPED_CALL = re.compile(r"^\s*(?:it|test)\.skip\(\s*['\"`](\w+)['\"`]\s*,")
TEST_DECLARATION = re.compile(
    r"^\s*(?:async\s+)?def (test\w*)\(|\b(?:it|test)\(\s*(['\"`].*?['\"`])|^func (Test\w+)\(", re.M
)
_ASSERTIONS = re.compile(
    r"\bassert\w*\b|\bexpect\(|\bpytest\.raises\b|\bt\.(?:Error|Fatal)f?\(|\bself\.fail\("
)


def is_test_file(path: str) -> bool:
    """Whether a path is by its name a file of tests or of their support."""
    return matches_any(path, TEST_FILES)


def stubs_of(plan: Mapping[str, Any]) -> frozenset[str]:
    """Names of the tests that the plan wants skipped, read from its JSON."""
    return frozenset(str(stub["name"]) for stub in plan["testStrategy"].get("benchmarkStubs") or ())


def judge_tests_kept(
    patch: Patch,
    base: Mapping[str, bytes],
    after: Mapping[str, bytes | None],
    stubs: Collection[str] = (),
) -> Result:
    """Fails if a test file is deleted, a skip is added, or tests or assertions of a file become fewer.

    after: what bot.gates.patch.apply gave for this patch and base. stubs: new tests that are to be skipped.
    """
    found: list[Evidence] = []
    for change in patch.files:
        if is_test_file(change.path):
            found += _weakened(change, base.get(change.path, b""), after[change.path] or b"", stubs)
    if not found:
        return Result("gate/tests-weakened", Verdict.PASS, "no test is deleted, skipped or emptied")
    words = f"existing tests demand less than before ({len(found)} places)"
    return Result("gate/tests-weakened", Verdict.FAIL, words, tuple(found[:MOST_EVIDENCE]))


def _weakened(change: FileChange, old: bytes, new: bytes, stubs: Collection[str]) -> list[Evidence]:
    if change.kind is Kind.DELETE:
        return [_evidence("a test file is deleted", change.path)]
    before, now = old.decode(errors="replace"), new.decode(errors="replace")
    lines = now.split("\n")
    wanted = set(stubs) - {name.strip("'\"`") for name in _names(before)}
    found = [
        _evidence("a test is marked to be skipped", change.path, number)
        for number, text in change.added()
        if _SKIPS.search(text) and not _marks_stub(lines, number, wanted)
    ]
    gone = _names(before) - _names(now)
    found += [_evidence(f"test {name} is gone", change.path) for name in sorted(gone)]
    lost = len(_ASSERTIONS.findall(before)) - len(_ASSERTIONS.findall(now))
    if lost > 0:
        found.append(_evidence(f"{lost} assertions fewer than before", change.path))
    return found


def _marks_stub(lines: Sequence[str], number: int, stubs: Collection[str]) -> bool:
    """Whether the mark on this line, counted from 1, skips a planned stub and nothing else: a decorator right
    above the stub's own first line, or `it.skip` with its name."""
    line = lines[number - 1]
    if called := _SKIPPED_CALL.match(line):
        return called[1] in stubs
    if number >= len(lines) or not _SKIP_DECORATOR.match(line):
        return False
    declared = _DECLARED.match(lines[number])
    return declared is not None and declared[1] in stubs


def _names(text: str) -> set[str]:
    return {next(filter(None, groups)) for groups in TEST_DECLARATION.findall(text)}


def _evidence(text: str, path: str, line: int | None = None) -> Evidence:
    return Evidence(EvidenceClass.COMPUTED, text, path, line)
