"""Globs of .github/cloi.yml: which paths a change may touch, and which never.

`**` stands for any number of folders, `*` for anything within one name, `?` for one character. Written by
hand because fnmatch lets `*` cross folders and pathlib's `**` differs between Python versions; both would make
"may this be written" depend on the interpreter. Not here: the gate's own check of a patch (bot/gates).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

# No plan, and no patch, ever touches these: they decide what is run, who reviews, and what agents are told.
NEVER = (
    ".github/**",
    "**/CODEOWNERS",
    "**/AGENTS.md",
    "**/CLAUDE.md",
    "**/GEMINI.md",
    "**/.cursorrules",
    "**/.cursor/**",
    "**/.claude/**",
    "**/.gitmodules",
)


@lru_cache(maxsize=1024)
def _name(pattern: str) -> re.Pattern[str]:
    # Runs of * are folded first: "a****b" would otherwise backtrack.
    parts = re.split(r"(\*+|\?)", pattern)
    out = "".join("[^/]*" if p.startswith("*") else "[^/]" if p == "?" else re.escape(p) for p in parts if p)
    return re.compile(out + r"\Z", re.DOTALL | re.IGNORECASE)


def matches(path: str, glob: str) -> bool:
    """Whether `path` (slashes, relative) lies within `glob`. "docs/" and "docs/**" both mean the folder.

    Letter case is ignored: on some checkouts `.GitHub/` is `.github/`.
    """
    if glob.endswith("/"):
        glob += "**"
    names, patterns = path.split("/"), [p for p in glob.split("/") if p != "."]
    # reachable[j]: the names so far can be matched by the first j patterns.
    reachable = [True] + [False] * len(patterns)
    for j, pattern in enumerate(patterns):
        reachable[j + 1] = reachable[j] and pattern == "**"
    for name in names:
        following = [False] * (len(patterns) + 1)
        for j, pattern in enumerate(patterns):
            if pattern == "**":
                following[j + 1] = reachable[j + 1] or following[j] or reachable[j]
            elif reachable[j] and _name(pattern).match(name):
                following[j + 1] = True
        reachable = following
    return reachable[-1]


def within(path: str, globs: Iterable[str]) -> bool:
    """Whether any of the globs holds the path."""
    return any(matches(path, glob) for glob in globs)


def writable(path: str, allow: Iterable[str]) -> bool:
    """Whether a change may touch the path: inside an allowed glob, and none of `NEVER`."""
    if not path or path.startswith("/") or "\\" in path or ".." in path.split("/"):
        return False
    return within(path, allow) and not within(path, NEVER)


def root(glob: str) -> str:
    """The folder or file that a glob starts from: "src/**" gives "src/", "**" gives "./", "a/b.py" itself."""
    fixed: list[str] = []
    names = glob.split("/")
    for name in names:
        if "*" in name or "?" in name:
            return "/".join(fixed) + "/" if fixed else "./"
        fixed.append(name)
    return glob
