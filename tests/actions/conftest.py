"""A plan by hand, as the planner would make it for the demo's record."""

import pytest

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
    Threshold,
    with_digest,
)

PATH = "docs/adr/0003-limit-login-attempts-with-a-token-bucket.md"
WORDS = "A token bucket for each customer: five attempts at once, then one more each minute."


def source(line: int, quote: str) -> Source:
    return Source(path=PATH, line=line, end_line=line, quote=quote)


@pytest.fixture(scope="session")
def plan() -> ImplementationPlan:
    threshold = Threshold(
        id="ADR-0003/T1",
        subject="Login check",
        comparator="<",
        value=1.0,
        unit="ms",
        source=source(44, "< 1ms"),
    )
    step = Step(
        id="code-generation/1",
        type="ai-code-generation",
        description="Generate core implementation code",
        requirements=("ADR-0003/R1",),
        ai_provider="command",
        output_path=("teashop/login_limit.py",),
    )
    return with_digest(
        ImplementationPlan(
            schema="cloi.plan/1",
            workflow_id="impl-adr-0003-7c21",
            progress_tracking_id="progress-adr-0003-7c21",
            adr=RecordReference(
                path=PATH, blob_sha="b" * 40, id="ADR-0003", title="Limit login attempts", status="accepted"
            ),
            feature="limit-login-attempts",
            template="feature-implementation",
            template_reason="the record has work items",
            complexity="low",
            dependencies=(Dependency(target="ADR-0002", relation="related", source=source(57, "ADR-0002")),),
            test_strategy=TestStrategy(
                command=("python3", "-m", "unittest", "discover", "-v", "-s", "tests"),
                format="unittest",
                test_types=("unit",),
                coverage_target=80,
                new_tests_fail_on_base=True,
                reason="as configured",
            ),
            agent=Agent(
                provider="command",
                name="scripted-agent",
                command=("python3", "tools/agent.py"),
                reason="as configured",
            ),
            rollback_triggers=(
                RollbackTrigger(
                    id="T1", kind="threshold", description="slower than 1 ms", threshold=threshold
                ),
            ),
            thresholds=(threshold,),
            adr_requirements=(
                Requirement(id="ADR-0003/R1", kind="decision", text=WORDS, source=source(28, WORDS)),
            ),
            target_files=("teashop/login_limit.py", "teashop/accounts.py"),
            architectural_patterns=("teashop/** may import only teashop",),
            code_generation_steps=(step,),
            validation_steps=(),
            integration_steps=(),
            phases=(
                Phase(
                    name="code-generation",
                    steps=(step,),
                    dependencies=(),
                    rollback_strategy="delete-generated-files",
                ),
            ),
            estimated_duration=Duration(low_minutes=1, high_minutes=5, reason="small"),
            risk_assessment=RiskAssessment(
                level="low",
                factors=(RiskFactor(name="size", level="low", reason="small", mitigation="tests"),),
            ),
            rollback_required=True,
            limits=Limits(
                allow=("teashop/**", "tests/**", "docs/**"),
                max_files=12,
                max_bytes=60_000,
                timeout_minutes=10,
            ),
            runs_on="ubuntu-24.04",
            pull_requests="one",
            blocked=(),
            warnings=(),
        )
    )
