"""What earlier implementations say stands beside a plan: in the pull request, and in no byte of the plan."""

from __future__ import annotations

import base64
import random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.app import definitions
from bot.engine.evolve import fold
from bot.engine.outcome import Done
from bot.engine.ports import StepContext
from bot.engine.recording import append_of
from bot.plans import plan as plans
from bot.plans.configuration import AgentSetting, Configuration, TestSetting
from bot.render.plan import risk
from bot.steps.base import keep_json
from bot.steps.planning import PlanImplementation
from bot.store.memory import MemoryStore
from tests.insights import lives

SAGA = next(d for d in definitions() if d.name == "implement-adr")
NATURES = {s.name: lives.Nature(30, 0.3) for s in SAGA.steps} | {"judge": lives.Nature(5, 0.3, final=0.4)}
CONFIGURED = Configuration(
    agent=AgentSetting(name="a", provider="command", command=("a",)),
    tests=TestSetting(command=("python", "-m", "unittest")),
)
RECORD = (
    b"# 1. Use a queue\n\n## Status\n\nAccepted\n\n## Decision\n\nWe use a bounded queue in shop/queue.py.\n"
)


def record(store: MemoryStore, repository: str, number: int) -> None:
    chance = random.Random(repository)
    for i in range(number):
        events = lives.one_run(lives.Life(SAGA, NATURES), chance, repository, f"{repository}/{i}")
        folded = fold(events)
        assert folded is not None
        store.append([append_of(None, tuple(events), folded)])


async def planned(store: MemoryStore) -> Done:
    """The plan step of a new instance, over what the store has."""
    store.put_blob(SAGA.text.encode(), lasting=True)
    new = lives.one_run(lives.Life(SAGA, NATURES), random.Random(0), "acme/teashop", "new")[:1]
    folded = fold(new)
    assert folded is not None
    store.append([append_of(None, tuple(new), folded)])
    files = {"docs/adr/0001-queue.md": base64.b64encode(RECORD).decode()}
    ctx = StepContext(
        instance="new",
        step="plan",
        attempt=1,
        key="k",
        inputs={},
        now=lives.START,
        started_at=lives.START,
        actor="cloi",
        correlation="c",
        store=store,
        control=cast("Any", SimpleNamespace()),
    )
    inputs = {
        "record": store.put_blob(RECORD),
        "path": "docs/adr/0001-queue.md",
        "configuration": keep_json(ctx, CONFIGURED),
        "known": keep_json(ctx, {"files": files, "paths": [*files, "shop/queue.py"]}),
        "phase": "1",
        "repository": "acme/teashop",
    }
    changed = {name: getattr(ctx, name) for name in ctx.__struct_fields__} | {"inputs": inputs}
    done = await PlanImplementation().start(StepContext(**changed))
    assert isinstance(done, Done), done
    return done


async def test_the_plan_is_the_same_and_the_advice_stands_beside_it() -> None:
    fresh, old = MemoryStore(), MemoryStore()
    record(old, "acme/teashop", 12)
    record(old, "acme/bakery", 12)
    without, done = await planned(fresh), await planned(old)
    assert without.result["advice"] == []
    assert done.result["plan"] == without.result["plan"]
    assert done.result["digest"] == without.result["digest"]
    said = done.result["advice"]
    assert "of 24 earlier runs did not go through by themselves" in said[0]
    assert any("runs of judge failed for good (gate)" in sentence for sentence in said)
    assert "bakery" not in " ".join(said)
    made = plans.from_json(old.get_blob(done.result["plan"]))
    assert "What earlier runs say (advice" in risk(made, said)
    assert "earlier runs" not in risk(made)


async def test_what_others_did_is_not_told() -> None:
    store = MemoryStore()
    record(store, "acmeister/teashop", 12)
    record(store, "acme/teashop", 4)
    assert (await planned(store)).result["advice"] == []


@pytest.mark.parametrize("name", ["plan", "open-workflow-pr"])
def test_the_saga_hands_it_on(name: str) -> None:
    step = SAGA.step(name)
    assert "advice" in (step.outputs if name == "plan" else step.inputs)
