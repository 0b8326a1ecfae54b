"""Implementation Progress State (ADR-012's Progress Tracker): how far an instance is, phase by phase.

A pure fold of instance and definition, and of earlier runs where the remaining time is asked for; nothing is
stored. Not here: how it looks (bot/render).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.engine.events import moment
from bot.engine.instance import StepInstance, WorkflowInstance
from bot.engine.state import RollbackState, StepState, WorkflowState
from bot.insights.history import History
from bot.insights.remaining import Remaining, remaining
from bot.language.definition import WorkflowDefinition


class ProgressState(StrEnum):
    """Of a phase."""

    NOT_STARTED = "not-started"
    ACTIVE = "active"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    TAKEN_BACK = "taken-back"


@dataclass(frozen=True, slots=True)
class PhaseProgress:
    """One phase: its state, and how many of its steps are done. left: seconds until it is over, probably, counted
    from the instance's last event; None where it is over, or nobody knows."""

    name: str
    state: ProgressState
    done: int
    total: int
    left: float | None = None


@dataclass(frozen=True, slots=True)
class ImplementationProgress:
    """All phases in order. fraction: of steps done, 0 to 1. left: how much longer it will take; None where nobody
    knows."""

    phases: tuple[PhaseProgress, ...]
    fraction: float
    left: Remaining | None = None


def progress(
    instance: WorkflowInstance, definition: WorkflowDefinition, past: History | None = None
) -> ImplementationProgress:
    """How far the instance is. past: earlier runs, which say how much longer it will take."""
    left = remaining(instance, definition, past) if past is not None else None
    phases = tuple(_phase(name, instance, definition, left) for name in definition.phases)
    total = sum(p.total for p in phases)
    return ImplementationProgress(phases, sum(p.done for p in phases) / total if total else 0.0, left)


def elapsed(instance: WorkflowInstance, now: datetime) -> float:
    """Seconds from the start to the end, or to now."""
    end = moment(instance.updated_at) if instance.state.final else now
    return (end - moment(instance.started_at)).total_seconds()


def _phase(
    name: str, instance: WorkflowInstance, definition: WorkflowDefinition, left: Remaining | None
) -> PhaseProgress:
    names = [s.name for s in definition.steps if s.phase == name]
    steps = [instance.steps[n] for n in names if n in instance.steps]
    done = sum(s.state in (StepState.COMPLETED, StepState.SKIPPED) for s in steps)
    still = left.phases.get(name) if left is not None else None
    return PhaseProgress(name, _state(instance, steps, done, len(names)), done, len(names), still)


def _state(instance: WorkflowInstance, steps: list[StepInstance], done: int, total: int) -> ProgressState:
    if any(s.state is StepState.FAILED for s in steps):
        return ProgressState.FAILED
    if any(s.rollback is RollbackState.COMPLETED for s in steps):
        return ProgressState.TAKEN_BACK
    if done == total:
        return ProgressState.COMPLETED
    if not steps or instance.state is not WorkflowState.RUNNING:
        return ProgressState.NOT_STARTED if not steps else ProgressState.ACTIVE
    if any(s.state is StepState.WAITING for s in steps):
        return ProgressState.WAITING
    return ProgressState.ACTIVE
