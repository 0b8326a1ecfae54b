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
    return git.keep(("changes", base, head), lambda: _changes(git, base or _EMPTY_TREE, head))


def _changes(git: Git, base: str, head: str) -> list[FileChange]:
    arguments = ("diff-tree", "-r", "-M", "--no-ext-diff", "--no-color", "--full-index")
    fields = git.run(*arguments, "--raw", "-z", base, head).decode(errors="replace").split("\0")
    numbers = git.run(*arguments, "--numstat", "-z", base, head).decode(errors="replace").split("\0")
    text = git.run(*arguments, "-p", base, head).decode(errors="replace")
    patches = re.split(r"^diff --git .*\n", text, flags=re.MULTILINE)[1:]
    found: list[FileChange] = []
    at = count = 0
    while at < len(fields) - 1:
        _, _, old, new, status = fields[at].split(" ")
        renamed = status[0] in "RC"
        previous, path = (fields[at + 1], fields[at + 2]) if renamed else (None, fields[at + 1])
        at += 3 if renamed else 2
        added, deleted, _ = numbers[count].split("\t")
        count += 3 if renamed else 1
        lines = re.search(r"^@@ ", patches[len(found)], re.MULTILINE)
        found.append(
            FileChange(
                path,
                _STATUS.get(status[0], "changed"),
                old if new == ZERO else new,
                int(added) if added != "-" else 0,
                int(deleted) if deleted != "-" else 0,
                patches[len(found)][lines.start() :].removesuffix("\n") if lines else None,
                previous,
            )
        )
    return found


def changed_paths(git: Git, base: str | None, head: str) -> set[str]:
    """The paths that differ, both names of a renamed file."""
    listed = changes(git, base, head)
    return {change.path for change in listed} | {change.previous for change in listed if change.previous}
