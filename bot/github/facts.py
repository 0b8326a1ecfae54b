"""What a webhook means to us, without any I/O: a Fact, or ignored because, or unreadable because.

A fact starts instances (by kind and data) and wakes waiting steps (by keys). It is a hint that it is worth
looking, never the truth: that is read from GitHub. The one exception is the text of a comment, which anybody
with write access could change before we look. Structs name only the fields that are used, so that a payload
with more, or of another version, stays readable.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from bot.engine.ports import Delivery
from bot.github.commands import commands
from bot.github.payloads import (
    CheckPayload,
    CommentPayload,
    InstallationPayload,
    JobPayload,
    Payload,
    PullPayload,
    PushPayload,
    ReviewPayload,
    RunPayload,
    Sender,
    StatusPayload,
    SuitePayload,
)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened.

    kind: pull-request, review, comment, run, job, check, button, push or installation. repository: "owner/name";
    empty for an installation. actor: a login. actor_type: User, Bot … keys: what it wakes. data: small JSON
    values for triggers; texts in it are anybody's. delivery: the webhook's id.
    """

    kind: str
    repository: str
    number: int | None
    actor: str
    actor_type: str
    keys: tuple[str, ...]
    data: dict[str, Any]
    delivery: str


class Ignored(msgspec.Struct, frozen=True):
    """Nothing to do, and why, in words for the list of deliveries."""

    reason: str


class Unreadable(msgspec.Struct, frozen=True):
    """Not a payload that GitHub documents; the delivery is kept and parked."""

    reason: str


_ALWAYS = ("repository", "number", "actor", "actor_type", "action", "delivery")
FIELDS: Mapping[str, tuple[str, ...]] = {
    kind: (*_ALWAYS, *names.split())
    for kind, names in {
        "pull-request": "head_sha head_ref base_ref base_sha head_repo same_repo merged draft author own title "
        "on_default_branch",
        "review": "state head_sha",
        "comment": "is_pull title comment_id body commands author author_id author_association created_at",
        "run": "run_id attempt status conclusion event path head_sha head_branch",
        "job": "run_id name status conclusion",
        "check": "head_sha name status conclusion",
        "button": "check_run_id external_id identifier head_sha",
        "push": "branch before after deleted forced is_default",
        "installation": "installation account repositories added removed",
    }.items()
}
"""The names of each kind's data, for `cloi lint` and docs/workflows.md."""

RERUN = "rerun"  # the identifier of the button that GitHub itself puts on each check run


def pull_key(repository: str, number: int) -> str:
    """Wakes when anything happens to a pull request."""
    return f"pr:{repository}#{number}"


def run_key(repository: str, run_id: int) -> str:
    """Wakes when a workflow run changes its state."""
    return f"run:{repository}/{run_id}"


def sha_key(repository: str, sha: str) -> str:
    """Wakes when a check, a status or a run on a commit changes."""
    return f"sha:{repository}@{sha}"


def branch_key(repository: str, branch: str) -> str:
    """Wakes when a branch moves, appears or goes."""
    return f"branch:{repository}@{branch}"


P = TypeVar("P", bound=Payload)


def read(delivery: Delivery, *, app_id: int, slug: str = "") -> Fact | Ignored | Unreadable:
    """What a delivery means. app_id, slug: who we are, to know our own doing. Never raises."""
    reader = _READERS.get(delivery.event)
    if reader is None:
        return Ignored(f"nothing here acts on “{delivery.event[:60]}” events")
    try:
        return reader(_Reading(delivery, app_id, f"{slug}[bot]" if slug else ""))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Unreadable(f"the “{delivery.event}” payload is not as GitHub documents it: {error}")


class _Reading:
    """One delivery being read."""

    def __init__(self, delivery: Delivery, app_id: int, login: str) -> None:
        self.delivery = delivery
        self.app_id = app_id
        self.login = login

    def payload(self, type: type[P]) -> P:
        return msgspec.json.decode(self.delivery.body, type=type)

    def fact(
        self, kind: str, payload: Payload, keys: tuple[str, ...], number: int | None = None, **data: Any
    ) -> Fact:
        repository = payload.repository.full_name if payload.repository else ""
        sender = payload.sender or Sender(login="", type="")
        return Fact(
            kind=kind,
            repository=repository,
            number=number,
            actor=sender.login,
            actor_type=sender.type,
            keys=keys,
            delivery=self.delivery.id,
            data={
                "repository": repository,
                "number": number,
                "actor": sender.login,
                "actor_type": sender.type,
                "action": payload.action,
                "delivery": self.delivery.id,
                **data,
            },
        )


def _pull_request(reading: _Reading) -> Fact | Ignored:
    payload = reading.payload(PullPayload)
    pull, repository = payload.pull_request, payload.repository
    head_repository = pull.head.repo.full_name if pull.head.repo else ""
    author = pull.user.login if pull.user else ""
    return reading.fact(
        "pull-request",
        payload,
        (pull_key(repository.full_name, payload.number),),
        payload.number,
        head_sha=pull.head.sha,
        head_ref=pull.head.ref,
        base_ref=pull.base.ref,
        base_sha=pull.base.sha,
        head_repo=head_repository,
        same_repo=head_repository == repository.full_name,
        merged=pull.merged_at is not None,
        draft=pull.draft,
        author=author,
        own=bool(author) and author == reading.login,
        title=pull.title,
        on_default_branch=pull.base.ref == repository.default_branch,
    )


