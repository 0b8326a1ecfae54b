"""Moving a branch or tag, and what follows from it: rules, webhooks, PRs, runs.

Every ref of every repository moves through `move` (creation of a repository excepted), so nothing can land past a
branch's rules or past the `workflows` permission. Not here: making the commits (routes_*.py, merging.py).
"""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox import merging, shapes, shapes_code, webhooks
from bot.sandbox.call import Call, Refusal, forbidden
from bot.sandbox.checks import suite_of
from bot.sandbox.diffs import changed_paths, changes
from bot.sandbox.git import ZERO, GitRefused
from bot.sandbox.world import Issue, Repository, User, World

WORKFLOWS = ".github/workflows/"
_HEADS = "refs/heads/"


def landing_workflow(repository: Repository, new: str, old: str | None) -> str | None:
    """The first workflow file that moving a ref from `old` to `new` brings in or changes. For a new ref: what
    commits bring that no ref has yet. What the default branch has just so is no change."""
    git = repository.git
    if old is not None:
        default = git.find_commit(f"refs/heads/{repository.default_branch}")
        there = default.sha if default else old
        changed = [path for path in changed_paths(git, old, new) if path.startswith(WORKFLOWS)]
        own = [path for path in changed if git.file(new, path) != git.file(there, path)]
        return min(own, default=None)
    known = list(git.refs().values())
    for sha in git.history(new, not_from=known):
        commit = git.commit(sha)
        assert commit
        # A file of a merge counts if it differs from every parent, as in git's combined diff.
        sets = [
            {change.path for change in changes(git, parent, sha) if change.path.startswith(WORKFLOWS)}
            for parent in (commit.parents or (None,))
        ]
        brought = set.intersection(*sets)
        if brought:
            return min(brought)
    return None


def broken_rules(repository: Repository, ref: str, old: str | None, new: str | None) -> list[str]:
    """Why a branch's rules forbid this move outside a PR, as GitHub's sentences."""
    branch = ref.removeprefix(_HEADS)
    rules = (
        {rule["type"]: rule for rule in repository.rules.get(branch, ())} if ref.startswith(_HEADS) else {}
    )
    said = []
    if new is None:
        return ["Cannot delete this branch"] if "deletion" in rules else []
    if old is None and "creation" in rules:
        said.append("Cannot create ref due to creations being restricted.")
    if old is not None and "update" in rules:
        said.append("Cannot update this protected ref.")
    if old is not None and "non_fast_forward" in rules and not repository.git.contains(new, old):
        said.append("Cannot force-push to this branch")
    if old is not None and "pull_request" in rules:
        said.append("Changes must be made through a pull request.")
    return said + merging.missing_checks(repository, branch, new)


def move(
    call: Call,
    ref: str,
    new: str | None,
    old: str | None,
    *,
    by_merge: bool = False,
    refused: Callable[[str], Refusal] | None = None,
) -> None:
    """Moves full `ref` from `old` (None: create) to `new` (None: delete) for the caller, and tells everybody.

    by_merge: a PR's merge, whose rules merging.py has checked. refused: makes the Refusal of broken rules.
    Raises Refusal: 403 without the `workflows` permission, 422 for rules or for what git will not do.
    """
    world, repository = call.world, call.repository
    installation_token = call.actor.installation is not None
    if new is not None and installation_token and not call.actor.allows("workflows", "write"):
        path = landing_workflow(repository, new, old)
        if path and by_merge:
            what = f"create or update workflow `{path}` without `workflows` permission"
            raise Refusal(403, f"refusing to allow a GitHub App to {what}")
        if path:
            raise forbidden()
    said = [] if by_merge else broken_rules(repository, ref, old, new)
    if said:
        message = "Repository rule violations found\n\n" + "\n".join(said)
        raise refused(message) if refused else Refusal(422, message)
    try:
        repository.git.move(ref, new, old)
    except GitRefused as error:
        raise Refusal(422, "Reference update failed" if old else "Reference already exists") from error
    moved(world, repository, call.user, ref, new, old)


