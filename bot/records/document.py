"""A file taken apart: which markup it is, its front matter or the YAML beside it, and its blocks.

Not here: what the blocks say (reader.py).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.records import asciidoc, front_matter, markdown, rst
from bot.records.blocks import Block, Kind
from bot.records.field_lines import name_key
from bot.records.front_matter import FrontMatter
from bot.records.identity import from_name
from bot.records.text import Source, decode

SIDECARS = ("kep.yaml", "kep.yml", "metadata.yaml", "metadata.yml", "adr.yaml", "adr.yml")
"""Files beside a record that hold its front matter."""

_PREAMBLE = re.compile(r"\W*(?:preamble|header|metadata|prologue)\W*$", re.I)
_HEADER_LINE = re.compile(r"[A-Za-z][\w -]{0,40}:[ \t]+\S")
_FAMILIES = (
    ("kep", re.compile(r"(?:^|/)keps?/", re.I)),
    ("pep", re.compile(r"(?:^|/)pep-\d{1,4}\.\w+$", re.I)),
    ("eip", re.compile(r"(?:^|/)(?:eip|erc)-\d{1,6}\.\w+$", re.I)),
    ("rfd", re.compile(r"(?:^|/)rfds?/", re.I)),
    ("rfc", re.compile(r"(?:^|/)(?:[\w-]*[_-])?rfcs?/|(?:^|/)rfc[-_]?\d", re.I)),
)


@dataclass(frozen=True, slots=True)
class Document:
    """What every later step reads. family: kep, pep, eip, rfd or rfc where the path says so, else empty.

    part: the heading of the record, where the file holds several and this is one of them.
    """

    source: Source
    front: FrontMatter
    blocks: tuple[Block, ...]
    family: str = ""
    part: Block | None = None


def parse(path: str, data: bytes, siblings: Mapping[str, bytes] | None = None) -> Document:
    """Bytes to blocks, whatever the markup. siblings: files of the same directory, by name."""
    return _taken_apart(path, data, siblings) if siblings else _alone(path, data)


@lru_cache(maxsize=2)
def _alone(path: str, data: bytes) -> Document:
    """A record that is read is often planned at once, and one with its plan written into it is held to the one
    before: no text is taken apart twice."""
    return _taken_apart(path, data, {})


def _taken_apart(path: str, data: bytes, siblings: Mapping[str, bytes]) -> Document:
    source = decode(path, data)
    front = front_matter.split(path, source.lines)
    if not front.values:
        front = _sidecar(path, front, siblings)
    lines, first = source.lines[front.end :], front.end + 1
    extension = path.rpartition(".")[2].lower()
    if extension in ("rst", "rest") or (extension == "txt" and _is_rst(lines)):
        blocks = rst.blocks_of(lines, first)
    elif extension in ("adoc", "asciidoc", "asc"):
        blocks = asciidoc.blocks_of(lines, first)
    else:
        blocks = markdown.blocks_of(lines, first)
    blocks = _with_preamble(blocks, source.lines)
    return Document(source, front, tuple(blocks), family_of(path, blocks))


def _with_preamble(blocks: list[Block], lines: tuple[str, ...]) -> list[Block]:
    """A record that begins with its header as a block of code, maybe under "## Preamble": its lines as fields."""
    at = next((i for i, b in enumerate(blocks[:3]) if b.kind is Kind.HEADING and _PREAMBLE.match(b.text)), -1)
    if blocks and blocks[0].text.strip() == "::":
        at = 0  # reStructuredText's mark of a literal block, alone at the top
    if len(blocks) <= at + 1 or blocks[at + 1].kind is not Kind.CODE:
        return blocks
    code = blocks[at + 1]
    numbered = [(n, lines[n - 1].strip()) for n in range(code.line, min(code.end_line, code.line + 40) + 1)]
    first = min((len(lines[n - 1]) - len(text) for n, text in numbered if text), default=0)
    fields = [Block(Kind.FIELD, text, n, n) for n, text in numbered if _HEADER_LINE.match(text)]
    stated = {field.text.split(":")[0].strip().lower() for field in fields}
    keys = {name_key(name) for name in stated} - {None}
    dense = len(fields) >= 3 and all(
        not text or _HEADER_LINE.match(text) or len(lines[n - 1]) - len(text) > first + 2
        for n, text in numbered
    )
    header = {"status", "title"} <= stated or (dense and at <= 0 and len(keys) >= 3)
    return [*blocks[: at + 1], *fields, *blocks[at + 2 :]] if header else blocks


def family_of(path: str, blocks: list[Block] | tuple[Block, ...] = ()) -> str:
    """Which well-known kind of log a path belongs to; empty for plain decision records."""
    if blocks and blocks[0].kind is Kind.PARAGRAPH and re.match(r"PEP:[ \t]*\d", blocks[0].text):
        return "pep"
    return next((name for name, pattern in _FAMILIES if pattern.search(path)), "")


def _is_rst(lines: tuple[str, ...]) -> bool:
    return not any(line.startswith("# ") for line in lines[:40])


def _sidecar(path: str, front: FrontMatter, siblings: Mapping[str, bytes]) -> FrontMatter:
    """The YAML beside a record, which must be its directory's main file: else one file would state the status of
    a whole log. A general name counts only where the directory has a record's number."""
    folder, _, base = path.rpartition("/")
    main = base.lower().startswith(("readme.", "index."))
    alone = main and from_name(folder.rpartition("/")[2]).number is not None
    for name in SIDECARS:
        data = siblings.get(name)
        if data is None or not (alone or (main and name.startswith("kep."))):
            continue
        beside = posixpath.join(folder, name)
        text = decode(beside, data[: 64 * 1024]).text
        loaded = front_matter.load(beside, text)
        return replace(loaded, end=front.end, findings=(*front.findings, *loaded.findings))
    return front
