"""What GitHub does badly at times, decided by a seed: answers that fail or never come, webhooks that go astray.

Only Apps meet it, never the people of a story. The same seed and the same order of requests give the same faults;
each is in `log`. Nothing lasts: a kind happens at most `most` times, one request fails at most twice in a row, so
whoever is patient gets through. Not here: doing it (api.py answers, webhooks.py posts).
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.sandbox.call import Answer, Refusal, not_found
from bot.sandbox.world import Delivery

RATES: Mapping[str, float] = {
    # Answers, as a part of the App's requests; writes meet the first four more often than reads.
    "error-before": 0.05,  # 5xx, and nothing was done
    "error-after": 0.10,  # 5xx, after the work was done
    "lost-answer": 0.10,  # the connection ends before the answer, after the work was done
    "limit": 0.04,  # a secondary limit; nothing was done
    "not-found": 0.30,  # 404 at the first look at something new
    "mergeable-null": 0.50,  # a pull request's mergeability is not computed yet
    "no-pulls": 0.30,  # the pull requests of a run or check are filled in later
    "branch-moved": 0.0,  # a stranger moves the branch that the App has just made; a story must want this
    # Deliveries.
    "drop": 0.06,  # never arrives; the log says so
    "timeout": 0.04,  # arrives, but the log says that it timed out
    "late": 0.08,  # seconds to minutes late
    "double": 0.08,
    "swap": 0.08,  # changes places with the next one
    "job-last": 0.50,  # a job's end is told after its run's end
}
_FOR_READS = 0.25  # of the rate of writes
_LATE = (1, 30, 400)  # seconds
_JOB_AT_LAST = 600  # seconds after which a job's end is told anyhow
_IN_A_ROW = 2
_DELIVERY_KINDS = ("drop", "timeout", "late", "double", "swap")
_SLOW_DOWN = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID."
)
_DOCUMENTED = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
_MINUTE = 60  # what GitHub asks for where it names no time

ERROR = Answer(
    b"<!DOCTYPE html>\n<html><head><title>Unicorn! &middot; GitHub</title></head><body>"
    b"<p><strong>We couldn't respond to your request in time.</strong></p>"
    b"<p>Sorry about that. Please try refreshing and contact us if the problem persists.</p></body></html>\n",
    502,
    media_type="text/html; charset=utf-8",
)

AnswerKind = Literal["error-before", "error-after", "lost-answer", "limit", "not-found"]


@dataclass(frozen=True)
class Injected:
    """One fault that happened. number: counts from 1."""

    number: int
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.number:>3} {self.kind}: {self.what}"


@dataclass(frozen=True)
class Misbehaviour:
    """How one request goes wrong. works: its work is done first. answer None: no answer comes."""

    kind: AnswerKind
    works: bool
    answer: Answer | None


class Faults:
    """seed: decides everything. rates: over RATES, by kind; most: of each kind."""

    def __init__(self, seed: int, rates: Mapping[str, float] | None = None, *, most: int = 3) -> None:
        unknown = set(rates or {}) - set(RATES)
        if unknown:
            raise ValueError(f"unknown faults: {', '.join(sorted(unknown))}")
        self.seed = seed
        self.rates = {**RATES, **(rates or {})}
        self.most = most
        self.log: list[Injected] = []
        self.impatient: list[str] = []
        """Requests that were repeated before the time that a limit had named."""
        self._random = random.Random(seed)  # noqa: S311  it must repeat
        self._count: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()
        self._new: set[str] = set()
        self._not_before: dict[str, datetime] = {}

    @classmethod
    def only(cls, seed: int = 0, *, most: int = 1, **rates: float) -> Faults:
        """Just these kinds (an underscore for each dash), for a story about one of them."""
        wanted = {kind.replace("_", "-"): rate for kind, rate in rates.items()}
        return cls(seed, {**dict.fromkeys(RATES, 0.0), **wanted}, most=most)

    # Answers

    def request(self, method: str, path: str, now: datetime) -> Misbehaviour | None:
        """What goes wrong with this request of an App, before it is looked at. path: below the API's root."""
        what = f"{method} {path}"
        if now < self._not_before.pop(what, now):
            self.impatient.append(what)
        first_look = method == "GET" and path in self._new
        self._new.discard(path)
        draw = self._random.random()
        if first_look and draw < self.rates["not-found"]:
            return self._meets("not-found", what, False, _answer(not_found()))
        writes = method != "GET" and not path.endswith("/access_tokens")
        for kind in ("error-before", "error-after", "lost-answer", "limit"):
            rate = self.rates[kind] * (1.0 if writes else _FOR_READS)
            if draw < rate:
                return self._failing(kind, what, now)
            draw -= rate
        self._in_a_row[what] = 0
        return None

    def _failing(self, kind: str, what: str, now: datetime) -> Misbehaviour | None:
        if kind == "error-before":
            return self._meets("error-before", what, False, ERROR)
        if kind == "error-after":
            return self._meets("error-after", what, True, ERROR)
        if kind == "lost-answer":
            return self._meets("lost-answer", what, True, None)
        status, seconds = self._random.choice(((403, 30), (429, 30), (403, None)))
        refusal = Refusal(status, _SLOW_DOWN, documentation_url=_DOCUMENTED)
        headers = {} if seconds is None else {"Retry-After": str(seconds)}
        found = self._meets("limit", what, False, _answer(refusal, headers))
        if found is not None:
            self._not_before[what] = now + timedelta(seconds=seconds or _MINUTE)
        return found

    def _meets(self, kind: AnswerKind, what: str, works: bool, answer: Answer | None) -> Misbehaviour | None:
        if self._in_a_row[what] >= _IN_A_ROW or not self._may(kind):
            self._in_a_row[what] = 0
            return None
        self._in_a_row[what] += 1
        self._happens(kind, what)
        return Misbehaviour(kind, works, answer)

    def made(self, answer: Answer, api: str) -> None:
        """Something new was answered: it may not be there at the first look. api: the API's root."""
        if isinstance(answer.body, dict):
            url = answer.body.get("url") or answer.body.get("run_url") or ""
            if isinstance(url, str) and url.startswith(f"{api}/repos/"):
                self._new.add(url.removeprefix(api).replace("/git/refs/", "/git/ref/"))

    def body(self, what: str, answer: Answer) -> None:
        """Leaves out of an answer what GitHub has not computed yet."""
        it = answer.body
        if (
            isinstance(it, dict)
            and it.get("mergeable") is not None
            and self._happening("mergeable-null", what)
        ):
            it["mergeable"], it["rebaseable"], it["mergeable_state"] = None, None, "unknown"
        if _has_pulls(it) and self._happening("no-pulls", what):
            _without_pulls(it)

    def moves_branch(self, ref: str) -> bool:
        """Whether a stranger moves the branch that an App has just made."""
        return self._happening("branch-moved", ref)

    # Deliveries

    def delivery(self, it: Delivery) -> str | None:
        """What goes wrong with a delivery that is about to be posted: one of its kinds, or nothing."""
        what = f"{it.event}{f'.{it.action}' if it.action else ''} {it.guid}"
        if it.event in ("workflow_run", "check_run", "check_suite") and self.rates["no-pulls"]:
            payload = json.loads(it.body)
            if _has_pulls(payload) and self._happening("no-pulls", what):
                _without_pulls(payload)
                it.body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        if (it.event, it.action) == ("workflow_job", "completed") and self._happening("job-last", what):
            return "job-last"
        draw = self._random.random()
        for kind in _DELIVERY_KINDS:
            if draw < self.rates[kind]:
                return kind if self._may(kind) and self._happens(kind, what) else None
            draw -= self.rates[kind]
        return None

    def delay(self, kind: str) -> timedelta:
        """How late a delivery is."""
        seconds = _JOB_AT_LAST if kind == "job-last" else self._random.choice(_LATE)
        return timedelta(seconds=seconds)

    def _may(self, kind: str) -> bool:
        return self._count[kind] < self.most

    def _happening(self, kind: str, what: str) -> bool:
        return self._random.random() < self.rates[kind] and self._may(kind) and self._happens(kind, what)

    def _happens(self, kind: str, what: str) -> bool:
        self._count[kind] += 1
        self.log.append(Injected(len(self.log) + 1, kind, what))
        return True


def _answer(refusal: Refusal, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(refusal.body, refusal.status, dict(headers or {}))


def _each_pulls(value: Any, found: Callable[[dict[str, Any]], None]) -> None:
    if isinstance(value, dict):
        if isinstance(value.get("pull_requests"), list) and value["pull_requests"]:
            found(value)
        for inner in value.values():
            _each_pulls(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _each_pulls(inner, found)


def _has_pulls(value: Any) -> bool:
    seen: list[Any] = []
    _each_pulls(value, seen.append)
    return bool(seen)


def _without_pulls(value: Any) -> None:
    _each_pulls(value, lambda it: it.update(pull_requests=[]))
