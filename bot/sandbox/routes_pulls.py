"""REST for PRs: opening, listing, changing, merging, reviewing."""

from __future__ import annotations

import re

from bot.sandbox import merging, refs, shapes_code, triggers, webhooks
from bot.sandbox.call import Answer, Call, Refusal, invalid, not_found, operation, page
from bot.sandbox.diffs import changes
from bot.sandbox.routes_issues import may_edit, order, reopen
from bot.sandbox.world import Issue, PullRequest, Review

_CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)\b", re.IGNORECASE)


def _branch(call: Call, text: str) -> str:
    """The branch of "owner:branch" or "branch". Forks do not exist here."""
    owner, colon, name = text.rpartition(":")
    if colon and owner.lower() != call.repository.owner.login.lower():
        raise invalid("PullRequest", "head")
    return name


@operation("GET /repos/{owner}/{repo}/pulls")
def list_pulls(call: Call) -> Answer:
    """PRs by state (open unless asked), head ("owner:branch") and base; newest first unless asked."""
    state = call.query.get("state", "open")
    found = [issue for issue in call.repository.pulls() if state in ("all", issue.state)]
    if head := call.query.get("head"):
        owner, colon, name = head.rpartition(":")
        same = owner.lower() == call.repository.owner.login.lower()
        if not colon:  # GitHub ignores it and lists every PR, which has led bots to somebody else's
            raise Refusal(422, "The sandbox wants head as owner:branch.")
        found = [issue for issue in found if same and issue.pull and issue.pull.head_ref == name]
    if base := call.query.get("base"):
        found = [issue for issue in found if issue.pull and issue.pull.base_ref == base]
    return page(call, order(call, found), lambda issue: shapes_code.pull(call.world, issue, full=False))


@operation("POST /repos/{owner}/{repo}/pulls")
def create_pull(call: Call) -> Answer:
    """Opens a PR between two branches of this repository."""
    world, repo, body = call.world, call.repository, call.body
    for name in ("issue", "head_repo"):
        if name in body:
            raise Refusal(422, f"The sandbox cannot open a PR with {name}.")
    if not body.get("title", "").strip():
        raise invalid("PullRequest", "title", "missing_field")
    head, base = _branch(call, body["head"]), body["base"]
    head_sha, base_sha = repo.git.ref(f"refs/heads/{head}"), repo.git.ref(f"refs/heads/{base}")
    if base_sha is None:
        raise invalid("PullRequest", "base")
    if head_sha is None:
        raise invalid("PullRequest", "head")
    for other in repo.pulls():
        assert other.pull
        if other.state == "open" and (other.pull.head_ref, other.pull.base_ref) == (head, base):
            who = f"{repo.owner.login}:{head}"
            raise invalid("PullRequest", "", "custom", f"A pull request already exists for {who}.")
    if not repo.git.history(head_sha, not_from=[base_sha]):
        raise invalid("PullRequest", "", "custom", f"No commits between {base} and {head}")
    number = max(repo.issues, default=0) + 1
    pull = PullRequest(world.new_id("pull"), head, head_sha, base, base_sha, draft=body.get("draft", False))
    issue = Issue(
        world.new_id("issue"),
        number,
        repo,
        call.user,
        body["title"],
        body.get("body"),
        call.app,
        call.now,
        call.now,
        pull=pull,
    )
    repo.issues[number] = issue
    refs.announce_pull(world, repo, number, "opened", call.user)
    triggers.pull_changed(world, issue, call.user, "opened")
    shape = shapes_code.pull(world, issue)
    return Answer(shape, 201, {"Location": shape["url"]})


@operation("GET /repos/{owner}/{repo}/pulls/{pull_number}")
def get_pull(call: Call) -> Answer:
    """One PR."""
    return Answer(shapes_code.pull(call.world, call.issue("pull_number", pull=True)))


@operation("PATCH /repos/{owner}/{repo}/pulls/{pull_number}")
def update_pull(call: Call) -> Answer:
    """Changes title, body or state."""
    issue = call.issue("pull_number", pull=True)
    assert issue.pull
    may_edit(call, issue.user)
    if "base" in call.body and call.body["base"] != issue.pull.base_ref:
        raise Refusal(422, "The sandbox cannot change the base of a PR.")
    edited = {key: {"from": getattr(issue, key)} for key in ("title", "body") if key in call.body}
    for key in edited:
        setattr(issue, key, call.body[key])
    if edited:
        issue.updated_at = call.now
        refs.announce_pull(call.world, call.repository, issue.number, "edited", call.user, changes=edited)
    wanted = call.body.get("state", issue.state)
    if wanted == "closed" and issue.state == "open":
        refs.close(call.world, call.repository, call.user, issue.number)
    elif wanted == "open" and issue.state == "closed":
        _reopen(call, issue)
    return Answer(shapes_code.pull(call.world, issue))


