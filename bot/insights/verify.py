"""Whether a stream is what was recorded: its chain of hashes, its fold, its definition, a head told elsewhere.

A tail that was cut off leaves a shorter chain that is whole. It shows where the row of the instance knows
more than its events, and surely against a head that the bot published on GitHub, out of the store's reach.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from bot.engine.errors import StoreError
from bot.engine.evolve import fold
from bot.engine.ports import EventStore, Summary
from bot.engine.recording import append_of


@dataclass(frozen=True, slots=True)
class Verified:
    """head: over the stored bytes; empty if they do not fit. problems: sentences; none is a good sign."""

    instance: str
    events: int
    head: str
    problems: tuple[str, ...]


def verify(store: EventStore, instance: str, row: Summary | None, published: str | None = None) -> Verified:
    """Look at one stream. row: the store's of the instance. published: a head from a check run or comment; it
    may be older than the stream."""
    try:
        head = store.verify(instance)
        events = store.read(instance)
    except StoreError as error:
        return Verified(instance, 0, "", (str(error),))
    except (TypeError, AttributeError):  # a column that somebody has written text into
        return Verified(
            instance, 0, "", (f"{instance}: something in it is not the bytes that were recorded",)
        )
    problems: list[str] = []
    if published is not None and published.lower() not in store.heads(instance):
        problems.append(f"the published head {published} was never the head of this stream")
    try:
        folded = fold(events)
    except ValueError as error:
        return Verified(instance, len(events), head, (*problems, f"its events do not follow: {error}"))
    if folded is None:
        return Verified(instance, 0, head, (*problems, "it has no events"))
    if row != append_of(None, (), folded).summary:
        seen = "is missing" if row is None else f"says {row.state} at {row.updated_at}"
        problems.append(
            f"its row {seen}, its events say {folded.state.value} at {folded.updated_at}: events may be cut off"
        )
    try:
        if hashlib.sha256(store.get_blob(f"sha256:{folded.digest}")).hexdigest() != folded.digest:
            problems.append("its definition is not the text that it began with")
    except (KeyError, StoreError, msgspec.DecodeError):
        problems.append("its definition is missing")
    return Verified(instance, len(events), head, tuple(problems))
