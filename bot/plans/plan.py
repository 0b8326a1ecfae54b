"""The ImplementationPlan of ADR-012: what will be done, where each line of it comes from, and its digest.

The plan is extracted from one record's bytes and the repository's configuration, and from nothing else: no
clock, no chance, no network. So the same record and configuration give the same bytes, and the digest that a
maintainer approves is the digest that runs. Field names in JSON are ADR-012's own. Not here: how a record
becomes a plan (planner.py), the workflow that follows from it (bot/actions).
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

SCHEMA = "cloi.plan/1"


class _Value(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Immutable, camelCase in JSON as in ADR-012."""


class Source(_Value, frozen=True, kw_only=True, rename="camel"):
    """Where a line of the plan comes from: the exact words and their lines (from 1, both included)."""

    path: str
    line: int
    end_line: int
    quote: str


class Requirement(_Value, frozen=True, kw_only=True, rename="camel"):
    """One thing that the record asks for. id: "ADR-012/R3"; R1 is the decision itself.

    kind: decision, work-item, phase, threshold, criterion, risk, security or performance.
    phase: the record's own phase that it belongs to, if any.
    """

    id: str
    kind: str
    text: str
    source: Source
    phase: str | None = None


class Threshold(_Value, frozen=True, kw_only=True, rename="camel"):
    """A number that the record promises. comparator: <, <=, >, >= or =. "< 100 ms" is ("<", 100.0, "ms")."""

    id: str
    subject: str
    comparator: str
    value: float
    unit: str
    source: Source


class RollbackTrigger(_Value, frozen=True, kw_only=True, rename="camel"):
    """What takes the change back. kind: gate (a failed gate, check or verify run) or threshold."""

    id: str
    kind: str
    description: str
    threshold: Threshold | None = None


class Dependency(_Value, frozen=True, kw_only=True, rename="camel"):
    """Another record that this one names. relation: builds-on, depends-on or related.

    present: whether the target exists in the log; None where the log was not at hand. Only depends-on and
    builds-on give an order of work; related is a reading list.
    """

    target: str
    relation: str
    source: Source
    present: bool | None = None
    note: str | None = None


class Constraint(_Value, frozen=True, kw_only=True, rename="camel"):
    """One of `validation_metadata.constraints`, in the record's own words; "" where it has none.

    id: "ADR-012/C1". What becomes of it, and whether any program decides it, is the gate's (bot/gates).
    """

    id: str
    type: str
    rule: str
    description: str
    pattern: str
    severity: str
    source: Source


class BenchmarkStub(_Value, frozen=True, kw_only=True, rename="camel"):
    """A test that stands for a promised number until somebody measures it: skipped, with the reason.

    name: of the test, a-z, 0-9 and underscores, with the requirement's id in it, or else the threshold's.
    """

    name: str
    threshold: str
    reason: str
    requirement: str | None = None


class TestStrategy(_Value, frozen=True, kw_only=True, rename="camel"):
    """How the change is tested. command: the repository's own, as an argv; format: unittest or junit.

    report: where a junit command leaves its XML, from the repository's root; None for unittest's output.
    benchmark_stubs: one for each threshold; None where the record promises no number.
    """

    __test__ = False

    command: tuple[str, ...]
    format: str
    test_types: tuple[str, ...]
    coverage_target: int
    new_tests_fail_on_base: bool
    reason: str
    report: str | None = None
    benchmark_stubs: tuple[BenchmarkStub, ...] | None = None


class Agent(_Value, frozen=True, kw_only=True, rename="camel"):
    """Who writes the code. provider: what ADR-012's aiProvider resolved to, such as "command".

    command: an argv that the repository's configuration names; it is started without a shell.
    """

    provider: str
    name: str
    command: tuple[str, ...]
    reason: str


class Step(_Value, frozen=True, kw_only=True, rename="camel"):
    """One step of a phase. type: ai-code-generation, pattern-validation, test-generation, or as named there.

    requirements: ids that it serves. Fields that a type does not use are left out of the JSON.
    """

    id: str
    type: str
    description: str
    requirements: tuple[str, ...] = ()
    ai_provider: str | None = None
    context: tuple[str, ...] | None = None
    output_path: tuple[str, ...] | None = None
    patterns: tuple[str, ...] | None = None
    strict: bool | None = None
    test_types: tuple[str, ...] | None = None
    coverage_target: int | None = None