def _reopen(call: Call, issue: Issue) -> None:
    assert issue.pull
    sha = call.repository.git.ref(f"refs/heads/{issue.pull.head_ref}")
    if issue.pull.merged_at or sha is None:
        raise invalid(
            "PullRequest", "state", "invalid", "state cannot be changed. The branch was deleted or merged."
        )
    issue.pull.head_sha = sha
    reopen(call, issue)
    refs.announce_pull(call.world, call.repository, issue.number, "reopened", call.user)
    triggers.pull_changed(call.world, issue, call.user, "reopened")


@operation("GET /repos/{owner}/{repo}/pulls/{pull_number}/files")
def list_files(call: Call) -> Answer:
    """What the PR changes, from its fork point."""
    issue = call.issue("pull_number", pull=True)
    assert issue.pull
    head = issue.pull.head_sha
    diff = changes(call.repository.git, merging.fork_point(issue), head)
    return page(call, diff, lambda one: shapes_code.diff_entry(call.world, call.repository, head, one))


@operation("GET /repos/{owner}/{repo}/pulls/{pull_number}/commits")
def list_commits(call: Call) -> Answer:
    """The PR's own commits, oldest first."""
    git = call.repository.git
    commits = [git.commit(sha) for sha in merging.own_commits(call.issue("pull_number", pull=True))]
    found = [commit for commit in commits if commit]
    return page(call, found, lambda one: shapes_code.commit(call.world, call.repository, one))


@operation("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge")
def merge(call: Call) -> Answer:
    """Merges: 405 if it cannot be, 409 if `sha` is not the head, 403 if it brings workflows that may not land."""
    issue = call.issue("pull_number", pull=True)
    world, repo, body, pull = call.world, call.repository, call.body, issue.pull
    assert pull
    method = body.get("merge_method", "merge")
    if method == "rebase":
        raise Refusal(405, "Rebase merges are not allowed on this repository.")
    merging.refuse_unmergeable(issue, body.get("sha"))
    if any(rule["type"] == "update" for rule in repo.rules.get(pull.base_ref, ())):
        raise Refusal(405, "Repository rule violations found\n\nCannot update this protected ref.")
    base = merging.base_tip(issue)
    sha = merging.merge_commit(
        issue, method, body.get("commit_title"), body.get("commit_message"), call.user, call.commit_time
    )
    pull.base_sha = base
    # Set before anybody is told, so that the push webhook's listeners find the PR merged.
    issue.state, issue.closed_by, issue.closed_at, issue.updated_at = "closed", call.user, call.now, call.now
    pull.merged_at, pull.merged_by, pull.merge_commit = call.now, call.user, sha
    try:
        refs.move(call, f"refs/heads/{pull.base_ref}", sha, base, by_merge=True)
    except Refusal:
        issue.state, issue.closed_by, issue.closed_at = "open", None, None
        pull.merged_at = pull.merged_by = pull.merge_commit = None
        raise
    repo.signed.setdefault(sha, call.now)  # GitHub signs the merges that it makes
    refs.announce_pull(world, repo, issue.number, "closed", call.user)
    if pull.base_ref == repo.default_branch:
        for number in dict.fromkeys(int(found) for found in _CLOSES.findall(issue.body or "")):
            other = repo.issues.get(number)
            if other and other.pull is None and other.state == "open":
                refs.close(world, repo, call.user, number)
    return Answer({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@operation("GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews")
def list_reviews(call: Call) -> Answer:
    """Reviews, oldest first."""
    issue = call.issue("pull_number", pull=True)
    assert issue.pull
    return page(call, issue.pull.reviews, lambda one: shapes_code.review(call.world, issue, one))


@operation("POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews")
def create_review(call: Call) -> Answer:
    """Approves, asks for changes or comments; nobody approves what is their own."""
    issue = call.issue("pull_number", pull=True)
    assert issue.pull
    event = call.body.get("event")
    if event is None or call.body.get("comments"):
        raise Refusal(422, "The sandbox takes reviews with an event and without line comments.")
    if event in ("APPROVE", "REQUEST_CHANGES") and call.user is issue.user:
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise Refusal(422, f"Review Can not {verb} your own pull request")
    if event != "APPROVE" and not call.body.get("body"):
        raise invalid("PullRequestReview", "body", "missing_field")
    commit = call.body.get("commit_id", issue.pull.head_sha)
    if call.repository.git.commit(commit) is None:
        raise not_found()
    state = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}.get(event, "COMMENTED")
    review = Review(
        call.world.new_id("review"), call.user, call.body.get("body", ""), state, commit, call.now
    )
    issue.pull.reviews.append(review)
    shape = shapes_code.review(call.world, issue, review)
    webhooks.emit(
        call.world,
        call.repository,
        "pull_request_review",
        "submitted",
        call.user,
        lambda: {
            "review": {**shape, "state": state.lower()},  # webhooks have it in small letters
            "pull_request": shapes_code.pull(call.world, issue, full=False),
        },
    )
    return Answer(shape)
