"""A patch as a value: read strictly from git's own diff, and applied exactly.

The input is the output of `git diff --no-renames --full-index --no-color --no-ext-diff --no-textconv` and comes
from a machine where agent-written code ran: hostile. So the reader accepts the one form that git writes for
changed text files and refuses everything else by name (binary files, renames, modes, links, submodules, odd
paths); nothing is guessed and nothing is skipped. `apply` has no fuzz: base blob, every context line and the
resulting blob must fit. Not here: whether the change is a good one (rules.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

MAX_BYTES = 20_000_000
_MAX_PATH, _MAX_DEPTH = 1_000, 50  # bytes, and names in one path: rules compare each folder above a file
_NO_BLOB = "0" * 40
_REGULAR, _EXECUTABLE = "100644", "100755"
_INDEX = re.compile(rb"index ([0-9a-f]+)\.\.([0-9a-f]+)(?: ([0-7]{6}))?")
_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(?: .*)?")
_GIT_DIRECTORY = re.compile(r"\.git[ .]*(?::.*)?|git~[0-9]+", re.IGNORECASE)  # also as Windows spells it
_NO_NEWLINE = b"\\ No newline at end of file"
_KINDS_OF_MODE = {"120000": "a symbolic link", "160000": "a submodule", "040000": "a directory"}


class PatchError(ValueError):
    """The patch is not one that may be judged, or does not fit its base. The text is for people."""


class Kind(StrEnum):
    """What happens to a file."""

    ADD = "add"
    MODIFY = "modify"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk. tag: " ", "+" or "-". text: bytes with the newline, if the file has one there."""

    tag: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of lines. old_start, new_start: the first line in the old and new file, from 1 (0 if no lines)."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file. mode: git's mode after the change, or before a deletion; a patch never changes it.

    old_blob, new_blob: git's ids of the content (sha1 over "blob <size>\\0" and the bytes), None where absent.
    """

    path: str
    kind: Kind
    old_blob: str | None
    new_blob: str | None
    mode: str
    hunks: tuple[Hunk, ...]

    def added(self) -> Iterator[tuple[int, str]]:
        """Number in the new file and text of each added line; bytes that are no UTF-8 are shown replaced."""
        for hunk in self.hunks:
            number = hunk.new_start
            for line in hunk.lines:
                if line.tag == "+":
                    yield number, line.text.decode(errors="replace").rstrip("\r\n")
                number += line.tag != "-"


@dataclass(frozen=True, slots=True)
class Patch:
    """All changed files in the order of the diff. size: bytes of the diff; sha256: hex digest of the diff."""

    files: tuple[FileChange, ...]
    size: int
    sha256: str


def blob_id(content: bytes) -> str:
    """Git's id of a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def parse(data: bytes) -> Patch:
    """Read a diff. Raises PatchError with the reason for anything but plain changes of text files."""
    if len(data) > MAX_BYTES:
        raise PatchError(f"the patch has {len(data)} bytes; more than {MAX_BYTES} are not read")
    if b"\0" in data:
        raise PatchError("the patch holds a NUL byte: binary content is not accepted")
    if data and not data.endswith(b"\n"):
        raise PatchError("the patch ends in the middle of a line")
    reader = _Reader(data.split(b"\n")[:-1])
    files: list[FileChange] = []
    while reader.peek() is not None:
        files.append(_file(reader))
    _refuse_clashes(files)
    return Patch(tuple(files), len(data), hashlib.sha256(data).hexdigest())


def touched(patch: Patch) -> frozenset[str]:
    """The paths whose content at the base is needed: those that change, and the folders above them.

    A folder that is a file or a link at the base would be replaced, unseen, by a change below it.
    """
    return frozenset(path for change in patch.files for path in (change.path, *_above(change.path)))


def occupied(patch: Patch, listed: Mapping[str, str]) -> frozenset[str]:
    """Of the `touched` paths those that are no files at the base, where a file of the patch would replace more
    than is seen: folders at the place of a file, submodules there or above.

    listed: everything at the base, path to git's type (blob or commit); folders need not be listed.
    """
    wanted = {change.path for change in patch.files}
    folders = {a for path in listed for a in _above(path) if a in wanted}
    return frozenset(folders | {p for p in touched(patch) if listed.get(p) == "commit"})


