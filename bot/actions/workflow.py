"""An ImplementationPlan as a GitHub Actions workflow, as data: ADR-012's three jobs and a report.

implement (agent writes, patch handed over), validate (patch judged, tests run), integrate (new tests must fail
without the change), report (summary and result.json). The shape and the three `cloi generate` lines are
ADR-012's own; the rules that it keeps are proved in rules.py. The record's text is nowhere in it: only ids,
slugs, hashes and paths that were checked here. Not here: YAML text (text.py), header and approval
(generator.py).
"""

from __future__ import annotations

import re
from typing import Any

from bot.actions.pins import CHECKOUT, DOWNLOAD, RUNNERS, UPLOAD
from bot.actions.text import Quoted
from bot.agents.descriptions import AgentDescription
from bot.plans.plan import ImplementationPlan

_FEATURE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_WORKFLOW_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_URL = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+/[A-Za-z0-9._/~%-]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")

IMPLEMENTING = "github.event_name == 'workflow_dispatch' && inputs.mode == 'implement'"
VERIFYING = "github.event_name == 'schedule' || inputs.mode == 'verify'"
RETENTION_DAYS = 7
INPUTS = {
    "PLAN_ID": Quoted("${{ inputs.implementation_plan_id }}"),
    "APPROVAL": Quoted("${{ inputs.approval }}"),
    "MODE": Quoted("${{ inputs.mode }}"),
    "ATTEMPT": Quoted("${{ inputs.attempt }}"),
}

Data = dict[str, Any]


class GenerationError(ValueError):
    """The plan cannot become a workflow. The text says why, for people."""


def workflow_path(feature: str) -> str:
    """Where the workflow of a feature lies."""
    return f".github/workflows/cloi-{feature}.yml"


def plan_path(feature: str) -> str:
    """Where the plan lies, beside its workflow."""
    return f".github/cloi/{feature}.plan.json"


def marker_path(feature: str) -> str:
    """The file that says "this decision's implementation is in force"; it comes with the implementation PR."""
    return f".github/cloi/{feature}.in-force.json"


def workflow(plan: ImplementationPlan, agent: AgentDescription, runner_url: str, runner_sha256: str) -> Data:
    """The whole document. Raises GenerationError for a value that may not stand in a workflow."""
    _check(plan, runner_url, runner_sha256)
    return {
        "name": f"Implement {plan.feature}",
        "run-name": f"cloi {plan.workflow_id} attempt ${{{{ inputs.attempt }}}}",
        "on": {"workflow_dispatch": {"inputs": _inputs(plan)}, "schedule": [{"cron": Quoted("0 2 * * *")}]},
        "permissions": {},
        "concurrency": {"group": f"cloi-{plan.workflow_id}", "cancel-in-progress": False},
        "defaults": {"run": {"shell": "bash"}},
        "env": {
            "CLOI_WORKFLOW_ID": Quoted(plan.workflow_id),
            "CLOI_FEATURE": Quoted(plan.feature),
            "CLOI_PLAN": Quoted(plan_path(plan.feature)),
            "CLOI_WORKFLOW": Quoted(workflow_path(plan.feature)),
            "CLOI_RUNNER_URL": Quoted(runner_url),
            "CLOI_RUNNER_SHA256": Quoted(runner_sha256),
        },
        "jobs": {
            "implement": _implement(plan, agent),
            "validate": _validate(plan),
            "integrate": _integrate(plan),
            "report": _report(plan),
        },
    }


def _check(plan: ImplementationPlan, runner_url: str, runner_sha256: str) -> None:
    for name, value, form in (
        ("feature", plan.feature, _FEATURE),
        ("workflow id", plan.workflow_id, _WORKFLOW_ID),
        ("runner address", runner_url, _URL),
        ("runner hash", runner_sha256, _SHA256),
    ):
        if not form.fullmatch(value) or len(value) > 500:
            raise GenerationError(f"the {name} may not stand in a workflow: {value[:80]!r}")
    if plan.runs_on not in RUNNERS:
        raise GenerationError(f"runs_on is {plan.runs_on!r}; workflows run on one of {', '.join(RUNNERS)}")
    if not 1 <= plan.limits.timeout_minutes <= 360:
        raise GenerationError("the time limit must lie between 1 and 360 minutes")
    if not 0 <= plan.test_strategy.coverage_target <= 100:
        raise GenerationError("the coverage target must lie between 0 and 100 percent")


