"""`cloi report`: what the jobs left, as a page for people and as result.json for the App. (Rule 29.)

Both are claims: the App compares them with what GitHub observed (bot/gates/evidence.py). Everything that came
from another job is hostile text; on the page each of its signs that means something to Markdown or HTML is
written as a character reference. Not here: any verdict of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.gates.evidence import RESULT_SCHEMA
from bot.result import Verdict
from bot.runner.approve import check_inputs
from bot.runner.job import Job, Refusal, read_json, say, write_json

# Which evidence a run of each mode must have left: (artifact, file, phase of ADR-012).
_EXPECTED = {
    "implement": (
        ("cloi-evidence-validate", "patch", "validation"),
        ("cloi-evidence-validate", "tests", "validation"),
        ("cloi-evidence-integrate", "patch", "integration"),
        ("cloi-evidence-integrate", "new-tests", "integration"),
    ),
    "verify": (("cloi-evidence-validate", "verify", "validation"),),
}
_GOOD = (Verdict.PASS.value, Verdict.WARN.value, Verdict.SKIP.value)
_PLAIN = frozenset(" .,:;/()%+-")


def report(job: Job) -> None:
    """Write result/result.json and the job summary. Raises Refusal if a run that looks green was not judged."""
    mode = job.env.get("MODE") or "verify"  # a scheduled run has no inputs
    if job.env.get("GITHUB_EVENT_NAME") == "workflow_dispatch":
        check_inputs(job)
    data = _result(job, mode)
    write_json(job.work / "result" / "result.json", data)
    page = summary(data)
    if target := job.env.get("GITHUB_STEP_SUMMARY"):
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(page)
    for gate in data["gates"]:
        say(f"{gate['verdict']:8} {gate['name']} ({gate['job']}): {gate['reason']}")
    finished = mode == "verify" or data["execution"]["status"] == "finished"
    green = not {"failure", "cancelled"} & set(data["jobs"].values())
    if green and not (finished and all(g["verdict"] in _GOOD for g in data["gates"])):
        raise Refusal("the jobs look green, but the agent did not finish or a gate was not judged")


def _result(job: Job, mode: str) -> dict[str, Any]:
    plan = job.plan
    execution = (_left(job, "cloi-patch", "execution") if mode == "implement" else None) or {}
    gates: list[dict[str, Any]] = []
    phases: dict[str, float] = {}
    if mode == "implement":
        phases["code-generation"] = _sum(s.get("seconds") for s in execution.get("steps", ()))
    for artifact, name, phase in _EXPECTED[mode]:
        evidence = _left(job, artifact, name) or {}
        result = evidence.get("result")
        result = result if isinstance(result, dict) else {}
        gates.append(
            {
                "name": str(result.get("name", f"gate/{name}")),
                "job": artifact.removeprefix("cloi-evidence-"),
                "verdict": str(result.get("verdict", Verdict.UNKNOWN.value)),
                "reason": str(result.get("reason", "left no evidence")),
            }
        )
        seconds = evidence.get("seconds")
        spent = _sum(seconds.values()) if isinstance(seconds, Mapping) else 0.0
        phases[phase] = round(phases.get(phase, 0.0) + spent, 3)
    return {
        "schema": RESULT_SCHEMA,
        "workflowId": plan["workflowId"],
        "planDigest": plan["digest"],
        "attempt": job.env.get("ATTEMPT") or "scheduled",
        "mode": mode,
        "runId": job.env.get("GITHUB_RUN_ID"),
        "baseSha": job.base,
        "patchSha256": execution.get("patchSha256"),
        "agent": execution.get("agent"),
        "execution": {"status": execution.get("status", "not_started"), "steps": execution.get("steps", [])},
        "tokens": execution.get("tokens"),
        "costUsd": execution.get("costUsd"),
        "coverage": execution.get("coverage"),
        "requirements": execution.get("requirements", {}),
        "jobs": {name: job.env.get(name.upper(), "") for name in ("implement", "validate", "integrate")},
        "gates": gates,
        "phases": phases,
    }


def _left(job: Job, artifact: str, name: str) -> dict[str, Any] | None:
    """One file of an artifact. Whether there is a folder if just one artifact matches depends on the release."""
    folder = job.work / "artifacts"
    return read_json(folder / artifact / f"{name}.json") or read_json(folder / f"{name}.json")


def _sum(values: Any) -> float:
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    return round(sum(numbers), 3)


def summary(data: Mapping[str, Any]) -> str:
    """The page, in GitHub's Markdown."""
    agent = data["agent"] if isinstance(data["agent"], dict) else {}
    coverage = data["coverage"] if isinstance(data["coverage"], dict) else {}
    lines = [
        f"## CLOI: {_plain(data['workflowId'])}, attempt {_plain(data['attempt'])}",
        "",
        "What the jobs say of themselves. The bot judges the change again, and GitHub's own conclusions decide.",
        "",
        "| gate | job | verdict | why |",
        "|---|---|---|---|",
    ]
    for gate in data["gates"]:
        cells = (gate["name"], gate["job"], gate["verdict"], gate["reason"])
        lines.append("| " + " | ".join(_plain(c) for c in cells) + " |")
    lines += ["", "| | |", "|---|---|"]
    facts = {
        "base": data["baseSha"],
        "patch sha256": data["patchSha256"],
        "agent": f"{agent.get('name', 'none')} {agent.get('version') or ''}",
        "agent's state": data["execution"]["status"],
        "tokens": data["tokens"],
        "cost in USD": data["costUsd"],
        "coverage": f"{coverage.get('percent')} % ({coverage.get('method')})" if coverage else None,
        **{f"{phase}, seconds": seconds for phase, seconds in data["phases"].items()},
    }
    lines += [f"| {_plain(k)} | {_plain(v)} |" for k, v in facts.items() if v is not None]
    return "\n".join(lines) + "\n"


def _plain(value: object) -> str:
    """Text that Markdown and HTML take for nothing but text."""
    text = " ".join(str(value).split())[:500]
    return "".join(c if c.isalnum() or c in _PLAIN else f"&#{ord(c)};" for c in text)
