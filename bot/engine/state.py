"""The states that ADR-012 names, each with the table of its transitions.

Workflow State, Step State and Rollback State are what `evolve` moves; Implementation Progress State is
folded from them (progress.py). A transition that is not in its table is a bug and raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar


class WorkflowState(StrEnum):
    """Of an instance. Parked waits for a human, paused was held up by one; the last three are final."""

    RUNNING = "running"
    ROLLING_BACK = "rolling-back"
    PARKED = "parked"
    PAUSED = "paused"
    COMPLETED = "completed"
    COMPENSATED = "compensated"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Nothing can happen any more."""
        return self in (WorkflowState.COMPLETED, WorkflowState.COMPENSATED, WorkflowState.CANCELLED)

    @property
    def moving(self) -> bool:
        """Steps are called."""
        return self in (WorkflowState.RUNNING, WorkflowState.ROLLING_BACK)


class StepState(StrEnum):
    """Of a step. `STARTED` without an outcome after a crash means unknown: look, then do."""

    PENDING = "pending"
    STARTED = "started"
    WAITING = "waiting"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


class RollbackState(StrEnum):
    """Of a step's compensation."""

    NONE = "none"
    STARTED = "started"
    WAITING = "waiting"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"


WORKFLOW_TRANSITIONS: Mapping[WorkflowState, frozenset[WorkflowState]] = {
    WorkflowState.RUNNING: frozenset(
        {WorkflowState.ROLLING_BACK, WorkflowState.PARKED, WorkflowState.PAUSED, WorkflowState.COMPLETED}
    ),
    WorkflowState.ROLLING_BACK: frozenset(
        {
            WorkflowState.RUNNING,  # what was taken back in part is done anew
            WorkflowState.ROLLING_BACK,  # in part, and then as a whole
            WorkflowState.PARKED,
            WorkflowState.COMPENSATED,
            WorkflowState.CANCELLED,
        }
    ),
    WorkflowState.PARKED: frozenset({WorkflowState.RUNNING, WorkflowState.ROLLING_BACK}),
    WorkflowState.PAUSED: frozenset({WorkflowState.RUNNING, WorkflowState.ROLLING_BACK}),
    WorkflowState.COMPLETED: frozenset(),
    WorkflowState.COMPENSATED: frozenset(),
    WorkflowState.CANCELLED: frozenset(),
}

STEP_TRANSITIONS: Mapping[StepState, frozenset[StepState]] = {
    StepState.PENDING: frozenset({StepState.STARTED, StepState.SKIPPED}),
    StepState.STARTED: frozenset(
        {StepState.WAITING, StepState.RETRYING, StepState.COMPLETED, StepState.FAILED}
    ),
    StepState.WAITING: frozenset(
        {StepState.WAITING, StepState.RETRYING, StepState.COMPLETED, StepState.FAILED}
    ),
    StepState.RETRYING: frozenset({StepState.STARTED, StepState.FAILED}),
    StepState.FAILED: frozenset({StepState.STARTED}),  # a human asked for it again
    StepState.COMPLETED: frozenset(),
    StepState.SKIPPED: frozenset(),
}

ROLLBACK_TRANSITIONS: Mapping[RollbackState, frozenset[RollbackState]] = {
    RollbackState.NONE: frozenset({RollbackState.STARTED}),
    RollbackState.STARTED: frozenset(
        {RollbackState.WAITING, RollbackState.RETRYING, RollbackState.COMPLETED, RollbackState.FAILED}
    ),
    RollbackState.WAITING: frozenset(
        {RollbackState.WAITING, RollbackState.RETRYING, RollbackState.COMPLETED, RollbackState.FAILED}
    ),
    RollbackState.RETRYING: frozenset({RollbackState.STARTED}),
    RollbackState.FAILED: frozenset({RollbackState.STARTED}),  # a human asked for it again
    RollbackState.COMPLETED: frozenset(),
}

# Their own hashing is a call of Python for each look-up; as text it is none.
for _states in (WorkflowState, StepState, RollbackState):
    _states.__hash__ = str.__hash__  # type: ignore[method-assign]

S = TypeVar("S", WorkflowState, StepState, RollbackState)


def move(table: Mapping[S, frozenset[S]], old: S, new: S) -> S:
    """`new`, if the table allows it after `old`. Raises ValueError otherwise."""
    if new not in table[old]:
        raise ValueError(f"no transition from {old} to {new}")
    return new
