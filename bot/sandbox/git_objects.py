"""git's objects as bytes: what a tree and a commit look like, read and written without a process.

Byte for byte what `git write-tree` and `git commit-tree` make (a test holds it to them). Pure. Not here: where the
bytes lie (git.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

_SIGNATURE = re.compile(r"(.*?) ?<(.*)> (-?\d+) ([+-]\d{4})")
_CRUD = "".join(map(chr, range(33))) + ".,:;<>\"\\'"  # what git strips from both ends of a name
_DOT_GIT = re.compile(r"(\.git|git~1)[ .]*(:.*)?", re.IGNORECASE)


class GitRefused(Exception):
    """git did not do it, or would not; the text is git's own, or as git would say it."""


@dataclass(frozen=True)
class Entry:
    """A line of a tree. mode: git's, such as "100644"; kind: blob, tree or commit (a submodule)."""

    mode: str
    kind: str
    sha: str
    path: str


@dataclass(frozen=True)
class Signature:
    """Author or committer: name, email, seconds since 1970, zone such as "+0000"."""

    name: str
    email: str
    seconds: int
    zone: str = "+0000"


@dataclass(frozen=True)
class Commit:
    """A commit object. message: without the last line end."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


def whole(kind: str, data: bytes) -> tuple[str, bytes]:
    """(sha, bytes as they are stored before compression) of an object."""
    stored = b"%s %d\0" % (kind.encode(), len(data)) + data
    return hashlib.sha1(stored, usedforsecurity=False).hexdigest(), stored


def valid_path(path: str) -> bool:
    """Whether git stores a file under this path; it says nothing when it leaves one out."""
    return (
        all(part not in ("", ".", "..") and not _DOT_GIT.fullmatch(part) for part in path.split("/"))
        and "\0" not in path
    )


def read_commit(sha: str, data: bytes) -> Commit:
    """The commit in an object's bytes."""
    head, _, message = data.decode(errors="replace").partition("\n\n")
    lines = [line.partition(" ")[::2] for line in head.split("\n")]
    first = dict(reversed(lines))
    return Commit(
        sha,
        first["tree"],
        tuple(value for key, value in lines if key == "parent"),
        _signature(first["author"]),
        _signature(first["committer"]),
        message.removesuffix("\n"),
    )


def _signature(text: str) -> Signature:
    match = _SIGNATURE.fullmatch(text)
    if match is None:
        return Signature(text, "", 0)
    return Signature(match[1], match[2], int(match[3]), match[4])


def commit_bytes(
    tree: str, parents: Collection[str], message: str, author: Signature, committer: Signature
) -> bytes:
    """A commit object. Raises GitRefused for what it cannot hold."""
    if "\0" in message:
        raise GitRefused("a NUL byte in commit log message not allowed.")
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in dict.fromkeys(parents))]
    for role, who in (("author", author), ("committer", committer)):
        name, email = _clean(who.name), _clean(who.email)
        if not name:
            raise GitRefused(f"empty ident name (for <{email}>) not allowed")
        if who.seconds < 0:
            raise GitRefused(f"invalid date format: @{who.seconds} {who.zone}")
        lines.append(f"{role} {name} <{email}> {who.seconds} {who.zone}")
    return "\n".join([*lines, "", message]).encode()


def _clean(text: str) -> str:
    return re.sub(r"[\n<>]", "", text.strip(_CRUD))


def read_tree(data: bytes) -> tuple[Entry, ...]:
    """The lines of one tree, in git's order."""
    entries, rest = [], data
    while rest:
        head, _, rest = rest.partition(b"\0")
        mode, _, name = head.decode(errors="replace").partition(" ")
        kind = {"40000": "tree", "160000": "commit"}.get(mode, "blob")
        entries.append(Entry(mode.rjust(6, "0"), kind, rest[:20].hex(), name))
        rest = rest[20:]
    return tuple(entries)


def with_file(files: dict[str, Entry], entry: Entry) -> None:
    """Sets a file among `files`, by path; what lies in its way (a file above it, files below it) goes."""
    parts = entry.path.split("/")
    for depth in range(1, len(parts)):
        files.pop("/".join(parts[:depth]), None)
    if entry.path not in files:
        for below in [path for path in files if path.startswith(entry.path + "/")]:
            del files[below]
    files[entry.path] = entry


def tree_bytes(files: Iterable[Entry]) -> tuple[str, Mapping[str, bytes]]:
    """(sha of the tree that has these files, every tree in it as sha -> stored bytes)."""
    made: dict[str, bytes] = {}

    def tree(below: list[tuple[list[str], Entry]]) -> str:
        lines: list[tuple[bytes, bytes, str]] = []
        folders: dict[str, list[tuple[list[str], Entry]]] = {}
        for (first, *rest), entry in below:
            if rest:
                folders.setdefault(first, []).append((rest, entry))
            else:
                lines.append((first.encode(), entry.mode.encode(), entry.sha))
        # git sorts a directory as if its name ended with a slash
        lines += [(name.encode() + b"/", b"40000", tree(inside)) for name, inside in folders.items()]
        data = b"".join(
            mode + b" " + name.removesuffix(b"/") + b"\0" + bytes.fromhex(sha)
            for name, mode, sha in sorted(lines)
        )
        sha, stored = whole("tree", data)
        made[sha] = stored
        return sha

    root = tree([(entry.path.split("/"), entry) for entry in files])
    return root, made