def apply(patch: Patch, base: Mapping[str, bytes], *, taken: Collection[str] = ()) -> dict[str, bytes | None]:
    """The new content of each changed file; None for a deleted one.

    base: content of those of the `touched` paths that are files (or links), at least. taken: what `occupied` says
    of the base. Raises PatchError if anything does not fit.
    """
    out: dict[str, bytes | None] = {}
    gone = {c.path for c in patch.files if c.kind is Kind.DELETE}
    for change in patch.files:
        if files := [a for a in _above(change.path) if a in base and a not in gone]:
            raise PatchError(f"{change.path}: {files[0]} is a file or a link in the base, not a folder")
        if others := [p for p in (change.path, *_above(change.path)) if p in taken]:
            raise PatchError(
                f"{change.path}: {others[0]} is a folder or a submodule in the base, and would go"
            )
        old = base.get(change.path)
        if change.kind is Kind.ADD and old is not None:
            raise PatchError(f"{change.path}: is added by the patch, but is there already")
        if change.kind is not Kind.ADD:
            if old is None:
                raise PatchError(f"{change.path}: is not in the base")
            if blob_id(old) != change.old_blob:
                raise PatchError(f"{change.path}: the base has other content than the patch was made for")
        new = _patched(change, old or b"")
        if change.kind is Kind.DELETE:
            if new:
                raise PatchError(f"{change.path}: is deleted, but lines of it are left")
            out[change.path] = None
        elif blob_id(new) != change.new_blob:
            raise PatchError(f"{change.path}: the result is not the content that the patch names")
        else:
            out[change.path] = new
    return out


