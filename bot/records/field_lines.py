"""One line read as a header field, or as several: `**Status:** Accepted | **Date:** 2024-05-01`.

A name counts only if it is known (field_names.py); the dress around it does not matter. Not here: where in the
document a field may stand (fields.py).
"""

from __future__ import annotations

import re
from functools import lru_cache

from bot.records.field_names import FIELD_NAMES
from bot.records.inline import plain, without_comments

MAX_LINE = 1_500
MAX_PIECES = 24
_MARK = re.compile(r"[:：=–]|\*\*|__| - ")

_NAME_SHAPE = re.compile(
    r"^[\s>|*_`~#+•·–—-]*(?:[^\w\s\[\](){}<>\"']{1,6}[\s*_]*)?"
    r"(?P<name>[^\W\d_][\w /&().'-]{0,40}?)[\s*_`]*(?P<colon>[:：=])(?P<rest>.*)$",
    re.S,
)
_BOLD_NAME = re.compile(
    r"^\s*(?:[-*+]\s+)?(?:\*\*|__)(?P<name>[^*_:]{2,40})(?:\*\*|__)\s*[–—-]?\s+(?P<rest>\S.*)$"
)
BOLD_ONLY = re.compile(r"^\s*(?:\*\*|__)(?P<name>[^*_:]{2,40}):?(?:\*\*|__)\s*:?\s*$")
_DASHED = re.compile(r"^(?P<name>[^\W\d_][\w ]{1,30}?)\s+[–—-]\s+(?P<rest>\S.*)$")
_INNER_BOLD = re.compile(r"(?<=\S)\s+(?=(?:\*\*|__)[^*_:\n]{2,30}(?::(?:\*\*|__)|(?:\*\*|__)\s*:))")
_PIECES = re.compile(
    r"\s+(?:\||·|•|∙|—|–|/|‖)\s+|\s*;\s+|\s{3,}|\t+|<br\s*/?>|[.,]\s+(?=[*_]{0,2}[^\W\d_]{3,12}[*_]{0,2}:)",
    re.I,
)


_LOOKALIKES = str.maketrans("аеорсухіѕјԁһӏтнмкѵοαεικνρτυχ", "aeopcyxisjdhltnmkvoaeiknptux")
"""Cyrillic and Greek letters that a reader takes for Latin ones, for names that mix the scripts."""


@lru_cache(maxsize=4096)
def name_key(name: str) -> str | None:
    """Which field this name means, if it is one that we know."""
    bare = re.sub(r"[^\w\s-]+", " ", plain(name).lower()).replace("_", " ")
    if not bare.isascii() and re.search("[a-z]", bare):
        bare = bare.translate(_LOOKALIKES)
    bare = re.sub(r"\s+", " ", bare).strip(" -")
    return FIELD_NAMES.get(bare) or FIELD_NAMES.get(bare.replace("-", " "))


def may_hold(text: str) -> bool:
    """Whether any line of the text could be a field at all; most paragraphs can not."""
    return _MARK.search(text) is not None


def pieces(line: str) -> list[tuple[str, str, str]]:
    """The fields on one line as (key, name, value): none, one, or several with marks between them."""
    line = line[:MAX_LINE]
    whole = named(line)
    if whole is None:
        return []
    parts = (
        part for chunk in _INNER_BOLD.split(line, MAX_PIECES) for part in _PIECES.split(chunk, MAX_PIECES)
    )
    merged: list[tuple[str, str, str]] = []
    for part in parts:
        found = named(part) if part.strip() else None
        if found:
            merged.append(found)
        elif merged and part.strip():
            key, name, value = merged[-1]
            merged[-1] = (key, name, f"{value} | {part.strip()}")
    return merged if len(merged) > 1 else [whole]


def label(line: str) -> tuple[str, str] | None:
    """(key, name) if the line is nothing but a bold, known name: a label for what follows."""
    if "**" not in line and "__" not in line:
        return None
    only = BOLD_ONLY.match(line[:MAX_LINE])
    key = name_key(only["name"]) if only else None
    return (key, only["name"]) if only and key and key != "meta" else None


def named(line: str) -> tuple[str, str, str] | None:
    """(key, name, value) if the line is `name: value` with a known name."""
    lead = line[:70]
    if ":" in lead or "：" in lead or "=" in lead:
        shape = _NAME_SHAPE.match(without_comments(line))
        if shape and (key := name_key(shape["name"])):
            return (
                None
                if shape["rest"].startswith("//")
                else (key, shape["name"].strip(), _unmarked(shape["rest"]))
            )
    return (
        _unmarked_name(line, lead) if "**" in lead or "__" in lead or " - " in lead or "–" in lead else None
    )


def _unmarked_name(line: str, lead: str) -> tuple[str, str, str] | None:
    """`**Status** Accepted` and `Status - Accepted`: a known name without a colon."""
    text = without_comments(line)
    if (shape := _BOLD_NAME.match(text)) and (key := name_key(shape["name"])) and key != "meta":
        return key, shape["name"].strip(), _unmarked(shape["rest"])
    dashed = _DASHED.match(plain(text)) if " - " in lead or "–" in lead or "—" in lead else None
    if (shape := dashed) and (key := name_key(shape["name"])) in ("status", "date"):
        return str(key), shape["name"], shape["rest"]
    return None


def _unmarked(rest: str) -> str:
    """The value without the closing marks of a bold name or a bold line."""
    rest = re.sub(r"^[\s]*(?:\*\*|__|\*|_)?(?=\s|$)", "", rest).strip()
    rest = rest.rstrip("\\").strip()
    for mark in ("**", "__"):
        if rest.count(mark) % 2 and rest.endswith(mark):
            rest = rest[: -len(mark)]
    return rest.strip()
