"""Text that somebody else wrote, as one harmless line; and how wide it is in a terminal.

Control characters can drive a terminal, bidirectional overrides show text in another order than it has, and
invisible characters hide text from the reader: all of them go. Not here: Markdown and HTML (markdown.py).
"""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs"})
_JOINERS = "\u200c\u200d"  # emoji and several scripts are not the same without them


def printable(s: str, keep: str = "") -> str:
    """Without control, format and surrogate characters; those in `keep` stay."""
    if s.isprintable():  # as nearly all text is
        return s
    return "".join(c for c in s if c in keep or c in _JOINERS or unicodedata.category(c) not in _HIDDEN)


def one_line(s: str) -> str:
    """All of it on one line, single spaces, nothing invisible."""
    return " ".join(printable(" ".join(s.split())).split())


_CALLS = re.compile(r"(?<!\w)@(?=\w)|#(?=\d)|\bGH-(?=\d)|:(?=//)", re.IGNORECASE)


def inert(s: str) -> str:
    """One line that GitHub reads as text where it takes no Markdown: in titles and commit messages, which may
    become commits of the default branch. There "Closes #1" closes, "@name" calls and "[skip ci]" stops all checks.
    """
    return _CALLS.sub(lambda call: call[0].rstrip("-") + " ", one_line(s)).translate(_BRACKETS)


_BRACKETS = str.maketrans("[]", "()")


def clip(s: str, most: int) -> str:
    """At most `most` characters; an ellipsis shows where something was left out."""
    return s if len(s) <= most else s[: max(0, most - 1)].rstrip() + "…"


def clause(s: str, most: int = 500) -> str:
    """A sentence's inside: one line without its full stop, so that it can stand in ours."""
    return clip(one_line(s), most).rstrip(" .")


def columns(s: str) -> int:
    """How many terminal columns the text takes."""
    return len(s) if s.isascii() else sum(_columns(c) for c in s)


def pad(s: str, width: int) -> str:
    """Filled with spaces to `width` columns; longer text is left as it is."""
    return s + " " * (width - columns(s))


def _columns(c: str) -> int:
    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def words(name: str) -> str:
    """A name as people say it: "open-workflow-pr" is "Open workflow PR"."""
    said = [_SAID.get(part.lower(), part) for part in one_line(name).replace("_", "-").split("-") if part]
    text = " ".join(said)
    return text[:1].upper() + text[1:]


_SAID = {"pr": "PR", "adr": "ADR", "ci": "CI", "github": "GitHub", "id": "id", "cloi": "CLOI"}
