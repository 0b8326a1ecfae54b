"""A stage for each story, pumped by hand: a real sandbox over real git, real act (once for each identical run),
and the bot with a store that outlives it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.demo.stage import Stage, pumped
from bot.demo.stories import demo_repository
from bot.engine.ports import EventStore
from bot.sandbox.act import ActExecutor
from bot.sandbox.cached import CachedExecutor
from bot.sandbox.execution import Executor
from bot.sandbox.faults import Faults
from bot.store.memory import MemoryStore

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""GitHub's clock in stories: it stands, so that the same story makes the same commits."""


@pytest.fixture(scope="session")
def executor(shared_directory: Path) -> CachedExecutor:
    return CachedExecutor(ActExecutor(), shared_directory)


Open = Callable[..., contextlib.AbstractAsyncContextManager[Stage]]


@pytest.fixture
def open_stage(tmp_path: Path, runner_url: str, executor: CachedExecutor) -> Open:
    """Opens a stage: `async with open_stage() as stage`; each time a new one."""
    opened_before = itertools.count()

    @contextlib.asynccontextmanager
    async def opened(
        store: EventStore | None = None,
        files: dict[str, bytes] | None = None,
        runs: Executor = executor,
        faults: Faults | None = None,
        model_command: Sequence[str] = (),
    ) -> AsyncIterator[Stage]:
        async with pumped(
            tmp_path / str(next(opened_before)),
            files or demo_repository(),
            store or MemoryStore(),
            runs,
            clock=lambda: NOW,
            runner_base_url=runner_url,
            faults=faults,
            model_command=model_command,
        ) as stage:
            yield stage
            assert stage.sandbox.violations == []

    return opened
