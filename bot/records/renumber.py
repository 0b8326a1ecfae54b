"""Giving a record another number: its file's name, its title, and every reference that means this very file.

A number is taken twice because two people chose it at once, so the same words ("ADR-0007") may mean either record.
Changed is only what surely means this one: a path that leads to its file, the label of such a link, and its id
where the text is this author's own and nobody else's record bears it. All other bytes stay. Pure; not here: which
number is free (reservation.py), and writing it (bot/steps).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from bot.records.identity import from_name, from_path
from bot.records.inline import MAX_INLINE, links
from bot.records.reader import read
from bot.records.record import Record, RelationKind
from bot.records.references import Naming, find, naming
from bot.records.reservation import number_of, same_series
from bot.records.site import Site
from bot.records.text import MAX_BYTES
from bot.records.titles import split_title

Span = tuple[int, int]

_BEFORE_PATH = re.compile(r"[\w.\-/%~+@:]{0,400}\Z")
_SCHEME = re.compile(r"^(?:xref|link|include|doc|file|ref):+")
_LABEL = re.compile(r"\A[\W_]{0,6}(?:[A-Za-z]{2,12}[-_ #]{0,2})?(\d{1,6})(?!\d)")
_CELL = re.compile(r"\A\s{0,3}\|\s*(?:[A-Za-z]{2,12}[-_ #]{0,2})?(\d{1,6})\s*\|")
_COMMIT = re.compile(r"/[0-9a-f]{40}/")


def renumber(
    files: Mapping[str, bytes],
    path: str,
    number: int,
    *,
    before: Mapping[str, bytes] | None = None,
    repository: str | None = None,
) -> dict[str, bytes | None]:
    """What changes so that the record at `path` has this number: path to new content, None for what is gone.

    files: everything that may name the record, and all that moves with it (`root_of`). before: the log without
    the author's change; text that stands there already is not the author's. repository: "owner/name", so that web
    addresses of it count as paths. Empty if the record has the number or is not there. Raises ValueError if
    nothing in its path is a number.
    """
    if path not in files or number_of(path) == number:
        return {}
    old_root, new_root = root_of(path), moved(root_of(path), number)
    mend = _Mender(files, path, number, repository)
    out: dict[str, bytes | None] = {}
    for name, data in files.items():
        text = data[:MAX_BYTES].decode("utf-8", "surrogateescape")
        known = (before or {}).get(name, b"").decode("utf-8", "surrogateescape")
        mended = mend.file(name, text, frozenset(known.split("\n")) if known else frozenset())
        content = mended.encode("utf-8", "surrogateescape") + data[MAX_BYTES:]
        if name == old_root or name.startswith(f"{old_root}/"):
            out[name] = None
            out[new_root + name[len(old_root) :]] = content
        elif content != data:
            out[name] = content
    return out


def root_of(path: str) -> str:
    """What bears the record's number: its file, or its folder, which then moves with all that is in it.

    Raises ValueError if neither does.
    """
    folder, base = posixpath.split(path)
    if number_of(path) is None:
        raise ValueError(f"nothing in {path!r} is a record's number")
    return path if from_name(posixpath.splitext(base)[0]).number is not None else folder


def moved(root: str, number: int) -> str:
    """The path with another number at its end, as wide as the old one."""
    folder, base = posixpath.split(root)
    old = from_name(posixpath.splitext(base)[0]).number
    return posixpath.join(folder, _with_number(base, old or 0, number))


def _with_number(text: str, old: int, new: int) -> str:
    """The text with its first `old` replaced."""
    span = _digits(text, old)
    return text if span is None else text[: span[0]] + _like(text[slice(*span)], new) + text[span[1] :]


def _digits(text: str, number: int, start: int = 0) -> Span | None:
    """Where this number first stands by itself."""
    found = re.compile(rf"(?<!\d)0*{number}(?!\d)").search(text, start)
    return found.span() if found else None


def _like(digits: str, number: int) -> str:
    return f"{number:0{len(digits)}d}"


@dataclass(frozen=True, slots=True)
class _Line:
    """text: without its end. own: the author wrote it. bare: it states relations, by numbers alone perhaps."""

    text: str
    own: bool
    bare: bool


class _Mender:
    """Finds the digits to change, line by line."""

    def __init__(self, files: Mapping[str, bytes], path: str, number: int, repository: str | None) -> None:
        self.path, self.new, self.site = path, number, Site(repository) if repository else None
        self.old = number_of(path) or 0
        self.root = root_of(path)
        self.files: Collection[str] = files
        self.record = read(path, files[path])
        title = split_title(self.record.title_text or "", self.old)
        self.label = title.label
        twins = (p for p in files if p != path and number_of(p) == self.old and same_series(p, path))
        self.alone = not any(not p.startswith(f"{self.root}/") for p in twins)
        base = posixpath.basename(self.root)
        stem, dot, extension = base.rpartition(".")
        stem, ending = (stem, dot + extension) if stem and from_name(stem).number == self.old else (base, "")
        names = "|".join(sorted({re.escape(stem), re.escape(quote(stem))}, key=len, reverse=True))
        self.paths = re.compile(rf"(?<![\w-])(?:{names})(?:{re.escape(ending)})?(?![\w-]|\.\w)")

    def file(self, name: str, text: str, known: frozenset[str]) -> str:
        """A file's text with every number mended that means this record. known: lines that were there before."""
        lines = text.split("\n")
        led = self.paths.search(text) is not None
        if not led and (_digits(text, self.old) is None or (len(known) and known.issuperset(lines))):
            return text
        name_as = naming(name, from_path(self.path), site=self.site, label=self.label)
        fixed = self._identity(lines) if name == self.path else {}
        stating = self._stating(name, text)
        for index, raw in enumerate(lines):
            line = _Line(raw, raw not in known, index in stating)
            spans = sorted({*self._spans(line, name, name_as), *fixed.get(index, ())}, reverse=True)
            for start, end in spans:
                lines[index] = (
                    lines[index][:start] + _like(lines[index][start:end], self.new) + lines[index][end:]
                )
        return "\n".join(lines)

    def _identity(self, lines: list[str]) -> dict[int, list[Span]]:
        """Where the record itself states its number: in its title, and as its id in the front matter."""
        out: dict[int, list[Span]] = {}
        stated = self.record.title_number
        for field, number in (("title", stated), ("id", self.old)):
            place = self.record.places.get(field)
            if place is None or number is None:
                continue
            for index in range(place.line - 1, min(place.end_line, len(lines))):
                after = lines[index].find(":") + 1 if field == "id" else 0
                if (span := _digits(lines[index], number, after)) is not None:
                    out.setdefault(index, []).append(span)
                    break
        return out

    def _stating(self, name: str, text: str) -> frozenset[int]:
        """Lines (from 0) where a record of the author's states how it stands to this one."""
        if not self.alone or number_of(name) is None:
            return frozenset()
        record: Record = self.record if name == self.path else read(name, text.encode("utf-8", "replace"))
        stated = (r for r in record.relations if r.kind is not RelationKind.RELATED)
        return frozenset(i - 1 for r in stated for i in range(r.place.line, r.place.end_line + 1))

    def _spans(self, line: _Line, name: str, name_as: Naming) -> Iterator[Span]:
        ours = [m for m in self.paths.finditer(line.text) if self._means_this(line.text, m, name)]
        for match in ours:
            if (span := _digits(line.text, self.old, match.start())) is not None:
                yield span
        if len(line.text) > MAX_INLINE:
            return
        linked = [(start, end) for start, end, _, _ in links(line.text)]
        for start, end in linked:
            if any(start <= m.start() < end for m in ours):
                label = _LABEL.match(line.text[start:end])
                if label and int(label[1]) == self.old:
                    yield start + label.start(1), start + label.end(1)
        if ours and line.own and (cell := _CELL.match(line.text)) and int(cell[1]) == self.old:
            yield cell.span(1)
        if line.own and self.alone:
            yield from self._ids(line, name_as, linked)

    def _ids(self, line: _Line, name_as: Naming, linked: list[Span]) -> Iterator[Span]:
        """Ids such as ADR-0007 outside of links; plain 0007 only where a relation is stated, and as wide."""
        own = name_as.id_of(self.old)
        for found in find(line.text, name_as, bare=line.bare):
            inside = any(start <= found.start < end for start, end in linked)
            span = _digits(line.text[: found.end], self.old, found.start)
            if found.target != own or found.path is not None or inside or span is None:
                continue
            width = span[1] - span[0]
            if not found.bare or (width == name_as.own.width and width > 2):
                yield span

    def _means_this(self, line: str, match: re.Match[str], name: str) -> bool:
        """Whether the path that ends with this name leads to this record."""
        lead = _BEFORE_PATH.search(line[: match.start()])
        before = lead[0] if lead else ""
        if "://" in before:
            return self._page(line, match)
        target = unquote(_SCHEME.sub("", before) + match[0])
        root = unquote(self.root)
        bare = root if target.endswith(posixpath.splitext(root)[1]) else posixpath.splitext(root)[0]
        near = posixpath.normpath(posixpath.join(posixpath.dirname(name), target.lstrip("/")))
        whole = posixpath.normpath(target.lstrip("/"))
        if bare in (near, whole):
            return True
        if near in self.files or whole in self.files or target.startswith("."):
            return False
        others = (p for p in self.files if p != self.path and not p.startswith(f"{self.root}/"))
        return bare.endswith(f"/{whole}") and not any(
            posixpath.splitext(f"/{p}")[0].endswith(f"/{posixpath.splitext(whole)[0]}") for p in others
        )

    def _page(self, line: str, match: re.Match[str]) -> bool:
        """Whether it is in a web address of this repository's file; a commit's page keeps its name for ever."""
        start = max(line.rfind("http://", 0, match.start()), line.rfind("https://", 0, match.start()))
        address = re.match(r"[^\s#?()<>\"'\]]{1,800}", line[max(start, 0) :])
        if start < 0 or address is None or self.site is None or _COMMIT.search(address[0]):
            return False
        at = unquote(self.site.path_of(address[0]))
        return at == self.root or at.startswith(f"{self.root}/")