def _inputs(plan: ImplementationPlan) -> Data:
    return {
        "implementation_plan_id": {
            "description": f"Implementation plan ID ({plan.workflow_id})",
            "required": True,
            "type": "string",
        },
        "approval": {
            "description": "The approved hash over plan, workflow and generator version",
            "required": True,
            "type": "string",
        },
        "mode": {
            "description": "implement: write and judge the change; verify: test the default branch",
            "required": True,
            "type": "choice",
            "default": "implement",
            "options": ["implement", "verify"],
        },
        "attempt": {
            "description": "Number of the attempt, from 1",
            "required": True,
            "type": "string",
            "default": Quoted("1"),
        },
    }


def _implement(plan: ImplementationPlan, agent: AgentDescription) -> Data:
    minutes = plan.limits.timeout_minutes
    target = plan.test_strategy.coverage_target
    return {
        "name": "implement",
        "if": IMPLEMENTING,
        "runs-on": plan.runs_on,
        "environment": "cloi",
        "permissions": {"contents": "read"},
        "timeout-minutes": minutes + 10,
        "steps": [
            _check_inputs(plan),
            _checkout(),
            _fetch_runner(),
            _approve(),
            _agent_step(
                "Generate implementation",
                'generate implementation --feature="$CLOI_FEATURE" --adr-based --ai-enhanced',
                agent,
                minutes,
            ),
            _agent_step(
                "Generate tests",
                f'generate tests --feature="$CLOI_FEATURE" --coverage-target={target}',
                agent,
                minutes,
            ),
            _agent_step(
                "Generate documentation",
                'generate docs --feature="$CLOI_FEATURE" --api-docs --user-guide',
                agent,
                minutes,
            ),
            {
                "name": "Hand over the patch",
                "id": "handover",
                # Also after a failed agent: the execution record says how far it came.
                "if": "!cancelled() && steps.approve.outcome == 'success'",
                "run": _cloi("handover"),
            },
            {
                "name": "Upload the patch",
                "if": "!cancelled() && steps.handover.outcome == 'success'",
                **_upload("cloi-patch", "handover", missing="error"),
            },
        ],
    }


def _validate(plan: ImplementationPlan) -> Data:
    return {
        "name": "validate",
        "needs": ["implement"],
        "if": f"!cancelled() && (needs.implement.result == 'success' || {VERIFYING})",
        "runs-on": plan.runs_on,
        "permissions": {"contents": "read"},
        "timeout-minutes": plan.limits.timeout_minutes,
        "steps": [
            _check_inputs(plan),
            _checkout(),
            _fetch_runner(),
            _approve(),
            {
                "name": "Download the patch",
                "if": IMPLEMENTING,
                **_download({"name": "cloi-patch"}, "handover"),
            },
            {"name": "Judge and apply the patch", "if": IMPLEMENTING, "run": _cloi("gate patch")},
            {"name": "Run the tests with the change", "if": IMPLEMENTING, "run": _cloi("gate tests")},
            {"name": "Verify the default branch", "if": VERIFYING, "run": _cloi("gate verify")},
            {
                "name": "Upload the evidence",
                "if": "always()",
                **_upload("cloi-evidence-validate", "evidence", missing="warn"),
            },
        ],
    }


def _integrate(plan: ImplementationPlan) -> Data:
    return {
        "name": "integrate",
        "needs": ["implement", "validate"],
        "if": "success()",
        "runs-on": plan.runs_on,
        "permissions": {"contents": "read"},
        "timeout-minutes": plan.limits.timeout_minutes,
        "steps": [
            _checkout(),
            _fetch_runner(),
            {"name": "Download the patch", **_download({"name": "cloi-patch"}, "handover")},
            {"name": "Judge and apply the patch", "run": _cloi("gate patch")},
            {"name": "Demand that new tests fail without the change", "run": _cloi("gate new-tests")},
            {
                "name": "Upload the evidence",
                "if": "always()",
                **_upload("cloi-evidence-integrate", "evidence", missing="warn"),
            },
        ],
    }


