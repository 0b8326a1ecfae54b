"""The engine over SQLite on this machine's disk, as ratios in one run: to the disk itself and to DBOS.

Goals are issue 4's. Steps do nothing, so what is measured is the engine and its store, fully synchronous. What is
compared takes turns, and medians are told, since other work on the machine comes and goes. No assertion here: a
figure that misses its goal is printed as such, with the profile that shows where its time goes.
"""

from __future__ import annotations

import asyncio
import cProfile
import gc
import io
import json
import os
import pstats
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from bot.app import definitions
from bot.coordination.clocks import SystemClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.events import Event, moment
from bot.engine.evolve import fold
from bot.engine.outcome import Done, Failed, Outcome
from bot.engine.ports import StepContext, StepType
from bot.language.definition import WorkflowDefinition, parse
from bot.store.sqlite import SQLiteStore

HERE = Path(__file__).resolve().parent
DBOS = HERE.parent / ".venv-bench" / "bin" / "python"
IN_FLIGHT = 10_000


class Nothing(StepType):
    """Done at once; its undo too. calls: when it was called. result: what others may refer to."""

    type = "nothing"
    undoable = True

    def __init__(self) -> None:
        self.calls: list[float] = []
        self.result: dict[str, str] = {}

    async def start(self, ctx: StepContext) -> Outcome:
        self.calls.append(time.perf_counter())
        return Done(self.result)


class Held(StepType):
    """Never comes back. begun: how many calls."""

    type = "held"

    def __init__(self) -> None:
        self.begun = 0

    async def start(self, ctx: StepContext) -> Outcome:
        self.begun += 1
        await asyncio.get_running_loop().create_future()
        raise AssertionError


class Fails(StepType):
    """Fails for good."""

    type = "fails"

    async def start(self, ctx: StepContext) -> Outcome:
        return Failed(error="as told", kind="gate", before_effect=True)


def chain(name: str, steps: int, *, fails: bool = False, of: str = "nothing") -> WorkflowDefinition:
    """A definition of steps one after the other."""
    rows = [{"name": f"s{i}", "type": of, "depends_on": [f"s{i - 1}"] if i else []} for i in range(steps)]
    if fails:
        rows.append({"name": "no", "type": "fails", "depends_on": [f"s{steps - 1}"]})
    return parse(json.dumps({"workflow": {"name": name, "version": "1", "steps": rows}}))


def engine(directory: Path, found: WorkflowDefinition, types: Mapping[str, StepType]) -> StepCoordinator:
    """A coordinator with a store of its own."""
    store = SQLiteStore(directory / f"{found.name}-{time.perf_counter_ns()}.sqlite3")
    return StepCoordinator(store, [found], types, SystemClock(), most_at_once=IN_FLIGHT)


def types_of(found: WorkflowDefinition | None = None) -> dict[str, StepType]:
    """No-op types; for a given definition under its own type names."""
    types: dict[str, StepType] = {"nothing": Nothing(), "fails": Fails()}
    for step in found.steps if found else ():
        for name in filter(None, (step.type, step.rollback_action)):
            double = types.setdefault(name, Nothing())
            assert isinstance(double, Nothing)
            double.type, double.optional = name, double.optional | frozenset(step.inputs)
            double.result |= dict.fromkeys(step.outputs.values(), "x")
    return types


async def run(coordinator: StepCoordinator, name: str, count: int, first: int = 0) -> float:
    """Seconds for `count` instances, all begun at once, to end."""
    began = time.perf_counter()
    for i in range(first, first + count):
        coordinator.start(name, str(i), {}, actor="bench", cause=f"c{i}", correlation="c")
    await coordinator.settle()
    return time.perf_counter() - began


