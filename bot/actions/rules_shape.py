"""Rules 1 to 12 of a generated workflow: shape, identity and permissions.

Each function gets a workflow and answers the sentences that speak against it; none means that the rule is
kept. The table that numbers them is in rules.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from bot.actions.document import Workflow

_HEADER = re.compile(r"^# cloi: (\{.*\})$", re.M)
_HEADER_KEYS = {"schema", "generator", "plan", "planDigest", "adr", "agent", "actions", "runner", "secrets"}
_TIME = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\b\d\d:\d\d:\d\d\b")
_INPUTS = {"implementation_plan_id", "approval", "mode", "attempt"}
_SECRETIVE = re.compile(r"secret|token|passw|credential|api_?key", re.I)
_SECRET = re.compile(r"\bsecrets\s*[.\[]|\btoJSON\(\s*secrets\s*\)", re.I)
_ALLOWED_WRITE = {"copilot-requests": "write"}


def header(flow: Workflow) -> Iterator[str]:
    """1: generated, by which version, from what, with which actions and secrets; and it is true."""
    lines = flow.text.splitlines()
    head = lines[: next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))]
    if not any("Generated" in line and "do not edit" in line for line in head):
        yield "the file does not say that it is generated and not to be edited"
    found = _HEADER.findall("\n".join(head))
    if len(found) != 1:
        yield "there is not exactly one line of facts in the header"
        return
    try:
        facts = json.loads(found[0])
    except ValueError:
        yield "the line of facts is not JSON"
        return
    if not isinstance(facts, dict) or not facts.keys() >= _HEADER_KEYS:
        yield "the line of facts lacks something"
        return
    if f"# Generator {facts['generator']}" not in head:
        yield "the generator's version is not named, or named differently"
    named = {f"{a['repo']}@{a['sha']}" for a in facts["actions"]}
    for use in sorted({s.uses for _, s in flow.steps() if s.uses} - named):
        yield f"the action {use} is not in the header"
    used = set(re.findall(r"secrets\.(\w+)", " ".join(flow.scalars()))) - set(facts["secrets"])
    if used:
        yield f"secrets that are not in the header: {', '.join(sorted(used))}"


def same_bytes(flow: Workflow) -> Iterator[str]:
    """2: no times, jobs after what they need. (That the same plan gives the same bytes is a test.)"""
    if _TIME.search(_HEADER.sub("", flow.text)):  # the path of a record may hold a date
        yield "the file holds a point in time"
    seen: set[str] = set()
    for job in flow.jobs:
        for needed in job.needs:
            if needed not in seen:
                yield f"{job.id} stands before {needed}, which it needs"
        seen.add(job.id)


def triggers(flow: Workflow) -> Iterator[str]:
    """3: dispatched or scheduled, never by somebody else's event; a scheduled run generates nothing."""
    names = set(flow.triggers)
    if "workflow_dispatch" not in names:
        yield "it cannot be dispatched"
    if extra := names - {"workflow_dispatch", "schedule"}:
        yield f"it is also started by {', '.join(sorted(map(str, extra)))}"
    for job in flow.jobs:
        if job.runs_agent and "github.event_name == 'workflow_dispatch' &&" not in str(
            job.data.get("if", "")
        ):
            yield f"{job.id} starts an agent in a scheduled run too"
    if "CLOI_WORKFLOW_ID" not in (flow.data.get("env") or {}):
        yield "the plan's id is not a constant of the file"


def inputs(flow: Workflow) -> Iterator[str]:
    """4: plan id and approval are required, mode and attempt are there, and nothing secret is asked for."""
    dispatch = flow.triggers.get("workflow_dispatch")
    asked = dispatch.get("inputs", {}) if isinstance(dispatch, dict) else {}
    if set(asked) != _INPUTS:
        yield f"the inputs are not {', '.join(sorted(_INPUTS))}"
    if len(asked) > 25:
        yield "GitHub takes at most 25 inputs"
    for name in ("implementation_plan_id", "approval"):
        if asked.get(name, {}).get("required") != "true":
            yield f"the input {name} is not required"
    if asked.get("mode", {}).get("options") != ["implement", "verify"]:
        yield "the mode is not a choice of implement and verify"
    for name in asked:
        if _SECRETIVE.search(name):
            yield f"the input {name} looks like a secret; inputs can be seen by everybody"