def _review(reading: _Reading) -> Fact | Ignored:
    payload = reading.payload(ReviewPayload)
    number = payload.pull_request.number
    return reading.fact(
        "review",
        payload,
        (pull_key(payload.repository.full_name, number),),
        number,
        state=payload.review.state.lower(),
        head_sha=payload.pull_request.head.sha,
    )


def _comment(reading: _Reading) -> Fact | Ignored:
    """Only what a person newly wrote: an edit could put words into somebody else's mouth."""
    payload = reading.payload(CommentPayload)
    comment = payload.comment
    if payload.action != "created":
        return Ignored(f"a comment was {payload.action}; only new comments are read")
    if comment.performed_via_github_app is not None and comment.performed_via_github_app.id == reading.app_id:
        return Ignored("our own comment")
    if comment.user is None or payload.sender is None or not payload.sender.login:
        return Ignored("the comment names no author")
    if "Bot" in (comment.user.type, payload.sender.type) or comment.performed_via_github_app is not None:
        return Ignored(f"{comment.user.login} is a bot; commands are taken from people")
    found = commands(comment.body)
    if not found:
        return Ignored("the comment holds no /cloi command")
    return reading.fact(
        "comment",
        payload,
        (),
        payload.issue.number,
        is_pull=payload.issue.pull_request is not None,
        title=payload.issue.title,
        comment_id=comment.id,
        body=comment.body,
        commands=[{"name": c.name, "arguments": list(c.arguments), "line": c.line} for c in found],
        author=comment.user.login,
        author_id=comment.user.id,
        author_association=comment.author_association,
        created_at=comment.created_at,
    )


def _run(reading: _Reading) -> Fact | Ignored:
    payload = reading.payload(RunPayload)
    run, name = payload.workflow_run, payload.repository.full_name
    return reading.fact(
        "run",
        payload,
        (run_key(name, run.id), sha_key(name, run.head_sha)),
        run_id=run.id,
        attempt=run.run_attempt,
        status=run.status,
        conclusion=run.conclusion,
        event=run.event,
        path=run.path,
        head_sha=run.head_sha,
        head_branch=run.head_branch,
    )


def _job(reading: _Reading) -> Fact | Ignored:
    payload = reading.payload(JobPayload)
    job = payload.workflow_job
    return reading.fact(
        "job",
        payload,
        (run_key(payload.repository.full_name, job.run_id),),
        run_id=job.run_id,
        name=job.name,
        status=job.status,
        conclusion=job.conclusion,
    )


def _check(reading: _Reading) -> Fact | Ignored:
    payload = reading.payload(CheckPayload)
    check, name = payload.check_run, payload.repository.full_name
    own = check.app is not None and check.app.id == reading.app_id
    if payload.action == "requested_action" or (own and payload.action == "rerequested"):
        if not own:
            return Ignored("a button of somebody else's check run")
        if payload.sender is None or payload.sender.type == "Bot":
            return Ignored("a button that no person pressed")
        return reading.fact(
            "button",
            payload,
            (),
            check_run_id=check.id,
            external_id=check.external_id or "",
            identifier=payload.requested_action.identifier if payload.requested_action else RERUN,
            head_sha=check.head_sha,
        )
    if own:
        return Ignored("our own check run")
    return reading.fact(
        "check",
        payload,
        (sha_key(name, check.head_sha),),
        head_sha=check.head_sha,
        name=check.name,
        status=check.status,
        conclusion=check.conclusion,
    )


def _suite(reading: _Reading) -> Fact | Ignored:
    payload = reading.payload(SuitePayload)
    suite = payload.check_suite
    if suite.app is not None and suite.app.id == reading.app_id:
        return Ignored("our own check suite")
    return reading.fact(
        "check",
        payload,
        (sha_key(payload.repository.full_name, suite.head_sha),),
        head_sha=suite.head_sha,
        status=suite.status,
        conclusion=suite.conclusion,
    )


def _status(reading: _Reading) -> Fact | Ignored:
    payload = reading.payload(StatusPayload)
    return reading.fact(
        "check",
        payload,
        (sha_key(payload.repository.full_name, payload.sha),),
        head_sha=payload.sha,
        name=payload.context,
        status="completed" if payload.state != "pending" else "in_progress",
        conclusion=payload.state,
    )


def _push(reading: _Reading) -> Fact | Ignored:
    payload = reading.payload(PushPayload)
    kind, _, branch = payload.ref.removeprefix("refs/").partition("/")
    if kind != "heads":
        return Ignored("a push of a tag")
    return reading.fact(
        "push",
        payload,
        (branch_key(payload.repository.full_name, branch),),
        branch=branch,
        before=payload.before,
        after=payload.after,
        deleted=payload.deleted,
        forced=payload.forced,
        is_default=branch == payload.repository.default_branch,
    )


def _installation(reading: _Reading) -> Fact | Ignored:
    payload = reading.payload(InstallationPayload)
    installation = payload.installation
    return reading.fact(
        "installation",
        payload,
        (f"installation:{installation.id}",),
        installation=installation.id,
        account=installation.account.login if installation.account else "",
        repositories=[r.full_name for r in payload.repositories or ()],
        added=[r.full_name for r in payload.repositories_added],
        removed=[r.full_name for r in payload.repositories_removed],
    )


def _ping(reading: _Reading) -> Fact | Ignored:
    return Ignored("GitHub's greeting; the webhook works")


_READERS = {
    "ping": _ping,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "issue_comment": _comment,
    "workflow_run": _run,
    "workflow_job": _job,
    "check_run": _check,
    "check_suite": _suite,
    "status": _status,
    "push": _push,
    "installation": _installation,
    "installation_repositories": _installation,
}
