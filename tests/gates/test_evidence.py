"""Stories of the gate over a run: computed and observed decide, a claim can only make it worse."""

from typing import Any

import pytest

from bot.gates.evidence import causes, judge_run
from bot.result import EvidenceClass, Result, Verdict

GOOD = Result("gate/patch", Verdict.PASS, "fine")
BAD = Result("gate/patch", Verdict.FAIL, "not fine")
JOBS = {"implement": "success", "validate": "success", "integrate": "success", "report": "success"}
EXPECTED = {"workflowId": "w", "attempt": "1", "baseSha": "c" * 40}
CLAIM: dict[str, Any] = {
    "schema": "cloi.result/1",
    "mode": "implement",
    "workflowId": "w",
    "attempt": "1",
    "baseSha": "c" * 40,
    "jobs": {"implement": "success", "validate": "success", "integrate": "success"},
    "gates": [{"name": "gate/tests", "verdict": "pass"}],
    "execution": {"status": "finished"},
    "agent": {"name": "scripted"},
}


def test_a_run_passes_when_all_three_agree() -> None:
    result = judge_run(GOOD, JOBS, CLAIM, expected=EXPECTED)
    assert result.verdict is Verdict.PASS
    kinds = {r.name: {e.kind for e in r.evidence} for r in result.walk() if r.evidence}
    assert kinds["gate/job/implement"] == {EvidenceClass.OBSERVED}
    assert kinds["gate/claims"] == {EvidenceClass.CLAIMED}


def test_a_claim_never_mends_what_was_computed_or_observed() -> None:
    assert not judge_run(BAD, JOBS, CLAIM, expected=EXPECTED).passed
    assert not judge_run(None, JOBS, CLAIM, expected=EXPECTED).passed
    for job in JOBS:
        for conclusion in ("failure", "cancelled", "skipped", "neutral", "timed_out"):
            assert not judge_run(GOOD, {**JOBS, job: conclusion}, CLAIM, expected=EXPECTED).passed
        assert not judge_run(GOOD, {k: v for k, v in JOBS.items() if k != job}, CLAIM).passed


CONTRADICTIONS: list[dict[str, Any] | None] = [
    None,
    {},
    {**CLAIM, "schema": "other"},
    {**CLAIM, "jobs": {**CLAIM["jobs"], "validate": "failure"}},
    {**CLAIM, "jobs": "all fine"},
    {**CLAIM, "attempt": "2"},
    {**CLAIM, "baseSha": "d" * 40},
    {**CLAIM, "mode": "verify"},
    {**CLAIM, "gates": []},
    {**CLAIM, "gates": [{"name": "gate/tests", "verdict": "fail"}]},
    {**CLAIM, "gates": ["pass"]},
    {**CLAIM, "execution": {"status": "started"}},
    {k: v for k, v in CLAIM.items() if k != "execution"},
]


@pytest.mark.parametrize("claim", CONTRADICTIONS)
def test_a_claim_that_is_missing_or_disagrees_fails_the_gate(claim: dict[str, Any] | None) -> None:
    result = judge_run(GOOD, JOBS, claim, expected=EXPECTED)
    assert not result.passed
    assert next(r for r in result.walk() if r.name == "gate/claims").verdict is Verdict.FAIL


def test_a_verify_run_has_no_patch_and_skips_the_agent() -> None:
    jobs = {"implement": "skipped", "validate": "success", "integrate": "skipped", "report": "success"}
    claim = {**CLAIM, "mode": "verify", "jobs": {k: v for k, v in jobs.items() if k != "report"}}
    claim.pop("execution")
    assert judge_run(None, jobs, claim, mode="verify", expected=EXPECTED).passed
    assert not judge_run(None, {**jobs, "validate": "failure"}, claim, mode="verify").passed


def test_a_gate_that_failed_in_a_job_that_failed_is_no_contradiction() -> None:
    jobs = {"implement": "skipped", "validate": "failure", "integrate": "skipped", "report": "success"}
    said = {"implement": "skipped", "validate": "failure", "integrate": "skipped"}
    gates = [{"name": "gate/verify", "job": "validate", "verdict": "fail"}]
    claimed = {"schema": "cloi.result/1", "mode": "verify", "jobs": said, "gates": gates}
    verdict = judge_run(None, jobs, claimed, mode="verify")
    assert not verdict.passed
    assert [r.name for r in verdict.walk() if not r.children and not r.passed] == ["gate/job/validate"]


def test_what_only_follows_from_a_job_that_failed_is_not_named_as_a_cause() -> None:
    jobs = {"implement": "failure", "validate": "skipped", "integrate": "skipped", "report": "success"}
    gates = [
        {"name": "gate/tests", "job": "validate", "verdict": "unknown", "reason": "left no evidence"},
        {"name": "gate/new-tests", "job": "integrate", "verdict": "unknown", "reason": "left no evidence"},
    ]
    said = {k: v for k, v in jobs.items() if k != "report"}
    claimed = {**CLAIM, "jobs": said, "gates": gates, "execution": {"status": "not_started"}}
    no_patch = Result("gate/patch", Verdict.FAIL, "the run left no artifact cloi-patch")
    verdict = judge_run(no_patch, jobs, claimed, expected=EXPECTED)
    assert not verdict.passed
    assert [r.reason for r in causes(verdict, jobs)] == [
        "the job implement ended with failure, not with success"
    ]
    # Told all the same, each by its name, in the whole answer.
    failed = {r.name for r in verdict.walk() if not r.passed and not r.children}
    assert failed == {"gate/patch", "gate/job/implement", "gate/job/validate", "gate/job/integrate"}


def test_where_no_job_failed_every_reason_is_a_cause() -> None:
    jobs = {**JOBS, "integrate": "skipped"}
    verdict = judge_run(BAD, jobs, CLAIM, expected=EXPECTED)
    assert [r.name for r in causes(verdict, jobs)] == ["gate/patch", "gate/job/integrate", "gate/claims"]


def test_a_gate_that_is_said_to_have_failed_is_named_in_words() -> None:
    gate = {"name": "gate/tests", "job": "validate", "verdict": "fail", "reason": "2 tests fail"}
    verdict = judge_run(GOOD, JOBS, {**CLAIM, "gates": [gate]}, expected=EXPECTED)
    claims = next(r for r in verdict.walk() if r.name == "gate/claims")
    assert [e.text for e in claims.evidence] == [
        "a gate is said to have failed: gate/tests in the job validate: fail, 2 tests fail"
    ]
