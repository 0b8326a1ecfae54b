"""The state of the sandbox: who and what there is, as plain records; git data lies in each Repository's `git`.

A World is only state, a clock and counters. What may be done is in permissions.py, what is done in the routes_*
modules, what follows from it in refs.py, webhooks.py and runs.py, how it looks in the shapes_* modules.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.sandbox.git import Git

Clock = Callable[[], datetime]  # aware, UTC

ROLES = ("none", "read", "triage", "write", "maintain", "admin")  # weakest first


def utc_now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


@dataclass(eq=False)
class User:
    """A person, an organisation, or the bot user of an App. token: personal; people use it as a bearer."""

    id: int
    login: str
    name: str | None = None
    type: str = "User"  # or Organization, Bot
    token: str = ""

    @property
    def email(self) -> str:
        """The address that its commits carry."""
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass(eq=False)
class App:
    """A GitHub App. webhook_url None: it gets no deliveries."""

    id: int
    slug: str
    owner: User
    bot: User
    permissions: dict[str, str]
    events: list[str]
    webhook_url: str | None
    secret: str
    private_key_pem: str
    public_key_pem: str
    created_at: datetime


@dataclass(eq=False)
class Installation:
    """An App on an account, with the repositories and permissions that were granted."""

    id: int
    app: App
    account: User
    repositories: list[Repository]
    permissions: dict[str, str]
    events: list[str]
    created_at: datetime


@dataclass(eq=False)
class Reaction:
    """content: "+1", "eyes", …"""

    id: int
    user: User
    content: str
    created_at: datetime


@dataclass(eq=False)
class Comment:
    """A comment on an issue or PR. app: the App that made it."""

    id: int
    issue: Issue
    user: User
    body: str
    app: App | None
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(eq=False)
class Review:
    """state: PENDING, COMMENTED, APPROVED, CHANGES_REQUESTED, DISMISSED."""

    id: int
    user: User
    body: str
    state: str
    commit: str
    submitted_at: datetime


@dataclass(eq=False)
class PullRequest:
    """What an issue has more when it is a PR; branches of the same repository only."""

    id: int
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: User | None = None
    merge_commit: str | None = None
    reviews: list[Review] = field(default_factory=list)


@dataclass(eq=False)
class Issue:
    """An issue, or (with `pull`) a PR: they share numbers, comments and state."""

    id: int
    number: int
    repository: Repository
    user: User
    title: str
    body: str | None
    app: App | None
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: User | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    pull: PullRequest | None = None


@dataclass(eq=False)
class CheckSuite:
    """One App's check runs on one commit."""

    id: int
    app: App
    head_sha: str
    head_branch: str | None
    created_at: datetime


@dataclass(eq=False)
class CheckRun:
    """output: title, summary, text; annotations and actions as they were posted."""

    id: int
    repository: Repository
    suite: CheckSuite
    name: str
    status: str = "queued"
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    external_id: str = ""
    details_url: str | None = None
    output: dict[str, str | None] = field(default_factory=dict)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, str]] = field(default_factory=list)


@dataclass(eq=False)
class Workflow:
    """A workflow file that the default branch has, or had."""

    id: int
    path: str
    name: str
    created_at: datetime
    state: str = "active"  # or disabled_manually, deleted


@dataclass(eq=False)
class Step:
    """A step of a job that ended."""

    number: int
    name: str
    conclusion: str
    started_at: datetime
    completed_at: datetime


@dataclass(eq=False)
class Job:
    """A job of one attempt of a run."""

    id: int
    run: Run
    attempt: int
    name: str
    check_run: CheckRun
    created_at: datetime
    status: str = "queued"
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    steps: list[Step] = field(default_factory=list)
    log: str = ""


@dataclass(eq=False)
class Artifact:
    """A zip that a run left. file: where it lies on disk. digest: "sha256:…"."""

    id: int
    name: str
    run: Run
    file: Path
    size: int
    digest: str
    created_at: datetime
    expires_at: datetime


@dataclass(eq=False)
class Run:
    """A workflow run. event_payload: what triggered it, inputs included. title: its resolved run-name."""

    id: int
    repository: Repository
    workflow: Workflow
    number: int
    event: str
    event_payload: dict[str, Any]
    ref: str
    head_branch: str
    head_sha: str
    title: str
    actor: User
    triggering_actor: User
    created_at: datetime
    started_at: datetime
    updated_at: datetime
    suite: CheckSuite
    attempt: int = 1
    status: str = "queued"
    conclusion: str | None = None
    cancelled_by: User | None = None
    jobs: list[Job] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)


