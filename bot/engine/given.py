"""What `decide` is given: everything that can happen to an instance, and the circumstances in which it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.engine.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Answered:
    """A step's start, check, undo or check_undo came back."""

    step: str
    outcome: Outcome
    compensating: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """The instance has just been started, or loaded: see what is runnable."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Some retry may be due."""


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """A human wants it taken back. cancelled: as a change of mind; else because it turned out wrong."""

    reason: str
    cancelled: bool = True


@dataclass(frozen=True, slots=True)
class RetryAsked:
    """A human wants a parked instance to go on. memo: what the step that is tried again should know of it."""

    memo: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PauseAsked:
    """A human wants it to begin nothing new for now."""

    reason: str


@dataclass(frozen=True, slots=True)
class ResumeAsked:
    """A human wants a paused instance to go on."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody asked for an act and was refused."""

    act: str
    reason: str


Given = Answered | Begun | TimePassed | CancelAsked | RetryAsked | PauseAsked | ResumeAsked | Refused


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What deciding may look at besides the instance.

    now: the time. chance: in [0, 1), for jitter. undoable: step types with a way back. in_flight: steps whose
    call has not come back yet; after a crash there are none, and what was started is unknown.
    """

    now: datetime
    chance: float = 0.5
    undoable: frozenset[str] = frozenset()
    in_flight: frozenset[str] = frozenset()
