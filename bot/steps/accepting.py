"""on-accept: what happens by itself when a pull request that accepts a decision record is merged.

The repository says so in .github/cloi.yml (`on_accept`): nothing; an issue that offers the implementation; or that
issue and the start. A record counts once: only the merge that made it acceptable does, not a later edit. Nothing
runs by this: the workflow still needs a maintainer's merge.
"""

from __future__ import annotations

from bot.engine.outcome import DomainEvent, Done, Outcome
from bot.engine.ports import StepContext
from bot.github import issues
from bot.github.repository import Repository
from bot.plans.configuration import ConfigurationError
from bot.plans.globs import within
from bot.plans.plan import ImplementationPlan
from bot.plans.planner import plan
from bot.records.kinds import FileKind
from bot.records.record import Record
from bot.render import accepted as words
from bot.steps.base import GitHubStep, link
from bot.steps.beginning import begin
from bot.steps.reading import Snapshot, configuration_at, snapshot
from bot.steps.reviewing import observe


class OnAccept(GitHubStep):
    """Result: issues (numbers), started (instances)."""

    type = "on-accept"
    inputs = frozenset({"repository", "number", "base_ref", "base_sha", "actor"})

    async def do(self, ctx: StepContext) -> Outcome:
        repository = self.repository(ctx)
        try:
            configuration = await configuration_at(repository, str(ctx.inputs["base_ref"]))
        except ConfigurationError:
            return Done({"note": "the configuration cannot be read; the check on its pull request says why"})
        if configuration.on_accept == "nothing":
            return Done({"note": "nothing is to be done on acceptance"})
        changed = {
            f.filename
            for f in await repository.pull_files(int(ctx.inputs["number"]))
            if f.status != "removed" and within(f.filename, configuration.records)
        }
        base_ref = str(ctx.inputs["base_ref"])
        head = await repository.branch_head(base_ref)
        if not changed or head is None:
            return Done()
        now = await snapshot(repository, head, configuration)
        before = await snapshot(repository, str(ctx.inputs["base_sha"]), configuration)
        opened, started = [], []
        for record in now.log:
            if record.path not in changed:
                continue
            made = await _planned(repository, record, now, base_ref)
            if made.blocked or not await _newly(repository, record, before, base_ref):
                continue
            starts = configuration.on_accept == "start"
            title, body = words.offer(made, number=int(ctx.inputs["number"]), starts=starts)
            issue = await issues.open_issue(ctx, repository, title=title, body=body, part=record.path)
            opened.append(issue.number)
            if starts:
                started.append(self._begin(ctx, record, issue.number, model_help=configuration.model_help))
        links = [link(f"#{number}", f"/{repository.full_name}/issues/{number}") for number in opened]
        event = DomainEvent("RecordsAccepted", {"issues": opened, "started": started})
        return Done({"issues": opened, "started": started, "links": links}, events=(event,) if opened else ())

    def _begin(self, ctx: StepContext, record: Record, issue: int, *, model_help: bool) -> str:
        identity = record.id or record.path
        context = {
            "repository": str(ctx.inputs["repository"]),
            "issue": issue,
            "path": record.path,
            "record": identity,
            "title": record.title or identity,
            "requester": str(ctx.inputs["actor"]),
            "phase": 1,
        }
        instance, _ = begin(ctx, context, actor=f"@{ctx.inputs['actor']}", model_help=model_help)
        return instance


async def _planned(repository: Repository, record: Record, at: Snapshot, base_ref: str) -> ImplementationPlan:
    reviewed = None
    if at.configuration.accepted_when == "reviewed":
        reviewed = await observe(repository, base_ref, at.sha, record.path, at.files)
    return plan(
        record,
        at.configuration,
        log=at.log,
        paths_in_repository=at.paths,
        merged=True,
        reviewed=reviewed,
    )


async def _newly(repository: Repository, record: Record, before: Snapshot, base_ref: str) -> bool:
    """Whether the record could not have been implemented before this merge."""
    if before.log.kind_of(record.path) is not FileKind.ADR:
        return True
    old = [r for r in before.log.all_of(record.path) if r.id == record.id]
    return not old or bool((await _planned(repository, old[0], before, base_ref)).blocked)