@dataclass(eq=False)
class Repository:
    """A repository; issues and PRs by number, the rest by id."""

    id: int
    owner: User
    name: str
    private: bool
    default_branch: str
    git: Git
    created_at: datetime
    collaborators: dict[str, str] = field(default_factory=dict)  # login -> role
    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # branch -> GitHub's rule objects
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    check_suites: list[CheckSuite] = field(default_factory=list)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)  # path ->
    runs: dict[int, Run] = field(default_factory=dict)
    artifacts: dict[int, Artifact] = field(default_factory=dict)
    signed: dict[str, datetime] = field(default_factory=dict)  # commits that GitHub signed, and when

    @property
    def full_name(self) -> str:
        """owner/name"""
        return f"{self.owner.login}/{self.name}"

    def pulls(self) -> Iterator[Issue]:
        """Its PRs, oldest first."""
        return (issue for issue in self.issues.values() if issue.pull)

    def role(self, user: User) -> str:
        """What a person may do here, one of ROLES."""
        given = "admin" if user is self.owner else self.collaborators.get(user.login, "none")
        return given if self.private or given != "none" else "read"


@dataclass(eq=False)
class Delivery:
    """One attempt to deliver an event. status_code 0: not sent yet. body: the bytes that are signed."""

    id: int
    guid: str
    app: App
    installation: Installation | None
    repository: Repository | None
    event: str
    action: str | None
    body: bytes
    redelivery: bool = False
    created_at: datetime = field(default_factory=utc_now)
    delivered_at: datetime | None = None
    duration: float = 0.0
    status: str = "pending"
    status_code: int = 0
    request_headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""


@dataclass(frozen=True)
class RequestRecord:
    """A request that was answered. actor: a login, an App's "slug[bot]", an App itself as "app/slug", or "".
    operation: such as "GET /repos/{owner}/{repo}", "" where no endpoint matched."""

    method: str
    path: str
    status: int
    actor: str
    at: datetime
    operation: str


class World:
    """Everything there is. base_url: of people's pages, without a slash at the end; the API is below /api/v3.

    clock dates all objects; auth_clock judges JWTs and tokens, since clients compare those with their own clock.
    commit_clock dates commits, if they are to be the same in a story that takes longer.
    """

    def __init__(
        self, root: Path, base_url: str, clock: Clock, auth_clock: Clock, commit_clock: Clock | None = None
    ) -> None:
        self.root = root
        self.html = base_url.rstrip("/")
        self.api = self.html + "/api/v3"
        self.clock = clock
        self.auth_clock = auth_clock
        self.commit_clock = commit_clock or clock
        self.users: dict[str, User] = {}
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.repositories: dict[str, Repository] = {}
        self.deliveries: dict[int, Delivery] = {}
        self.outbox: deque[Delivery] = deque()
        self.queue: deque[Run] = deque()
        self.actions: App | None = None  # GitHub Actions, itself an App
        self.requests: list[RequestRecord] = []
        self.violations: list[str] = []
        self.signing_key = secrets.token_bytes(32)  # of download links
        self._counters: defaultdict[str, int] = defaultdict(int)
        self.outbox_filled = asyncio.Event()
        self.queue_filled = asyncio.Event()

    def new_id(self, kind: str) -> int:
        """The next id of a kind: 1001, 1002, … so that stories repeat."""
        self._counters[kind] += 1
        return 1000 + self._counters[kind]

    def send(self, delivery: Delivery) -> None:
        """Logs a delivery and puts it into the outbox."""
        self.deliveries[delivery.id] = delivery
        self.outbox.append(delivery)
        self.outbox_filled.set()

    def enqueue(self, run: Run) -> None:
        """Puts a run where the runner takes it from."""
        self.queue.append(run)
        self.queue_filled.set()

    def user(self, login: str) -> User | None:
        """A user by login; GitHub ignores case there."""
        return self.users.get(login.lower())

    def repository(self, full_name: str) -> Repository | None:
        """A repository by "owner/name", case ignored."""
        return self.repositories.get(full_name.lower())

    def installation_on(self, app: App, repository: Repository) -> Installation | None:
        """The installation of an App that covers a repository."""
        for installation in self.installations.values():
            if installation.app is app and repository in installation.repositories:
                return installation
        return None
