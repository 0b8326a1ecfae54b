"""ADR-012's Implementation Orchestrator: what is to be done, arranged in phases with a way back for each.

Three phases, as ADR-012 has them: code-generation, validation, integration. The record's own phases become
further steps of code-generation, in their order, in one pull request by default. Every step names the
requirements that it serves. Not here: reading the record (planner.py), running a step (bot/steps).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.plans import risk
from bot.plans.inputs import BUILT, PROVEN, PlanInputs
from bot.plans.plan import Duration, Phase, Requirement, RiskAssessment, Step

CODE_GENERATION = "code-generation"
VALIDATION = "validation"
INTEGRATION = "integration"


@dataclass(frozen=True, slots=True)
class OrchestrationPlan:
    """What createPlan of ADR-012 returns."""

    phases: tuple[Phase, ...]
    estimated_duration: Duration
    risk_assessment: RiskAssessment


class ImplementationOrchestrator:
    """Pure: the same inputs give the same plan."""

    def create_plan(self, inputs: PlanInputs) -> OrchestrationPlan:
        """The three phases with their steps, the estimate and the risks."""
        generation = self.generate_code_generation_steps(inputs)
        validation = self.generate_validation_steps(inputs)
        integration = self.generate_integration_steps(inputs)
        phases = (
            Phase(
                name=CODE_GENERATION,
                steps=generation,
                dependencies=(),
                rollback_strategy="delete-generated-files",
            ),
            Phase(
                name=VALIDATION,
                steps=validation,
                dependencies=(CODE_GENERATION,),
                rollback_strategy="restore-previous-state",
            ),
            Phase(
                name=INTEGRATION,
                steps=integration,
                dependencies=(VALIDATION,),
                rollback_strategy="full-system-rollback",
            ),
        )
        return OrchestrationPlan(
            phases,
            self.calculate_estimated_duration(inputs, generation),
            self.assess_implementation_risk(inputs),
        )

    def generate_code_generation_steps(self, inputs: PlanInputs) -> tuple[Step, ...]:
        """A step for what belongs to no phase, one for each phase; then patterns and tests."""
        return (
            *_generation(inputs),
            Step(
                id="validate-patterns",
                type="pattern-validation",
                description="Validate that the code follows the architectural patterns of the record.",
                patterns=inputs.patterns,
                strict=True,
            ),
            Step(
                id="generate-tests",
                type="test-generation",
                description="Generate tests for the requirements, the criteria and the thresholds.",
                requirements=inputs.ids(BUILT | PROVEN),
                test_types=inputs.test_strategy.test_types,
                coverage_target=inputs.test_strategy.coverage_target,
            ),
        )

    def generate_validation_steps(self, inputs: PlanInputs) -> tuple[Step, ...]:
        """What decides over the patch, before anybody sees a pull request."""
        return (
            Step(
                id="judge-patch",
                type="patch-judgement",
                description="Judge the patch: paths, size, secrets, weakened tests.",
                output_path=inputs.target_files,
            ),
            Step(
                id="run-tests",
                type="test-run",
                description="Run the repository's tests on the change; every test of the base must appear.",
                test_types=inputs.test_strategy.test_types,
            ),
            Step(
                id="new-tests-fail-on-base",
                type="new-tests-fail-on-base",
                description="Run the new tests on the base without the change: at least one of them "
                "must fail there.",
            ),
            Step(
                id="measure-coverage",
                type="coverage",
                description="Compare the coverage of the changed lines with the target.",
                coverage_target=inputs.test_strategy.coverage_target,
            ),
        )

    def generate_integration_steps(self, inputs: PlanInputs) -> tuple[Step, ...]:
        """From the pull request to the default branch, and the look back after the merge."""
        return (
            Step(
                id="open-pull-request",
                type="implementation-pull-request",
                description="Open the implementation's pull request, with the table of requirements.",
                requirements=inputs.ids(BUILT),
            ),
            Step(
                id="await-checks",
                type="required-checks",
                description="Wait for the repository's own required checks and for a person's merge.",
            ),
            Step(
                id="verify-after-merge",
                type="conformance",
                description="After the merge, run the gates again on the default branch and watch the "
                "required checks.",
                requirements=inputs.ids(PROVEN),
            ),
        )

    def calculate_estimated_duration(self, inputs: PlanInputs, generation: tuple[Step, ...]) -> Duration:
        """Minutes of the run: a stated sum, capped by the timeout of its jobs; without people's time."""
        agents = sum(step.type == "ai-code-generation" for step in generation)
        built = len(inputs.ids(BUILT))
        cap = 3 * inputs.configuration.timeout_minutes
        low, high = 4 + 2 * agents, 12 + 5 * agents + 2 * built
        each = f"each of {built} things" if built > 1 else "the one thing"
        more = f"up to 2 more for {each} to build, " if built else ""
        return Duration(
            low_minutes=min(low, cap),
            high_minutes=min(high, cap),
            reason=f"{agents} generation step{'s' if agents != 1 else ''} of 2 to 5 minutes, "
            f"{more}and 4 to 12 for validation; at most {cap}, three jobs of "
            f"{inputs.configuration.timeout_minutes} minutes. People's reviews come on top.",
        )

    def assess_implementation_risk(self, inputs: PlanInputs) -> RiskAssessment:
        """The risk factors that hold (risk.py)."""
        return risk.assess(inputs)


def _generation(inputs: PlanInputs) -> Iterator[Step]:
    built = [r for r in inputs.requirements if r.kind in BUILT]
    phases = [r for r in built if r.kind == "phase"]
    names = {_key(phase.text) for phase in phases}
    loose = [r for r in built if r.kind != "phase" and _key(r.phase or "") not in names]
    if loose or not phases:
        yield _step(inputs, "generate-core", "Generate the core implementation.", loose)
    for number, phase in enumerate(phases, 1):
        own = [r for r in built if r.kind != "phase" and _key(r.phase or "") == _key(phase.text)]
        yield _step(
            inputs,
            f"generate-phase-{number}",
            f"Generate the record's own phase: {phase.text}",
            [phase, *own],
        )


def _step(inputs: PlanInputs, name: str, description: str, requirements: list[Requirement]) -> Step:
    return Step(
        id=name,
        type="ai-code-generation",
        description=description,
        requirements=tuple(r.id for r in requirements),
        ai_provider=inputs.agent.provider,
        context=tuple(f"{r.id}: {r.text}" for r in requirements),
        output_path=inputs.target_files,
    )


def _key(phase: str) -> str:
    return " ".join(phase.strip(" :").casefold().split())
