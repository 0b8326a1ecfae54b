"""Whether a file is a record at all: records, templates, indexes and other pages live side by side.

A template that passes for a record shows up as an unanswered decision, an index as a record without status.
The file's name says most; the text decides where the name says nothing. Not here: reading the record.
"""

from __future__ import annotations

import posixpath
import re
from enum import StrEnum

from bot.records.identity import from_path

MARKUP = (".md", ".markdown", ".mdx", ".rst", ".adoc", ".asciidoc", ".txt")
"""How files end that records are read from."""
READ = (*MARKUP, ".yaml")
"""And those beside them: kep.yaml."""
_MARKUP = re.compile(rf"(?:{'|'.join(map(re.escape, MARKUP))})$", re.I)
_TEMPLATE = re.compile(r"(?:^|[-_ .])templ(?:ate|ates|at)(?:[-_ .]|$)|(?:^|[-_ .])vorlage(?:[-_ .]|$)", re.I)
_INDEX = re.compile(
    r"^(?:readme|index|toc|_index|summary|overview|adr-?index|log|adrs|decisions?-?log|_sidebar|"
    r"home)$",
    re.I,
)
_OTHER = re.compile(
    r"^(?:contributing|changelog|license|code[-_]of[-_]conduct|maintainers|security|governance|"
    r"codeowners|glossary|"
    r"authors|notice|process|guidelines?|tags|styleguide|agents|claude|gemini|copilot[-_]instructions|roadmap|todo|faq|support)$",
    re.I,
)
_PLACEHOLDER_TITLE = re.compile(
    r"^#?\s*(?:ADR[- ]?)?(?:[N0X]{2,5}[:.)]?\s*)?(?:[\[{<].*(?:title|titel|short|name).*[\]}>]|"
    r"<!--.*-->|title|titel|\[.*\])\s*$",
    re.I,
)
_CHAPTERS = (
    "status|context|decision|decision outcome|considered options|consequences|context and problem statement|"
    "kontext|entscheidung|konsequenzen|contexto|decisión|decisão|motivation|rationale|alternatives|proposal|"
    "problem|assumptions|implications|argument"
)
_RECORD_HEADINGS = re.compile(
    rf"^(?:[#=]{{1,4}}[ \t]*(?:[\d.]+[ \t]*)?({_CHAPTERS})\b|({_CHAPTERS})[ \t]*\n[=~^-]{{3,}}[ \t]*$)",
    re.I | re.M,
)
_STATUS_LINE = re.compile(
    r"^[ \t*_|>:#-]{0,12}(?:status|state|estado|statut|stato)[ \t*_]{0,6}[:|\n]", re.I | re.M
)
_NUMBERED_HEADING = re.compile(
    r"^#{1,4}[ \t]*\[?(?:ADR|AD|DEC|DR|ADL|RFC|Decision|Architecture Decision)[-_ #]{0,2}(\d{1,5})\b",
    re.I | re.M,
)
_LOG_FOLDER = re.compile(
    r"(?:^|/)(?:adrs?|adl|decisions?|architecture[-_]?decisions?|decision[-_]?(?:log|records?)|rfcs?)/", re.I
)
_DATED_FOLDER = re.compile(r"/\d{4}-?\d\d-?\d\d[-_][^/]+/[^/]+$")
_UNFILLED = re.compile(r"^[ \t*_-]{0,8}(?:Date|Status)[*_]*:[ \t]*[*_]*\{[A-Z_ -]{3,40}\}", re.M)


class FileKind(StrEnum):
    """What a file is."""

    ADR = "adr"
    TEMPLATE = "template"
    INDEX = "index"
    OTHER = "other"


def is_record(path: str, data: bytes) -> FileKind:
    """What this file is. Never raises."""
    base = posixpath.basename(path)
    stem = base.rsplit(".", 1)[0]
    if not _MARKUP.search(base):
        return FileKind.OTHER
    identity = from_path(path)
    named_by_directory = _INDEX.match(stem) and (
        identity.number is not None or (_DATED_FOLDER.search(path) and _LOG_FOLDER.search(path))
    )
    if _is_template(stem, identity.number) or _TEMPLATE.search(posixpath.basename(posixpath.dirname(path))):
        return FileKind.TEMPLATE
    if (_INDEX.match(stem) and not named_by_directory) or _OTHER.match(stem):
        if _holds_many(data):
            return FileKind.ADR
        return FileKind.INDEX if _INDEX.match(stem) else FileKind.OTHER
    head = data[:4_000].decode("utf-8", "replace")
    title = next((line for line in head.split("\n") if line.startswith("# ")), "")
    dated = named_by_directory or re.match(r"\d{8}|\d{4}-\d\d(?:-\d\d|-[a-z])", stem)
    if title and not identity.number and not dated and _PLACEHOLDER_TITLE.match(title[2:].strip()[:300]):
        return FileKind.TEMPLATE
    if identity.number is None and _UNFILLED.search(head):
        return FileKind.TEMPLATE
    if identity.number is None and not dated and not _looks_like_record(path, data):
        return FileKind.OTHER
    return FileKind.ADR


def _is_template(stem: str, number: int | None) -> bool:
    """A numbered file about templates ("0010-template-engine") is a record; "0000-template-…" is not."""
    if not _TEMPLATE.search(stem):
        return False
    return not number or bool(re.fullmatch(r"[\w-]*?\d+[-_ ](?:adr[-_ ])?templ(?:ate|at)", stem, re.I))


def _holds_many(data: bytes) -> bool:
    """Whether a file is a whole log: several numbered records."""
    text = data[:40_000].decode("utf-8", "replace")
    heads = {m[1] for m in _NUMBERED_HEADING.finditer(text)}
    return len(heads) >= 3 or (len(heads) == 2 and len(_STATUS_LINE.findall(text)) >= 2)


def _looks_like_record(path: str, data: bytes) -> bool:
    """A file without a number is a record if it has a record's chapters, or a status in a folder of records."""
    text = data[:20_000].decode("utf-8", "replace")
    if _holds_many(data) or len({(m[1] or m[2]).lower() for m in _RECORD_HEADINGS.finditer(text)}) >= 2:
        return True
    return bool(_LOG_FOLDER.search(path) and _STATUS_LINE.search(text[:4_000]))
