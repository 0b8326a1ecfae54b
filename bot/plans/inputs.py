"""What the orchestrator arranges: all that was read from the record and the configuration, in one value.

ADR-012 calls it the requirements that createPlan receives (adrRequirements, codeGenerationSteps, …). It is
gathered by planner.py and only read from then on.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.plans.configuration import Configuration
from bot.plans.plan import Agent, Dependency, Requirement, TestStrategy, Threshold

# What is written as code. Criteria and thresholds are proven, risks are minded: they are context of every step.
BUILT = frozenset({"decision", "work-item", "phase", "security", "performance"})
PROVEN = frozenset({"criterion", "threshold"})


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """All parts of a plan before they are put in order. named_paths: paths of the record, allowed or not."""

    requirements: tuple[Requirement, ...]
    thresholds: tuple[Threshold, ...]
    dependencies: tuple[Dependency, ...]
    named_paths: tuple[str, ...]
    target_files: tuple[str, ...]
    patterns: tuple[str, ...]
    test_strategy: TestStrategy
    agent: Agent
    configuration: Configuration
    complexity: str

    def ids(self, kinds: frozenset[str]) -> tuple[str, ...]:
        """Ids of the requirements of these kinds, in order of the text."""
        return tuple(r.id for r in self.requirements if r.kind in kinds)
