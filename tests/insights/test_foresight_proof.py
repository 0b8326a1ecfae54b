"""Proposals and predictions over many simulated histories whose truth is known. CLOI_THOROUGH=1 takes 1,000."""

from __future__ import annotations

import bisect
import random
import statistics
from collections import Counter
from collections.abc import Mapping

import pytest

from bot.insights.history import history
from bot.insights.optimizer import IntelligentWorkflowOptimizer, Proposal
from bot.insights.prediction import predict
from bot.language.definition import WorkflowDefinition, parse
from bot.language.lint import lint
from bot.language.references import references
from tests.insights import lives
from tests.properties import THOROUGH

HISTORIES = 1000 if THOROUGH else 8
FREE = ("pure",)


def above(definition: WorkflowDefinition) -> Mapping[str, frozenset[str]]:
    """All that comes before each step, by going up the graph."""

    def up(name: str, way: tuple[str, ...]) -> frozenset[str]:
        assert name not in way, f"{' -> '.join(way)} go round in a circle"
        direct = definition.step(name).depends_on
        return frozenset(direct).union(*(up(d, (*way, name)) for d in direct))

    return {s.name: up(s.name, ()) for s in definition.steps}


def assert_whole(before: WorkflowDefinition, made: Proposal) -> WorkflowDefinition:
    """A proposal loads, has nothing for lint, keeps all order that anything needs, and every comment."""
    after = parse(made.text)
    assert [f for f in lint(made.text) if f.severity != "notice"] == []
    old, new = above(before), above(after)
    kinds = {s.name: s.type for s in before.steps}
    for step in after.steps:
        used = {r[1] for r in references(step.inputs) if r[0] == "outputs"}
        assert used <= new[step.name], f"{step.name} uses what may not be there yet"
        lost = old[step.name] - new[step.name]
        assert all(kinds[n] == kinds[step.name] == "pure" for n in lost), (
            f"{step.name} no longer after {lost}"
        )
    kept = [line.partition("#")[2] for line in made.text.splitlines() if "#" in line]
    for line in before.text.splitlines():
        if "#" in line and "because of" not in line:  # a dependency that goes takes its own comment along
            assert line.partition("#")[2] in kept
    return after


def true_gain(life: lives.Life, after: WorkflowDefinition, seed: int) -> float:
    """Seconds until a run has gone through that the change truly saves; more runs where it is close."""
    goes, then = 1 - life.failure(), 1 - lives.Life(after, life.natures).failure()
    for number in (400, 2000, 10000):
        old, new = lives.true_times(life, [life.definition, after], number, seed)
        each = [a / goes - b / then for a, b in zip(old, new, strict=True)]
        mean = statistics.fmean(each)
        if abs(mean) > 4 * statistics.stdev(each) / number**0.5:
            break
    return mean


def test_proposals_make_it_faster_and_break_no_graph(capsys) -> None:
    good, inside, shares, kinds = [], [], [], Counter()
    for seed in range(HISTORIES):
        chance = random.Random(seed)
        life = lives.drawn(chance)
        past = history(lives.runs(life, chance.randint(10, 80), chance))
        optimizer = IntelligentWorkflowOptimizer(past, FREE, worlds=40, paths=16)
        made = optimizer.optimize_workflow_execution(life.definition)
        if made.gain is None:
            assert made.reason
            continue
        gain = true_gain(life, assert_whole(life.definition, made), seed)
        good.append(gain > 0)
        inside.append(made.gain.low <= gain <= made.gain.high)
        shares.append(gain / made.before)
        kinds.update(step.change.kind for step in made.steps)
    with capsys.disabled():
        if THOROUGH:
            print(f"\n{HISTORIES} histories, {len(good)} proposals: {sum(good)} truly faster")
            print(
                f"median true gain {statistics.median(shares):.0%}, the interval holds it {mean(inside):.0%}"
            )
            print(f"changes: {dict(kinds)}")
    assert len(good) >= HISTORIES // 5
    assert mean(good) >= (0.95 if THOROUGH else 0.8)


