"""From decided bodies to events with their envelope, ready to append. Pure; the time is an argument."""

from __future__ import annotations

from collections.abc import Iterable

from bot.engine import events as e
from bot.engine.evolve import evolve
from bot.engine.instance import WorkflowInstance
from bot.engine.ports import Append, Summary


def wrapped(
    instance: WorkflowInstance, bodies: Iterable[e.Body], at: str, actor: str, cause: str
) -> tuple[tuple[e.Event, ...], WorkflowInstance]:
    """The bodies as the instance's next events, and the instance after them. at: their `stamp`."""
    out: list[e.Event] = []
    for body in bodies:
        event = e.Event(
            stream=instance.id,
            version=instance.version + 1,
            at=at,
            actor=actor,
            cause=cause,
            correlation=instance.correlation,
            body=body,
        )
        instance = evolve(instance, event)
        out.append(event)
    return tuple(out), instance


def append_of(
    before: WorkflowInstance | None, events: tuple[e.Event, ...], after: WorkflowInstance
) -> Append:
    """What the store is given: the events, the version they follow, and the instance in one row."""
    return Append(
        stream=after.id,
        expected=before.version if before else 0,
        events=events,
        summary=Summary(
            instance=after.id,
            definition=after.definition,
            key=after.key,
            state=after.state.value,
            open=not after.state.final,
            started_at=after.started_at,
            updated_at=after.updated_at,
            reason=after.reason,
        ),
    )
