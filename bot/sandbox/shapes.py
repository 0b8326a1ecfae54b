"""How people, Apps, repositories and issues look in REST answers and webhooks.

Pure functions from state to JSON; the fields are GitHub's (openapi.json is checked against every answer). The
others are in shapes_code.py (commits, PRs) and shapes_runs.py (checks, workflows).
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.sandbox.tokens import client_id
from bot.sandbox.world import App, Comment, Installation, Issue, Reaction, Repository, User, World

Json = dict[str, Any]
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def when(at: datetime | None) -> str | None:
    """GitHub's date: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def node(kind: str, number: int | str) -> str:
    """A node id. Opaque; unique is enough."""
    return f"{kind}_{number}"


def user(world: World, who: User) -> Json:
    """A "simple user"."""
    url = f"{world.api}/users/{quote(who.login)}"
    page = who.login.removesuffix("[bot]")
    return {
        "login": who.login,
        "id": who.id,
        "node_id": node("U", who.id),
        "avatar_url": f"{world.html}/avatars/{who.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{world.html}/apps/{page}" if who.type == "Bot" else f"{world.html}/{page}",
        "followers_url": f"{url}/followers",
        "following_url": url + "/following{/other_user}",
        "gists_url": url + "/gists{/gist_id}",
        "starred_url": url + "/starred{/owner}{/repo}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": url + "/events{/privacy}",
        "received_events_url": f"{url}/received_events",
        "type": who.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def private_user(world: World, who: User) -> Json:
    """The person who is asking (`GET /user`)."""
    return user(world, who) | {
        "name": who.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2020-01-01T00:00:00Z",
    }


def app(world: World, it: App) -> Json:
    """An App ("integration")."""
    return {
        "id": it.id,
        "client_id": client_id(it),
        "slug": it.slug,
        "node_id": node("A", it.id),
        "owner": user(world, it.owner),
        "name": it.slug,
        "description": "",
        "external_url": world.html,
        "html_url": f"{world.html}/apps/{it.slug}",
        "created_at": when(it.created_at),
        "updated_at": when(it.created_at),
        "permissions": {"metadata": "read", **it.permissions},
        "events": list(it.events),
    }


def installation(world: World, it: Installation) -> Json:
    """An installation of an App."""
    api = f"{world.api}/app/installations/{it.id}"
    return {
        "id": it.id,
        "client_id": client_id(it.app),
        "account": user(world, it.account),
        "repository_selection": "selected",
        "access_tokens_url": f"{api}/access_tokens",
        "repositories_url": f"{world.api}/installation/repositories",
        "html_url": f"{world.html}/settings/installations/{it.id}",
        "app_id": it.app.id,
        "app_slug": it.app.slug,
        "target_id": it.account.id,
        "target_type": it.account.type,
        "permissions": {"metadata": "read", **it.permissions},
        "events": list(it.events),
        "created_at": when(it.created_at),
        "updated_at": when(it.created_at),
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": None,
    }


# name of the field without _url -> what follows the repository's url
_REPOSITORY_LINKS = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}


def repository(world: World, it: Repository) -> Json:
    """A repository with all the fields that any of GitHub's shapes for one requires."""
    api, html = f"{world.api}/repos/{it.full_name}", f"{world.html}/{it.full_name}"
    opened = sum(issue.state == "open" for issue in it.issues.values())
    created = when(it.created_at)
    return {
        "id": it.id,
        "node_id": node("R", it.id),
        "name": it.name,
        "full_name": it.full_name,
        "owner": user(world, it.owner),
        "private": it.private,
        "visibility": "private" if it.private else "public",
        "html_url": html,
        "description": None,
        "fork": False,
        "url": api,
        **{f"{name}_url": api + path for name, path in _REPOSITORY_LINKS.items()},
        "clone_url": f"{html}.git",
        "git_url": f"{html}.git",
        "ssh_url": f"{html}.git",
        "svn_url": html,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "default_branch": it.default_branch,
        "forks": 0,
        "forks_count": 0,
        "stargazers_count": 0,
        "watchers": 0,
        "watchers_count": 0,
        "network_count": 0,
        "subscribers_count": 0,
        "open_issues": opened,
        "open_issues_count": opened,
        "size": 0,
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "has_downloads": False,
        "archived": False,
        "disabled": False,
        "is_template": False,
        "topics": [],
        "allow_merge_commit": True,
        "allow_squash_merge": True,
        "allow_rebase_merge": False,
        "allow_auto_merge": False,
        "delete_branch_on_merge": False,
        "pushed_at": created,
        "created_at": created,
        "updated_at": created,
    }


