"""A GitHub on your machine: setting it up, serving it, letting time pass, looking at it.

    sandbox = Sandbox(folder, base_url="http://127.0.0.1:8010", executor=…)
    maria = sandbox.add_user("maria")
    sandbox.create_repository("acme/shop", {"README.md": "hello"}, collaborators={"maria": "admin"})
    app = sandbox.add_app("cloi", {"contents": "write"}, ["push"], "http://127.0.0.1:8000/webhook", "secret")
    sandbox.install(app, ["acme/shop"])
    client = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox.asgi()))

People and Apps act over REST, with `maria.token` and the App's key; webhooks follow from state. Nothing is sent or
run until somebody awaits `deliver`, `run_workflows` or `pump`, or `background` is open.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from bot.sandbox import checks, pages, routes_actions, runs, snapshot, webhooks
from bot.sandbox.api import PREFIX, Api
from bot.sandbox.call import Refusal
from bot.sandbox.execution import Executor
from bot.sandbox.faults import Faults
from bot.sandbox.git import Git
from bot.sandbox.runner import Runner
from bot.sandbox.seeding import first_commit
from bot.sandbox.tokens import Tokens, generate_key, public_key
from bot.sandbox.world import (
    ROLES,
    App,
    Clock,
    Installation,
    Repository,
    RequestRecord,
    User,
    World,
    utc_now,
)

ACTIONS_APP_ID = 15368  # GitHub Actions' own App id on github.com
_CREATIONS = {
    "POST /repos/{owner}/{repo}/issues",
    "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
    "POST /repos/{owner}/{repo}/pulls",
    "POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews",
}  # GitHub's "content creation"
_MINT = "POST /app/installations/{installation_id}/access_tokens"


class Sandbox:
    """See the module. root: an empty folder of its own. clock: dates everything, and commits unless commit_clock
    does; auth_clock: judges tokens (real time, as clients judge them too). client: posts webhooks. strict: see
    api.Api. faults: what goes wrong.
    """

    def __init__(
        self,
        root: Path,
        *,
        base_url: str,
        clock: Clock = utc_now,
        auth_clock: Clock = utc_now,
        commit_clock: Clock | None = None,
        executor: Executor | None = None,
        client: httpx.AsyncClient | None = None,
        strict: bool = True,
        faults: Faults | None = None,
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.world = World(root, base_url, clock, auth_clock, commit_clock)
        self.tokens = Tokens(self.world)
        self.faults = faults
        self.deliverer = webhooks.Deliverer(self.world, client, faults)
        self.runner = Runner(self.world, self.tokens, executor)
        self._api = Api(self.world, self.tokens, self.runner.cancel, strict=strict, faults=faults)
        github = self._user("github", "GitHub", "Organization")
        self.world.actions = self._app(ACTIONS_APP_ID, "github-actions", github, {}, [], None, "", "")

    # Setting up

    def _user(self, login: str, name: str | None, kind: str) -> User:
        known = self.world.user(login)
        if known is None:
            known = User(self.world.new_id("user"), login, name, kind)
            self.world.users[login.lower()] = known
        return known

    def add_user(self, login: str, name: str | None = None) -> User:
        """A person; acts with `.token`."""
        user = self._user(login, name, "User")
        user.token = user.token or self.tokens.personal()
        return user

    def _app(
        self,
        app_id: int,
        slug: str,
        owner: User,
        permissions: Mapping[str, str],
        events: Collection[str],
        webhook_url: str | None,
        secret: str,
        private_key_pem: str,
    ) -> App:
        bot = self._user(f"{slug}[bot]", None, "Bot")
        public = public_key(private_key_pem) if private_key_pem else ""
        return App(
            app_id,
            slug,
            owner,
            bot,
            dict(permissions),
            list(events),
            webhook_url,
            secret,
            private_key_pem,
            public,
            self.world.clock(),
        )

    def add_app(
        self,
        slug: str,
        permissions: Mapping[str, str],
        events: Collection[str],
        webhook_url: str | None,
        secret: str,
        *,
        owner: str = "acme",
        make_key: Callable[[], str] = generate_key,
    ) -> App:
        """An App with its `id` and `private_key_pem`. make_key: makes that key (one a process unless given)."""
        account = self._user(owner, None, "Organization")
        app = self._app(
            self.world.new_id("app"), slug, account, permissions, events, webhook_url, secret, make_key()
        )
        self.world.apps[app.id] = app
        return app

    def create_repository(
        self,
        full_name: str,
        files: Mapping[str, bytes | str],
        *,
        collaborators: Mapping[str, str] | None = None,
        default_branch: str = "main",
        branch_rules: Mapping[str, list[dict[str, Any]]] | None = None,
        executable: Collection[str] = (),
        private: bool = True,
        message: str = "Initial commit",
    ) -> Repository:
        """A repository with one commit. Its owner is an organisation unless a user of that name exists.

        collaborators: login -> role (none, read, triage, write, maintain, admin). branch_rules: branch -> rule
        objects as GitHub lists them. executable: paths with the executable bit. private: others get 404.
        """
        owner_name, _, name = full_name.partition("/")
        owner = self._user(owner_name, None, "Organization")
        roles = dict(collaborators or {})
        assert set(roles.values()) <= set(ROLES), roles
        for login in roles:
            self.add_user(login)
        git = Git(self.world.root / "repositories" / owner_name / f"{name}.git", default_branch)
        repository = Repository(
            self.world.new_id("repository"),
            owner,
            name,
            private,
            default_branch,
            git,
            self.world.clock(),
            roles,
            {branch: list(rules) for branch, rules in (branch_rules or {}).items()},
        )
        self.world.repositories[full_name.lower()] = repository
        first_commit(git, default_branch, files, executable, message, owner, self.world.commit_clock())
        runs.sync(self.world, repository)
        return repository

    def install(self, app: App, repositories: Collection[str]) -> Installation:
        """Installs an App on repositories of one owner, with what it asks for; the App is told."""
        found = [self.repository(name) for name in repositories]
        installation = Installation(
            self.world.new_id("installation"),
            app,
            found[0].owner,
            found,
            dict(app.permissions),
            list(app.events),
            self.world.clock(),
        )
        self.world.installations[installation.id] = installation
        webhooks.emit_installation(self.world, installation, "created", app.owner)
        return installation

    def ping(self, app: App) -> None:
        """Tells an App's webhook that it is set up, as GitHub does when it is configured."""
        webhooks.ping(self.world, app)

    # Serving

    def asgi(self, *, background: bool = False) -> Starlette:
        """The API below /api/v3, downloads, and pages at /. background: the app's lifespan keeps webhooks and
        runs going."""

        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            async with self.background() if background else contextlib.nullcontext():
                yield

        routes: list[BaseRoute] = [
            Mount(PREFIX, app=self._api),
            Route("/_download/{kind}/{number}", self._download),
            *pages.routes(self.world),
        ]
        return Starlette(routes=routes, lifespan=lifespan)

    async def _download(self, request: Request) -> Response:
        query = request.query_params
        try:
            answer = routes_actions.download(
                self.world,
                request.path_params["kind"],
                request.path_params["number"],
                query.get("expires", ""),
                query.get("signature", ""),
            )
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.status)
        return Response(answer.body, answer.status, answer.headers, answer.media_type)

    # Letting time pass

    async def deliver(self) -> int:
        """Sends the webhooks that wait, in order, until none waits; how many."""
        return await self.deliverer.deliver()

    async def run_workflows(self) -> int:
        """Executes queued runs until none is queued; how many."""
        return await self.runner.run_all()

    async def pump(self) -> None:
        """Sends and executes until nothing waits; webhooks go out while runs go on."""
        while await self.deliver() or await self.runner.run_all(self.deliver):
            pass

    @contextlib.asynccontextmanager
    async def background(self) -> AsyncIterator[None]:
        """Sends and executes as things happen, for as long as it is open. Runs go on beside deliveries."""
        tasks = [
            asyncio.create_task(
                self._forever(self.world.outbox_filled, self.deliver, self.deliverer.next_late)
            ),
            asyncio.create_task(self._forever(self.world.queue_filled, self.run_workflows, lambda: None)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(ended, Exception):  # not a CancelledError: the sandbox itself broke
                    raise ended

    async def _forever(
        self, signal: asyncio.Event, work: Callable[[], Any], again: Callable[[], datetime | None]
    ) -> None:
        """Works at each signal, and when something that was kept back is due."""
        while True:
            await work()
            due = again()
            wait = None if due is None else max(0.0, (due - self.world.auth_clock()).total_seconds())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(signal.wait(), wait)
            signal.clear()

    async def close(self) -> None:
        """Ends git processes and the client."""
        await self.deliverer.close()
        for repository in self.world.repositories.values():
            repository.git.close()

    # Looking

    @property
    def requests(self) -> list[RequestRecord]:
        """Every REST request that was answered, in order."""
        return self.world.requests

    @property
    def violations(self) -> list[str]:
        """Where the sandbox itself broke GitHub's description: must be empty."""
        return self.world.violations

    def request_count(self, app: App) -> int:
        """How many requests an App made, without token mints."""
        mine = (app.bot.login, f"app/{app.slug}")
        return sum(one.actor in mine and one.operation != _MINT for one in self.requests)

    def content_creations(self, app: App) -> int:
        """How many issues, comments, PRs and reviews an App made; edits do not count."""
        return sum(
            one.actor == app.bot.login and one.operation in _CREATIONS and one.status < 300
            for one in self.requests
        )

    def repository(self, full_name: str) -> Repository:
        """A repository that must exist."""
        found = self.world.repository(full_name)
        if found is None:
            raise LookupError(f"there is no repository {full_name}")
        return found

    def tree(self, full_name: str, ref: str) -> dict[str, str]:
        """path -> blob sha of everything at a branch, tag or commit."""
        git = self.repository(full_name).git
        commit = git.find_commit(ref)
        if commit is None:
            raise LookupError(f"{full_name} has no {ref}")
        return {entry.path: entry.sha for entry in git.walk(commit.tree)}

    def file(self, full_name: str, ref: str, path: str) -> bytes | None:
        """The bytes of a file; None if it is not there."""
        git = self.repository(full_name).git
        commit = git.find_commit(ref)
        return git.file(commit.sha, path) if commit else None

    def checkout(self, full_name: str, ref: str, target: Path) -> None:
        """A repository of its own at `target`, its work tree at `ref`."""
        repository = self.repository(full_name)
        commit = repository.git.find_commit(ref)
        if commit is None:
            raise LookupError(f"{full_name} has no {ref}")
        branch = ref if repository.git.ref(f"refs/heads/{ref}") else repository.default_branch
        repository.git.checkout(commit.sha, target, branch, f"{self.world.html}/{full_name}.git")

    def snapshot(self) -> dict[str, Any]:
        """See snapshot.py."""
        return snapshot.snapshot(self.world)

    def press(self, full_name: str, check_run_id: int, identifier: str, login: str) -> None:
        """A person presses a button of a check run (people have no REST call for it)."""
        run = self.repository(full_name).check_runs[check_run_id]
        user = self.world.user(login)
        if user is None or not any(action["identifier"] == identifier for action in run.actions):
            raise LookupError(f"there is no button {identifier} for {login}")
        checks.announce(
            self.world, run, "requested_action", user, requested_action={"identifier": identifier}
        )
