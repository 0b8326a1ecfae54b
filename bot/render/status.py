"""The pull request that gives a record its new status: templates/words/status.md.j2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.render.plain import clause, clip, inert
from bot.render.words import say, say_plainly

_MOST_TITLE = 240
_MOST_PULLS = 20


@dataclass(frozen=True, slots=True)
class StatusText:
    """Title (plain text) and body (Markdown)."""

    title: str
    body: str


def status_pull(
    *,
    record: str,
    title: str,
    path: str,
    old: str,
    new: str,
    pulls: Sequence[int],
    promises: Sequence[str],
    issue_url: str,
    instance: str,
) -> StatusText:
    """record: its id. old, new: the words as they stand in the file. pulls: what implemented it. promises: its
    thresholds, which nobody has measured as far as the bot knows."""
    named = say_plainly("status", "title", record=inert(record), new=inert(new.lower()))
    body = say(
        "status",
        "body",
        record=record,
        title=title,
        path=path,
        old=old,
        new=new,
        pulls=list(pulls[:_MOST_PULLS]),
        promises=[clip(promise, 300) for promise in promises[:_MOST_PULLS]],
        issue_url=issue_url,
        instance=instance,
    )
    return StatusText(clip(named, _MOST_TITLE), str(body))


def not_proposed(record: str, why: str) -> str:
    """Said on the issue where GitHub refused the pull request. why: GitHub's sentence, or ours about what stands
    there."""
    return str(say("status", "not_proposed", record=record, why=clause(why)))
