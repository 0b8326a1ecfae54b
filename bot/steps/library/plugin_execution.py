"""plugin-execution (ADR-012, `coordinatePluginExecution`): lets a gate plugin judge the step's inputs.

What the gate refuses fails the step, with its reason and evidence in an event; a plugin that is broken fails
the step too. Not here: any gate.
"""

from __future__ import annotations

from bot.engine.outcome import DomainEvent, Done, Failed, Outcome
from bot.engine.ports import StepContext, StepType
from bot.language.lint import ANY
from bot.plugins.registry import Gate, PluginError, PluginRegistry
from bot.result import as_json
from bot.steps.library.bodies import BodyExpired, text_of


class PluginExecution(StepType):
    """Takes whatever inputs its plugin takes. Result: verdict, reason."""

    type = "plugin-execution"
    optional = ANY

    def __init__(self, plugins: PluginRegistry | None = None) -> None:
        self._plugins = plugins or PluginRegistry()

    async def start(self, ctx: StepContext) -> Outcome:
        try:
            gate = self._plugins.load(ctx.plugin or "", Gate)
            inputs = {name: text_of(ctx, value) for name, value in ctx.inputs.items()}
        except PluginError as error:
            return Failed(error=str(error), kind="bug", before_effect=True)
        except BodyExpired as error:
            return Failed(error=str(error), kind="bad-input", before_effect=True)
        missing, unknown = gate.inputs - set(inputs), set(inputs) - gate.inputs - gate.optional
        if missing or unknown:
            words = f"{gate.name}: missing inputs {sorted(missing)}, unknown inputs {sorted(unknown)}"
            return Failed(error=words, kind="bad-input", before_effect=True)
        result = gate.judge(inputs, ctx)
        judged = DomainEvent("QualityGateEvaluated", {"mode": gate.name, **as_json(result)})
        if not result.passed:
            return Failed(error=result.reason, kind="gate", events=(judged,))
        return Done({"verdict": result.verdict.value, "reason": result.reason}, events=(judged,))
