"""How an instance begins: by a fact that a trigger wants, or because somebody asks; under which id, with which
inputs, and its first transaction. One open instance a key; who may is asked of the policy.

Not here: what may happen to it afterwards (operators.py, coordinator.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.coordination.operators import Operated
from bot.coordination.wakeups import Call, Wakeups
from bot.engine import events as e
from bot.engine.decide import decide
from bot.engine.errors import EngineError, NotAllowed
from bot.engine.evolve import evolve
from bot.engine.given import Begun, Circumstances
from bot.engine.instance import WorkflowInstance
from bot.engine.outcome import held
from bot.engine.ports import Append
from bot.engine.recording import append_of, wrapped
from bot.language.definition import WorkflowDefinition
from bot.language.errors import InputRefused
from bot.language.inputs import given
from bot.language.references import resolve


@dataclass(frozen=True, slots=True)
class Story:
    """Who begins which instance, about what (key), with which inputs (context), and because of what."""

    instance: str
    key: str
    context: Mapping[str, Any]
    actor: str
    cause: str
    correlation: str


def first_append(
    definition: WorkflowDefinition, story: Story, around: Circumstances
) -> tuple[Append, WorkflowInstance]:
    """The start and all that follows from it at once, in one transaction. Raises InputRefused."""
    at = e.stamp(around.now)
    try:
        context = held(given(definition.name, definition.inputs, story.context))
    except ValueError as error:
        raise InputRefused(f"{definition.name}: {error}") from error
    first = e.Event(
        stream=story.instance,
        version=1,
        at=at,
        actor=story.actor,
        cause=story.cause,
        correlation=story.correlation,
        body=e.WorkflowStarted(
            definition=definition.name,
            version=definition.version,
            digest=definition.digest,
            key=story.key,
            context=context,
        ),
    )
    instance = evolve(None, first)
    bodies: tuple[e.Body, ...] = ()
    if "started" in definition.emits:
        bodies = (e.StepEmitted(name=definition.emits["started"]),)
    more, grown = wrapped(instance, bodies, at, story.actor, story.cause)
    then = decide(grown, definition, Begun(), around)
    rest, grown = wrapped(grown, then, at, story.actor, story.cause)
    return append_of(None, (first, *more, *rest), grown), grown


class Started(Operated):
    """The beginning side of the Step Coordinator."""

    _definitions: dict[str, WorkflowDefinition]
    _kept: set[str]
    _open: dict[str, WorkflowInstance]
    _wakeups: Wakeups

    def _find(self, instance_id: str) -> WorkflowInstance | None:
        raise NotImplementedError

    def _around(self, instance_id: str) -> Circumstances:
        raise NotImplementedError

    def _append(self, appends: Sequence[Append], **more: Any) -> None:
        raise NotImplementedError

    def _adopt(self, moved: Sequence[tuple[WorkflowInstance, bool]]) -> None:
        raise NotImplementedError

    def _wake(self, call: Call) -> bool:
        raise NotImplementedError

    def handle(
        self,
        kind: str,
        data: Mapping[str, Any],
        keys: Iterable[str],
        *,
        actor: str,
        cause: str,
        delivery: str | None = None,
    ) -> list[str]:
        """A fact: starts what it triggers, wakes what waits for its keys. Returns the instances started.

        The delivery is settled in the transaction that starts the instances; where nothing starts, on its own:
        a wake-up that is lost with the process is made up for by `recover`.
        """
        started: list[str] = []
        refused: list[str] = []
        appends: list[tuple[Append, WorkflowInstance]] = []
        for definition in self._definitions.values():
            for trigger in definition.triggers:
                if trigger.on == kind and trigger.matches(data):
                    key = str(resolve(trigger.key, {"fact": data}))
                    instance_id = f"{definition.name}/{key}"
                    if instance_id in started or self._exists(instance_id):
                        continue
                    why = self._refusal(actor, "start", instance_id, cause)
                    if why is not None:
                        refused.append(f"did not start {instance_id}: {why}")
                        continue
                    context = resolve(dict(trigger.context), {"fact": data})
                    story = Story(instance_id, key, context, actor, cause, instance_id)
                    try:
                        appends.append(self._first_append(definition, story))
                    except InputRefused as error:
                        refused.append(f"did not start {instance_id}: {error}")
                        continue
                    started.append(instance_id)
        woken = sum(self._wake(call) for call in self._wakeups.signal(keys))
        parts = [*(f"started {name}" for name in started), *refused]
        if woken:
            parts.append(f"woke {woken} waiting step{'s' if woken > 1 else ''}")
        if appends or delivery is not None:
            self._commit_first(appends, delivery, "; ".join(parts) or "nobody waits for this")
        return started

    def start(
        self,
        definition: str,
        key: str,
        context: Mapping[str, Any],
        *,
        actor: str,
        cause: str,
        correlation: str,
    ) -> tuple[str, bool]:
        """See ports.WorkflowControl. Ids are `definition/key`, then `definition/key/2` and so on.

        Raises EngineError for an unknown definition, NotAllowed, and InputRefused.
        """
        known = self._definitions.get(definition)
        if known is None:
            raise EngineError(f"there is no workflow definition named {definition!r}")
        number = 1
        while True:
            instance_id = f"{definition}/{key}" + (f"/{number}" if number > 1 else "")
            instance = self._find(instance_id)
            if instance is None:
                break
            if instance.cause == cause:
                return instance_id, True
            if not instance.state.final:
                return instance_id, False
            number += 1
        why = self._refusal(actor, "start", instance_id, cause)
        if why is not None:
            raise NotAllowed(why)
        story = Story(instance_id, key, dict(context), actor, cause, correlation)
        self._commit_first([self._first_append(known, story)], None, "")
        return instance_id, True

    def _exists(self, instance_id: str) -> bool:
        return instance_id in self._open or bool(self.store.read(instance_id))

    def _first_append(self, definition: WorkflowDefinition, story: Story) -> tuple[Append, WorkflowInstance]:
        if definition.digest not in self._kept:
            self.store.put_blob(definition.text.encode(), lasting=True)
            self._kept.add(definition.digest)
        return first_append(definition, story, self._around(story.instance))

    def _commit_first(
        self, appends: list[tuple[Append, WorkflowInstance]], delivery: str | None, reason: str
    ) -> None:
        if not appends and delivery is not None:
            self.store.settle(delivery, "consumed", reason)
            return
        self._append([append for append, _ in appends], consumes=delivery, reason=reason)
        self._adopt([(instance, False) for _, instance in appends])
