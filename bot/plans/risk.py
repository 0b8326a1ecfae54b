"""How large the work is and what may go wrong, each judgement with its reason and what is done about it.

Stated rules over counts, no score that nobody can check. Advice from history (how often such plans failed)
stands beside the plan, outside of its digest, and is not made here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.plans.inputs import BUILT, PlanInputs
from bot.plans.plan import Dependency, Requirement, RiskAssessment, RiskFactor, Threshold

_LEVELS = ("low", "medium", "high")
MANY, VERY_MANY = 6, 16


def complexity_of(
    requirements: Sequence[Requirement], thresholds: Sequence[Threshold], dependencies: Sequence[Dependency]
) -> str:
    """low, medium or high.

    high: 16 or more things to build, or three phases with more than 8. medium: 6 or more, or any phase,
    threshold or directed dependency. Else low.
    """
    built = sum(r.kind in BUILT for r in requirements)
    phases = sum(r.kind == "phase" for r in requirements)
    if built >= VERY_MANY or (phases >= 3 and built > 8):
        return "high"
    directed = any(d.relation != "related" for d in dependencies)
    return "medium" if built >= MANY or phases or thresholds or directed else "low"


def assess(inputs: PlanInputs) -> RiskAssessment:
    """All factors that hold, and the highest of their levels; "low" with no factor at all."""
    factors = tuple(_factors(inputs))
    level = max((f.level for f in factors), key=_LEVELS.index, default="low")
    return RiskAssessment(level=level, factors=factors)


def _factors(inputs: PlanInputs) -> Iterator[RiskFactor]:
    kinds = Counter(r.kind for r in inputs.requirements)
    built = sum(kinds[k] for k in BUILT)
    if built >= MANY:
        yield RiskFactor(
            name="size",
            level="high" if built >= VERY_MANY else "medium",
            reason=f"The record asks for {built} things to build.",
            mitigation="One step for each phase of the record, and a table of what is covered on the "
            "pull request; "
            "“pull_requests: phase” gives one pull request a phase.",
        )
    elif built <= 1:
        yield RiskFactor(
            name="little-said",
            level="medium",
            reason="Beside the decision itself the record names nothing to build, so the agent has to "
            "fill in much.",
            mitigation="A person reviews the change against the decision; a list of work items in the "
            "record would help.",
        )
    if kinds["security"]:
        yield RiskFactor(
            name="security",
            level="medium",
            reason=f"The record has {kinds['security']} security item{_s(kinds['security'])}.",
            mitigation="They are in the context of every step, and a person reviews the change before "
            "it is merged.",
        )
    if inputs.thresholds:
        count = len(inputs.thresholds)
        yield RiskFactor(
            name="thresholds",
            level="medium",
            reason=f"The record promises {count} number{_s(count)} that can be missed.",
            mitigation="Each becomes a rollback trigger; a person has to say where it is measured.",
        )
    absent = [d.target for d in inputs.dependencies if d.present is False and d.relation != "related"]
    if absent:
        yield RiskFactor(
            name="absent-dependency",
            level="medium",
            reason=f"It builds on {', '.join(absent[:5])}, which this log does not have.",
            mitigation="The plan says so at its top; the author can add that record or strike the reference.",
        )
    if not inputs.named_paths:
        yield RiskFactor(
            name="no-paths",
            level="low",
            reason="The record names no file or folder.",
            mitigation="The change may touch only what “paths.allow” holds, and the patch is judged by it.",
        )
    outside = [p for p in inputs.named_paths if p not in inputs.target_files]
    if outside:
        yield RiskFactor(
            name="paths-not-allowed",
            level="medium",
            reason=f"The record names {outside[0]}{_more(len(outside))}, which no change may touch here.",
            mitigation="The patch is refused if it does; a maintainer can widen “paths.allow”.",
        )
    if any(r.kind == "risk" for r in inputs.requirements):
        yield RiskFactor(
            name="own-risks",
            level="low",
            reason=f"The record itself names {kinds['risk']} risk{_s(kinds['risk'])}.",
            mitigation="They are listed with the requirements and given to the agent.",
        )


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _more(count: int) -> str:
    return f" and {count - 1} more" if count > 1 else ""
