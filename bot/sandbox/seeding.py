"""The first commit of a repository, with all its files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from bot.sandbox.git import Entry, Git, Signature
from bot.sandbox.world import User


def first_commit(
    git: Git,
    branch: str,
    files: Mapping[str, bytes | str],
    executable: Collection[str],
    message: str,
    author: User,
    at: datetime,
) -> None:
    """Makes `branch` of an empty repository with these files."""
    entries = []
    for path, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        mode = "100755" if path in executable else "100644"
        entries.append(Entry(mode, "blob", git.write_blob(data), path))
    who = Signature(author.name or author.login, author.email, int(at.timestamp()))
    sha = git.write_commit(git.write_tree(None, entries), [], message, who, who)
    if git.ref(f"refs/heads/{branch}") != sha:  # it is there in a sandbox that is opened again
        git.move(f"refs/heads/{branch}", sha, None)
