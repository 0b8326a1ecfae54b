"""Beginning an implementation: the saga, and the instance that keeps its comment true. Also the step
start-next-phase, where a repository wants a pull request for each of a record's own phases.

Both starts are idempotent for the same cause, so a repeated step begins nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.engine.outcome import DomainEvent, Done, Outcome
from bot.engine.ports import StepContext, StepType

DEFINITION = "implement-adr"
FOLLOWER = "follow-implementation"
ADVISER = "advise-on-record"
REVERT = "revert-implementation"


def begin(
    ctx: StepContext, context: Mapping[str, Any], *, actor: str, model_help: bool = False
) -> tuple[str, bool]:
    """Start implementing. context: repository, issue, path, record, title, requester, phase (1 for the first).
    model_help: a language model may say what it would add, beside it.

    Returns the instance, and whether this step began it.
    """
    key = f"{context['repository']}/{context['record']}"
    if int(context["phase"]) > 1:
        key += f"/phase-{context['phase']}"
    instance, ours = ctx.control.start(
        DEFINITION, key, context, actor=actor, cause=ctx.instance, correlation=ctx.correlation
    )
    if ours:
        follow(ctx, instance, context)
    if ours and model_help:
        ctx.control.start(
            ADVISER,
            instance,
            {name: context[name] for name in ("repository", "issue", "path")} | {"instance": instance},
            actor="cloi",
            cause=ctx.instance,
            correlation=ctx.correlation,
        )
    return instance, ours


def follow(ctx: StepContext, instance: str, context: Mapping[str, Any]) -> None:
    """Let a comment on the issue say how an instance goes. context: repository and issue."""
    ctx.control.start(
        FOLLOWER,
        instance,
        {"repository": context["repository"], "issue": context["issue"], "instance": instance},
        actor="cloi",
        cause=ctx.instance,
        correlation=ctx.correlation,
    )


class StartNextPhase(StepType):
    """After one phase is merged and has held, the next one is planned from the record as it is then."""

    type = "start-next-phase"
    inputs = frozenset({"repository", "issue", "path", "record", "title", "requester", "phase"})

    async def start(self, ctx: StepContext) -> Outcome:
        context = {**ctx.inputs, "phase": int(ctx.inputs["phase"]) + 1}
        instance, _ = begin(ctx, context, actor=ctx.actor)
        return Done(
            {"instance": instance}, events=(DomainEvent("NextPhaseStarted", {"phase": context["phase"]}),)
        )
