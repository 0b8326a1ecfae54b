"""dispatch, cancel_run, delete_artifacts: a run of a workflow that a person has approved, started once.

https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event. GitHub answers with the run's
id (REST 2026-03-10; 2022-11-28 if asked to). Where it does not (older GitHub Enterprise Server), and after an
answer that did not come, the run is found by its run-name and our App as its actor. Not here: whether a run is
the approved one (bot/steps).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bot.engine.ports import StepContext
from bot.github import errors, journal
from bot.github.journal import Result, asked_again, once, patiently, settle, write
from bot.github.objects import Run
from bot.github.repository import Repository
from bot.github.route import segment

_KIND = "dispatch"
_RUN_IDS_BY_DEFAULT = "2026-03-10"


class _Dispatched(msgspec.Struct, frozen=True):
    workflow_run_id: int | None = None


async def dispatch(
    ctx: StepContext,
    repository: Repository,
    *,
    workflow_file: str,
    ref: str,
    inputs: Mapping[str, str],
    run_name: str,
) -> int:
    """Run a workflow on a branch and return the run's id.

    workflow_file: its name without directory. inputs: everybody can see them. run_name: what the workflow's
    run-name makes of the inputs; it must be this dispatch's own. Raises ForeignObject if somebody else ran it
    under this name, GitHubError.
    """
    content = [workflow_file, ref, dict(inputs), run_name]
    hints = {"workflow_file": workflow_file, "ref": ref, "run_name": run_name}
    intent = once(ctx, _KIND, content, hints=hints)

    async def look() -> Result | None:
        return await _ours(ctx, repository, hints)

    async def do() -> Result:
        run_id = await _dispatch(repository, workflow_file, ref, inputs)
        if run_id is not None:
            return {"run": run_id}
        found = await patiently(repository.gh, look)
        if found is None:
            raise errors.Unknown(
                f"GitHub has taken the dispatch of {workflow_file} but shows no run of it yet."
            )
        return found

    return int((await settle(intent, repository.gh, look=look, do=do, by_nature=False))["run"])


async def find(ctx: StepContext, repository: Repository) -> int | None:
    """The run that this step has dispatched, if it has: known, or looked for after a lost answer."""
    effect = journal.find(ctx, _KIND)
    if effect is None:
        return None
    if effect.state == "observed":
        return int(effect.result["run"])

    async def look() -> Result | None:
        return await _ours(ctx, repository, effect.result)

    found = await look() or await patiently(repository.gh, look)
    return int(found["run"]) if found else None


async def cancel_run(ctx: StepContext, repository: Repository, run_id: int) -> bool:
    """Ask GitHub to stop a run. False if it had ended already."""
    intent = once(ctx, "cancel-run", run_id, part=str(run_id))

    async def look() -> Result | None:
        run = await repository.run(run_id)
        if run.status != "completed":
            return None
        return {"cancelled": intent.known and run.conclusion == "cancelled"}

    async def do() -> Result:
        return {"cancelled": await _cancel(repository, run_id)}

    return bool((await settle(intent, repository.gh, look=look, do=do, by_nature=True))["cancelled"])


async def delete_artifacts(ctx: StepContext, repository: Repository, run_id: int) -> int:
    """Delete what a run has left; how many artifacts that was, also if a former process deleted some of them."""
    there = [artifact.id for artifact in await repository.artifacts(run_id)]
    intent = once(ctx, "delete-artifacts", run_id, part=str(run_id), hints={"artifacts": there})
    if intent.observed is not None:
        return int(intent.observed["deleted"])
    for artifact in there:
        try:
            await write(repository, "delete-artifacts", "DELETE", f"/actions/artifacts/{artifact}")
        except errors.NotFound:
            continue
    every = {*intent.effect.result.get("artifacts", ()), *there}
    return int(intent.observe({"deleted": len(every)})["deleted"])


async def _dispatch(
    repository: Repository, workflow_file: str, ref: str, inputs: Mapping[str, str]
) -> int | None:
    """The run's id, or None where this GitHub does not tell."""
    path = f"/actions/workflows/{segment(workflow_file)}/dispatches"
    body: dict[str, Any] = {"ref": ref, "inputs": dict(inputs)}
    if repository.gh.api_version < _RUN_IDS_BY_DEFAULT:
        try:
            answer = await write(repository, _KIND, "POST", path, {**body, "return_run_details": True})
        except errors.Invalid as error:
            if error.status != 400:
                raise
            answer = await write(repository, _KIND, "POST", path, body)  # does not know the word; nothing ran
    else:
        answer = await write(repository, _KIND, "POST", path, body)
    return answer.read(_Dispatched).workflow_run_id if answer.content else None


async def _ours(ctx: StepContext, repository: Repository, hints: Mapping[str, Any]) -> Result | None:
    """Our run of this name; where there are several, the first, and the others are cancelled.

    Runs that the journal has under another key are not this one: a retry runs under the same name.
    """
    login = (await repository.gh.app()).login
    key = f"{ctx.key}/{_KIND}"
    taken = {e.result.get("run") for e in ctx.store.effects() if e.kind == _KIND and e.key != key}
    try:
        runs = await repository.runs(hints["workflow_file"], event="workflow_dispatch", branch=hints["ref"])
    except errors.NotFound:
        return None  # the workflow was merged a moment ago, or is not there: the dispatch will tell
    named = sorted((r for r in runs if r.display_title == hints["run_name"] and r.id not in taken), key=_id)
    ours = [r for r in named if r.actor is not None and r.actor.login == login]
    if not ours:
        if named and not asked_again(ctx):
            who = named[0].actor.login if named[0].actor else "somebody"
            raise errors.ForeignObject(
                f"Run {named[0].id} has the name of ours and was started by {who}. It does not count; retry "
                "starts ours beside it."
            )
        return None
    for more in ours[1:]:
        if more.status != "completed":
            await _cancel(repository, more.id)
    return {"run": ours[0].id}


async def _cancel(repository: Repository, run_id: int) -> bool:
    try:
        await write(repository, "cancel-run", "POST", f"/actions/runs/{run_id}/cancel")
    except errors.Conflict:  # it has ended meanwhile
        return False
    return True


def _id(run: Run) -> int:
    return run.id