def say(
    what: str, figure: float, unit: str, goal: float, *, least: float | None = None, more: bool = False
) -> bool:
    """One line. goal: at most, or with `more` at least; `least` is what must be reached. Whether the goal is."""
    sign = ">=" if more else "<="
    met = figure >= goal if more else figure <= goal
    enough = met or (least is not None and (figure >= least if more else figure <= least))
    word = "met" if met else f"within {least:g}, goal MISSED" if enough else "MISSED"
    print(f"{what:<58} {figure:>12,.3f} {unit:<8} goal {sign} {goal:<8,g} {word}", flush=True)
    return met


def told(profile: cProfile.Profile, steps: int) -> None:
    """Where the time goes: the functions with most of their own, in microseconds a step."""
    found = pstats.Stats(profile, stream=io.StringIO()).stats  # type: ignore[attr-defined]
    for (file, line, name), (_, _, own, _, _) in sorted(found.items(), key=lambda x: -x[1][2])[:7]:
        place = f"{Path(file).name}:{line} {name}" if line else name
        print(f"      {own / steps * 1e6:>8.1f} µs  {place}")


def synced(descriptor: int) -> float:
    """Seconds for one append of 300 bytes that is on the disk."""
    began = time.perf_counter()
    os.write(descriptor, b"x" * 300)
    os.fdatasync(descriptor)
    return time.perf_counter() - began


def committed(store: SQLiteStore, number: int) -> float:
    """Seconds for SQLite alone to commit one row of 400 bytes with an index."""
    assert store._db is not None
    began = time.perf_counter()
    store._db.execute("BEGIN IMMEDIATE")
    row = ("bare", number, "", "", b"", b"x" * 400)
    store._db.execute(
        "INSERT INTO events (stream, version, name, at, hash, body) VALUES (?, ?, ?, ?, ?, ?)", row
    )
    store._db.execute("COMMIT")
    return time.perf_counter() - began


@dataclass(slots=True)
class Steps:
    """Seconds of each: an fdatasync, a bare commit of SQLite, one of our steps, its time on the processor."""

    syncs: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)


