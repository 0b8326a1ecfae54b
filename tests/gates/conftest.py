"""Diffs for the stories of this room, written by git itself."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

DIFF = [
    "diff",
    "--no-renames",
    "--full-index",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "before",
    "after",
]
GIT = ["git", "-c", "core.quotePath=false"]
ENV = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/bin:/bin"}

Diff = Callable[[Mapping[str, bytes], Mapping[str, bytes]], bytes]


def _commit(branch: bytes, files: Mapping[str, bytes]) -> bytes:
    out = b"commit refs/heads/%s\ncommitter a <a@b> 0 +0000\ndata 0\ndeleteall\n" % branch
    for path, content in files.items():
        quoted = path.replace("\\", "\\\\").replace('"', '\\"').encode()
        out += b'M 100644 inline "%s"\ndata %d\n%s\n' % (quoted, len(content), content)
    return out


@pytest.fixture(scope="session")
def diff(tmp_path_factory: pytest.TempPathFactory) -> Diff:
    """The diff that git writes between two trees, given as path to content."""
    where: Path = tmp_path_factory.mktemp("repository")

    def git(*args: str, stdin: bytes | None = None) -> bytes:
        run = subprocess.run([*GIT, *args], cwd=where, env=ENV, input=stdin, capture_output=True, check=True)
        return run.stdout

    git("init", "-q", "--bare")

    def between(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> bytes:
        git("fast-import", "--quiet", "--force", stdin=_commit(b"before", before) + _commit(b"after", after))
        return git(*DIFF)

    return between
