"""Reading a repository for the steps: its configuration, its decision log, one record. No step of its own.

The configuration is always read at a branch that only maintainers write, never at a pull request's head.
Blobs are immutable, so they are remembered by their sha: a log of hundreds of records costs its requests once.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

from bot.github.repository import Repository
from bot.plans import cloi_yml
from bot.plans.configuration import CONFIGURATION_PATH, Configuration
from bot.plans.globs import within
from bot.records.kinds import READ
from bot.records.log import RecordLog

MOST_FILES = 1_000
"""Files of one log that are read; what lies beyond is left out."""

_REMEMBERED = 5_000
_blobs: OrderedDict[str, bytes] = OrderedDict()


@dataclass(frozen=True)
class Snapshot:
    """A repository at one commit. files: of the decision log; paths: of everything."""

    sha: str
    configuration: Configuration
    files: dict[str, bytes]
    paths: frozenset[str]

    @cached_property  # a log remembers what it has read
    def log(self) -> RecordLog:
        return RecordLog(self.files)


async def configuration_at(repository: Repository, ref: str) -> Configuration:
    """.github/cloi.yml at a branch or commit, or its defaults. Raises ConfigurationError, GitHubError."""
    file = await repository.file(CONFIGURATION_PATH, ref)
    return cloi_yml.read(file.data if file else None)


async def snapshot(repository: Repository, sha: str, configuration: Configuration) -> Snapshot:
    """The decision log at a commit. Raises GitHubError."""
    tree = await repository.tree(sha)
    wanted = [
        path
        for path, entry in sorted(tree.items())
        if entry.type == "blob" and path.endswith(READ) and within(path, configuration.records)
    ]
    files = {path: await blob_of(repository, tree[path].sha) for path in wanted[:MOST_FILES]}
    return Snapshot(sha, configuration, files, frozenset(tree))


async def blob_of(repository: Repository, sha: str) -> bytes:
    """A blob's bytes. Raises GitHubError."""
    key = f"{repository.full_name}/{sha}"
    if key not in _blobs:
        _blobs[key] = await repository.blob(sha)
        while len(_blobs) > _REMEMBERED:
            _blobs.popitem(last=False)
    return _blobs[key]
