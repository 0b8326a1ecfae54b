"""The first commit of a repository, written in one go however many files it has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from bot.sandbox.git import Git
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
    """Makes `branch` of an empty repository with these files (git fast-import)."""
    who = f"{author.name or author.login} <{author.email}> {int(at.timestamp())} +0000"
    parts = [f"commit refs/heads/{branch}\ncommitter {who}\n".encode(), _data(message.encode())]
    for path, content in sorted(files.items()):
        data = content.encode() if isinstance(content, str) else content
        mode = "100755" if path in executable else "100644"
        quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        parts += [f"M {mode} inline {quoted}\n".encode(), _data(data)]
    git.run("fast-import", "--quiet", stdin=b"".join(parts))


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"
