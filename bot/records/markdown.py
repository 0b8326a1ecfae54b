"""Markdown to blocks, on markdown-it-py's block parser (CommonMark) with its line maps.

Inline text is not parsed by the library: that would double the time, and fields need the marks anyway. Tables
are read here, line by line, since a table of a thousand columns makes the library fill a million cells.
Comments are taken out first, outside of code, because help texts stand between a field and its value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from bot.records.blocks import Block, Kind
from bot.records.hidden import may_hide, without_hidden
from bot.records.html_table import html_rows
from bot.records.quick import pieces_of

MAX_CELLS = 40

_PARSER = MarkdownIt("commonmark", {"maxNesting": 20})
_PARSER.core.ruler.enableOnly(["normalize", "block"])

_FENCE = re.compile(r"^[ >]{0,12}(?:[-*+] {1,3})?(`{3,}|~{3,})")
_RULE_ROW = re.compile(r"^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$")
_REFERENCE = re.compile(r"\[([^\[\]]{1,300})\](?:\[([^\[\]]{0,200})\])?(?![(:\[])")
_CELL_BREAK = re.compile(r"(?<!\\)\|")


def blocks_of(lines: Sequence[str], first_line: int = 1) -> list[Block]:
    """The blocks of these lines. first_line: the number of the first of them in the file."""
    kept = _shown(lines)
    env: dict[str, Any] = {}
    blocks: list[Block] = []
    for piece in pieces_of(kept):
        line = first_line + piece.start
        end = first_line + piece.end - 1
        if piece.text is None:
            blocks += _walk(_PARSER.parse("\n".join(kept[piece.start : piece.end]), env), line)
        elif piece.code:
            blocks.append(Block(Kind.CODE, piece.text, line, end))
        elif piece.item:
            blocks += _paragraph(piece.text, line, end, 1, False, 1)
        elif piece.level:
            blocks.append(Block(Kind.HEADING, piece.text, line, end, piece.level))
        else:
            blocks += _paragraph(piece.text, line, end, 0, False, 0)
    return _linked(blocks, env)


def library_blocks(lines: Sequence[str], first_line: int = 1) -> list[Block]:
    """The same by the library alone, which the quick way is measured against."""
    env: dict[str, Any] = {}
    return _linked(_walk(_PARSER.parse("\n".join(_shown(lines)), env), first_line), env)


def _linked(blocks: list[Block], env: Mapping[str, Any]) -> list[Block]:
    targets = {label: str(found["href"]) for label, found in env.get("references", {}).items()}
    return [_resolved(block, targets) for block in blocks] if targets else blocks


def _resolved(block: Block, targets: Mapping[str, str]) -> Block:
    """The block with `[label][name]` and `[name]` written as `[label](target)`."""
    if "[" not in block.text or block.kind is Kind.CODE:
        return block

    def inline(found: re.Match[str]) -> str:
        target = targets.get(normalizeReference(found[2] or found[1]))
        return f"[{found[1]}]({target})" if target and len(target) < 400 else found[0]

    text = _REFERENCE.sub(inline, block.text, count=200)
    cells = tuple(_REFERENCE.sub(inline, cell, count=20) for cell in block.cells)
    return replace(block, text=text, cells=cells)


def _shown(lines: Sequence[str]) -> list[str]:
    """The lines as a reader of the page sees them, each in its place."""
    kept = _without_comments(lines)
    text = "".join(kept)
    if not (("<" in text or "{" in text) and may_hide(text)):
        return kept
    code, fence = [], ""
    for line in kept:
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence[:3]) and len(mark[1]) >= len(fence):
            fence = ""
        code.append(bool(fence or mark))
    return without_hidden(kept, code=code)


def _without_comments(lines: Sequence[str]) -> list[str]:
    """The lines without HTML comments outside of fences; the number of lines stays as it is."""
    if not any("<!--" in line for line in lines):
        return list(lines)
    out: list[str] = []
    fence = ""
    inside = False
    closes = max((i for i, line in enumerate(lines) if "-->" in line), default=-1)
    for number, line in enumerate(lines):
        if not inside and (mark := _FENCE.match(line)):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence[:3]) and len(mark[1]) >= len(fence):
                fence = ""
        if fence:
            out.append(line)
            continue
        kept, inside = _strip_comment(line, inside, may_open=number <= closes)
        out.append(kept)
    return out


def _strip_comment(line: str, inside: bool, *, may_open: bool) -> tuple[str, bool]:
    kept: list[str] = []
    at = 0
    while at <= len(line):
        if inside:
            end = line.find("-->", at)
            if end < 0:
                break
            at, inside = end + 3, False
        else:
            start = line.find("<!--", at)
            if start < 0 or (not may_open and "-->" not in line[start:]):
                kept.append(line[at:])
                break
            kept.append(line[at:start])
            at, inside = start + 4, True
    text = "".join(kept)
    return (text.strip() if text != line and not line.startswith((" ", "\t")) else text), inside


def _walk(tokens: list[Token], first_line: int) -> list[Block]:
    out: list[Block] = []
    quotes = items = 0
    fresh_item = False
    for index, token in enumerate(tokens):
        kind = token.type
        if kind == "blockquote_open":
            quotes += 1
        elif kind == "blockquote_close":
            quotes -= 1
        elif kind == "list_item_open":
            items, fresh_item = items + 1, True
        elif kind == "list_item_close":
            items -= 1
        elif kind == "heading_open" and token.map:
            start, end = token.map
            text = tokens[index + 1].content
            level = int(token.tag[1:])
            out.append(Block(Kind.HEADING, text, first_line + start, first_line + end - 1, level, quotes > 0))
        elif kind == "paragraph_open" and token.map:
            start, end = token.map
            text = tokens[index + 1].content
            as_item = items if items and fresh_item else 0
            out += _paragraph(text, first_line + start, first_line + end - 1, as_item, quotes > 0, items)
            fresh_item = False
        elif kind in ("fence", "code_block") and token.map:
            start, end = token.map
            out.append(Block(Kind.CODE, token.content, first_line + start, first_line + end - 1))
        elif kind == "html_block" and token.map:
            start, end = token.map
            text = token.content.rstrip("\n")
            out += html_rows(text, first_line + start) or _paragraph(
                text, first_line + start, first_line + end - 1, 0, quotes > 0, 0
            )
        elif kind == "hr" and token.map:
            out.append(Block(Kind.RULE, "", first_line + token.map[0], first_line + token.map[0]))
    return out


def _paragraph(text: str, line: int, end: int, item: int, quote: bool, depth: int) -> list[Block]:
    """A paragraph, or the rows of a table with the paragraph before it."""
    if "|" not in text:
        return [Block(Kind.ITEM if item else Kind.PARAGRAPH, text, line, end, item or depth, quote)]
    parts = text.split("\n")
    rule = next(
        (i for i, part in enumerate(parts) if i and "|" in part + parts[i - 1] and _is_rule(part)), None
    )
    kind = Kind.ITEM if item else Kind.PARAGRAPH
    level = item or depth
    if rule is None:
        if len(parts) > 1 and all(part.lstrip().startswith("|") for part in parts):
            return [_row(part, line + i, quote, header=False) for i, part in enumerate(parts)]
        return [Block(kind, text, line, end, level, quote)]
    out: list[Block] = []
    if rule > 1:
        out.append(Block(kind, "\n".join(parts[: rule - 1]), line, line + rule - 2, level, quote))
    for offset in range(rule - 1, len(parts)):
        if offset == rule:
            continue
        out.append(_row(parts[offset], line + offset, quote, header=offset == rule - 1))
    return out


def _is_rule(line: str) -> bool:
    return "-" in line and _RULE_ROW.match(line.strip()[:400]) is not None


def _row(line: str, number: int, quote: bool, *, header: bool) -> Block:
    inner = line.strip()[:4_000]
    inner = inner.removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    cells = tuple(cell.strip().replace("\\|", "|") for cell in _CELL_BREAK.split(inner, MAX_CELLS))
    return Block(Kind.ROW, line, number, number, 0, quote, cells, header)
