"""One bare repository on disk, through the git binary.

Objects and refs are read over one `git cat-file --batch` process (microseconds) and kept by sha; most writing
starts a git process (2-3 ms). Every answer about shas is immutable and therefore kept. Arguments are argv lists,
never a shell; nobody's git configuration takes part. Names that come from outside pass `valid_ref` or are full
shas before git sees them. Not here: who may do it and what follows from it (refs.py), diffs (diffs.py).
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

ZERO = "0" * 40
_SHA = re.compile(r"[0-9a-f]{40}")
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(/|$)|(^|/)\.|[./]$")
_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": os.devnull,
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}


class GitRefused(Exception):
    """git did not do it; the text is git's own."""


def is_sha(text: str) -> bool:
    """Whether `text` is a full object id."""
    return _SHA.fullmatch(text) is not None


def valid_ref(name: str) -> bool:
    """Whether `name`, such as "refs/heads/topic" or "topic", is a name that git takes (git check-ref-format)."""
    return bool(name) and not name.startswith(("-", "/")) and name != "@" and not _BAD_REF.search(name)


def valid_path(path: str) -> bool:
    """Whether git stores a file under this path; it says nothing when it leaves one out."""
    return (
        all(part not in ("", ".", "..") and part.lower() != ".git" for part in path.split("/"))
        and "\0" not in path
    )


