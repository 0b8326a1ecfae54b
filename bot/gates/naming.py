"""Where a change names a requirement: the added lines, and the tests that those lines belong to.

A requirement is named by its id ("ADR-012/R3") on an added line, or by a test whose name holds it
("test_adr_012_r3_…", "testAdr012R3…") and whose first line is added. A line of a test file belongs to the test
around it or right below it; in Python, read from its syntax tree, a line of a class belongs to the tests of that
class. All of it is computed from the patch, so nobody's claim. Not here: what that is worth (trace.py).
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.gates.patch import Patch
from bot.gates.weakening import TEST_DECLARATION, is_test_file

_MAX_PARSED = 1_000_000  # bytes of one Python file
_MOST_LINES, _MOST_OF_GROUP, _MOST_TESTS = 20, 50, 2_000
_MOST_CHARACTERS = 2_000
_ASIDE = re.compile(r"\s*(?:#|//|/\*|\*|@|$)")  # comments, decorators and nothing


@dataclass(frozen=True, slots=True)
class Naming:
    """One place. tests: names of the tests that the line belongs to; empty in files that hold no tests."""

    id: str
    path: str
    line: int
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Test:
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Group:
    """A class, or the file itself, and the tests in it."""

    start: int
    end: int
    tests: tuple[str, ...]


def namings(ids: Sequence[str], patch: Patch, after: Mapping[str, bytes | None]) -> Iterator[Naming]:
    """The places where added lines name one of the requirements, some of each file.

    after: what bot.gates.patch.apply gave.
    """
    named = _in_text(ids)
    in_name = {i: _in_names(i) for i in ids}
    for change in patch.files:
        content = after.get(change.path)
        added = dict(change.added())
        spoken = _some(
            (n, found) for n, text in added.items() for found in dict.fromkeys(named.findall(text))
        )
        if not is_test_file(change.path) or content is None:
            yield from (Naming(i, change.path, n) for n, i in spoken)
            continue
        page = _Page(change.path, content)
        yield from (Naming(i, change.path, n, page.tests_of(n)) for n, i in spoken)
        for test in page.tests[:_MOST_TESTS]:
            if (head := page.head(test)) in added:
                for requirement, pattern in in_name.items():
                    if pattern.search(test.name):
                        yield Naming(requirement, change.path, head, (test.name,))


def _some(spoken: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """The first lines for each requirement: a file may name one on every line."""
    kept: list[tuple[int, str]] = []
    count: Counter[str] = Counter()
    for line, requirement in spoken:
        count[requirement] += 1
        if count[requirement] <= _MOST_LINES:
            kept.append((line, requirement))
    return kept


class _Page:
    """A test file after the change: whose each line is. All looked up in tables, since the file may be hostile."""

    def __init__(self, path: str, content: bytes) -> None:
        self._lines = content.decode(errors="replace").split("\n")
        size = len(self._lines)
        self.tests, groups = _python(content, size) if path.endswith(".py") else _others(self._lines)
        self._group: list[tuple[str, ...]] = [()] * (size + 2)
        for group in sorted(groups, key=lambda g: g.start - g.end):  # the largest first: inner ones win
            for line in range(group.start, group.end + 1):
                self._group[line] = group.tests[:_MOST_OF_GROUP]
        self._owner: list[str | None] = [None] * (size + 2)
        for test in self.tests:
            for line in range(test.start, test.end + 1):
                self._owner[line] = test.name
        starts = {t.start: t.name for t in self.tests}
        self._below: list[str | None] = [None] * (size + 2)
        for line in range(size, 0, -1):
            if _ASIDE.match(self._lines[line - 1]):
                self._below[line] = starts.get(line + 1) or self._below[line + 1]

    def tests_of(self, line: int) -> tuple[str, ...]:
        """The test around the line, else the one right below it, else those of its class or file."""
        one = self._owner[line] or self._below[line]
        return (one,) if one else self._group[line]

    def head(self, test: _Test) -> int:
        """The line with the test's name; decorators stand above it."""
        lines = range(test.start, min(test.end, test.start + 20) + 1)
        return next((n for n in lines if test.name in self._lines[n - 1]), test.start)


def _python(content: bytes, size: int) -> tuple[list[_Test], list[_Group]]:
    if len(content) > _MAX_PARSED:
        return [], []
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [], []  # a file that cannot be read holds no test that could pass
    tests: list[_Test] = []
    groups: list[_Group] = []
    todo: list[ast.Module | ast.ClassDef] = [tree]
    while todo:
        holder = todo.pop()
        first = len(tests)
        for node in holder.body:
            if isinstance(node, ast.ClassDef):
                todo.append(node)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                tests.append(_Test(node.name, start, min(node.end_lineno or node.lineno, size)))
        if isinstance(holder, ast.ClassDef):
            own = tuple(t.name for t in tests[first:])
            groups.append(_Group(holder.lineno, min(holder.end_lineno or holder.lineno, size), own))
    groups.append(_Group(1, size, tuple(dict.fromkeys(t.name for t in tests))))
    return [t for t in tests if t.start <= size], groups


def _others(lines: Sequence[str]) -> tuple[list[_Test], list[_Group]]:
    """By declarations alone: a test goes on to the comments above the next one."""
    found: list[tuple[int, str]] = []
    for number, text in enumerate(lines, 1):
        for match in TEST_DECLARATION.finditer(text[:_MOST_CHARACTERS]):
            found.append((number, next(filter(None, match.groups())).strip("'\"`")))
    tests = []
    for (start, name), (following, _) in pairwise([*found, (len(lines) + 1, "")]):
        end = following - 1
        while end > start and following <= len(lines) and _ASIDE.match(lines[end - 1]):
            end -= 1
        tests.append(_Test(name, start, end))
    return tests, [_Group(1, len(lines), tuple(t.name for t in tests))]


def _in_text(ids: Sequence[str]) -> re.Pattern[str]:
    """All ids in one pattern; of two that begin alike the longer one is meant."""
    either = "|".join(re.escape(i) for i in sorted(ids, key=len, reverse=True))
    return re.compile(rf"(?<![\w/-])(?:{either or '(?!)'})(?!\d)")


def _in_names(requirement: str) -> re.Pattern[str]:
    """The id as it can stand in a name: its words and numbers, with any one sign or nothing between them."""
    words = re.findall(r"[A-Za-z]+|[0-9]+", requirement)
    return re.compile(r"(?:(?<![A-Za-z0-9])|(?<=test))" + r"[\W_]?".join(words) + r"(?![0-9])", re.IGNORECASE)
