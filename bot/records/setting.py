"""Where a status that permits stands, and in what dress, as far as that leaves doubt.

A quotation, a part that is folded away, a picture, a variable, a footnote: the word is there, and whether its
author states it is for a person to say. Each doubt is the end of a sentence for the author. Only asked where the
status would else permit work. Not here: the words beside the state (doubt.py), and what nobody sees (hidden.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from bot.records.blocks import Block, Kind
from bot.records.doubt import limits
from bot.records.field_lines import name_key
from bot.records.fields import HEADER_SECTIONS, Field
from bot.records.inline import plain
from bot.records.status import normalise
from bot.records.words import CJK_STATE, STATE

QUOTED = "stands in a quotation, which may be somebody else's words"
FOLDED = "stands in a part of the page that is folded away or shown only sometimes"
PICTURE = "is only a picture, which can change without this file"
VARIABLE = "is a variable, whose value is not in this file"
QUESTION = "stands under a question"
FAINT = "is struck out or made hard to see"
FOOTNOTE = "has a footnote that limits it, or that is missing"
REMARK = "has a remark beside it that limits it"

_FOLDS = re.compile(
    r"(?P<open><details\b(?![^<>]{0,200}\bopen\b)[^<>]{0,200}>|\{%-?\s{0,8}(?:if|unless|for)\b|"
    r"^:::+\s{0,4}\{?\.?(?:details|spoiler|collaps\w{0,4}|example|template)\b)|"
    r"(?P<shut></details\s{0,8}>|\{%-?\s{0,8}end(?:if|unless|for)\b|^:::+\s*$)",
    re.I | re.M,
)
_FIELD_LIKE = re.compile(r"\W{0,8}(?P<name>[^\W\d_][\w /()-]{1,40}?)[*_ ]{0,3}[:：][*_ ]{0,4}\S")
_CODE_SPAN = re.compile(r"`[^`\n]{1,200}`")
_SUMMARY = re.compile(r"<summary\b[^<>]{0,200}>([^<>]{1,200})", re.I)
_PICTURE = re.compile(
    r"!\[[^\[\]\n]{0,300}\](?:\([^()\n]{0,600}\)|\[[^\[\]\n]{0,200}\])?|<img\b[^<>]{0,600}>", re.I
)
_BADGE = re.compile(
    r"!\[(?P<alt>[^\[\]\n]{1,60})\]\(https://img\.shields\.io/badge/(?P<words>[^()\s?#/]{3,120})\)"
)
_VARIABLE = re.compile(r"\{\{|\$\{|\{%|^\W*%\w|^\|\w[^|\n]{0,60}\|$|<%|\$\w+\$")
_FAINT = re.compile(
    r"\bline-through\b|font-size\s{0,4}:\s{0,4}0|opacity\s{0,4}:\s{0,4}0?\.?[0-2]|"
    r"(?<![\w-])color\s{0,4}[:=]\s{0,4}[\"']?(?:white|transparent|#fff)|(?<![~\w])~[^~\s][^~\n]{0,200}~(?![~\w])|\u0336",
    re.I,
)
_MARK = re.compile(
    r"\[\^(?P<md>[^\[\]\s]{1,60})\]|<sup\b[^<>]{0,100}>\W{0,6}(?P<sup>[\w*]{1,6})|\[(?P<rst>#?\w{0,20}|\*)\]_|"
    r"footnote:\w{0,40}\[(?P<adoc>[^\[\]\n]{0,300})\]|(?P<sign>[†‡§¹²³⁴⁵⁶⁷⁸⁹]|\\\*)|(?<=[^\W_])(?P<star>\*)(?!\*)\W*$"
)
_SECTION_SIGN = re.compile(
    r"(?<!\w)(?:see|cf\.?|decisions?|sections?|chapters?|adr[- ]?\d{1,6}|in|of|per|under)\s{1,3}§{1,2}\s?\d",
    re.I,
)
"""A "§" that leads to a chapter is no mark of a footnote."""
_NOTE_LINE = re.compile(
    r"^[\s>*-]{0,8}(?:\[\^?(?P<name>[^\[\]\s]{1,60})\]:?|\.\.\s\[(?P<rst>[^\[\]\s]{1,60})\]|"
    r"<sup\b[^<>]{0,100}>\W{0,6}(?P<sup>[\w*]{1,6})[^<>]{0,6}</sup>:?|(?P<sign>[†‡§¹²³⁴⁵⁶⁷⁸⁹]|\\?\*(?!\*)))\s*(?P<text>\S.{0,300})$"
)


@dataclass(frozen=True, slots=True)
class Setting:
    """What of a page the doubts are read from.

    lines: its source; folds: first and last lines of folded parts; heads: lines of quotations that are the header.
    """

    lines: Sequence[str] = ()
    folds: Sequence[tuple[int, int]] = ()
    heads: frozenset[int] = frozenset()


def setting_of(blocks: Sequence[Block], lines: Sequence[str]) -> Setting:
    """The setting of a page's statuses."""
    return Setting(lines, _folded(blocks), frozenset(_heads(blocks)))


