"""Path globs as in .github/cloi.yml: `*` and `?` stay within one path part, `**` spans any number of parts.

A pattern begins at the root; one that ends with a slash means everything below. Letter case counts, also in
what is allowed. Written out instead of translated to a regular expression, so that no pattern can take
exponential time. (bot/plans/globs.py reads the same language for the planner, which the runner has not.)
"""

from __future__ import annotations

from collections.abc import Iterable


def matches(path: str, pattern: str) -> bool:
    """Whether path (relative, with slashes) is matched by the pattern, case and all."""
    if pattern.endswith("/"):
        pattern += "**"
    return _parts(path.split("/"), pattern.split("/"))


def matches_any(path: str, patterns: Iterable[str]) -> bool:
    """Whether at least one of the patterns matches."""
    return any(matches(path, p) for p in patterns)


def _parts(names: list[str], patterns: list[str]) -> bool:
    """Row by row as in a table of prefixes: reached[i] says that the first i names are used up."""
    reached = [True] + [False] * len(names)
    for at, pattern in enumerate(patterns):
        if pattern == "**":
            first = reached.index(True) if True in reached else len(reached)
            first += at == len(patterns) - 1  # "docs/**" is what lies in docs, not a file of that name
            reached = [i >= first for i in range(len(reached))]
        else:
            reached = [False] + [
                used and _name(name, pattern) for used, name in zip(reached[:-1], names, strict=True)
            ]
    return reached[-1]


def _name(name: str, pattern: str) -> bool:
    """One path part against one pattern part; `*` is tried greedily with a single point to come back to."""
    n = p = 0
    star, mark = -1, 0
    while n < len(name):
        if p < len(pattern) and pattern[p] == "*":
            star, mark, p = p, n, p + 1
        elif p < len(pattern) and pattern[p] in ("?", name[n]):
            n, p = n + 1, p + 1
        elif star >= 0:
            mark += 1
            n, p = mark, star + 1
        else:
            return False
    return all(c == "*" for c in pattern[p:])