class Phase(_Value, frozen=True, kw_only=True, rename="camel"):
    """code-generation, validation or integration. rollback_strategy: ADR-012's name for its way back."""

    name: str
    steps: tuple[Step, ...]
    dependencies: tuple[str, ...]
    rollback_strategy: str


class Duration(_Value, frozen=True, kw_only=True, rename="camel"):
    """Expected working time of the run, in minutes, with the reason for the figure. Advice."""

    low_minutes: int
    high_minutes: int
    reason: str


class RiskFactor(_Value, frozen=True, kw_only=True, rename="camel"):
    """One reason why this may go wrong, and what is done about it."""

    name: str
    level: str
    reason: str
    mitigation: str


class RiskAssessment(_Value, frozen=True, kw_only=True, rename="camel"):
    """level: low, medium or high, the highest of its factors."""

    level: str
    factors: tuple[RiskFactor, ...]


class Limits(_Value, frozen=True, kw_only=True, rename="camel"):
    """What a patch may touch and how large it may be. Globs as in .github/cloi.yml; sizes in bytes."""

    allow: tuple[str, ...]
    max_files: int
    max_bytes: int
    timeout_minutes: int


class RecordReference(_Value, frozen=True, kw_only=True, rename="camel"):
    """The record that was planned from: path, git blob sha of its bytes, id, title, status as read."""

    path: str
    blob_sha: str
    id: str
    title: str
    status: str | None = None


class ImplementationPlan(_Value, frozen=True, kw_only=True, rename="camel"):
    """All of the plan (ADR-012, "Enhanced Technical Implementation").

    feature: slug. template: name of the selected workflow template. blocked: sentences why nothing may start;
    empty if it may. warnings: what a reader should know. complexity: low, medium or high. phase, phase_count:
    which of the record's own phases this plan is for, counted from 1; None for all of them in one.
    """

    schema: str
    workflow_id: str
    progress_tracking_id: str
    adr: RecordReference
    feature: str
    template: str
    template_reason: str
    complexity: str
    dependencies: tuple[Dependency, ...]
    test_strategy: TestStrategy
    agent: Agent
    rollback_triggers: tuple[RollbackTrigger, ...]
    thresholds: tuple[Threshold, ...]
    adr_requirements: tuple[Requirement, ...]
    target_files: tuple[str, ...]
    architectural_patterns: tuple[str, ...]
    constraints: tuple[Constraint, ...] = ()
    code_generation_steps: tuple[Step, ...]
    validation_steps: tuple[Step, ...]
    integration_steps: tuple[Step, ...]
    phases: tuple[Phase, ...]
    estimated_duration: Duration
    risk_assessment: RiskAssessment
    rollback_required: bool
    limits: Limits
    runs_on: str
    pull_requests: str
    phase: int | None = None
    phase_count: int | None = None
    blocked: tuple[str, ...]
    warnings: tuple[str, ...]
    digest: str = ""


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_without_none(v) for v in value]
    return value


def to_json(plan: ImplementationPlan) -> bytes:
    """The plan as committed beside its workflow: indented JSON, fixed key order, newline at the end."""
    data = _without_none(msgspec.to_builtins(plan))
    return msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n"


def from_json(data: bytes) -> ImplementationPlan:
    """The reverse of `to_json`. Raises msgspec.ValidationError or DecodeError on anything else."""
    return msgspec.json.decode(data, type=ImplementationPlan)


def digest_of(plan: ImplementationPlan) -> str:
    """sha256, as hex, over the plan without its digest field, keys sorted."""
    data = _without_none(msgspec.to_builtins(plan))
    data.pop("digest", None)
    return hashlib.sha256(msgspec.json.encode(data, order="sorted")).hexdigest()


def with_digest(plan: ImplementationPlan) -> ImplementationPlan:
    """The same plan with its digest filled in."""
    return msgspec.structs.replace(plan, digest=digest_of(plan))
