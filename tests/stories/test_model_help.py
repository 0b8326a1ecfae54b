"""A model may say what it would add to a plan. What it invents is refused, and the plan is the same without it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.demo.stage import Stage
from bot.demo.stories import Told, asked
from tests.stories.tales import comments, decided_files, plain

MODEL = '''"""A scripted model: it quotes the record once, and invents once."""
import json, sys
asked = json.load(sys.stdin)
assert "token bucket" in asked["material"]["record"] and "Propose" in asked["task"]
items = [
    {"kind": "order", "text": "Build the bucket before the door",
     "quote": "takes a token before it looks at the\\n password"},
    {"kind": "requirement", "text": "Mail @maria <img src=x> | about it",
     "quote": "customers are told by mail when they are locked out"},
]
answer = {"text": json.dumps({"items": items}), "model": "scripted-1", "cost_usd": 0.01}
print(json.dumps(answer))
'''
ON = b"model_help: true\n"


@pytest.fixture
def scripted(tmp_path: Path) -> list[str]:
    """The command of a model."""
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    return [sys.executable, str(path)]


def advice(stage: Stage, told: Told) -> list[str]:
    return [c for c in comments(stage, told.issue) if "model" in c.splitlines()[0]]


async def planned(open_stage: Any, more: bytes, command: list[str]) -> tuple[bytes, list[str], list[Any]]:
    """Tom asks; plan and workflow as proposed, what a model said on the issue, and the events of its instance."""
    async with open_stage(files=decided_files(more), model_command=command) as stage:
        told = Told("advised")
        await asked(stage, told)
        if more:
            await stage.until(lambda: advice(stage, told))
        tree = stage.sandbox.tree("acme/teashop", stage.repository.issues[told.workflow_pull].pull.head_ref)
        (path,) = [p for p in tree if p.startswith(".github/cloi/")]
        plan = stage.sandbox.file(
            "acme/teashop", stage.repository.issues[told.workflow_pull].pull.head_ref, path
        )
        summaries = stage.bot.store.summaries(definition="advise-on-record")
        events = [e for s in summaries for e in stage.bot.store.read(s.instance)]
        return plan, advice(stage, told), events


async def test_an_invented_quote_is_refused_and_the_plan_is_the_same_without_the_model(
    open_stage, scripted
) -> None:
    without, nothing, no_events = await planned(open_stage, b"", scripted)
    assert nothing == [] and no_events == [], "off by default, although a model is there"
    plan, (said,), events = await planned(open_stage, ON, scripted)
    assert plan == without and json.loads(plan)["digest"], "byte for byte"
    text = plain(said)
    assert "Inferred by a model, and no part of the plan" in text
    assert "scripted-1 has read" in text
    assert "Build the bucket before the door" in text and "token before it looks at the password" in text
    assert "0003-limit-login-attempts-with-a-token-bucket.md:35" in text
    assert "Refused: 1." in text and "the record does not hold this quote" in text
    assert "customers are told by mail" in text.partition("Refused: 1.")[2], "visibly"
    assert "<img" not in said and "@maria" not in said
    (examined,) = [e.body.data for e in events if e.name == "ProposalsExamined"]
    assert (examined["accepted"], examined["refused"]) == (1, 1)


async def test_without_a_model_the_wish_is_answered_and_nothing_waits(open_stage) -> None:
    _, (said,), _ = await planned(open_stage, ON, [])
    assert "no language model is configured; whoever runs this bot could add one" in plain(said)
    assert "stands as it is" in plain(said)
