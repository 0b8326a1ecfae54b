"""REST for issues, comments (of issues and PRs) and reactions to comments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.sandbox import refs, shapes, webhooks
from bot.sandbox.call import Answer, Call, Refusal, invalid, not_found, operation, page
from bot.sandbox.world import ROLES, Comment, Issue, Reaction, User

_LONGEST = 65536  # characters of a body
_UNSUPPORTED = ("milestone", "type", "issue_field_values", "duplicate_issue_id", "assignee")


def order(call: Call, issues: Iterable[Issue]) -> list[Issue]:
    """By `sort` (created, updated, comments) and `direction` (newest first unless asked)."""
    keys: dict[str, Any] = {
        "updated": lambda issue: (issue.updated_at, issue.number),
        "comments": lambda issue: (len(issue.comments), issue.number),
    }
    key = keys.get(call.query.get("sort", "created"), lambda issue: issue.number)
    return sorted(issues, key=key, reverse=call.query.get("direction", "desc") != "asc")


def may_edit(call: Call, author: User, role: str = "triage") -> None:
    """People change their own things, or need a role; Apps have shown their permission already."""
    own = call.user is author
    if call.actor.installation or own:
        return
    if ROLES.index(call.repository.role(call.user)) < ROLES.index(role):
        raise Refusal(403, "Must have admin rights to Repository.")


def _text(call: Call, resource: str) -> str | None:
    body = call.body.get("body")
    if body is not None and len(body) > _LONGEST:
        raise invalid(resource, "body", "custom", f"body is too long (maximum is {_LONGEST} characters)")
    return body


def _announce(call: Call, issue: Issue, action: str, **more: Any) -> None:
    webhooks.emit(
        call.world,
        call.repository,
        "issues",
        action,
        call.user,
        lambda: {"issue": shapes.issue(call.world, issue), **more},
    )


def _refuse_unsupported(call: Call) -> None:
    for name in _UNSUPPORTED:
        if call.body.get(name) is not None:
            raise Refusal(422, f"The sandbox does not know the field {name} of issues.")


def _labels(call: Call) -> list[str]:
    given = [item if isinstance(item, str) else item.get("name", "") for item in call.body["labels"]]
    return list(dict.fromkeys(name for name in given if name))


def _assignees(call: Call) -> list[User]:
    names = [item if isinstance(item, str) else item.get("login", "") for item in call.body["assignees"]]
    found = [call.world.user(name) for name in names]
    return [user for user in found if user and call.repository.role(user) != "none"]


@operation("GET /repos/{owner}/{repo}/issues")
def list_issues(call: Call) -> Answer:
    """Issues and PRs by state, creator, labels, since; newest first unless asked."""
    state = call.query.get("state", "open")
    found = [issue for issue in call.repository.issues.values() if state in ("all", issue.state)]
    if creator := call.query.get("creator"):
        found = [issue for issue in found if issue.user.login.lower() == creator.lower()]
    if labels := call.query.get("labels"):
        found = [issue for issue in found if set(labels.split(",")) <= set(issue.labels)]
    if since := call.query.get("since"):
        found = [issue for issue in found if (shapes.when(issue.updated_at) or "") >= since]
    return page(call, order(call, found), lambda issue: shapes.issue(call.world, issue))


@operation("POST /repos/{owner}/{repo}/issues")
def create_issue(call: Call) -> Answer:
    """Opens an issue."""
    _refuse_unsupported(call)
    repo, title = call.repository, str(call.body["title"])
    if not title.strip():
        raise invalid("Issue", "title", "missing_field")
    number = max(repo.issues, default=0) + 1
    issue = Issue(
        call.world.new_id("issue"),
        number,
        repo,
        call.user,
        title,
        _text(call, "Issue"),
        call.app,
        call.now,
        call.now,
        labels=_labels(call) if "labels" in call.body else [],
        assignees=_assignees(call) if "assignees" in call.body else [],
    )
    repo.issues[number] = issue
    _announce(call, issue, "opened")
    shape = shapes.issue(call.world, issue)
    return Answer(shape, 201, {"Location": shape["url"]})


@operation("GET /repos/{owner}/{repo}/issues/{issue_number}")
def get_issue(call: Call) -> Answer:
    """An issue, or a PR as one."""
    return Answer(shapes.issue(call.world, call.issue()))


@operation("PATCH /repos/{owner}/{repo}/issues/{issue_number}")
def update_issue(call: Call) -> Answer:
    """Changes title, body, labels, assignees or state."""
    _refuse_unsupported(call)
    issue, body = call.issue(), call.body
    may_edit(call, issue.user)
    edited: dict[str, Any] = {}
    for key, value in (("title", body.get("title")), ("body", _text(call, "Issue"))):
        if key in body:
            edited[key] = {"from": getattr(issue, key)}
            setattr(issue, key, str(value) if key == "title" else value)
    if "labels" in body:
        issue.labels = _labels(call)
    if "assignees" in body:
        issue.assignees = _assignees(call)
    issue.updated_at = call.now
    if edited and issue.pull:
        refs.announce_pull(call.world, call.repository, issue.number, "edited", call.user, changes=edited)
    elif edited:
        _announce(call, issue, "edited", changes=edited)
    wanted = body.get("state", issue.state)
    if wanted == "closed" and issue.state == "open":
        refs.close(call.world, call.repository, call.user, issue.number, body.get("state_reason"))
    elif wanted == "open" and issue.state == "closed":
        if issue.pull:
            raise Refusal(422, "The sandbox reopens PRs by PATCH pulls/{pull_number} only.")
        reopen(call, issue)
        _announce(call, issue, "reopened")
    return Answer(shapes.issue(call.world, issue))


def reopen(call: Call, issue: Issue) -> None:
    """Sets a closed issue or PR open; the caller says so."""
    issue.state, issue.state_reason = "open", None if issue.pull else "reopened"
    issue.closed_at, issue.closed_by, issue.updated_at = None, None, call.now


# Comments


def _comment(call: Call) -> Comment:
    found = call.repository.comments.get(call.number("comment_id"))
    if found is None:
        raise not_found()
    return found


def _announce_comment(call: Call, comment: Comment, action: str, **more: Any) -> None:
    webhooks.emit(
        call.world,
        call.repository,
        "issue_comment",
        action,
        call.user,
        lambda: {
            "issue": shapes.issue(call.world, comment.issue),
            "comment": shapes.comment(call.world, comment),
            **more,
        },
    )


@operation("GET /repos/{owner}/{repo}/issues/{issue_number}/comments")
def list_comments(call: Call) -> Answer:
    """Comments, oldest first."""
    found = call.issue().comments
    if since := call.query.get("since"):
        found = [comment for comment in found if (shapes.when(comment.updated_at) or "") >= since]
    return page(call, found, lambda comment: shapes.comment(call.world, comment))


@operation("POST /repos/{owner}/{repo}/issues/{issue_number}/comments")
def create_comment(call: Call) -> Answer:
    """Comments on an issue or PR."""
    issue, text = call.issue(), _text(call, "IssueComment") or ""
    if not text.strip():
        raise invalid("IssueComment", "body", "missing_field")
    comment = Comment(call.world.new_id("comment"), issue, call.user, text, call.app, call.now, call.now)
    issue.comments.append(comment)
    issue.updated_at = call.now
    call.repository.comments[comment.id] = comment
    _announce_comment(call, comment, "created")
    shape = shapes.comment(call.world, comment)
    return Answer(shape, 201, {"Location": shape["url"]})


@operation("GET /repos/{owner}/{repo}/issues/comments/{comment_id}")
def get_comment(call: Call) -> Answer:
    """One comment."""
    return Answer(shapes.comment(call.world, _comment(call)))


@operation("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}")
def update_comment(call: Call) -> Answer:
    """Edits a comment; people need write for what is not theirs."""
    comment, text = _comment(call), _text(call, "IssueComment") or ""
    may_edit(call, comment.user, "write")
    if not text.strip():
        raise invalid("IssueComment", "body", "missing_field")
    before, comment.body, comment.updated_at = comment.body, text, call.now
    _announce_comment(call, comment, "edited", changes={"body": {"from": before}})
    return Answer(shapes.comment(call.world, comment))


@operation("DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}")
def delete_comment(call: Call) -> Answer:
    """Deletes a comment."""
    comment = _comment(call)
    may_edit(call, comment.user, "write")
    del call.repository.comments[comment.id]
    comment.issue.comments.remove(comment)
    _announce_comment(call, comment, "deleted")
    return Answer(status=204)


@operation("GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions")
def list_reactions(call: Call) -> Answer:
    """Reactions, oldest first; `content` picks one kind."""
    wanted = call.query.get("content")
    found = [one for one in _comment(call).reactions if wanted in (None, one.content)]
    return page(call, found, lambda one: shapes.reaction(call.world, one))


@operation("POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions")
def create_reaction(call: Call) -> Answer:
    """Reacts; 200 instead of 201 if the same user already did so. Sends no webhook, as on GitHub."""
    comment, content = _comment(call), call.body["content"]
    for one in comment.reactions:
        if one.user is call.user and one.content == content:
            return Answer(shapes.reaction(call.world, one))
    reaction = Reaction(call.world.new_id("reaction"), call.user, content, call.now)
    comment.reactions.append(reaction)
    return Answer(shapes.reaction(call.world, reaction), 201)
