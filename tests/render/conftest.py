"""An implementation's definition, and instances folded from real events: what the renderings are shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.engine import events as e
from bot.engine.definition import WorkflowDefinition, parse
from bot.engine.instance import WorkflowInstance, fold
from bot.plans.plan import (
    Agent,
    Dependency,
    Duration,
    ImplementationPlan,
    Limits,
    Phase,
    RecordReference,
    Requirement,
    RiskAssessment,
    RiskFactor,
    RollbackTrigger,
    Source,
    Step,
    TestStrategy,
    with_digest,
)
from bot.render.view import View, view_of

BEGIN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

DEFINITION = """
workflow:
  name: implement-adr
  version: "1.0"
  steps:
    - {name: read-record, type: read-record, phase: plan}
    - {name: make-plan, type: plan, phase: plan, depends_on: [read-record]}
    - {name: open-workflow-pr, type: pull, phase: approval, depends_on: [make-plan]}
    - {name: await-approval, type: await-merge, phase: approval, depends_on: [open-workflow-pr]}
    - {name: dispatch, type: dispatch, phase: code-generation, depends_on: [await-approval]}
    - {name: await-run, type: await-run, phase: code-generation, depends_on: [dispatch]}
    - {name: judge, type: judge, phase: validation, depends_on: [await-run]}
    - {name: open-pr, type: pull, phase: integration, depends_on: [judge]}
    - {name: await-merge, type: await-merge, phase: integration, depends_on: [open-pr]}
    - {name: keep-comment, type: comment}
"""


class Tale:
    """Builds what happened, event by event; every event comes 90 seconds after the one before."""

    definition: WorkflowDefinition = parse(DEFINITION)

    def done(self, step: str, *, undoable: bool = False, **result: object) -> tuple[e.Body, ...]:
        """A step that began and ended well."""
        return (self.began(step, undoable=undoable), e.StepCompleted(step=step, result=result))

    def began(self, step: str, *, undoable: bool = False) -> e.Body:
        return e.StepStarted(step=step, attempt=1, key="k", undoable=undoable)

    def events(self, *bodies: e.Body) -> list[e.Event]:
        started = e.WorkflowStarted(
            definition="implement-adr", version="1.0", digest="d" * 64, key="maria/shop ADR-003", context={}
        )
        return [
            e.Event(
                stream="wf-7f3a",
                version=i,
                at=e.stamp(BEGIN + timedelta(seconds=90 * (i - 1))),
                actor="@maria" if i == 1 else "cloi",
                cause="delivery-1",
                correlation="c-1",
                body=body,
            )
            for i, body in enumerate((started, *bodies), start=1)
        ]

    def instance(self, *bodies: e.Body) -> WorkflowInstance:
        instance = fold(self.events(*bodies))
        assert instance is not None
        return instance

    def view(self, instance: WorkflowInstance, **given: Any) -> View:
        facts: dict[str, Any] = {
            "title": "ADR-003: Keep orders in a bounded queue",
            "record_path": "docs/adr/ADR-003-bounded-queue.md",
            "record_url": "https://github.example/maria/shop/blob/main/docs/adr/ADR-003-bounded-queue.md",
            "issue_url": "https://github.example/maria/shop/issues/7",
            "requester": "maria",
            "now": BEGIN,
        }
        return view_of(instance, given.pop("definition", self.definition), **{**facts, **given})


@pytest.fixture(scope="session")
def tale() -> Tale:
    return Tale()


@pytest.fixture(scope="session")
def plan() -> ImplementationPlan:
    """A plan as the planner makes it, for a small record."""
    return PLAN


def _source(line: int, quote: str) -> Source:
    return Source(path="docs/adr/ADR-003-bounded-queue.md", line=line, end_line=line, quote=quote)


_STEP = Step(
    id="S1",
    type="ai-code-generation",
    description="Generate core implementation code",
    requirements=("ADR-003/R1", "ADR-003/R2"),
)

PLAN = with_digest(
    ImplementationPlan(
        schema="cloi.plan/1",
        workflow_id="adr-003-1a2b",
        progress_tracking_id="track-1a2b",
        adr=RecordReference(
            path="docs/adr/ADR-003-bounded-queue.md",
            blob_sha="b" * 40,
            id="ADR-003",
            title="Keep orders in a bounded queue",
            status="accepted",
        ),
        feature="bounded-queue",
        template="feature",
        template_reason="the record names new code",
        complexity="low",
        dependencies=(
            Dependency(
                target="ADR-001", relation="builds-on", source=_source(30, "Builds on ADR-001"), present=False
            ),
        ),
        test_strategy=TestStrategy(
            command=("python", "-m", "unittest"),
            format="unittest",
            test_types=("unit",),
            coverage_target=80,
            new_tests_fail_on_base=True,
            reason="the repository uses unittest",
        ),
        agent=Agent(
            provider="command",
            name="scripted",
            command=("python3", "tools/agent.py"),
            reason="named in cloi.yml",
        ),
        rollback_triggers=(
            RollbackTrigger(id="T1", kind="gate", description="a required check fails on the merge commit"),
        ),
        thresholds=(),
        adr_requirements=(
            Requirement(
                id="ADR-003/R1",
                kind="decision",
                text="Orders wait in a queue with at most 100 places",
                source=_source(12, "at most 100 places"),
            ),
            Requirement(
                id="ADR-003/R2",
                kind="criterion",
                text="A full queue answers `busy` | never blocks",
                source=_source(18, "answers busy"),
            ),
        ),
        target_files=("shop/queue.py",),
        architectural_patterns=(),
        code_generation_steps=(_STEP,),
        validation_steps=(),
        integration_steps=(),
        phases=(
            Phase(
                name="code-generation",
                steps=(_STEP,),
                dependencies=(),
                rollback_strategy="delete-generated-files",
            ),
        ),
        estimated_duration=Duration(low_minutes=2, high_minutes=6, reason="two requirements."),
        risk_assessment=RiskAssessment(
            level="low",
            factors=(RiskFactor(name="size", level="low", reason="One file.", mitigation="tests first."),),
        ),
        rollback_required=True,
        limits=Limits(allow=("shop/**", "tests/**"), max_files=20, max_bytes=100_000, timeout_minutes=20),
        runs_on="ubuntu-24.04",
        pull_requests="one",
        blocked=(),
        warnings=("ADR-001 is not in this repository",),
    )
)
