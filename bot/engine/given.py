"""What `decide` is given: everything that can happen to an instance, and the circumstances in which it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bot.engine.outcome import Outcome

Act = Literal["cancel", "roll-back", "retry", "pause", "resume", "signal"]


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
class Asked:
    """An operator asks for an act. name: of the signal, or of the step from which on to take back, if not all.

    data: of the signal, or what the step that is tried again should know.
    """

    act: Act
    reason: str = ""
    name: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody asked for an act and was refused."""

    act: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It was under way at so many starts in a row, and nothing was heard of it in between."""

    starts: int


Given = Answered | Begun | TimePassed | Asked | Refused | Unanswered


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
