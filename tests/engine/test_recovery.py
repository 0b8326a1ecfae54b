"""What becomes of a failed step: classified with evidence, recovered by a strategy, each with its reason kept."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.coordination.clocks import VirtualClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.outcome import Done, Failed
from bot.engine.state import WorkflowState
from bot.language.definition import Retry, StepDefinition, parse
from bot.plugins.recovery import FailureHandling
from bot.plugins.registry import Classification, Classifier, PluginRegistry, Recovery, RecoveryStrategy
from bot.store.memory import MemoryStore

_spec = importlib.util.spec_from_file_location("recovery_world", Path(__file__).with_name("world.py"))
assert _spec
assert _spec.loader
w = importlib.util.module_from_spec(_spec)
sys.modules["recovery_world"] = w
_spec.loader.exec_module(w)

FIVE = StepDefinition("a", "any", retry=Retry(attempts=5))
SHIPPED = FailureHandling.of(PluginRegistry(), "error-classifier")


class Flaky(w.StepType):
    """Raises what it is given, then works."""

    type = "flaky"

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    async def start(self, ctx):
        if self.errors:
            raise self.errors.pop(0)
        return Done()


async def played(step_type, failures: FailureHandling | None = SHIPPED, **step):
    store, clock = MemoryStore(), VirtualClock()
    definition = parse(w.definition({"name": "a", "type": step_type.type, **step}))
    types = w.types(w.World(), it=step_type)
    engine = StepCoordinator(store, [definition], types, clock, failures=failures)
    name, _ = engine.start("story", "k", {}, actor="@maria", cause="test", correlation="c")
    await engine.settle()
    while (due := engine.next_timer()) and not engine.instance(name).state.final:
        clock.advance(max(0.0, (due - clock.now()).total_seconds()))
        engine.fire_timers()
        await engine.settle()
    said = [e.body.data for e in store.read(name) if e.name in ("FailureClassified", "RecoveryChosen")]
    return engine.instance(name), said


async def test_a_connection_that_broke_unforeseen_is_tried_again_and_says_why() -> None:
    instance, said = await played(Flaky(ConnectionResetError(), TimeoutError()))
    assert instance.state is WorkflowState.COMPLETED
    assert [data.get("kind") or data["action"] for data in said] == ["transient", "retry"] * 2
    assert "ConnectionResetError" in said[0]["evidence"][0]
    assert said[1]["by"] == "wait-and-retry"


async def test_a_bug_is_not_tried_again() -> None:
    instance, said = await played(Flaky(ZeroDivisionError()))
    assert instance.state is WorkflowState.COMPENSATED
    assert [said[0]["kind"], said[1]["action"]] == ["bug", "roll-back"]


async def test_the_last_attempt_is_called_the_last() -> None:
    instance, said = await played(Flaky(*[TimeoutError()] * 9), retry={"attempts": 3})
    assert instance.state is WorkflowState.COMPENSATED
    assert [data["action"] for data in said if "action" in data] == ["retry", "retry", "roll-back"]
    assert said[-1]["reason"] == "3 attempts were made, and no more are allowed"


async def test_another_strategy_may_ask_a_human_where_a_gate_refused() -> None:
    class AskAboutGates(RecoveryStrategy):
        name = "ask-about-gates"

        def choose(self, found, failed, attempt):
            return Recovery("park", "a gate is a person's business") if found.kind == "gate" else None

    handling = FailureHandling(SHIPPED.classifier, (AskAboutGates(),))
    instance, said = await played(w.Refuse(w.FAILS), handling)
    assert instance.state is WorkflowState.PARKED
    assert said[1] == {"action": "park", "reason": "a gate is a person's business", "by": "ask-about-gates"}


async def test_a_broken_classifier_changes_nothing() -> None:
    class Broken(Classifier):
        def classify(self, message):
            raise RuntimeError

    instance, said = await played(Flaky(ZeroDivisionError()), FailureHandling(Broken()))
    assert (instance.state, said) == (WorkflowState.COMPENSATED, [])


async def test_without_any_plugin_the_steps_word_stands_and_the_process_runs() -> None:
    handling = FailureHandling.of(PluginRegistry(()), "error-classifier")
    instance, said = await played(Flaky(TimeoutError()), handling)
    assert instance.state is WorkflowState.COMPENSATED
    assert said[0] == {"kind": "bug", "evidence": ["no classifier is installed"]}


failures = st.builds(
    Failed,
    error=st.text(max_size=60),
    kind=st.sampled_from(
        ["transient", "rate-limit", "permission", "conflict", "bad-input", "gate", "deadline"]
    ),
    retryable=st.booleans(),
    retry_after=st.none() | st.floats(0, 1000),
    before_effect=st.booleans(),
    park=st.booleans(),
)


@given(failures.filter(lambda f: not (f.park and f.retryable)), st.integers(1, 5))
def test_what_a_step_knows_of_its_failure_is_believed(failed: Failed, attempt: int) -> None:
    handled = SHIPPED.handle(failed, attempt, FIVE, 0)
    assert (handled.kind, handled.park, handled.before_effect) == (
        failed.kind,
        failed.park,
        failed.before_effect,
    )
    assert handled.retryable == (failed.retryable and attempt < 5)
    assert (handled.retry_after or 0) == (failed.retry_after or 0)
    assert [e.name for e in handled.events] == ["FailureClassified", "RecoveryChosen"]


@given(st.text(max_size=200), st.sampled_from(["bug", "gate"]))
def test_a_strategy_never_overrules_a_step_that_asks_for_a_human(error: str, kind: str) -> None:
    class Always(RecoveryStrategy):
        def choose(self, found: Classification, failed: Failed, attempt: int) -> Recovery:
            return Recovery("retry", "always")

    handled = FailureHandling(SHIPPED.classifier, (Always(),)).handle(
        Failed(error=error, kind=kind, park=True), 1, FIVE, 0
    )
    assert handled.park
    assert not handled.retryable


class Nonsense(Classifier):
    name = "nonsense"

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def classify(self, message: str) -> Any:
        if self.answer == "leave":
            raise SystemExit(3)
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [
        "leave",
        None,
        Classification(object(), ()),  # type: ignore[arg-type]
        Classification(None, ()),  # type: ignore[arg-type]
        Classification("bug", ("\ud800",)),
        Classification("bug", (7,)),  # type: ignore[arg-type]
    ],
)
async def test_a_classifier_that_answers_nonsense_changes_nothing(answer: Any) -> None:
    instance, said = await played(Flaky(ZeroDivisionError()), FailureHandling(Nonsense(answer)))
    assert instance.state is WorkflowState.COMPENSATED
    assert not said
    assert instance.steps["a"].kind == "bug"
