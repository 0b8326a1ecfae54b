"""An instance's events for a terminal: a table for people, or JSON lines with every field.

Not here: reading them (bot/store), and what they make of an instance (bot/engine).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from bot.engine import events as e
from bot.render.plain import clip, columns, one_line, pad
from bot.render.times import to_the_second

_HEAD = ("#", "time (UTC)", "event", "step", "actor", "detail")
_MOST_DETAIL = 100


def table(events: Iterable[e.Event]) -> str:
    """One line an event, oldest first, columns as wide as they must be."""
    rows = [_HEAD, *(_row(event) for event in events)]
    widths = [max(columns(row[i]) for row in rows) for i in range(len(_HEAD) - 1)]
    lines = []
    for row in rows:
        cells = [pad(value, width) for value, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines)


def json_lines(events: Iterable[e.Event]) -> Iterator[str]:
    """One JSON object an event, as stored, without a newline at its end."""
    return (e.encode(event).decode() for event in events)


def _row(event: e.Event) -> tuple[str, ...]:
    step = getattr(event.body, "step", None)
    return (
        str(event.version),
        to_the_second(event.at),
        one_line(event.name),
        one_line(step or ""),
        one_line(event.actor),
        clip(one_line(detail(event.body)), _MOST_DETAIL),
    )


def detail(body: e.Body) -> str:
    """What is worth knowing of an event, in a few words; not made safe for terminals."""
    match body:
        case e.WorkflowStarted():
            return f"{body.definition} {body.version} for {body.key}"
        case e.StepStarted() | e.CompensationStarted():
            action = getattr(body, "action", "")
            return " ".join(p for p in (action, f"attempt {body.attempt}" if body.attempt > 1 else "") if p)
        case e.StepWaiting() | e.CompensationWaiting():
            return body.note + (f" (until {to_the_second(body.deadline)})" if body.deadline else "")
        case e.StepCompleted() | e.CompensationCompleted():
            note = body.result.get("note")
            return note if isinstance(note, str) else _pairs(body.result)
        case e.StepFailed():
            return f"{body.kind}: {body.error}"
        case e.StepRetryScheduled():
            return f"again at {to_the_second(body.at)}, {body.kind}: {body.error}"
        case e.CompensationFailed():
            later = f", again at {to_the_second(body.retry_at)}" if body.retry_at else ""
            return f"{body.kind}: {body.error}{later}"
        case e.StepEmitted():
            return _pairs(body.data)
        case e.PhaseCompleted():
            return body.phase
        case e.SignalReceived():
            return body.name
        case e.OperatorRefused():
            return f"{body.act}: {body.reason}"
        case e.FixForwardInitiated():
            return f"back to {body.from_step}, {body.attempt} of {body.most}: {body.reason}"
        case _:
            return str(getattr(body, "reason", ""))


def _pairs(data: Mapping[str, Any]) -> str:
    """Small values as key=value; of larger ones only the verdict, if there is one."""
    out = []
    for key, value in data.items():
        if isinstance(value, Mapping):
            value = value.get("verdict")
        if isinstance(value, str | int | float | bool):
            shown = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            out.append(f"{key}={clip(shown, 40)}")
    return " ".join(out)
