"""check-records, publish-record-check and await-number: what an author sees on a pull request with records.

The records are read at the pull request's head, the configuration at the base branch, since rules must not
come from whoever asks to be judged by them. Reading and publishing are two steps, so that a failed write
repeats the write alone. Not here: the rules (bot/records), the words (bot/render).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from bot.engine.outcome import DomainEvent, Done, Outcome, Waiting
from bot.engine.ports import StepContext
from bot.github import checks as check_runs
from bot.github.facts import pull_key
from bot.plans.configuration import ConfigurationError
from bot.plans.difference import difference
from bot.plans.plan import ImplementationPlan
from bot.plans.planner import plan
from bot.records.checks import as_result, check
from bot.records.checks.subject import file_lines
from bot.records.log import RecordLog
from bot.records.record import Edit, Finding, Severity
from bot.records.reservation import Claim, contested, reserved
from bot.render.markdown import GITHUB_MOST, Safe
from bot.render.plan import plan_difference, plan_markdown
from bot.render.records import CheckOutput, Older, SuggestedEdit, record_check
from bot.result import Evidence, EvidenceClass, Result, Verdict
from bot.steps.base import GitHubStep, blob, keep_json, link
from bot.steps.beginning import DEFINITION as IMPLEMENTATION
from bot.steps.proposal import Proposal, claims, proposal, rivals
from bot.steps.reading import configuration_at

CHECK_NAME = "CLOI / decision records"
DEFINITION = "check-record"
_MOST_PREVIEW = GITHUB_MOST // 2
"""Bytes for all plans of one pull request together; each gets the same share."""
_LOOK_AGAIN = 6 * 3600.0
"""Seconds after which a lost webhook about another pull request no longer matters."""


class CheckRecords(GitHubStep):
    """Reads the changed records. Result: records (how many), report (digest), conclusion, rivals (proposal.py)."""

    type = "check-records"
    inputs = frozenset({"repository", "number", "head_sha", "base_ref"})

    async def do(self, ctx: StepContext) -> Outcome:
        repository, head = self.repository(ctx), str(ctx.inputs["head_sha"])
        number, base = int(ctx.inputs["number"]), str(ctx.inputs["base_ref"])
        try:
            configuration = await configuration_at(repository, base)
        except ConfigurationError as error:
            report = _plain(record_check(_broken(error)))
            kept = keep_json(ctx, report)
            return Done({"records": 1, "report": kept, "conclusion": "failure", "rivals": []})
        proposed = await proposal(repository, number, head, base, configuration)
        if proposed is None or not proposed.changed:
            return Done({"records": 0, "rivals": []})
        others: list[Claim] = []
        unseen = 0
        if proposed.added:
            others, unseen = await claims(repository, number, base, configuration)
        earlier = [claim for claim in others if claim.pull < number]
        info = await repository.info()
        page = info.html_url or None
        going = running(ctx, repository.full_name)
        report = await asyncio.to_thread(report_on, proposed, earlier, page=page, unseen=unseen, going=going)
        seen = {"records": len(proposed.changed), "conclusion": report["conclusion"]}
        result = {**seen, "report": keep_json(ctx, report), "rivals": rivals(number, proposed.added, others)}
        return Done(result, events=(DomainEvent("RecordsChecked", dict(seen)),))


def _broken(error: ConfigurationError) -> Result:
    """A configuration that cannot be read stops the check: rules are never guessed."""
    place = Evidence(EvidenceClass.COMPUTED, error.reason, error.path, error.line, error.line)
    return Result("configuration", Verdict.FAIL, str(error), (place,))


def report_on(
    proposed: Proposal,
    earlier: Sequence[Claim] = (),
    *,
    page: str | None = None,
    unseen: int = 0,
    going: Collection[str] = (),
) -> dict[str, Any]:
    """Findings and plan previews of the changed records as a check run's fields. Pure.

    earlier: what older open pull requests claim. page: the repository's, for links. unseen: how many of the other
    pull requests were not looked at. going: records that are being implemented, by id or path.
    """
    log, base = proposed.log, proposed.base_log
    blob_url = f"{page}/blob/{proposed.after.sha}/" if page else None
    findings: list[Finding] = []
    older: list[Finding] = []
    plans: list[ImplementationPlan] = []
    edits: list[Safe] = []
    for record in log:
        if record.path not in proposed.changed:
            older += check(record, log, changed=set(proposed.changed), base=base)
            continue
        taken = reserved(record.path, earlier) if record.path in proposed.added else None
        findings += check(record, log, changed=set(proposed.changed), base=base, reserved=taken)
        paths = proposed.after.paths
        planned = plan(record, proposed.after.configuration, log=log, paths_in_repository=paths)
        plans.append(planned)
        before = next((old for old in base.all_of(record.path) if old.id == record.id), None)
        if before is not None:
            old = plan(before, proposed.after.configuration, log=base, paths_in_repository=paths)
            under_way = bool({record.id, record.path} & set(going))
            edits.append(plan_difference(planned, difference(old, planned), under_way=under_way))
    most = _MOST_PREVIEW // max(1, len(plans))
    previews = Safe(
        "\n\n".join([*edits, *(plan_markdown(planned, blob_url=blob_url, most=most) for planned in plans)])
    )
    return _plain(
        record_check(
            as_result(findings),
            previews if plans else None,
            annotated=proposed.changed,
            edits=_edits(findings, log, blob_url),
            older=_older(older),
            unseen=unseen,
            number_taken=any(finding.rule.startswith("number-taken") for finding in findings),
            first=[(f"#{n}", f"{page}/pull/{n}" if page else None) for n in _first(proposed, earlier)],
        )
    )


def running(ctx: StepContext, repository: str) -> frozenset[str]:
    """Records of a repository that are being implemented, as the implementations name them."""
    begun = ctx.store.summaries(definition=IMPLEMENTATION, open_only=True)
    prefix = f"{repository}/"
    return frozenset(
        s.key.removeprefix(prefix).partition("/phase-")[0] for s in begun if s.key.startswith(prefix)
    )


def _first(proposed: Proposal, earlier: Sequence[Claim]) -> list[int]:
    return sorted({claim.pull for path in proposed.added for claim in contested(path, earlier)})


def _edits(findings: Collection[Finding], log: RecordLog, blob_url: str | None) -> list[SuggestedEdit]:
    """What would mend the findings, here and in other files, with the lines that stand there now."""
    found = []
    for finding in findings:
        here = (
            Edit(finding.path, finding.place, finding.suggestion) if finding.suggestion is not None else None
        )
        for edit in (here, finding.edit):
            record = log.by_path(edit.path) if edit else None
            if edit is None or record is None:
                continue
            lines = file_lines(record)[edit.place.line - 1 : edit.place.end_line]
            url = f"{blob_url}{edit.path}#L{edit.place.line}" if blob_url else None
            why = finding.reason
            found.append(SuggestedEdit(edit.path, edit.place.line, "\n".join(lines), edit.text, why, url))
    return found


def _older(findings: Collection[Finding]) -> Older:
    counted = [f for f in findings if f.severity is not Severity.NOTICE]
    errors = sum(f.severity is Severity.ERROR for f in counted)
    return Older(errors, len(counted) - errors, len({f.path for f in counted}))


def _plain(output: CheckOutput) -> dict[str, Any]:
    """A check run's output as values that can be kept between the two steps."""
    return {
        "conclusion": output.conclusion,
        "title": str(output.title),
        "summary": str(output.summary),
        "text": str(output.text),
        "annotations": [dict(annotation) for annotation in output.annotations],
    }


