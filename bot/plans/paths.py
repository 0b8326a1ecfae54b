"""Paths that a record names and that a change may touch: the plan's target files.

Only 5 % of records name a path that exists, and prose is full of slashes (CI/CD, and/or, application/json), so
a path must look like one: folders and a known file ending, a folder with its slash in a code span, or a file
that the repository has. Not here: what a patch may touch (globs.writable, and the gate).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from bot.plans import globs, metadata
from bot.plans.document import Document
from bot.plans.headings import Role
from bot.records.record import Record

MAX_PATHS = 50
_ENDINGS = frozenset(
    [
        "py",
        "pyi",
        "js",
        "jsx",
        "ts",
        "tsx",
        "mjs",
        "cjs",
        "vue",
        "svelte",
        "java",
        "kt",
        "kts",
        "scala",
        "groovy",
        "go",
        "rs",
        "rb",
        "php",
        "cs",
        "fs",
        "c",
        "h",
        "cc",
        "cpp",
        "hpp",
        "m",
        "mm",
        "swift",
        "dart",
        "lua",
        "pl",
        "ex",
        "exs",
        "erl",
        "clj",
        "hs",
        "sh",
        "bash",
        "ps1",
        "sql",
        "html",
        "css",
        "scss",
        "less",
        "json",
        "yaml",
        "yml",
        "toml",
        "ini",
        "cfg",
        "conf",
        "xml",
        "gradle",
        "tf",
        "proto",
        "graphql",
        "md",
        "rst",
        "txt",
        "cfg",
        "env",
        "lock",
    ]
)
_CODE_SPAN = re.compile(r"`([^`\n]{1,200})`")
_TOKEN = re.compile(r"(?<![\w:/@.~+-])(?:\./)?((?:[\w.@+-]{1,80}/){0,12}[\w.@+-]{1,80}/?)(?![\w/:(])")
_SPOKEN = frozenset({Role.WORK, Role.DECISION, Role.CRITERION, Role.PERFORMANCE, Role.SECURITY, Role.OTHER})


def named(record: Record, page: Document, in_repository: Collection[str]) -> tuple[str, ...]:
    """Paths that the record names where it speaks of work, in order of the text, without those of records."""
    found: dict[str, None] = {}
    for value in metadata.integration_points(record):
        _add(found, value, in_repository, code=True)
    for passage in page.passages:
        if passage.role not in _SPOKEN:
            continue
        for span in _CODE_SPAN.findall(passage.text):
            _add(found, span.strip(), in_repository, code=True)
        for match in _TOKEN.finditer(_CODE_SPAN.sub(" ", passage.text)):
            _add(found, match[1], in_repository, code=False)
    return tuple(found)[:MAX_PATHS]


def targets(paths: Sequence[str], allow: Sequence[str]) -> tuple[str, ...]:
    """The named paths that a change may touch; where there is none, the roots of what it may touch."""
    inside = tuple(p for p in paths if globs.writable(p if not p.endswith("/") else p + "x", allow))
    return inside or tuple(dict.fromkeys(globs.root(glob) for glob in allow))


def _add(found: dict[str, None], token: str, in_repository: Collection[str], *, code: bool) -> None:
    path = token.strip().removeprefix("./")
    match = _TOKEN.fullmatch(path)
    if match is None or path.startswith((".", "/")) or ".." in path.split("/"):
        return
    path = path.rstrip(".") if not path.endswith("/") else path
    stem, _, ending = path.rpartition("/")[2].rpartition(".")
    known = path in in_repository
    file_like = "/" in path.rstrip("/") and bool(stem) and ending.lower() in _ENDINGS
    folder_like = code and path.endswith("/") and path.count("/") >= 1 and len(path) > 2
    if known or file_like or folder_like:
        # A link to another record is a reading list, not a target.
        if (
            ending == "md"
            and re.search(r"(?:^|/)(?:adrs?|decisions|rfcs?)/|(?:^|/)(?:adr-)?\d{3,4}-", path.lower())
            and not known
        ):
            return
        found.setdefault(path)
