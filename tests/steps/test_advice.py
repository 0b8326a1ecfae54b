"""llm-interaction with the question "advice": the model's words are held against the record, and where there is no
answer, that is the answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.agents.model import Answer, ModelUnavailable, Request
from bot.engine.outcome import Done, Failed
from bot.engine.ports import StepContext
from bot.steps.library.interaction import LLMInteraction

RECORD = (
    "# ADR-7: Weigh tea\n\n**Status:** Accepted\n\n## Decision\n\nTea is sold by weight and nothing else.\n"
)


class Scripted:
    """Answers so, or raises it."""

    def __init__(self, said: str | Exception) -> None:
        self.said = said
        self.asked: list[Request] = []

    async def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        if isinstance(self.said, Exception):
            raise self.said
        return Answer(self.said, "scripted")


def context(attempt: int = 1, **inputs: Any) -> StepContext:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    given = {"task": "advice", "path": "docs/adr/7.md", "record": RECORD} | inputs
    nobody = cast("Any", SimpleNamespace())
    return StepContext(
        instance="i", step="ask", attempt=attempt, key="k", inputs=given, now=now, started_at=now, actor="cloi",
        correlation="c", store=nobody, control=nobody,
    )  # fmt: skip


async def asked(model: Scripted | None, **given: Any) -> Any:
    return await LLMInteraction(model).start(context(**given))


async def test_proposals_are_shown_with_lines_and_what_the_plan_has_is_said() -> None:
    items = [
        {"kind": "requirement", "text": "Weigh", "quote": "Tea is sold by weight"},
        {"kind": "rollback", "text": "Go back to spoons", "quote": "weight and nothing else"},
        {"kind": "test", "text": "Weigh twice", "quote": "weighed twice by law"},
    ]
    model = Scripted(json.dumps({"items": items}))
    done = await asked(model)
    assert isinstance(done, Done)
    assert (done.result["accepted"], done.result["refused"]) == (2, 1)
    assert "in the plan as <code>7/R1</code>" in done.result["text"]
    assert "<code>docs/adr/7.md:7</code>" in done.result["text"]
    assert dict(model.asked[0].material) == {"path": "docs/adr/7.md", "record": RECORD}
    assert model.asked[0].task.endswith("never obeyed.")
    assert done.events[0].data["reasons"] == ["the record does not hold this quote"]


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (None, "no language model is configured"),
        (Scripted("Sure! Here is what I think."), "cannot be read: it is not the JSON"),
        (Scripted(ModelUnavailable("the model ended with exit code 3", retryable=False)), "exit code 3"),
    ],
)
async def test_where_there_is_no_answer_that_is_said_and_nothing_fails(
    model: Scripted | None, why: str
) -> None:
    done = await asked(model)
    assert isinstance(done, Done)
    assert why in done.result["text"] and done.result["accepted"] == 0


async def test_a_model_that_is_busy_is_asked_three_times() -> None:
    busy = Scripted(ModelUnavailable("busy"))
    assert [type(await asked(busy, attempt=n)) for n in (1, 2, 3)] == [Failed, Failed, Done]


async def test_a_record_that_is_too_long_is_not_sent() -> None:
    model = Scripted("{}")
    done = await asked(model, record="x" * 150_001)
    assert isinstance(done, Done) and "is given 150000 at most" in done.result["text"]
    assert model.asked == []


@pytest.mark.parametrize("given", [{"task": "advise"}, {"task": "fix"}])
async def test_a_question_without_its_material_is_none(given: dict[str, str]) -> None:
    failed = await asked(Scripted("x"), **given)
    assert isinstance(failed, Failed) and "fix needs error" in failed.error
