"""decide-status and propose-status: an implemented record may say so, in the word that its log has for that.

Once all of a record is merged and has held, a pull request changes its status; people merge it or close it. It
is an instance of its own, since a pull request that nobody looks at must not keep an implementation open, and one
that cannot be opened must not take good work back. Deciding is the implementation's last step, so that its comment
says why nothing is proposed. Not here: how the word is changed (bot/records/restate.py).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

from bot.actions.workflow import marker_path
from bot.engine.errors import ImplementationWorkflowError, StoreError
from bot.engine.events import StepEmitted
from bot.engine.evolve import fold
from bot.engine.instance import WorkflowInstance
from bot.engine.outcome import DomainEvent, Done, Outcome
from bot.engine.ports import StepContext
from bot.engine.state import WorkflowState
from bot.github import commits, pulls
from bot.github.comments import say
from bot.github.errors import GitHubError, as_failed
from bot.github.repository import Repository
from bot.plans.configuration import ConfigurationError
from bot.plans.plan import ImplementationPlan
from bot.plans.requirements import extract
from bot.records.record import Record
from bot.records.restate import LeftAlone, Restated, implemented
from bot.render import status as words
from bot.render.plain import clause, inert
from bot.steps.base import GitHubStep, link, plan_of
from bot.steps.beginning import DEFINITION as IMPLEMENTATION
from bot.steps.edited import void
from bot.steps.reading import Snapshot, configuration_at, snapshot
from bot.steps.workflow_pull import branch_of, close_and_delete

DEFINITION = "write-status"
_ENOUGH = 5
"""Attempts after which an unreachable GitHub is no reason to wait any longer: the work itself is done."""
_MOST_NAMED = 5
_NO_WORK = frozenset({"risk", "threshold"})
"""A risk is kept in mind, and a number is measured: neither is merged."""


class DecideStatus(GitHubStep):
    """Whether the record's status is to be proposed anew, and if so begins that. Never fails for good: what it
    does not know it leaves alone, and its note says why. Result: note, instance."""

    type = "decide-status"
    inputs = frozenset({"repository", "base_ref", "issue", "path", "record", "title", "requester", "plan"})

    async def do(self, ctx: StepContext) -> Outcome:
        try:
            made = plan_of(ctx)
            if made.phase is not None and made.phase < (made.phase_count or 0):
                return Done({})  # the last phase decides
            context = await self._context(ctx, made)
        except GitHubError as error:
            failed = as_failed(error)
            if failed.retryable and ctx.attempt < _ENOUGH:
                return failed
            return _left(f"GitHub was asked and did not help: {clause(failed.error)}")
        except (StoreError, ImplementationWorkflowError):
            return _left("what was done for it cannot be read any more")
        if isinstance(context, LeftAlone):
            return _left(context.why)
        instance, _ = ctx.control.start(
            DEFINITION,
            f"{ctx.inputs['repository']}/{ctx.inputs['record']}",
            context,
            actor="cloi",
            cause=ctx.instance,
            correlation=ctx.correlation,
        )
        note = "its new status is proposed in a pull request of its own"
        return Done({"instance": instance, "note": note, "aside": True})

    async def _context(self, ctx: StepContext, made: ImplementationPlan) -> dict[str, Any] | LeftAlone:
        """What the proposal has to know, or why there is none."""
        repository, base_ref = self.repository(ctx), str(ctx.inputs["base_ref"])
        seen = await _seen(repository, base_ref)
        if isinstance(seen, LeftAlone):
            return seen
        if seen.configuration.on_implemented == "nothing":
            return LeftAlone("the configuration wants nothing written")
        record, planned = await asyncio.to_thread(_restated, ctx, seen)
        if isinstance(planned, LeftAlone):
            return planned
        assert record is not None, "its file was planned"
        if await void(ctx, repository, base_ref) is not None:
            return LeftAlone("the record asks for something else now than what was implemented")
        named: set[str] = set()
        numbers: list[int] = []
        for instance in _phases(ctx, made):
            over = instance is not None and instance.state is WorkflowState.COMPLETED
            if instance is None or (instance.id != ctx.instance and not over):
                return LeftAlone("an earlier phase is not done")
            if marker_path(str(instance.steps["plan"].result["feature"])) not in seen.paths:
                return LeftAlone("a part of it is not on the default branch any more")
            named |= _named(ctx, instance.id)
            numbers.append(int(instance.steps["open-implementation-pr"].result["number"]))
        asked = extract(record)
        missing = [r.id.rpartition("/")[2] for r in asked if r.kind not in _NO_WORK and r.id not in named]
        if missing:
            more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
            return LeftAlone(f"nothing that was merged names {', '.join(missing[:_MOST_NAMED])}{more}")
        return {
            **{name: ctx.inputs[name] for name in sorted(self.inputs - {"plan"})},
            "feature": re.sub(r"-phase-\d+\Z", "", made.feature),
            "pulls": numbers,
            "promises": [r.text for r in asked if r.kind == "threshold"],
        }


def _left(why: str) -> Done:
    return Done({"note": f"the record's status stays as it is: {why}", "aside": True})


def _phases(ctx: StepContext, made: ImplementationPlan) -> Iterator[WorkflowInstance | None]:
    """The latest implementation of each phase, or the one of all; None where there is none. Raises StoreError."""
    key = f"{ctx.inputs['repository']}/{ctx.inputs['record']}"
    latest = {s.key: s.instance for s in ctx.store.summaries(definition=IMPLEMENTATION)}
    for number in range(1, (made.phase_count or 1) + 1):
        name = key if number == 1 else f"{key}/phase-{number}"
        own = number == (made.phase or 1)
        stream = ctx.instance if own else latest.get(name)
        yield fold(ctx.store.read(stream)) if stream else None


def _named(ctx: StepContext, instance: str) -> set[str]:
    """The requirements that the change names, by its last judgement, without those that an agent only claims."""
    found: set[str] = set()
    for event in ctx.store.read(instance):
        match event.body:
            case StepEmitted(name="RequirementsTraced", data=data):
                found = {str(i) for kind in ("covered", "named") for i in data.get(kind, ())}
    return found


async def _seen(repository: Repository, ref: str, sha: str | None = None) -> Snapshot | LeftAlone:
    sha = sha or await repository.branch_head(ref)
    if sha is None:
        return LeftAlone(f"{ref} is gone")
    try:
        return await snapshot(repository, sha, await configuration_at(repository, sha))
    except ConfigurationError:
        return LeftAlone("the configuration cannot be read")


def _restated(ctx: StepContext, seen: Snapshot) -> tuple[Record | None, Restated | LeftAlone]:
    """The record, and its file with its new status, dated by the day on which the step began."""
    log, path = seen.log, str(ctx.inputs["path"])
    record = log.of_file(path, str(ctx.inputs["record"]))
    if record is None:
        return None, LeftAlone("it is no decision record any more")
    return record, implemented(log, record, on=ctx.started_at.date().isoformat())


class ProposeStatus(GitHubStep):
    """Result: number, branch, commit, old, new; or a note why there was nothing to propose after all. What GitHub
    will not have is said where the implementation was asked for: nobody looks at this instance."""

    type = "propose-status"
    inputs = frozenset(
        {"repository", "base_ref", "issue", "path", "record", "title", "feature", "pulls", "promises"}
    )
    undoable = True

    async def do(self, ctx: StepContext) -> Outcome:
        try:
            return await self._proposed(ctx)
        except GitHubError as error:
            failed = as_failed(error)
            if failed.retryable:
                return failed
            left = await close_and_delete(self, ctx)
            if not isinstance(left, Done):
                return left
            body = words.not_proposed(str(ctx.inputs["record"]), failed.error)
            issue, marker = int(ctx.inputs["issue"]), f"status {ctx.key}"
            await say(ctx, self.repository(ctx), issue, marker=marker, body=body, beside=True)
            return _left(clause(failed.error))

    async def _proposed(self, ctx: StepContext) -> Outcome:
        repository, base_ref = self.repository(ctx), str(ctx.inputs["base_ref"])
        branch = branch_of(ctx, str(ctx.inputs["feature"]), "status")
        base = next((str(e.result["base"]) for e in commits.begun(ctx) if e.result["branch"] == branch), None)
        seen = await _seen(repository, base_ref, base)
        if isinstance(seen, LeftAlone):
            return _left(seen.why)
        _, planned = await asyncio.to_thread(_restated, ctx, seen)
        if isinstance(planned, LeftAlone):
            return _left(planned.why)
        issue = await repository.issue(int(ctx.inputs["issue"]))
        text = words.status_pull(
            record=str(ctx.inputs["record"]),
            title=str(ctx.inputs["title"]),
            path=planned.path,
            old=planned.old,
            new=planned.new,
            pulls=[int(n) for n in ctx.inputs["pulls"]],
            promises=[str(p) for p in ctx.inputs["promises"]],
            issue_url=issue.html_url,
            instance=ctx.instance,
        )
        commit = await commits.commit_branch(
            ctx,
            repository,
            branch=branch,
            base_sha=seen.sha,
            files={planned.path: planned.data},
            message=f"{text.title}\n\nDecision-Record: {inert(planned.path)}\n"
            f"Cloi-Instance: {inert(ctx.instance)}\n",
        )
        pull = await pulls.open_pull(
            ctx,
            repository,
            head=branch,
            commit=commit,
            base=base_ref,
            title=text.title,
            body=text.body,
        )
        await close_and_delete(self, ctx, but=branch)
        result = {
            "number": pull.number,
            "branch": branch,
            "commit": commit,
            "links": [link(f"#{pull.number}", pull.html_url)],
        }
        seen_event = DomainEvent(
            "StatusProposed", {"number": pull.number, "old": planned.old, "new": planned.new}
        )
        return Done(result, events=(seen_event,))

    async def take_back(self, ctx: StepContext) -> Outcome:
        return await close_and_delete(self, ctx, merged="was merged, which its revert takes back")
