"""The engine over SQLite on this machine's disk, as ratios to the disk itself in the same run.

Goals: a sequential durable step at most 2 times one fdatasync; ADR-012's three performance standards.
Steps do nothing, so what is measured is the engine and its store. No assertion here: a figure that misses its
goal is printed as such.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bot.app import definitions
from bot.coordination.clocks import SystemClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.outcome import Done, Failed, Outcome
from bot.engine.ports import StepContext, StepType
from bot.language.definition import WorkflowDefinition, parse
from bot.store.sqlite import SQLiteStore


class Nothing(StepType):
    """Done at once; its undo too. first: the time of the first call."""

    type = "nothing"
    undoable = True

    def __init__(self) -> None:
        self.first: float | None = None

    async def start(self, ctx: StepContext) -> Outcome:
        self.first = self.first or time.perf_counter()
        return Done()


class Fails(StepType):
    """Fails for good."""

    type = "fails"

    async def start(self, ctx: StepContext) -> Outcome:
        return Failed(error="as told", kind="gate", before_effect=True)


def chain(name: str, steps: int, *, fails: bool = False) -> WorkflowDefinition:
    """A definition of steps one after the other."""
    rows = [
        {"name": f"s{i}", "type": "nothing", "depends_on": [f"s{i - 1}"] if i else []} for i in range(steps)
    ]
    if fails:
        rows.append({"name": "no", "type": "fails", "depends_on": [f"s{steps - 1}"]})
    return parse(json.dumps({"workflow": {"name": name, "version": "1", "steps": rows}}))


def engine(directory: Path, found: WorkflowDefinition, types: Mapping[str, StepType]) -> StepCoordinator:
    """A coordinator with a store of its own."""
    store = SQLiteStore(directory / f"{found.name}-{time.perf_counter_ns()}.sqlite3")
    return StepCoordinator(store, [found], types, SystemClock(), most_at_once=1000)


def types_of(found: WorkflowDefinition | None = None) -> dict[str, StepType]:
    """No-op types; for a given definition under its own type names."""
    types: dict[str, StepType] = {"nothing": Nothing(), "fails": Fails()}
    for step in found.steps if found else ():
        for name in filter(None, (step.type, step.rollback_action)):
            double = Nothing()
            double.type, double.optional = name, frozenset(step.inputs)
            types[name] = double
    return types


async def run(coordinator: StepCoordinator, name: str, count: int) -> float:
    """Seconds for `count` instances, all begun at once, to end."""
    began = time.perf_counter()
    for i in range(count):
        coordinator.start(name, str(i), {}, actor="bench", cause=f"c{i}", correlation="c")
    await coordinator.settle()
    return time.perf_counter() - began


def fdatasync(directory: Path, count: int = 400) -> float:
    """Seconds for one append of 300 bytes that is on the disk."""
    descriptor = os.open(directory / "sync", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times = []
    for _ in range(count):
        began = time.perf_counter()
        os.write(descriptor, b"x" * 300)
        os.fdatasync(descriptor)
        times.append(time.perf_counter() - began)
    os.close(descriptor)
    return statistics.median(times)


def say(what: str, figure: float, unit: str, goal: str, *, met: bool) -> None:
    """One line."""
    print(f"{what:<58} {figure:>10.3f} {unit:<8} goal {goal:<12} {'met' if met else 'MISSED'}")


async def main() -> None:
    with tempfile.TemporaryDirectory(dir=".") as name:
        directory = Path(name)
        sync = fdatasync(directory)
        found = chain("sequential", 300)
        step = await run(engine(directory, found, types_of()), "sequential", 1) / 300
        say("sequential durable step to one fdatasync", step / sync, "times", "<= 2", met=step / sync <= 2)

        found = chain("many", 10)
        rate = 1000 / await run(engine(directory, found, types_of()), "many", 100)
        say("steps a second, 100 workflows at once", rate, "1/s", "-", met=True)

        firsts = []
        first = Nothing()
        coordinator = engine(directory, chain("first", 1), {"nothing": first})
        for i in range(200):
            first.first, began = None, time.perf_counter()
            coordinator.start("first", str(i), {}, actor="bench", cause=f"c{i}", correlation="c")
            await coordinator.settle()
            firsts.append(((first.first or began) - began) * 1000)
        firsts.sort()
        say("start to first step, p50", firsts[100], "ms", "< 1", met=firsts[100] < 1)
        say("start to first step, p99", firsts[197], "ms", "< 3", met=firsts[197] < 3)

        real = next(d for d in definitions() if d.name == "implement-adr")
        coordinator = engine(directory, real, types_of(real))
        began = time.perf_counter()
        names = ("repository", "issue", "path", "record", "title", "requester", "phase")
        context = dict.fromkeys(names, "x")
        coordinator.start(real.name, "k", context, actor="bench", cause="c", correlation="c")
        startup = (time.perf_counter() - began) * 1000
        await coordinator.stop()
        say("ADR-012 Workflow Initiation (implement-adr)", startup, "ms", "< 100", met=startup < 100)
        say("ADR-012 Step Execution Overhead", step * 1000, "ms", "< 50", met=step * 1000 < 50)
        found = chain("five", 5, fails=True)
        whole = await run(engine(directory, found, types_of()), "five", 1)
        back = max(0.0, whole - 6 * step) * 1000
        say("ADR-012 Rollback Performance (five steps)", back, "ms", "< 500", met=back < 500)


if __name__ == "__main__":
    asyncio.run(main())
