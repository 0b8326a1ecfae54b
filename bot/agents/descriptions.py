"""What the bot knows of each kind of agent that can write code in a workflow.

A description is data, standard library only, since it also lies in the runner's one file. The provider is what
ADR-012 calls aiProvider. Today there is one: `command`, any program of the repository's own choosing. Not
here: choosing among agents (ranking.py) and starting one (bot/runner/agent.py).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AgentDescription:
    """One kind of agent.

    secrets: names of the repository's secrets that its step gets, and nothing else gets. passes: environment
    variables that it may see beside those of the contract. max_turns, max_cost_usd: caps that it is told; the
    job's timeout is the real limit.
    """

    provider: str
    title: str
    secrets: tuple[str, ...]
    passes: tuple[str, ...]
    max_turns: int
    max_cost_usd: int


COMMAND = AgentDescription(
    provider="command",
    title="a program that the repository's configuration names",
    secrets=(),
    passes=("PATH", "HOME", "LANG", "TMPDIR"),
    max_turns=60,
    max_cost_usd=10,
)

# What a plan holds that is blocked because no agent is configured: its workflow can be read, and refuses to run.
NONE = AgentDescription(
    provider="none", title="no agent is configured", secrets=(), passes=(), max_turns=0, max_cost_usd=0
)

DESCRIPTIONS = {d.provider: d for d in (COMMAND, NONE)}


def description(provider: str) -> AgentDescription:
    """The description of a provider. Raises ValueError, with the known ones, for any other."""
    try:
        return DESCRIPTIONS[provider]
    except KeyError:
        known = ", ".join(sorted(DESCRIPTIONS))
        raise ValueError(f"no agent is called {provider!r}; known are: {known}") from None
