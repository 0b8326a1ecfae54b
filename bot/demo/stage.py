"""The stage: a sandbox with the demo's repository and people, and the bot beside it, over real HTTP or in process.

Two ways to let time pass. Served: both sides listen on loopback and work by themselves, as they would in the
world. Pumped: nothing happens but what the story pumps, so that tests repeat exactly; time stands while anything
moves, and then jumps to what the bot or a delivery waits for. Stories see no difference.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
import secrets
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
import yaml
from starlette.applications import Starlette

from bot.app import Bot
from bot.coordination.clocks import SystemClock, VirtualClock
from bot.demo.people import Person
from bot.engine.ports import Clock, EventStore
from bot.github.client import App, GitHub
from bot.github.signer import AppSigner, load_key
from bot.sandbox.act import ActExecutor
from bot.sandbox.execution import Executor
from bot.sandbox.faults import Faults
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.world import utc_now
from bot.store.sqlite import SQLiteStore
from bot.templates_dir import app_manifest

REPOSITORY = "acme/teashop"
PEOPLE = {"maria": "maintain", "tom": "write", "eve": "read"}
SLUG = "cloi"
PATIENCE = 120.0
"""Seconds that a served story waits for one thing before it gives up, loudly."""

LONGEST = timedelta(days=2)
"""How long a pumped story may take in its own time: whoever waits longer waits for nothing."""

_MOST_SPINS = 200
"""Looks in a row that something due in the past may ask for, though nothing comes of them."""

T = TypeVar("T")


class StoodStill(RuntimeError):
    """What the story waits for does not come; the message says where everything stands."""


class Stage:
    """Use `served` or `pumped`. tell: called with actor, sentence and link for each step of a story."""

    def __init__(
        self,
        sandbox: Sandbox,
        bot: Bot,
        people: dict[str, Person],
        tell: Callable[[str, str, str | None], None],
        progress: Callable[[], Awaitable[bool]],
        assemble: Callable[[], Bot] | None = None,
    ) -> None:
        self.sandbox = sandbox
        self.bot = bot
        self._people = people
        self._tell = tell
        self._progress = progress
        self._assemble = assemble
        self.repository = sandbox.repository(REPOSITORY)

    # What stories do.

    def person(self, login: str) -> Person:
        return self._people[login]

    def tell(self, actor: str, sentence: str, link: str | None = None) -> None:
        self._tell(actor, sentence, link)

    async def until(self, find: Callable[[], T | None]) -> T:
        """What `find` finds, once it finds something. Raises StoodStill if that does not come."""
        while not (found := find()):
            if not await self._progress() and not find():  # a last step may ask GitHub nothing
                raise StoodStill(self._where())
        return found

    async def restart(self) -> None:
        """The bot's process dies where it is; a new one starts with nothing but the store."""
        assert self._assemble is not None, "only a pumped stage restarts its bot"
        await self.bot.coordinator.stop()
        await self.bot.github.close()
        self.bot = self._assemble()
        self.bot.recover()

    # What stories look at.

    def url(self, path: str) -> str:
        """A page of the repository."""
        return f"{self.sandbox.world.html}/{REPOSITORY}{path}"

    def state(self, instance: str) -> str:
        """An instance's state; empty while there is none."""
        found = [s.state for s in self.bot.store.summaries() if s.instance == instance]
        return found[-1] if found else ""

    def instance(self) -> str:
        """The latest implementation."""
        return self.bot.store.summaries(definition="implement-adr")[-1].instance

    def events(self, instance: str) -> int:
        """How many events an instance has."""
        return len(self.bot.store.read(instance))

    def check(self, sha: str, name: str) -> dict[str, Any] | None:
        """The completed check run of this name on a commit."""
        for run in self.repository.check_runs.values():
            if run.suite.head_sha == sha and run.name == name and run.status == "completed":
                title = run.output.get("title") or ""
                return {"conclusion": run.conclusion, "title": title, "html_url": self.url(f"/runs/{run.id}")}
        return None

    def pull(self, number: int | None) -> dict[str, Any] | None:
        """Number, state and merged of a pull request."""
        if number is None:
            return None
        issue = self.repository.issues[number]
        assert issue.pull is not None
        return {"number": number, "state": issue.state, "merged": issue.pull.merged_at is not None}

    def pull_by_bot(self, what: str) -> dict[str, Any] | None:
        """The latest open pull request of the bot whose branch is of this kind."""
        for issue in reversed(list(self.repository.pulls())):
            assert issue.pull is not None
            if issue.user.login == f"{SLUG}[bot]" and f"/{what}-" in issue.pull.head_ref:
                if issue.state == "open":
                    return {"number": issue.number, "html_url": self.url(f"/pull/{issue.number}")}
                return None
        return None

    def run(self, status: str | None = None, number: int = 1) -> dict[str, Any] | None:
        """The run of this number, counted from 1, of a generated workflow; with this status, if one is given."""
        runs = list(self.repository.runs.values())
        found = [r for r in runs[:number] if status in (None, r.status)]
        if len(found) < number:
            return None
        return {"id": found[-1].id, "html_url": self.url(f"/actions/runs/{found[-1].id}")}

    def jobs(self, run: int) -> dict[str, str]:
        """Job names to conclusions."""
        return {j.name: j.conclusion or j.status for j in self.repository.runs[run].jobs}

    def adr_check(self, number: int | None) -> str | None:
        """The conclusion of the check on the record's pull request."""
        if number is None:
            return None
        pull = self.repository.issues[number].pull
        assert pull is not None
        check = self.check(pull.head_sha, "CLOI / decision records")
        return str(check["conclusion"]) if check else None

    def bot_comments(self) -> int:
        """How many comments the bot has written."""
        return sum(c.user.login == f"{SLUG}[bot]" for c in self.repository.comments.values())

    def requests(self) -> int:
        """How many requests the bot made, without token mints."""
        return sum(self.sandbox.request_count(app) for app in self.sandbox.world.apps.values())

    def content_creations(self) -> int:
        """How many issues, comments, pull requests and reviews the bot made."""
        return sum(self.sandbox.content_creations(app) for app in self.sandbox.world.apps.values())

    async def default_branch_tests(self) -> str:
        """ "passed" or "failed": the repository's tests, run now in a checkout of the default branch."""
        with tempfile.TemporaryDirectory(prefix="cloi-tests-") as directory:
            target = Path(directory) / "checkout"
            self.sandbox.checkout(REPOSITORY, "main", target)
            command = yaml.safe_load((target / ".github/cloi.yml").read_text())["tests"]["command"]
            process = await asyncio.create_subprocess_exec(
                sys.executable if command[0] == "python3" else command[0],
                *command[1:],
                cwd=target,
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": directory},
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            return "passed" if await asyncio.wait_for(process.wait(), PATIENCE) == 0 else "failed"

    def _where(self) -> str:
        lines = ["the story stands still. Instances:"]
        for summary in self.bot.store.summaries():
            lines.append(f"  {summary.instance}: {summary.state} {summary.reason}")
            if summary.open:
                for step in self.bot.coordinator.instance(summary.instance).steps.values():
                    lines.append(f"    {step.name}: {step.state} {step.note} {step.error}")
        for delivery in self.bot.store.deliveries(state="parked"):
            lines.append(f"  delivery {delivery.id} ({delivery.event}) is parked: {delivery.reason}")
        lines += [f"  sandbox: {violation}" for violation in self.sandbox.violations]
        return "\n".join(lines)


def _set_up(sandbox: Sandbox, files: dict[str, bytes], webhook: str, secret: str) -> Any:
    """Repository, people and App; the App as app.yml asks for it."""
    manifest = app_manifest()
    sandbox.create_repository(REPOSITORY, files, collaborators=PEOPLE)
    app = sandbox.add_app(SLUG, manifest["default_permissions"], manifest["default_events"], webhook, secret)
    sandbox.install(app, [REPOSITORY])
    return app


def _people(sandbox: Sandbox, http: httpx.AsyncClient) -> dict[str, Person]:
    return {login: Person(login, sandbox.add_user(login).token, http, REPOSITORY) for login in PEOPLE}


def _bot(
    app: Any,
    api: str,
    public_url: str,
    store: EventStore,
    secret: str,
    runner_base_url: str | None = None,
    clock: Clock | None = None,
    chance: Callable[[], float] = random.random,
    model_command: Sequence[str] = (),
    **more: Any,
) -> Bot:
    """The bot beside the sandbox. more: for its client."""
    clock = clock or SystemClock()
    return Bot(
        store=store,
        github=GitHub(api, AppSigner(app.id, _key(app.private_key_pem), clock), clock=clock, **more),
        app=App(id=app.id, slug=app.slug),
        secrets=[secret],
        public_url=public_url,
        runner_base_url=runner_base_url,
        clock=clock,
        chance=chance,
        model_command=model_command,
    )


_key = functools.cache(load_key)  # one App's, made once a process


@contextlib.asynccontextmanager
async def served(
    directory: Path,
    files: dict[str, bytes],
    tell: Callable[[str, str, str | None], None],
    *,
    executor: Executor | None = None,
) -> AsyncIterator[Stage]:
    """Both sides on loopback ports, working by themselves; the store is a file in `directory`."""
    secret = secrets.token_urlsafe(32)
    here, there = _free_socket(), _free_socket()
    github_url = f"http://127.0.0.1:{here.getsockname()[1]}"
    bot_url = f"http://127.0.0.1:{there.getsockname()[1]}"
    sandbox = Sandbox(directory / "github", base_url=github_url, executor=executor or ActExecutor())
    app = _set_up(sandbox, files, f"{bot_url}/webhook", secret)
    store = SQLiteStore(directory / "cloi.sqlite3")
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(_listening(sandbox.asgi(), here))
        bot = _bot(app, f"{github_url}/api/v3", bot_url, store, secret)
        await stack.enter_async_context(_listening(bot.site, there))
        await stack.enter_async_context(bot.working())
        await stack.enter_async_context(sandbox.background())
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=f"{github_url}/api/v3"))
        loop = asyncio.get_running_loop()
        last = [loop.time(), len(sandbox.requests)]

        async def progress() -> bool:
            if len(sandbox.requests) != last[1]:
                last[:] = [loop.time(), len(sandbox.requests)]
            await asyncio.sleep(0.02)
            return loop.time() - last[0] < PATIENCE

        yield Stage(sandbox, bot, _people(sandbox, http), tell, progress)
    await sandbox.close()
    store.close()


