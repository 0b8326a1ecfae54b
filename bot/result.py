"""The result tree: what was asked, what came out, why, and what shows it.

Checks of records, gates and policies all answer with a Result; check runs, pages, comments and the
terminal are renderings of the same tree. Standard library only, since it also runs inside a GitHub
Actions job. Not here: how a result looks (bot/render), and what follows from it (bot/steps).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """The answer of one rule. `UNKNOWN` is an answer of its own and never counts as a pass."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    UNKNOWN = "unknown"


MOST_EVIDENCE = 100
"""Pieces that one result names where somebody else decides how many there are; its reason has the number."""

_WORST_FIRST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN, Verdict.PASS, Verdict.SKIP)


class EvidenceClass(StrEnum):
    """Who vouches for a piece of evidence (docs/architecture.md, "Everything from a runner is a claim")."""

    COMPUTED = "computed"  # by the bot itself, from the patch and the base: decides
    OBSERVED = "observed"  # through GitHub's API, written by GitHub: decides
    CLAIMED = "claimed"  # found in an artifact: detail only


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that a person can look at.

    kind: who vouches for it. text: the thing itself, short. path, line, end_line: where, if it has a place
    (lines count from 1). url: a link, if there is one.
    """

    kind: EvidenceClass
    text: str
    path: str | None = None
    line: int | None = None
    end_line: int | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One rule's answer, with the answers it rests on.

    name: stable identifier such as "gate/paths". reason: one sentence for people; required for every
    verdict, since a refusal without a reason helps nobody.
    """

    name: str
    verdict: Verdict
    reason: str
    evidence: tuple[Evidence, ...] = ()
    children: tuple[Result, ...] = ()

    @property
    def passed(self) -> bool:
        """True for PASS, WARN and SKIP. FAIL and UNKNOWN both stop."""
        return self.verdict not in (Verdict.FAIL, Verdict.UNKNOWN)

    def walk(self) -> Iterator[Result]:
        """This result and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def combine(name: str, children: tuple[Result, ...], *, passed: str, failed: str) -> Result:
    """A parent whose verdict is the worst of its children; no children at all is UNKNOWN.

    passed, failed: the parent's sentence for either outcome.
    """
    if not children:
        return Result(name, Verdict.UNKNOWN, "nothing was checked")
    verdict = next(v for v in _WORST_FIRST if any(c.verdict is v for c in children))
    ok = verdict not in (Verdict.FAIL, Verdict.UNKNOWN)
    return Result(name, verdict, passed if ok else failed, (), children)


def as_json(result: Result) -> dict[str, Any]:
    """The tree as plain JSON values, without empty fields."""
    out: dict[str, Any] = {"name": result.name, "verdict": result.verdict.value, "reason": result.reason}
    if result.evidence:
        out["evidence"] = [
            {
                k: v
                for k in ("kind", "text", "path", "line", "end_line", "url")
                if (v := getattr(e, k)) is not None
            }
            for e in result.evidence
        ]
    if result.children:
        out["children"] = [as_json(c) for c in result.children]
    return out


def from_json(data: dict[str, Any]) -> Result:
    """The reverse of `as_json`. Raises KeyError, TypeError or ValueError on anything else."""
    return Result(
        name=str(data["name"]),
        verdict=Verdict(data["verdict"]),
        reason=str(data["reason"]),
        evidence=tuple(
            Evidence(
                kind=EvidenceClass(e["kind"]),
                text=str(e["text"]),
                path=e.get("path"),
                line=e.get("line"),
                end_line=e.get("end_line"),
                url=e.get("url"),
            )
            for e in data.get("evidence", ())
        ),
        children=tuple(from_json(c) for c in data.get("children", ())),
    )
