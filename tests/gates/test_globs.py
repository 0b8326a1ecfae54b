"""Globs: one star stays in a part, two stars span parts, and no pattern takes long."""

import pytest

from bot.gates.globs import matches


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("src/**", "src/a.py", True),
        ("src/**", "src/a/b/c.py", True),
        ("src/**", "src", False),
        ("src/", "src/a.py", True),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/a/b.py", False),
        ("**/a.py", "a.py", True),
        ("src/**/a.py", "src/a.py", True),
        ("src/**/a.py", "src/x/y/a.py", True),
        ("src/**/a.py", "source/a.py", False),
        ("*.md", "a.md", True),
        ("*.md", "docs/a.md", False),
        ("**/*.md", "docs/deep/a.md", True),
        ("Src/**", "src/a.py", False),
        ("?.py", "a.py", True),
        ("?.py", "ab.py", False),
        ("a*b*c", "aXbYbZc", True),
        ("a*b*c", "aXbYbZ", False),
        ("**", "any/thing", True),
        ("[a]", "a", False),
        (".github/", ".githubx/a", False),
    ],
)
def test_patterns(pattern: str, path: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


def test_a_hostile_pattern_takes_no_time() -> None:
    assert not matches("/".join(["a" * 50] * 50) + "!", "/".join(["**", "*a" * 25] * 25))
