"""One step of an instance as a value, and which steps an instance takes back if not all. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.engine.events import later, moment, stamp
from bot.engine.state import RollbackState, StepState

UNDER_WAY = (StepState.STARTED, StepState.WAITING, StepState.RETRYING)
"""Begun, and not over."""


class StepInstance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One step of an instance.

    attempt: of the running round, from 1; round: grows when a human asks for it again. key: of its effect.
    memo, wake_on, deadline, note: from the last Waiting. order: place in the order of completion, from 1.
    held: seconds for which the instance was paused meanwhile. park, fix_forward, evidence: see outcome.Failed.
    signal: see outcome.Waiting.
    rollback_*: the same for its compensation.
    """

    name: str
    state: StepState = StepState.PENDING
    attempt: int = 0
    round: int = 1
    key: str = ""
    undoable: bool = False
    before_effect: bool = False
    park: bool = False
    fix_forward: bool = False
    evidence: dict[str, Any] = {}
    signal: str = ""
    held: float = 0.0
    result: dict[str, Any] = {}
    memo: dict[str, Any] = {}
    wake_on: tuple[str, ...] = ()
    deadline: str | None = None
    retry_at: str | None = None
    note: str = ""
    error: str = ""
    kind: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    order: int = 0
    rollback: RollbackState = RollbackState.NONE
    rollback_attempt: int = 0
    rollback_result: dict[str, Any] = {}
    rollback_error: str = ""
    rollback_started_at: str | None = None


def held_up(step: StepInstance, seconds: float) -> StepInstance:
    """The step after a pause of so long: no deadline came nearer."""
    deadline = stamp(later(moment(step.deadline), seconds)) if step.deadline else None
    return msgspec.structs.replace(step, held=step.held + seconds, deadline=deadline)


class Retreat(msgspec.Struct, frozen=True, kw_only=True):
    """Only these steps are taken back: `step` and what was built upon it. fix: they are then done anew at once,
    and `step` is told `memo`; else a human decides."""

    step: str
    steps: tuple[str, ...]
    fix: bool = False
    memo: dict[str, Any] = {}
