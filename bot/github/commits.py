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

from bot.engine.ports import Effect, StepContext
from bot.github import errors
from bot.github.journal import Result, asked_again, once, settle, write
from bot.github.objects import TreeEntry
from bot.github.permissions import for_commit
from bot.github.repository import Repository
from bot.github.route import segments

_KIND = "commit-branch"
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
    that holds exactly this commit is adopted if we had begun it. Raises ForeignObject if it holds anything else or
    was there before us, GitHubError.
    """
    blobs = {p: None if d is None else _blob_sha(d) for p, d in files.items()}
    hints = {"branch": branch, "base": base_sha, "message": message, "files": blobs}
    intent = once(ctx, _KIND, [branch, base_sha, message, blobs], part=branch, hints=hints)

    async def look() -> Result | None:
        head = await repository.branch_head(branch)
        if head is None:
            return None
        begun_before = intent.known or asked_again(ctx)
        if not begun_before or not await _is_ours(repository, head, hints):
            raise errors.ForeignObject(
                f"There is already a branch “{branch}”, and what it holds is not ours. It was left alone; rename "
                "or delete it, then retry."
            )
        return {"sha": head}

    async def do() -> Result:
        sha = await _commit(repository, base_sha, files, message)
        body = {"ref": f"refs/heads/{branch}", "sha": sha}
        try:
            await write(repository, _KIND, "POST", "/git/refs", body, need=for_commit(files))
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
    blobs = {p: None if d is None else _blob_sha(d) for p, d in files.items()}
    hints = {"base": head_sha, "message": message, "files": blobs}
    intent = once(ctx, "append-commit", [branch, head_sha, message, blobs], part=branch)

    async def look() -> Result | None:
        sha = await repository.branch_head(branch)
        if sha == head_sha:
            return None
        for _ in range(_BACK):
            parents = [p.sha for p in (await repository.commit(sha)).parents] if sha else []
            if sha and parents == [head_sha] and await _is_ours(repository, sha, hints):
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
            await write(repository, _KIND, "PATCH", path, move, need=for_commit(files))
        except (errors.Invalid, errors.NotFound):
            found = await look()  # not a step forward: somebody was faster, perhaps ourselves
            if found is None:
                raise
            return found
        return {"sha": sha}

    return str((await settle(intent, repository.gh, look=look, do=do, by_nature=True))["sha"])


def begun(ctx: StepContext) -> list[Effect]:
    """The branches that this step has begun to make, in whichever attempt, oldest first."""
    return [e for e in ctx.store.effects(ctx.instance) if e.kind == _KIND and e.step == ctx.step]


async def made(repository: Repository, effect: Effect) -> str | None:
    """The commit that came of an effect: as noted, or as found after a crash. None if there is none of ours."""
    if "sha" in effect.result:
        return str(effect.result["sha"])
    head = await repository.branch_head(str(effect.result["branch"]))
    return head if head is not None and await _is_ours(repository, head, effect.result) else None


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
            answer = await write(repository, _KIND, "POST", "/git/blobs", blob, need=need)
            entry["sha"] = answer.read(_Made).sha
        entries.append(entry)
    if not entries:
        raise errors.Invalid("There is nothing to commit: no file would change.")
    base_tree = (await repository.commit(base_sha)).tree.sha
    tree = {"base_tree": base_tree, "tree": entries}
    made = (await write(repository, _KIND, "POST", "/git/trees", tree, need=need)).read(_Made)
    commit = {"message": message, "tree": made.sha, "parents": [base_sha]}
    answer = await write(repository, _KIND, "POST", "/git/commits", commit, need=need)
    return answer.read(_Made).sha


async def _is_ours(repository: Repository, head: str, hints: Mapping[str, Any]) -> bool:
    """Whether a commit is the one that we would make: parent, message and every file."""
    commit = await repository.commit(head)
    same_parent = [p.sha for p in commit.parents] == [hints["base"]]
    if not same_parent or commit.message.rstrip() != hints["message"].rstrip():
        return False
    wanted = await repository.tree(hints["base"])
    for path, blob in hints["files"].items():
        if blob is None:
            wanted.pop(path, None)
        else:
            wanted[path] = TreeEntry(_mode(path, wanted.get(path)), blob, "blob")
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