def association(issue: Issue, who: User) -> str:
    """author_association of someone in the repository of an issue."""
    repo = issue.repository
    if who is repo.owner:
        return "OWNER"
    if repo.collaborators.get(who.login, "none") != "none":
        return "COLLABORATOR"
    return "NONE"


def rollup(url: str, reactions: list[Reaction]) -> Json:
    """How often each reaction was given."""
    counts = Counter(reaction.content for reaction in reactions)
    return {"url": url, "total_count": len(reactions), **{name: counts[name] for name in REACTIONS}}


def reaction(world: World, it: Reaction) -> Json:
    """One reaction."""
    return {
        "id": it.id,
        "node_id": node("REA", it.id),
        "user": user(world, it.user),
        "content": it.content,
        "created_at": when(it.created_at),
    }


def label(world: World, repo: Repository, name: str) -> Json:
    """A label; all have one colour here."""
    return {
        "id": sum(name.encode()) + 1,
        "node_id": node("LA", name),
        "url": f"{world.api}/repos/{repo.full_name}/labels/{quote(name)}",
        "name": name,
        "color": "ededed",
        "default": False,
        "description": None,
    }


def issue(world: World, it: Issue) -> Json:
    """An issue, or a PR as an issue."""
    repo = it.repository
    base = f"{world.api}/repos/{repo.full_name}"
    api = f"{base}/issues/{it.number}"
    html = f"{world.html}/{repo.full_name}/{'pull' if it.pull else 'issues'}/{it.number}"
    shape: Json = {
        "id": it.id,
        "node_id": node("I", it.id),
        "url": api,
        "repository_url": base,
        "labels_url": api + "/labels{/name}",
        "comments_url": f"{api}/comments",
        "events_url": f"{api}/events",
        "timeline_url": f"{api}/timeline",
        "html_url": html,
        "number": it.number,
        "state": it.state,
        "state_reason": it.state_reason,
        "title": it.title,
        "body": it.body,
        "user": user(world, it.user),
        "labels": [label(world, repo, name) for name in it.labels],
        "assignee": user(world, it.assignees[0]) if it.assignees else None,
        "assignees": [user(world, who) for who in it.assignees],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": len(it.comments),
        "closed_at": when(it.closed_at),
        "closed_by": user(world, it.closed_by) if it.closed_by else None,
        "created_at": when(it.created_at),
        "updated_at": when(it.updated_at),
        "author_association": association(it, it.user),
        "performed_via_github_app": app(world, it.app) if it.app else None,
        "reactions": rollup(f"{api}/reactions", []),
    }
    if it.pull:
        shape["draft"] = it.pull.draft
        shape["pull_request"] = {
            "url": f"{base}/pulls/{it.number}",
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "merged_at": when(it.pull.merged_at),
        }
    return shape


def comment(world: World, it: Comment) -> Json:
    """A comment on an issue or PR."""
    issue_ = it.issue
    base = f"{world.api}/repos/{issue_.repository.full_name}/issues"
    kind = "pull" if issue_.pull else "issues"
    return {
        "id": it.id,
        "node_id": node("IC", it.id),
        "url": f"{base}/comments/{it.id}",
        "html_url": f"{world.html}/{issue_.repository.full_name}/{kind}/{issue_.number}#issuecomment-{it.id}",
        "issue_url": f"{base}/{issue_.number}",
        "user": user(world, it.user),
        "body": it.body,
        "created_at": when(it.created_at),
        "updated_at": when(it.updated_at),
        "author_association": association(issue_, it.user),
        "performed_via_github_app": app(world, it.app) if it.app else None,
        "reactions": rollup(f"{base}/comments/{it.id}/reactions", it.reactions),
    }
