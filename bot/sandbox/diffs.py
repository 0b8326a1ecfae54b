"""What changed between two commits, file by file, as git tells it (with renames). Pure reading; kept by shas."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.sandbox.git import ZERO, Git, is_sha

_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


@dataclass(frozen=True)
class FileChange:
    """sha: of the new blob (of the old one if removed). patch None: binary or without lines to show."""

    path: str
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None
    previous: str | None = None


def changes(git: Git, base: str | None, head: str) -> list[FileChange]:
    """From commit or tree `base` (None: nothing) to `head`, in order of path."""
    assert is_sha(head) and (base is None or is_sha(base))
    return git.keep(
        ("changes", base, head), lambda: _changes(git, base or _EMPTY_TREE, head), everywhere=True
    )


def _changes(git: Git, base: str, head: str) -> list[FileChange]:
    arguments = ("diff-tree", "-r", "-M", "--no-ext-diff", "--no-color", "--full-index")
    told = git.run(*arguments, "--raw", "--numstat", "-p", "-z", base, head).decode(errors="replace")
    lists, _, text = told.partition("\0\0")
    fields = iter(lists.split("\0"))
    listed: list[tuple[list[str], str, str | None]] = []  # ":modes and shas, status", path, previous path
    for field in fields:
        if not field.startswith(":"):
            break
        words, path = field.split(" "), next(fields)
        listed.append((words, next(fields), path) if words[4][0] in "RC" else (words, path, None))
    else:
        return []
    numbers = [field]
    for _, _, previous in listed:
        if previous is not None:
            next(fields), next(fields)
        numbers.append(next(fields, ""))
    patches = iter(re.split(r"^diff --git .*\n", text, flags=re.MULTILINE)[1:])
    found: list[FileChange] = []
    for (words, path, previous), counts in zip(listed, numbers, strict=False):
        _, _, old, new, status = words
        added, deleted, _ = counts.split("\t")
        patch = next(patches) + (next(patches) if status == "T" else "")  # one goes, one comes
        lines = re.search(r"^@@ ", patch, re.MULTILINE)
        found.append(
            FileChange(
                path,
                _STATUS.get(status[0], "changed"),
                old if new == ZERO else new,
                int(added) if added != "-" else 0,
                int(deleted) if deleted != "-" else 0,
                patch[lines.start() :].removesuffix("\n") if lines else None,
                previous,
            )
        )
    return found


def changed_paths(git: Git, base: str | None, head: str) -> set[str]:
    """The paths that differ, both names of a renamed file."""
    listed = changes(git, base, head)
    return {change.path for change in listed} | {change.previous for change in listed if change.previous}
