"""What stories about the ways that are not straight have in common: short words for what people do and see, runs
that go otherwise, and hooks for what happens in between. No story is told here."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx

from bot.demo.stage import REPOSITORY, SLUG, Stage
from bot.demo.stories import RECORD, Told, asked, demo_repository, proposal
from bot.demo.stories import run as brought
from bot.sandbox.execution import (
    Executor,
    JobFinished,
    JobQueued,
    JobStarted,
    Replays,
    RunEvent,
    RunFinished,
    RunSpec,
)
from bot.sandbox.recorded import RecordedExecutor, Recording
from bot.sandbox.world import Issue
from tests.stories.conftest import NOW

CONFIGURATION = ".github/cloi.yml"
ALL_FOUR = ("implement", "validate", "integrate", "report")

__all__ = ["RECORD", "Told", "asked", "brought"]


def decided_files(more: bytes = b"") -> dict[str, bytes]:
    """A repository whose record is merged already, with deadlines of hours that a story's time comes past quickly.
    more: lines for the configuration. The same files give the same runs, which are executed once."""
    files = {**demo_repository(), **proposal()}
    short = b"{watch: 1s}"
    assert short in files[CONFIGURATION]
    deadlines = b"{watch: 1h, run: 2h, workflow_pr: 3h, implementation_pr: 4h}"
    files[CONFIGURATION] = files[CONFIGURATION].replace(short, deadlines) + more
    return files


# What people do.


async def implementing(stage: Stage) -> Told:
    """Tom has asked; the workflow's pull request is open."""
    told = Told("a tale")
    await asked(stage, told)
    return told


async def proposed(stage: Stage) -> Told:
    """The workflow was merged, it ran; the implementation's pull request is open."""
    told = await implementing(stage)
    await brought(stage, told)
    return told


async def told_to(stage: Stage, told: Told, words: str, by: str = "tom") -> int:
    """Somebody comments on the issue; the comment's id."""
    assert told.issue is not None
    return int((await stage.person(by).say(told.issue, words))["id"])


async def pushed(stage: Stage, pull: int, path: str, content: bytes, by: str = "tom") -> None:
    """Somebody pushes to a pull request's branch."""
    await written(stage, head_ref(stage, pull), path, content, by)


async def written(stage: Stage, branch: str, path: str, content: bytes, by: str = "maria") -> None:
    """Somebody writes a file, also one that is there already."""
    there = stage.sandbox.tree(REPOSITORY, branch).get(path)
    more = {"sha": there} if there else {}
    encoded = base64.b64encode(content).decode()
    await stage.person(by).call(
        "PUT", f"/contents/{path}", message=f"Change {path}", content=encoded, branch=branch, **more
    )


# What people see.


def pull_of(stage: Stage, number: int | None) -> Issue:
    assert number is not None
    return stage.repository.issues[number]


def head_ref(stage: Stage, number: int | None) -> str:
    """The branch of a pull request."""
    pull = pull_of(stage, number).pull
    assert pull is not None
    return pull.head_ref


def branch(stage: Stage, name: str) -> str | None:
    """Where a branch points at, if it is there."""
    return stage.repository.git.ref(f"refs/heads/{name}")


def comments(stage: Stage, number: int | None, by: str = f"{SLUG}[bot]") -> list[str]:
    """What somebody has written on an issue or pull request."""
    return [c.body for c in pull_of(stage, number).comments if c.user.login == by]


def living(stage: Stage, told: Told) -> str:
    """The implementation's one comment, as it stands."""
    found = [c for c in comments(stage, told.issue) if re.match(r"### Implement(ing|ed) ", c)]
    assert len(found) == 1, found
    return found[0]


def plain(text: str) -> str:
    """Markdown without its links and escapes, for comparing what it says."""
    return html.unescape(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)).replace("\u200b", "")


def names(stage: Stage, told: Told) -> list[str]:
    """The implementation's events."""
    return [event.name for event in stage.bot.store.read(told.instance)]