async def sequential(directory: Path, into: Steps, *, told_at_last: bool) -> float:
    """Seconds from one step to the next, in workflows of 20 steps that run one after the other. Called twice, some
    time apart, since the machine has slow minutes."""
    rounds, steps = 25, 20
    step_type = Nothing()
    coordinator = engine(directory, chain("sequential", steps), {"nothing": step_type})
    store = coordinator.store
    assert isinstance(store, SQLiteStore)
    descriptor = os.open(directory / "sync", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    first = len(into.spent)
    for i in range(first, first + rounds):
        into.syncs += [synced(descriptor) for _ in range(steps)]
        cpu = time.process_time()
        step_type.calls.clear()
        await run(coordinator, "sequential", 1, i)
        into.ours += [after - before for before, after in pairwise(step_type.calls)]
        into.spent.append((time.process_time() - cpu) / steps)
        into.bare += [committed(store, len(into.bare) + n) for n in range(steps)]
    os.close(descriptor)
    sync, step = statistics.median(into.syncs), statistics.median(into.ours)
    if not told_at_last:
        return step
    alone = statistics.median(into.bare) / sync
    print(f"one fdatasync {sync * 1000:.3f} ms; a commit of SQLite alone takes {alone:.2f} times that")
    if not say("sequential durable step to one fdatasync", step / sync, "times", 1.5, least=2):
        profile = cProfile.Profile()
        profile.enable()
        await run(coordinator, "sequential", 1, first + rounds)
        profile.disable()
        on_cpu = statistics.median(into.spent) * 1e6
        print(f"      {step * 1e6:.0f} µs a step, {on_cpu:.0f} of them on the processor:")
        told(profile, steps)
    return step


async def at_once(directory: Path) -> float:
    """Steps a second of 100 workflows of 10 steps that begin together."""
    coordinator = engine(directory, chain("many", 10), types_of())
    return statistics.median([1000 / await run(coordinator, "many", 100, i * 100) for i in range(7)])


def dbos(directory: Path) -> dict[str, float] | None:
    """DBOS on the same disk, in a process of its own; None, and a line that says so, where it is not installed."""
    if not DBOS.exists():
        print("DBOS is not installed: `make bench` puts it into .venv-bench; no comparison with it")
        return None
    script = HERE / "others" / "dbos_steps.py"
    told = subprocess.run([DBOS, script, directory], capture_output=True, text=True, check=False, timeout=300)
    if told.returncode:
        print(f"DBOS broke down; no comparison with it: {told.stderr.strip().splitlines()[-1:]}")
        return None
    found: dict[str, float] = json.loads(told.stdout.splitlines()[-1])
    return found


def disk(directory: Path) -> None:
    """How long one sync takes now: it bounds what is told in milliseconds, and comes and goes with other work."""
    descriptor = os.open(directory / "sync", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times = [synced(descriptor) * 1000 for _ in range(50)]
    os.close(descriptor)
    print(f"one fdatasync now: {statistics.median(times):.3f} ms, one in ten over {sorted(times)[-5]:.3f} ms")


async def first_steps(directory: Path) -> None:
    """From `start` to the first line of the first step."""
    firsts = []
    first = Nothing()
    coordinator = engine(directory, chain("first", 1), {"nothing": first})
    for i in range(400):
        began = time.perf_counter()
        coordinator.start("first", str(i), {}, actor="bench", cause=f"c{i}", correlation="c")
        await coordinator.settle()
        firsts.append((first.calls[-1] - began) * 1000)
    firsts.sort()
    say("start to first step, p50", firsts[len(firsts) // 2], "ms", 1)
    say("start to first step, p99", firsts[len(firsts) * 99 // 100], "ms", 3)


def rolled_back(events: list[Event]) -> float:
    """Milliseconds from RollbackInitiated to the end, by the events' own times."""
    begun = next(event for event in events if event.name == "RollbackInitiated")
    return (moment(events[-1].at) - moment(begun.at)).total_seconds() * 1000


async def compensation(directory: Path) -> None:
    coordinator = engine(directory, chain("five", 5, fails=True), types_of())
    times = []
    for i in range(20):
        await run(coordinator, "five", 1, i)
        times.append(rolled_back(coordinator.store.read(f"five/{i}")))
    say("five-step compensation", statistics.median(times), "ms", 5)


async def standards(directory: Path) -> None:
    """ADR-012's performance standards, by their names, with the real implement-adr and steps that do nothing."""
    real = next(d for d in definitions() if d.name == "implement-adr")
    types = types_of(real)
    coordinator = engine(directory, real, types)
    names = {name for trigger in real.triggers for name in trigger.context} | {"phase"}
    names |= {"repository", "issue", "path", "record", "title", "requester"}
    context = dict.fromkeys(names, "x")
    began = time.perf_counter()
    coordinator.start(real.name, "k", context, actor="bench", cause="c", correlation="c")
    startup = (time.perf_counter() - began) * 1000
    await coordinator.settle()
    whole = (time.perf_counter() - began) * 1000
    instance = coordinator.instance(f"{real.name}/k")
    say("ADR-012 Workflow Initiation (implement-adr)", startup, "ms", 100)
    taken = sum(step.attempt > 0 for step in instance.steps.values())
    say(f"ADR-012 Step Execution Overhead ({taken} of its steps)", whole / max(taken, 1), "ms", 50)

    last = real.steps[-1]
    failing = Fails()
    failing.type, failing.optional = last.type, frozenset(last.inputs)
    coordinator = engine(directory, real, {**types, last.type: failing})
    coordinator.start(real.name, "k", context, actor="bench", cause="c", correlation="c")
    await coordinator.settle()
    events = coordinator.store.read(f"{real.name}/k")
    undone = sum(event.name == "CompensationCompleted" for event in events)
    say(f"ADR-012 Rollback Performance ({undone} of its steps undone)", rolled_back(events), "ms", 500)


async def begin_and_hold(path: str) -> None:
    """In a process that will be killed: many instances, each in the midst of its step."""
    store = SQLiteStore(path)
    assert store._db is not None
    store._db.execute(
        "PRAGMA synchronous = OFF"
    )  # a kill leaves the system's memory alone, and this is not measured
    held = Held()
    coordinator = StepCoordinator(store, [chain("held", 1, of="held")], {"held": held}, SystemClock())
    for i in range(IN_FLIGHT):
        coordinator.start("held", str(i), {}, actor="bench", cause=f"c{i}", correlation="c")
    print("begun", flush=True)
    await asyncio.get_running_loop().create_future()


async def back_after_kill(directory: Path) -> None:
    path = directory / "held.sqlite3"
    held = [sys.executable, __file__, "begin-and-hold", str(path)]
    with subprocess.Popen(held, stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    step = Held()
    gc.collect()
    gc.freeze()
    began = time.perf_counter()
    profile = cProfile.Profile()
    coordinator = StepCoordinator(
        SQLiteStore(path),
        [chain("held", 1, of="held")],
        {"held": step},
        SystemClock(),
        most_at_once=IN_FLIGHT,
    )
    coordinator.recover()
    while step.begun < IN_FLIGHT:  # noqa: ASYNC110
        await asyncio.sleep(0)
    met = say(f"{IN_FLIGHT:,} in flight back after kill -9", time.perf_counter() - began, "s", 1)
    await coordinator.stop()
    if not met:
        coordinator.store.close()
        coordinator = StepCoordinator(
            SQLiteStore(path), [chain("held", 1, of="held")], {"held": step}, SystemClock()
        )
        profile.enable()
        coordinator.recover()
        await asyncio.sleep(0)
        profile.disable()
        await coordinator.stop()
        told(profile, IN_FLIGHT)
    gc.unfreeze()


async def read_and_fold(directory: Path) -> None:
    coordinator = engine(directory, chain("read", 20), types_of())
    assert isinstance(coordinator.store, SQLiteStore) and coordinator.store._db is not None
    coordinator.store._db.execute("PRAGMA synchronous = OFF")  # what is measured is reading
    await run(coordinator, "read", 500)
    rates = []
    profile = cProfile.Profile()
    for _ in range(5):
        began = time.perf_counter()
        count = sum(getattr(fold(coordinator.store.read(f"read/{i}")), "version", 0) for i in range(500))
        rates.append(count / (time.perf_counter() - began))
    if not say("read and fold", statistics.median(rates), "events/s", 500_000, more=True):
        profile.enable()
        for i in range(500):
            fold(coordinator.store.read(f"read/{i}"))
        profile.disable()
        told(profile, count)


async def main() -> None:
    with tempfile.TemporaryDirectory(dir=".") as name:
        directory = Path(name)
        gc.collect()
        gc.freeze()
        taken = Steps()
        await sequential(directory, taken, told_at_last=False)
        rate = await at_once(directory)
        theirs = dbos(directory)
        step = await sequential(directory, taken, told_at_last=True)
        rate = statistics.median([rate, await at_once(directory)])
        if theirs:
            print(
                f"DBOS: {theirs['sequential']:.2f} ms a step, {theirs['at_once']:.0f} steps/s with 100 at once"
            )
            say(
                "sequential step, DBOS to ours",
                theirs["sequential"] / step / 1000,
                "times",
                8,
                least=5,
                more=True,
            )
            ratio = rate / theirs["at_once"]
            say("steps/s with 100 workflows at once, ours to DBOS", ratio, "times", 100, least=30, more=True)
        print(f"steps a second, 100 workflows at once: {rate:,.0f}")
        disk(directory)
        await first_steps(directory)
        disk(directory)
        await compensation(directory)
        await standards(directory)
        await back_after_kill(directory)
        await read_and_fold(directory)


if __name__ == "__main__":
    asyncio.run(begin_and_hold(sys.argv[2]) if sys.argv[1:2] == ["begin-and-hold"] else main())
