"""The few fields of webhook payloads that are used. Anything not named is passed over; facts.py reads them.

Shapes differ from the REST API's (objects.py): payloads leave out and null more.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import msgspec


class Sender(msgspec.Struct, frozen=True):
    login: str
    type: str = "User"
    id: int = 0


class Repository(msgspec.Struct, frozen=True):
    full_name: str
    default_branch: str = ""


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What all have. Most have more, and always a repository (RepositoryPayload)."""

    action: str = ""
    sender: Sender | None = None
    repository: Repository | None = None


class RepositoryPayload(Payload, frozen=True, kw_only=True):
    repository: Repository


class App(msgspec.Struct, frozen=True):
    id: int


class Side(msgspec.Struct, frozen=True):
    ref: str
    sha: str
    repo: Repository | None = None


class Pull(msgspec.Struct, frozen=True):
    number: int
    head: Side
    base: Side
    title: str = ""
    user: Sender | None = None
    draft: bool = False
    merged_at: str | None = None


class PullPayload(RepositoryPayload, frozen=True, kw_only=True):
    number: int
    pull_request: Pull


class Review(msgspec.Struct, frozen=True):
    state: str


class ReviewPayload(RepositoryPayload, frozen=True, kw_only=True):
    pull_request: Pull
    review: Review


class Issue(msgspec.Struct, frozen=True):
    number: int
    title: str = ""
    pull_request: dict[str, object] | None = None


class Comment(msgspec.Struct, frozen=True):
    id: int
    body: str | None = None
    user: Sender | None = None
    author_association: str = "NONE"
    created_at: str = ""
    performed_via_github_app: App | None = None


class CommentPayload(RepositoryPayload, frozen=True, kw_only=True):
    issue: Issue
    comment: Comment


class Run(msgspec.Struct, frozen=True):
    id: int
    head_sha: str
    event: str
    run_attempt: int = 1
    path: str = ""
    head_branch: str | None = None
    status: str | None = None
    conclusion: str | None = None


class RunPayload(RepositoryPayload, frozen=True, kw_only=True):
    workflow_run: Run


class Job(msgspec.Struct, frozen=True):
    run_id: int
    name: str = ""
    status: str = ""
    conclusion: str | None = None


class JobPayload(RepositoryPayload, frozen=True, kw_only=True):
    workflow_job: Job


class Check(msgspec.Struct, frozen=True):
    id: int
    name: str
    head_sha: str
    status: str = ""
    conclusion: str | None = None
    external_id: str | None = None
    app: App | None = None


class RequestedAction(msgspec.Struct, frozen=True):
    identifier: str


class CheckPayload(RepositoryPayload, frozen=True, kw_only=True):
    check_run: Check
    requested_action: RequestedAction | None = None


class Suite(msgspec.Struct, frozen=True):
    head_sha: str
    status: str | None = None
    conclusion: str | None = None
    app: App | None = None


class SuitePayload(RepositoryPayload, frozen=True, kw_only=True):
    check_suite: Suite


class StatusPayload(RepositoryPayload, frozen=True, kw_only=True):
    sha: str
    state: str
    context: str = ""


class PushPayload(RepositoryPayload, frozen=True, kw_only=True):
    ref: str
    before: str = ""
    after: str = ""
    deleted: bool = False
    forced: bool = False


class Account(msgspec.Struct, frozen=True):
    login: str = ""


class Installation(msgspec.Struct, frozen=True):
    id: int
    account: Account | None = None


class InstallationPayload(Payload, frozen=True, kw_only=True):
    installation: Installation
    repositories: tuple[Repository, ...] | None = None
    repositories_added: tuple[Repository, ...] = ()
    repositories_removed: tuple[Repository, ...] = ()
