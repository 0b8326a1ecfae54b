"""Executes queued runs: checkout, token, executor, artifacts. See execution.py for the executors."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zipfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from bot.sandbox import runs, workflow_file
from bot.sandbox.execution import Executor, JobFinished, Replays, RunFinished, RunSpec
from bot.sandbox.tokens import Tokens
from bot.sandbox.world import Artifact, Installation, Run, World

_KEPT = timedelta(days=90)


async def _nothing() -> None:
    pass


class Runner:
    """Takes runs from the queue. executor None: runs stay queued."""

    def __init__(self, world: World, tokens: Tokens, executor: Executor | None) -> None:
        self._world = world
        self._tokens = tokens
        self.executor = executor

    async def run_all(self, after_each: Callable[[], Awaitable[object]] = _nothing) -> int:
        """Executes until nothing is queued; the number of runs. after_each: awaited after each event, so that
        webhooks go out while the run goes on."""
        count = 0
        while self._world.queue and self.executor:
            await self._execute(self._world.queue.popleft(), self.executor, after_each)
            count += 1
        return count

    async def cancel(self, run: Run) -> None:
        """Asks the executor of a run that is going on to stop."""
        if self.executor:
            await self.executor.cancel(run.id)

    async def _execute(
        self, run: Run, executor: Executor, after_each: Callable[[], Awaitable[object]]
    ) -> None:
        world = self._world
        folder = world.root / "runs" / f"{run.id}-{run.attempt}"
        runs.begin(world, run)
        await after_each()
        token = ""
        try:
            spec = self._prepare(run, folder)
            token = spec.token
            if not (isinstance(executor, Replays) and executor.knows(spec)):
                self._check_out(run, spec.checkout)
            async for event in executor.execute(spec):
                if isinstance(event, RunFinished):
                    self._keep_artifacts(run, spec.artifacts)
                runs.apply(world, run, event)
                await after_each()
        except Exception as error:  # an executor's own fault fails the run, and must be seen
            text = f"The sandbox could not execute this run: {type(error).__name__}: {error}\n"
            runs.apply(world, run, JobFinished("sandbox", "failure", world.clock(), text))
        finally:
            self._tokens.revoke(token)
            if run.status != "completed":
                runs.finish(world, run, "failure")
            shutil.rmtree(folder, ignore_errors=True)
            await after_each()

    def _prepare(self, run: Run, folder: Path) -> RunSpec:
        world, repository = self._world, run.repository
        file = workflow_file.read(
            run.workflow.path, repository.git.file(run.head_sha, run.workflow.path) or b""
        )
        assert world.actions
        installed = Installation(
            0, world.actions, repository.owner, [repository], dict(file.permissions), [], world.clock()
        )
        token = self._tokens.mint(installed, file.permissions, (repository,)).token
        shutil.rmtree(folder, ignore_errors=True)
        checkout, artifacts = folder / "checkout", folder / "artifacts"
        artifacts.mkdir(parents=True)
        return RunSpec(
            run.id,
            run.attempt,
            run.workflow.path,
            checkout,
            run.event,
            run.event_payload,
            repository.full_name,
            run.ref,
            run.head_sha,
            run.actor.login,
            world.api,
            world.html,
            token,
            artifacts,
        )

    def _check_out(self, run: Run, target: Path) -> None:
        origin = f"{self._world.html}/{run.repository.full_name}.git"
        run.repository.git.checkout(run.head_sha, target, run.head_branch, origin)

    def _keep_artifacts(self, run: Run, folder: Path) -> None:
        """Zips each directory. Only plain files are taken: a job may have left links to anything."""
        world = self._world
        for place in sorted(folder.iterdir()):
            if place.is_symlink() or not place.is_dir():
                continue
            artifact_id = world.new_id("artifact")
            target = world.root / "artifacts" / f"{artifact_id}.zip"
            target.parent.mkdir(exist_ok=True)
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in _plain_files(place):
                    # Without dates, so that the same files have the same digest.
                    archive.writestr(zipfile.ZipInfo(path.relative_to(place).as_posix()), path.read_bytes())
            data = target.read_bytes()
            now = world.clock()
            artifact = Artifact(
                artifact_id,
                place.name,
                run,
                target,
                len(data),
                f"sha256:{hashlib.sha256(data).hexdigest()}",
                now,
                now + _KEPT,
            )
            run.artifacts.append(artifact)
            run.repository.artifacts[artifact_id] = artifact


def _plain_files(folder: Path) -> list[Path]:
    found = []
    for base, _, names in os.walk(folder):
        for name in names:
            path = Path(base) / name
            if stat.S_ISREG(path.lstat().st_mode):
                found.append(path)
    return sorted(found)
