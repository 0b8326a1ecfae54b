"""A change of files as a patch for `git apply`, to be copied from a comment.

Only where the comment shows it byte for byte: Markdown loses carriage returns, and invisible characters are taken
out of everything that is shown. A patch that would not apply is none. https://git-scm.com/docs/diff-format
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from bot.render.markdown import Safe, fence
from bot.render.plain import printable

_MOST = 40_000  # characters: more does not fit beside words


def patch(
    before: Mapping[str, bytes], changes: Mapping[str, bytes | None], renames: Mapping[str, str]
) -> Safe | None:
    """The change as a fenced patch; None if a comment cannot carry it.

    before: content of the files that change. changes: new content, None for what is gone. renames: old path to
    new path.
    """
    try:
        whole = "".join(_file(before, changes, renames, path) for path in sorted(changes))
    except UnicodeDecodeError:
        return None
    paths = "".join([*changes, *renames.values()])
    plain = printable(paths) == paths and not set(paths) & set('"\\\t\n')
    if not plain or printable(whole, keep="\n\t") != whole or len(whole) > _MOST:
        return None
    return fence(whole, "diff")


def _file(
    before: Mapping[str, bytes], changes: Mapping[str, bytes | None], renames: Mapping[str, str], path: str
) -> str:
    if path in renames.values():
        return ""  # told with its old path
    new = renames.get(path, path)
    content = changes[new]
    old = before[path].decode()
    if content is None:
        return ""
    head = f"diff --git a/{path} b/{new}\n"
    if new != path:
        head += f"rename from {path}\nrename to {new}\n"
    hunks = difflib.unified_diff(_lines(old), _lines(content.decode()), f"a/{path}", f"b/{new}")
    return head + "".join(_ended(line) for line in hunks)


def _lines(text: str) -> list[str]:
    """Lines as git counts them: by line feeds alone, each with its own."""
    *ended, last = text.split("\n")
    return [*(f"{line}\n" for line in ended), *([last] if last else [])]


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
