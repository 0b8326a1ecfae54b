"""A record's title: which heading it is, and what stands before the words of it.

The first H1 is the title unless it is a chapter's name ("# Context" in a file without a title) or says only what
kind of document this is. A number or id before the words belongs to the identity. Not here: ids (identity.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.records.blocks import Block, Kind
from bot.records.document import Document
from bot.records.field_lines import name_key
from bot.records.fields import Field
from bot.records.identity import RECORD_WORDS, from_path
from bot.records.inline import plain, title_text, unlinked

_WORDS = (
    r"(?:architectur(?:e|al)[ -]+)?(?:significant[ -]+)?decision(?:[ -]records?)?|adr|rfc|rfd|pep|eip|"
    r"erc|kep|dr|ad|"
    r"architekturentscheidung|entscheidung|decisi[oó]n|d[eé]cision|decis[aã]o|decisione"
)
_NUMBER = re.compile(
    rf"^\[?(?P<lead>(?:[^\W\d_][\w&.]*[ ]){{0,2}}?)(?P<word>{_WORDS})[ ]?(?P<sep>[-_ #:№]{{0,3}}"
    rf"(?:no\.?[ ]?)?)"
    r"(?P<num>\d{1,6})\]?(?:[ ]*[:：.)—–|-]+[ ]*|[ ]+|$)(?P<rest>.*)$",
    re.I | re.S,
)
_LABEL = re.compile(
    r"^\[?(?P<label>[A-Z]{2,8}(?:[-_][A-Za-z]{1,12}){0,3})[-_ #]?(?P<num>\d{1,6})\]?"
    r"(?:[ ]*[:：.)—–|]+[ ]*|[ ]+-[ ]+|[ ]+(?=[^\W\d_]))(?P<rest>.+)$",
    re.S,
)
_BARE = re.compile(
    r"^[#\[(]?(?P<num>\d{1,6})(?P<gap>[\])]?[ ]*[:：.)—–|-]+[ ]*|[\])]?[ ]+)(?P<rest>.+)$", re.S
)
_TICKET = re.compile(r"^(?:ADR|RFC)[ ]+[A-Z][A-Z0-9]{1,15}-\d{1,7}[ :–—-]+(?P<rest>\S.*)$", re.S)
_KIND_ONLY = re.compile(
    r"^(?:architectur(?:e|al)[ -]+decision(?:[ -]records?)?|decision[ -]records?|adr|rfc)"
    r"[ ]*[:：][ ]+(?P<rest>\S.*)$",
    re.I | re.S,
)
_ANCHOR = re.compile(r"\s*\{#[\w.:-]{1,100}\}\s*$")
_GENERIC = re.compile(
    r"^(?:adr|rfc|title|(?:architectur(?:e|al)[ -]+)?(?:significant[ -]+)?decision(?:s|"
    r"[ -]records?)?(?: \(adrs?\))?|"
    r"entscheidung|architekturentscheidung)$",
    re.I,
)
_CHAPTER_NAMES = (
    "context|context and problem statement|problem statement|problem|decision|decision outcome|decisions|"
    "consequences|status|summary|abstract|motivation|introduction|background|overview|table of contents|"
    "contents|toc|goals|rationale|specification|proposal|discussion|considered options|options|alternatives|"
    "decision drivers|metadata|prologue|issue|assumptions|constraints|implications|date|history|changelog|"
    "scope|terminology|guide-level explanation|kontext|entscheidung|konsequenzen|contexto|decisión|contexte|"
    "tl;dr|tldr|executive summary|purpose|simple summary|meta|rejection notice|notice|document history"
)
_CHAPTERS = frozenset(_CHAPTER_NAMES.split("|"))


@dataclass(frozen=True, slots=True)
class Title:
    """A title taken apart. text: without its number; number, label, digits: what stood before it, if anything."""

    text: str
    number: int | None = None
    label: str | None = None
    digits: str = ""


def split_title(raw: str, expected: int | None = None) -> Title:
    """Take "ADR-012: " or "12. " off a title. expected: the file's number; then a bare "12 Title" counts too."""
    raw = _ANCHOR.sub("", unlinked(raw.strip())) if "[" in raw or "{#" in raw else raw.strip()
    if found := _NUMBER.match(raw):
        rest = found["rest"].strip()
        if rest or expected is None or int(found["num"]) == expected:
            return Title(rest, int(found["num"]), found["word"], found["num"])
    if found := _LABEL.match(raw):
        labels = re.split(r"[-_]", found["label"].lower())
        if int(found["num"]) == expected or RECORD_WORDS.intersection(labels):
            return Title(found["rest"].strip(), int(found["num"]), found["label"], found["num"])
    if (found := _BARE.match(raw)) and _is_number(found, expected):
        return Title(found["rest"].strip(), int(found["num"]), None, found["num"])
    if found := _TICKET.match(raw) or _KIND_ONLY.match(raw):
        return Title(found["rest"].strip())
    return Title(raw)


