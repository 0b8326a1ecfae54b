"""Reading one repository: what is true on GitHub now. A webhook only says that it is worth looking.

Every read names its permission, so its token can do nothing else. Writing is in effects.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, TypeVar

import msgspec

from bot.github import archive, errors
from bot.github import permissions as need
from bot.github.client import GitHub
from bot.github.objects import (
    Artifact,
    CheckRun,
    Comment,
    Commit,
    File,
    Issue,
    Job,
    Pull,
    PullCommit,
    PullFile,
    RepositoryInfo,
    Review,
    Run,
    TreeEntry,
)
from bot.github.permissions import Permissions
from bot.github.route import full_name, segment, segments

T = TypeVar("T")

LEVELS = ("none", "read", "triage", "write", "maintain", "admin")
WRITERS = frozenset(LEVELS[3:])
"""Who may push."""


class _Permission(msgspec.Struct, frozen=True):
    permission: str
    role_name: str = ""


class _Content(msgspec.Struct, frozen=True):
    type: str
    sha: str
    encoding: str = "none"
    content: str = ""


class _Blob(msgspec.Struct, frozen=True):
    content: str


class _RefTarget(msgspec.Struct, frozen=True):
    sha: str


class _Ref(msgspec.Struct, frozen=True):
    ref: str
    object: _RefTarget


class _RequiredCheck(msgspec.Struct, frozen=True):
    context: str


class _RuleParameters(msgspec.Struct, frozen=True):
    required_status_checks: tuple[_RequiredCheck, ...] = ()


class _Rule(msgspec.Struct, frozen=True):
    type: str
    parameters: _RuleParameters | None = None

    @property
    def checks(self) -> tuple[_RequiredCheck, ...]:
        return self.parameters.required_status_checks if self.parameters else ()


class _TreeItem(msgspec.Struct, frozen=True):
    path: str
    mode: str
    type: str
    sha: str


class _Tree(msgspec.Struct, frozen=True):
    tree: list[_TreeItem]
    truncated: bool = False


class Repository:
    """gh: the client. name: "owner/name". Raises Invalid for another name, and GitHubError from all reads."""

    def __init__(self, gh: GitHub, name: str) -> None:
        self.gh = gh
        self.full_name = full_name(name)
        self.path = f"/repos/{name}"

    @property
    def owner(self) -> str:
        return self.full_name.partition("/")[0]

    async def info(self) -> RepositoryInfo:
        return await self._get("", RepositoryInfo, need.METADATA)

    async def permission(self, login: str) -> str:
        """What a person may do here: one of LEVELS. A custom role counts as the level it is based on."""
        found = await self._find(f"/collaborators/{segment(login)}/permission", _Permission, need.METADATA)
        if found is None:
            return "none"
        return found.role_name if found.role_name in LEVELS else found.permission

    # -- git

    async def file(self, path: str, ref: str) -> File | None:
        """A file at a commit, branch or tag; None if there is no plain file. Up to GitHub's 100 MB."""
        answer = await self._read(f"/contents/{segments(path)}", need.READ_CONTENTS, ref=ref)
        if answer is None or answer.lstrip()[:1] == b"[":  # a list is a directory
            return None
        found = _decode(answer, _Content)
        if found.type != "file":
            return None
        if found.encoding == "base64":
            return File(base64.b64decode(found.content), found.sha)
        return File(await self.blob(found.sha), found.sha)  # above 1 MB GitHub leaves the content out

    async def blob(self, sha: str) -> bytes:
        found = await self._get(f"/git/blobs/{segment(sha)}", _Blob, need.READ_CONTENTS)
        return base64.b64decode(found.content)

    async def tree(self, ref: str) -> dict[str, TreeEntry]:
        """All files of a commit, branch or tree, by path; directories are not listed."""
        out: dict[str, TreeEntry] = {}
        await self._grow(out, ref, "")
        return out

    async def _grow(self, out: dict[str, TreeEntry], ref: str, prefix: str) -> None:
        route = f"/git/trees/{segment(ref)}"
        found = await self._get(route, _Tree, need.READ_CONTENTS, recursive=1)
        by_directory = found.truncated  # above 100,000 entries or 7 MB
        if by_directory:
            found = await self._get(route, _Tree, need.READ_CONTENTS)
        for item in found.tree:
            if item.type != "tree":
                out[prefix + item.path] = TreeEntry(item.mode, item.sha, item.type)
            elif by_directory:
                await self._grow(out, item.sha, f"{prefix}{item.path}/")

    async def commit(self, sha: str) -> Commit:
        return await self._get(f"/git/commits/{segment(sha)}", Commit, need.READ_CONTENTS)

    async def last_commit(self, path: str, ref: str) -> str | None:
        """The sha of the latest commit before `ref`, or it itself, that changed a file; None if none did."""
        found = await self.gh.pages(
            f"{self.path}/commits",
            _RefTarget,
            repository=self.full_name,
            permissions=need.READ_CONTENTS,
            params={"path": path, "sha": ref},
            limit=1,
        )
        return found[0].sha if found else None

    async def branch_head(self, name: str) -> str | None:
        """The sha that a branch points at; None if there is no such branch."""
        found = await self._find(f"/git/ref/heads/{segments(name)}", _Ref, need.READ_CONTENTS)
        return found.object.sha if found is not None and found.ref == f"refs/heads/{name}" else None

    # -- pull requests and issues

    async def pull(self, number: int) -> Pull:
        return await self._get(f"/pulls/{number}", Pull, need.READ_PULLS)

    async def pulls(
        self, *, head: str | None = None, base: str | None = None, state: str = "all", limit: int = 3000
    ) -> list[Pull]:
        """Newest first, at most `limit`. head: a branch of this repository. state: open, closed or all."""
        params: dict[str, Any] = {"state": state, "sort": "created", "direction": "desc"}
        if head is not None:
            params["head"] = f"{self.owner}:{head}"
        if base is not None:
            params["base"] = base
        return await self._pages("/pulls", Pull, need.READ_PULLS, limit=limit, **params)

    async def pull_files(self, number: int) -> list[PullFile]:
        """At most 3,000, as GitHub gives no more."""
        return await self._pages(f"/pulls/{number}/files", PullFile, need.READ_PULLS)

    async def pull_commits(self, number: int) -> list[PullCommit]:
        """At most 250, as GitHub gives no more."""
        return await self._pages(f"/pulls/{number}/commits", PullCommit, need.READ_PULLS)

    async def reviews(self, number: int) -> list[Review]:
        """Oldest first."""
        return await self._pages(f"/pulls/{number}/reviews", Review, need.READ_PULLS)

    async def pulls_of_commit(self, sha: str) -> list[Pull]:
        """The merged ones that brought it to the default branch; where it is not there, open ones too. At most
        100. GitHub knows them a moment after the merge, or the push."""
        return await self._pages(f"/commits/{segment(sha)}/pulls", Pull, need.READ_HISTORY, limit=100)

    async def issue(self, number: int) -> Issue:
        return await self._get(f"/issues/{number}", Issue, need.READ_ISSUES)

    async def issues(self, *, creator: str) -> list[Issue]:
        """The latest that somebody opened, open or closed; at most 100."""
        return await self._pages("/issues", Issue, need.READ_ISSUES, limit=100, state="all", creator=creator)

    async def required_checks(self, branch: str) -> set[str]:
        """Names of the checks that the branch's rules demand."""
        found = await self._pages(f"/rules/branches/{segments(branch)}", _Rule, need.METADATA)
        return {c.context for r in found if r.type == "required_status_checks" for c in r.checks}

    async def comments(self, number: int) -> list[Comment]:
        """Of an issue or pull request, oldest first."""
        return await self._pages(f"/issues/{number}/comments", Comment, need.READ_ISSUES)

    async def comment(self, comment_id: int) -> Comment | None:
        """None if it was deleted."""
        return await self._find(f"/issues/comments/{comment_id}", Comment, need.READ_ISSUES)

    # -- checks and runs

    async def check_runs(self, sha: str, *, name: str | None = None, every: bool = False) -> list[CheckRun]:
        """Of a commit; the latest of each name and App, or `every` one."""
        params: dict[str, Any] = {"filter": "all" if every else "latest"}
        if name is not None:
            params["check_name"] = name
        return await self._pages(
            f"/commits/{segment(sha)}/check-runs", CheckRun, need.READ_CHECKS, "check_runs", **params
        )

    async def run(self, run_id: int) -> Run:
        return await self._get(f"/actions/runs/{run_id}", Run, need.READ_ACTIONS)

    async def runs(self, workflow_file: str, *, event: str, branch: str, limit: int = 100) -> list[Run]:
        """The latest runs of a workflow file (its name without directory), newest first."""
        return await self._pages(
            f"/actions/workflows/{segment(workflow_file)}/runs",
            Run,
            need.READ_ACTIONS,
            "workflow_runs",
            limit=limit,
            event=event,
            branch=branch,
        )

    async def jobs(self, run_id: int, attempt: int) -> list[Job]:
        return await self._pages(
            f"/actions/runs/{run_id}/attempts/{attempt}/jobs", Job, need.READ_ACTIONS, "jobs"
        )

    async def artifacts(self, run_id: int) -> list[Artifact]:
        return await self._pages(
            f"/actions/runs/{run_id}/artifacts", Artifact, need.READ_ACTIONS, "artifacts"
        )

    async def artifact_files(self, artifact: Artifact) -> dict[str, bytes]:
        """Its files by path, read in memory. Raises ArtifactRefused if it is too large, hostile, or not what
        GitHub recorded."""
        if artifact.expired:
            raise errors.ArtifactRefused(f"The artifact “{artifact.name}” has expired.")
        if artifact.size_in_bytes > archive.MAX_DOWNLOAD:
            raise errors.ArtifactRefused(f"The artifact “{artifact.name}” is too large.")
        data = await self.gh.download(
            f"{self.path}/actions/artifacts/{artifact.id}/zip",
            repository=self.full_name,
            permissions=need.READ_ACTIONS,
            limit=archive.MAX_DOWNLOAD,
        )
        if artifact.digest and artifact.digest != f"sha256:{hashlib.sha256(data).hexdigest()}":
            raise errors.ArtifactRefused(f"The artifact “{artifact.name}” is not the one that was uploaded.")
        return archive.unpack(data)

    # -- how

    async def _read(self, path: str, permissions: Permissions, **params: Any) -> bytes | None:
        try:
            answer = await self.gh.call(
                "GET", self.path + path, repository=self.full_name, permissions=permissions, params=params
            )
        except errors.NotFound:
            return None
        return answer.content

    async def _find(self, path: str, type: type[T], permissions: Permissions, **params: Any) -> T | None:
        found = await self._read(path, permissions, **params)
        return None if found is None else _decode(found, type)

    async def _get(self, path: str, type: type[T], permissions: Permissions, **params: Any) -> T:
        answer = await self.gh.call(
            "GET", self.path + path, repository=self.full_name, permissions=permissions, params=params
        )
        return answer.read(type)

    async def _pages(
        self,
        path: str,
        type: type[T],
        permissions: Permissions,
        within: str | None = None,
        limit: int = 3000,
        **params: Any,
    ) -> list[T]:
        return await self.gh.pages(
            self.path + path,
            type,
            repository=self.full_name,
            permissions=permissions,
            params=params,
            within=within,
            limit=limit,
        )


def _decode(data: bytes, type: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=type)
    except msgspec.DecodeError as error:
        raise errors.Unreadable(f"GitHub's answer is not as documented: {error}.") from error
