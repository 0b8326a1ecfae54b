"""The implementation report (ADR-012, `generateImplementationReport`): what came of an instance, as a value.

A pure fold of its events, its definition and its journal: phases and what they took, gates, runs, the estimate
beside what it took, effects, what was undone and how, and the people who acted. What steps say reaches it by
names and fields that they keep to: ImplementationPlanned {estimated}, QualityGateEvaluated {mode, verdict,
reason}, RunDispatched {run, mode}, RunObserved {run, conclusion}, CheckRunObserved {name, conclusion, sha},
PullRequestMerged {number, by}; a result's `note`. It has no clock: what is not over is reported up
to its last event. Not here: how it looks (bot/render).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine import events as e
from bot.engine.errors import StoreError, UnknownInstance
from bot.engine.evolve import fold
from bot.engine.instance import StepInstance, WorkflowInstance
from bot.engine.ports import Effect, EventStore
from bot.engine.state import RollbackState
from bot.insights.history import History, gathered
from bot.insights.progress import PhaseProgress, progress
from bot.insights.remaining import Remaining
from bot.language.definition import WorkflowDefinition, parse


@dataclass(frozen=True, slots=True)
class PhaseReport:
    """One phase. state: of ProgressState. seconds: from its first start to its last end; None if it has none.
    left: seconds until it is over, probably."""

    name: str
    state: str
    done: int
    total: int
    seconds: float | None
    left: float | None = None


@dataclass(frozen=True, slots=True)
class GateReport:
    """One answer of the quality gate. mode: implement, or verify after the merge. verdict: as in bot/result.py."""

    mode: str
    verdict: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The last conclusion of a check on a commit."""

    name: str
    conclusion: str
    sha: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """One dispatched run. conclusion, seconds: once its end was observed."""

    run: int
    mode: str
    conclusion: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class UndoneReport:
    """A step that was, or is being, taken back. how: "undo" or the rollback_action's type.

    state: of RollbackState. said: what came of it, what it waits for, or why it does not work.
    """

    step: str
    how: str
    state: str
    said: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class EffectReport:
    """One write to the outside world, as in the journal. state: intended or observed."""

    kind: str
    step: str
    key: str
    state: str
    result: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did. did: asked, merged, cancelled, rolled-back, paused, resumed or approved. number: of what
    was merged, where that is known."""

    who: str
    did: str
    at: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class ImplementationReport:
    """All of it. Stamps are ISO 8601 in UTC, durations seconds.

    ended_at: None while it is not over; seconds: up to its last event. estimated: minutes of run, at least and
    at most, as the plan said; ran: seconds that the runs took which made the change, None before one has ended.
    waited: seconds in which pull requests waited for people, before they were merged. retries: repeated
    attempts. left: how much longer it will probably take, from its last event; None where nobody knows.
    """

    instance: str
    definition: str
    key: str
    context: dict[str, Any]
    state: str
    reason: str
    started_at: str
    ended_at: str | None
    seconds: float
    estimated: tuple[float, float] | None
    ran: float | None
    waited: float
    events: int
    retries: int
    phases: tuple[PhaseReport, ...]
    gates: tuple[GateReport, ...]
    checks: tuple[CheckReport, ...]
    runs: tuple[RunReport, ...]
    undone: tuple[UndoneReport, ...]
    effects: tuple[EffectReport, ...]
    people: tuple[Act, ...]
    left: Remaining | None = None


def report_of(store: EventStore, instance: str) -> ImplementationReport:
    """The report of an instance, with the definition that it began with. Raises UnknownInstance, StoreError."""
    stream = store.read(instance)
    folded = fold(stream)
    if folded is None:
        raise UnknownInstance(f"there is no instance {instance}")
    try:
        text = store.get_blob(f"sha256:{folded.digest}")
    except KeyError as error:
        raise StoreError(f"{instance}: the definition that it began with is not in the store") from error
    past = None if folded.state.final else gathered(store, folded.definition)
    return generate_implementation_report(stream, parse(text.decode()), store.effects(instance), past)


def generate_implementation_report(
    stream: Sequence[e.Event],
    definition: WorkflowDefinition,
    effects: Iterable[Effect],
    past: History | None = None,
) -> ImplementationReport:
    """ADR-012's name. stream: all events of one instance, in order. past: earlier runs, which say how much
    longer it will take. Raises ValueError for an empty stream."""
    instance = fold(stream)
    if instance is None:
        raise ValueError("there are no events to report on")
    runs = _runs(stream)
    far = progress(instance, definition, past)
    ended = [run.seconds for run in runs if run.mode != "verify" and run.seconds is not None]
    return ImplementationReport(
        instance=instance.id,
        definition=instance.definition,
        key=instance.key,
        context=instance.context,
        state=instance.state.value,
        reason=instance.reason,
        started_at=instance.started_at,
        ended_at=instance.updated_at if instance.state.final else None,
        seconds=_between(instance.started_at, instance.updated_at),
        estimated=_estimated(instance),
        ran=sum(ended) if ended else None,
        waited=_waited(stream),
        events=len(stream),
        retries=sum(isinstance(event.body, e.StepRetryScheduled) for event in stream),
        phases=tuple(_phase(p, instance, definition) for p in far.phases),
        gates=tuple(
            GateReport(_word(data, "mode"), _word(data, "verdict"), _word(data, "reason"), event.at)
            for event, data in _emitted(stream, "QualityGateEvaluated")
        ),
        checks=_checks(stream),
        runs=runs,
        undone=_undone(stream, instance),
        effects=tuple(EffectReport(f.kind, f.step, f.key, f.state, f.result) for f in effects),
        people=tuple(act for event in stream if (act := _act(event)) is not None),
        left=far.left,
    )


def _emitted(stream: Iterable[e.Event], name: str) -> list[tuple[e.Event, dict[str, Any]]]:
    return [(v, v.body.data) for v in stream if isinstance(v.body, e.StepEmitted) and v.body.name == name]


def _word(data: dict[str, Any], name: str) -> str:
    return str(data.get(name, ""))


def _between(start: str, end: str) -> float:
    return max(0.0, (e.moment(end) - e.moment(start)).total_seconds())


def _estimated(instance: WorkflowInstance) -> tuple[float, float] | None:
    match instance.emitted.get("ImplementationPlanned", {}).get("estimated"):
        case [int() | float() as low, int() | float() as high]:
            return float(low), float(high)
    return None


def _phase(found: PhaseProgress, instance: WorkflowInstance, definition: WorkflowDefinition) -> PhaseReport:
    mine = [
        instance.steps[d.name] for d in definition.steps if d.phase == found.name and d.name in instance.steps
    ]
    starts = [s.started_at for s in mine if s.started_at]
    ends = [s.ended_at for s in mine if s.ended_at and s.started_at]
    seconds = _between(min(starts), max(ends)) if starts and ends else None
    return PhaseReport(found.name, found.state.value, found.done, found.total, seconds, found.left)


def _runs(stream: Sequence[e.Event]) -> tuple[RunReport, ...]:
    observed = {
        data.get("run"): (event.at, _word(data, "conclusion"))
        for event, data in _emitted(stream, "RunObserved")
    }
    out = {}
    for event, data in _emitted(stream, "RunDispatched"):
        run = data.get("run")
        if not isinstance(run, int):
            continue
        at, conclusion = observed.get(run, (None, None))
        seconds = _between(event.at, at) if at else None
        out[run] = RunReport(run, _word(data, "mode"), conclusion, seconds)
    return tuple(out.values())


def _checks(stream: Sequence[e.Event]) -> tuple[CheckReport, ...]:
    last = {
        (_word(data, "name"), _word(data, "sha")): _word(data, "conclusion")
        for _, data in _emitted(stream, "CheckRunObserved")
    }
    return tuple(CheckReport(name, conclusion, sha) for (name, sha), conclusion in last.items())


def _waited(stream: Sequence[e.Event]) -> float:
    """From the moment that a step began to wait to the merge that it saw, for all of them."""
    began: dict[str, str] = {}
    total = 0.0
    for event in stream:
        match event.body:
            case e.StepWaiting(step=step):
                began.setdefault(step, event.at)
            case e.StepEmitted(name="PullRequestMerged", step=step) if step in began:
                total += _between(began.pop(step), event.at)
    return total


def _undone(stream: Sequence[e.Event], instance: WorkflowInstance) -> tuple[UndoneReport, ...]:
    """In the order in which taking back began; what was then done anew stays in the list."""
    out: list[UndoneReport] = []
    began: dict[str, tuple[str, str]] = {}
    ended: dict[str, str] = {}
    said: dict[str, str] = {}
    for event in stream:
        match event.body:
            case e.CompensationStarted(step=name, action=action):
                began.setdefault(name, (action, event.at))
            case e.CompensationCompleted(step=name, result=result):
                ended[name], said[name] = event.at, _word(result, "note")
            case e.WorkflowResumed(anew=names):  # from here on the instance knows nothing of it any more
                for name in [n for n in began if n in names]:
                    how, at = began.pop(name)
                    seconds = _between(at, ended.pop(name)) if name in ended else None
                    completed = RollbackState.COMPLETED.value
                    out.append(UndoneReport(name, how, completed, said.get(name, ""), seconds))
    for name, (how, _) in began.items():
        step = instance.steps[name]
        start = step.rollback_started_at
        seconds = _between(start, ended[name]) if start and name in ended else None
        out.append(UndoneReport(name, how, step.rollback.value, _said(step), seconds))
    return tuple(out)


def _said(step: StepInstance) -> str:
    if step.rollback is RollbackState.WAITING:
        return step.note
    if step.rollback in (RollbackState.FAILED, RollbackState.RETRYING):
        return step.rollback_error
    return _word(step.rollback_result, "note")


def _act(event: e.Event) -> Act | None:
    """What a person did by this event; what follows from it in the same breath is not theirs."""
    person = event.actor.removeprefix("@") if event.actor.startswith("@") else ""
    match event.body:
        case e.WorkflowStarted() if person:
            return Act(person, "asked", event.at)
        case e.RollbackInitiated(cancelled=cancelled) if person:
            return Act(person, "cancelled" if cancelled else "rolled-back", event.at)
        case e.WorkflowPaused() if person:
            return Act(person, "paused", event.at)
        case e.WorkflowResumed(memo=memo) if person:
            return Act(person, "approved" if "approved" in memo else "resumed", event.at)
        case e.StepEmitted(name="PullRequestMerged", data={"by": str() as by, **rest}):
            return Act(by, "merged", event.at, _number(rest.get("number")))
        case e.CompensationCompleted(result={"merged_by": str() as by, **rest}):
            return Act(by, "merged", event.at, _number(rest.get("revert_pr")))
    return None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
