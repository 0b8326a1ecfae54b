"""gate/constraints: what the record's own front matter demands of the code, as far as a program can decide it.

`validation_metadata.constraints` names a type, a rule, a description, a pattern and a severity. Two types are
decided, each only where the record's own words say whether what the pattern names is demanded or forbidden:

    file-structure   a path glob: at least one such file must be there after the change, or none may be added
    import-pattern   a regular expression that no line which the change adds to a program may hold

Everything else is named as *not checked*, which never counts as passed: another type, words without a
direction, a pattern that cannot be matched in bounded time (linear.py). A violation fails the gate where the
severity is an error, and warns elsewhere. Commands and scripts of a record are never run. Not here: reading
the front matter (bot/plans/metadata.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.gates.globs import matches
from bot.gates.linear import Budget, Linear, TooMuch, Unsupported
from bot.gates.patch import Kind, Patch
from bot.result import MOST_EVIDENCE, Evidence, EvidenceClass, Result, Verdict

NAME = "gate/constraints"
MOST_STEPS = 4_000_000
"""Of all patterns of one judgement together: some seconds. A count is the same on every machine."""

FILE_STRUCTURE, IMPORT_PATTERN = "file-structure", "import-pattern"
_DOCUMENTS = (".md", ".markdown", ".rst", ".adoc", ".asciidoc", ".txt")
_ERRORS = frozenset({"", "error", "critical", "blocker", "high", "fatal"})
_NO_GLOB = frozenset("\\^$|()[]{}+")
_WILD = re.compile(r"[*?]")
_FORBIDS = re.compile(
    r"^(?:no|never|avoid|forbid|prohibit|disallow|ban|do not|don't|without)\b"
    r"|\b(?:must|shall|should|may|can|will) (?:not|never|no longer)\b|\bcannot\b|\b(?:must|should)n't\b"
    r"|\b(?:is|are) (?:forbidden|prohibited|banned|not allowed)\b"
)
_DEMANDS = re.compile(
    r"^(?:require|always|ensure)\b|\b(?:must|shall|should|requires?|has to|have to|needs? to)\b"
)
_TWISTS = re.compile(
    r"\b(?:without|except|unless|until|lack\w*|miss\w*|other than|instead|rather|only|but|if)\b"
)
_NEGATIONS = re.compile(
    r"\b(?:no|not|never|nor|none|avoid\w*|prevent\w*|remov\w*|free of|replac\w*|deprecat\w*)\b"
)

Direction = Literal["demands", "forbids"]


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint of a record, all words as they stand there."""

    id: str
    type: str
    rule: str
    description: str
    pattern: str
    severity: str

    @property
    def kind(self) -> str:
        """The type as we name it: letter case and underscores do not count."""
        return self.type.strip().casefold().replace("_", "-").replace(" ", "-")

    @property
    def stops(self) -> bool:
        """Whether a violation fails the gate; one without a severity does."""
        return self.severity.strip().casefold() in _ERRORS

    @property
    def direction(self) -> Direction | None:
        """What the words say of the pattern; None where they say nothing, or two things."""
        said = {
            d
            for d in (_direction(self.rule.replace("-", " ").replace("_", " ")), _direction(self.description))
            if d
        }
        return said.pop() if len(said) == 1 else None


def constraints_of(plan: Mapping[str, Any]) -> tuple[Constraint, ...]:
    """Those of a plan read from JSON; plans made before there were any have none. Raises KeyError, TypeError."""
    fields = ("id", "type", "rule", "description", "pattern", "severity")
    return tuple(Constraint(*(str(c[f]) for f in fields)) for c in plan.get("constraints", ()))


def not_checked(constraint: Constraint) -> str | None:
    """Why no program decides this constraint; None if one does."""
    if constraint.kind not in (FILE_STRUCTURE, IMPORT_PATTERN):
        return f"constraints of the type “{_short(constraint.type)}” are for people to judge"
    if not constraint.pattern:
        return "it names no pattern"
    if constraint.direction is None:
        return "its words do not say whether what the pattern names is demanded or forbidden"
    if constraint.kind == FILE_STRUCTURE:
        return "its pattern is no path glob" if _NO_GLOB & set(constraint.pattern) else None
    if constraint.direction == "demands":
        return "it demands imports and does not say of which files"
    try:
        Linear(constraint.pattern)
    except Unsupported as error:
        return f"its pattern cannot be matched in bounded time: {error}"
    return None


def outlook(constraint: Constraint) -> str:
    """What the gate will make of a constraint, as half a sentence."""
    why = not_checked(constraint)
    if why is not None:
        return f"not checked: {why}"
    end = "fails the gate" if constraint.stops else "is a warning"
    if constraint.kind == IMPORT_PATTERN:
        return f"an added line of a program that matches it {end}"
    if constraint.direction == "forbids":
        return f"an added file that matches it {end}"
    return f"a change after which no file matches it {end}"