class PublishRecordCheck(GitHubStep):
    """Writes the check run with its annotations, which GitHub never takes back: each look at a commit is a check
    run of its own, of which GitHub shows the latest."""

    type = "publish-record-check"
    inputs = frozenset({"repository", "head_sha", "report"})

    async def do(self, ctx: StepContext) -> Outcome:
        report = msgspec.json.decode(blob(ctx, "report"))
        repository = self.repository(ctx)
        number = await check_runs.check_run(
            ctx,
            repository,
            name=CHECK_NAME,
            head_sha=str(ctx.inputs["head_sha"]),
            external_id=ctx.key,
            status="completed",
            conclusion=report["conclusion"],
            title=report["title"],
            summary=report["summary"],
            text=report["text"],
            annotations=report["annotations"],
        )
        return Done({"check_run": number, "links": [link("check", f"/{repository.full_name}/runs/{number}")]})


class AwaitNumber(GitHubStep):
    """A check that says "another pull request was first" must not stay red when that one goes.

    Waits until those who were first have changed in what they claim, then looks at the same commit again; or until
    this pull request has moved on or ended. It waits instead of listening for every pull request that closes: only
    those with a rival cost anything, a number given up by a push is seen too, and a webhook may be lost.
    """

    type = "await-number"
    inputs = frozenset({"repository", "number", "head_sha", "base_ref", "rivals"})

    async def do(self, ctx: StepContext) -> Outcome:
        repository, number = self.repository(ctx), int(ctx.inputs["number"])
        base, head = str(ctx.inputs["base_ref"]), str(ctx.inputs["head_sha"])
        pull = await repository.pull(number)
        if pull.state != "open" or pull.head.sha != head:
            return Done({"again": False})
        first = [list(rival) for rival in ctx.inputs["rivals"]]
        try:
            configuration = await configuration_at(repository, base)
            found, _ = await claims(repository, number, base, configuration)
            now = rivals(number, {str(path) for path, _, _ in first}, found)
        except ConfigurationError:
            now = []
        if now == first:
            pulls = sorted({int(other) for _, other, _ in first})
            return Waiting(
                wake_on=tuple(pull_key(repository.full_name, n) for n in (number, *pulls)),
                recheck_after=_LOOK_AGAIN,
                note=f"#{pulls[0]}, which was first with the number",
            )
        context = {"repository": repository.full_name, "number": number, "head_sha": head, "base_ref": base}
        ctx.control.start(
            DEFINITION,
            f"{repository.full_name}/{number}/{head}/{ctx.key}",
            context,
            actor=ctx.actor,
            cause=ctx.instance,
            correlation=ctx.correlation,
        )
        return Done({"again": True})
