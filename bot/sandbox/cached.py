"""An executor that runs each thing once: the second run of the same workflow, on the same tree, with the same
inputs, replays what the first one did, artifacts included. For suites that tell one story in many ways.

Processes may share a directory: who comes second waits and replays. Only what a run depends on is compared; ids
and times of the run itself are not. Not here: running (act.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import pickle
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from bot.sandbox.execution import Executor, RunEvent, RunSpec


class CachedExecutor:
    """executor: runs what is new. directory: keeps what has been run, as long as it exists; nobody else may write
    there, since what lies in it is believed."""

    def __init__(self, executor: Executor, directory: Path) -> None:
        self._executor = executor
        self._directory = directory

    def knows(self, spec: RunSpec) -> bool:
        """Whether this run has been executed before, under another id."""
        return self._events(_key(spec)).exists()

    async def execute(self, spec: RunSpec) -> AsyncIterator[RunEvent]:
        """The run's events, from the executor or as they are kept."""
        key = _key(spec)
        kept, known = self._directory / key, self._events(key)
        if not known.exists():
            with contextlib.ExitStack() as stack:
                await asyncio.to_thread(stack.enter_context, _locked(kept.with_suffix(".lock")))
                if not known.exists():  # nobody was faster
                    events: list[RunEvent] = []
                    async for event in self._executor.execute(spec):
                        events.append(event)
                        yield event
                    shutil.copytree(spec.artifacts, kept, dirs_exist_ok=True)
                    new = kept.with_suffix(".new")
                    new.write_bytes(pickle.dumps(events))
                    new.replace(known)
                    return
        shutil.copytree(kept, spec.artifacts, dirs_exist_ok=True)
        for event in pickle.loads(known.read_bytes()):  # noqa: S301  written above
            yield event

    async def cancel(self, run_id: int) -> None:
        """Cancel what is being executed; what is replayed is over at once."""
        await self._executor.cancel(run_id)

    def _events(self, key: str) -> Path:
        return self._directory / f"{key}.events"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Waits until no other process is in here."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _key(spec: RunSpec) -> str:
    inputs = spec.event.get("inputs") or {}
    what = [spec.workflow_path, spec.sha, spec.event_name, spec.ref, spec.attempt, inputs]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:24]
