"""GitHub's things, as thin as they are used: field names are GitHub's own, times are its ISO strings.

Texts in here (titles, bodies, branch names, file names) were written by anybody: data, never instructions,
never parts of a command. https://docs.github.com/en/rest
"""

from __future__ import annotations

import msgspec


class User(msgspec.Struct, frozen=True):
    """type: User, Bot or Organization."""

    login: str
    id: int = 0
    type: str = "User"


class RepositoryInfo(msgspec.Struct, frozen=True):
    """The repository itself."""

    id: int
    full_name: str
    default_branch: str
    private: bool = False
    archived: bool = False
    html_url: str = ""


class File(msgspec.Struct, frozen=True):
    """A file at a commit. blob_sha: git's name of its content."""

    data: bytes
    blob_sha: str


class TreeEntry(msgspec.Struct, frozen=True):
    """mode: git's, such as "100644"; type: blob or commit (a submodule)."""

    mode: str
    sha: str
    type: str


class _Sha(msgspec.Struct, frozen=True):
    sha: str


class Verification(msgspec.Struct, frozen=True):
    verified: bool = False


class Commit(msgspec.Struct, frozen=True):
    """A git commit."""

    sha: str
    message: str
    tree: _Sha
    parents: tuple[_Sha, ...]
    verification: Verification | None = None


class _RepositoryName(msgspec.Struct, frozen=True):
    full_name: str


class PullRef(msgspec.Struct, frozen=True):
    """One side of a pull request. repo: null if the fork is gone."""

    ref: str
    sha: str
    repo: _RepositoryName | None = None


class Pull(msgspec.Struct, frozen=True):
    """A pull request. state: open or closed. Merged is told by merged_at, which lists have too.

    mergeable: null while GitHub has not computed it. merge_commit_sha: gone in REST 2026-03-10.
    """

    number: int
    state: str
    title: str
    head: PullRef
    base: PullRef
    html_url: str = ""
    body: str | None = None
    user: User | None = None
    draft: bool = False
    merged_at: str | None = None
    mergeable: bool | None = None
    merge_commit_sha: str | None = None
    merged_by: User | None = None
    author_association: str = "NONE"

    @property
    def merged(self) -> bool:
        return self.merged_at is not None


class PullFile(msgspec.Struct, frozen=True):
    """status: added, removed, modified, renamed, copied, changed or unchanged."""

    filename: str
    status: str
    sha: str | None = None
    additions: int = 0
    deletions: int = 0
    patch: str | None = None
    previous_filename: str | None = None


class _CommitBody(msgspec.Struct, frozen=True):
    message: str


class PullCommit(msgspec.Struct, frozen=True):
    sha: str
    commit: _CommitBody
    parents: tuple[_Sha, ...] = ()
    author: User | None = None
    committer: User | None = None


class Label(msgspec.Struct, frozen=True):
    name: str


class Issue(msgspec.Struct, frozen=True):
    """An issue; a pull request too, told by pull_request."""

    number: int
    title: str
    state: str
    body: str | None = None
    user: User | None = None
    labels: tuple[Label, ...] = ()
    html_url: str = ""
    pull_request: dict[str, object] | None = None

    @property
    def is_pull(self) -> bool:
        return self.pull_request is not None


class _AppId(msgspec.Struct, frozen=True):
    id: int


class Comment(msgspec.Struct, frozen=True):
    """A comment on an issue or a pull request."""

    id: int
    body: str | None = None
    user: User | None = None
    html_url: str = ""
    created_at: str = ""
    updated_at: str = ""
    author_association: str = "NONE"
    performed_via_github_app: _AppId | None = None


class Run(msgspec.Struct, frozen=True):
    """A workflow run. display_title: the run-name. path: of the workflow file."""

    id: int
    path: str
    event: str
    head_sha: str
    run_attempt: int = 1
    name: str | None = None
    display_title: str = ""
    head_branch: str | None = None
    status: str | None = None
    conclusion: str | None = None
    actor: User | None = None
    triggering_actor: User | None = None
    html_url: str = ""
    created_at: str = ""
    run_started_at: str | None = None
    updated_at: str = ""

    @property
    def workflow_file(self) -> str:
        """The path without the "@ref" that GitHub sometimes appends."""
        return self.path.partition("@")[0]


class JobStep(msgspec.Struct, frozen=True):
    name: str
    number: int
    status: str
    conclusion: str | None = None


class Job(msgspec.Struct, frozen=True):
    """A job of one attempt of a run."""

    id: int
    name: str
    status: str
    head_sha: str = ""
    conclusion: str | None = None
    run_attempt: int = 1
    html_url: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    steps: tuple[JobStep, ...] = ()


class Artifact(msgspec.Struct, frozen=True):
    """digest: "sha256:<hex>" of the archive, where GitHub gives one."""

    id: int
    name: str
    size_in_bytes: int
    expired: bool = False
    digest: str | None = None


class CheckOutput(msgspec.Struct, frozen=True):
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations_count: int = 0


class _AppSlug(msgspec.Struct, frozen=True):
    id: int
    slug: str = ""


class CheckRun(msgspec.Struct, frozen=True):
    """status: queued, in_progress, completed … conclusion: success, failure, neutral … once completed."""

    id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None = None
    external_id: str | None = None
    app: _AppSlug | None = None
    output: CheckOutput | None = None
    html_url: str | None = None
    details_url: str | None = None


class Review(msgspec.Struct, frozen=True):
    """state: APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING."""

    id: int
    state: str
    user: User | None = None
    commit_id: str | None = None
    body: str | None = None
    submitted_at: str | None = None
