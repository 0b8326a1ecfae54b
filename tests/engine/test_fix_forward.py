"""What a gate finds goes back to an earlier step, which tries again and knows why; so often and no oftener."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from bot.engine.outcome import Done, Failed, Outcome
from bot.engine.ports import StepContext
from bot.engine.state import WorkflowState
from bot.language.errors import DefinitionError
from bot.plugins.recovery import FailureHandling
from bot.plugins.registry import PluginRegistry, Recovery, RecoveryStrategy
from bot.render.why import why

_spec = importlib.util.spec_from_file_location("fix_world", Path(__file__).with_name("world.py"))
assert _spec
assert _spec.loader
w = importlib.util.module_from_spec(_spec)
sys.modules["fix_world"] = w
_spec.loader.exec_module(w)

NAME = "story/k"
SHIPPED = FailureHandling.of(PluginRegistry(), "error-classifier")


class Agent(w.Make):
    """Makes a change; what it knows of earlier ones is what it was told."""

    type = "agent"

    def __init__(self, world) -> None:
        super().__init__(world)
        self.known: dict[str, dict] = {}

    @property
    def told(self) -> list[dict]:
        return list(self.known.values())

    async def start(self, ctx: StepContext) -> Outcome:
        assert self.known.setdefault(ctx.key, dict(ctx.memo)) == ctx.memo
        done = await super().start(ctx)
        return Done({**done.result, "change": f"change {ctx.memo.get('fix', 0)}"})


class Gate(w.StepType):
    """Refuses until the change is good enough."""

    type = "gate"
    inputs = frozenset({"change"})

    def __init__(self, good: str) -> None:
        self.good = good

    async def start(self, ctx: StepContext) -> Outcome:
        if ctx.inputs["change"] == self.good:
            return Done()
        evidence = {"tests": f"{ctx.inputs['change']} breaks two"}
        return Failed(error="two tests fail", kind="gate", before_effect=True, evidence=evidence)


def implementing(good: str, handling=None, **fix) -> w.House:
    """As implement-adr does: something before, a run of an agent, its end, and the gate over it."""
    world = w.World()
    steps = [
        {
            "name": "plan",
            "type": "make",
            "outputs": {"most": "value"},
            "inputs": {"value": "${context.most}"},
        },
        {
            "name": "dispatch",
            "type": "agent",
            "depends_on": ["plan"],
            "outputs": {"change": "change"},
            "phase": "code",
        },
        {"name": "run", "type": "make", "depends_on": ["dispatch"], "phase": "code"},
        {
            "name": "judge",
            "type": "gate",
            "depends_on": ["run", "plan"],
            "inputs": {"change": "${outputs.dispatch.change}"},
            "fix_forward": {"step": "dispatch", **fix},
            "phase": "validation",
        },
        {"name": "merge", "type": "make", "depends_on": ["judge"]},
    ]
    text = w.definition(*steps, emits={"failed": "ImplementationFailed"})
    return w.House(text, world, agent=Agent(world), gate=Gate(good), more={"failures": handling})


def begin(house: w.House, most: object = "3") -> None:
    if not house.store.read(NAME):
        house.begin(most=most)


ONCE = ["+dispatch", "+run", "-run", "-dispatch"]


@pytest.mark.parametrize("handling", [None, SHIPPED])
async def test_the_evidence_of_the_gate_is_told_to_the_next_attempt_of_the_earlier_step(handling) -> None:
    house = implementing("change 2", handling)
    begin(house)
    await house.go_on()
    assert house.state().state is WorkflowState.COMPLETED
    assert house.world.log == ["+plan", *ONCE, *ONCE, "+dispatch", "+run", "+merge"]
    assert house.types["agent"].told == [
        {},
        *(
            {
                "fix": n,
                "of": 3,
                "step": "judge",
                "error": "two tests fail",
                "evidence": {"tests": f"change {n - 1} breaks two"},
            }
            for n in (1, 2)
        ),
    ]
    assert "ImplementationFailed" not in house.names()
    phases = [e.body.phase for e in house.store.read(NAME) if e.name == "PhaseCompleted"]
    assert phases == ["code", "code", "code", "validation"]
    told = str(why(house.store.read(NAME), house.definition, house.clock.now()))
    assert "judge sent it back to dispatch, try 2 of 3 to fix it: two tests fail" in told
    if handling is not None:
        said = [e.body.data for e in house.store.read(NAME) if e.name == "RecoveryChosen"]
        assert (
            said
            == [
                {
                    "action": "fix-forward",
                    "reason": "what the gate found goes back to dispatch",
                    "by": "the definition",
                }
            ]
            * 2
        )


@pytest.mark.parametrize("handling", [None, SHIPPED])
async def test_after_so_many_attempts_everything_is_taken_back_and_the_count_outlives_the_process(
    handling,
) -> None:
    house = implementing("never", handling)
    begin(house)
    await house.go_on()
    house.reopen()
    await house.go_on()
    assert house.state().state is WorkflowState.COMPENSATED
    assert house.world.objects == {}
    fixes = [
        (e.body.attempt, e.body.most, e.body.reason)
        for e in house.store.read(NAME)
        if e.name == "FixForwardInitiated"
    ]
    assert fixes == [(n, 3, "two tests fail") for n in (1, 2, 3)]
    assert house.names().count("ImplementationFailed") == 1
    if handling is not None:
        last = [e.body.data for e in house.store.read(NAME) if e.name == "RecoveryChosen"][-1]
        assert last["action"] == "roll-back"
        assert "no more tries" in last["reason"]


@pytest.mark.parametrize(("most", "fixes"), [("0", 0), ("1", 1), (2, 2), ("many", 0), (None, 0), (-1, 0)])
async def test_how_often_may_be_a_reference_and_what_is_no_number_is_never(most, fixes) -> None:
    house = implementing("never", most="${outputs.plan.most}")
    begin(house, most)
    await house.go_on()
    assert house.names().count("FixForwardInitiated") == fixes
    assert house.state().state is WorkflowState.COMPENSATED


async def test_only_what_a_gate_finds_goes_back_unless_a_strategy_says_so() -> None:
    class Always(RecoveryStrategy):
        name = "always"

        def choose(self, found, failed, attempt):
            return Recovery("fix-forward", "worth a try")

    async def fixes(failed: Failed, handling) -> int:
        house = implementing("never", handling, most="1")
        house.types["gate"].start = lambda ctx: _answer(failed)
        begin(house)
        await house.go_on()
        return house.names().count("FixForwardInitiated")

    bug = Failed(error="a bug", kind="permission")
    assert await fixes(bug, None) == 0
    assert await fixes(bug, SHIPPED) == 0
    assert await fixes(bug, FailureHandling(SHIPPED.classifier, (Always(),))) == 1
    assert await fixes(Failed(error="look", kind="gate", park=True), None) == 0


async def _answer(outcome: Outcome) -> Outcome:
    return outcome


async def test_a_way_back_that_fails_parks_and_then_the_fix_goes_on() -> None:
    house = implementing("change 1")
    stuck = Failed(error="cannot delete it", kind="conflict")
    agent = house.types["agent"]
    agent.undo, usual = (lambda ctx: _answer(stuck)), agent.undo
    begin(house)
    await house.go_on()
    assert house.state().reason == "taking back dispatch: cannot delete it"
    agent.undo = usual
    house.engine.retry(NAME, actor="@maria")
    await house.go_on()
    assert house.state().state is WorkflowState.COMPLETED
    assert agent.told[-1]["fix"] == 1


async def test_killed_at_any_point_each_attempt_is_made_once_and_taken_back_once() -> None:
    async def played(kill: int | None) -> tuple[int, w.House]:
        house = implementing("change 2")
        return await w.lived(house, [begin], kill), house

    points, clean = await played(None)
    assert points > 30
    for kill in range(1, points + 1):
        _, house = await played(kill)
        assert house.state().state is WorkflowState.COMPLETED, kill
        assert house.world.log == clean.world.log, kill
        assert [t.get("fix", 0) for t in house.types["agent"].told] == [0, 1, 2], kill


@pytest.mark.parametrize(
    ("fix", "rule", "words"),
    [
        ({"step": "disptach"}, "unknown-step", "did you mean 'dispatch'"),
        ({"step": "merge"}, "fix-forward", "does not build upon merge"),
        ({"step": "dispatch", "most": "often"}, "limit", "a whole number from 0 on"),
        ({"step": "dispatch", "most": "${outputs.plan.mots}"}, "unknown-output", "did you mean 'most'"),
    ],
)
def test_what_could_not_be_fixed_is_no_definition(fix, rule, words) -> None:
    with pytest.raises(DefinitionError) as refused:
        implementing("never", **fix)
    assert refused.value.rule == rule
    assert words in str(refused.value)
