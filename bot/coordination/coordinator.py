"""The Step Coordinator (ADR-012): keeps instances moving. The one place where deciding meets doing.

It loads an instance, asks `decide` what follows, appends that in one transaction, and calls the steps that
the new state makes runnable. Deciding and appending never await, so an instance changes one event batch at a
time; only step calls are concurrent. A wake-up (fact, timer, operator) carries no data: it makes a waiting
step check again. After a restart every open instance is loaded and everything unfinished is looked at, so
wake-ups and timers need no table of their own. Not here: what a step does (bot/steps), what is stored how.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.coordination.execution import Answer, StepExecution
from bot.coordination.starting import Started
from bot.coordination.wakeups import Call, Wakeups
from bot.engine import events as e
from bot.engine.decide import follow
from bot.engine.errors import UnknownInstance
from bot.engine.evolve import fold
from bot.engine.given import Answered, Begun, Circumstances, Given, TimePassed, Unanswered
from bot.engine.instance import WorkflowInstance
from bot.engine.outcome import Waiting
from bot.engine.ports import Append, Clock, EventStore, FailureHandler, Policy, SecretSource, StepType
from bot.engine.recording import append_of
from bot.engine.state import RollbackState, StepState, WorkflowState
from bot.language.definition import WorkflowDefinition, check_types, parse

log = logging.getLogger("cloi.engine")

_MOST_STARTS = 5
"""After so many starts in a row without a word of it, what was under way is no longer begun unasked."""
_AFTER_STORE_ERROR = timedelta(seconds=5)


class StepCoordinator(Started):
    """Runs instances of the given definitions over a store.

    definitions: by name; what an instance began with is kept by digest in the store. step_types: by type name.
    most_at_once: step calls under way at the same time. chance: source of jitter in [0, 1).
    failures: what becomes of a failed step; None takes the step's word. policy: who may do what; None: everybody.
    secrets: of `${secret.NAME}`.
    """

    def __init__(
        self,
        store: EventStore,
        definitions: Iterable[WorkflowDefinition],
        step_types: Mapping[str, StepType],
        clock: Clock,
        *,
        most_at_once: int = 50,
        chance: Callable[[], float] = random.random,
        failures: FailureHandler | None = None,
        policy: Policy | None = None,
        secrets: SecretSource | None = None,
    ) -> None:
        self.store = store
        self.policy = policy
        self.step_types = step_types
        self.clock = clock
        self._chance = chance
        self._definitions = {d.name: d for d in definitions}
        self._pinned: dict[str, WorkflowDefinition] = {}
        for definition in self._definitions.values():
            check_types(definition, step_types)
            self._pinned[definition.digest] = definition
        self._undoable = frozenset(name for name, t in step_types.items() if t.undoable)
        self._kept: set[str] = set()  # digests of definitions that are in the store
        self._open: dict[str, WorkflowInstance] = {}
        self._again: set[Call] = set()
        self._wakeups = Wakeups()
        self._doubtful: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._execution = StepExecution(
            step_types,
            store,
            clock,
            self,
            look_up=self._in_hand,
            answered=self._answered,
            now=lambda: self._wakeups.now,
            ended=self._changed.set,
            most_at_once=most_at_once,
            failures=failures,
            secrets=secrets,
        )

    def instance(self, instance_id: str) -> WorkflowInstance:
        """The instance as it stands. Raises UnknownInstance."""
        return self._load(instance_id)

    def recover(self) -> int:
        """Load all open instances and look at everything unfinished. Called once at start; their number."""
        starts = self.store.came_up(e.stamp(self.clock.now()), _MOST_STARTS)
        since = starts[0] if len(starts) == _MOST_STARTS else ""
        summaries = self.store.summaries(open_only=True)
        for summary in summaries:
            try:
                instance = self._load(summary.instance)
                self._open[instance.id] = instance
                if instance.updated_at < since:
                    instance = self._apply(instance, Unanswered(len(starts)), actor="cloi", cause="restart")
                self._apply(instance, Begun(), actor="cloi", cause="restart")
                self._look_at(self._open.get(instance.id), everything=True)
            except Exception:  # nobody else stands still for that
                log.exception("%s cannot go on; looking again later", summary.instance)
                self._doubt(summary.instance)
        return len(summaries)

    def recheck(self) -> None:
        """Make every waiting step check again: after a time in which facts may have been lost."""
        for instance in tuple(self._open.values()):
            self._look_at(instance, everything=True)

    # Driving: forever, or until idle.

    async def run(self) -> None:
        """Keep going until cancelled; step calls under way are then cancelled too."""
        try:
            while True:
                self._changed.clear()
                self.fire_timers()
                due = self.next_timer()
                wait = None if due is None else max(0.0, (due - self.clock.now()).total_seconds())
                try:
                    await asyncio.wait_for(self._changed.wait(), wait)
                except TimeoutError:
                    continue
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Cancel all step calls. What they were doing is unknown then, as after a crash."""
        await self._execution.stop()

    async def settle(self) -> None:
        """Return when no step call is under way. For tests and demos: pumped instead of slept."""
        await self._execution.settle()

    @property
    def idle(self) -> bool:
        """No step call is under way."""
        return self._execution.idle

    def next_timer(self) -> datetime | None:
        """When something is due next."""
        return self._wakeups.next()

    def fire_timers(self) -> int:
        """Do what is due now: retries, rechecks, deadlines. How many instances were looked at."""
        due = self._wakeups.take_due(self.clock.now())
        for instance_id in due:
            try:
                self._time_passed(instance_id)
            except Exception:  # of one instance, or of the store: nobody else's timers stop for that
                log.exception("what time did to %s could not be recorded; looking again soon", instance_id)
                self._doubt(instance_id)
        return len(due)

    # Inside.

    def _time_passed(self, instance_id: str) -> None:
        doubtful = instance_id in self._doubtful
        if doubtful:
            self._reload(instance_id)
        if (instance := self._open.get(instance_id)) is not None:
            self._apply(instance, TimePassed(), actor="timer", cause="timer")
            self._look_at(self._open.get(instance_id), everything=doubtful)

    def _append(self, appends: Sequence[Append], **more: Any) -> None:
        """Raises what the store raises. An append that failed may yet have been done."""
        try:
            self.store.append(appends, **more)
        except Exception:
            for append in appends:
                self._doubt(append.stream)
            raise

    def _doubt(self, instance_id: str) -> None:
        """What the store holds of it is not known: nothing is begun for it, and it is read again, ever later."""
        before = self._doubtful.get(instance_id, 0)
        self._doubtful[instance_id] = before + 1
        self._wakeups.remind(self.clock.now() + _AFTER_STORE_ERROR * 2 ** min(before, 6), instance_id)

    def _find(self, instance_id: str) -> WorkflowInstance | None:
        known = self._open.get(instance_id) if instance_id not in self._doubtful else None
        return known or fold(self.store.read(instance_id))

    def _load(self, instance_id: str) -> WorkflowInstance:
        instance = self._find(instance_id)
        if instance is None:
            raise UnknownInstance(f"there is no instance {instance_id}")
        return instance

    def definition(self, instance: WorkflowInstance) -> WorkflowDefinition:
        """The definition that the instance began with, by digest."""
        known = self._pinned.get(instance.digest)
        if known is None:
            known = parse(self.store.get_blob(f"sha256:{instance.digest}").decode())
            self._pinned[instance.digest] = known
        return known

    def _around(self, instance_id: str) -> Circumstances:
        return Circumstances(
            now=self.clock.now(),
            chance=self._chance(),
            undoable=self._undoable,
            in_flight=self._execution.in_flight(instance_id),
        )

    def _apply(self, instance: WorkflowInstance, given: Given, *, actor: str, cause: str) -> WorkflowInstance:
        """Decide, append, evolve, and call what became runnable."""
        around = self._around(instance.id)
        events, grown = follow(instance, self.definition(instance), given, around, actor, cause)
        if events:
            self._append([append_of(instance, events, grown)])
            self._adopt([(grown, grown.state is not instance.state)])
        return grown

    def _adopt(self, moved: Sequence[tuple[WorkflowInstance, bool]], answers: Sequence[Answer] = ()) -> None:
        """These states are committed: remember them, call what is runnable, wake who follows these instances.

        With each whether all that waits is to be checked: what came while it was held up was not listened to.
        """
        for instance, _ in moved:
            if instance.state.final:
                self._open.pop(instance.id, None)
                self._wakeups.forget(instance.id)
            else:
                self._open[instance.id] = instance
        followers = self._wakeups.signal(f"instance:{instance.id}" for instance, _ in moved)
        for call, outcome, since in answers:
            if isinstance(outcome, Waiting) and call[0] in self._open:
                missed = call in self._again or self._wakeups.missed(outcome.wake_on, since)
                later = timedelta(seconds=0 if missed else outcome.recheck_after)
                self._wakeups.recheck_at(call, self.clock.now() + later)
            self._again.discard(call)
        for instance, everything in moved:
            self._look_at(instance, everything=everything)
        for call in followers:
            self._wake(call)
        self._changed.set()

    def _look_at(self, instance: WorkflowInstance | None, *, everything: bool) -> None:
        """Call the steps that the state makes runnable; `everything` also checks all that wait."""
        if instance is None or not instance.state.moving or instance.id in self._doubtful:
            return
        now = self.clock.now()
        rolling_back = instance.state is WorkflowState.ROLLING_BACK
        kind = "rollback" if rolling_back else "step"
        for step in instance.steps.values():
            state: StepState | RollbackState = step.rollback if rolling_back else step.state
            if state is StepState.COMPLETED or state is RollbackState.COMPLETED:
                continue
            call: Call = (instance.id, step.name, kind)
            if state in (StepState.STARTED, RollbackState.STARTED):
                self._call(call, check=False)
            elif state in (StepState.WAITING, RollbackState.WAITING):
                self._wakeups.wait(call, step.wake_on)
                due = self._wakeups.due(call, now)
                late = step.deadline is not None and e.moment(step.deadline) <= now
                if everything or due <= now or late:
                    self._call(call, check=True, again=everything)
                else:
                    self._wakeups.remind(due, instance.id)
                if step.deadline is not None and not late:
                    self._wakeups.remind(e.moment(step.deadline), instance.id)
            elif state in (StepState.RETRYING, RollbackState.RETRYING) and step.retry_at is not None:
                self._wakeups.remind(e.moment(step.retry_at), instance.id)

    def _wake(self, call: Call) -> bool:
        """Make a waiting step check again; if it is checking already, once more after that."""
        instance = self._open.get(call[0])
        if instance is None or not instance.state.moving or instance.id in self._doubtful:
            return False
        step = instance.steps.get(call[1])
        if step is None:  # it was taken back and has not begun anew
            return False
        if call[2] == "step":
            waits = instance.state is WorkflowState.RUNNING and step.state is StepState.WAITING
        else:
            waits = step.rollback is RollbackState.WAITING
        if waits:
            self._call(call, check=True)
        return waits

    def _call(self, call: Call, *, check: bool, again: bool = True) -> None:
        if self._execution.call(call, check=check):
            self._wakeups.called(call)
        elif check and again:
            self._again.add(call)

    def _reload(self, instance_id: str) -> None:
        """The truth from the store: an append that failed may yet have been done."""
        instance = fold(self.store.read(instance_id))
        self._doubtful.pop(instance_id, None)
        self._open.pop(instance_id, None)
        if instance is not None:
            self._adopt([(instance, True)])

    def _in_hand(self, instance_id: str) -> tuple[WorkflowInstance, WorkflowDefinition] | None:
        instance = self._open.get(instance_id)
        return None if instance is None else (instance, self.definition(instance))

    def _answered(self, answers: Iterator[Answer]) -> None:
        """Calls came back: record what follows from all of them in one commit, then act on it.

        What cannot be recorded is looked at again soon, and nobody else stands still for that.
        """
        seen: list[Answer] = []
        courses: dict[str, tuple[WorkflowInstance, tuple[e.Event, ...], WorkflowInstance]] = {}
        for answer in answers:
            (name, step, kind), outcome, _ = answer
            known = self._open.get(name)
            if known is None:
                continue
            seen.append(answer)
            before, events, grown = courses.get(name, (known, (), known))
            given = Answered(step, outcome, compensating=kind == "rollback")
            try:
                definition, around = self.definition(grown), self._around(name)
                more, grown = follow(grown, definition, given, around, "cloi", f"step:{step}")
            except Exception:
                log.exception("what %s answered leads nowhere; looking again soon", answer[0])
                self._doubt(name)
                more = ()
            courses[name] = (before, events + more, grown)
        failed = self._append_each([append_of(*course) for course in courses.values() if course[1]])
        whole = [course for name, course in courses.items() if name not in failed]
        self._adopt([(grown, grown.state is not old.state) for old, events, grown in whole if events], seen)
        for _, events, grown in whole:
            if not events:  # nothing new to record, so nobody has looked at it yet
                self._look_at(grown, everything=False)

    def _append_each(self, appends: list[Append]) -> set[str]:
        """In one commit; where that fails, each on its own. Whose did: they are doubted."""
        if not appends:
            return set()
        try:
            self.store.append(appends)
        except Exception:
            if len(appends) > 1:
                return set().union(*(self._append_each([append]) for append in appends))
            log.exception("what %s came to could not be recorded; looking again soon", appends[0].stream)
            self._doubt(appends[0].stream)
            return {appends[0].stream}
        return set()
