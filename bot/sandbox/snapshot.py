"""What a sandbox looks like from outside, as data that two stories can be compared by: no ids, no times.

Commits are compared by tree, message and parents, not by sha, since their dates differ between two stories.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from bot.sandbox.git import Git
from bot.sandbox.world import CheckRun, Issue, Repository, Run, World

_SHA = re.compile(r"\b[0-9a-f]{40}\b")
# in links to runs, jobs, comments and artifacts
_ID = re.compile(r"(?:(?<=/runs/)|(?<=/job/)|(?<=comment-)|(?<=facts/))\d+")


def snapshot(world: World) -> dict[str, Any]:
    """Every repository's refs, trees, issues, PRs, comments, reactions, check runs and runs."""
    return {name: _repository(repository) for name, repository in sorted(world.repositories.items())}


def _repository(it: Repository) -> dict[str, Any]:
    refs = it.git.refs()
    return {
        "refs": {name: identity(it.git, sha) for name, sha in refs.items()},
        "trees": {name: _tree(it.git, sha) for name, sha in refs.items()},
        "issues": [_issue(it, issue) for _, issue in sorted(it.issues.items())],
        "check_runs": sorted((_check_run(it, run) for run in it.check_runs.values()), key=str),
        "runs": sorted((_run(it, run) for run in it.runs.values()), key=str),
        "workflows": {path: workflow.state for path, workflow in sorted(it.workflows.items())},
    }


def identity(git: Git, sha: str) -> str:
    """What a commit is, apart from when it was made."""

    def make() -> str:
        commit = git.commit(sha)
        if commit is None:
            return sha
        parts = [commit.tree, commit.message, commit.author.name, commit.committer.name]
        parts += [identity(git, parent) for parent in commit.parents]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    return git.keep(("identity", sha), make)


def _tree(git: Git, sha: str) -> dict[str, str]:
    commit = git.commit(sha)
    return {entry.path: f"{entry.mode} {entry.sha}" for entry in git.walk(commit.tree)} if commit else {}


def _text(git: Git, text: str | None) -> str | None:
    """A text with ids in its links left out, and shas of commits replaced by what the commits are."""
    return _ID.sub("N", _SHA.sub(lambda match: identity(git, match[0]), text)) if text else text


def _issue(repo: Repository, it: Issue) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "number": it.number,
        "title": it.title,
        "body": _text(repo.git, it.body),
        "user": it.user.login,
        "state": it.state,
        "state_reason": it.state_reason,
        "labels": sorted(it.labels),
        "comments": [
            {
                "user": comment.user.login,
                "body": _text(repo.git, comment.body),
                "reactions": sorted((one.user.login, one.content) for one in comment.reactions),
            }
            for comment in it.comments
        ],
    }
    if it.pull:
        shape["pull"] = {
            "head": it.pull.head_ref,
            "base": it.pull.base_ref,
            "head_commit": identity(repo.git, it.pull.head_sha),
            "merged": it.pull.merged_at is not None,
            "reviews": [(one.user.login, one.state, one.body) for one in it.pull.reviews],
        }
    return shape


def _check_run(repo: Repository, it: CheckRun) -> dict[str, Any]:
    return {
        "name": it.name,
        "app": it.suite.app.slug,
        "commit": identity(repo.git, it.suite.head_sha),
        "status": it.status,
        "conclusion": it.conclusion,
        "output": {key: _text(repo.git, value) for key, value in sorted(it.output.items())},
        "annotations": len(it.annotations),
        "actions": [action["identifier"] for action in it.actions],
    }


def _run(repo: Repository, it: Run) -> dict[str, Any]:
    return {
        "path": it.workflow.path,
        "event": it.event,
        "actor": it.actor.login,
        "commit": identity(repo.git, it.head_sha),
        "attempt": it.attempt,
        "status": it.status,
        "conclusion": it.conclusion,
        "jobs": sorted((job.attempt, job.name, job.conclusion or job.status) for job in it.jobs),
        "artifacts": sorted(artifact.name for artifact in it.artifacts),
    }
