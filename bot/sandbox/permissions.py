"""What each operation needs, as one table, and the check of an actor against it.

Source of the rules: GitHub's list of permissions required for GitHub Apps, and its repository roles. A token
without the permission, or for other repositories, gets 403 on what it may see and 404 on what it may not. Not
here: rules of single objects (only the App that made a check run may change it), which their handlers hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.call import Refusal, forbidden, not_found
from bot.sandbox.tokens import Actor
from bot.sandbox.world import ROLES, Issue, Repository


@dataclass(frozen=True)
class Need:
    """app: permissions of which one suffices, as (name, level). person: the weakest role; "app" if only an App's
    JWT will do, "token" if any known actor will, "never" if people cannot."""

    app: tuple[tuple[str, str], ...]
    person: str


# operation | permission of an App (any of) | role of a person
_TABLE = """
GET /app | - | app
GET /app/installations | - | app
GET /app/installations/{installation_id} | - | app
POST /app/installations/{installation_id}/access_tokens | - | app
GET /app/hook/deliveries | - | app
GET /app/hook/deliveries/{delivery_id} | - | app
POST /app/hook/deliveries/{delivery_id}/attempts | - | app
GET /repos/{owner}/{repo}/installation | - | app
GET /installation/repositories | - | token
GET /rate_limit | - | token
GET /user | - | token
GET /repos/{owner}/{repo} | metadata:read | read
GET /repos/{owner}/{repo}/collaborators/{username}/permission | metadata:read | read
GET /repos/{owner}/{repo}/contents/{path} | contents:read | read
PUT /repos/{owner}/{repo}/contents/{path} | contents:write | write
DELETE /repos/{owner}/{repo}/contents/{path} | contents:write | write
GET /repos/{owner}/{repo}/git/blobs/{file_sha} | contents:read | read
POST /repos/{owner}/{repo}/git/blobs | contents:write | write
GET /repos/{owner}/{repo}/git/trees/{tree_sha} | contents:read | read
POST /repos/{owner}/{repo}/git/trees | contents:write | write
GET /repos/{owner}/{repo}/git/commits/{commit_sha} | contents:read | read
POST /repos/{owner}/{repo}/git/commits | contents:write | write
GET /repos/{owner}/{repo}/git/ref/{ref} | contents:read | read
GET /repos/{owner}/{repo}/git/matching-refs/{ref} | contents:read | read
POST /repos/{owner}/{repo}/git/refs | contents:write | write
PATCH /repos/{owner}/{repo}/git/refs/{ref} | contents:write | write
DELETE /repos/{owner}/{repo}/git/refs/{ref} | contents:write | write
GET /repos/{owner}/{repo}/branches | contents:read | read
GET /repos/{owner}/{repo}/branches/{branch} | contents:read | read
GET /repos/{owner}/{repo}/rules/branches/{branch} | metadata:read | read
GET /repos/{owner}/{repo}/commits | contents:read | read
GET /repos/{owner}/{repo}/commits/{ref} | contents:read | read
GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls | pull_requests:read | read
GET /repos/{owner}/{repo}/commits/{ref}/status | statuses:read | read
GET /repos/{owner}/{repo}/commits/{ref}/check-runs | checks:read | read
GET /repos/{owner}/{repo}/compare/{basehead} | contents:read | read
GET /repos/{owner}/{repo}/pulls | pull_requests:read | read
POST /repos/{owner}/{repo}/pulls | pull_requests:write | read
GET /repos/{owner}/{repo}/pulls/{pull_number} | pull_requests:read | read
PATCH /repos/{owner}/{repo}/pulls/{pull_number} | pull_requests:write | read
GET /repos/{owner}/{repo}/pulls/{pull_number}/files | pull_requests:read | read
GET /repos/{owner}/{repo}/pulls/{pull_number}/commits | pull_requests:read | read
PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge | contents:write | write
GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews | pull_requests:read | read
POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews | pull_requests:write | read
GET /repos/{owner}/{repo}/issues | issues:read | read
POST /repos/{owner}/{repo}/issues | issues:write | read
GET /repos/{owner}/{repo}/issues/{issue_number} | issues:read pull_requests:read | read
PATCH /repos/{owner}/{repo}/issues/{issue_number} | issues:write pull_requests:write | read
GET /repos/{owner}/{repo}/issues/{issue_number}/comments | issues:read pull_requests:read | read
POST /repos/{owner}/{repo}/issues/{issue_number}/comments | issues:write pull_requests:write | read
GET /repos/{owner}/{repo}/issues/comments/{comment_id} | issues:read pull_requests:read | read
PATCH /repos/{owner}/{repo}/issues/comments/{comment_id} | issues:write pull_requests:write | read
DELETE /repos/{owner}/{repo}/issues/comments/{comment_id} | issues:write pull_requests:write | read
GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions | issues:read pull_requests:read | read
POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions | issues:write pull_requests:write | read
POST /repos/{owner}/{repo}/check-runs | checks:write | never
GET /repos/{owner}/{repo}/check-runs/{check_run_id} | checks:read | read
PATCH /repos/{owner}/{repo}/check-runs/{check_run_id} | checks:write | never
GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations | checks:read | read
GET /repos/{owner}/{repo}/actions/workflows | actions:read | read
GET /repos/{owner}/{repo}/actions/workflows/{workflow_id} | actions:read | read
PUT /repos/{owner}/{repo}/actions/workflows/{workflow_id}/enable | actions:write | write
PUT /repos/{owner}/{repo}/actions/workflows/{workflow_id}/disable | actions:write | write
POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches | actions:write | write
GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs | actions:read | read
GET /repos/{owner}/{repo}/actions/runs | actions:read | read
GET /repos/{owner}/{repo}/actions/runs/{run_id} | actions:read | read
POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel | actions:write | write
POST /repos/{owner}/{repo}/actions/runs/{run_id}/rerun | actions:write | write
GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs | actions:read | read
GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs | actions:read | read
GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts | actions:read | read
GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id} | actions:read | read
DELETE /repos/{owner}/{repo}/actions/artifacts/{artifact_id} | actions:write | write
GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format} | actions:read | read
GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs | actions:read | read
"""


def _need(line: str) -> tuple[str, Need]:
    operation, app, person = (part.strip() for part in line.split("|"))
    pairs = (word.partition(":")[::2] for word in app.split() if word != "-")
    return operation, Need(tuple((name, level) for name, level in pairs), person)


NEEDS: dict[str, Need] = dict(_need(line) for line in _TABLE.strip().splitlines())


def require(
    operation: str, actor: Actor, repository: Repository | None, issue: Callable[[], Issue | None]
) -> None:
    """Raises the Refusal that GitHub gives if `actor` may not do `operation`. issue: the issue or PR that the path
    names, if it does; `pull_requests` permissions count for PRs only."""
    need = NEEDS[operation]
    if need.person == "app":
        if actor.app is None or actor.installation is not None:
            raise Refusal(401, "A JSON web token could not be decoded")
        return
    if actor.user is None:
        message = (
            "A JSON web token is not enough for this endpoint" if actor.app else "Requires authentication"
        )
        raise Refusal(401, message)
    if need.person == "token":
        return
    if repository is None:
        raise not_found()
    if actor.installation is not None:
        _require_app(need, actor, repository, issue)
    else:
        _require_person(need, actor, repository)


def _require_app(need: Need, actor: Actor, repository: Repository, issue: Callable[[], Issue | None]) -> None:
    reads = all(level == "read" for _, level in need.app)
    if repository not in actor.repositories:
        if repository.private:
            raise not_found()
        if not reads:
            raise forbidden()
        return  # anybody reads a public repository
    about = issue() if len(need.app) > 1 else None
    for permission, level in need.app:
        if permission == "pull_requests" and about is not None and about.pull is None:
            continue
        if actor.allows(permission, level):
            return
    if not (reads and not repository.private):
        raise forbidden()


def _require_person(need: Need, actor: Actor, repository: Repository) -> None:
    assert actor.user is not None
    role = repository.role(actor.user)
    if role == "none":
        raise not_found()
    if need.person == "never":
        raise Refusal(403, "You must authenticate via a GitHub App.")
    if ROLES.index(role) < ROLES.index(need.person):
        raise Refusal(403, "Must have write access to Repository.")
