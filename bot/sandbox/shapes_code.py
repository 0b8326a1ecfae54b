"""How commits, trees, files, diffs and PRs look in REST answers and webhooks. See shapes.py."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import quote

from bot.sandbox import merging, shapes
from bot.sandbox.diffs import FileChange, changes
from bot.sandbox.git import Commit, Entry, Signature
from bot.sandbox.shapes import Json
from bot.sandbox.world import Issue, Repository, Review, User, World


def base(world: World, repo: Repository) -> str:
    """The repository's API url."""
    return f"{world.api}/repos/{repo.full_name}"


def _person(who: Signature) -> Json:
    at = datetime.fromtimestamp(who.seconds, UTC)
    return {"name": who.name, "email": who.email, "date": shapes.when(at)}


def verification(repo: Repository, sha: str) -> Json:
    """GitHub signs what its Apps commit without author data of their own."""
    signed = repo.signed.get(sha)
    return {
        "verified": signed is not None,
        "reason": "valid" if signed else "unsigned",
        "signature": "signed by the sandbox" if signed else None,
        "payload": None,
        "verified_at": shapes.when(signed),
    }


def account(world: World, who: Signature) -> Json | None:
    """The user that an email address belongs to."""
    found = next((user for user in world.users.values() if user.email == who.email), None)
    return shapes.user(world, found) if found else None


def git_commit(world: World, repo: Repository, it: Commit) -> Json:
    """A commit in the Git Data API."""
    api, html = base(world, repo), f"{world.html}/{repo.full_name}"
    return {
        "sha": it.sha,
        "node_id": shapes.node("C", it.sha),
        "url": f"{api}/git/commits/{it.sha}",
        "html_url": f"{html}/commit/{it.sha}",
        "author": _person(it.author),
        "committer": _person(it.committer),
        "tree": {"sha": it.tree, "url": f"{api}/git/trees/{it.tree}"},
        "message": it.message,
        "parents": [
            {"sha": sha, "url": f"{api}/git/commits/{sha}", "html_url": f"{html}/commit/{sha}"}
            for sha in it.parents
        ],
        "verification": verification(repo, it.sha),
    }


def commit(world: World, repo: Repository, it: Commit, *, files: bool = False) -> Json:
    """A commit as in lists; with `files`, as it is shown alone."""
    api, html = base(world, repo), f"{world.html}/{repo.full_name}"
    shape: Json = {
        "sha": it.sha,
        "node_id": shapes.node("C", it.sha),
        "url": f"{api}/commits/{it.sha}",
        "html_url": f"{html}/commit/{it.sha}",
        "comments_url": f"{api}/commits/{it.sha}/comments",
        "commit": {
            "url": f"{api}/git/commits/{it.sha}",
            "author": _person(it.author),
            "committer": _person(it.committer),
            "message": it.message,
            "comment_count": 0,
            "tree": {"sha": it.tree, "url": f"{api}/git/trees/{it.tree}"},
            "verification": verification(repo, it.sha),
        },
        "author": account(world, it.author),
        "committer": account(world, it.committer),
        "parents": [
            {"sha": sha, "url": f"{api}/commits/{sha}", "html_url": f"{html}/commit/{sha}"}
            for sha in it.parents
        ],
    }
    if files:
        diff = changes(repo.git, it.parents[0] if it.parents else None, it.sha)
        added, deleted = sum(change.additions for change in diff), sum(change.deletions for change in diff)
        shape["stats"] = {"additions": added, "deletions": deleted, "total": added + deleted}
        shape["files"] = [diff_entry(world, repo, it.sha, change) for change in diff]
    return shape


def diff_entry(world: World, repo: Repository, sha: str, it: FileChange) -> Json:
    """A changed file."""
    api, html = base(world, repo), f"{world.html}/{repo.full_name}"
    path = quote(it.path)
    return {
        "sha": it.sha,
        "filename": it.path,
        "status": it.status,
        "additions": it.additions,
        "deletions": it.deletions,
        "changes": it.additions + it.deletions,
        "blob_url": f"{html}/blob/{sha}/{path}",
        "raw_url": f"{html}/raw/{sha}/{path}",
        "contents_url": f"{api}/contents/{path}?ref={sha}",
        **({"patch": it.patch} if it.patch is not None else {}),
        **({"previous_filename": it.previous} if it.previous else {}),
    }


def ref(world: World, repo: Repository, name: str, sha: str) -> Json:
    """A git reference; `name` is full."""
    found = repo.git.object(sha)
    kind = found[1] if found else "commit"
    return {
        "ref": name,
        "node_id": shapes.node("REF", f"{repo.id}_{name}"),
        "url": f"{base(world, repo)}/git/{quote(name)}",
        "object": {"sha": sha, "type": kind, "url": f"{base(world, repo)}/git/{kind}s/{sha}"},
    }


def tree_entry(world: World, repo: Repository, it: Entry) -> Json:
    """A line of a tree."""
    shape: Json = {"path": it.path, "mode": it.mode, "type": it.kind, "sha": it.sha}
    if it.kind == "blob":
        shape["size"] = len(repo.git.blob(it.sha) or b"")
    if it.kind != "commit":
        shape["url"] = f"{base(world, repo)}/git/{it.kind}s/{it.sha}"
    return shape


