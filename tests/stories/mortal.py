"""A bot that can be killed, in stories that are pumped: at a write to GitHub before it is sent or with its answer
lost, and before or after any commit of its store. What is killed does nothing any more; a new bot then starts with
nothing but the store.

`Fate` names the points that a story passes, each by what the bot is doing there, and kills at those it was given.
Several points in one play are several lives of one story. Not here: which points are tried (test_kills.py).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import httpx

from bot.demo.stage import Stage
from bot.engine.ports import EventStore

_COMMITS = ("append", "keep", "settle", "stumble", "intend", "observe", "put_blob")
_READS = ("GET", "HEAD")


class Killed(BaseException):
    """SIGKILL, as seen from inside."""


EFFECT, COMMIT, DELIVERY = "effect", "commit", "delivery"


class Point(NamedTuple):
    """A moment in a story. where: the step (or what else) that is at it. what: its doing there, and nth: which of
    these. moment: before, lost (GitHub did it, the answer never came) or after."""

    where: str
    what: str
    nth: int
    moment: str

    def __str__(self) -> str:
        return f"{self.moment} {self.what} (#{self.nth}) of {self.where}"

    @property
    def kind(self) -> str:
        """EFFECT: a write to GitHub, and the note of what came of it. DELIVERY: of webhooks. COMMIT: all else."""
        verb = self.what.split()[0]
        if verb.isupper() or (verb, self.moment) == ("observe", "after"):
            return EFFECT
        return DELIVERY if verb in ("keep", "settle", "stumble") else COMMIT


class Fate:
    """Kills at each of `points` once, when the story comes there. passed: all so far; met: those of `points`."""

    def __init__(self, points: Iterable[Point] = ()) -> None:
        self.left = set(points)
        self.met: list[Point] = []
        self.passed: list[Point] = []
        self.dead = False
        self._done: Counter[tuple[str, str]] = Counter()

    def at(self, what: str, moment: str) -> None:
        """The bot is at this point. Raises Killed if its time has come, or came before."""
        self.alive()
        where = _who()
        if moment != "before":
            self._done[where, what] += 1
        nth = self._done[where, what] + (moment == "before")
        point = Point(where, what, nth, moment)
        self.passed.append(point)
        if point in self.left:
            self.left.discard(point)
            self.met.append(point)
            self.dead = True
            raise Killed(str(point))

    def alive(self) -> None:
        """Raises Killed if it is not."""
        if self.dead:
            raise Killed("dead already")


def _who() -> str:
    """The step that is being called, as "step" or "step (back)"; else what is no step's."""
    task = asyncio.current_task()
    parts = task.get_name().rsplit("/", 2) if task else []
    if len(parts) < 3:
        return "intake"
    definition = parts[0].partition("/")[0]
    return f"{definition}/{parts[1]}" + (" (back)" if parts[2] == "rollback" else "")


class MortalStore:
    """A store between whose commits the bot may die."""

    def __init__(self, inner: EventStore, fate: Fate) -> None:
        self.inner = inner
        self.fate = fate

    def came_up(self, at: str, most: int) -> list[str]:
        """Each death is a story of its own here, and many in one step no crash loop."""
        return self.inner.came_up(at, 1)

    def __getattr__(self, name: str) -> Any:
        method: Callable[..., Any] = getattr(self.inner, name)

        def call(*args: Any, **kw: Any) -> Any:
            self.fate.alive()
            if name not in _COMMITS:
                return method(*args, **kw)
            what = _commit(name, args)
            self.fate.at(what, "before")
            answer = method(*args, **kw)
            self.fate.at(what, "after")
            return answer

        return call


def _commit(name: str, args: tuple[Any, ...]) -> str:
    match name:
        case "append":
            return "append " + ", ".join(event.name for one in args[0] for event in one.events)
        case "intend":
            return f"intend {args[0].kind}"
        case "observe":
            return f"observe {args[0].split('/')[1]}"
        case "keep":
            return f"keep {args[0].event}"
        case "settle":
            return f"settle {args[1]}"
    return name


class MortalWire(httpx.AsyncBaseTransport):
    """The bot's way to GitHub. A request that was sent is done, whether or not anybody waits for the answer."""

    def __init__(self, inner: httpx.AsyncBaseTransport, fate: Fate) -> None:
        self.inner = inner
        self.fate = fate

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.fate.alive()
        path = request.url.path
        if request.method in _READS or path.endswith("/access_tokens"):
            answer = await self.inner.handle_async_request(request)
            self.fate.alive()
            return answer
        what = f"{request.method} {'/'.join(p for p in path.split('/')[6:] if not p.isdigit())}"
        self.fate.at(what, "before")
        answer = await self.inner.handle_async_request(request)
        await answer.aread()
        self.fate.at(what, "lost")
        return answer

    async def aclose(self) -> None:
        await self.inner.aclose()


class _Doorstep(httpx.AsyncBaseTransport):
    """GitHub's way to the bot: nobody answers where nobody lives."""

    def __init__(self, inner: httpx.AsyncBaseTransport, fate: Fate) -> None:
        self.inner = inner
        self.fate = fate

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            self.fate.alive()
            return await self.inner.handle_async_request(request)
        except Killed as death:
            raise httpx.ConnectError(str(death), request=request) from death


def mortal(stage: Stage, fate: Fate) -> None:
    """From now on the stage's bot dies as `fate` says, and is started again when the story goes on."""
    assemble, progress, deliverer = stage._assemble, stage._progress, stage.sandbox.deliverer
    assert assemble is not None
    assert deliverer.client is not None
    deliverer.client = httpx.AsyncClient(transport=_Doorstep(deliverer.client._transport, fate))

    def born() -> Any:
        fate.dead = False
        bot = assemble()
        wire = bot.github._wire._transport
        wire._inner = MortalWire(wire._inner, fate)
        return bot

    async def go_on() -> bool:
        try:
            moved = await progress()
        except Killed:
            moved = True
        while fate.dead:
            moved = True
            with contextlib.suppress(Killed):  # a bot may also die while it recovers
                await stage.restart()
        return moved

    stage._assemble, stage._progress = born, go_on
    asyncio.get_running_loop().set_exception_handler(_without_deaths)
    wire = stage.bot.github._wire._transport
    wire._inner = MortalWire(wire._inner, fate)


def _without_deaths(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Nobody has to hear of calls that died with their process."""
    if not isinstance(context.get("exception"), Killed):
        loop.default_exception_handler(context)
