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
from bot.records.inline import unlinked
from bot.records.record import Record

MAX_PATHS = 50
_FILE_ENDINGS = """
    py pyi js jsx ts tsx mjs cjs vue svelte java kt kts scala groovy go rs rb php cs fs c h cc cpp hpp m
    mm swift dart lua pl ex exs erl clj hs sh bash ps1 sql html css scss less json yaml yml toml ini cfg
    conf xml gradle tf proto graphql md rst txt env lock
"""
_ENDINGS = frozenset(_FILE_ENDINGS.split())
_CODE_SPAN = re.compile(r"`([^`\n]{1,200})`")
_TOKEN = re.compile(r"(?<![\w:/@.~+-])(?:\./)?((?:[\w.@+-]{1,80}/){0,12}[\w.@+-]{1,80}/?)(?![\w/:(])")
_RECORD = re.compile(r"(?:^|/)(?:adrs?|decisions|rfcs?)/.*\.md$|(?:^|/)(?:adr-)?\d{3,4}-[^/]*\.md$")
_SPOKEN = frozenset({Role.WORK, Role.DECISION, Role.CRITERION, Role.PERFORMANCE, Role.SECURITY, Role.OTHER})


def named(record: Record, page: Document, in_repository: Collection[str]) -> tuple[str, ...]:
    """Paths that the record names where it speaks of work, in order of the text, without those of records.

    in_repository: the base commit's files; empty if they are not at hand.
    """
    known = frozenset(in_repository) | _folders(in_repository)
    bare = any("/" not in path for path in known)
    found: dict[str, None] = {}
    for value in metadata.integration_points(record):
        _add(found, value, known, code=True)
    for passage in page.passages:
        if passage.role not in _SPOKEN:
            continue
        if "/" not in passage.text and not bare:
            continue
        # Where a link points is a reading list; what it is called may be a path.
        text = unlinked(passage.text)
        for span in _CODE_SPAN.findall(text):
            _add(found, span.strip(), known, code=True)
        for match in _TOKEN.finditer(_CODE_SPAN.sub(" ", text)):
            _add(found, match[1], known, code=False)
    return tuple(found)[:MAX_PATHS]


def _folders(files: Collection[str]) -> frozenset[str]:
    out: set[str] = set()
    for path in files:
        folder = path.rpartition("/")[0]
        while folder and folder + "/" not in out:
            out.add(folder + "/")
            folder = folder.rpartition("/")[0]
    return frozenset(out)


def targets(paths: Sequence[str], allow: Sequence[str]) -> tuple[str, ...]:
    """The named paths that a change may touch; where there is none, the roots of what it may touch."""
    inside = tuple(p for p in paths if globs.writable(p if not p.endswith("/") else p + "x", allow))
    return inside or tuple(dict.fromkeys(globs.root(glob) for glob in allow))


def _add(found: dict[str, None], token: str, known: frozenset[str], *, code: bool) -> None:
    path = token.strip().removeprefix("./")
    if "/" not in path and path.rstrip(".") not in known:
        return
    if not _TOKEN.fullmatch(path) or path.startswith((".", "/")) or ".." in path.split("/"):
        return
    path = path.rstrip(".")
    stem, _, ending = path.rpartition("/")[2].rpartition(".")
    file_like = "/" in path and bool(stem) and ending.lower() in _ENDINGS and not _RECORD.search(path.lower())
    # "application/" is half a media type more often than a folder; with two names it is a path.
    folder_like = code and path.endswith("/") and path.count("/") >= 2
    if path in known or file_like or folder_like:
        found.setdefault(path)
