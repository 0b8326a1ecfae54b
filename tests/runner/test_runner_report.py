"""Stories of `cloi report`: what the jobs left, escaped for people and exact for the App."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.gates.evidence import judge_run
from bot.result import Result, Verdict, as_json
from bot.runner.job import Job, Refusal, say, write_json
from bot.runner.report import report

Make = Callable[..., Any]
GREEN = {"IMPLEMENT": "success", "VALIDATE": "success", "INTEGRATE": "success"}
VERIFIED = {"IMPLEMENT": "skipped", "VALIDATE": "success", "INTEGRATE": "skipped"}
EVIDENCE = (("validate", "patch"), ("validate", "tests"), ("integrate", "patch"), ("integrate", "new-tests"))


def left(here: Any, *, status: str = "finished", reason: str = "fine", agent: str = "a") -> None:
    """What the other jobs of a good run leave."""
    artifacts = here.job.work / "artifacts"
    write_json(
        artifacts / "cloi-patch" / "execution.json",
        {
            "status": status,
            "agent": {"name": agent, "version": "3", "provider": "command"},
            "tokens": 7,
            "costUsd": 0.5,
            "patchSha256": "f" * 64,
            "steps": [{"task": "implementation", "seconds": 1.5}],
        },
    )
    for job, name in EVIDENCE:
        result = as_json(Result(f"gate/{name}", Verdict.PASS, reason))
        write_json(
            artifacts / f"cloi-evidence-{job}" / f"{name}.json", {"result": result, "seconds": {"base": 2.0}}
        )


def in_mode(here: Any, mode: str, **env: str) -> Job:
    summary = here.job.work / "summary.md"
    more = {"MODE": mode, "ATTEMPT": "2", "GITHUB_RUN_ID": "9", "GITHUB_STEP_SUMMARY": str(summary), **env}
    return Job(here.checkout, here.job.work, {**here.job.env, **more})


def result_of(here: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((here.job.work / "result" / "result.json").read_text())
    return data


def test_the_result_says_all_that_the_app_asks_for_and_agrees_with_it(place: Make) -> None:
    here = place()
    left(here)
    report(in_mode(here, "implement", **GREEN))
    result = result_of(here)
    assert result["phases"] == {"code-generation": 1.5, "validation": 4.0, "integration": 4.0}
    assert (result["tokens"], result["costUsd"], result["agent"]["version"]) == (7, 0.5, "3")
    jobs = {"implement": "success", "validate": "success", "integrate": "success", "report": "success"}
    expected = {
        "workflowId": here.plan["workflowId"],
        "planDigest": here.plan["digest"],
        "attempt": "2",
        "baseSha": here.job.base,
        "patchSha256": "f" * 64,
    }
    judged = judge_run(Result("gate/patch", Verdict.PASS, "fine"), jobs, result, expected=expected)
    assert judged.passed, judged


def test_hostile_words_stay_words_on_the_page(place: Make) -> None:
    here = place()
    hostile = "<img src=x onerror=alert(1)> | [a](javascript:b) `c` **d** @ada #1 <!-- -->\n## e"
    left(here, reason=hostile, agent=hostile)
    report(in_mode(here, "implement", **GREEN))
    page = (here.job.work / "summary.md").read_text()
    words = page.replace("| ", "").replace(" |", "").replace("&#", "").replace("## CLOI", "")
    assert not set(words) & set("<>`*[]@#")
    assert "onerror" in page  # shown, and harmless


def test_a_line_of_evidence_gives_no_command_to_the_runner(capsys: pytest.CaptureFixture[str]) -> None:
    say("x\n::add-mask::y\r##[error]z\x1b[31m ::stop-commands::t")
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "::" not in out and "##[" not in out and "\x1b" not in out


@pytest.mark.parametrize("missing", EVIDENCE)
def test_evidence_that_is_missing_makes_a_green_run_fail(place: Make, missing: tuple[str, str]) -> None:
    here = place()
    left(here)
    (here.job.work / "artifacts" / f"cloi-evidence-{missing[0]}" / f"{missing[1]}.json").unlink()
    with pytest.raises(Refusal, match="look green"):
        report(in_mode(here, "implement", **GREEN))
    assert "unknown" in {g["verdict"] for g in result_of(here)["gates"]}


def test_an_agent_that_did_not_finish_makes_a_green_run_fail(place: Make) -> None:
    here = place()
    left(here, status="started")
    with pytest.raises(Refusal, match="did not finish"):
        report(in_mode(here, "implement", **GREEN))


def test_a_run_that_failed_already_is_only_reported(place: Make) -> None:
    here = place()
    report(in_mode(here, "implement", **{**GREEN, "IMPLEMENT": "failure", "VALIDATE": "skipped"}))
    assert result_of(here)["execution"]["status"] == "not_started"


@pytest.mark.parametrize("folder", ["cloi-evidence-validate", ""], ids=["in a folder", "a single artifact"])
def test_a_daily_run_has_no_inputs_and_reports_what_it_verified(place: Make, folder: str) -> None:
    here = place()
    result = as_json(Result("gate/verify", Verdict.SKIP, "not in force"))
    write_json(here.job.work / "artifacts" / Path(folder) / "verify.json", {"result": result})
    report(in_mode(here, "", ATTEMPT="", GITHUB_EVENT_NAME="schedule", **VERIFIED))
    assert result_of(here)["mode"] == "verify"
    assert result_of(here)["gates"][0]["verdict"] == "skip"


@pytest.mark.parametrize(
    "broken", [b"", b"[]", b"{", b'{"result": 3}', b'{"result": {"verdict": "fine"}}', b"\xff"]
)
def test_evidence_that_is_no_evidence_is_no_pass(place: Make, broken: bytes) -> None:
    here = place()
    left(here)
    (here.job.work / "artifacts" / "cloi-evidence-validate" / "tests.json").write_bytes(broken)
    with pytest.raises(Refusal):
        report(in_mode(here, "implement", **GREEN))


def test_inputs_of_another_form_are_not_reported(place: Make) -> None:
    here = place()
    with pytest.raises(Refusal, match="PLAN_ID"):
        report(in_mode(here, "implement", GITHUB_EVENT_NAME="workflow_dispatch", **GREEN))
