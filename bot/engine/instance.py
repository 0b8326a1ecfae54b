"""A workflow instance as a value, and `evolve`: what each event makes of it. Pure; no clock, no store.

The fold of a stream's events is the instance; nothing else is. Not here: what each type of event changes
(follows.py), and which events to write (decide.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from bot.engine import events as e
from bot.engine.follows import FOLLOWS
from bot.engine.state import WorkflowState
from bot.engine.step import UNDER_WAY as UNDER_WAY
from bot.engine.step import Retreat as Retreat
from bot.engine.step import StepInstance as StepInstance

_replace = msgspec.structs.replace
_set = msgspec.structs.force_setattr


class WorkflowInstance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything that is known of one run of a definition.

    id: also the stream's name. cancelled: the rollback was asked for by a human. reason: why it is rolled
    back, parked or ended; back_because: why it is rolled back. emitted: the latest domain event of each name.
    signals: not yet taken, oldest first. anew: steps that were taken back to be done anew, and have not begun.
    fixes: how often a step has sent back.
    """

    id: str
    definition: str
    definition_version: str
    digest: str
    key: str
    context: dict[str, Any]
    state: WorkflowState
    steps: dict[str, StepInstance]
    version: int
    actor: str
    cause: str
    correlation: str
    started_at: str
    updated_at: str
    reason: str = ""
    back_because: str = ""
    failed_step: str | None = None
    cancelled: bool = False
    paused_at: str = ""
    retreat: Retreat | None = None
    signals: tuple[tuple[str, dict[str, Any]], ...] = ()
    anew: dict[str, StepInstance] = {}
    fixes: dict[str, int] = {}
    completed: int = 0
    phases_completed: tuple[str, ...] = ()
    emitted: dict[str, dict[str, Any]] = {}


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
