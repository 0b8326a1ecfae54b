"""Putting it together: one process that receives webhooks and does the work.

`Bot` is the whole of it without a server around, so that stories can pump it by hand; `serve` puts uvicorn and
the worker around it. Not here: settings (settings.py), the command line (cli.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import random
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette

from bot import __version__
from bot.actions.generator import GitHubActionsGenerator
from bot.coordination.clocks import SystemClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.ports import Clock, EventStore
from bot.github.client import App, GitHub
from bot.github.signer import AppSigner
from bot.language.definition import WorkflowDefinition, parse
from bot.language.errors import DefinitionError
from bot.plugins.recovery import FailureHandling
from bot.plugins.registry import PluginRegistry
from bot.runner import build
from bot.settings import EnvironmentSecrets, Settings
from bot.steps.base import Services, model_of
from bot.steps.policy import SeenToBeAllowed
from bot.steps.registry import step_types
from bot.store import open_store
from bot.templates_dir import templates
from bot.web.intake import Intake
from bot.web.site import runner_path, site

log = logging.getLogger("cloi")

HEARTBEAT = 5.0
"""Seconds between two signs of life of the worker."""


_parsed = lru_cache(maxsize=64)(parse)  # a definition follows from its text alone


def definitions(directory: Path | None = None) -> list[WorkflowDefinition]:
    """The bot's own workflow definitions. Raises DefinitionError with the file's name."""
    found = []
    for path in sorted((directory or templates() / "workflows").glob("*.yaml")):
        try:
            found.append(_parsed(path.read_text(encoding="utf-8")))
        except DefinitionError as error:
            raise DefinitionError(f"{path.name}: {error}", rule=error.rule) from error
    return found


class Bot:
    """Everything but the server. app: who we are on GitHub. secrets: of the webhook; several while one is changed.

    public_url: where runners and people reach the bot. runner_base_url: where runners find
    the runner file, if elsewhere. chance: in [0, 1), spreads retries. model_command: asks a language model.
    """

    def __init__(
        self,
        *,
        store: EventStore,
        github: GitHub,
        app: App,
        secrets: Sequence[str],
        public_url: str,
        runner_base_url: str | None = None,
        clock: Clock | None = None,
        links: Mapping[str, str] | None = None,
        max_body_bytes: int | None = None,
        chance: Callable[[], float] = random.random,
        model_command: Sequence[str] = (),
    ) -> None:
        self.store = store
        self.github = github
        self.clock = clock or SystemClock()
        runner = build.build()
        generator = GitHubActionsGenerator(
            runner_url=(runner_base_url or public_url).rstrip("/") + runner_path(runner),
            runner_sha256=build.sha256(),
            version=__version__,
        )
        known = definitions()
        services = Services(
            github=github,
            generator=generator,
            definitions={d.name: d for d in known},
            public_url=public_url,
            model=model_of(model_command),
        )
        self.coordinator = StepCoordinator(
            store,
            known,
            step_types(services),
            self.clock,
            chance=chance,
            failures=FailureHandling.of(PluginRegistry(), "error-classifier"),
            policy=SeenToBeAllowed(store),
            secrets=EnvironmentSecrets(),
        )
        self.intake = Intake(store, self.coordinator, app_id=app.id, slug=app.slug)
        self._news = asyncio.Event()
        self._alive: float | None = None
        more = {} if max_body_bytes is None else {"max_body_bytes": max_body_bytes}
        self.site: Starlette = site(
            store, tuple(secrets), self._news.set, runner, self._heartbeat, links=links, **more
        )

    def _heartbeat(self) -> float | None:
        return None if self._alive is None else asyncio.get_running_loop().time() - self._alive

    def recover(self) -> None:
        """Look at everything that a former process left unfinished, and for webhooks that came meanwhile."""
        count = self.coordinator.recover()
        if count:
            log.info("%d unfinished instances are looked at again", count)
        self.coordinator.start(
            "recover-deliveries",
            "app",
            {},
            actor="cloi",
            cause=f"start at {self.clock.now().isoformat()}",
            correlation="recover-deliveries",
        )

    async def pump(self) -> None:
        """Do what there is to do now, and return. For stories."""
        while self.intake.take() or not self.coordinator.idle:
            await self.coordinator.settle()

    async def work(self) -> None:
        """The worker, until cancelled."""
        self.recover()
        engine = asyncio.create_task(self.coordinator.run(), name="coordinator")
        try:
            while not engine.done():
                self._alive = asyncio.get_running_loop().time()
                self._news.clear()
                self.intake.take()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), HEARTBEAT)
            engine.result()
        finally:
            engine.cancel()
            await asyncio.gather(engine, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """The worker runs while the block does. Its failure ends the block with that error: a server that only
        receives would look well and do nothing, and one that ends is started again."""
        try:
            async with asyncio.TaskGroup() as group:
                worker = group.create_task(self.work(), name="worker")
                try:
                    yield
                finally:
                    worker.cancel()
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        finally:
            await self.github.close()


async def bot_from(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> Bot:
    """A Bot as the settings say. Raises SettingsError, StoreError, BadPrivateKey, GitHubError."""
    clock = SystemClock()
    signer = AppSigner(settings.app_id, settings.private_key_pem, clock)
    github = GitHub(
        settings.github_url, signer, clock=clock, api_version=settings.api_version, transport=transport
    )
    return Bot(
        store=open_store(settings.store_url),
        github=github,
        app=await github.app(),
        secrets=settings.webhook_secrets,
        public_url=settings.public_url,
        runner_base_url=settings.runner_base_url,
        clock=clock,
        max_body_bytes=settings.max_body_bytes,
        model_command=settings.model_argv,
    )


async def serve(settings: Settings, listening: Callable[[str], None]) -> None:
    """Web and worker in one process, until it is told to stop. listening: is told where, once it is so.

    Raises what `bot_from` does, and OSError if the address cannot be had: before any work is begun.
    """
    with _listener(settings.host, settings.port) as at:
        bot = await bot_from(settings)
        gc.collect()
        gc.freeze()  # what was loaded by now stays, and is not looked through at each collection
        await _serve(bot, at, listening)


def _listener(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        raise OSError(error.errno, f"{host}:{port} cannot be listened on: {reason}") from error


async def _serve(bot: Bot, at: socket.socket, listening: Callable[[str], None]) -> None:
    server = uvicorn.Server(uvicorn.Config(bot.site, log_level="warning", access_log=False))
    async with bot.working():
        host, port, *_ = at.getsockname()
        listening(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        await server.serve([at])
    bot.store.close()