def _report(plan: ImplementationPlan) -> Data:
    return {
        "name": "report",
        "needs": ["implement", "validate", "integrate"],
        "if": "always()",
        "runs-on": plan.runs_on,
        "permissions": {"contents": "read"},
        "timeout-minutes": 10,
        "steps": [
            _check_inputs(plan),
            _checkout(),
            _fetch_runner(),
            {"name": "Download what the jobs left", **_download({"pattern": "cloi-*"}, "artifacts")},
            {
                "name": "Write the report",
                "env": {
                    **INPUTS,
                    "IMPLEMENT": Quoted("${{ needs.implement.result }}"),
                    "VALIDATE": Quoted("${{ needs.validate.result }}"),
                    "INTEGRATE": Quoted("${{ needs.integrate.result }}"),
                },
                "run": _cloi("report"),
            },
            {
                "name": "Upload the result",
                "if": "always()",
                **_upload("cloi-result", "result", missing="error"),
            },
        ],
    }


def _check_inputs(plan: ImplementationPlan) -> Data:
    """Before anything else, and before our own code is there: so in four lines of bash. (Rule 14.)"""
    patterns = (
        ("PLAN_ID", re.escape(plan.workflow_id).replace(r"\-", "-"), "is not the plan of this workflow"),
        ("APPROVAL", "[0-9a-f]{64}", "is not an approval"),
        ("MODE", "(implement|verify)", "is not a mode"),
        ("ATTEMPT", "[1-9][0-9]{0,3}", "is not the number of an attempt"),
    )
    script = "LC_ALL=C\n" + "".join(
        f'[[ "${name}" =~ ^{pattern}$ ]] || {{ echo "::error::{name} {words}"; exit 1; }}\n'
        for name, pattern, words in patterns
    )
    return {
        "name": "Check the inputs",
        "if": "github.event_name == 'workflow_dispatch'",
        "env": dict(INPUTS),
        "run": script,
    }


def _checkout() -> Data:
    return {
        "name": "Check out the base",
        "uses": CHECKOUT.uses,
        "with": {"ref": Quoted("${{ github.sha }}"), "persist-credentials": False},
    }


def _fetch_runner() -> Data:
    """One file, checked by its hash before it is used. (Rule 20.) A bot that is just being started again is waited
    for: seven pauses, doubled each time, are two minutes."""
    script = (
        "curl --fail --silent --show-error --location --max-time 120 --retry 7 --retry-connrefused \\\n"
        '  --output "$RUNNER_TEMP/cloi.pyz" "$CLOI_RUNNER_URL"\n'
        'echo "$CLOI_RUNNER_SHA256  $RUNNER_TEMP/cloi.pyz" | sha256sum --check --strict\n'
    )
    return {"name": "Fetch the runner", "run": script}


def _approve() -> Data:
    return {
        "name": "Check the approval",
        "id": "approve",
        "if": "github.event_name == 'workflow_dispatch'",
        "env": {"APPROVAL": Quoted("${{ inputs.approval }}")},
        "run": _cloi('approve --plan "$CLOI_PLAN" --workflow "$CLOI_WORKFLOW"'),
    }


def _agent_step(name: str, command: str, agent: AgentDescription, minutes: int) -> Data:
    env = {
        "CLOI_MAX_TURNS": Quoted(str(agent.max_turns)),
        "CLOI_MAX_COST_USD": Quoted(str(agent.max_cost_usd)),
        **{secret: Quoted(f"${{{{ secrets.{secret} }}}}") for secret in agent.secrets},
    }
    return {"name": name, "timeout-minutes": minutes + 2, "env": env, "run": _cloi(command)}


def _cloi(command: str) -> str:
    """`python3 -I`: neither the checkout nor the environment can put a module before ours."""
    return f'cloi() {{ python3 -I "$RUNNER_TEMP/cloi.pyz" "$@"; }}\ncloi {command}\n'


def _upload(name: str, folder: str, *, missing: str) -> Data:
    return {
        "uses": UPLOAD.uses,
        "with": {
            "name": name,
            "path": f"${{{{ runner.temp }}}}/{folder}/",
            "if-no-files-found": missing,
            "retention-days": RETENTION_DAYS,
        },
    }


def _download(what: Data, folder: str) -> Data:
    return {"uses": DOWNLOAD.uses, "with": {**what, "path": f"${{{{ runner.temp }}}}/{folder}"}}