async def parked(stage: Stage, told: Told) -> str:
    """The implementation has stopped and says so in its comment; the reason."""
    await stage.until(lambda: stage.state(told.instance) == "parked")
    await stage.until(lambda: "Stopped, needs a human" in living(stage, told))
    reason: str = stage.bot.coordinator.instance(told.instance).reason
    return reason


async def ended(stage: Stage, told: Told, state: str) -> str:
    """The implementation has ended like this; what its comment says then."""
    await stage.until(lambda: stage.state(told.instance) == state)
    await stage.until(lambda: stage.state(f"follow-implementation/{told.instance}") == "completed")
    return plain(living(stage, told))


def strategies(stage: Stage, told: Told) -> dict[str, str]:
    """Step to the way back that was taken, in the order in which it was."""
    events = stage.bot.store.read(told.instance)
    return {e.body.step: e.body.action for e in events if e.name == "CompensationStarted"}


# Runs that go otherwise.


class Instead:
    """Runs for which `choose` has a recording go like that; all others as ever."""

    def __init__(self, usual: Executor, choose: Callable[[RunSpec], Recording | None]) -> None:
        self._usual = usual
        self._choose = choose
        self._recorded = RecordedExecutor(lambda spec: self._choose(spec) or Recording(), clock=lambda: NOW)

    def knows(self, spec: RunSpec) -> bool:
        """Whether it needs no work tree."""
        usual = self._usual
        return self._choose(spec) is not None or (isinstance(usual, Replays) and usual.knows(spec))

    async def execute(self, spec: RunSpec) -> AsyncIterator[RunEvent]:
        chosen = self._recorded if self._choose(spec) is not None else self._usual
        async for event in chosen.execute(spec):
            yield event

    async def cancel(self, run_id: int) -> None:
        await self._usual.cancel(run_id)
        await self._recorded.cancel(run_id)


class Slow:
    """Runs whose first job goes on while `meanwhile` happens, and which can be cancelled then."""

    def __init__(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._meanwhile = meanwhile
        self.cancelled: list[int] = []

    async def execute(self, spec: RunSpec) -> AsyncIterator[RunEvent]:
        (spec.artifacts / "cloi-patch").mkdir()
        (spec.artifacts / "cloi-patch" / "patch.diff").write_text("half a patch")
        yield JobQueued("implement")
        yield JobStarted("implement", NOW)
        await self._meanwhile()
        outcome: Any = "cancelled" if spec.run_id in self.cancelled else "failure"
        yield JobFinished("implement", outcome, NOW)
        yield RunFinished(outcome)

    async def cancel(self, run_id: int) -> None:
        self.cancelled.append(run_id)


def failing(*, mode: str, job: str = "validate") -> Callable[[RunSpec], Recording | None]:
    """The run of this mode (implement, verify) fails in this job."""

    def choose(spec: RunSpec) -> Recording | None:
        if (spec.event.get("inputs") or {}).get("mode") != mode:
            return None
        place = ALL_FOUR.index(job)
        jobs: dict[str, Any] = dict.fromkeys(ALL_FOUR[:place], "success")
        if mode == "verify":
            jobs["implement"] = "skipped"
        jobs |= {job: "failure", **dict.fromkeys(ALL_FOUR[place + 1 :], "skipped")}
        return Recording(jobs=jobs, artifacts={"cloi-patch": {"patch.diff": "not a patch"}})

    return choose


# In between.


class Gate(httpx.AsyncBaseTransport):
    """Before the bot's first request like this is sent, something happens."""

    def __init__(
        self, inner: httpx.AsyncBaseTransport, method: str, path: str, hook: Callable[[], Awaitable[Any]]
    ) -> None:
        self._inner, self._method, self._path, self._hook = inner, method, re.compile(path), hook
        self.passed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        here = request.method == self._method and self._path.search(request.url.path)
        if here and not self.passed:
            self.passed = True
            await self._hook()
        return await self._inner.handle_async_request(request)


def before(stage: Stage, method: str, path: str, hook: Callable[[], Awaitable[Any]]) -> Gate:
    """`hook` happens before the bot's first request of this kind. path: a pattern."""
    wire = stage.bot.github._wire._transport
    wire._inner = Gate(wire._inner, method, path, hook)
    return wire._inner