def test_predictions_are_as_sure_as_they_say_and_beat_the_base_rate(capsys) -> None:
    holds, timed, steps, own, truths, widths = [], [], [], [], [], []
    score = []
    for seed in range(HISTORIES):
        chance = random.Random(seed)
        life = lives.drawn(chance, chance.choice((0.01, 0.05, 0.15)))
        spread = chance.choice((0.0, 0.3, 0.8))
        places = [lives.elsewhere(life, chance, spread) for _ in range(chance.randint(1, 3))]
        past = history(
            event
            for i, place in enumerate(places)
            for event in lives.runs(place, chance.randint(5, 40), chance, f"repository/{i}")
        )
        found = predict(life.definition, past, "repository/0")
        assert found.failure is not None
        here, truth = places[0], places[0].failure()
        truths.append(truth)
        holds.append(found.failure.low <= truth <= found.failure.high)
        widths.append(found.failure.high - found.failure.low)
        score.append(brier(found.failure.mean, truth))
        own.append(brier(found.own[0] / found.own[1], truth))
        for risk in found.steps:
            fails = here.natures[risk.step].fails(life.definition.step(risk.step).retry.attempts)
            steps.append(risk.rate.low <= fails <= risk.rate.high)
        if found.time is not None:
            more = history(lives.runs(here, 10, chance, "repository/0"))
            times = [run.seconds for run in more if run.outcome == "completed"]
            timed += [found.time.low <= t <= found.time.high for t in times]
    base = [brier(mean(truths), truth) for truth in truths]
    with capsys.disabled():
        if THOROUGH:
            print(
                f"\n{HISTORIES} predictions, 90 % intervals hold the truth: whole {mean(holds):.1%}, ", end=""
            )
            print(f"steps {mean(steps):.1%} of {len(steps)}; mean width {mean(widths):.2f}")
            print(f"8 in 10 next runs take as long as said: {mean(timed):.1%} of {len(timed)}")
            print(
                f"Brier {mean(score):.4f}; base rate {mean(base):.4f}; own counts alone {mean(own):.4f}; ",
                end="",
            )
            print(f"knowing the truth {mean([t * (1 - t) for t in truths]):.4f}")
    slack = 0.03 if THOROUGH else 0.03 + 3 * (0.9 * 0.1 / HISTORIES) ** 0.5
    assert mean(holds) == pytest.approx(0.9, abs=slack)
    assert mean(score) < mean(base)
    if THOROUGH:
        assert mean(steps) == pytest.approx(0.9, abs=slack)
        assert mean(timed) == pytest.approx(0.8, abs=slack)
        assert mean(score) < mean(own)


def brier(said: float, truth: float) -> float:
    """What the Brier score comes to on average, where something happens with chance `truth`."""
    return (said - truth) ** 2 + truth * (1 - truth)


def mean(values: list[float] | list[bool]) -> float:
    return statistics.fmean(map(float, values))


def test_the_truth_of_these_histories_is_the_engines() -> None:
    """Both ways to know how long a run takes agree, also where steps fail while others are under way."""
    far = 0
    for seed in range(5):
        chance = random.Random(seed)
        life = lives.drawn(chance, 0.2)
        seen = sorted(run.seconds for run in history(lives.runs(life, 120, chance)))
        true = sorted(lives.true_times(life, [life.definition], 600, seed)[0])
        # Kolmogorov and Smirnov: the largest distance between the two shares of runs that are over.
        distance = max(abs(share(seen, t) - share(true, t)) for t in (*seen, *true))
        far += distance > 1.63 * (1 / 120 + 1 / 600) ** 0.5  # which chance alone does once in a hundred
    assert far <= 1


def share(ordered: list[float], limit: float) -> float:
    return bisect.bisect_right(ordered, limit) / len(ordered)
