"""Rules 22 to 31 of a generated workflow: how work is handed over, limited, judged and reported.

Each function gets a workflow and answers the sentences that speak against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.actions.document import Job, Step, Workflow
from bot.actions.pins import CHECKOUT, DOWNLOAD, UPLOAD

_PATCH = "cloi-patch"
_DECIDING = ("approve", "check-inputs", "gate patch", "report")


def clean_checkouts(flow: Workflow) -> Iterator[str]:
    """22: each checkout is the run's own commit and keeps no token."""
    for job, step in flow.steps():
        if step.is_action(CHECKOUT.repo):
            if step.given.get("persist-credentials") != "false":
                yield f"the checkout in {job.id} keeps its token"
            if step.given.get("ref") != "${{ github.sha }}" or "repository" in step.given:
                yield f"the checkout in {job.id} is not the base of the run"


def patch_handed_over(flow: Workflow) -> Iterator[str]:
    """23: the agent's job ends with a patch, uploaded for certain and for a short time; nothing else leaves it."""
    for job in flow.jobs:
        if not job.runs_agent:
            continue
        steps = job.steps
        if [s.command for s in steps[-2:]] != ["handover", ""] or not steps[-1].is_action(UPLOAD.repo):
            yield f"{job.id} does not end with handing over and uploading the patch"
            continue
        given = steps[-1].given
        if given.get("name") != _PATCH or given.get("if-no-files-found") != "error":
            yield f"{job.id} may end without a patch"
        if not str(given.get("retention-days", "")).isdigit() or not 1 <= int(given["retention-days"]) <= 14:
            yield f"{job.id} keeps the patch for long"
        uploads = [s for s in steps if s.is_action(UPLOAD.repo)]
        if len(uploads) != 1 or job.data.get("outputs"):
            yield f"{job.id} lets more than the patch out"


def gate_starts_clean(flow: Workflow) -> Iterator[str]:
    """24: checkout, then the patch from its artifact, then judging, and only then the tests."""
    judging = [j for j in flow.jobs if _needs_patch(j)]
    if not judging:
        yield "no job judges the patch"
    for job in judging:
        steps = job.steps
        checkout = _first(steps, lambda s: s.is_action(CHECKOUT.repo))
        download = _first(steps, lambda s: s.is_action(DOWNLOAD.repo) and s.given.get("name") == _PATCH)
        judged = _first(steps, lambda s: s.command == "gate patch")
        tested = _first(steps, lambda s: s.command in ("gate tests", "gate new-tests"))
        if not checkout < download < judged < tested < len(steps):
            yield f"{job.id} does not go from a clean checkout over judging to the tests"
        elif steps[judged].condition not in ("", steps[tested].condition):
            yield f"{job.id} can run the tests without having judged the patch"


def nothing_trusted_after(flow: Workflow) -> Iterator[str]:
    """25: after an agent or its code ran, a job only lets out what it left; no decision is made there."""
    for job in flow.jobs:
        tainted = False
        for step in job.steps:
            let_out = step.command == "handover" or step.is_action(UPLOAD.repo)
            if tainted and not step.is_untrusted and not let_out:
                yield f"{step.title} in {job.id} comes after foreign code"
            tainted = tainted or step.is_untrusted
        if tainted and job.id == "report":
            yield "the report runs foreign code"


def timeouts(flow: Workflow) -> Iterator[str]:
    """26: each job and each agent's step has a time limit."""
    for job in flow.jobs:
        if not _minutes(job.data):
            yield f"{job.id} has no time limit"
        for step in job.steps:
            if step.is_agent and not _minutes(step.data):
                yield f"{step.title} in {job.id} has no time limit"


def concurrency(flow: Workflow) -> Iterator[str]:
    """27: one run of a plan at a time, and none is cancelled by the next."""
    given = flow.data.get("concurrency")
    given = given if isinstance(given, dict) else {}
    workflow_id = str((flow.data.get("env") or {}).get("CLOI_WORKFLOW_ID", ""))
    if not workflow_id or workflow_id not in str(given.get("group", "")):
        yield "the group does not hold the plan's id"
    if given.get("cancel-in-progress") != "false":
        yield "a run may be cancelled by the next"


def caps(flow: Workflow) -> Iterator[str]:
    """28: the agent is told how many turns and how much money it has."""
    for job, step in flow.steps():
        if step.is_agent:
            for name in ("CLOI_MAX_TURNS", "CLOI_MAX_COST_USD"):
                if not str(step.env.get(name, "")).isdigit():
                    yield f"{step.title} in {job.id} is not told {name}"


def reported(flow: Workflow) -> Iterator[str]:
    """29: a report always comes last, knows all jobs, and leaves its result."""
    report = flow.job("report")
    if report.data.get("if") != "always()":
        yield "the report does not always come"
    if missing := {j.id for j in flow.jobs} - {"report"} - set(report.needs):
        yield f"the report does not wait for {', '.join(sorted(missing))}"
    if not any(s.command == "report" for s in report.steps):
        yield "no report is written"
    if not any(s.is_action(UPLOAD.repo) and s.given.get("name") == "cloi-result" for s in report.steps):
        yield "the result is not kept"


def evidence_kept(flow: Workflow) -> Iterator[str]:
    """30: evidence is uploaded whatever happened, and no step is excused."""
    for job in flow.jobs:
        if any(s.command.startswith("gate ") for s in job.steps):
            last = job.steps[-1]
            named = str(last.given.get("name", "")).startswith("cloi-evidence-")
            if not (last.is_action(UPLOAD.repo) and named and last.condition == "always()"):
                yield f"{job.id} does not keep its evidence whatever happens"
        if "continue-on-error" in job.data:
            yield f"{job.id} may fail without anybody noticing"
        for step in job.steps:
            if "continue-on-error" in step.data:
                yield f"{step.title} in {job.id} may fail without anybody noticing"


def green_means_done(flow: Workflow) -> Iterator[str]:
    """31: an execution record leaves the agent's job even if the agent failed; no failure is swallowed."""
    agents = [j for j in flow.jobs if j.runs_agent]
    if not agents:
        yield "no job starts an agent"
    for job in agents:
        for step in job.steps[-2:]:
            if not step.condition.startswith("!cancelled() && steps."):
                yield f"{job.id} hands over no execution record after a failure"
        if any(s.is_agent and s.condition for s in job.steps):
            yield f"{job.id} may leave out a step of the agent's and still be green"
    for job, step in flow.steps():
        if any(trick in step.run for trick in ("|| true", "|| :", "set +e", "exit 0")):
            yield f"{step.title} in {job.id} swallows a failure"
        if step.command in _DECIDING and step.condition.startswith(("always()", "failure()")):
            yield f"{step.title} in {job.id} decides after a failure"


def _needs_patch(job: Job) -> bool:
    return any(s.command in ("gate patch", "gate tests", "gate new-tests") for s in job.steps)


def _first(steps: list[Step], wanted: Callable[[Step], bool]) -> int:
    """Its place, or one beyond the end."""
    return next((i for i, s in enumerate(steps) if wanted(s)), len(steps))


def _minutes(data: dict[str, object]) -> bool:
    value = str(data.get("timeout-minutes", ""))
    return value.isdigit() and 0 < int(value) <= 400
