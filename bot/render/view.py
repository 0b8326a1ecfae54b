"""What people are shown of one implementation, as frozen plain values: phases, steps, who has to act.

Folded from an instance and its definition, so it says what the events say and nothing else. Texts in here are
as others wrote them: progress.py escapes them. Not here: how it looks.

A step tells people more by its result, or by its memo while it waits: `links`, a list of {"label", "url"},
and `note`, what came of it in a few words ("#13 was merged"); `aside` where that is not what came of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot import result as results
from bot.engine.events import moment
from bot.engine.instance import StepInstance, WorkflowInstance
from bot.engine.saga import to_compensate
from bot.engine.state import RollbackState, StepState, WorkflowState
from bot.insights.remaining import Remaining
from bot.insights.report import ImplementationReport
from bot.language.definition import StepDefinition, WorkflowDefinition
from bot.render.plain import clause, clip, one_line, words
from bot.render.times import between, took, utc
from bot.render.words import say_plainly
from bot.result import Result

Link = tuple[str, str]
"""A label and an address; the address is not checked yet (markdown.link does)."""


class Look(StrEnum):
    """How far something is, for people: fewer states than the engine has."""

    TODO = "todo"
    NOW = "now"
    WAITING = "waiting"
    AGAIN = "again"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    STOPPED = "stopped"
    GOING_BACK = "going-back"
    TAKEN_BACK = "taken-back"
    STUCK = "stuck"  # taking it back failed


@dataclass(frozen=True, slots=True)
class StepView:
    """One step. said: what it waits for, why it failed, what came of it. until: a deadline or time of retry.

    started_at: a stamp; took: a duration, of what has ended.
    """

    name: str
    label: str
    look: Look
    said: str = ""
    until: str | None = None
    links: tuple[Link, ...] = ()
    started_at: str | None = None
    took: str = ""


@dataclass(frozen=True, slots=True)
class PhaseView:
    """One phase with its steps; the phase without a name holds what the bot does for itself."""

    name: str
    look: Look
    steps: tuple[StepView, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the living comment says.

    sentence: what happens now and who has to act, plain text. edges: pairs of places in `phases`.
    back: how many steps are taken back and how many will be, or None while nothing is.
    stuck: taking back failed, so only `retry` helps. gate: the quality gate's answer; gate_lost: it could not
    be read. report: what came of it, once it is over. chain_head: of the events' hash chain. reverts: it takes an
    implementation back that has ended. expected: between which stamps it will probably be over.
    """

    instance: str
    title: str
    state: WorkflowState
    sentence: str
    phases: tuple[PhaseView, ...]
    internal: tuple[StepView, ...]
    edges: tuple[tuple[int, int], ...]
    phases_done: int
    back: tuple[int, int] | None
    stuck: bool
    until: str | None
    stopped_at: str
    links: tuple[Link, ...]
    record_path: str
    record_url: str | None
    issue_url: str | None
    page_url: str | None
    requester: str
    started_at: str
    updated_at: str
    gate: Result | None = None
    gate_lost: bool = False
    report: ImplementationReport | None = None
    chain_head: str | None = None
    reverts: bool = False
    expected: tuple[str, str] | None = None


def view_of(
    instance: WorkflowInstance,
    definition: WorkflowDefinition,
    *,
    title: str,
    record_path: str,
    record_url: str | None,
    issue_url: str | None,
    page_url: str | None = None,
    requester: str,
    now: datetime,
    report: ImplementationReport | None = None,
    chain_head: str | None = None,
    left: Remaining | None = None,
) -> View:
    """The view of an instance. title: the record's, as "ADR-003: Use a queue". requester: a login.

    now: only decides whether a retry or a deadline still lies ahead, so the same state gives the same text. left:
    how much longer it will probably take.
    """
    steps = [_step(instance, d, now) for d in definition.steps]
    phases = tuple(_phase(name, steps, definition) for name in definition.phases)
    gate, lost = _gate(instance)
    waiting = [s.until for s in steps if s.look is Look.WAITING and s.until]
    failed = instance.failed_step
    return View(
        instance=instance.id,
        title=clip(one_line(title), 300),
        state=instance.state,
        sentence=_sentence(instance, steps),
        phases=phases,
        internal=tuple(s for s, d in zip(steps, definition.steps, strict=True) if not d.phase),
        edges=_edges(definition),
        phases_done=sum(p.look in (Look.DONE, Look.SKIPPED) for p in phases),
        back=_back(instance, definition, steps),
        stuck=any(s.look is Look.STUCK for s in steps),
        until=min(waiting, default=None) if instance.state is WorkflowState.RUNNING else None,
        stopped_at=words(failed) if failed else "",
        links=links_of(instance),
        record_path=clip(one_line(record_path), 300),
        record_url=record_url,
        issue_url=issue_url,
        page_url=page_url,
        requester=clip(one_line(requester), 100),
        started_at=instance.started_at,
        updated_at=instance.updated_at,
        gate=gate,
        gate_lost=lost,
        report=report,
        chain_head=chain_head,
        reverts=instance.definition == "revert-implementation",
        expected=between(instance.updated_at, left.low, left.high) if left is not None else None,
    )