def judge_constraints(
    patch: Patch, constraints: Sequence[Constraint], listed: Collection[str], *, steps: int = MOST_STEPS
) -> Result:
    """The verdict over all of them. listed: every path of the base, so that what is demanded can be looked for.
    steps: of all patterns together.

    The patch alone is judged: what the base holds already is not the change's doing.
    """
    if not constraints:
        return Result(NAME, Verdict.SKIP, "the record names no constraints")
    budget = Budget(steps)
    gone = {c.path for c in patch.files if c.kind is Kind.DELETE}
    after = (set(listed) | {c.path for c in patch.files}) - gone
    children = tuple(_judged(c, patch, after, budget) for c in constraints)
    open_ones = sum(not_checked(c) is not None for c in constraints)
    broken = sum(not c.passed for c in children)
    kept = sum(c.verdict is Verdict.PASS for c in children)
    verdict = next(
        v
        for v in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN, Verdict.PASS)
        if any(c.verdict is v for c in children)
    )
    if broken:
        words = f"the change breaks {broken} of the record's {len(constraints)} constraints, or may do so"
    else:
        words = f"{kept} of the record's {len(constraints)} constraints hold"
    if open_ones:
        words += f"; {open_ones} not checked"
    return Result(NAME, verdict, words, (), children)


def _judged(constraint: Constraint, patch: Patch, after: Collection[str], budget: Budget) -> Result:
    name = f"gate/constraint/{constraint.id}"
    what = _short(constraint.description or constraint.rule or constraint.type)
    why = not_checked(constraint)
    if why is not None:
        return Result(name, Verdict.WARN, f"not checked, {why}: {what}")
    try:
        if constraint.kind == IMPORT_PATTERN:
            found = list(_imports(constraint, patch, budget))
        elif constraint.direction == "forbids":
            found = list(_places(constraint, patch, budget))
        else:
            there = any(_fitting(after, constraint.pattern, budget))
            found = [] if there else [_evidence("no file fits it after the change", constraint.pattern)]
    except TooMuch:
        words = f"not known to hold, its pattern took more steps over this change than are taken: {what}"
        return Result(name, Verdict.UNKNOWN if constraint.stops else Verdict.WARN, words)
    if not found:
        return Result(name, Verdict.PASS, f"holds: {what}")
    verdict = Verdict.FAIL if constraint.stops else Verdict.WARN
    places = "" if len(found) == 1 else f" ({len(found)} places)"
    return Result(name, verdict, f"does not hold{places}: {what}", tuple(found[:MOST_EVIDENCE]))


def _imports(constraint: Constraint, patch: Patch, budget: Budget) -> Iterator[Evidence]:
    pattern = Linear(constraint.pattern)
    for change in patch.files:
        if change.path.casefold().endswith(_DOCUMENTS):
            continue  # a document may speak of what the code must not do
        for number, text in change.added():
            # A program may end a line where a diff does not: at a bare carriage return, for one.
            if any(pattern.finds(line, budget) for line in text.splitlines() or [""]):
                yield _evidence("this line holds what the constraint forbids", change.path, number)


def _places(constraint: Constraint, patch: Patch, budget: Budget) -> Iterator[Evidence]:
    new = [change.path for change in patch.files if change.kind is Kind.ADD]
    for path in _fitting(new, constraint.pattern, budget):
        yield _evidence("no such file may be added", path)


def _fitting(paths: Iterable[str], pattern: str, budget: Budget) -> Iterator[str]:
    """The paths that a glob matches. A repository has 100,000 of them, so most are passed over by how they begin
    and end, and the others are paid for. Raises TooMuch."""
    start = _WILD.split(pattern, maxsplit=1)[0]
    name = pattern.rpartition("/")[2]
    end = _WILD.split(name)[-1] if _WILD.search(name) or "/" in pattern else ""
    for path in paths:
        if path.startswith(start) and path.endswith(end):
            budget.spend(4 + len(pattern) * len(path) // 16)
            if matches(path, pattern):
                yield path


def _direction(words: str) -> Direction | None:
    text = " ".join(words.casefold().split())[:500]
    if _TWISTS.search(text):
        return None  # "not without", "only if": for people to read
    if _FORBIDS.search(text):
        return "forbids"
    return "demands" if _DEMANDS.search(text) and not _NEGATIONS.search(text) else None


def _evidence(text: str, path: str, line: int | None = None) -> Evidence:
    return Evidence(EvidenceClass.COMPUTED, text, path, line)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:199] + "…"
