"""What may be changed in a definition without breaking it: order that nothing needs, order that may be added,
repetitions. Pure; says what is allowed, not what is worth it (optimizer.py).

A step may depend on another only out of habit: it uses nothing of it. That order may still matter for what both do
to the world, so it is given up only where both are declared free of effects, or have run side by side often in
other versions without a conflict. Of all other pairs the order stays: what came before the one comes before the
other, and what comes after the one waits for both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Literal

from bot.insights.history import Run
from bot.language.definition import StepDefinition, WorkflowDefinition
from bot.language.graph import ancestors
from bot.language.references import references

SIDE_BY_SIDE = 20
"""How often two steps must have overlapped without a conflict before their order is given up for it."""

Kind = Literal["side-by-side", "swap", "first", "attempts"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change. kind: side-by-side lets `step` no longer wait for `other`; swap puts `step` before `other`,
    which it waited for; first lets `other` wait for `step`, which it ran beside; attempts gives `step` that
    many. risk: in words, what to look at before it is applied; empty where there is none."""

    kind: Kind
    step: str
    other: str = ""
    attempts: int = 0
    risk: str = ""


def changes(
    definition: WorkflowDefinition, runs: Iterable[Run], free: Collection[str]
) -> Iterator[tuple[Change, WorkflowDefinition]]:
    """Every change of order that is allowed, and the definition after it. free: step types that are declared
    free of effects."""
    above = ancestors(definition.needs)
    beside = side_by_side(runs)
    for step, other in permutations(definition.steps, 2):
        if step.parallel_group or other.parallel_group:
            continue  # a group begins as one, so its members' order is everybody's
        if other.name in above[step.name]:
            if other.name in step.depends_on and other.name not in uses(step, definition):
                risk = _risk(step, other, free, beside)
                if risk is not None:
                    yield from _loosened(definition, step, other, risk)
        elif step.name not in above[other.name]:
            later = replace(other, depends_on=(*other.depends_on, step.name))
            yield Change("first", step.name, other.name), with_step(definition, later)


def uses(step: StepDefinition, definition: WorkflowDefinition) -> frozenset[str]:
    """Steps whose outputs it refers to, and those that it must come after for another declared reason."""
    found = {
        r[1]
        for value in (step.inputs, step.when, step.fix_forward and step.fix_forward.most)
        for r in references(value)
        if r[0] == "outputs" and len(r) > 1
    }
    if step.fix_forward is not None and step.fix_forward.step != step.name:
        # What is done anew reaches from there to here: each step on the way stays on it.
        above = ancestors({s.name: s.depends_on for s in definition.steps})
        start = step.fix_forward.step
        found |= {start} | {n for n in above[step.name] if start in above[n]}
    return frozenset(found)


def with_step(definition: WorkflowDefinition, *changed: StepDefinition) -> WorkflowDefinition:
    """The definition with these steps in the place of theirs."""
    new = {s.name: s for s in changed}
    return replace(definition, steps=tuple(new.get(s.name, s) for s in definition.steps))


def side_by_side(runs: Iterable[Run]) -> Mapping[frozenset[str], tuple[int, int]]:
    """For two steps that ran at the same time: how often they did, and how often one failed for a conflict."""
    found: dict[frozenset[str], tuple[int, int]] = {}
    for run in runs:
        steps = [s for s in run.steps if s.attempts]
        for i, one in enumerate(steps):
            for two in steps[i + 1 :]:
                if one.step != two.step and (
                    one.start < two.start + two.seconds and two.start < one.start + one.seconds
                ):
                    pair = frozenset((one.step, two.step))
                    together, clashed = found.get(pair, (0, 0))
                    clash = any(a.kind == "conflict" for s in (one, two) for a in s.attempts)
                    found[pair] = together + 1, clashed + clash
    return found


def _risk(
    step: StepDefinition,
    other: StepDefinition,
    free: Collection[str],
    beside: Mapping[frozenset[str], tuple[int, int]],
) -> str | None:
    """None: their order may not be given up."""
    if step.type in free and other.type in free:
        return ""
    together, clashed = beside.get(frozenset((step.name, other.name)), (0, 0))
    if together < SIDE_BY_SIDE or clashed:
        return None
    return (
        f"{step.name} and {other.name} may both have effects. They ran side by side {together} times in other "
        "versions without a conflict, which is no proof that they never conflict"
    )


def _loosened(
    definition: WorkflowDefinition, step: StepDefinition, other: StepDefinition, risk: str
) -> Iterator[tuple[Change, WorkflowDefinition]]:
    kept = tuple(n for n in step.depends_on if n != other.name)
    above = ancestors({s.name: s.depends_on for s in definition.steps})
    if any(other.name in above[n] for n in kept):
        return  # it would still come after, by another way
    reached = set(kept).union(*(above[n] for n in kept))
    alone = replace(step, depends_on=(*kept, *(n for n in other.depends_on if n not in reached)))
    loose = with_step(definition, alone, *_followers(definition, step, other))
    yield Change("side-by-side", step.name, other.name, risk=risk), loose
    behind = replace(other, depends_on=(*_without(other, alone), step.name))
    yield Change("swap", step.name, other.name, risk=risk), with_step(loose, behind)


def _without(other: StepDefinition, alone: StepDefinition) -> tuple[str, ...]:
    """What `other` waits for by itself, once it waits for a step that waits for the rest; what it uses it
    names."""
    mine = {
        r[1] for v in (other.inputs, other.when) for r in references(v) if r[0] == "outputs" and len(r) > 1
    }
    return tuple(n for n in other.depends_on if n in mine or n not in alone.depends_on)


def _followers(
    definition: WorkflowDefinition, step: StepDefinition, other: StepDefinition
) -> Iterator[StepDefinition]:
    """Steps that came after `other` only because they come after `step`: they now say so themselves."""
    loose = {
        s.name: set(s.depends_on) - ({other.name} if s.name == step.name else set()) for s in definition.steps
    }
    above = ancestors(loose)
    for after in definition.steps:
        if step.name in after.depends_on and other.name not in above[after.name]:
            yield replace(after, depends_on=(*after.depends_on, other.name))