def sentence_of(instance: WorkflowInstance) -> str:
    """What happens now and who has to act, in one plain sentence that needs no definition."""
    return _sentence(instance, [_seen(instance, s, None) for s in instance.steps.values()])


def links_of(instance: WorkflowInstance) -> tuple[Link, ...]:
    """All links that its steps gave, each once."""
    return _unique(link for step in instance.steps.values() for link in _links(step))


def _step(instance: WorkflowInstance, definition: StepDefinition, now: datetime) -> StepView:
    known = instance.steps.get(definition.name)
    if known is None:
        look = Look.TODO if _going_on(instance) else Look.STOPPED
        return StepView(definition.name, words(definition.name), look)
    return _seen(instance, known, now)


def _seen(instance: WorkflowInstance, step: StepInstance, now: datetime | None) -> StepView:
    look = _look(instance, step)
    ended = step.ended_at if look not in (Look.NOW, Look.WAITING, Look.AGAIN) else None
    until = {Look.WAITING: step.deadline, Look.AGAIN: step.retry_at}.get(look)
    if until and now and moment(until) <= now:
        until = None
    return StepView(
        name=step.name,
        label=words(step.name),
        look=look,
        said=clause(_said(step, look)),
        until=until,
        links=_links(step),
        started_at=step.started_at,
        took=took(step.started_at, ended) if step.started_at and ended else "",
    )


_GOING_BACK = (RollbackState.STARTED, RollbackState.WAITING, RollbackState.RETRYING)
_LOOKS = {
    StepState.PENDING: Look.TODO,
    StepState.STARTED: Look.NOW,
    StepState.WAITING: Look.WAITING,
    StepState.RETRYING: Look.AGAIN,
    StepState.COMPLETED: Look.DONE,
    StepState.FAILED: Look.FAILED,
    StepState.SKIPPED: Look.SKIPPED,
}


def _look(instance: WorkflowInstance, step: StepInstance) -> Look:
    if step.rollback in _GOING_BACK:
        return Look.GOING_BACK
    if step.rollback is RollbackState.COMPLETED:
        return Look.TAKEN_BACK
    if step.rollback is RollbackState.FAILED:
        return Look.STUCK
    look = _LOOKS[step.state]
    if look in (Look.NOW, Look.WAITING, Look.AGAIN, Look.TODO) and not _going_on(instance):
        return Look.STOPPED
    return look


def _going_on(instance: WorkflowInstance) -> bool:
    """Whether what is unfinished may yet be finished: also while parked, unless it is being taken back."""
    if instance.state is WorkflowState.PARKED:
        return all(s.rollback is RollbackState.NONE for s in instance.steps.values())
    return instance.state in (WorkflowState.RUNNING, WorkflowState.PAUSED)


def _said(step: StepInstance, look: Look) -> str:
    match look:
        case Look.WAITING:
            return _without_waiting(step.note)
        case Look.GOING_BACK:
            waits = step.rollback is RollbackState.WAITING
            return f"waiting for {_without_waiting(step.note)}" if waits else step.rollback_error
        case Look.AGAIN | Look.FAILED:
            return step.error
        case Look.STUCK:
            return step.rollback_error
        case Look.TAKEN_BACK:
            return _note(step.rollback_result)
        case Look.DONE:
            return _note(step.result)
        case Look.SKIPPED:
            return step.note
    return ""