class _Reader:
    """Lines of the diff and the place in them."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines
        self.at = 0

    def peek(self) -> bytes | None:
        return self.lines[self.at] if self.at < len(self.lines) else None

    def take(self) -> bytes:
        line = self.peek()
        if line is None:
            raise PatchError("the patch ends too early")
        self.at += 1
        return line

    def take_if(self, prefix: bytes) -> bytes | None:
        line = self.peek()
        return self.take().removeprefix(prefix) if line is not None and line.startswith(prefix) else None

    def error(self, words: str) -> PatchError:
        return PatchError(f"line {self.at} of the patch: {words}")


def _file(reader: _Reader) -> FileChange:
    path = _header_path(reader)
    added = _mode(reader, b"new file mode ", path)
    deleted = _mode(reader, b"deleted file mode ", path) if added is None else None
    if reader.take_if(b"old mode ") is not None:
        raise PatchError(f"{path}: its mode changes; only content may change")
    for prefix in (b"similarity index ", b"rename from ", b"copy from ", b"dissimilarity index "):
        if reader.take_if(prefix) is not None:
            raise PatchError(f"{path}: is renamed or copied; the diff must be made with --no-renames")
    found = _INDEX.fullmatch(reader.take())
    if not found:
        raise reader.error(f"expected the index line of {path}")
    old, new = (_blob(found[n].decode(), path) for n in (1, 2))
    in_index = found[3].decode() if found[3] else None
    kind = Kind.ADD if added else Kind.DELETE if deleted else Kind.MODIFY
    mode = added or deleted or in_index
    if mode is None or (in_index is not None) != (kind is Kind.MODIFY):
        raise PatchError(f"{path}: its mode is not clear")
    _refuse_mode(mode, kind, path)
    if (old is None) != (kind is Kind.ADD) or (new is None) != (kind is Kind.DELETE) or old == new:
        raise PatchError(f"{path}: blob ids and kind of the change do not fit together")
    return FileChange(path, kind, old, new, mode, _hunks(reader, path, kind))


def _header_path(reader: _Reader) -> str:
    """The path of `diff --git a/P b/P`. Both sides are the same name, so its length says where they part."""
    line = reader.take()
    rest = line.removeprefix(b"diff --git ")
    if rest == line:
        raise reader.error("expected the start of a file's diff")
    if rest.startswith(b'"'):
        raise reader.error(f"a path with characters that git has to quote is not accepted: {_show(rest)}")
    half = (len(rest) - 1) // 2
    left, right = rest[:half], rest[half + 1 :]
    if rest[half : half + 1] != b" " or left[:2] != b"a/" or right[:2] != b"b/" or left[2:] != right[2:]:
        raise reader.error(f"old and new path differ, or have no a/ and b/: {_show(rest)}")
    return _checked_path(left[2:], reader)


def _checked_path(raw: bytes, reader: _Reader) -> str:
    try:
        path = raw.decode()
    except UnicodeDecodeError:
        raise reader.error(f"a path is not UTF-8: {_show(raw)}") from None
    if not path.isprintable() or '"' in path or "\\" in path:
        raise reader.error(f"a path holds characters that are not accepted: {_show(raw)}")
    parts = path.split("/")
    if len(raw) > _MAX_PATH or len(parts) > _MAX_DEPTH:
        raise reader.error(f"a path is too long or too deep: {_show(raw)}")
    if any(p in ("", ".", "..") for p in parts):
        raise reader.error(f"a path leaves the repository or is not plain: {_show(raw)}")
    if any(_GIT_DIRECTORY.fullmatch(p) for p in parts):
        raise reader.error(f"a path reaches into git's own directory: {_show(raw)}")
    return path


def _mode(reader: _Reader, prefix: bytes, path: str) -> str | None:
    found = reader.take_if(prefix)
    if found is None:
        return None
    if not re.fullmatch(rb"[0-7]{6}", found):
        raise PatchError(f"{path}: not a file mode: {_show(found)}")
    return found.decode()


def _refuse_mode(mode: str, kind: Kind, path: str) -> None:
    if mode in _KINDS_OF_MODE:
        raise PatchError(f"{path}: is {_KINDS_OF_MODE[mode]}; only regular files are accepted")
    if mode not in (_REGULAR, _EXECUTABLE):
        raise PatchError(f"{path}: has mode {mode}; only regular files are accepted")
    if mode == _EXECUTABLE and kind is Kind.ADD:
        raise PatchError(f"{path}: is a new executable file; a human has to add those")


def _blob(text: str, path: str) -> str | None:
    if len(text) != 40:
        raise PatchError(f"{path}: blob ids must be whole (40 digits): make the diff with --full-index")
    return None if text == _NO_BLOB else text


def _hunks(reader: _Reader, path: str, kind: Kind) -> tuple[Hunk, ...]:
    following = reader.peek()
    if following is None or following.startswith(b"diff --git "):
        if kind is Kind.MODIFY:
            raise PatchError(f"{path}: is changed, but no lines of it are")
        return ()  # an empty file comes or goes
    if following.startswith((b"Binary files ", b"GIT binary patch")):
        raise PatchError(f"{path}: is binary; only text is accepted")
    name = path.encode()
    for prefix, side, absent in ((b"--- ", b"a/", Kind.ADD), (b"+++ ", b"b/", Kind.DELETE)):
        expected = b"/dev/null" if kind is absent else side + name
        found = reader.take()
        # git ends the name with a tab if it holds a space
        if found != prefix + expected and not (b" " in expected and found == prefix + expected + b"\t"):
            raise reader.error(f"expected {_show(prefix + expected)}")
    hunks: list[Hunk] = []
    while (line := reader.peek()) is not None and line.startswith(b"@@ "):
        hunks.append(_hunk(reader))
    if not hunks:
        raise PatchError(f"{path}: has no hunks")
    return tuple(hunks)


def _hunk(reader: _Reader) -> Hunk:
    head = _HUNK.fullmatch(reader.take())
    if not head:
        raise reader.error("not the head of a hunk")
    old_start, new_start = int(head[1]), int(head[3])
    old_count = int(head[2]) if head[2] is not None else 1
    new_count = int(head[4]) if head[4] is not None else 1
    old_left, new_left = old_count, new_count
    lines: list[Line] = []
    while old_left or new_left:
        raw = reader.take()
        tag = raw[:1].decode(errors="replace")
        if tag not in (" ", "+", "-"):
            raise reader.error("a line of a hunk begins with neither space, plus nor minus")
        old_left -= tag != "+"
        new_left -= tag != "-"
        if old_left < 0 or new_left < 0:
            raise reader.error("the hunk has other lines than its head says")
        ends = reader.peek() != _NO_NEWLINE
        if not ends:
            reader.take()
        lines.append(Line(tag, raw[1:] + b"\n" if ends else raw[1:]))
    return Hunk(old_start, old_count, new_start, new_count, tuple(lines))


def _patched(change: FileChange, old: bytes) -> bytes:
    """The hunks laid over the old lines, exactly where they say."""
    lines = _split_lines(old)
    out: list[bytes] = []
    at = 0
    for hunk in change.hunks:
        start = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        if start < at or start > len(lines):
            raise PatchError(f"{change.path}: hunks are out of order or outside of the file")
        out += lines[at:start]
        at = start
        if len(out) != (hunk.new_start - 1 if hunk.new_count else hunk.new_start):
            raise PatchError(f"{change.path}: a hunk names another place in the new file than it has")
        for line in hunk.lines:
            if line.tag != "+":
                if at >= len(lines) or lines[at] != line.text:
                    raise PatchError(f"{change.path}: line {at + 1} of the base is not what the patch says")
                at += 1
            if line.tag != "-":
                out.append(line.text)
    out += lines[at:]
    if any(not line.endswith(b"\n") for line in out[:-1]):
        raise PatchError(f"{change.path}: a line without its end stands before the end of the file")
    return b"".join(out)


def _split_lines(content: bytes) -> list[bytes]:
    """Lines as git sees them: only a line feed ends one."""
    parts = content.split(b"\n")
    return [p + b"\n" for p in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _refuse_clashes(files: list[FileChange]) -> None:
    seen: set[str] = set()
    for change in files:
        if change.path in seen:
            raise PatchError(f"{change.path}: stands twice in the patch")
        seen.add(change.path)
    left = {c.path for c in files if c.kind is not Kind.DELETE}
    for path in left:
        if any(above in left for above in _above(path)):
            raise PatchError(f"{path}: one of its directories is a file in the same patch")


def _above(path: str) -> list[str]:
    """The folders that a path lies in, outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def _show(raw: bytes) -> str:
    return ascii(raw[:200].decode(errors="replace"))
