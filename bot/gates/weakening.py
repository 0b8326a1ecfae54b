"""gate/tests-weakened: a change may add tests, but not take away what the old ones demanded.

A change that passes because its tests were deleted, skipped or emptied is the oldest trick of code that writes
itself. The rule counts per test file: tests and assertions may not become fewer, and no new mark may say "do
not run this". Counting is by words for several languages, so it can be wrong in both directions: a human
merges. Not here: running the tests (bot/runner) and comparing their ids (suite.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

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
TEST_DECLARATION = re.compile(
    r"^\s*(?:async\s+)?def (test\w*)\(|\b(?:it|test)\(\s*(['\"`].*?['\"`])|^func (Test\w+)\(", re.M
)
_ASSERTIONS = re.compile(
    r"\bassert\w*\b|\bexpect\(|\bpytest\.raises\b|\bt\.(?:Error|Fatal)f?\(|\bself\.fail\("
)


def is_test_file(path: str) -> bool:
    """Whether a path is by its name a file of tests or of their support."""
    return matches_any(path, TEST_FILES)


def judge_tests_kept(patch: Patch, base: Mapping[str, bytes], after: Mapping[str, bytes | None]) -> Result:
    """Fails if a test file is deleted, a skip is added, or tests or assertions of a file become fewer.

    after: what bot.gates.patch.apply gave for this patch and base.
    """
    found: list[Evidence] = []
    for change in patch.files:
        if is_test_file(change.path):
            found += _weakened(change, base.get(change.path, b""), after[change.path] or b"")
    if not found:
        return Result("gate/tests-weakened", Verdict.PASS, "no test is deleted, skipped or emptied")
    words = f"existing tests demand less than before ({len(found)} places)"
    return Result("gate/tests-weakened", Verdict.FAIL, words, tuple(found[:MOST_EVIDENCE]))


def _weakened(change: FileChange, old: bytes, new: bytes) -> list[Evidence]:
    if change.kind is Kind.DELETE:
        return [_evidence("a test file is deleted", change.path)]
    found = [
        _evidence("a test is marked to be skipped", change.path, number)
        for number, text in change.added()
        if _SKIPS.search(text)
    ]
    before, now = old.decode(errors="replace"), new.decode(errors="replace")
    gone = _names(before) - _names(now)
    found += [_evidence(f"test {name} is gone", change.path) for name in sorted(gone)]
    lost = len(_ASSERTIONS.findall(before)) - len(_ASSERTIONS.findall(now))
    if lost > 0:
        found.append(_evidence(f"{lost} assertions fewer than before", change.path))
    return found


def _names(text: str) -> set[str]:
    return {next(filter(None, groups)) for groups in TEST_DECLARATION.findall(text)}


def _evidence(text: str, path: str, line: int | None = None) -> Evidence:
    return Evidence(EvidenceClass.COMPUTED, text, path, line)
