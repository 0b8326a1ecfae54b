"""redeliver: now and then the App's delivery log is compared with the store, and what never arrived is asked for.

One instance of it lives as long as the store. It says something only when there was something: deliveries that
were asked for again, and those that did not come in spite of it.
Not here: reading the log (bot/github/deliveries.py), handling what comes (bot/web/intake.py).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from bot.engine.outcome import DomainEvent, Outcome, Waiting
from bot.engine.ports import StepContext
from bot.github import deliveries, errors
from bot.github.deliveries import Missing
from bot.steps.base import GitHubStep, Services

log = logging.getLogger("cloi.deliveries")

_EVERY = 300.0
"""Seconds between two looks."""

_REMEMBERED = timedelta(days=3)
"""How far GitHub's log reaches back."""

_MARGIN = timedelta(hours=1)
"""Attempts may be logged late; and all attempts at one delivery should be seen, to count them."""

_MOST_ASKED = 5
_MOST_AT_ONCE = 50
_MOST_SAID = 20


class Redeliver(GitHubStep):
    """Never done. memo: left, deliveries that did not come (id to a sentence), the latest twenty."""

    type = "redeliver"

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._looked: datetime | None = None  # of this process: a new one looks at everything once

    async def do(self, ctx: StepContext) -> Outcome:
        since = ctx.now - _REMEMBERED if self._looked is None else self._looked - _MARGIN
        left: dict[str, str] = dict(ctx.memo.get("left", {}))
        left = {guid: left[guid] for guid in left.keys() - ctx.store.kept(left)}
        try:
            found = await deliveries.missing(self.services.github, ctx.store, since, ctx.started_at)
            new = [one for one in found if one.guid not in left]
            given_up = [one for one in new if one.asked >= _MOST_ASKED]
            wanted = [one for one in new if one.asked < _MOST_ASKED]
            asked, forgotten = await deliveries.ask_again(self.services.github, wanted[:_MOST_AT_ONCE])
        except errors.RateLimited as error:
            return self._waiting(left, max(error.retry_after, _EVERY))
        except errors.GitHubError as error:
            log.warning("the delivery log cannot be looked at: %s", error.message)
            return self._waiting(left)
        if len(asked) + len(forgotten) == len(wanted):
            self._looked = ctx.now
        for one in given_up:
            left[one.guid] = f"{_named(one)} did not arrive though asked for {one.asked} times: {one.status}"
        for one in forgotten:
            left[one.guid] = f"{_named(one)} did not arrive, and GitHub has forgotten it"
        events = []
        if asked:
            events.append(DomainEvent("DeliveriesAskedAgain", {"deliveries": _said(asked)}))
        if given_up or forgotten:
            events.append(DomainEvent("DeliveriesLeft", {"deliveries": _said([*given_up, *forgotten])}))
        latest = dict(list(left.items())[-_MOST_SAID:])
        return self._waiting(latest, events=tuple(events))

    def _waiting(
        self, left: dict[str, str], seconds: float = _EVERY, events: tuple[DomainEvent, ...] = ()
    ) -> Waiting:
        memo = {"left": left} if left else {}
        return Waiting(recheck_after=seconds, note="deliveries that go astray", memo=memo, events=events)


def _named(one: Missing) -> str:
    return f"{one.event}.{one.action}" if one.action else one.event


def _said(them: list[Missing]) -> list[dict[str, Any]]:
    return [{"id": one.guid, "event": _named(one), "status": one.status} for one in them[:_MOST_SAID]]
