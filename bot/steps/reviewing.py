"""Who reviewed a record before it came to the default branch, as GitHub tells now. No step of its own.

From the file's last commit to the pull request that brought it, from there to its reviews and to what the
reviewers may do. The pull request must itself have changed the file, into the bytes that are read: what a merge
made of two sides, or a push put there, nobody approved; nor does an approval count by who wrote part of it. Not
here: what follows from it (bot/plans/reviewed.py).
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Iterable, Mapping

from bot.github.objects import Pull, Review
from bot.github.repository import WRITERS, Repository
from bot.plans import reviewed
from bot.plans.reviewed import Reviewed
from bot.records.document import SIDECARS
from bot.records.text import blob_sha

MOST_REVIEWERS = 100
"""People whose permission is asked for; each costs a request."""
_MOST_REVIEWS = 3_000
_MOST_COMMITS = 250
"""GitHub tells no more of a pull request's."""


async def observe(
    repository: Repository, base_ref: str, sha: str, path: str, files: Mapping[str, bytes]
) -> Reviewed:
    """Whether the record at `path` was reviewed. base_ref: the default branch; sha: its commit; files: the log's
    files at that commit. YAML that stands beside a record can state its status, so that counts as the record too.
    Raises GitHubError."""
    found = Reviewed(False, "")
    for part in _parts(path, files):
        found = await _of_file(repository, base_ref, sha, part, blob_sha(files[part]))
        if not found.holds:
            break
    return found


def _parts(path: str, files: Mapping[str, bytes]) -> Iterable[str]:
    folder, base = posixpath.split(path)
    alone = base.lower().startswith(("readme.", "index."))
    beside = (posixpath.join(folder, name) for name in SIDECARS if alone or name.startswith("kep."))
    return (path, *(name for name in beside if name in files))


async def _of_file(repository: Repository, base_ref: str, sha: str, path: str, blob: str) -> Reviewed:
    commit = await repository.last_commit(path, sha)
    if commit is None:
        return Reviewed(False, f"The commit that brought {path} cannot be found. {reviewed.WAY_OUT}")
    pull = await _brought_by(repository, base_ref, commit)
    if pull is None:
        why = f"No merged pull request is known to have brought it to {base_ref} (commit {commit[:7]})."
        return Reviewed(False, f"{why} {reviewed.WAY_OUT}")
    changed = await repository.pull_files(pull.number)
    if not any((one.filename, one.sha) == (path, blob) and one.status != "removed" for one in changed):
        why = (
            f"What stands in {path} now is not what #{pull.number} proposed, so nobody approved it as it is."
        )
        return Reviewed(False, f"{why} {reviewed.WAY_OUT}")
    said = await repository.reviews(pull.number)
    author = pull.user.login if pull.user else ""
    commits = await repository.pull_commits(pull.number)
    wrote = {user.login for made in commits for user in (made.author, made.committer) if user}
    if len(commits) >= _MOST_COMMITS:
        why = f"#{pull.number}, which brought it, has more commits than this bot can see."
        return Reviewed(False, f"{why} {reviewed.WAY_OUT}")
    held = reviewed.opinions((one for review in said if (one := _plain(review, pull))), author, wrote)
    if len(said) >= _MOST_REVIEWS or len(held) > MOST_REVIEWERS:
        why = f"#{pull.number}, which brought it, has more reviews than this bot looks at."
        return Reviewed(False, f"{why} {reviewed.WAY_OUT}")
    asked = [one.login for one in held if one.approves or one.objects]
    writers = [login for login in asked if await repository.permission(login) in WRITERS]
    return reviewed.judge(pull.number, held, writers)


async def _brought_by(repository: Repository, base_ref: str, commit: str) -> Pull | None:
    """The first pull request that was merged to the branch with this commit. GitHub connects the two a moment
    after the merge, so none is believed only after some patience."""
    for pause in (*repository.gh.patience, None):
        merged = [
            pull
            for pull in await repository.pulls_of_commit(commit)
            if pull.merged and pull.base.ref == base_ref and _here(repository, pull)
        ]
        if merged or pause is None:
            return min(merged, key=lambda pull: (pull.merged_at or "", pull.number), default=None)
        await asyncio.sleep(pause)
    raise AssertionError("the last pause is None")


def _here(repository: Repository, pull: Pull) -> bool:
    """A fork's commits are known from pull requests of other repositories too."""
    return pull.base.repo is not None and pull.base.repo.full_name.lower() == repository.full_name.lower()


def _plain(review: Review, pull: Pull) -> reviewed.Review | None:
    """None for what a program said, or an account that is gone: people accept records."""
    if review.user is None or review.user.type != "User":
        return None
    when, merged = review.submitted_at, pull.merged_at
    return reviewed.Review(
        login=review.user.login,
        state=review.state,
        on_head=review.commit_id == pull.head.sha,
        in_time=bool(when and merged and when <= merged),
    )
