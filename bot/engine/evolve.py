"""`evolve` and `fold`: what events make of an instance. Pure; no clock, no store.

Not here: what each type of event changes (follows.py), and which events to write (decide.py).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bot.engine import events as e
from bot.engine.follows import FOLLOWS
from bot.engine.instance import WorkflowInstance
from bot.engine.state import WorkflowState

_replace = msgspec.structs.replace
_set = msgspec.structs.force_setattr


def evolve(instance: WorkflowInstance | None, event: e.Event) -> WorkflowInstance:
    """The instance after `event`. Raises ValueError where the event does not fit: a bug or a damaged log."""
    if instance is None:
        return _begun(event)
    if event.version != instance.version + 1:
        raise _out_of_turn(event, instance.version)
    steps = dict(instance.steps)
    changes = FOLLOWS[type(event.body)](instance, steps, event.body, event.at)
    return _replace(instance, steps=steps, version=event.version, updated_at=event.at, **changes)


def fold(stream: Iterable[e.Event]) -> WorkflowInstance | None:
    """All events of a stream, in order. As `evolve` one by one, but in place: nobody sees what is between."""
    events = iter(stream)
    event = next(events, None)
    if event is None:
        return None
    instance = _begun(event)
    version, steps = event.version, instance.steps
    for event in events:
        version += 1
        if event.version != version:
            raise _out_of_turn(event, version - 1)
        body = event.body
        for name, value in FOLLOWS[type(body)](instance, steps, body, event.at).items():
            _set(instance, name, value)
    return _replace(instance, version=version, updated_at=event.at)


def _begun(event: e.Event) -> WorkflowInstance:
    body = event.body
    if not isinstance(body, e.WorkflowStarted):
        raise ValueError(f"{event.stream} begins with {event.name}")
    return WorkflowInstance(
        id=event.stream,
        definition=body.definition,
        definition_version=body.version,
        digest=body.digest,
        key=body.key,
        context=body.context,
        state=WorkflowState.RUNNING,
        steps={},
        version=event.version,
        actor=event.actor,
        cause=event.cause,
        correlation=event.correlation,
        started_at=event.at,
        updated_at=event.at,
    )


def _out_of_turn(event: e.Event, version: int) -> ValueError:
    return ValueError(f"{event.stream}: version {event.version} after {version}")
