"""report: the last word of an implementation, as an event with its figures. Not here: showing it (bot/render)."""

from __future__ import annotations

from bot.engine.evolve import fold
from bot.engine.outcome import DomainEvent, Done, Outcome
from bot.engine.ports import StepContext
from bot.insights.progress import elapsed
from bot.steps.base import GitHubStep, plan_of


class Report(GitHubStep):
    """Result: merge_sha, requirements, minutes, effects."""

    type = "report"
    inputs = frozenset({"repository", "merge_sha", "plan"})

    async def do(self, ctx: StepContext) -> Outcome:
        made, instance = plan_of(ctx), fold(ctx.store.read(ctx.instance))
        figures = {
            "merge_sha": ctx.inputs["merge_sha"],
            "requirements": len(made.adr_requirements),
            "minutes": round(elapsed(instance, ctx.now) / 60, 2) if instance else 0.0,
            "estimated": [made.estimated_duration.low_minutes, made.estimated_duration.high_minutes],
            "effects": len(ctx.store.effects(ctx.instance)),
        }
        return Done(figures, events=(DomainEvent("ImplementationReported", figures),))