def _is_number(found: re.Match[str], expected: int | None) -> bool:
    """Whether the digits before a title are its number: "12. Title", "0012 Title", but not "3 ways to …"."""
    if int(found["num"]) == expected or (found["num"].startswith("0") and len(found["num"]) > 1):
        return True
    gap = found["gap"]
    return bool(gap.strip()) and gap.endswith(" ") and (expected is None or gap.strip()[0] in ".:)]")


def find_title(document: Document, fields: Sequence[Field]) -> tuple[Block | None, str | None]:
    """The title's block and text; the block is None where the title stands in a field or in front matter."""
    if document.part is not None:
        return document.part, title_text(document.part.text)
    heads = [b for b in document.blocks if b.kind is Kind.HEADING and not b.quote]
    tops = [b for b in heads if b.level == 1]
    stating = next((f for f in fields if f.key == "title" and f.in_header and plain(f.value)), None)
    stated = stating.value.strip() if stating else None
    if stating and stating.where == "line" and heads and stating.place.line < heads[0].line:
        return None, stated  # a mail-like header over the text
    for block in tops[:3]:
        text = title_text(block.text)
        alone = len(tops) == 1 and not stated
        if not plain(text) or (is_chapter(text) and not alone):
            continue
        if block is not tops[0] and not _GENERIC.match(plain(tops[0].text)):
            break  # an H1 after a chapter is a chapter
        if _GENERIC.match(plain(text)):
            better = _after_generic(document.blocks, heads, block)
            if better or stated:
                return (better, title_text(better.text)) if better else (None, stated)
        return block, text
    if stated:
        return None, stated
    if inside := _inside_front_matter(document):
        return None, inside
    if named := next(
        (f.value.strip() for f in fields if f.key == "name" and f.in_header and plain(f.value)), None
    ):
        return None, named
    expected = from_path(document.source.path).number
    if not tops and heads and _heads_document(document.blocks, heads, expected):
        return heads[0], title_text(heads[0].text)
    return None, None


def _inside_front_matter(document: Document) -> str | None:
    """A heading that slipped into the front matter, where YAML takes it for a comment."""
    lines = document.source.lines[: document.front.end]
    found = [line[2:].strip() for line in lines if line.startswith("# ")]
    return found[0] if len(found) == 1 and not found[0].startswith(("These ", "Configuration ")) else None


def is_chapter(text: str) -> bool:
    """Whether a heading is a chapter's name rather than a title."""
    bare = re.sub(r"^[\d.\s]+", "", plain(text)).strip(" :").lower()
    return bare in _CHAPTERS or name_key(text) in ("status", "date", "deciders", "authors")


def _after_generic(blocks: Sequence[Block], heads: Sequence[Block], block: Block) -> Block | None:
    """The heading right after "# Architecture Decision Record", where it is the real title."""
    following = heads[heads.index(block) + 1 :][:1]
    if not following or is_chapter(following[0].text) or not plain(following[0].text):
        return None
    head = following[0]
    if split_title(title_text(head.text)).number is not None or head.level == 1:
        return head
    at = blocks.index(block)
    return head if blocks[at + 1 : at + 2] == (head,) else None


def _heads_document(blocks: Sequence[Block], heads: Sequence[Block], expected: int | None) -> bool:
    """Whether the first heading, though no H1, stands over the whole text. expected: the file's number."""
    first = heads[0]
    if is_chapter(first.text) or name_key(first.text) or blocks[0] is not first:
        return False
    if all(head.level > first.level for head in heads[1:]):
        return True
    named = split_title(title_text(first.text), expected)
    return named.label is not None or (expected is not None and named.number == expected)
