"""How much longer it takes, from what it took before: as often right as said, and honest where nobody knows."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from bot.engine import events as e
from bot.engine.evolve import fold
from bot.engine.instance import WorkflowInstance
from bot.insights.history import History, history
from bot.insights.progress import progress
from bot.insights.remaining import remaining
from bot.insights.report import generate_implementation_report
from bot.language.definition import WorkflowDefinition, parse
from bot.render.report import report_markdown
from bot.render.times import between
from tests.insights import lives
from tests.insights.test_optimizer import HEAD
from tests.properties import examples

TWO = HEAD + "    - {name: brew, type: slow, phase: making}\n"
TWO += "    - {name: drink, type: slow, depends_on: [brew], phase: drinking}\n"
NATURES = {"brew": lives.Nature(600, 0.2), "drink": lives.Nature(60, 0.2)}


def up_to(events: list[e.Event], last: int) -> WorkflowInstance:
    folded = fold(events[:last])
    assert folded is not None
    return folded


def tea(number: int = 30) -> tuple[WorkflowDefinition, History, list[e.Event]]:
    """Earlier runs, and the events of one more."""
    life = lives.Life(parse(TWO), NATURES)
    chance = random.Random(1)
    return (
        life.definition,
        history(lives.runs(life, number, chance)),
        lives.one_run(life, chance, "a/b", "now"),
    )


def test_it_ends_as_often_in_time_as_was_said() -> None:
    inside = []
    for seed in range(examples(60)):
        chance = random.Random(seed)
        life = lives.drawn(chance, 0.0)
        life = lives.Life(
            life.definition, {n: replace(x, passing=(0.0, 0.0)) for n, x in life.natures.items()}
        )
        past = history(lives.runs(life, 30, chance))
        for i in range(4):
            events = lives.one_run(life, chance, "a/b", f"now/{i}")
            instance = up_to(events, chance.randint(2, len(events) - 1))
            found = remaining(instance, life.definition, past)
            if found is None:
                continue  # a step under way takes longer than it ever did
            left = (e.moment(events[-1].at) - e.moment(instance.updated_at)).total_seconds()
            inside.append(found.low <= left <= found.high)
    assert len(inside) > 60
    assert sum(inside) / len(inside) == pytest.approx(0.8, abs=0.1)


def test_each_phase_has_its_time_and_what_is_over_has_none() -> None:
    definition, past, events = tea()
    begun = progress(up_to(events, 2), definition, past)
    assert begun.left is not None
    assert [p.left for p in begun.phases] == pytest.approx([600, 660], rel=0.2)
    assert begun.left.low < begun.left.median < begun.left.high
    brewed = next(i for i, v in enumerate(events) if isinstance(v.body, e.StepCompleted))
    half = progress(up_to(events, brewed + 3), definition, past)
    assert half.phases[0].left is None
    assert half.phases[1].left == pytest.approx(60, rel=0.3)
    assert progress(up_to(events, len(events)), definition, past).left is None


def test_without_history_nobody_knows() -> None:
    definition, _, events = tea()
    assert progress(up_to(events, 2), definition, History()).left is None
    assert progress(up_to(events, 2), definition, tea(4)[1]).left is None
    assert progress(up_to(events, 2), definition).left is None


def test_the_same_events_give_the_same_answer_and_the_report_says_it() -> None:
    definition, past, events = tea()
    report = generate_implementation_report(events[:2], definition, (), past)
    assert report == generate_implementation_report(events[:2], definition, (), past)
    shown = report_markdown(report)
    assert "over in about 10 min" in shown
    assert "as 30 earlier runs took" in shown
    assert "From then on" not in report_markdown(generate_implementation_report(events[:2], definition, ()))


def test_a_guess_is_told_in_steps_of_five_minutes() -> None:
    early, late = between("2026-11-22T10:03:11.000000Z", 60, 3600)
    assert (early, late) == ("2026-11-22T10:00:00.000000Z", "2026-11-22T11:05:00.000000Z")
