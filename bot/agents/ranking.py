"""Which agent is the best available: ADR-012's aiProvider "best-available", as a pure and explained choice.

What an agent did in this repository counts, and nothing else: the share of its runs that passed their gates,
drawn towards one half while there are few, then its price. Advice only: it stands beside the plan and never
inside the digest that is approved. Not here: where the history is read from (bot/engine's insights).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent that the configuration names. unavailable: why it cannot be used now, or None if it can."""

    name: str
    provider: str
    unavailable: str | None = None


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """What happened so far. runs: finished runs. passed: of those, through all gates. cost_usd: of all runs."""

    runs: int = 0
    passed: int = 0
    cost_usd: float = 0.0

    @property
    def trust(self) -> float:
        """Expected share of passing runs, 0 to 1: Laplace's rule, so that one lucky run is not a certainty."""
        return (self.passed + 1) / (self.runs + 2)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its place and the sentence that explains it."""

    candidate: Candidate
    trust: float
    reason: str


def rank(candidates: Sequence[Candidate], history: Mapping[str, TrackRecord]) -> tuple[Ranked, ...]:
    """Available candidates, best first: by trust, then mean cost, then the order of the configuration."""
    usable = [c for c in candidates if c.unavailable is None]
    known = {c.name: history.get(c.name, TrackRecord()) for c in usable}
    order = sorted(usable, key=lambda c: (-known[c.name].trust, _mean_cost(known[c.name])))
    return tuple(Ranked(c, known[c.name].trust, _reason(known[c.name])) for c in order)


def best(candidates: Sequence[Candidate], history: Mapping[str, TrackRecord]) -> Ranked:
    """The first of `rank`. Raises LookupError, with each candidate's reason, if none is available."""
    ranked = rank(candidates, history)
    if not ranked:
        reasons = "; ".join(f"{c.name}: {c.unavailable}" for c in candidates) or "none is configured"
        raise LookupError(f"no agent is available ({reasons})")
    return ranked[0]


def _mean_cost(record: TrackRecord) -> float:
    return record.cost_usd / record.runs if record.runs else 0.0


def _reason(record: TrackRecord) -> str:
    if not record.runs:
        return "has not run here yet"
    words = f"{record.passed} of {record.runs} runs passed their gates"
    return f"{words}, {_mean_cost(record):.2f} USD each" if record.cost_usd else words
