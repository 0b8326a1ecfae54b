"""What may be changed in a definition, how its text is changed, and what is proposed for one whose truth is
known."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.insights.amend import CannotAmend, amended
from bot.insights.draws import Draws, times
from bot.insights.history import History, history
from bot.insights.optimizer import IntelligentWorkflowOptimizer, Proposal
from bot.insights.timing import in_order, timed
from bot.insights.variants import SIDE_BY_SIDE, changes, side_by_side, with_step
from bot.language.definition import WorkflowDefinition, parse
from tests.insights import lives
from tests.insights.test_foresight_proof import above
from tests.properties import examples

HEAD = 'workflow:\n  name: tea\n  version: "1"\n  steps:\n'
TEA = (
    HEAD
    + """\
    - name: look-up  # in a book
      type: pure
      outputs: {o: o}
    - name: brew
      type: slow
      depends_on: [look-up]
      inputs: {how: "${outputs.look-up.o}"}
    - {name: smell, type: pure, depends_on: [look-up]}  # by habit
    - name: taste
      type: gate
      depends_on: [look-up]
"""
)


def past_of(definition: WorkflowDefinition, natures: dict[str, lives.Nature], number: int = 40) -> History:
    return history(lives.runs(lives.Life(definition, natures), number, random.Random(1)))


CALM = lives.Nature(10, 0.2)
TRUTH = {
    "look-up": CALM,
    "smell": CALM,
    "brew": lives.Nature(200, 0.2),
    "taste": lives.Nature(3, 0.2, final=0.4),
}


def propose(text: str, natures: dict[str, lives.Nature], free: tuple[str, ...] = ("pure",)) -> Proposal:
    definition = parse(text)
    past = past_of(definition, natures)
    return IntelligentWorkflowOptimizer(past, free, worlds=40, paths=16).optimize_workflow_execution(
        definition
    )


def test_what_fails_soon_and_cheaply_is_put_first() -> None:
    made = propose(TEA, TRUTH)
    first = made.steps[0].change
    assert (first.kind, first.step, first.other) == ("first", "taste", "brew")
    assert made.gain is not None
    assert 0 < made.gain.low < made.gain.mean < made.gain.high < made.before
    assert "brew" in made.diff
    assert "# in a book" in made.text


def test_steps_without_effects_and_use_of_each_other_run_side_by_side() -> None:
    text = HEAD + "    - {name: a, type: pure}\n    - {name: b, type: pure, depends_on: [a]}  # why?\n"
    made = propose(text, {"a": CALM, "b": CALM})
    assert [s.change.kind for s in made.steps] == ["side-by-side"]
    assert parse(made.text).step("b").depends_on == ()
    assert "# why?" in made.text
    assert made.through == pytest.approx(10, rel=0.2)


def test_with_effects_they_do_not_and_nothing_to_propose_is_an_answer() -> None:
    text = HEAD + "    - {name: a, type: pure}\n    - {name: b, type: slow, depends_on: [a]}\n"
    made = propose(text, {"a": CALM, "b": CALM})
    assert (made.steps, made.diff, made.text) == ((), "", "")
    assert "no change is sure" in made.reason
    assert made.patterns is not None
    assert made.patterns.path == ("a", "b")


def test_unless_they_did_so_often_without_a_conflict_and_then_the_risk_is_said() -> None:
    beside = parse(HEAD + "    - {name: a, type: slow}\n    - {name: b, type: slow}\n")
    runs = list(past_of(beside, {"a": CALM, "b": CALM}))
    after = parse(HEAD + "    - {name: a, type: slow}\n    - {name: b, type: slow, depends_on: [a]}\n")
    assert side_by_side(runs)[frozenset("ab")] == (40, 0)
    (found, *_) = changes(after, runs, ())
    assert "40 times" in found[0].risk
    assert not list(changes(after, runs[: SIDE_BY_SIDE - 1], ()))
    clash = past_of(beside, {"a": CALM, "b": lives.Nature(10, 0.2, final=0.2, kind="conflict")})
    assert not list(changes(after, clash, ()))


def test_without_history_nothing_is_proposed() -> None:
    definition = parse(TEA)
    made = IntelligentWorkflowOptimizer(History()).optimize_workflow_execution(definition)
    assert made.reason == "not enough history: 0 of 8 runs that came to an end"
    few = past_of(definition, {**TRUTH, "look-up": lives.Nature(1, 0.1, final=0.97)}, 12)
    made = IntelligentWorkflowOptimizer(few).optimize_workflow_execution(definition)
    assert "fewer than 5 ends were seen of" in made.reason


def test_more_attempts_where_they_help_and_none_where_they_never_do() -> None:
    text = HEAD + "    - {name: a, type: slow}\n    - name: b\n      type: slow\n      depends_on: [a]\n"
    helped = "      retry: {attempts: 2, backoff: 1s}  # twice\n"
    natures = {"a": lives.Nature(100, 0.1), "b": lives.Nature(1, 0.1, passing=(0.5, 0.5))}
    made = propose(text + helped, natures)
    assert [s.change.kind for s in made.steps] == ["attempts"]
    assert parse(made.text).step("b").retry.attempts > 2
    assert "# twice" in made.text
    never = {"a": CALM, "b": lives.Nature(1, 0.1, passing=(0.3, 1.0))}
    made = propose(text + "      retry: {attempts: 5, backoff: 60s}\n", never)
    assert parse(made.text).step("b").retry.attempts == 1


@settings(max_examples=examples(25), deadline=None)
@given(st.integers(0, 2**32))
def test_every_change_that_is_offered_keeps_all_order_but_that_of_its_pair(seed: int) -> None:
    life = lives.drawn(random.Random(seed))
    before = above(life.definition)
    for number, (change, changed) in enumerate(changes(life.definition, (), ("pure",))):
        after = above(changed)
        for step in changed.steps:
            lost = before[step.name] - after[step.name]
            pair = {change.other} if step.name == change.step and change.kind != "first" else set()
            assert lost <= pair, (change, step.name, lost)
        if number % 9 != seed % 9:
            continue  # reading texts takes its time, and there are many changes
        try:
            text = amended(changed)
        except CannotAmend:
            raise AssertionError(f"{change} cannot be written into\n{life.definition.text}") from None
        assert above(parse(text)) == after


def test_a_limit_of_steps_at_once_is_kept_in_the_timing() -> None:
    text = HEAD + "".join(f"    - {{name: s{i}, type: pure}}\n" for i in range(4))
    definition = parse(text)
    seen = times(past_of(definition, {f"s{i}": lives.Nature(10, 0.01) for i in range(4)}))
    draws = Draws(seen, in_order(definition), 4, 4)
    for most, seconds in ((4, 10), (2, 20), (1, 40)):
        assert timed(replace(definition, most_at_once=most), draws).whole == pytest.approx(seconds, rel=0.1)


ODD = [
    '    - {name: a, type: t}\n    - {"name": "b", "type": "t", "depends_on": ["a"]}\n',
    "    - {name: a, type: t}\n    - name: b\n      depends_on:\n      - a\n      type: t",
    "    - {name: a, type: t}\n    - name: b\n      type: t\n      depends_on: # on\n        - a # this\n",
    "    - {name: a, type: t}\n    - depends_on: [\n        a,\n      ]\n      type: t\n      name: b\n",
]


@pytest.mark.parametrize("steps", ODD)
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_any_way_to_write_a_list_can_be_emptied_and_filled(steps: str, eol: str) -> None:
    definition = parse((HEAD + steps + "").replace("\n", eol))
    a, b = definition.steps
    emptied = parse(amended(with_step(definition, replace(b, depends_on=()))))
    assert emptied.step("b").depends_on == ()
    turned = with_step(definition, replace(b, depends_on=()), replace(a, depends_on=("b",)))
    text = amended(turned)
    assert parse(text).step("a").depends_on == ("b",)
    assert text.count("\r\n") == (text.count("\n") if eol == "\r\n" else 0)


def test_what_is_written_by_aliases_is_left_alone() -> None:
    shared = "    - {name: a, type: t}\n    - {name: b, type: t, depends_on: &d [a]}\n"
    definition = parse(HEAD + shared + "    - {name: c, type: t, depends_on: *d}\n")
    for name in "bc":
        with pytest.raises(CannotAmend):
            amended(with_step(definition, replace(definition.step(name), depends_on=())))
