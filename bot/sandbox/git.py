"""One bare repository on disk. Objects are read and written here, loose; git's own binary does what is harder:
diffs, merges, checkouts, and the reading of packs.

A process costs 3 ms and a story of the sandbox would start a hundred, so what is one file is a file: an object, a
ref. Every answer about shas is immutable and therefore kept. Arguments are argv lists, never a shell; nobody's git
configuration takes part. Names that come from outside pass `valid_ref` or are full shas before git sees them. Not
here: what objects look like (git_objects.py), who may do it and what follows from it (refs.py), diffs (diffs.py).
"""

from __future__ import annotations

import heapq
import os
import re
import subprocess
import zlib
from collections.abc import Callable, Collection, Hashable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TypeVar

from bot.sandbox import git_refs
from bot.sandbox.git_objects import (
    Commit,
    Entry,
    GitRefused,
    Signature,
    commit_bytes,
    read_commit,
    read_tree,
    tree_bytes,
    valid_path,
    whole,
    with_file,
)
from bot.sandbox.git_refs import valid_ref

__all__ = ["ZERO", "Commit", "Entry", "Git", "GitRefused", "Signature", "is_sha", "run_git", "valid_ref"]

T = TypeVar("T")

ZERO = "0" * 40
_SHA = re.compile(r"[0-9a-f]{40}")
_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": os.devnull,
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
_CONFIGURATION = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
[uploadpack]
\tallowAnySHA1InWant = true
"""


def is_sha(text: str) -> bool:
    """Whether `text` is a full object id."""
    return _SHA.fullmatch(text) is not None


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


_EVERYWHERE: dict[Hashable, object] = {}


class Git:
    """A bare repository at `path`."""

    def __init__(self, path: Path, default_branch: str = "main") -> None:
        self.path = path
        self._reader: subprocess.Popen[bytes] | None = None
        self._known: dict[Hashable, object] = {}
        if not (path / "HEAD").exists():
            (path / "objects").mkdir(parents=True)
            (path / "refs" / "heads").mkdir(parents=True)
            (path / "config").write_text(_CONFIGURATION)
            (path / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n")

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

    def keep(self, key: Hashable, make: Callable[[], T], *, everywhere: bool = False) -> T:
        """`make()`, asked once a key: for what follows from shas alone. everywhere: once for all repositories, for
        what is only asked about shas that are known to be there."""
        kept = _EVERYWHERE if everywhere else self._known
        if key not in kept:
            if len(_EVERYWHERE) > 5000:
                _EVERYWHERE.clear()
            kept[key] = make()
        return kept[key]  # type: ignore[return-value]  # each key is used with one type

    # Reading

    def object(self, name: str) -> tuple[str, str, bytes] | None:
        """(sha, kind, bytes) of a full sha or a full ref name; None if there is no such thing."""
        if is_sha(name):
            with suppress(FileNotFoundError):
                stored = zlib.decompress((self.path / "objects" / name[:2] / name[2:]).read_bytes())
                head, _, data = stored.partition(b"\0")
                return name, head.partition(b" ")[0].decode(), data
        return self._packed(name)

    def _packed(self, name: str) -> tuple[str, str, bytes] | None:
        """As `object`, for whatever git knows: asked of one process that stays."""
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
        if not name.startswith("refs/") or not valid_ref(name):
            return None
        found = git_refs.read(self.path, name)
        if (found is None and not git_refs.is_packed(self.path)) or (found and is_sha(found)):
            return found
        asked = self._packed(name)
        return asked[0] if asked else None

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Full ref name -> sha, sorted by name; those that start with `prefix`."""
        if git_refs.is_packed(self.path):
            lines = self.run("for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines()
            pairs = [line.rpartition(" ")[::2] for line in lines]
        else:
            pairs = [(name, sha) for name in git_refs.names(self.path) if (sha := self.ref(name))]
        return {name: sha for name, sha in pairs if name.startswith(prefix)}

    def commit(self, sha: str) -> Commit | None:
        """The commit with this full sha."""
        if not is_sha(sha):
            return None
        if ("commit", sha) not in self._known:
            found = self.object(sha)
            if found is None or found[1] != "commit":
                return None
            self._known["commit", sha] = read_commit(sha, found[2])
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
            self._known["tree", sha] = read_tree(found[2])
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
        limits = tuple(not_from)
        if not path:
            return self.keep(("history", tip, limits), lambda: self._history(tip, limits))
        asked = ("rev-list", tip, *(f"^{sha}" for sha in limits), "--", f":(literal){path}")
        return self.keep(asked, lambda: self.run(*asked).decode().split())

    def _history(self, tip: str, limits: Collection[str]) -> list[str]:
        """As `git rev-list` goes: by committer's date, those of one date in the order in which they are met."""
        past: set[str] = set()
        for sha in limits:
            past.update(self._history(sha, ()) if sha not in past else ())
        found: list[str] = []
        met, order, queue = {tip}, count(), [(0, 0, tip)]
        while queue:
            _, _, sha = heapq.heappop(queue)
            commit = self.commit(sha)
            if commit is None:
                raise GitRefused(f"bad object {sha}")
            if sha in past:
                continue
            found.append(sha)
            for parent in commit.parents:
                if parent not in met and (seen := self.commit(parent)):
                    met.add(parent)
                    heapq.heappush(queue, (-seen.committer.seconds, next(order), parent))
        return found

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
            mine, other, base = self.commit(ours), self.commit(theirs), self.merge_base(ours, theirs)
            if mine and other and base in (ours, theirs):  # one holds the other
                return (other if base == ours else mine).tree, []
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

    def _store(self, sha: str, stored: bytes) -> str:
        place = self.path / "objects" / sha[:2] / sha[2:]
        if not place.exists():
            place.parent.mkdir(exist_ok=True)
            new = place.with_name(f"tmp_obj_{sha[2:]}")
            new.write_bytes(zlib.compress(stored, 1))
            new.chmod(0o444)
            new.replace(place)
        return sha

    def write_blob(self, data: bytes) -> str:
        """Stores a blob; its sha."""
        return self._store(*whole("blob", data))

    def write_tree(self, base: str | None, changes: Collection[Entry | str]) -> str:
        """A tree: `base` with entries set (blob, submodule or tree) and paths (str) removed. GitRefused if a path
        is not one that git stores."""
        files = {entry.path: entry for entry in self.walk(base)} if base else {}
        for change in changes:
            path = change if isinstance(change, str) else change.path
            if not valid_path(path):
                raise GitRefused(f"invalid path {path!r}")
            if isinstance(change, str) or change.kind == "tree":
                for gone in [name for name in files if name == path or name.startswith(path + "/")]:
                    del files[gone]
            if isinstance(change, Entry):
                inside = self.walk(change.sha, path + "/") if change.kind == "tree" else [change]
                for entry in inside:
                    with_file(files, entry)
        sha, trees = tree_bytes(files.values())
        for each, stored in trees.items():
            self._store(each, stored)
        return sha

    def write_commit(
        self, tree: str, parents: Collection[str], message: str, author: Signature, committer: Signature
    ) -> str:
        """Stores a commit; its sha. The same content at the same second is the same commit. GitRefused for what a
        commit cannot hold."""
        return self._store(*whole("commit", commit_bytes(tree, parents, message, author, committer)))

    def move(self, ref: str, new: str | None, old: str | None) -> None:
        """Sets (or with new=None deletes) a full ref that must be at `old` (None: must not exist). Raises
        GitRefused."""
        if git_refs.is_packed(self.path):
            self.run("update-ref", *(["-d", ref] if new is None else [ref, new]), old or ZERO)
            return
        if new is not None and self.object(new) is None:
            raise GitRefused(f"trying to write ref '{ref}' with nonexistent object {new}")
        git_refs.move(self.path, ref, new, old)

    def checkout(self, sha: str, target: Path, branch: str, origin: str) -> None:
        """Makes `target` a repository of its own with all branches as origin's, its work tree at `sha` on
        `branch`. origin: the url it names; never this directory, so that a job cannot push past the rules."""
        run_git("init", "-q", "--initial-branch", branch, str(target))
        source = str(self.path)
        run_git("fetch", "-q", source, sha, "+refs/heads/*:refs/remotes/origin/*", cwd=target)
        run_git("checkout", "-q", "-B", branch, sha, cwd=target)
        run_git("remote", "add", "origin", origin, cwd=target)
