"""The App's delivery log: which webhooks never reached our store, and asking GitHub for them again.

https://docs.github.com/en/rest/apps/webhooks. GitHub never sends again by itself; asked to, it sends the same
bytes under the same id, so asking once too often changes nothing, and no journal is kept of it. The log reaches
back about three days; it lists as failed also what arrived and was answered too late: our store knows better. Not
here: when to look, and how often to ask (bot/steps/redelivering.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from bot.engine.ports import EventStore
from bot.github import errors
from bot.github.client import GitHub
from bot.github.wire import Response

_PATH = "/app/hook/deliveries"
_PER_PAGE = 100
_MOST_PAGES = 20
_NEXT = re.compile(r'<[^<>]*[?&]cursor=([^&<>]+)[^<>]*>;\s*rel="next"')


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that our store does not know.

    guid: its X-GitHub-Delivery. attempt: the log's id of the latest attempt. status: GitHub's words for how that
    ended. asked: how often it was asked for again, by whomever.
    """

    guid: str
    attempt: int
    event: str
    action: str
    status: str
    asked: int


class _Attempt(msgspec.Struct, frozen=True):
    """An entry of the log."""

    id: int
    guid: str
    delivered_at: str
    event: str
    status: str
    status_code: int
    redelivery: bool = False
    action: str | None = None

    @property
    def at(self) -> datetime:
        found = datetime.fromisoformat(self.delivered_at)
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    @property
    def arrived(self) -> bool:
        return 200 <= self.status_code < 400


async def missing(github: GitHub, store: EventStore, since: datetime, kept_since: datetime) -> list[Missing]:
    """What was sent after `since` and is not in the store, oldest first.

    kept_since: when this store began. What GitHub says has arrived before that arrived at another store, and was
    handled there. Looks at no more than the latest 2,000 attempts. Raises GitHubError.
    """
    attempts: dict[str, list[_Attempt]] = {}
    for attempt in await _log(github, since):
        attempts.setdefault(attempt.guid, []).append(attempt)
    known = store.kept(attempts)
    found = []
    for guid, latest_first in attempts.items():
        elsewhere = any(one.arrived and one.at < kept_since for one in latest_first)
        if guid in known or elsewhere:
            continue
        latest = latest_first[0]
        found.append(
            Missing(
                guid=guid,
                attempt=latest.id,
                event=latest.event,
                action=latest.action or "",
                status=f"{latest.status} ({latest.status_code})",
                asked=sum(one.redelivery for one in latest_first),
            )
        )
    return found[::-1]


async def ask_again(github: GitHub, deliveries: Iterable[Missing]) -> tuple[list[Missing], list[Missing]]:
    """Ask GitHub to send these once more: those it was asked for, and those that it has forgotten.

    Stops at the first that cannot be asked for now, raising RateLimited or Unavailable only if none was before.
    """
    asked: list[Missing] = []
    forgotten: list[Missing] = []
    for one in deliveries:
        try:
            await github.call_as_app("POST", f"{_PATH}/{one.attempt}/attempts")
        except (errors.NotFound, errors.Invalid):
            forgotten.append(one)
        except errors.Unknown:
            asked.append(one)  # perhaps; if not, it is still missing at the next look
        except errors.GitHubError:
            if not asked and not forgotten:
                raise
            break
        else:
            asked.append(one)
    return asked, forgotten


async def _log(github: GitHub, since: datetime) -> list[_Attempt]:
    """Attempts after `since`, newest first."""
    out: list[_Attempt] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        params = {"per_page": _PER_PAGE, **({"cursor": cursor} if cursor else {})}
        answer = await github.call_as_app("GET", _PATH, params=params)
        page = answer.read(list[_Attempt])
        out += [one for one in page if one.at >= since]
        cursor = _next(answer)
        if cursor is None or not page or page[-1].at < since:
            break
    return out


def _next(answer: Response) -> str | None:
    found = _NEXT.search(answer.headers.get("link", ""))
    return found[1] if found else None
