"""Failure handling (ADR-012, `handleStepFailure`): what sort of failure it is, and what is done about it.

Both are plugins and both leave an event with the reason. What a step knows of its own failure is believed; only
what it raised unawares is given to the classifier. The first strategy that has an opinion decides, and where
none has, the step's own word stands. Pure. Not here: retries, rollback and parking themselves (decide.py).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import msgspec

from bot.engine.outcome import DomainEvent, Failed, sound
from bot.language.definition import StepDefinition
from bot.plugins.registry import Classification, Classifier, Kind, PluginRegistry, Recovery, RecoveryStrategy

log = logging.getLogger("cloi.engine")

_MOST_EVIDENCE = 10
_MOST_CHARACTERS = 300


P = TypeVar("P", Classifier, RecoveryStrategy)


def _usable(plugins: PluginRegistry, name: str, base: type[P]) -> P | None:
    try:
        return plugins.load(name, base)
    except (Exception, SystemExit):
        log.exception("failures are handled without the plugin %s", name)
        return None


def _otherwise(kind: str, step: StepDefinition, reason: str) -> Recovery:
    """Where there is no retry. A gate's evidence may be worth a new try of an earlier step."""
    if kind == "gate" and step.fix_forward is not None:
        return Recovery("fix-forward", reason or f"what the gate found goes back to {step.fix_forward.step}")
    return Recovery("roll-back", reason)


class _Unknown(Classifier):
    def classify(self, message: str) -> Classification:
        return Classification("bug", ("no classifier is installed",))


@dataclass(frozen=True, slots=True)
class FailureHandling:
    """classifier: for what nobody knows. strategies: asked in this order."""

    classifier: Classifier
    strategies: Sequence[RecoveryStrategy] = ()

    @classmethod
    def of(cls, plugins: PluginRegistry, classifier: str) -> FailureHandling:
        """With the classifier of this name and all strategies that are installed, by name.

        What cannot be used is left out with a word in the log; without a classifier all unknown is a bug.
        """
        strategies = [one.name for one in plugins.found if one.kind == "recovery strategy"]
        found = [p for name in strategies if (p := _usable(plugins, name, RecoveryStrategy)) is not None]
        return cls(_usable(plugins, classifier, Classifier) or _Unknown(), tuple(found))

    def handle(self, failed: Failed, attempt: int, step: StepDefinition, fixes_left: int) -> Failed:
        """The failure as it is to be taken, with its events. A broken plugin changes nothing.

        attempt: which one failed. fixes_left: how often the step's evidence may yet go back.
        """
        try:
            found = self._classified(failed)
            recovery, by = self._chosen(failed, found, attempt, step)
            if recovery.action == "retry" and attempt >= step.retry.attempts:
                words = f"{step.retry.attempts} attempts were made, and no more are allowed"
                recovery = _otherwise(found.kind, step, words)
            if recovery.action == "fix-forward" and not fixes_left:
                recovery = Recovery("roll-back", f"{recovery.reason}, but no more tries of that are allowed")
            evidence = [line[:_MOST_CHARACTERS] for line in found.evidence[:_MOST_EVIDENCE]]
        except (Exception, SystemExit):
            log.exception("a plugin of the failure handling is broken; what the step said stands")
            return failed
        events = (
            DomainEvent("FailureClassified", {"kind": found.kind, "evidence": evidence}),
            DomainEvent("RecoveryChosen", {"action": recovery.action, "reason": recovery.reason, "by": by}),
        )
        handled = msgspec.structs.replace(
            failed,
            kind=found.kind,
            retryable=recovery.action == "retry",
            retry_after=max(recovery.after or 0.0, failed.retry_after or 0.0) or None,
            park=recovery.action == "park",
            fix_forward=recovery.action == "fix-forward",
            events=(*failed.events, *events),
        )
        try:
            sound(handled)
        except ValueError:
            log.exception("a plugin of the failure handling answers nonsense; what the step said stands")
            return failed
        return handled

    def _classified(self, failed: Failed) -> Classification:
        if failed.kind != "bug":
            return Classification(cast("Kind", failed.kind), ("the step says so itself",))
        return self.classifier.classify(failed.error)

    def _chosen(
        self, failed: Failed, found: Classification, attempt: int, step: StepDefinition
    ) -> tuple[Recovery, str]:
        if step.retry.on is not None and not failed.park and found.kind in step.retry.on:
            reason = f"the definition tries {found.kind} failures again"
            return Recovery("retry", reason, failed.retry_after), "the definition"
        recovery, by = self._wished(failed, found, attempt, step)
        if recovery.action == "retry" and step.retry.on is not None:
            reason = f"the definition does not try {found.kind} failures again"
            return _otherwise(found.kind, step, reason), "the definition"
        return recovery, by

    def _wished(
        self, failed: Failed, found: Classification, attempt: int, step: StepDefinition
    ) -> tuple[Recovery, str]:
        for strategy in self.strategies:
            recovery = strategy.choose(found, failed, attempt)
            if recovery is not None and not (failed.park and recovery.action != "park"):
                return recovery, strategy.name
        if failed.retryable:
            return Recovery("retry", "the step may be tried again as it is", failed.retry_after), "the step"
        if failed.park:
            return Recovery("park", "the step asks for a human"), "the step"
        if found.kind == "gate" and step.fix_forward is not None:
            return _otherwise("gate", step, ""), "the definition"
        return Recovery("roll-back", "the step does not get better by trying again"), "the step"