@contextlib.asynccontextmanager
async def pumped(
    directory: Path,
    files: dict[str, bytes],
    store: EventStore,
    executor: Executor,
    *,
    clock: Callable[[], datetime] = utc_now,
    runner_base_url: str | None = None,
    tell: Callable[[str, str, str | None], None] = lambda actor, sentence, link: None,
    faults: Faults | None = None,
    model_command: Sequence[str] = (),
) -> AsyncIterator[Stage]:
    """Everything in this process, moved only by the story. clock: where time begins; it dates commits, so that the
    same story makes the same ones. All other time, the bot's and GitHub's, is virtual. faults: what GitHub does
    badly. model_command: asks a language model.
    """
    secret, github_url = "a webhook secret", "http://github.test"
    time = VirtualClock(clock())
    end = time.now() + LONGEST
    holder: list[Starlette] = []

    async def bot_site(scope: Any, receive: Any, send: Any) -> None:
        await holder[0](scope, receive, send)

    sandbox = Sandbox(
        directory / "github",
        base_url=github_url,
        executor=executor,
        client=httpx.AsyncClient(transport=httpx.ASGITransport(bot_site)),
        clock=time.now,
        auth_clock=time.now,
        commit_clock=clock,
        faults=faults,
    )
    app = _set_up(sandbox, files, "http://bot.test/webhook", secret)
    transport = httpx.ASGITransport(sandbox.asgi())
    more: dict[str, Any] = {"transport": transport, "patience": (0.0, 0.0)}
    chance = random.Random(0).random  # noqa: S311  the same story again is the same to the second

    def assemble() -> Bot:
        made = _bot(
            app,
            f"{github_url}/api/v3",
            "http://bot.test",
            store,
            secret,
            runner_base_url,
            time,
            chance,
            model_command,
            **more,
        )
        holder[:] = [made.site]
        return made

    bot = assemble()
    begun, spins = False, 0

    async def progress() -> bool:
        nonlocal begun, spins
        if not begun:
            begun = True
            stage.bot.recover()
        before = (len(sandbox.requests), len(sandbox.world.deliveries))
        await sandbox.pump()
        await stage.bot.pump()
        if (len(sandbox.requests), len(sandbox.world.deliveries)) != before:
            return True
        timers = (stage.bot.coordinator.next_timer(), sandbox.deliverer.next_late())
        due = min((at for at in timers if at is not None), default=None)
        if due is None or due > end or spins > _MOST_SPINS:
            return False
        spins = spins + 1 if due <= time.now() else 0
        time.advance(max(0.0, (due - time.now()).total_seconds()))
        stage.bot.coordinator.fire_timers()
        await stage.bot.pump()
        return True

    async with httpx.AsyncClient(
        base_url=f"{github_url}/api/v3", transport=httpx.ASGITransport(sandbox.asgi())
    ) as http:
        stage = Stage(sandbox, bot, _people(sandbox, http), tell, progress, assemble)
        yield stage
    await stage.bot.coordinator.stop()
    await stage.bot.github.close()
    await sandbox.close()


def _free_socket() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    return listening


@contextlib.asynccontextmanager
async def _listening(site: Starlette, listening: socket.socket) -> AsyncIterator[None]:
    """uvicorn on this socket, in this event loop."""
    server = uvicorn.Server(uvicorn.Config(site, log_level="warning", access_log=False, lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined,method-assign,unused-ignore]
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task
