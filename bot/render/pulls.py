"""Titles and bodies of the two pull requests: the workflow, whose merge approves, and the implementation.

The first says exactly what a merge approves and how to decline; the second shows for every requirement what
speaks for it, and who vouches for that. Not here: the hidden markers (their caller adds them), opening them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.plans.plan import ImplementationPlan, Requirement
from bot.render.fit import rows_within, within
from bot.render.markdown import GITHUB_MOST, Safe, cell, cell_code, code, details, link, text
from bot.render.plain import clip, inert, one_line
from bot.render.plan import agent, record_title, requirements, risk, short_id, triggers, warnings, way_back
from bot.render.result import MARKS, VOUCHES, markdown
from bot.render.words import say, say_plainly
from bot.result import Evidence, EvidenceClass, Result, Verdict

_MOST = GITHUB_MOST - 1_000  # room for the caller's marker
_MOST_TITLE = 250
_MOST_EVIDENCE = 6
_MOST_IDS = 20


@dataclass(frozen=True, slots=True)
class PullText:
    """A pull request's title (plain text) and body (Markdown)."""

    title: str
    body: Safe


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job of the generated workflow. needs: names of jobs before it; permissions: "contents: read"."""

    name: str
    does: str
    needs: tuple[str, ...] = ()
    permissions: str = "none"


@dataclass(frozen=True, slots=True)
class ConstraintLine:
    """A constraint of the record. judged: what the gate will make of it."""

    id: str
    text: str
    pattern: str
    judged: str


def workflow_pull(
    plan: ImplementationPlan,
    *,
    approval: str,
    generator: str,
    workflow_path: str,
    plan_path: str,
    jobs: Sequence[JobLine],
    instance: str,
    requester: str,
    secrets: Sequence[str] = (),
    constraints: Sequence[ConstraintLine] = (),
    advice: Sequence[str] = (),
    record_url: str | None = None,
    issue_url: str | None = None,
) -> PullText:
    """The pull request that adds workflow and plan. approval: the hash that a merge approves; generator: its
    version; secrets: names of those that the workflow references; constraints: those of the record. advice: what
    earlier runs say."""
    head = say(
        "pulls",
        "workflow_head",
        record=link(clip(record_title(plan.adr), 200), record_url),
        requester=requester,
        issue_url=issue_url,
        plan=plan,
        approval=approval,
        generator=generator,
        workflow_path=workflow_path,
        plan_path=plan_path,
    )
    rows = [
        f"| {cell_code(j.name, 60)} | {cell(j.does)} | {cell(', '.join(j.needs))} | {cell_code(j.permissions)} |"
        for j in jobs
    ]
    runs = say(
        "pulls",
        "workflow_runs",
        rows=Safe("\n".join(rows)),
        agent=agent(plan),
        secrets=Safe(", ".join(code(s) for s in secrets)),
        plan=plan,
        writes=any("write" in j.permissions for j in jobs),
    )
    if plan.warnings:
        runs = Safe(f"{runs}\n\n{warnings(plan)}")
    asks = Safe(f"{say('pulls', 'workflow_asks')}\n\n{requirements(plan.adr_requirements)}")
    if constraints:
        kept = [
            f"| {cell_code(short_id(c.id), 40)} | {cell(c.text, 200)} | {cell_code(c.pattern, 120)} "
            f"| {cell(c.judged, 200)} |"
            for c in constraints
        ]
        shown, left = rows_within(kept, _MOST // 4)
        asks = Safe(f"{asks}\n\n{say('pulls', 'workflow_constraints', rows=shown, left=left)}")
    back = details(say_plainly("plan", "back_title"), way_back(plan))
    foot = say("pulls", "foot", instance=instance)
    title = say_plainly("pulls", "workflow_title", record=inert(record_title(plan.adr)))
    decline = say("pulls", "workflow_decline")
    parts = [asks, runs, decline, back, details(say_plainly("plan", "risk_title"), risk(plan, advice))]
    return PullText(clip(title, _MOST_TITLE), within(head, parts, _MOST, foot))


def implementation_pull(
    plan: ImplementationPlan,
    *,
    trace: Result,
    gate: Result,
    run_url: str,
    patch_sha: str,
    base_sha: str,
    instance: str,
    requester: str,
    reverts_after_merge: bool,
    record_url: str | None = None,
    issue_url: str | None = None,
) -> PullText:
    """The pull request with the code. trace: bot.gates.trace's tree; patch_sha: sha256 of the patch; base_sha: the
    commit it was made for. reverts_after_merge: whether the bot watches the default branch afterwards; the text
    promises it only then."""
    traced = {r.name: r for r in trace.children}
    head = say(
        "pulls",
        "implementation_head",
        record=link(clip(record_title(plan.adr), 200), record_url),
        requester=requester,
        issue_url=issue_url,
        run_url=run_url,
        patch_sha=patch_sha,
        base_sha=base_sha,
        plan=plan,
        agent=agent(plan),
    )
    rows = [_traced(r, traced.get(r.id)) for r in plan.adr_requirements]
    shown, left = rows_within(rows, _MOST // 3)
    table = say(
        "pulls",
        "implementation_evidence",
        rows=shown,
        left=left,
        said=trace.reason,
        uncovered=_ids(trace, Verdict.FAIL),
        claimed=_ids(trace, Verdict.UNKNOWN),
        untested=_ids(trace, Verdict.WARN),
    )
    summary = say_plainly("progress", "gate", verdict=gate.verdict.value)
    judged = details(summary, markdown(gate, _MOST // 3), opened=not gate.passed)
    back = say(
        "pulls", "implementation_back", reverts=reverts_after_merge, triggers=triggers(plan), plan=plan
    )
    foot = say("pulls", "foot", instance=instance)
    title = say_plainly("pulls", "implementation_title", record=inert(record_title(plan.adr)))
    claims = say("pulls", "implementation_claims")
    return PullText(clip(title, _MOST_TITLE), within(head, [table, judged, claims, back], _MOST, foot))


def closing(reason: str) -> Safe:
    """The comment on a pull request of ours that is closed unmerged. reason: why it is taken back."""
    return say("pulls", "closing", reason=text(clip(one_line(reason), 2000)))


def _traced(requirement: Requirement, found: Result | None) -> str:
    """A requirement's row: what it asks for, its files, its tests, and what that is worth."""
    files, tests = (_places(part.evidence) for part in found.children) if found else ("", "")
    worth = f"{MARKS[found.verdict]} {cell(found.reason)}" if found else ""
    asked = f"{cell_code(short_id(requirement.id), 40)} | {cell(requirement.text, 200)}"
    return f"| {asked} | {files} | {tests} | {worth} |"


def _places(found: Sequence[Evidence]) -> str:
    lines = []
    for e in found[:_MOST_EVIDENCE]:
        where = cell_code(f"{e.path}:{e.line}" if e.line else e.path, 120) if e.path else ""
        claimed = f"_({VOUCHES[e.kind]})_" if e.kind is EvidenceClass.CLAIMED else ""
        lines.append(" ".join(p for p in (cell(e.text, 160), where, claimed) if p))
    if len(found) > _MOST_EVIDENCE:
        lines.append(say("pulls", "more_evidence", n=len(found) - _MOST_EVIDENCE))
    return "<br>".join(lines)


def _ids(trace: Result, verdict: Verdict) -> Safe:
    """Those of the requirements with this answer; empty if there are none."""
    ids = [code(short_id(r.name)) for r in trace.children if r.verdict is verdict]
    more = say("pulls", "more_ids", n=len(ids) - _MOST_IDS) if len(ids) > _MOST_IDS else ""
    return Safe(", ".join(ids[:_MOST_IDS]) + more)
