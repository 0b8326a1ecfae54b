"""Who waits for what, and until when: the memory of the Step Coordinator, rebuilt at each start.

Keys of facts to the calls that wait for them, a heap of times at which to look at an instance again, and the
facts of the last moments, so that one which arrives while a step is still about to wait is not missed.
Nothing here is durable and nothing has to be: after a restart everything unfinished is looked at.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

Call = tuple[str, str, str]
"""Instance, step, and "step" or "rollback"."""

_REMEMBERED = 10_000


class Wakeups:
    """All calls are immediate."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[Call]] = {}
        self._waits_of: dict[
            str, set[tuple[str, Call]]
        ] = {}  # of an instance: it is forgotten at once, whole
        self._recheck: dict[str, dict[Call, datetime]] = {}
        self._timers: list[tuple[datetime, str]] = []
        self._reminded: set[tuple[datetime, str]] = set()
        self._recent: OrderedDict[str, int] = OrderedDict()
        self.now = 0

    def signal(self, keys: Iterable[str]) -> list[Call]:
        """Facts with these keys have come: the calls that wait for one of them, each once."""
        self.now += 1
        found: dict[Call, None] = {}
        for key in keys:
            self._recent[key] = self.now
            self._recent.move_to_end(key)
            found.update(dict.fromkeys(sorted(self._waiting.get(key, ()))))
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        return list(found)

    def missed(self, keys: Iterable[str], since: int) -> bool:
        """Whether a fact with one of these keys came after the moment `since` (a former value of `now`)."""
        return any(self._recent.get(key, -1) > since for key in keys)

    def wait(self, call: Call, keys: Iterable[str]) -> None:
        """From now on `signal` names this call for these keys."""
        for key in keys:
            self._waiting.setdefault(key, set()).add(call)
            self._waits_of.setdefault(call[0], set()).add((key, call))

    def recheck_at(self, call: Call, at: datetime) -> None:
        """Look at a waiting call again then, even if nothing is heard."""
        self._recheck.setdefault(call[0], {})[call] = at

    def due(self, call: Call, now: datetime) -> datetime:
        """When to look at a waiting call again; now, if nobody said."""
        return self._recheck.get(call[0], {}).get(call, now)

    def called(self, call: Call) -> None:
        """It is being looked at."""
        self._recheck.get(call[0], {}).pop(call, None)

    def forget(self, instance: str) -> None:
        """The instance has ended."""
        for key, call in self._waits_of.pop(instance, ()):
            calls = self._waiting[key]
            calls.discard(call)
            if not calls:
                del self._waiting[key]
        self._recheck.pop(instance, None)

    def remind(self, at: datetime, instance: str) -> None:
        """Look at the instance at this time."""
        if (at, instance) not in self._reminded:
            self._reminded.add((at, instance))
            heapq.heappush(self._timers, (at, instance))

    def next(self) -> datetime | None:
        """The time of the next reminder."""
        return self._timers[0][0] if self._timers else None

    def take_due(self, now: datetime) -> list[str]:
        """Instances whose time has come, each once; their reminders are used up."""
        found: dict[str, None] = {}
        while self._timers and self._timers[0][0] <= now:
            reminder = heapq.heappop(self._timers)
            self._reminded.discard(reminder)
            found[reminder[1]] = None
        return list(found)
