"""check-records and publish-record-check: what an author sees on a pull request that touches decision records.

The records are read at the pull request's head, the configuration at the base branch, since rules must not
come from whoever asks to be judged by them. Reading and publishing are two steps, so that a failed write
repeats the write alone. Not here: the rules (bot/records), the words (bot/render).
"""

from __future__ import annotations

from typing import Any

import msgspec

from bot.engine.outcome import DomainEvent, Done, Outcome
from bot.engine.ports import StepContext
from bot.github import checks as check_runs
from bot.plans.configuration import ConfigurationError
from bot.plans.globs import within
from bot.plans.plan import ImplementationPlan
from bot.plans.planner import plan
from bot.records.checks import as_result, check
from bot.records.kinds import FileKind
from bot.records.record import Finding
from bot.render.markdown import GITHUB_MOST, Safe
from bot.render.plan import plan_markdown
from bot.render.records import CheckOutput, record_check
from bot.result import Evidence, EvidenceClass, Result, Verdict
from bot.steps.base import GitHubStep, blob, keep_json, link
from bot.steps.reading import Snapshot, configuration_at, snapshot

CHECK_NAME = "CLOI / decision records"
_MOST_PREVIEW = GITHUB_MOST - 2_000
"""Bytes for all plans of one pull request together; each gets the same share."""


class CheckRecords(GitHubStep):
    """Reads the changed records. Result: records (how many), report (digest), conclusion."""

    type = "check-records"
    inputs = frozenset({"repository", "number", "head_sha", "base_ref"})

    async def do(self, ctx: StepContext) -> Outcome:
        repository, head = self.repository(ctx), str(ctx.inputs["head_sha"])
        try:
            configuration = await configuration_at(repository, str(ctx.inputs["base_ref"]))
        except ConfigurationError as error:
            report = _plain(record_check(_broken(error)))
            return Done({"records": 1, "report": keep_json(ctx, report), "conclusion": "failure"})
        files = await repository.pull_files(int(ctx.inputs["number"]))
        changed = {
            f.filename for f in files if f.status != "removed" and within(f.filename, configuration.records)
        }
        if not changed:
            return Done({"records": 0})
        info = await repository.info()
        at_head = await snapshot(repository, head, configuration)
        records = {p for p in changed & set(at_head.files) if at_head.log.kind_of(p) is FileKind.ADR}
        if not records:
            return Done({"records": 0})
        report = report_on(at_head, records, f"{info.html_url}/blob/{head}/" if info.html_url else None)
        seen = {"records": len(records), "conclusion": report["conclusion"]}
        return Done(
            {**seen, "report": keep_json(ctx, report)}, events=(DomainEvent("RecordsChecked", dict(seen)),)
        )


def _broken(error: ConfigurationError) -> Result:
    """A configuration that cannot be read stops the check: rules are never guessed."""
    place = Evidence(EvidenceClass.COMPUTED, error.reason, error.path, error.line, error.line)
    return Result("configuration", Verdict.FAIL, str(error), (place,))


def report_on(at_head: Snapshot, records: set[str], blob_url: str | None = None) -> dict[str, Any]:
    """Findings and plan previews of these records as a check run's fields. Pure."""
    log = at_head.log
    findings: list[Finding] = []
    plans: list[ImplementationPlan] = []
    for record in log:
        if record.path in records:
            findings += check(record, log, changed=records)
            plans.append(plan(record, at_head.configuration, log=log, paths_in_repository=at_head.paths))
    most = _MOST_PREVIEW // max(1, len(plans))
    previews = Safe("\n\n".join(plan_markdown(planned, blob_url=blob_url, most=most) for planned in plans))
    return _plain(record_check(as_result(findings), previews if plans else None))


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
    """Writes the check run with its annotations; the same commit keeps one check run."""

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
