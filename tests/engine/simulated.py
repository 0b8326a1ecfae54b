"""A whole engine in one thread: its loop, store, clock and outside world are ours, and any of them may fail.

`House` keeps what outlives a process (store, world, clock, what people asked for) and one coordinator at a time.
Step calls stop at gates; whoever drives the house opens them in the order of his choice. A `Fate` is asked before
and after each call of a port, and may kill the process, refuse the call, or lose its answer. What is broken is
noted in `House.broken`, since the engine rightly survives whatever is raised within a step.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec

from bot.coordination.clocks import VirtualClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.errors import ConcurrencyConflict, NotAllowedNow, UnknownInstance
from bot.engine.events import decode, encode
from bot.engine.evolve import evolve, fold
from bot.engine.instance import WorkflowInstance
from bot.engine.ports import Append, Delivery, StepContext
from bot.engine.state import RollbackState, StepState, WorkflowState
from bot.store import MemoryStore, SQLiteStore
from tests.engine.outside import Act, Clear, Killed, Refused, World
from tests.engine.proving import Broken, Drawn, Oracle


class Fate:
    """What befalls calls of ports; this one lets all pass. `before` and `after` raise Killed or Refused."""

    def before(self, port: str) -> None: ...

    def after(self, port: str) -> None: ...


class Loop(asyncio.AbstractEventLoop):
    """The least event loop that runs tasks: first come, first served, and only when told to."""

    def __init__(self) -> None:
        self.ready: deque[asyncio.Handle] = deque()
        self.strange: list[str] = []

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self.ready.append(handle)
        return handle

    def time(self) -> float:
        return 0.0

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        """A limit of a call; here none takes any time, so it never comes."""
        return asyncio.Handle(callback, args, self, context)

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None) -> Any:
        return asyncio.Task(coro, loop=self, name=name)

    def create_future(self) -> Any:
        return asyncio.Future(loop=self)

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), Killed):
            self.strange.append(f"{context['message']}: {context.get('exception')!r}")

    def drain(self) -> None:
        while self.ready:
            handle = self.ready.popleft()
            if not handle.cancelled():
                handle._run()


@contextmanager
def running(loop: Loop) -> Iterator[None]:
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(None)


class Ports:
    """The store as one process sees it: each call passes by its fate, and a dead process does nothing more."""

    def __init__(self, house: House, fate: Fate) -> None:
        self.house, self.fate, self.dead = house, fate, False

    def __getattr__(self, name: str) -> Any:
        call = partial(self.call, name, getattr(self.house.store, name))
        self.__dict__[name] = call
        return call

    def call(self, name: str, do: Callable[..., Any], *args: Any, **more: Any) -> Any:
        if self.dead:
            raise Killed
        try:
            self.fate.before(name)
            answer = do(*args, **more)
            if name == "append":
                self.house.committed(args[0])
            self.fate.after(name)
        except Killed:
            self.dead = True
            raise
        return answer


class House:
    """What outlives a process, and the process that lives now.

    gates: step calls that wait to be let on. told: signals on their way. asked: what operators want until they
    have been heard. strict: whether to compare the live state with the fold after each commit.
    """

    def __init__(
        self,
        drawn: Drawn,
        *,
        chance: Callable[[], float] = lambda: 0.5,
        at_once: int = 50,
        store: MemoryStore | SQLiteStore | None = None,
    ) -> None:
        self.at_once = at_once
        self.drawn, self.world, self.clock, self.chance = drawn, World(), VirtualClock(), chance
        self.store = store or MemoryStore(now=self.clock.now)
        self.loop = Loop()
        self.oracles: dict[str, Oracle] = {}
        self.folded: dict[str, WorkflowInstance] = {}
        self.gates: list[tuple[str, str, str, asyncio.Future[None]]] = []
        self.broken: list[str] = []
        self.lives = 0

    # --- a process

    def open(self, fate: Fate, *, without: str = "") -> None:
        """A new process, with nothing but what outlived the last one. Raises Killed if it dies at once."""
        self.lives += 1
        self.gates.clear()
        self.loop.ready.clear()
        self.ports = Ports(self, fate)
        types = [Act(self, "act", True), Act(self, "leave", False), Clear(self, "clear", False)]
        self.engine = StepCoordinator(
            self.ports,  # type: ignore[arg-type]
            [] if without else [self.drawn.definition],
            {t.type: t for t in types if t.type != without},
            self.clock,
            chance=self.chance,
            most_at_once=self.at_once,
        )
        self.engine.recover()

    def kill(self) -> None:
        """Nothing of this process does anything any more."""
        self.ports.dead = True
        for task in list(self.engine._execution._tasks.values()):
            task.cancel()
        self.loop.drain()
        self.gates.clear()

    async def gate(self, what: str, ctx: StepContext) -> None:
        """Stop here until let on; a process may die here, and a step may raise."""
        self.ports.call(f"step {what}", lambda: None)
        future = self.loop.create_future()
        self.gates.append((what, ctx.instance, ctx.step, future))
        await future

    def let_on(self, *which: int) -> None:
        """Open gates in the same turn of the loop, and let everything run until it stops at gates again."""
        for chosen in [self.gates[n] for n in which]:
            self.gates.remove(chosen)
            chosen[-1].set_result(None)
        self.drain()

    def drain(self) -> None:
        """Run what is ready. Raises Killed if the process died on the way."""
        self.loop.drain()
        if self.ports.dead:
            raise Killed

    # --- what happens outside

    def create(self, ctx: StepContext) -> None:
        """Each call makes another one."""
        oracle = self.oracles[ctx.instance]
        self.world.objects[ctx.key] += 1
        self.world.owner[ctx.key] = (ctx.instance, ctx.step)
        if self.world.objects[ctx.key] > 1:
            self.broken.append(f"{ctx.step} made it twice")
        if oracle.begun.get(ctx.step) != ctx.key:
            self.broken.append(f"{ctx.step} does what is not recorded as begun")
        if ctx.step in oracle.undoing:
            self.broken.append(f"{ctx.step} does it while it is being undone")

    def remove(self, ctx: StepContext, key: str) -> None:
        oracle = self.oracles[ctx.instance]
        self.world.objects[key] = 0
        self.world.owner[key] = (ctx.instance, ctx.step)
        if ctx.step not in oracle.undoing:
            self.broken.append(f"{ctx.step} is undone, and this is not recorded as begun")

    def committed(self, appends: list[Append]) -> None:
        """The oracle and a fold of our own follow the bytes that are stored."""
        for item in appends:
            oracle = self.oracles.setdefault(item.stream, Oracle(self.drawn.definition))
            for data in self._stored(item.stream, oracle.version):
                try:
                    oracle.see(msgspec.json.decode(data))
                    self.folded[item.stream] = evolve(self.folded.get(item.stream), decode(data))
                except (Broken, ValueError) as error:
                    self.broken.append(f"{item.stream}: {error}")
            state = self.folded[item.stream].state
            if (item.summary.state, item.summary.open) != (state.value, not state.final):
                self.broken.append(f"{item.stream}: the summary says {item.summary.state}, and it is {state}")

    def _stored(self, stream: str, after: int) -> list[bytes]:
        if isinstance(self.store, MemoryStore):
            return [row.data for row in self.store._streams[stream][after:]]
        return [encode(event) for event in self.store.read(stream)[after:]]

    def keep(self, key: str) -> None:
        """A delivery that begins an instance has arrived."""
        body = msgspec.json.encode({"key": key})
        self.store.keep(Delivery(id=f"d {key}", event="begin", body=body, received_at=""))

    def work(self) -> None:
        """What the worker does: handle what is pending; what fails is tried again later."""
        for delivery in self.store.pending():
            try:
                fact = msgspec.json.decode(delivery.body)
                self.engine.handle("begin", fact, [], actor="@m", cause=delivery.id, delivery=delivery.id)
            except (Refused, ConcurrencyConflict):
                continue
        self.drain()

    def fact(self, instance: str, step: str) -> None:
        """It came to pass; nobody has told us yet."""
        self.world.facts[(instance, step)] += 1

    def signal(self, key: str) -> None:
        """Somebody tells us of it."""
        self.engine.handle("news", {}, [key], actor="@m", cause="d")
        self.drain()

    def ask(self, what: str, instance: str, cause: str) -> bool:
        """An operator's wish; whether it needs no repeating."""
        try:
            who = {"actor": "@m", "cause": cause}
            if what == "retry":
                self.engine.retry(instance, **who)
            elif what == "pause":
                self.engine.pause(instance, reason="a wish", **who)
            elif what == "resume":
                self.engine.resume(instance, **who)
            elif what == "signal":
                self.engine.signal(instance, "go", {"flag": True}, **who)
            elif what.startswith("back to "):
                self.engine.cancel(instance, reason="a wish", from_step=what.removeprefix("back to "), **who)
            else:
                self.engine.cancel(instance, reason="a wish", cancelled=what == "cancel", **who)
        except (NotAllowedNow, UnknownInstance):
            pass
        except (Refused, ConcurrencyConflict):
            return False
        self.drain()
        return True

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.engine.fire_timers()
        self.drain()

    def end(self, let_on: Callable[[], None], wish: str = "retry") -> None:
        """From now on the world is fair: all that is waited for comes to pass, though nobody tells us, and people
        help what is held up. wish: what they want of what is parked. Raises Broken if it does not end."""
        for _ in range(3000):
            self.check()
            left = {name: i for name, i in self.folded.items() if not i.state.final}
            if self.gates:
                let_on()
            elif self.store.pending():
                self.work()
            elif not left:
                return
            elif held := [i for i in left.values() if not i.state.moving]:
                going_back = any(step.rollback is not RollbackState.NONE for step in held[0].steps.values())
                help_ = "resume" if held[0].state is WorkflowState.PAUSED else "retry" if going_back else wish
                self.ask(help_, held[0].id, f"help {held[0].version}")
            elif waits := [i for i in left.values() if _waits_for_a_signal(i)]:
                self.ask("signal", waits[0].id, f"signal {waits[0].version}")
            else:
                for name in left:
                    for step in self.drawn.definition.steps:
                        self.world.facts[name, step.name] = self.world.facts[name, f"undo {step.name}"] = 9
                due = self.engine.next_timer()
                assert due is not None
                self.pass_time(max(0.0, (due - self.clock.now()).total_seconds()))
        raise Broken(f"it never ends: {left}")

    # --- what must hold

    def check(self) -> None:
        """What must hold after whatever has happened. Raises Broken."""
        if self.broken or self.loop.strange:
            raise Broken("; ".join([*self.broken, *self.loop.strange]))
        for name, live in self.engine._open.items():
            if name not in self.engine._doubtful and live != self.folded[name]:
                raise Broken(f"{name}: the live state is not what was recorded")
        if not self.gates:
            for name, instance in self.folded.items():
                if not instance.state.final:
                    self._check_rest(name, instance)

    def _check_rest(self, name: str, instance: WorkflowInstance) -> None:
        """Nobody does anything for it now: it must be known what would make it go on."""
        if not instance.state.moving:  # a human has to look, and was told why
            if not instance.reason:
                raise Broken(f"{name} is {instance.state}, and nobody knows why")
            return
        back = instance.state is WorkflowState.ROLLING_BACK
        waits = any(
            (
                (s.rollback if back else s.state) in (RollbackState.WAITING, StepState.WAITING)
                and (s.note or s.wake_on)
            )
            or (
                (s.rollback if back else s.state) in (RollbackState.RETRYING, StepState.RETRYING)
                and s.retry_at
            )
            for s in instance.steps.values()
        )
        if not waits and name not in self.engine._doubtful:
            raise Broken(f"{name} rests, and waits for nothing that has a name: {instance}")
        if self.engine.next_timer() is None:
            raise Broken(f"{name} would be forgotten if nobody told us anything: {instance}")

    def check_end(self) -> None:
        """What must hold when all is over. Raises Broken."""
        for name, oracle in self.oracles.items():
            if self.store.verify(name) != self.store.head(name):
                raise Broken(f"{name}: the chain is not whole")
            if fold(self.store.read(name)) != self.folded[name]:
                raise Broken(f"{name}: read anew it is something else")
            if oracle.state != "final":
                raise Broken(f"{name}: never ends: {self.folded[name]}")
            self._check_effects(name, oracle)
        if self.store.pending():
            raise Broken("a delivery was never handled")

    def _check_effects(self, name: str, oracle: Oracle) -> None:
        completed = self.folded[name].state is WorkflowState.COMPLETED
        for step in self.drawn.definition.steps:
            nature = self.drawn.natures[step.name]
            made = self.world.made_by(name, step.name)
            now = self.world.objects[oracle.begun.get(step.name, "")]
            skipped = step.name in self.drawn.skipped()
            if skipped and (made or oracle.status.get(step.name, "skipped") != "skipped"):
                raise Broken(f"{step.name} was to be skipped")
            if completed and now != int(nature.effect and not skipped):
                raise Broken(f"{step.name} has made {now} in the end")
            if not completed and made and (nature.undoable or step.rollback_action):
                raise Broken(f"{step.name} was taken back, and {made} of it are there")


def _waits_for_a_signal(instance: WorkflowInstance) -> bool:
    waiting = [step for step in instance.steps.values() if step.state is StepState.WAITING]
    return instance.state is WorkflowState.RUNNING and any(step.signal for step in waiting)
