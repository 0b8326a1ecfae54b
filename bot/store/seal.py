"""From events to the bytes that are stored: numbering checked, encoded, hash-chained. Pure.

Every store seals in the same way, so a stream moved from one store to another keeps its head. Not here: where
the bytes lie, and who may write them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from bot.engine.errors import ConcurrencyConflict, StoreError
from bot.engine.events import Event, decode, decode_all, encode, link
from bot.engine.ports import Append

FOREVER = datetime.max.replace(tzinfo=UTC)
"""When lasting blobs expire."""

DELIVERY_STATES = frozenset({"pending", "consumed", "ignored", "parked"})


class Sealed(NamedTuple):
    """An event as it is kept. data: its bytes; head: the chain's head after it, as hex."""

    version: int
    name: str
    at: str
    data: bytes
    head: str


def seal(append: Append, version: int, head: str) -> list[Sealed]:
    """The rows for one append to a stream that stands at `version` with `head`.

    Raises ConcurrencyConflict if the stream has moved on, ValueError if the events are not numbered for it.
    """
    if append.expected != version:
        raise ConcurrencyConflict(append.stream, append.expected, version)
    rows = []
    for event in append.events:
        version += 1
        if event.stream != append.stream or event.version != version:
            raise ValueError(
                f"event {event.stream}/{event.version} does not belong at {append.stream}/{version}"
            )
        data = encode(event)
        head = link(head, data)
        rows.append(Sealed(version, event.name, event.at, data, head))
    return rows


def unseal(stream: str, data: Iterable[bytes]) -> list[Event]:
    """The events of a stream. Raises StoreError naming the first that cannot be read, so that only this
    stream need be parked."""
    items = list(data)
    events: list[Event] = []
    try:
        return decode_all(items)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
        pass  # which one?
    try:
        for item in items:
            events.append(decode(item))
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError) as error:
        raise StoreError(f"{stream}: event {len(events) + 1} cannot be read: {error}") from error
    return events


def check_chain(stream: str, rows: Iterable[tuple[int, bytes, str]]) -> str:
    """The head over stored (version, bytes, head) rows. Raises StoreError at the first that does not fit.

    A tail that was cut off leaves a shorter chain that is whole: compare the head with the published one.
    """
    head = ""
    for expected, (version, data, stored) in enumerate(rows, start=1):
        if version != expected:
            raise StoreError(f"{stream}: event {expected} is missing")
        if not isinstance(data, bytes):  # somebody has written text into the column
            raise StoreError(f"{stream}: something in it is not the bytes that were recorded")
        head = link(head, data)
        if head != stored:
            raise StoreError(f"{stream}: event {version} is not the one that was recorded")
    return head


def hexed(stream: str, head: object) -> str:
    """A head as it is stored, in hex. Raises StoreError if somebody has written something else there."""
    if not isinstance(head, bytes):
        raise StoreError(f"{stream}: something in it is not the bytes that were recorded")
    return head.hex()


def check_state(state: str) -> None:
    """Raises ValueError if there is no such state of a delivery."""
    if state not in DELIVERY_STATES:
        raise ValueError(f"a delivery is {', '.join(sorted(DELIVERY_STATES))}, not {state!r}")