def doubt_of_place(field: Field, setting: Setting) -> str | None:
    """Why a status that stands there may not be the record's own; another statement of it settles the doubt."""
    if field.quoted and field.place.line not in setting.heads:
        return QUOTED
    lines = {field.place.line, *(block.line for block in field.blocks[:1])}
    return FOLDED if any(a <= line <= b for a, b in setting.folds for line in lines) else None


def doubt_of_dress(field: Field, setting: Setting) -> str | None:
    """Why the words of a status, as they are written, may not hold."""
    value = field.value
    if "?" in field.name or "？" in field.name:
        return QUESTION
    shown = _PICTURE.sub(" ", value)
    if shown != value and not _names_state(shown) and not _is_badge(value):
        return PICTURE
    if _VARIABLE.search(value.strip()):
        return VARIABLE
    if _FAINT.search(value):
        return FAINT
    found = _MARK.search(_SECTION_SIGN.sub(" ", value))
    if found and _limited(found, setting.lines):
        return FOOTNOTE
    return REMARK if field.where == "frontmatter" and _remarked(field, setting.lines) else None


def _names_state(text: str) -> bool:
    words = plain(text)
    return bool(STATE.search(words) or CJK_STATE.search(words))


def _is_badge(value: str) -> bool:
    """Whether the value is one badge whose picture, drawn from the words in its address, shows what is written."""
    found = _BADGE.fullmatch(value.strip())
    if found is None:
        return False
    parts = re.split(r"(?<!-)-(?!-)", unquote(found["words"]))
    shown = " ".join(part.replace("--", "-").replace("_", " ") for part in parts[:-1])
    return bool(shown) and normalise(shown) is normalise(found["alt"])


def _limited(mark: re.Match[str], lines: Sequence[str]) -> bool:
    """Whether the footnote of this mark limits the state, or stands nowhere."""
    if mark["adoc"] is not None:
        return limits(mark["adoc"])
    name = (mark["md"] or mark["sup"] or mark["rst"] or mark["sign"] or mark["star"] or "").lstrip("\\")
    for line in lines:
        note = _NOTE_LINE.match(line[:500]) if name and name in line[:80] else None
        if note and (note["name"] or note["rst"] or note["sup"] or note["sign"] or "").lstrip("\\^") == name:
            return limits(note["text"])
    return True


def _remarked(field: Field, lines: Sequence[str]) -> bool:
    """Whether a comment of YAML beside the value limits it: "accepted # not yet". A list of states is help."""
    line = lines[field.place.line - 1][:500] if 0 < field.place.line <= len(lines) else ""
    _, mark, remark = line.partition(" #")
    states = {found[0].lower() for found in STATE.finditer(remark)}
    return bool(mark) and len(states) < 2 and limits(remark)


def _folded(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """First and last line of each part that a page shows folded; one that says it is the header is none."""
    out: list[tuple[int, int]] = []
    opened: list[tuple[int, bool]] = []
    for block in blocks:
        if block.kind is Kind.CODE or not any(sign in block.text for sign in ("<", "{%", ":::")):
            continue
        for number, line in block.text_lines():
            for found in _FOLDS.finditer(_CODE_SPAN.sub("", line[:2_000])):
                if found["open"]:
                    told = _SUMMARY.search(block.text) if len(opened) < 20 else None
                    opened.append((number, bool(told and _is_header(told[1]))))
                elif opened:
                    start, header = opened.pop()
                    out += [] if header else [(start, number)]
    last = blocks[-1].end_line if blocks else 0
    out += [(start, last) for start, header in opened if not header]
    return out[:200]


def _heads(blocks: Sequence[Block]) -> Iterator[int]:
    """Lines of quotations right below the title that begin with a field: many teams set their header off so."""
    titled = False
    for block in blocks:
        if block.kind is Kind.HEADING and (titled or block.quote):
            return
        titled = titled or block.kind is Kind.HEADING
        if block.kind in (Kind.HEADING, Kind.RULE, Kind.FIELD):
            continue
        found = _FIELD_LIKE.match(block.text)
        if block.kind is Kind.CODE or not found or name_key(found["name"]) in ("id", "title"):
            return
        if block.quote:
            yield from range(block.line, block.end_line + 1)


def _is_header(summary: str) -> bool:
    words = plain(summary)
    return bool(HEADER_SECTIONS.match(words)) or name_key(words) is not None
