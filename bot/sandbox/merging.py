"""Whether a PR can be merged, and the commit that merging it makes.

git's merge-tree says what conflicts; the branch's rules say what is still missing. Not here: moving the branch and
what follows (refs.py), who may merge (permissions.py).
"""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.call import Refusal
from bot.sandbox.git import GitRefused, Signature
from bot.sandbox.world import ROLES, CheckRun, Issue, Repository, User

_FINE = ("success", "neutral", "skipped")


def base_tip(issue: Issue) -> str:
    """Where the base branch of an open PR is now; of a closed one, where it was."""
    assert issue.pull
    now = issue.repository.git.ref(f"refs/heads/{issue.pull.base_ref}") if issue.state == "open" else None
    return now or issue.pull.base_sha


def fork_point(issue: Issue) -> str | None:
    """The commit that the PR's diff is taken from."""
    assert issue.pull
    return issue.repository.git.merge_base(base_tip(issue), issue.pull.head_sha)


def own_commits(issue: Issue) -> list[str]:
    """The shas that only the PR has, oldest first."""
    assert issue.pull
    return issue.repository.git.history(issue.pull.head_sha, not_from=[base_tip(issue)])[::-1]


def conflicts(issue: Issue) -> list[str]:
    """Paths in conflict; [""] where there is no common history."""
    assert issue.pull
    try:
        return issue.repository.git.merge(base_tip(issue), issue.pull.head_sha)[1]
    except GitRefused:
        return [""]


def latest_checks(repository: Repository, sha: str) -> list[CheckRun]:
    """The newest check run of each App and name on a commit."""
    newest: dict[tuple[int, str], CheckRun] = {}
    for run in repository.check_runs.values():
        if run.suite.head_sha == sha:
            newest[run.suite.app.id, run.name] = run
    return list(newest.values())


def missing_checks(repository: Repository, branch: str, sha: str) -> list[str]:
    """The required checks of `branch` that have not passed on a commit, as sentences."""
    checks = latest_checks(repository, sha)
    sentences = []
    for rule in repository.rules.get(branch, ()):
        if rule["type"] != "required_status_checks":
            continue
        for required in rule["parameters"]["required_status_checks"]:
            name, by = required["context"], required.get("integration_id")
            mine = [run for run in checks if run.name == name and by in (None, run.suite.app.id)]
            if not any(run.conclusion in _FINE for run in mine):
                state = "is failing" if any(run.conclusion for run in mine) else "is expected"
                sentences.append(f'Required status check "{name}" {state}.')
    return sentences


def missing_approvals(issue: Issue) -> list[str]:
    """The approvals that the base branch asks for and the PR does not have, as sentences."""
    assert issue.pull
    needed = max(
        (
            int(rule.get("parameters", {}).get("required_approving_review_count", 0))
            for rule in issue.repository.rules.get(issue.pull.base_ref, ())
            if rule["type"] == "pull_request"
        ),
        default=0,
    )
    latest = {review.user: review for review in issue.pull.reviews if review.state != "COMMENTED"}
    approved = sum(
        review.state == "APPROVED"
        and ROLES.index(issue.repository.role(user)) >= ROLES.index("write")
        and user is not issue.user
        for user, review in latest.items()
    )
    if approved >= needed:
        return []
    return [f"At least {needed} approving review is required by reviewers with write access."]


def mergeability(issue: Issue) -> tuple[bool | None, str]:
    """GitHub's (mergeable, mergeable_state)."""
    assert issue.pull
    if issue.state != "open":
        return None, "unknown"
    if conflicts(issue):
        return False, "dirty"
    if issue.pull.draft:
        return True, "draft"
    repository, pull = issue.repository, issue.pull
    if missing_checks(repository, pull.base_ref, pull.head_sha) or missing_approvals(issue):
        return True, "blocked"
    if any(run.conclusion not in _FINE for run in latest_checks(repository, pull.head_sha)):
        return True, "unstable"
    return True, "clean"


def refuse_unmergeable(issue: Issue, expected: str | None) -> None:
    """Raises GitHub's 405 if the PR cannot be merged now, 409 if its head is not the `expected` sha."""
    assert issue.pull
    if issue.state != "open":
        raise Refusal(405, "Pull Request is not mergeable")
    if expected not in (None, issue.pull.head_sha):
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    if conflicts(issue):
        raise Refusal(405, "Pull Request is not mergeable")
    if issue.pull.draft:
        raise Refusal(405, "Pull Request is still a draft")
    missing = missing_checks(issue.repository, issue.pull.base_ref, issue.pull.head_sha)
    missing += missing_approvals(issue)
    if missing:
        raise Refusal(405, "Repository rule violations found\n\n" + "\n".join(missing))


def merge_commit(
    issue: Issue, method: str, title: str | None, message: str | None, author: User, at: datetime
) -> str:
    """Writes the commit that merging the PR (which must be mergeable) makes; its sha. method: merge or squash."""
    assert issue.pull
    git, pull = issue.repository.git, issue.pull
    base = base_tip(issue)
    tree, _ = git.merge(base, pull.head_sha)
    seconds = int(at.timestamp())
    by = Signature(author.name or author.login, author.email, seconds)
    web = Signature("GitHub", "noreply@github.com", seconds)
    if method == "squash":
        commits = [git.commit(sha) for sha in own_commits(issue)]
        listed = (
            "\n\n".join(f"* {commit.message}" for commit in commits if commit) if len(commits) > 1 else ""
        )
        head = title or f"{issue.title} (#{issue.number})"
        return git.write_commit(tree, [base], _text(head, listed if message is None else message), by, web)
    head = title or f"Merge pull request #{issue.number} from {issue.repository.owner.login}/{pull.head_ref}"
    return git.write_commit(
        tree, [base, pull.head_sha], _text(head, issue.title if message is None else message), by, web
    )


def _text(title: str, rest: str) -> str:
    return f"{title}\n\n{rest}" if rest else title
