"""A pause where GitHub asked for one: until its time is over, nothing is asked for that account.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
Going on asking makes a limit longer, and can end in a ban. A limit holds for an installation, so for all that the
bot does on one account; steps that come meanwhile are told when to come again, without a request. Not here: what
an answer says of a limit (wire.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.engine.ports import Clock
from bot.github import errors


class Pauses:
    """account: a repository's owner, or "" for what the App asks for itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, datetime] = {}

    @contextlib.contextmanager
    def kept(self, account: str) -> Iterator[None]:
        """Around each request: raises RateLimited while there is a pause, and begins one if GitHub asks for it."""
        left = (self._until.get(account, self._clock.now()) - self._clock.now()).total_seconds()
        if left > 0:
            raise errors.RateLimited(f"GitHub asked us to slow down; we go on in {left:.0f} s.", left)
        try:
            yield
        except errors.RateLimited as error:
            until = self._clock.now() + timedelta(seconds=error.retry_after)
            self._until[account] = max(until, self._until.get(account, until))
            raise
