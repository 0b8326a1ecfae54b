"""What an edit of a record changes in the plan that follows from it: added, changed and withdrawn requirements.

Ids count the requirements of one text, so a new one in the middle moves all that follow. Those that say the same
are paired first, whatever their number; of the rest those with the same id are one requirement in other words. A
new phase, kind or number counts as a change, also a number that stands in no requirement, and so does a pattern
that the change is held to; where it stands does not. Pure. Not here: who is told (bot/steps).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from bot.plans.plan import Constraint, ImplementationPlan, Requirement, Threshold
from bot.plans.testing import stated_by


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that the change is held to, by its name. id: "ADR-012/P1"."""

    id: str
    text: str


Asked = Requirement | Constraint | Threshold | Pattern
_MOST_NAMED = 3
_MOST_WORDS = 80


@dataclass(frozen=True, slots=True)
class Difference:
    """added: of the new plan. changed: pairs of old and new. withdrawn: of the old plan. In order of the text."""

    added: tuple[Asked, ...] = ()
    changed: tuple[tuple[Asked, Asked], ...] = ()
    withdrawn: tuple[Asked, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.withdrawn)

    def __str__(self) -> str:
        """For one sentence: "1 added (R4 “Keep a log”), 2 withdrawn (R2 “…”, R3 “…”)"."""
        parts = (
            ("added", self.added),
            ("changed", [new for _, new in self.changed]),
            ("withdrawn", self.withdrawn),
        )
        return ", ".join(f"{len(those)} {word} ({_named(those)})" for word, those in parts if those)


def difference(old: ImplementationPlan, new: ImplementationPlan) -> Difference:
    """From the old plan to the new one."""
    before, after = _asked(old), _asked(new)
    same: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for one in before:
        same[_words(one)] += 1
    rest_after: list[Asked] = []
    for one in after:
        if same[_words(one)]:
            same[_words(one)] -= 1
        else:
            rest_after.append(one)
    rest_before: list[Asked] = []
    for one in reversed(before):  # of several that say the same, the last are the ones that went
        if same[_words(one)]:
            same[_words(one)] -= 1
            rest_before.append(one)
    rest_before.reverse()
    by_id = {one.id: one for one in rest_before}
    changed = tuple((by_id[one.id], one) for one in rest_after if one.id in by_id)
    moved = {new.id for _, new in changed}
    return Difference(
        added=tuple(one for one in rest_after if one.id not in moved),
        changed=changed,
        withdrawn=tuple(one for one in rest_before if one.id not in moved),
    )


def _asked(plan: ImplementationPlan) -> tuple[Asked, ...]:
    alone = (t for t in plan.thresholds if stated_by(t, plan.adr_requirements) is None)
    named = (
        Pattern(f"{plan.adr.id}/P{n}", name) for n, name in enumerate(plan.architectural_patterns, start=1)
    )
    return (*plan.adr_requirements, *plan.constraints, *alone, *named)


def _words(one: Asked) -> tuple[str, ...]:
    """What it says, without where."""
    if isinstance(one, Threshold):
        return ("threshold", said(one))
    if isinstance(one, Pattern):
        return ("pattern", one.text)
    if isinstance(one, Constraint):
        return (one.type, one.rule, one.description, one.pattern, one.severity)
    # Words for people are cut; what stands behind the cut would be changed unseen.
    text = one.source.quote if one.text.endswith("…") else one.text
    return (one.kind, " ".join(text.split()), one.phase or "")


def said(one: Asked) -> str:
    """Its words, as a person would quote them."""
    if isinstance(one, Threshold):
        return f"{one.subject} {one.comparator} {one.value:g} {one.unit}"
    if isinstance(one, Pattern):
        return f"Pattern: {one.text}"
    return one.text if isinstance(one, Requirement) else one.description or one.rule or one.pattern


def _named(those: list[Asked] | tuple[Asked, ...]) -> str:
    named = []
    for one in those[:_MOST_NAMED]:
        words = " ".join(said(one).split())
        short = words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS].rstrip()}…"
        named.append(f"{one.id.rpartition('/')[2]} “{short}”")
    more = len(those) - _MOST_NAMED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
