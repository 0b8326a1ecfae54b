"""The Step Execution Service (ADR-012): calls steps, each at most once at a time, and hands over their answers.

A call is a task; how many run at once is bounded. What a step raises is its failure, never the process's. Calls
that come back in the same turn of the event loop are handed over together, so that they share a commit. Not
here: which steps to call and what follows from an answer (coordinator.py).
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime

from bot.coordination.wakeups import Call
from bot.engine.course import fixes_left
from bot.engine.events import later, moment
from bot.engine.instance import WorkflowInstance
from bot.engine.outcome import Failed, Outcome, sound
from bot.engine.ports import (
    Clock,
    EventStore,
    FailureHandler,
    SecretSource,
    StepContext,
    StepType,
    WorkflowControl,
)
from bot.engine.scope import step_inputs
from bot.language.definition import WorkflowDefinition
from bot.language.errors import ReferenceUnresolved
from bot.language.secrets import Secrets

log = logging.getLogger("cloi.engine")

Answer = tuple[Call, Outcome, int]
"""A call, its outcome, and the value of `now` when it began."""

_MOST_SAID = 500
_LOOKS = 60.0

Found = tuple[WorkflowInstance, WorkflowDefinition]


class StepExecution:
    """look_up: the instance of a call with its definition, as it is when the call begins; None: it has ended.
    answered: is given the answers; a call counts as under way until its answer has been taken from the
    iterator. failures: what becomes of a failed step (ADR-012, `handleStepFailure`); None takes the step's word.
    secrets: for `${secret.NAME}` in inputs; what a step answers is kept without their values.
    """

    def __init__(
        self,
        step_types: Mapping[str, StepType],
        store: EventStore,
        clock: Clock,
        control: WorkflowControl,
        *,
        look_up: Callable[[str], Found | None],
        answered: Callable[[Iterator[Answer]], None],
        now: Callable[[], int],
        ended: Callable[[], None],
        most_at_once: int,
        failures: FailureHandler | None = None,
        secrets: SecretSource | None = None,
    ) -> None:
        self._find = secrets.secret if secrets is not None else lambda name: None
        self._step_types = step_types
        self._store = store
        self._clock = clock
        self._control = control
        self._look_up = look_up
        self._answered = answered
        self._now = now
        self._ended = ended
        self._failures = failures
        self._tasks: dict[Call, asyncio.Task[None]] = {}
        self._steps: dict[str, set[str]] = {}  # of an instance, under way
        self._answers: list[Answer] = []
        self._none = asyncio.Event()  # is under way
        self._slots = asyncio.Semaphore(most_at_once)
        self._stopping = False

    def call(self, call: Call, *, check: bool) -> bool:
        """Begin the call: start or undo, or their check. False if it is under way already, or all is stopped."""
        if self._stopping or call in self._tasks:
            return False
        self._tasks[call] = asyncio.get_running_loop().create_task(
            self._run(call, check), name="/".join(call)
        )
        if call[2] == "step":
            self._steps.setdefault(call[0], set()).add(call[1])
        self._none.clear()
        return True

    def in_flight(self, instance: str) -> frozenset[str]:
        """Steps of an instance whose call has not come back yet."""
        return frozenset(self._steps.get(instance, ()))

    @property
    def idle(self) -> bool:
        """No call is under way."""
        return not self._tasks

    async def settle(self) -> None:
        """Return when no call is under way."""
        while self._tasks:
            await self._none.wait()

    async def stop(self) -> None:
        """Cancel all calls. What they were doing is unknown then, as after a crash."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        self._stopping = True  # what had come back already is recorded meanwhile, and nothing begins upon it
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            self._stopping = False
        self._answers.clear()
        for call in tuple(self._tasks):
            self._over(call)

    def _over(self, call: Call) -> None:
        if self._tasks.pop(call, None) is None:
            return
        if call[2] == "step":
            steps = self._steps[call[0]]
            steps.discard(call[1])
            if not steps:
                del self._steps[call[0]]
        if not self._tasks:
            self._none.set()

    async def _run(self, call: Call, check: bool) -> None:
        try:
            async with self._slots:
                since = self._now()
                found = self._look_up(call[0])
                if found is None:  # it ended before the call had its turn
                    self._over(call)
                    self._ended()
                    return
                outcome = await self._outcome(call, check, found)
                if isinstance(outcome, Failed) and self._failures is not None and call[2] == "step":
                    outcome = self._recovered(call, outcome, self._failures)
        except BaseException:
            self._over(call)
            raise
        self._answers.append((call, outcome, since))
        if len(self._tasks) == 1:  # nobody to wait for
            self._come_back()
        elif len(self._answers) == 1:
            asyncio.get_running_loop().call_soon(self._come_back)

    def _come_back(self) -> None:
        """Hand over what has come back in this turn of the loop. From here on nothing awaits."""
        answers, self._answers = deque(self._answers), []
        try:
            self._answered(self._one_by_one(answers))
        finally:
            for _ in self._one_by_one(answers):
                pass
            self._ended()

    def _one_by_one(self, answers: deque[Answer]) -> Iterator[Answer]:
        while answers:
            answer = answers.popleft()
            self._over(answer[0])
            yield answer

    async def _outcome(self, call: Call, check: bool, found: Found) -> Outcome:
        secrets = Secrets(self._find)
        try:
            context, step_type, undoing = self._context(call, found, secrets)
        except ReferenceUnresolved as error:
            return Failed(error=str(error), kind="bad-input", before_effect=True)
        try:
            if undoing:
                outcome = await (step_type.check_undo(context) if check else step_type.undo(context))
            else:
                most = _most(call, found, context.now)
                doing = step_type.check(context) if check else step_type.start(context)
                outcome = await (doing if most is None else _within(most, doing))
            try:
                kept = sound(outcome)
            except ValueError as error:
                kept = Failed(error=f"step {call[1]} answered {error}"[:_MOST_SAID], kind="bug")
            hidden: Outcome = secrets.hidden(kept) if secrets.seen else kept
            return hidden
        except (Exception, BaseExceptionGroup, SystemExit, asyncio.CancelledError) as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # the engine stops, and nobody waits for an answer
            log.error("step %s of %s raised\n%s", call[1], call[0], secrets.hidden(traceback.format_exc()))
            return Failed(error=f"{type(error).__name__} in step {call[1]}; see the log", kind="bug")

    def _recovered(self, call: Call, failed: Failed, failures: FailureHandler) -> Failed:
        found = self._look_up(call[0])
        if found is None:  # it ended meanwhile, so nobody waits for this
            return failed
        instance, definition = found
        left = fixes_left(instance, definition, call[1])
        return failures.handle(failed, instance.steps[call[1]].attempt, definition.step(call[1]), left)

    def _context(self, call: Call, found: Found, secrets: Secrets) -> tuple[StepContext, StepType, bool]:
        """What the step sees; its type; whether its undo is meant. A rollback_action is another type's start."""
        instance, definition = found
        step = definition.step(call[1])
        known = instance.steps[call[1]]
        undoing = call[2] == "rollback"
        started = known.rollback_started_at if undoing else known.started_at
        context = StepContext(
            instance=instance.id,
            step=step.name,
            attempt=known.rollback_attempt if undoing else known.attempt,
            key=known.key,
            inputs=step_inputs(instance, definition, step, secrets),
            now=self._clock.now(),
            started_at=moment(started or instance.started_at),
            actor=instance.actor,
            correlation=instance.correlation,
            store=self._store,
            control=self._control,
            memo=known.memo,
            result=known.result,
            reason=instance.reason,
            plugin=step.plugin,
        )
        if undoing and step.rollback_action is not None:
            return context, self._type(step.rollback_action), False
        return context, self._type(step.type), undoing

    def _type(self, name: str) -> StepType:
        return self._step_types.get(name) or _Gone(name)


def _most(call: Call, found: Found, now: datetime) -> float | None:
    """Seconds that a call may take, by the step's timeout; one that comes late may still look once."""
    instance, definition = found
    known, lasts = instance.steps[call[1]], definition.step(call[1]).timeout
    if lasts is None or known.started_at is None:
        return None
    until = moment(known.deadline) if known.deadline else later(moment(known.started_at), lasts + known.held)
    return max((until - now).total_seconds(), min(lasts, _LOOKS))


async def _within(most: float, doing: Awaitable[Outcome]) -> Outcome:
    """The answer, or that there was none in so many seconds. What was done until then is unknown."""
    try:
        async with asyncio.timeout(most) as limit:
            return await doing
    except TimeoutError:
        if not limit.expired():
            raise  # the step's own
        return Failed(error="had not answered when its time was over", kind="deadline")


class _Gone(StepType):
    """A step type that was there when the instance began. A newer version may have it again."""

    def __init__(self, name: str) -> None:
        self.type = name

    async def start(self, ctx: StepContext) -> Outcome:
        return Failed(error=f"nobody provides the step type {self.type!r} any more", kind="bug", park=True)

    async def undo(self, ctx: StepContext) -> Outcome:
        return await self.start(ctx)
