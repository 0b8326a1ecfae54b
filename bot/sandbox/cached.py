"""An executor that runs each thing once: the second run of the same workflow, on the same tree, with the same
inputs, replays what the first one did, artifacts included. For suites that tell one story in many ways.

Only what a run depends on is compared; ids and times of the run itself are not. Not here: running (act.py).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from bot.sandbox.execution import Executor, RunEvent, RunSpec


class CachedExecutor:
    """executor: runs what is new. directory: keeps artifacts of what has been run."""

    def __init__(self, executor: Executor, directory: Path) -> None:
        self._executor = executor
        self._directory = directory
        self._events: dict[str, list[RunEvent]] = {}
        self.executed = 0

    def knows(self, spec: RunSpec) -> bool:
        """Whether this run has been executed before, under another id."""
        return _key(spec) in self._events

    async def execute(self, spec: RunSpec) -> AsyncIterator[RunEvent]:
        """The run's events, from the executor or from memory."""
        key = _key(spec)
        kept = self._directory / key
        if key in self._events:
            shutil.copytree(kept, spec.artifacts, dirs_exist_ok=True)
            for event in self._events[key]:
                yield event
            return
        events: list[RunEvent] = []
        async for event in self._executor.execute(spec):
            events.append(event)
            yield event
        self.executed += 1
        shutil.copytree(spec.artifacts, kept, dirs_exist_ok=True)
        self._events[key] = events

    async def cancel(self, run_id: int) -> None:
        """Cancel what is being executed; what is replayed is over at once."""
        await self._executor.cancel(run_id)


def _key(spec: RunSpec) -> str:
    inputs = spec.event.get("inputs") or {}
    what = [spec.workflow_path, spec.sha, spec.event_name, spec.ref, spec.attempt, inputs]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:24]
