"""Which runs a push or a PR starts (a PR's on its head, not on a merge made ahead). Dispatches: routes_actions.py.

As on GitHub, what a run's own GITHUB_TOKEN does starts no further runs.
"""

from __future__ import annotations

from bot.sandbox import runs, shapes, shapes_code, workflow_file
from bot.sandbox.world import Issue, Repository, User, World


def pushed(world: World, repository: Repository, by: User, ref: str, sha: str) -> None:
    """A branch moved: the list of workflows follows the default branch, and `on: push` starts runs."""
    branch = ref.removeprefix("refs/heads/")
    if branch == repository.default_branch:
        runs.sync(world, repository)
    commit = repository.git.commit(sha)
    assert commit
    payload: dict[str, object] = {
        "ref": ref,
        "after": sha,
        "repository": shapes.repository(world, repository),
        "sender": shapes.user(world, by),
        "head_commit": {"id": sha, "message": commit.message},
    }
    title = commit.message.partition("\n")[0]
    _start(world, repository, "push", branch, None, payload, ref, branch, sha, by, title)


def pull_changed(world: World, issue: Issue, by: User, action: str) -> None:
    """A PR was opened, reopened or got commits: `on: pull_request` starts runs."""
    assert issue.pull
    repository = issue.repository
    payload: dict[str, object] = {
        "action": action,
        "number": issue.number,
        "pull_request": shapes_code.pull(world, issue),
        "repository": shapes.repository(world, repository),
        "sender": shapes.user(world, by),
    }
    _start(
        world,
        repository,
        "pull_request",
        issue.pull.base_ref,
        action,
        payload,
        f"refs/pull/{issue.number}/merge",
        issue.pull.head_ref,
        issue.pull.head_sha,
        by,
        issue.title,
    )


def _start(
    world: World,
    repository: Repository,
    event: str,
    matched: str,
    action: str | None,
    payload: dict[str, object],
    ref: str,
    branch: str,
    sha: str,
    by: User,
    title: str,
) -> None:
    if world.actions is None or by is world.actions.bot:
        return
    commit = repository.git.commit(sha)
    folder = repository.git.entry(commit.tree, runs.FOLDER.rstrip("/")) if commit else None
    for entry in (repository.git.tree(folder.sha) or ()) if folder else ():
        path = runs.FOLDER + entry.path
        if entry.kind != "blob" or not path.endswith((".yml", ".yaml")):
            continue
        file = workflow_file.read(path, repository.git.blob(entry.sha) or b"")
        if not file.wants(event, matched, action):
            continue
        of = runs.workflow(world, repository, path, file.name)
        if of.state != "disabled_manually":
            runs.start(
                world,
                repository,
                of,
                event=event,
                payload=payload,
                ref=ref,
                branch=branch,
                sha=sha,
                by=by,
                otherwise=title,
            )