def moved(world: World, repository: Repository, by: User, ref: str, new: str | None, old: str | None) -> None:
    """What follows once a ref has moved."""
    from bot.sandbox import triggers  # it starts runs, which lead back here through a run's token

    name = ref.removeprefix(_HEADS).removeprefix("refs/tags/")
    kind = "branch" if ref.startswith(_HEADS) else "tag"
    brief = {"ref": name, "ref_type": kind, "pusher_type": "user"}
    if old is None:
        created = {**brief, "master_branch": repository.default_branch, "description": None}
        webhooks.emit(world, repository, "create", None, by, lambda: created)
    webhooks.emit(world, repository, "push", None, by, lambda: _push(world, repository, by, ref, new, old))
    if new is None:
        webhooks.emit(world, repository, "delete", None, by, lambda: brief)
    if kind != "branch":
        return
    if new is not None:
        for installation in list(world.installations.values()):
            if repository in installation.repositories and "checks" in installation.permissions:
                suite_of(world, repository, installation.app, new, name, announce=by)
        triggers.pushed(world, repository, by, ref, new)
    for issue in list(repository.pulls()):
        if issue.state == "open":
            _pull_follows(world, issue, by, name, new)


def _pull_follows(world: World, issue: Issue, by: User, name: str, new: str | None) -> None:
    """What becomes of an open PR when branch `name` has moved to `new` or (None) is gone."""
    from bot.sandbox import triggers

    assert issue.pull
    repository, pull = issue.repository, issue.pull
    if new is None and name in (pull.head_ref, pull.base_ref):
        close(world, repository, by, issue.number)
    elif new is not None and name == pull.head_ref:
        before, pull.head_sha = pull.head_sha, new
        pull.base_sha = merging.base_tip(issue)
        issue.updated_at = world.clock()
        announce_pull(world, repository, issue.number, "synchronize", by, before=before, after=new)
        triggers.pull_changed(world, issue, by, "synchronize")
    elif new is not None and name == pull.base_ref and repository.git.contains(new, pull.head_sha):
        # Somebody pushed the PR's commits to its base: that is a merge too.
        pull.merged_at, pull.merged_by, pull.merge_commit = world.clock(), by, new
        close(world, repository, by, issue.number)


def announce_pull(
    world: World, repository: Repository, number: int, action: str, by: User, **more: object
) -> None:
    """The pull_request event of a PR as it is now."""
    issue = repository.issues[number]
    webhooks.emit(
        world,
        repository,
        "pull_request",
        action,
        by,
        lambda: {"number": number, "pull_request": shapes_code.pull(world, issue), **more},
    )


def close(world: World, repository: Repository, by: User, number: int, reason: str | None = None) -> None:
    """Closes an issue or PR and says so."""
    issue = repository.issues[number]
    if issue.pull and issue.pull.merged_at is None:
        issue.pull.base_sha = merging.base_tip(issue)
    issue.state, issue.state_reason = "closed", None if issue.pull else (reason or "completed")
    issue.closed_at = issue.updated_at = world.clock()
    issue.closed_by = by
    if issue.pull:
        announce_pull(world, repository, number, "closed", by)
    else:
        webhooks.emit(
            world, repository, "issues", "closed", by, lambda: {"issue": shapes.issue(world, issue)}
        )


def _push(
    world: World, repository: Repository, by: User, ref: str, new: str | None, old: str | None
) -> dict[str, object]:
    git = repository.git
    commits = [git.commit(sha) for sha in git.history(new, not_from=[old] if old else [])[:20]] if new else []
    html = f"{world.html}/{repository.full_name}"
    listed = []
    for commit in reversed(commits):
        assert commit
        diff = changes(git, commit.parents[0] if commit.parents else None, commit.sha)
        listed.append(
            {
                "id": commit.sha,
                "tree_id": commit.tree,
                "distinct": True,
                "message": commit.message,
                "timestamp": shapes_code.git_commit(world, repository, commit)["committer"]["date"],
                "url": f"{html}/commit/{commit.sha}",
                "author": {"name": commit.author.name, "email": commit.author.email},
                "committer": {"name": commit.committer.name, "email": commit.committer.email},
                "added": [change.path for change in diff if change.status == "added"],
                "removed": [change.path for change in diff if change.status == "removed"],
                "modified": [change.path for change in diff if change.status not in ("added", "removed")],
            }
        )
    return {
        "ref": ref,
        "before": old or ZERO,
        "after": new or ZERO,
        "base_ref": None,
        "created": old is None,
        "deleted": new is None,
        "forced": bool(old and new and not git.contains(new, old)),
        "compare": f"{html}/compare/{(old or ZERO)[:12]}...{(new or ZERO)[:12]}",
        "commits": listed,
        "head_commit": listed[-1] if listed else None,
        "pusher": {"name": by.login, "email": by.email},
    }
