"""Our key inside a text on GitHub, where people do not see it: an HTML comment at the end.

Anybody can write one: a marker says which of our objects it is, never that it is ours.
"""

from __future__ import annotations

from urllib.parse import quote


def hidden(key: str) -> str:
    """The marker for a key, whatever is in the key."""
    # "--" and ">" would end an HTML comment.
    safe = quote(key, safe="/:#@.+ ").replace("--", "-%2D").replace("--", "-%2D")
    return f"<!-- cloi:{safe} -->"


def marked(body: str, key: str) -> str:
    """The body with its marker."""
    return f"{body.rstrip()}\n\n{hidden(key)}"


def has(body: str | None, key: str) -> bool:
    """Whether a body has the key's marker."""
    return hidden(key) in (body or "")
