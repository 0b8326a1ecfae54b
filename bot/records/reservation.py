"""Who has taken which number: first come, first served, over the log and all open pull requests.

Numbers count within one series: records of one folder that are named alike ("ADR-", "RFC-", nothing). A gap is
never filled again, since somebody may remember what was there. Pure; not here: asking GitHub (bot/steps).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.records.convention import folder_of
from bot.records.identity import from_path

MOST_AHEAD = 100
"""How far above the log's highest number a proposed one is taken for meant."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An open pull request adds this file. pull: its number; an earlier one has the smaller number."""

    pull: int
    path: str


def number_of(path: str) -> int | None:
    """The number that a file's name gives its record."""
    return from_path(path).number


def same_series(one: str, other: str) -> bool:
    """Whether two records of these paths number from the same row."""
    alike = from_path(one).prefix.lower() == from_path(other).prefix.lower()
    return alike and folder_of(one) == folder_of(other)


def contested(path: str, claims: Iterable[Claim]) -> list[Claim]:
    """Those who want this record's number too, for a record of another name. The earliest first."""
    number = number_of(path)
    if number is None:
        return []
    rivals = (c for c in claims if c.path != path and number_of(c.path) == number)
    return sorted((c for c in rivals if same_series(c.path, path)), key=lambda c: (c.pull, c.path))


def reserved(path: str, claims: Iterable[Claim]) -> dict[int, str]:
    """What a check of this record is told of numbers that others have taken: the number, and who in words."""
    rivals = contested(path, claims)
    number = number_of(path)
    return {} if number is None or not rivals else {number: f"#{rivals[0].pull} ({rivals[0].path})"}


def next_free(path: str, taken: Iterable[str], claimed: Iterable[str] = ()) -> int:
    """The number after the highest in this record's series. taken: paths of all records, this one's or not.
    claimed: of those that are only proposed; anybody may propose number 999999, so one far ahead of the log does
    not count."""
    highest = max(_numbers(path, taken), default=0)
    return (
        max((n for n in _numbers(path, claimed) if highest < n <= highest + MOST_AHEAD), default=highest) + 1
    )


def _numbers(path: str, others: Iterable[str]) -> Iterator[int]:
    for other in others:
        if other != path and (number := number_of(other)) is not None and same_series(other, path):
            yield number
