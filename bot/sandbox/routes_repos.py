"""REST for repositories as a whole: the repository, who may do what, branches, rules, commits, compare."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.sandbox import merging, shapes, shapes_code
from bot.sandbox.call import Answer, Call, Refusal, not_found, operation, page
from bot.sandbox.diffs import changes
from bot.sandbox.git import Commit
from bot.sandbox.world import ROLES, Issue

# What GitHub fills in where a rule says nothing.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "pull_request": {
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_approving_review_count": 0,
        "required_review_thread_resolution": False,
    },
    "required_status_checks": {"strict_required_status_checks_policy": False, "required_status_checks": []},
}

# The older permission names have no triage and maintain.
_OLD_ROLE = {"triage": "read", "maintain": "write"}


@operation("GET /repos/{owner}/{repo}")
def get_repository(call: Call) -> Answer:
    """The repository; with what a person may do there."""
    body = shapes.repository(call.world, call.repository)
    if call.actor.installation is None:
        body["permissions"] = _role_flags(call.repository.role(call.user))
    return Answer(body)


def _role_flags(role: str) -> dict[str, bool]:
    level = ROLES.index(role)
    names = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
    return {name: level >= ROLES.index(needed) for name, needed in names.items()}


@operation("GET /repos/{owner}/{repo}/collaborators/{username}/permission")
def get_permission(call: Call) -> Answer:
    """What somebody may do; 404 for a name that nobody has."""
    who = call.world.user(call.params["username"])
    if who is None:
        raise not_found()
    role = call.repository.role(who)
    shape = shapes.user(call.world, who) | {"permissions": _role_flags(role), "role_name": role}
    return Answer({"permission": _OLD_ROLE.get(role, role), "role_name": role, "user": shape})


@operation("GET /repos/{owner}/{repo}/branches")
def list_branches(call: Call) -> Answer:
    """All branches, by name; `protected=true` for those with rules."""
    refs = call.repository.git.refs("refs/heads/")
    names = [name.removeprefix("refs/heads/") for name in refs]
    if "protected" in call.query:
        names = [name for name in names if _protected(call, name) == (call.query["protected"] == "true")]
    base = shapes_code.base(call.world, call.repository)

    def shape(name: str) -> dict[str, Any]:
        sha = refs[f"refs/heads/{name}"]
        return {
            "name": name,
            "commit": {"sha": sha, "url": f"{base}/commits/{sha}"},
            "protected": _protected(call, name),
        }

    return page(call, names, shape)


def _protected(call: Call, branch: str) -> bool:
    return bool(call.repository.rules.get(branch))


@operation("GET /repos/{owner}/{repo}/branches/{branch}")
def get_branch(call: Call) -> Answer:
    """One branch."""
    name = call.params["branch"]
    sha = call.repository.git.ref(f"refs/heads/{name}")
    commit = call.repository.git.commit(sha) if sha else None
    if commit is None:
        raise Refusal(404, "Branch not found")
    base = shapes_code.base(call.world, call.repository)
    url = f"{base}/branches/{quote(name, safe='')}"
    return Answer(
        {
            "name": name,
            "commit": shapes_code.commit(call.world, call.repository, commit),
            "_links": {
                "self": url,
                "html": f"{call.world.html}/{call.repository.full_name}/tree/{quote(name)}",
            },
            "protected": _protected(call, name),
            # Rules are rulesets here; the older protection object is always off.
            "protection": {"enabled": False, "required_status_checks": {"contexts": [], "checks": []}},
            "protection_url": f"{url}/protection",
        }
    )


@operation("GET /repos/{owner}/{repo}/rules/branches/{branch}")
def get_rules(call: Call) -> Answer:
    """The rules that hold for a branch, whether it exists or not."""
    repo = call.repository
    source = {"ruleset_source_type": "Repository", "ruleset_source": repo.full_name, "ruleset_id": 1}

    def shape(rule: dict[str, Any]) -> dict[str, Any]:
        parameters = {**_DEFAULTS.get(rule["type"], {}), **rule.get("parameters", {})}
        return {**rule, **({"parameters": parameters} if parameters else {}), **source}

    return page(call, repo.rules.get(call.params["branch"], []), shape)


def _commit(call: Call, name: str) -> Commit:
    found = call.repository.git.find_commit(name)
    if found is None:
        raise Refusal(422, f"No commit found for SHA: {name}")
    return found


@operation("GET /repos/{owner}/{repo}/commits")
def list_commits(call: Call) -> Answer:
    """History from `sha` (a branch or commit; default branch otherwise), for `path` if given."""
    git = call.repository.git
    tip = git.find_commit(call.query.get("sha") or call.repository.default_branch)
    if tip is None:
        raise not_found()
    shas = git.history(tip.sha, path=call.query.get("path", ""))

    def shape(sha: str) -> Any:
        commit = git.commit(sha)
        assert commit
        return shapes_code.commit(call.world, call.repository, commit)

    return page(call, shas, shape)


@operation("GET /repos/{owner}/{repo}/commits/{ref}")
def get_commit(call: Call) -> Answer:
    """One commit with its files; only its sha with `Accept: application/vnd.github.sha`."""
    commit = _commit(call, call.params["ref"])
    if "vnd.github.sha" in call.accept:
        return Answer(commit.sha.encode(), media_type="application/vnd.github.sha; charset=utf-8")
    return Answer(shapes_code.commit(call.world, call.repository, commit, files=True))


@operation("GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls")
def list_pulls_of_commit(call: Call) -> Answer:
    """The merged PRs that brought a commit to the default branch; of one that is not there, the open ones too."""
    commit, repo = _commit(call, call.params["commit_sha"]), call.repository
    tip = repo.git.ref(f"refs/heads/{repo.default_branch}")
    landed = tip is not None and repo.git.contains(tip, commit.sha)

    def brings(issue: Issue) -> bool:
        assert issue.pull
        if issue.pull.merged_at is None and (landed or issue.state != "open"):
            return False
        return commit.sha == issue.pull.merge_commit or commit.sha in merging.own_commits(issue)

    found = [issue for issue in repo.pulls() if brings(issue)]
    return page(call, found, lambda issue: shapes_code.pull(call.world, issue, full=False))


@operation("GET /repos/{owner}/{repo}/commits/{ref}/status")
def get_status(call: Call) -> Answer:
    """The combined status: nobody writes commit statuses here, so it is pending and empty."""
    commit = _commit(call, call.params["ref"])
    base = shapes_code.base(call.world, call.repository)
    return Answer(
        {
            "state": "pending",
            "statuses": [],
            "sha": commit.sha,
            "total_count": 0,
            "repository": shapes.repository(call.world, call.repository),
            "commit_url": f"{base}/commits/{commit.sha}",
            "url": f"{base}/commits/{commit.sha}/status",
        }
    )


@operation("GET /repos/{owner}/{repo}/compare/{basehead}")
def compare(call: Call) -> Answer:
    """base...head, from their merge base."""
    world, repo, git = call.world, call.repository, call.repository.git
    base_name, dots, head_name = call.params["basehead"].partition("...")
    base, head = git.find_commit(base_name), git.find_commit(head_name.rpartition(":")[2])
    if not dots or base is None or head is None:
        raise not_found()
    fork = git.merge_base(base.sha, head.sha)
    start = git.commit(fork) if fork else None
    if start is None:
        raise Refusal(404, f"No common ancestor between {base_name} and {head_name}.")
    ahead = git.history(head.sha, not_from=[base.sha])[::-1]
    behind = git.history(base.sha, not_from=[head.sha])
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}.get(
        (bool(ahead), bool(behind)), "diverged"
    )
    api, html = shapes_code.base(world, repo), f"{world.html}/{repo.full_name}"
    name = quote(call.params["basehead"], safe="")
    shown = page(call, ahead, lambda sha: shapes_code.commit(world, repo, _commit(call, sha)))
    return Answer(
        {
            "url": f"{api}/compare/{name}",
            "html_url": f"{html}/compare/{name}",
            "permalink_url": f"{html}/compare/{base.sha}...{head.sha}",
            "diff_url": f"{html}/compare/{name}.diff",
            "patch_url": f"{html}/compare/{name}.patch",
            "base_commit": shapes_code.commit(world, repo, base),
            "merge_base_commit": shapes_code.commit(world, repo, start),
            "status": status,
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": shown.body,
            "files": [
                shapes_code.diff_entry(world, repo, head.sha, change)
                for change in changes(git, start.sha, head.sha)[:300]
            ],
        },
        headers=shown.headers,
    )
