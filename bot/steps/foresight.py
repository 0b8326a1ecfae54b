"""What earlier implementations say of the one that is being planned: advice beside the plan, never in it. No step.

A plan is the same for the same record and configuration; what the history says changes with every run. So it is
asked once, when the plan is made, and kept in that step's result. Only repositories of the same owner count, and
none is named: who reads this may not be allowed to see the others.
"""

from __future__ import annotations

from bot.engine import events as e
from bot.engine.errors import EngineError
from bot.engine.ports import StepContext
from bot.insights.history import gathered
from bot.insights.optimizer import IntelligentWorkflowOptimizer
from bot.language.definition import parse
from bot.language.errors import LanguageError
from bot.render.prediction import advice

NEWEST = 200
"""Instances that are looked at; a few milliseconds each hundred."""


def advice_from_history(ctx: StepContext, repository: str) -> tuple[str, ...]:
    """Sentences for people; none where there is not enough history."""
    try:
        begun = ctx.store.read(ctx.instance)[0].body
        if not isinstance(begun, e.WorkflowStarted):
            return ()
        definition = parse(ctx.store.get_blob(f"sha256:{begun.digest}").decode())
    except (EngineError, LanguageError, KeyError, IndexError):
        return ()  # without its own text nothing can be compared; the plan does not depend on it
    owner = repository.partition("/")[0]
    past = gathered(ctx.store, definition.name, newest=NEWEST, owner=owner)
    foretold, prevention = IntelligentWorkflowOptimizer(past).predict_workflow_failures(
        definition, repository
    )
    return advice(foretold, prevention)
