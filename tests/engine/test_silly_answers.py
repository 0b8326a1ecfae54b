"""Step types of others answer nonsense, end the process, or never answer: the step fails in words, no more."""

import asyncio
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.coordination.clocks import VirtualClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.evolve import fold
from bot.engine.outcome import DomainEvent, Done, Failed, Waiting
from bot.engine.ports import StepContext, StepType
from bot.engine.state import StepState, WorkflowState
from bot.language.definition import parse
from bot.store.sqlite import SQLiteStore


class Says(StepType):
    """Answers what it was made with; only Python's word for it is that this is an Outcome."""

    type = "says"

    def __init__(self, say: Callable[[], Any]) -> None:
        self.say = say

    async def start(self, ctx: StepContext) -> Any:
        return self.say()


class Never(StepType):
    type = "says"

    async def start(self, ctx: StepContext) -> Any:
        await asyncio.Event().wait()


def leave() -> None:
    raise SystemExit(3)


async def lived(path: Path, step_type: StepType, **step: Any) -> tuple[StepCoordinator, str]:
    steps = [{"name": "a", "type": "says", **step}]
    story = parse(json.dumps({"workflow": {"name": "story", "version": "1", "steps": steps}}))
    engine = StepCoordinator(
        SQLiteStore(path / "cloi.sqlite3"), [story], {"says": step_type}, VirtualClock(), chance=lambda: 0.5
    )
    name, _ = engine.start("story", "one", {}, actor="@m", cause="t", correlation="c")
    await asyncio.wait_for(engine.settle(), 5)
    return engine, name


async def test_a_failure_without_a_word_is_told_in_words(tmp_path: Path) -> None:
    engine, name = await lived(tmp_path, Says(lambda: Failed(error=" ", park=True)))
    assert engine.instance(name).reason == "it failed and did not say why"


@pytest.mark.parametrize(
    "say",
    [
        lambda: None,
        lambda: "done",
        lambda: Done,
        lambda: Done(None),  # type: ignore[arg-type]
        lambda: Done(["list"]),  # type: ignore[arg-type]
        lambda: Done({"x": object()}),
        lambda: Done({"x": "\ud800"}),
        lambda: Done({}, events=(DomainEvent("n", {"x": object()}),)),
        lambda: Waiting(recheck_after=math.nan),
        lambda: Waiting(recheck_after="soon"),  # type: ignore[arg-type]
        lambda: Waiting(wake_on="pr:1"),  # type: ignore[arg-type]
        lambda: Failed(error=None),  # type: ignore[arg-type]
        leave,
    ],
)
async def test_what_is_no_answer_fails_the_step_in_words_and_leaves_the_log_readable(
    tmp_path: Path, say: Callable[[], Any]
) -> None:
    engine, name = await lived(tmp_path, Says(say))
    instance = engine.instance(name)
    assert instance.state is WorkflowState.COMPENSATED
    assert "step a" in instance.steps["a"].error
    engine.store.verify(name)


@pytest.mark.parametrize(
    "memo", [{"x": {1}}, {"x": math.nan}, {1: b"a"}, {"x": datetime.now(UTC)}, {"x": 1 << 70}, {"x": (1, 2)}]
)
async def test_what_is_gone_on_with_is_what_the_log_gives_back(tmp_path: Path, memo: Any) -> None:
    engine, name = await lived(tmp_path, Says(lambda: Waiting(memo=memo)))
    assert fold(engine.store.read(name)) == engine.instance(name)


@pytest.mark.parametrize(
    "answer",
    [
        Waiting(recheck_after=-5),
        Waiting(recheck_after=0),
        Waiting(recheck_after=1e18),
        Waiting(deadline=1e18),
        Failed(error="x", kind="transient", retryable=True, retry_after=1e18),
        Failed(error="x", kind="transient", retryable=True, retry_after=math.inf),
    ],
)
async def test_no_number_is_too_large_or_too_small_to_wait_for(tmp_path: Path, answer: Any) -> None:
    engine, name = await lived(tmp_path, Says(lambda: answer))
    due = engine.next_timer()
    assert due is not None and due > engine.clock.now()
    assert engine.instance(name).steps["a"].state in (StepState.WAITING, StepState.RETRYING)


async def test_the_thousandth_attempt_is_counted_too(tmp_path: Path) -> None:
    fails = Failed(error="x", kind="transient", retryable=True)
    retry = {"attempts": 1100, "backoff": "1ms", "most": "1ms"}
    engine, name = await lived(tmp_path, Says(lambda: fails), retry=retry)
    assert isinstance(engine.clock, VirtualClock)
    for _ in range(1100):
        engine.clock.advance(1)
        engine.fire_timers()
        await engine.settle()
    assert engine.instance(name).state is WorkflowState.COMPENSATED


async def test_a_step_that_never_answers_has_failed_when_its_time_is_over(tmp_path: Path) -> None:
    engine, name = await lived(tmp_path, Never(), timeout="20ms")
    step = engine.instance(name).steps["a"]
    assert (step.state, step.kind) == (StepState.FAILED, "deadline")
    assert step.error == "had not answered when its time was over"
