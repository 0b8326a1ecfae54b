"""Paths into GitHub's API from names that others chose (branches, files, people): each stays inside its place.

Without it a file called `../../other/repo` would be a request to another repository.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from bot.github.errors import Invalid

# https://docs.github.com/en/repositories/creating-and-managing-repositories/creating-a-new-repository
_FULL_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", re.ASCII)


def full_name(text: str) -> str:
    """`text` if it is "owner/name". Raises Invalid."""
    if not _FULL_NAME.fullmatch(text) or {".", ".."} & set(text.split("/")):
        raise Invalid(f"“{text[:200]}” is not a repository's full name (owner/name).")
    return text


def segment(text: str | int) -> str:
    """One segment of a path, escaped; slashes too. Raises Invalid."""
    value = str(text)
    if value in ("", ".", "..") or "\0" in value:
        raise Invalid(f"“{value}” cannot be part of an address.")
    return quote(value, safe="")


def segments(text: str) -> str:
    """A path of a file or a branch, escaped, its slashes kept. Raises Invalid."""
    return "/".join(segment(part) for part in text.split("/"))
