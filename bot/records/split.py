"""One file with many records: found by its headings, each part read as a record of its own.

Headings count only if they carry a number and at least two of them have a status of their own; numbered
chapters of one record do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.records.blocks import Block, Kind
from bot.records.document import Document
from bot.records.fields import fields_of
from bot.records.inline import title_text
from bot.records.titles import split_title

MAX_PARTS = 150


def split(document: Document) -> list[Document]:
    """The parts of a file that holds several records; empty if it is one record or none."""
    heads = [(i, b) for i, b in enumerate(document.blocks) if b.kind is Kind.HEADING and not b.quote]
    for level in (1, 2, 3):
        numbered = [(i, b) for i, b in heads if b.level == level and _numbered(b)]
        if len(numbered) < 2:
            continue
        parts = [_part(document, heads, i, b) for i, b in numbered[:MAX_PARTS]]
        stated = sum(_states_status(part.blocks) for part in parts)
        if (stated >= 2 and stated * 2 >= len(parts)) or _is_list_of_records(heads, numbered, level):
            return parts
    return []


def _is_list_of_records(
    heads: Sequence[tuple[int, Block]], numbered: Sequence[tuple[int, Block]], level: int
) -> bool:
    """Whether a file without statuses is a list of records all the same: most of its headings are "ADR-7 …"."""
    labelled = [b for _, b in numbered if split_title(title_text(b.text)).label]
    same = [b for _, b in heads if b.level == level]
    above = [b for _, b in heads if b.level < level]
    return len(labelled) >= 3 and len(labelled) * 5 >= len(same) * 4 and not any(_numbered(b) for b in above)


def _numbered(head: Block) -> bool:
    title = split_title(title_text(head.text))
    return title.number is not None and bool(title.text)


def _part(document: Document, heads: Sequence[tuple[int, Block]], index: int, head: Block) -> Document:
    following = next((i for i, b in heads if i > index and b.level <= head.level), len(document.blocks))
    end = (
        document.blocks[following].line - 1
        if following < len(document.blocks)
        else len(document.source.lines)
    )
    return replace(
        document,
        source=replace(document.source, lines=document.source.lines[:end]),
        front=replace(document.front, values={}, places={}),
        blocks=document.blocks[index:following],
        part=head,
    )


def _states_status(blocks: Sequence[Block]) -> bool:
    return any(field.key == "status" for field in fields_of(blocks))