def run_name(flow: Workflow) -> Iterator[str]:
    """5: plan id and attempt are in the run's name."""
    name = str(flow.data.get("run-name", ""))
    workflow_id = str((flow.data.get("env") or {}).get("CLOI_WORKFLOW_ID", ""))
    if not workflow_id or workflow_id not in name:
        yield "the run's name does not hold the plan's id"
    if "inputs.attempt" not in name:
        yield "the run's name does not hold the attempt"


def approval(flow: Workflow) -> Iterator[str]:
    """6: a job that takes the approval checks it before any other command, and so does the first job."""
    for position, job in enumerate(flow.jobs):
        commands = [s for s in job.steps if s.command and s.command != "check-inputs"]
        checks = [s for s in job.steps if s.command == "approve"]
        if position == 0 and not checks:
            yield f"the first job, {job.id}, does not check the approval"
        for check in checks:
            if commands[0] is not check and commands[0].data != check.data:
                yield f"{job.id} runs {commands[0].command} before it checks the approval"
            if "inputs.approval" not in str(check.env.get("APPROVAL", "")):
                yield f"{job.id} compares with something else than the input"
            if check.condition not in ("", "github.event_name == 'workflow_dispatch'"):
                yield f"{job.id} checks the approval only sometimes"


def no_permissions_on_top(flow: Workflow) -> Iterator[str]:
    """7: nothing for all, a block for each."""
    if flow.data.get("permissions") != {}:
        yield "the top level gives permissions"
    for job in flow.jobs:
        if not isinstance(job.permissions, dict):
            yield f"{job.id} has no permissions of its own"


def agent_reads(flow: Workflow) -> Iterator[str]:
    """8: the agent's job reads."""
    for job in flow.jobs:
        if job.runs_agent:
            allowed = {"contents": "read"}, {"contents": "read", **_ALLOWED_WRITE}
            if job.permissions not in allowed:
                yield f"{job.id} runs an agent with other permissions than contents: read"


def generated_code_reads(flow: Workflow) -> Iterator[str]:
    """9: where generated code runs, there is no secret and nothing but reading."""
    for job in flow.jobs:
        if any(s.is_untrusted and not s.is_agent for s in job.steps):
            if job.permissions != {"contents": "read"}:
                yield f"{job.id} runs generated code with other permissions than contents: read"
            if _SECRET.search(str(job.data)):
                yield f"{job.id} runs generated code and names a secret"


def no_writing(flow: Workflow) -> Iterator[str]:
    """10: no job may write."""
    for job in flow.jobs:
        given = job.permissions
        if isinstance(given, str) and given != "read-all":
            yield f"{job.id} has the permissions {given}"
        for scope, level in (given or {}).items() if isinstance(given, dict) else ():
            if level not in ("read", "none") and (scope, level) not in _ALLOWED_WRITE.items():
                yield f"{job.id} may write {scope}"


def agent_key(flow: Workflow) -> Iterator[str]:
    """11: secrets only in the agent's steps, whose job names an environment."""
    for job in flow.jobs:
        if job.runs_agent and not job.data.get("environment"):
            yield f"{job.id} runs an agent and names no environment"
        rest = {k: v for k, v in job.data.items() if k != "steps"}
        if _SECRET.search(str(rest)):
            yield f"{job.id} gives a secret to all of its steps"
        for step in job.steps:
            if _SECRET.search(str(step.data)) and not step.is_agent:
                yield f"{step.title} in {job.id} gets a secret and is no agent"
    if _SECRET.search(str({k: v for k, v in flow.data.items() if k != "jobs"})):
        yield "a secret is given to all jobs"


def no_inherited_secrets(flow: Workflow) -> Iterator[str]:
    """12: no `secrets: inherit`, and no reusable workflow that could take them."""
    for job in flow.jobs:
        if "secrets" in job.data or "uses" in job.data:
            yield f"{job.id} hands secrets on or is another workflow"
