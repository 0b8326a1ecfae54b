"""What is foretold of the next run, with its counts, and what would prevent the failures that were seen."""

from __future__ import annotations

import random

import pytest

from bot.insights.history import History, history
from bot.insights.optimizer import IntelligentWorkflowOptimizer
from bot.insights.prediction import predict
from bot.insights.prevention import PreventionStrategy
from bot.language.definition import parse
from bot.render.prediction import advice, prediction
from tests.insights import lives
from tests.insights.test_optimizer import CALM, HEAD

TWO = HEAD + "    - {name: brew, type: slow}\n    - {name: taste, type: gate, depends_on: [brew]}\n"
BITTER = {"brew": lives.Nature(60, 0.3), "taste": lives.Nature(2, 0.3, final=0.4)}


def past_of(
    natures: dict[str, lives.Nature], number: int, repository: str = "tea/shop", text: str = TWO
) -> History:
    return history(lives.runs(lives.Life(parse(text), natures), number, random.Random(1), repository))


def prevented(natures: dict[str, lives.Nature], text: str = TWO) -> tuple[PreventionStrategy, ...]:
    past = past_of(natures, 60, text=text)
    return IntelligentWorkflowOptimizer(past).predict_workflow_failures(parse(text))[1]


def test_below_five_runs_nothing_is_foretold() -> None:
    found = predict(parse(TWO), past_of(BITTER, 4))
    assert (found.enough, found.failure, found.time, found.steps) == (False, None, None, ())
    assert "Not enough history: 4 runs" in prediction(found, ())
    assert advice(found, ()) == ()


def test_it_says_how_often_where_and_how_long() -> None:
    past = past_of(BITTER, 60)
    found = predict(parse(TWO), past)
    failed = sum(run.outcome == "failed" for run in past)
    assert found.failure is not None
    assert found.time is not None
    assert found.own == (failed, 60)
    assert found.failure.low < failed / 60 < found.failure.high
    assert found.time.low < found.time.median < found.time.high
    assert [(s.step, s.failed, s.kinds) for s in found.steps] == [("taste", failed, {"gate": failed})]
    assert found.steps[0].before == pytest.approx(66, rel=0.2)


def test_another_repository_counts_as_far_as_it_is_alike() -> None:
    elsewhere = dict(past_of(BITTER, 60, "coffee/bar").runs)
    alone = predict(parse(TWO), History(elsewhere), "tea/shop")
    assert alone.own == (0, 0)
    assert alone.others[1] == 60
    calm = past_of({"brew": CALM, "taste": CALM}, 20)
    found = predict(parse(TWO), History({**elsewhere, **calm.runs}), "tea/shop")
    assert found.own == (0, 20)
    assert found.failure is not None
    assert alone.failure is not None
    assert found.failure.mean < 0.1 < alone.failure.mean
    assert found.failure.high - found.failure.low < alone.failure.high - alone.failure.low


def test_a_new_version_starts_from_what_is_known_of_the_old() -> None:
    new = parse(TWO.replace('version: "1"', 'version: "2"'))
    found = predict(new, past_of(BITTER, 60))
    assert (found.own, found.others[1]) == ((0, 0), 60)
    assert found.enough


@pytest.mark.parametrize(
    ("nature", "more", "said"),
    [
        (lives.Nature(2, 0.1, passing=(0.6, 0.3)), ", retry: {attempts: 2, backoff: 1s}", "more attempts"),
        (lives.Nature(2, 0.1, passing=(0.6, 0.9)), ", retry: {attempts: 2, backoff: 1s}", "longer backoff"),
        (lives.Nature(2, 0.1, passing=(0.6, 0.9)), ", retry: {attempts: 1}", "on: [transient]"),
        (lives.Nature(2, 0.1, final=0.4, kind="gate"), "", "move taste earlier: it uses nothing of brew"),
        (lives.Nature(2, 0.1, final=0.4, kind="gate"), ', inputs: {x: "${outputs.brew.o}"}', "fix_forward"),
        (lives.Nature(2, 0.1, final=0.4, kind="deadline"), ", timeout: 5m", "lengthen its timeout (5 min)"),
        (lives.Nature(2, 0.1, final=0.4, kind="permission"), "", "check the permissions"),
        (lives.Nature(2, 0.1, final=0.4, kind="conflict"), "", "on: [conflict]"),
        (lives.Nature(2, 0.1, final=0.4, kind="bug"), "", "cloi why"),
    ],
)
def test_each_kind_of_failure_has_its_strategy_with_counts(
    nature: lives.Nature, more: str, said: str
) -> None:
    text = HEAD + "    - {name: brew, type: slow, outputs: {o: o}}\n"
    text += f"    - {{name: taste, type: gate, depends_on: [brew]{more}}}\n"
    found = prevented({"brew": lives.Nature(60, 0.1), "taste": nature}, text)
    assert said in found[0].advice
    assert f"{found[0].failed} of {found[0].of} runs of taste failed for good" in found[0].evidence
    assert found[0].failed > 5


def test_it_can_be_read_in_a_terminal_and_beside_a_plan() -> None:
    past = past_of(BITTER, 60)
    found, prevention = IntelligentWorkflowOptimizer(past).predict_workflow_failures(parse(TWO), "tea/shop")
    shown = prediction(found, prevention)
    assert shown.startswith("tea in tea/shop\n")
    assert "nine times out of ten between" in shown
    assert "→ move taste earlier" in shown
    said = advice(found, prevention)
    assert said[0].startswith(f"{found.own[0]} of 60 earlier runs did not go through by themselves")