def _without_waiting(note: str) -> str:
    """What is waited for: the words "waiting for" are ours to say."""
    line = one_line(note)
    return line[len("waiting for ") :] if line.lower().startswith("waiting for ") else line


def _note(result: Mapping[str, Any]) -> str:
    note = result.get("note")
    return note if isinstance(note, str) else ""


def _links(step: StepInstance) -> tuple[Link, ...]:
    found = []
    for source in (step.result, step.memo, step.rollback_result):
        entries = source.get("links")
        for entry in entries if isinstance(entries, list | tuple) else ():
            label, url = (
                (entry.get("label"), entry.get("url")) if isinstance(entry, Mapping) else (None, None)
            )
            if isinstance(label, str) and isinstance(url, str):
                found.append((label, url))
    return _unique(found)


def _unique(links: Iterable[Link]) -> tuple[Link, ...]:
    return tuple(dict.fromkeys(links))


def _phase(name: str, steps: list[StepView], definition: WorkflowDefinition) -> PhaseView:
    mine = tuple(s for s, d in zip(steps, definition.steps, strict=True) if d.phase == name)
    return PhaseView(name, _together([s.look for s in mine]), mine)


_LOUDEST = (Look.STUCK, Look.FAILED, Look.GOING_BACK, Look.WAITING, Look.AGAIN, Look.NOW, Look.TAKEN_BACK)


def _together(looks: list[Look]) -> Look:
    """One look for many steps: what needs attention first wins; begun and unfinished is "now"."""
    for look in _LOUDEST:
        if look in looks:
            return look
    settled = [look in (Look.DONE, Look.SKIPPED) for look in looks]
    if all(settled):
        return Look.SKIPPED if set(looks) == {Look.SKIPPED} else Look.DONE
    if Look.STOPPED in looks:
        return Look.STOPPED
    return Look.NOW if any(settled) else Look.TODO


def _sentence(instance: WorkflowInstance, steps: list[StepView]) -> str:
    ended = sorted(instance.steps.values(), key=lambda s: s.order, reverse=True)
    return say_plainly(
        "progress",
        "sentence",
        state=instance.state.value,
        reason=clause(instance.reason),
        waiting=[s.said or s.label for s in steps if s.look is Look.WAITING],
        again=[(s.label, s.said, utc(s.until) if s.until else "") for s in steps if s.look is Look.AGAIN],
        working=[s.label for s in steps if s.look is Look.NOW],
        going_back=[s for s in steps if s.look is Look.GOING_BACK],
        taken_back=any(s.look is Look.TAKEN_BACK for s in steps),
        outcome=next(
            (clause(_note(s.result)) for s in ended if _note(s.result) and not s.result.get("aside")), ""
        ),
    )


def _back(
    instance: WorkflowInstance, definition: WorkflowDefinition, steps: list[StepView]
) -> tuple[int, int] | None:
    if _going_on(instance) or instance.state is WorkflowState.COMPLETED:
        return None
    done = sum(s.look is Look.TAKEN_BACK for s in steps)
    return done, done + sum(1 for _ in to_compensate(instance, definition))


def _edges(definition: WorkflowDefinition) -> tuple[tuple[int, int], ...]:
    """Which phase builds on which, by their steps' depends_on, without those that others imply."""
    place = {name: i for i, name in enumerate(definition.phases)}
    phase = {s.name: place[s.phase] for s in definition.steps if s.phase}
    direct = {
        (phase[d], phase[s.name])
        for s in definition.steps
        for d in s.depends_on
        if s.name in phase and d in phase and phase[d] < phase[s.name]
    }
    reach = {(a, b) for a, b in direct}
    for middle in range(len(place)):
        reach |= {(a, b) for a, m in reach for n, b in reach if m == n == middle}
    return tuple(
        sorted(
            (a, b) for a, b in direct if not any((a, m) in reach and (m, b) in reach for m in range(a + 1, b))
        )
    )


def _gate(instance: WorkflowInstance) -> tuple[Result | None, bool]:
    data = instance.emitted.get("QualityGateEvaluated")
    if data is None:
        return None, False
    try:
        return results.from_json(data["result"]), False
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return None, True
