"""commit_branch: a new branch with one commit of the App's, and append_commit: one more on a branch of somebody
else's, through git's data.

https://docs.github.com/en/rest/git. Blobs, trees and commits are named by their content, so making one twice
changes nothing; the branch is made or moved last, and never by force. A commit without author data of its own is
the App's, and signed by GitHub. Not here: which branch and what is in it (bot/steps).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from bot.engine.ports import StepContext
from bot.github import errors
from bot.github.journal import Result, once, settle, write
from bot.github.objects import TreeEntry
from bot.github.permissions import for_commit
from bot.github.repository import Repository
from bot.github.route import segments

_PLAIN, _EXECUTABLE = "100644", "100755"
_INLINE = 1_000_000  # bytes of text in one tree request; more goes by blobs
_BACK = 20  # commits that are looked through for ours, below what others have added meanwhile


class _Made(msgspec.Struct, frozen=True):
    sha: str


async def commit_branch(
    ctx: StepContext,
    repository: Repository,
    *,
    branch: str,
    base_sha: str,
    files: Mapping[str, bytes | None],
    message: str,
) -> str:
    """Create `branch` with one commit on `base_sha`, and return the commit's sha.

    files: path to new content, None to delete; a changed file keeps its executable bit. A branch of this name
    that holds exactly this commit is adopted. Raises ForeignObject if it holds anything else, GitHubError.
    """
    content = [branch, base_sha, message, {p: None if d is None else _blob_sha(d) for p, d in files.items()}]
    intent = once(ctx, "commit-branch", content, part=branch)

    async def look() -> Result | None:
        head = await repository.branch_head(branch)
        if head is None:
            return None
        if not await _is_ours(repository, head, base_sha, files, message):
            raise errors.ForeignObject(
                f"There is already a branch “{branch}”, and what it holds is not ours. It was left alone; rename "
                "or delete it, then retry."
            )
        return {"sha": head}

    async def do() -> Result:
        sha = await _commit(repository, base_sha, files, message)
        body = {"ref": f"refs/heads/{branch}", "sha": sha}
        try:
            await write(repository, "commit-branch", "POST", "/git/refs", body, need=for_commit(files))
        except errors.Invalid:
            found = await look()  # somebody was faster, perhaps ourselves
            if found is None:
                raise
            return found
        return {"sha": sha}

    return str((await settle(intent, repository.gh, look=look, do=do, by_nature=True))["sha"])


class BranchMoved(errors.Conflict):
    """The branch is gone or holds other commits than the change was made for. Nothing was changed."""


async def append_commit(
    ctx: StepContext,
    repository: Repository,
    *,
    branch: str,
    head_sha: str,
    files: Mapping[str, bytes | None],
    message: str,
) -> str:
    """Add one commit to an existing branch whose head is `head_sha`, and return the commit's sha.

    files: as for `commit_branch`. The branch only moves forward; our commit is found again below what others have
    added to it since. Raises BranchMoved if the head is another one, Refused or Invalid where rules protect the
    branch, GitHubError.
    """
    content = [branch, head_sha, message, {p: None if d is None else _blob_sha(d) for p, d in files.items()}]
    intent = once(ctx, "append-commit", content, part=branch)

    async def look() -> Result | None:
        sha = await repository.branch_head(branch)
        if sha == head_sha:
            return None
        for _ in range(_BACK):
            parents = [p.sha for p in (await repository.commit(sha)).parents] if sha else []
            if sha and parents == [head_sha] and await _is_ours(repository, sha, head_sha, files, message):
                return {"sha": sha}
            if not parents:
                break
            sha = parents[0]
        raise BranchMoved(f"The branch “{branch}” no longer stands at {head_sha[:12]}.")

    async def do() -> Result:
        sha = await _commit(repository, head_sha, files, message)
        path = f"/git/refs/heads/{segments(branch)}"
        move = {"sha": sha, "force": False}
        try:
            await write(repository, "commit-branch", "PATCH", path, move, need=for_commit(files))
        except (errors.Invalid, errors.NotFound):
            found = await look()  # not a step forward: somebody was faster, perhaps ourselves
            if found is None:
                raise
            return found
        return {"sha": sha}

    return str((await settle(intent, repository.gh, look=look, do=do, by_nature=True))["sha"])


async def _commit(
    repository: Repository, base_sha: str, files: Mapping[str, bytes | None], message: str
) -> str:
    """A commit that no branch points at yet."""
    need = for_commit(files)
    base = await repository.tree(base_sha)
    entries: list[dict[str, Any]] = []
    room = _INLINE
    for path, data in sorted(files.items()):
        mode = _mode(path, base.get(path))
        entry: dict[str, Any] = {"path": path, "mode": mode, "type": "blob"}
        if data is None:
            if path not in base:
                continue
            entry["sha"] = None
        elif (text := _text(data)) is not None and len(data) <= room:
            entry["content"] = text
            room -= len(data)
        else:
            blob = {"content": base64.b64encode(data).decode(), "encoding": "base64"}
            answer = await write(repository, "commit-branch", "POST", "/git/blobs", blob, need=need)
            entry["sha"] = answer.read(_Made).sha
        entries.append(entry)
    if not entries:
        raise errors.Invalid("There is nothing to commit: no file would change.")
    base_tree = (await repository.commit(base_sha)).tree.sha
    tree = {"base_tree": base_tree, "tree": entries}
    made = (await write(repository, "commit-branch", "POST", "/git/trees", tree, need=need)).read(_Made)
    commit = {"message": message, "tree": made.sha, "parents": [base_sha]}
    answer = await write(repository, "commit-branch", "POST", "/git/commits", commit, need=need)
    return answer.read(_Made).sha


async def _is_ours(
    repository: Repository, head: str, base_sha: str, files: Mapping[str, bytes | None], message: str
) -> bool:
    """Whether a commit is the one that we would make: parent, message and every file."""
    commit = await repository.commit(head)
    if [p.sha for p in commit.parents] != [base_sha] or commit.message.rstrip() != message.rstrip():
        return False
    wanted = await repository.tree(base_sha)
    for path, data in files.items():
        if data is None:
            wanted.pop(path, None)
        else:
            wanted[path] = TreeEntry(_mode(path, wanted.get(path)), _blob_sha(data), "blob")
    return await repository.tree(commit.tree.sha) == wanted


def _mode(path: str, existing: TreeEntry | None) -> str:
    """The mode that a file keeps. Raises Invalid for what is no plain file: writing it would make it one."""
    if existing is None:
        return _PLAIN
    if existing.mode not in (_PLAIN, _EXECUTABLE):
        raise errors.Invalid(f"“{path}” is a link or a submodule, and we only write plain files.")
    return existing.mode


def _blob_sha(data: bytes) -> str:
    """Git's name for a content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _text(data: bytes) -> str | None:
    """The content as JSON can carry it unchanged, or None."""
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
