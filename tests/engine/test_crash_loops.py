"""A step that ends the process is not called for ever: after five starts without an answer somebody looks."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.coordination.clocks import VirtualClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.outcome import Done, Failed, Outcome
from bot.engine.ports import EventStore, StepContext, StepType
from bot.engine.state import RollbackState, WorkflowState
from bot.language.definition import parse
from bot.store import MemoryStore, SQLiteStore

STEPS = [{"name": "deadly", "type": "deadly"}, {"name": "end", "type": "fails", "depends_on": ["deadly"]}]
STORY = parse(json.dumps({"workflow": {"name": "story", "version": "1", "steps": STEPS}}))


class Deadly(StepType):
    """Ends the process, as far as the engine can tell: it never hears of it again. Unless it is mended."""

    type = "deadly"
    undoable = True

    def __init__(self, *mended: str) -> None:
        self.mended, self.calls = mended, 0

    async def _do(self, what: str) -> Outcome:
        self.calls += 1
        if what not in self.mended:
            await asyncio.Event().wait()
        return Done()

    async def start(self, ctx: StepContext) -> Outcome:
        return await self._do("start")

    async def undo(self, ctx: StepContext) -> Outcome:
        return await self._do("undo")


class Fails(StepType):
    type = "fails"

    async def start(self, ctx: StepContext) -> Outcome:
        return Failed(error="no", kind="refused")


async def life(store: EventStore, clock: VirtualClock, deadly: Deadly) -> StepCoordinator:
    """One process up to its kill -9."""
    engine = StepCoordinator(store, [STORY], {"deadly": deadly, "fails": Fails()}, clock)
    engine.recover()
    await turns()
    return engine


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize("what", ["start", "undo"])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_what_never_answers_over_five_starts_is_parked_and_goes_on_when_somebody_says_so(
    tmp_path: Path, kind: str, what: str
) -> None:
    store: EventStore = MemoryStore() if kind == "memory" else SQLiteStore(tmp_path / "cloi.sqlite3")
    clock = VirtualClock()
    mended = () if what == "start" else ("start",)
    engine = await life(store, clock, Deadly(*mended))
    name, _ = engine.start("story", "one", {}, actor="@m", cause="t", correlation="c")
    await turns()
    for _ in range(4):
        await engine.stop()
        engine = await life(store, clock, Deadly(*mended))
        assert engine.instance(name).state.moving
    await engine.stop()
    deadly = Deadly(*mended)
    engine = await life(store, clock, deadly)
    parked = engine.instance(name)
    assert parked.state is WorkflowState.PARKED and deadly.calls == 0
    assert "deadly was under way at 5 starts of the bot in a row" in parked.reason
    await engine.stop()
    engine = await life(store, clock, Deadly("start", "undo"))
    assert engine.instance(name).state is WorkflowState.PARKED
    engine.retry(name, actor="@m")
    await engine.settle()
    ended = engine.instance(name)
    assert ended.state is WorkflowState.COMPENSATED
    assert ended.steps["deadly"].rollback is RollbackState.COMPLETED
    store.close()


async def test_what_answers_now_and_then_is_never_parked() -> None:
    """Three starts without an answer, an answer, three starts more: no five in a row."""
    store, clock = MemoryStore(), VirtualClock()
    engine = await life(store, clock, Deadly())
    name, _ = engine.start("story", "one", {}, actor="@m", cause="t", correlation="c")
    for mended in ((), (), (), ("start",), (), (), ()):
        await engine.stop()
        engine = await life(store, clock, Deadly(*mended))
        assert engine.instance(name).state.moving
    await engine.stop()
