"""The parts of docs/engine.md that are drawn from code: states with their transitions, and events with fields.

Each arrow carries the events that make it, found by trying them: `evolve` is asked what every event makes of
every state, so the drawing shows what the code does and not what somebody thought. `python -m
bot.render.engine_doc docs/engine.md` draws them anew; a test holds the file to this. Not here: the prose.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import msgspec

from bot.engine import events as e
from bot.engine.evolve import evolve
from bot.engine.instance import StepInstance, WorkflowInstance
from bot.engine.state import (
    ROLLBACK_TRANSITIONS,
    STEP_TRANSITIONS,
    WORKFLOW_TRANSITIONS,
    RollbackState,
    StepState,
    WorkflowState,
)

_MARKED = re.compile(r"(<!-- drawn: ([a-z-]+) -->\n).*?(<!-- /drawn -->)", re.DOTALL)
_NOW = "2026-01-01T00:00:00.000000Z"
_FILLERS: Mapping[str, Any] = {"attempt": 1, "undoable": True}


def filled(text: str) -> str:
    """The text with what lies between its marks drawn anew. Raises KeyError for an unknown mark."""
    return _MARKED.sub(lambda found: f"{found[1]}{_PARTS[found[2]]()}\n{found[3]}", text)


def _workflow() -> str:
    untouched = _moves(WorkflowState, lambda s: _instance(StepInstance(name="a"), s), lambda i: i.state)
    undone = StepInstance(name="a", rollback=RollbackState.FAILED)
    back = _moves(WorkflowState, lambda s: _instance(undone, s), lambda i: i.state)
    # While it runs nothing has been taken back yet, so that pair does not exist.
    found = [*untouched, *(move for move in back if move[0] is not WorkflowState.RUNNING)]
    return _diagram(WORKFLOW_TRANSITIONS, WorkflowState.RUNNING, found)


def _step() -> str:
    found = _moves(
        StepState, lambda s: _instance(StepInstance(name="a", state=s)), lambda i: i.steps["a"].state
    )
    return _diagram(STEP_TRANSITIONS, StepState.PENDING, found)


def _rollback() -> str:
    found = _moves(
        RollbackState,
        lambda s: _instance(StepInstance(name="a", rollback=s)),
        lambda i: i.steps["a"].rollback,
    )
    return _diagram(ROLLBACK_TRANSITIONS, RollbackState.NONE, found)


_OWN: Mapping[type[StrEnum], str] = {
    WorkflowState: "RollbackInitiated",
    StepState: "StepWaiting",
    RollbackState: "CompensationWaiting",
}
"""Events that may lead from a state to itself."""
Move = tuple[StrEnum, StrEnum, str]


def _moves(
    states: type[StrEnum],
    made: Callable[[Any], WorkflowInstance],
    seen: Callable[[WorkflowInstance], StrEnum],
) -> Iterator[Move]:
    """Every event tried on every state: from where to where it leads. What does not fit raises, and is none."""
    own = {
        "StepState": "StepWaiting",
        "RollbackState": "CompensationWaiting",
        "WorkflowState": "RollbackInitiated",
    }.get(states.__name__)
    for state in states:
        for body in _bodies():
            event = e.Event(stream="i", version=2, at=_NOW, actor="", cause="", correlation="", body=body)
            try:
                after = seen(evolve(made(state), event))
            except ValueError:
                continue
            if after is not state or event.name == own:
                yield state, after, event.name


def _bodies() -> Iterator[e.Body]:
    for kind in get_args(e.Body):
        if kind is e.WorkflowStarted:
            continue
        fields = {
            f.name: _FILLERS.get(f.name, "a")
            for f in msgspec.structs.fields(kind)
            if f.required or f.name == "step"
        }
        yield kind(**fields)
        if kind is e.WorkflowResumed:
            yield kind(**fields, anew=("a",))
        if kind is e.CompensationFailed:
            yield kind(**fields, retry_at="later")


def _instance(step: StepInstance, state: WorkflowState = WorkflowState.RUNNING) -> WorkflowInstance:
    return WorkflowInstance(
        id="i",
        definition="d",
        definition_version="1",
        digest="",
        key="k",
        context={},
        state=state,
        steps={"a": step},
        signals=(("a", {}),),
        version=1,
        actor="",
        cause="",
        correlation="",
        started_at=_NOW,
        updated_at=_NOW,
        paused_at=_NOW,
    )


def _diagram(table: Mapping[Any, frozenset[Any]], first: StrEnum, moves: list[Move] | Iterator[Move]) -> str:
    """Mermaid. Raises ValueError where an event makes a move that the table does not know."""
    labels: dict[tuple[StrEnum, StrEnum], dict[str, None]] = {}
    for old, new, name in moves:
        labels.setdefault((old, new), {})[name] = None
    if any(new not in table[old] for old, new in labels):
        raise ValueError("an event makes a move that is not in the table")
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'  state "{s.value}" as {_id(s)}' for s in table if s.value != _id(s)]
    lines.append(f"  [*] --> {_id(first)}")
    for old, following in table.items():
        for new in sorted(following, key=list(table).index):
            names = ", ".join(labels.get((old, new), {})) or "not used"
            lines.append(f"  {_id(old)} --> {_id(new)}: {names}")
        if not following:
            lines.append(f"  {_id(old)} --> [*]")
    return "\n".join([*lines, "```"])


def _id(state: StrEnum) -> str:
    return state.value.replace("-", "_")


def _events() -> str:
    rows = ["| Event | Fields | |", "|---|---|---|"]
    for kind in get_args(e.Body):
        fields = ", ".join(f"`{f.name}`" for f in msgspec.structs.fields(kind))
        said = " ".join((inspect.getdoc(kind) or "").split())
        rows.append(f"| {kind.__name__} | {fields} | {said.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


_PARTS: Mapping[str, Callable[[], str]] = {
    "workflow-state": _workflow,
    "step-state": _step,
    "rollback-state": _rollback,
    "events": _events,
}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        file = Path(name)
        file.write_text(filled(file.read_text(encoding="utf-8")), encoding="utf-8")
