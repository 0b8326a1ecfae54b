"""A workflow instance as a value. The fold of a stream's events is the instance; nothing else is.

Not here: what events make of it (evolve.py), and which events to write (decide.py).
"""

from __future__ import annotations

from typing import Any

import msgspec

from bot.engine.state import WorkflowState
from bot.engine.step import UNDER_WAY as UNDER_WAY
from bot.engine.step import Retreat as Retreat
from bot.engine.step import StepInstance as StepInstance


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
