"""What a pull request does to the decision log, and who else wants its numbers. No step of its own.

A record is judged in the log as it would be after the merge: the base branch as it is now, with what the pull
request adds, changes and takes away. So a number that was merged in the meantime is seen, and a fault that only
the base has mended is not held against anybody. Only an App sees all open pull requests of a repository.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.github.objects import Pull, PullFile, TreeEntry
from bot.github.repository import Repository
from bot.plans.configuration import Configuration
from bot.plans.globs import within
from bot.records.kinds import READ, FileKind, is_record
from bot.records.log import RecordLog
from bot.records.reservation import Claim, contested, number_of
from bot.steps.reading import MOST_FILES, Snapshot, blob_of, snapshot

MOST_PULLS = 50
"""Other pull requests whose files are looked at, the newest; more would take a share of the hour's requests."""
_MOST_LISTED = 300


@dataclass(frozen=True, slots=True)
class Proposal:
    """base: the log as it is; after: as it would be after the merge, both of texts that may be records.

    changed: records' paths that the pull request adds or changes; added: those of them that are new names.
    files: all that it touches. tree: of its head.
    """

    base: Snapshot
    after: Snapshot
    changed: frozenset[str]
    added: frozenset[str]
    files: tuple[PullFile, ...]
    tree: dict[str, TreeEntry]

    @property
    def log(self) -> RecordLog:
        """The whole log after the merge."""
        return RecordLog(self.after.files, paths=self.after.paths)

    @property
    def base_log(self) -> RecordLog:
        """What the base has of the records that matter: those changed, and those of the same numbers."""
        numbers = {number_of(path) for path in self.changed} - {None}
        own = {*self.changed, *(f.previous_filename for f in self.files)}
        files = self.base.files.items()
        return RecordLog({p: data for p, data in files if p in own or number_of(p) in numbers})


async def proposal(
    repository: Repository, number: int, head_sha: str, base_ref: str, configuration: Configuration
) -> Proposal | None:
    """The pull request as it stands; None if it touches no file that may be a record. Raises GitHubError."""
    files = await repository.pull_files(number)
    kept = {f.filename for f in files if f.status != "removed"}
    if not any(within(path, configuration.records) for path in kept):
        return None
    base_sha = await repository.branch_head(base_ref)
    base = await snapshot(repository, base_sha or base_ref, configuration)
    tree = await repository.tree(head_sha)
    gone = {f.filename for f in files} | {f.previous_filename for f in files if f.status == "renamed"}
    kept &= tree.keys()
    there = {path: data for path, data in base.files.items() if path not in gone}
    mine = sorted(p for p in kept if p.endswith(READ) and within(p, configuration.records))
    for path in mine[:MOST_FILES]:
        if tree[path].type == "blob":
            there[path] = await blob_of(repository, tree[path].sha)
    after = Snapshot(head_sha, configuration, there, frozenset((base.paths - gone) | kept))
    changed = frozenset(p for p in mine if p in there and is_record(p, there[p]) is FileKind.ADR)
    return Proposal(base, after, changed, changed - base.files.keys(), tuple(files), tree)


async def claims(
    repository: Repository, number: int, base_ref: str, configuration: Configuration
) -> tuple[list[Claim], int]:
    """Record files that other open pull requests for the same branch add, and how many of these pull requests were
    not looked at. Ours count for nothing: they propose no decisions. Raises GitHubError."""
    ours = (await repository.gh.app()).login
    listed = await repository.pulls(state="open", base=base_ref, limit=_MOST_LISTED)
    others = [pull for pull in listed if pull.number != number and not _by(pull, ours)]
    found = [
        claim for pull in others[:MOST_PULLS] for claim in await _claimed(repository, pull, configuration)
    ]
    return found, max(0, len(others) - MOST_PULLS)


async def _claimed(repository: Repository, pull: Pull, configuration: Configuration) -> list[Claim]:
    return [
        Claim(pull.number, f.filename)
        for f in await repository.pull_files(pull.number)
        if f.status in ("added", "renamed", "copied")
        and number_of(f.filename) is not None
        and f.filename.endswith(READ)
        and within(f.filename, configuration.records)
    ]


def _by(pull: Pull, login: str) -> bool:
    return pull.user is not None and pull.user.login == login


def rivals(number: int, added: Collection[str], found: Collection[Claim]) -> list[list[str | int]]:
    """Who was first with a number of ours, as JSON keeps it: [our path, their pull request, their path]."""
    earlier = [claim for claim in found if claim.pull < number]
    return [[path, c.pull, c.path] for path in sorted(added) for c in contested(path, earlier)]
