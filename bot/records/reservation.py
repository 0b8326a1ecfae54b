"""Who has taken which number: first come, first served, over the log and all open pull requests.

Numbers count within one series: records of one folder that are named alike ("ADR-", "RFC-", nothing). A gap is
never filled again, since somebody may remember what was there. Pure; not here: asking GitHub (bot/steps).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.records.convention import folder_of
from bot.records.identity import from_path


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


def next_free(path: str, taken: Iterable[str]) -> int:
    """The number after the highest in this record's series. taken: paths of all records, this one's or not."""
    numbers = (number_of(other) for other in taken if other != path and same_series(other, path))
    return max((n for n in numbers if n is not None), default=0) + 1