def content(world: World, repo: Repository, name: str, it: Entry, *, full: bool) -> Json:
    """A file or directory in the contents API at ref `name`; with `full`, a file's bytes too."""
    api, html, path = base(world, repo), f"{world.html}/{repo.full_name}", quote(it.path)
    kind = {"tree": "dir", "commit": "submodule"}.get(it.kind, "symlink" if it.mode == "120000" else "file")
    data = (repo.git.blob(it.sha) or b"") if it.kind == "blob" else b""
    url = f"{api}/contents/{path}?ref={quote(name, safe='')}"
    view = f"{html}/{'tree' if kind == 'dir' else 'blob'}/{quote(name)}/{path}"
    git_url = f"{api}/git/{it.kind}s/{it.sha}" if it.kind != "commit" else None
    shape: Json = {
        "name": it.path.rpartition("/")[2],
        "path": it.path,
        "sha": it.sha,
        "size": len(data),
        "url": url,
        "html_url": view,
        "git_url": git_url,
        "download_url": f"{html}/raw/{quote(name)}/{path}" if it.kind == "blob" else None,
        "type": kind,
        "_links": {"self": url, "git": git_url, "html": view},
    }
    if full and kind == "file":
        shape |= {"encoding": "base64", "content": base64.encodebytes(data).decode()}
    elif full and kind == "symlink":
        shape["target"] = data.decode(errors="replace")
    elif full and kind == "submodule":
        shape["submodule_git_url"] = None
    return shape


def branch_protection(repo: Repository, branch: str) -> Json:
    """Rules are rulesets here; the older protection object is always off."""
    return {"enabled": False, "required_status_checks": {"contexts": [], "checks": []}}


def pull_minimal(world: World, it: Issue) -> Json:
    """A PR as runs and check runs list it."""
    assert it.pull
    repo = it.repository
    brief = {"id": repo.id, "url": base(world, repo), "name": repo.name}
    return {
        "id": it.pull.id,
        "number": it.number,
        "url": f"{base(world, repo)}/pulls/{it.number}",
        "head": {"ref": it.pull.head_ref, "sha": it.pull.head_sha, "repo": brief},
        "base": {"ref": it.pull.base_ref, "sha": it.pull.base_sha, "repo": brief},
    }


def pull(world: World, it: Issue, *, full: bool = True) -> Json:
    """A PR; without `full`, as in lists."""
    assert it.pull
    repo, pr = it.repository, it.pull
    api, issues = f"{base(world, repo)}/pulls/{it.number}", f"{base(world, repo)}/issues/{it.number}"
    html = f"{world.html}/{repo.full_name}/pull/{it.number}"
    statuses = f"{base(world, repo)}/statuses/{pr.head_sha}"
    owner, whole = shapes.user(world, repo.owner), shapes.repository(world, repo)

    def side(name: str, sha: str) -> Json:
        return {
            "label": f"{repo.owner.login}:{name}",
            "ref": name,
            "sha": sha,
            "user": owner,
            "repo": whole,
        }

    links = {
        "self": api,
        "html": html,
        "issue": issues,
        "comments": f"{issues}/comments",
        "review_comments": f"{api}/comments",
        "review_comment": f"{base(world, repo)}/pulls/comments{{/number}}",
        "commits": f"{api}/commits",
        "statuses": statuses,
    }
    shape: Json = {
        "id": pr.id,
        "node_id": shapes.node("PR", pr.id),
        "url": api,
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": issues,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": statuses,
        "_links": {name: {"href": url} for name, url in links.items()},
        "number": it.number,
        "state": it.state,
        "locked": False,
        "active_lock_reason": None,
        "title": it.title,
        "body": it.body,
        "user": shapes.user(world, it.user),
        "labels": [shapes.label(world, repo, name) for name in it.labels],
        "milestone": None,
        "assignee": shapes.user(world, it.assignees[0]) if it.assignees else None,
        "assignees": [shapes.user(world, who) for who in it.assignees],
        "requested_reviewers": [],
        "requested_teams": [],
        "created_at": shapes.when(it.created_at),
        "updated_at": shapes.when(it.updated_at),
        "closed_at": shapes.when(it.closed_at),
        "merged_at": shapes.when(pr.merged_at),
        "merge_commit_sha": pr.merge_commit,
        "draft": pr.draft,
        "head": side(pr.head_ref, pr.head_sha),
        "base": side(pr.base_ref, pr.base_sha),
        "author_association": shapes.association(it, it.user),
        "auto_merge": None,
    }
    if full:
        mergeable, state = merging.mergeability(it)
        diff = changes(repo.git, merging.fork_point(it), pr.head_sha)
        shape |= {
            "merged": pr.merged_at is not None,
            "mergeable": mergeable,
            "rebaseable": mergeable,
            "mergeable_state": state,
            "merged_by": shapes.user(world, pr.merged_by) if pr.merged_by else None,
            "comments": len(it.comments),
            "review_comments": 0,
            "maintainer_can_modify": False,
            "commits": len(merging.own_commits(it)),
            "additions": sum(change.additions for change in diff),
            "deletions": sum(change.deletions for change in diff),
            "changed_files": len(diff),
        }
    return shape


def review(world: World, it: Issue, one: Review) -> Json:
    """A review of a PR."""
    api = f"{base(world, it.repository)}/pulls/{it.number}"
    html = f"{world.html}/{it.repository.full_name}/pull/{it.number}#pullrequestreview-{one.id}"
    return {
        "id": one.id,
        "node_id": shapes.node("PRR", one.id),
        "user": shapes.user(world, one.user),
        "body": one.body,
        "state": one.state,
        "html_url": html,
        "pull_request_url": api,
        "_links": {"html": {"href": html}, "pull_request": {"href": api}},
        "submitted_at": shapes.when(one.submitted_at),
        "commit_id": one.commit,
        "author_association": shapes.association(it, one.user),
    }


def committer(user: User, at: datetime) -> Signature:
    """What a user's commits carry."""
    return Signature(user.name or user.login, user.email, int(at.timestamp()))