def run_git(
    *arguments: str, cwd: Path | None = None, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> bytes:
    """What `git arguments` prints. Raises GitRefused with its words if it fails."""
    done = subprocess.run(
        ["git", *arguments], cwd=cwd, input=stdin, env={**_ENVIRONMENT, **(env or {})}, capture_output=True
    )
    if done.returncode:
        raise GitRefused(done.stderr.decode(errors="replace").strip() or f"git {arguments[0]} failed")
    return done.stdout


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


_SIGNATURE = re.compile(r"(.*?) ?<(.*)> (-?\d+) ([+-]\d{4})")


def _signature(text: str) -> Signature:
    match = _SIGNATURE.fullmatch(text)
    if match is None:
        return Signature(text, "", 0)
    return Signature(match[1], match[2], int(match[3]), match[4])


def _commit(sha: str, data: bytes) -> Commit:
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


class Git:
    """A bare repository at `path`."""

    def __init__(self, path: Path, default_branch: str = "main") -> None:
        self.path = path
        self._reader: subprocess.Popen[bytes] | None = None
        self._known: dict[Hashable, object] = {}
        if not (path / "HEAD").exists():
            path.mkdir(parents=True, exist_ok=True)
            self.run("init", "-q", "--bare", f"--initial-branch={default_branch}")
            self.run("config", "uploadpack.allowAnySHA1InWant", "true")

    def run(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        """`run_git` in this repository."""
        return run_git(*arguments, cwd=self.path, stdin=stdin, env=env)

    def close(self) -> None:
        """Ends the reading process."""
        reader, self._reader = self._reader, None
        if reader is not None and reader.stdin and reader.stdout:
            reader.stdin.close()
            reader.stdout.close()
            reader.wait()

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """`make()`, asked once a key: for what follows from shas alone."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]  # type: ignore[return-value]  # each key is used with one type

    # Reading

    def object(self, name: str) -> tuple[str, str, bytes] | None:
        """(sha, kind, bytes) of a full sha or a full ref name; None if there is no such thing."""
        if self._reader is None:
            self._reader = subprocess.Popen(
                ["git", "cat-file", "--batch"],
                cwd=self.path,
                env=_ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        assert self._reader.stdin and self._reader.stdout
        assert "\n" not in name
        self._reader.stdin.write(name.encode() + b"\n")
        self._reader.stdin.flush()
        head = self._reader.stdout.readline().split()
        if len(head) != 3 or head[1] == b"missing":
            return None
        data = self._reader.stdout.read(int(head[2]) + 1)[:-1]
        return head[0].decode(), head[1].decode(), data

    def ref(self, name: str) -> str | None:
        """The sha that full ref `name` ("refs/…") points to."""
        found = self.object(name) if name.startswith("refs/") and valid_ref(name) else None
        return found[0] if found else None

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Full ref name -> sha, sorted by name; those that start with `prefix`."""
        lines = self.run("for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines()
        pairs = (line.rpartition(" ")[::2] for line in lines)
        return {name: sha for name, sha in pairs if name.startswith(prefix)}

    def commit(self, sha: str) -> Commit | None:
        """The commit with this full sha."""
        if not is_sha(sha):
            return None
        if ("commit", sha) not in self._known:
            found = self.object(sha)
            if found is None or found[1] != "commit":
                return None
            self._known["commit", sha] = _commit(sha, found[2])
        return self._known["commit", sha]  # type: ignore[return-value]

    def find_commit(self, name: str) -> Commit | None:
        """A commit by full sha, branch, tag or ref name; None if unknown."""
        if is_sha(name):
            return self.commit(name)
        for full in (f"refs/heads/{name}", f"refs/tags/{name}", name, f"refs/{name}"):
            sha = self.ref(full)
            if sha and (commit := self.commit(sha)):
                return commit
        return None

    def blob(self, sha: str) -> bytes | None:
        """The bytes of a blob."""
        found = self.object(sha) if is_sha(sha) else None
        return found[2] if found and found[1] == "blob" else None

    def tree(self, sha: str) -> tuple[Entry, ...] | None:
        """The lines of one tree, not recursive, in git's order."""
        if not is_sha(sha):
            return None
        if ("tree", sha) not in self._known:
            found = self.object(sha)
            if found is None or found[1] != "tree":
                return None
            entries, rest = [], found[2]
            while rest:
                head, _, rest = rest.partition(b"\0")
                mode, _, name = head.decode(errors="replace").partition(" ")
                kind = {"40000": "tree", "160000": "commit"}.get(mode, "blob")
                entries.append(Entry(mode.rjust(6, "0"), kind, rest[:20].hex(), name))
                rest = rest[20:]
            self._known["tree", sha] = tuple(entries)
        return self._known["tree", sha]  # type: ignore[return-value]

    def walk(self, tree: str, prefix: str = "", *, trees: bool = False) -> list[Entry]:
        """Everything below a tree with paths from `prefix`; with `trees`, the directories too."""
        found: list[Entry] = []
        for entry in self.tree(tree) or ():
            path = prefix + entry.path
            if entry.kind != "tree" or trees:
                found.append(Entry(entry.mode, entry.kind, entry.sha, path))
            if entry.kind == "tree":
                found += self.walk(entry.sha, path + "/", trees=trees)
        return found

    def entry(self, tree: str, path: str) -> Entry | None:
        """What lies at `path` below a tree; "" is the tree itself."""
        found = Entry("040000", "tree", tree, "")
        for name in path.split("/") if path else ():
            if found.kind != "tree":
                return None
            below = next((item for item in self.tree(found.sha) or () if item.path == name), None)
            if below is None:
                return None
            found = Entry(below.mode, below.kind, below.sha, f"{found.path}/{name}".lstrip("/"))
        return found

    def file(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file in a commit."""
        found = self.commit(commit)
        entry = self.entry(found.tree, path) if found else None
        return self.blob(entry.sha) if entry and entry.kind == "blob" else None

    def history(self, tip: str, *, path: str = "", not_from: Collection[str] = ()) -> list[str]:
        """Shas of commits reachable from `tip`, newest first; only those that touch `path`, if one is given."""
        limits = [f"^{sha}" for sha in not_from]
        key = ("history", tip, path, tuple(limits))
        paths = ["--", f":(literal){path}"] if path else ["--"]
        return self.keep(key, lambda: self.run("rev-list", tip, *limits, *paths).decode().split())

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, if there is any."""

        def ask() -> str | None:
            if other in self.first_parents(one):
                return other
            if one in self.first_parents(other):
                return one
            try:
                return self.run("merge-base", one, other).decode().split()[0]
            except GitRefused:
                return None

        return self.keep(("merge-base", one, other), ask)

    def first_parents(self, tip: str) -> list[str]:
        """A commit and its first parents down to a root: what most questions about ancestors end in."""
        found: list[str] = []
        at: str | None = tip
        while at is not None and (commit := self.commit(at)) is not None:
            found.append(at)
            at = commit.parents[0] if commit.parents else None
        return found

    def contains(self, tip: str, commit: str) -> bool:
        """Whether `commit` is `tip` or an ancestor of it."""
        return self.merge_base(tip, commit) == commit

    def merge(self, ours: str, theirs: str) -> tuple[str, list[str]]:
        """(tree of the merge, paths in conflict). A merge with conflicts must not be used."""

        def ask() -> tuple[str, list[str]]:
            done = subprocess.run(
                ["git", "merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs],
                cwd=self.path,
                env=_ENVIRONMENT,
                capture_output=True,
            )
            if done.returncode not in (0, 1):
                raise GitRefused(done.stderr.decode(errors="replace"))
            tree, *paths = done.stdout.decode(errors="replace").strip("\0").split("\0")
            return tree, paths if done.returncode else []

        return self.keep(("merge", ours, theirs), ask)

    # Writing

    def write_blob(self, data: bytes) -> str:
        """Stores a blob, as `git hash-object -w` does but without a process; its sha."""
        whole = b"blob %d\0" % len(data) + data
        sha = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        place = self.path / "objects" / sha[:2] / sha[2:]
        if not place.exists():
            place.parent.mkdir(exist_ok=True)
            new = place.with_name(f"tmp_obj_{sha[2:]}")
            new.write_bytes(zlib.compress(whole, 1))
            new.chmod(0o444)
            new.replace(place)
        return sha

    def write_tree(self, base: str | None, changes: Collection[Entry | str]) -> str:
        """A tree: `base` with entries set (blob, submodule or tree) and paths (str) removed. GitRefused if a path
        is not one that git stores."""
        lines = [f"{x.mode} {x.sha}\t{x.path}".encode() for x in self.walk(base)] if base else []
        for change in changes:
            path = change if isinstance(change, str) else change.path
            if not valid_path(path):
                raise GitRefused(f"invalid path {path!r}")
            there = self.entry(base, path) if base else None
            gone = self.walk(there.sha, path + "/") if there and there.kind == "tree" else ()
            lines += [f"0 {ZERO}\t{item.path}".encode() for item in gone]
            if isinstance(change, str):
                lines.append(f"0 {ZERO}\t{path}".encode())
            elif change.kind == "tree":
                below = self.walk(change.sha, path + "/")
                lines += [f"{item.mode} {item.sha}\t{item.path}".encode() for item in below]
            else:
                lines.append(f"{change.mode} {change.sha}\t{path}".encode())
        with tempfile.TemporaryDirectory(prefix="index-") as folder:
            env = {"GIT_INDEX_FILE": f"{folder}/index"}
            self.run("update-index", "-z", "--index-info", stdin=b"".join(x + b"\0" for x in lines), env=env)
            return self.run("write-tree", env=env).decode().strip()

    def write_commit(
        self, tree: str, parents: Collection[str], message: str, author: Signature, committer: Signature
    ) -> str:
        """Stores a commit; its sha. The same content at the same second is the same commit."""
        env: dict[str, str] = {}
        for role, who in (("AUTHOR", author), ("COMMITTER", committer)):
            env |= {
                f"GIT_{role}_NAME": who.name,
                f"GIT_{role}_EMAIL": who.email,
                f"GIT_{role}_DATE": f"@{who.seconds} {who.zone}",
            }
        before = [word for parent in parents for word in ("-p", parent)]
        return (
            self.run("commit-tree", tree, *before, "-F", "-", stdin=message.encode(), env=env)
            .decode()
            .strip()
        )

    def move(self, ref: str, new: str | None, old: str | None) -> None:
        """Sets (or with new=None deletes) a full ref that must be at `old` (None: must not exist)."""
        if new is None:
            self.run("update-ref", "-d", ref, old or ZERO)
        else:
            self.run("update-ref", ref, new, old or ZERO)

    def checkout(self, sha: str, target: Path, branch: str, origin: str) -> None:
        """Makes `target` a repository of its own with all branches as origin's, its work tree at `sha` on
        `branch`. origin: the url it names; never this directory, so that a job cannot push past the rules."""
        run_git("init", "-q", "--initial-branch", branch, str(target))
        source = str(self.path)
        run_git("fetch", "-q", source, sha, "+refs/heads/*:refs/remotes/origin/*", cwd=target)
        run_git("checkout", "-q", "-B", branch, sha, cwd=target)
        run_git("remote", "add", "origin", origin, cwd=target)
