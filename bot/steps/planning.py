"""read-record, plan-implementation and generate-workflow: from a record on the default branch to what is to be
approved. Reading is one step and deciding the others, so that a plan can be made again from the same bytes.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from bot.engine.outcome import DomainEvent, Done, Failed, Outcome
from bot.engine.ports import StepContext, StepType
from bot.plans import plan as plans
from bot.plans.configuration import Configuration, ConfigurationError
from bot.plans.planner import plan
from bot.plans.reviewed import Reviewed
from bot.records.log import RecordLog
from bot.steps.base import GitHubStep, blob, keep_json, plan_of
from bot.steps.foresight import advice_from_history
from bot.steps.reading import configuration_at, snapshot
from bot.steps.reviewing import observe


class ReadRecord(GitHubStep):
    """Reads record, log and configuration at the head of the default branch; all later steps use these bytes."""

    type = "read-record"
    effect_free = True
    inputs = frozenset({"repository", "path"})

    async def do(self, ctx: StepContext) -> Outcome:
        repository, path = self.repository(ctx), str(ctx.inputs["path"])
        info = await repository.info()
        sha = await repository.branch_head(info.default_branch)
        if sha is None:
            return Failed(error=f"{info.full_name} has no commits yet", kind="bad-input", before_effect=True)
        try:
            configuration = await configuration_at(repository, sha)
        except ConfigurationError as error:
            words = f"{error} A maintainer can mend it on {info.default_branch}."
            return Failed(error=words, kind="bad-input", before_effect=True)
        seen = await snapshot(repository, sha, configuration)
        if path not in seen.files:
            words = f"{path} is not on {info.default_branch} any more"
            return Failed(error=words, kind="bad-input", before_effect=True)
        files = {name: base64.b64encode(data).decode() for name, data in seen.files.items()}
        known: dict[str, Any] = {"files": files, "paths": sorted(seen.paths)}
        note = {}
        if configuration.accepted_when == "reviewed":
            reviewed = await observe(repository, info.default_branch, sha, path, seen.files)
            known["reviewed"] = reviewed
            note = {"note": reviewed.words} if reviewed.holds else {}
        return Done(
            {
                "record": ctx.store.put_blob(seen.files[path]),
                "configuration": keep_json(ctx, configuration),
                "known": keep_json(ctx, known),
                "base_ref": info.default_branch,
                "base_sha": sha,
                **note,
            }
        )


class _Known(msgspec.Struct, frozen=True):
    files: dict[str, str]
    paths: list[str]
    reviewed: Reviewed | None = None


class PlanImplementation(StepType):
    """Record and configuration to ImplementationPlan. A blocked plan ends the instance with its reasons.

    Result: also `advice`, what earlier runs say, outside the plan and its digest.
    """

    type = "plan-implementation"
    effect_free = True
    inputs = frozenset({"record", "path", "configuration", "known", "phase"})
    optional = frozenset({"repository", "identity"})

    async def start(self, ctx: StepContext) -> Outcome:
        configuration = msgspec.json.decode(blob(ctx, "configuration"), type=Configuration)
        known = msgspec.json.decode(blob(ctx, "known"), type=_Known)
        log = RecordLog({name: base64.b64decode(data) for name, data in known.files.items()})
        record = log.of_file(str(ctx.inputs["path"]), ctx.inputs.get("identity"))
        if record is None:
            words = _not_there(log, str(ctx.inputs["path"]), ctx.inputs.get("identity"))
            return Failed(error=words, kind="bad-input", before_effect=True)
        made = plan(
            record,
            configuration,
            log=log,
            paths_in_repository=frozenset(known.paths),
            merged=True,  # it was read from the default branch
            reviewed=known.reviewed,
            phase=int(ctx.inputs["phase"]),
        )
        if made.blocked:
            return Failed(error=" ".join(made.blocked), kind="refused", before_effect=True)
        deadlines = configuration.deadlines
        return Done(
            {
                "plan": ctx.store.put_blob(plans.to_json(made)),
                "digest": made.digest,
                "feature": made.feature,
                "title": made.adr.title,
                "phases_left": (made.phase_count or 0) - (made.phase or 0),
                "workflow_deadline": deadlines.workflow_pr,
                "run_deadline": deadlines.run,
                "implementation_deadline": deadlines.implementation_pr,
                "watch": deadlines.watch,
                "rollback_required": made.rollback_required,
                "advice": list(advice_from_history(ctx, str(ctx.inputs.get("repository", "")))),
            },
            events=(
                DomainEvent(
                    "ImplementationPlanned",
                    {
                        "workflowId": made.workflow_id,
                        "progressTrackingId": made.progress_tracking_id,
                        "digest": made.digest,
                        "requirements": len(made.adr_requirements),
                        "estimated": [
                            made.estimated_duration.low_minutes,
                            made.estimated_duration.high_minutes,
                        ],
                    },
                ),
            ),
        )


def _not_there(log: RecordLog, path: str, identity: object) -> str:
    if several := [r.id or "one without an id" for r in log.all_of(path)]:
        return (
            f"{path} holds {len(several)} records ({', '.join(several[:20])}), and none of them is {identity}"
        )
    return f"{path} is not a decision record that I can read"


class GenerateWorkflow(GitHubStep):
    """Plan to workflow file and approval hash; pure, but for keeping the bytes."""

    type = "generate-workflow"
    effect_free = True
    inputs = frozenset({"plan"})

    async def do(self, ctx: StepContext) -> Outcome:
        made = plan_of(ctx)
        generated = self.services.generator.generate(made)
        return Done(
            {
                "workflow": ctx.store.put_blob(generated.text),
                "workflow_path": generated.path,
                "plan_path": generated.plan_path,
                "approval": generated.approval,
            },
            events=(
                DomainEvent("ImplementationWorkflowGenerationStarted", {"template": made.template}),
                DomainEvent(
                    "ImplementationWorkflowGenerated",
                    {"path": generated.path, "approval": generated.approval},
                ),
            ),
        )
