"""The gate over a finished run: what decides, what is detail, and when they disagree.

Three classes of evidence, and the result says which is which: *computed* by the App from patch and base
(rules.py), *observed* through GitHub's API (conclusions of jobs, which GitHub writes and the job cannot), and
*claimed* in result.json, which came from a machine where agent-written code ran. Computed and observed decide.
A claim can only make things worse: if it is missing, unreadable, or says something else than was observed,
the gate fails, since then something is wrong that nobody has understood. Not here: fetching any of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.result import MOST_EVIDENCE, Evidence, EvidenceClass, Result, Verdict, combine

RESULT_SCHEMA = "cloi.result/1"

# What GitHub must have written of each job: rule 31, a green run means that the agent ran and the gates passed.
EXPECTED = {
    "implement": {"implement": "success", "validate": "success", "integrate": "success", "report": "success"},
    "verify": {"implement": "skipped", "validate": "success", "integrate": "skipped", "report": "success"},
}
# Facts in result.json that the App knows for itself and compares.
IDENTITY = ("workflowId", "attempt", "mode", "baseSha", "planDigest", "patchSha256")


def judge_run(
    patch: Result | None,
    jobs: Mapping[str, str],
    claimed: Mapping[str, Any] | None,
    *,
    mode: str = "implement",
    expected: Mapping[str, str] | None = None,
) -> Result:
    """The verdict "gate/run".

    patch: judge_patch's answer; None where no patch belongs to the run (mode verify). jobs: job name to the
    conclusion that GitHub reports. claimed: result.json as parsed, None if it is not there. expected: what the
    App knows of this run, any of IDENTITY; each is compared with the claim. Raises KeyError on another mode.
    """
    wanted = EXPECTED[mode]
    children = [_observed(jobs, wanted), _claims(jobs, claimed, mode, dict(expected or {}))]
    if patch is not None:
        children.insert(0, patch)
    elif mode == "implement":
        children.insert(
            0, Result("gate/patch", Verdict.FAIL, "the run brought no patch that could be judged")
        )
    return combine(
        "gate/run",
        tuple(children),
        passed="the run passed: computed and observed evidence agree with what was reported",
        failed="the run did not pass its gates",
    )


def causes(verdict: Result, jobs: Mapping[str, str]) -> list[Result]:
    """The leaves that stopped a run, without those that only follow from others.

    After a job that failed, jobs are skipped; and if that was the one that writes, there is no patch.
    """
    leaves = [r for r in verdict.walk() if not r.children and not r.passed]
    broken = [job for job, seen in jobs.items() if seen not in ("success", "skipped")]
    follows = {f"gate/job/{job}" for job, seen in jobs.items() if broken and seen == "skipped"}
    if "implement" in broken:
        follows.add("gate/patch")
    return [r for r in leaves if r.name not in follows] or leaves


def _observed(jobs: Mapping[str, str], wanted: Mapping[str, str]) -> Result:
    children = []
    for name, conclusion in wanted.items():
        seen = jobs.get(name)
        evidence = (Evidence(EvidenceClass.OBSERVED, f"{name}: {seen or 'not seen'}"),)
        if seen == conclusion:
            answer = Result(f"gate/job/{name}", Verdict.PASS, f"{name} ended with {seen}", evidence)
        elif seen is None:
            words = f"GitHub shows no job {name} in this run"
            answer = Result(f"gate/job/{name}", Verdict.UNKNOWN, words, evidence)
        else:
            words = f"the job {name} ended with {seen}, not with {conclusion}"
            answer = Result(f"gate/job/{name}", Verdict.FAIL, words, evidence)
        children.append(answer)
    return combine(
        "gate/jobs",
        tuple(children),
        passed="every job ended as it should",
        failed="not every job ended as it should",
    )


def _claims(
    jobs: Mapping[str, str], claimed: Mapping[str, Any] | None, mode: str, expected: dict[str, str]
) -> Result:
    name = "gate/claims"
    if claimed is None:
        return Result(
            name, Verdict.FAIL, "the run left no readable result.json, so nothing vouches for its details"
        )
    if claimed.get("schema") != RESULT_SCHEMA:
        return Result(name, Verdict.FAIL, f"result.json is not of the form {RESULT_SCHEMA}")
    wrong = _contradictions(jobs, claimed, mode, expected)
    if wrong:
        evidence = tuple(Evidence(EvidenceClass.CLAIMED, text) for text in wrong[:MOST_EVIDENCE])
        return Result(name, Verdict.FAIL, "result.json says something else than what was observed", evidence)
    return Result(name, Verdict.PASS, "result.json agrees with what was observed", _details(claimed))


def _contradictions(
    jobs: Mapping[str, str], claimed: Mapping[str, Any], mode: str, expected: dict[str, str]
) -> list[str]:
    wrong = []
    for key, value in {"mode": mode, **expected}.items():
        if str(claimed.get(key)) != str(value):
            wrong.append(f"{key} is {_short(claimed.get(key))}, but should be {_short(value)}")
    said = claimed.get("jobs")
    said = said if isinstance(said, Mapping) else {}
    for job in ("implement", "validate", "integrate"):  # the report cannot know its own end
        if job in jobs and said.get(job) != jobs[job]:
            wrong.append(f"job {job} is said to be {_short(said.get(job))}, but GitHub saw {jobs[job]}")
    gates = claimed.get("gates")
    gates = gates if isinstance(gates, list) else []
    if len(gates) > MOST_EVIDENCE:
        return [*wrong, f"{len(gates)} gates are said to have been judged, more than there are"]
    for gate in gates:
        failed = not isinstance(gate, Mapping) or gate.get("verdict") not in ("pass", "warn", "skip")
        if failed and not _failed(gate, jobs, mode):  # where GitHub saw that job fail, the two agree
            wrong.append(f"a gate is said to have failed: {_gate(gate)}")
    if not gates:
        wrong.append("no gate is said to have been judged")
    skipped = [g for g in gates if isinstance(g, Mapping) and g.get("verdict") == "skip"]
    if (
        mode == "verify" and skipped
    ):  # after a merge the decision is in force; what skipped has verified nothing
        wrong.append(f"nothing was verified: {_short(skipped[0].get('reason'))}")
    if mode == "implement":
        execution = claimed.get("execution")
        status = execution.get("status") if isinstance(execution, Mapping) else None
        # An agent that did not finish and a job that did not end well are one and the same, told twice.
        if status != "finished" and jobs.get("implement") == "success":
            wrong.append(f"the agent is said to be {_short(status)}, not finished")
    return wrong


def _failed(gate: object, jobs: Mapping[str, str], mode: str) -> bool:
    """Whether GitHub saw the job of this gate end otherwise than it should, which fails the run by itself."""
    job = str(gate.get("job")) if isinstance(gate, Mapping) else ""
    return job in EXPECTED[mode] and jobs.get(job) != EXPECTED[mode][job]


def _gate(gate: object) -> str:
    if not isinstance(gate, Mapping):
        return _short(gate)
    name, job, verdict, reason = (_short(gate.get(k, "?")) for k in ("name", "job", "verdict", "reason"))
    return f"{name} in the job {job}: {verdict}, {reason}"


def _details(claimed: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """Agent, cost and the like: shown as what they are, the runner's word."""
    keys = ("agent", "execution", "coverage", "phases")
    return tuple(
        Evidence(EvidenceClass.CLAIMED, f"{key}: {_short(claimed[key])}") for key in keys if claimed.get(key)
    )


def _short(value: object) -> str:
    text = str(value) if isinstance(value, str | int | float) else repr(value)
    return text if len(text) <= 200 else text[:199] + "…"
