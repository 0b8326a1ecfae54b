"""What past instances teach: how long each attempt of each step took, how it ended, what the whole came to.

A pure fold of events. A run lasts until its verdict: it was completed, it began to be taken back, or it
stopped for a human; what comes after that says nothing about the next run. Time in which people held it up
(paused) is left out. An ended run never changes, so `gathered` reads each instance's events once and only
open ones again. Not here: what follows from it for the next run (prediction.py, optimizer.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.engine import events as e
from bot.engine.errors import StoreError
from bot.engine.ports import EventStore

Outcome = Literal["completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """seconds: until its answer. kind: of failure; empty where it worked. again: it was to be repeated.
    pause: seconds until the repetition began, if it did."""

    seconds: float
    kind: str = ""
    again: bool = False
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class StepRun:
    """One step of one run, once for each time that it was done anew.

    start: seconds after the run's. seconds: until it ended, pauses included. state: completed, failed, skipped, or
    left where the run ended first. waited: it waited for somebody or something.
    """

    step: str
    start: float
    seconds: float
    attempts: tuple[Attempt, ...] = ()
    state: Literal["completed", "failed", "skipped", "left"] = "left"
    waited: bool = False

    @property
    def kind(self) -> str:
        """The kind of the failure that it ended with; empty if it did not."""
        return self.attempts[-1].kind if self.state == "failed" and self.attempts else ""


@dataclass(frozen=True, slots=True)
class Run:
    """One run up to its verdict. failed: taken back or stopped because of a failure, also if a person helped it
    to its end later. cancelled: a person ended it, which tells nothing about how it would have gone."""

    instance: str
    definition: str
    digest: str
    repository: str
    outcome: Outcome
    seconds: float
    steps: tuple[StepRun, ...]

    @property
    def culprits(self) -> tuple[StepRun, ...]:
        """Steps that failed for good, if the run did."""
        return tuple(s for s in self.steps if s.state == "failed") if self.outcome == "failed" else ()


@dataclass(frozen=True, slots=True)
class History:
    """Runs by instance."""

    runs: Mapping[str, Run] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs.values())

    def __len__(self) -> int:
        return len(self.runs)

    def of(self, definition: str) -> tuple[Run, ...]:
        """Those of one definition whose end says something: completed or failed."""
        return tuple(r for r in self if r.definition == definition and r.outcome != "cancelled")


def history(events: Iterable[e.Event]) -> History:
    """The runs of these events; those of each stream in order, streams interleaved as they like."""
    folds: dict[str, _Fold] = {}
    for event in events:
        if event.stream not in folds:
            folds[event.stream] = _Fold()
        folds[event.stream].add(event)
    return History({name: f.run for name, f in folds.items() if f.run is not None})


def run_of(stream: Iterable[e.Event]) -> Run | None:
    """The run of one stream; None while it has no verdict."""
    fold = _Fold()
    for event in stream:
        if fold.add(event):
            break
    return fold.run


def gathered(
    store: EventStore,
    definition: str | None = None,
    *,
    known: History | None = None,
    newest: int | None = None,
    owner: str | None = None,
    ended: bool = False,
) -> History:
    """What the store has, of all definitions or of one; `known` is not read again. newest: at most so many
    instances. owner: only of repositories of this owner. ended: leave out what is open, though it may have
    failed. What cannot be read is left out: `cloi verify` names it.
    """
    found = dict(known.runs) if known is not None else {}
    rows = store.summaries(definition=definition)
    if owner is not None:
        # A key begins with the repository that it is about; what is folded below is looked at again.
        rows = [row for row in rows if row.key.startswith(f"{owner}/")]
    for row in rows[-newest:] if newest else rows:
        if row.instance in found or (ended and row.open):
            continue
        try:
            run = run_of(store.read(row.instance))
        except (StoreError, ValueError):
            continue
        if run is not None and (owner is None or run.repository.startswith(f"{owner}/")):
            found[row.instance] = run
    return History(found)


@dataclass(slots=True)
class _Step:
    """A step under way. began: of the whole; at: of the running attempt."""

    began: float
    at: float
    attempts: list[Attempt] = field(default_factory=list)
    waited: bool = False
    resting: bool = False


class _Fold:
    """One stream; mutable inside, for a fold of long streams is many small steps."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self._first: e.Event | None = None
        self._zero = 0.0
        self._held = 0.0
        self._paused: float | None = None
        self._under_way: dict[str, _Step] = {}
        self._over: list[StepRun] = []

    def add(self, event: e.Event) -> bool:
        """With one more event; whether the verdict is known. Raises ValueError for the middle of a stream."""
        if self.run is not None:
            return True
        at = e.moment(event.at).timestamp()
        body = event.body
        if self._first is None:
            if not isinstance(body, e.WorkflowStarted):
                raise ValueError(f"{event.stream} goes on without having begun")
            self._first, self._zero = event, at
            return False
        now = max(0.0, at - self._zero - self._held)
        match body:
            case e.StepStarted(step=name):
                self._started(name, now)
            case e.StepWaiting(step=name) if name in self._under_way:
                self._under_way[name].waited = True
            case e.StepRetryScheduled(step=name, kind=kind) if name in self._under_way:
                self._attempt(name, now, kind, again=True)
            case e.StepFailed(step=name, kind=kind) if name in self._under_way:
                self._attempt(name, now, kind or "bug")
                self._ended(name, now, "failed")
            case e.StepCompleted(step=name) if name in self._under_way:
                self._attempt(name, now, "")
                self._ended(name, now, "completed")
            case e.StepSkipped(step=name):
                self._over.append(StepRun(name, now, 0.0, state="skipped"))
            case e.WorkflowPaused():
                self._paused = at
            case e.WorkflowResumed() if self._paused is not None:
                self._held += at - self._paused
                self._paused = None
            case e.WorkflowCompleted():
                self._verdict("completed", now)
            case e.RollbackInitiated(step=cause):
                self._verdict("failed" if cause else "cancelled", now)
            case e.WorkflowParked():
                self._verdict("failed", now)
            case e.WorkflowCancelled() | e.WorkflowCompensated():
                self._verdict("cancelled", now)
        return self.run is not None

    def _started(self, name: str, now: float) -> None:
        known = self._under_way.get(name)
        if known is None:
            self._under_way[name] = _Step(now, now)
            return
        if known.resting and known.attempts:
            known.attempts[-1] = replace(known.attempts[-1], pause=now - known.at)
        known.at, known.resting = now, False

    def _attempt(self, name: str, now: float, kind: str, again: bool = False) -> None:
        step = self._under_way[name]
        step.attempts.append(Attempt(max(0.0, now - step.at), kind, again))
        step.at, step.resting = now, again

    def _ended(self, name: str, now: float, state: Literal["completed", "failed", "left"]) -> None:
        step = self._under_way.pop(name)
        took = max(0.0, now - step.began)
        self._over.append(StepRun(name, step.began, took, tuple(step.attempts), state, step.waited))

    def _verdict(self, outcome: Outcome, now: float) -> None:
        for name in list(self._under_way):
            self._ended(name, now, "left")
        first = self._first
        assert first is not None
        assert isinstance(first.body, e.WorkflowStarted)
        self.run = Run(
            instance=first.stream,
            definition=first.body.definition,
            digest=first.body.digest,
            repository=str(first.body.context.get("repository", "")),
            outcome=outcome,
            seconds=now,
            steps=tuple(self._over),
        )
