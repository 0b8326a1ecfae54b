"""Dates as teams write them, to ISO 8601; None unless one full real date is stated.

26.05.2025 is day first everywhere; 10/02/2020 is not known to be either, so it stays ambiguous until the log
itself tells (log.py learns the order from dates such as 23/01/2020). 2024-01-XX and 2023-15-12 are no dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier janv enero gennaio janeiro januari styczeń stycznia января",
            "february feb februar février févr fevrier febrero febbraio fevereiro februari luty lutego февраля",
            "march mar märz maerz mrz mars marzo março marco maart marzec marca марта",
            "april apr avril avr abril aprile abr kwiecień kwietnia апреля",
            "may mai mayo maggio maio mei maj maja мая",
            "june jun juni juin junio giugno junho czerwiec czerwca июня",
            "july jul juli juillet juil julio luglio julho lipiec lipca июля",
            "august aug août aout agosto ago augustus sierpień sierpnia августа",
            "september sep sept septembre septiembre settembre setembro set wrzesień września сентября",
            "october oct oktober okt octobre octubre ottobre outubro out październik października октября",
            "november nov novembre noviembre novembro listopad listopada ноября",
            "december dec dezember dez décembre decembre déc diciembre dicembre dezembro dic "
            "grudzień grudnia декабря",
        ),
        start=1,
    )
    for name in names.split()
}
_YEAR = r"(?P<y>(?:19|20)\d\d)"
_NAME = r"(?P<m>[^\W\d_]{3,12})\.?"
_PATTERNS = (
    re.compile(rf"(?<!\d){_YEAR}(?P<sep>[-/.])(?P<m>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}})(?!\d)"),
    re.compile(
        rf"(?<![\d/.-])(?P<a>\d{{1,2}})(?P<sep>[-/.])[ ]?(?P<b>\d{{1,2}})(?P=sep)[ ]?{_YEAR}(?!\d|\.\d)"
    ),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[ ,-]+(?:of |de |d')?{_NAME}[ ,-]+(?:de |"
        rf"del )?{_YEAR}(?!\d)",
        re.I,
    ),
    re.compile(rf"(?<!\w){_NAME}[ -](?P<d>\d{{1,2}})(?:st|nd|rd|th)?[ ,-]+{_YEAR}(?!\d)", re.I),
    re.compile(rf"(?<!\d){_YEAR}[ -]{_NAME}[ -](?P<d>\d{{1,2}})(?!\d)", re.I),
    re.compile(rf"{_YEAR}年(?P<m>\d{{1,2}})月(?P<d>\d{{1,2}})日"),
    re.compile(rf"{_YEAR}년[ ]?(?P<m>\d{{1,2}})월[ ]?(?P<d>\d{{1,2}})일"),
    re.compile(r"^(?P<y>(?:19|20)\d\d)(?P<m>[01]\d)(?P<d>[0-3]\d)$"),
)


class Order(StrEnum):
    """Which comes first in 10/02/2020."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


@dataclass(frozen=True, slots=True)
class Stated:
    """What a text says. iso: the date, if it is one. ambiguous: either order is a real date.

    order: the order that an unambiguous date with two numbers shows. impossible: looks full, but is no day.
    """

    iso: str | None = None
    ambiguous: bool = False
    order: Order | None = None
    impossible: bool = False


def read_date(text: str, order: Order | None = None) -> Stated:
    """The one date that the text states. order: how this log writes days and months, where known."""
    found = list(_dates(text[:200].strip(), order))
    if not found:
        return Stated()
    first = found[0][1]
    others = {stated.iso for _, stated in found[1:]} - {first.iso}
    if others and not _is_remark(text, found[0][0]):
        return Stated()
    return first


def _is_remark(text: str, end: int) -> bool:
    """Whether what follows the first date is set apart: "2020-01-05 (updated 2021-02-03)"."""
    rest = text.strip()[end:].lstrip().lower()
    return rest.startswith(("(", "（", "[", ",", "，", ";", "updated", "last ", "revised", "amended"))


def _dates(text: str, order: Order | None) -> Iterator[tuple[int, Stated]]:
    taken: list[tuple[int, int]] = []
    found: list[tuple[int, int, Stated]] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            span = match.span()
            if any(span[0] < b and a < span[1] for a, b in taken):
                continue
            stated = _stated(match, order)
            if stated is not None:
                taken.append(span)
                found.append((*span, stated))
    for _, end, stated in sorted(found, key=lambda f: f[0]):
        yield end, stated


def _stated(match: re.Match[str], order: Order | None) -> Stated | None:
    part = match.groupdict()
    year = int(part["y"])
    if "a" in part:
        return _two_numbers(int(part["a"]), int(part["b"]), year, part["sep"], order)
    month = int(part["m"]) if part["m"].isdigit() else _MONTHS.get(part["m"].lower())
    if month is None:
        return None
    iso = _iso(year, month, int(part["d"]))
    return Stated(iso, impossible=iso is None)


def _two_numbers(a: int, b: int, year: int, sep: str, order: Order | None) -> Stated:
    day_first, month_first = _iso(year, b, a), _iso(year, a, b)
    if sep == "." or day_first == month_first:
        return Stated(day_first, impossible=day_first is None)
    if day_first is None:
        return Stated(month_first, order=Order.MONTH_FIRST)
    if month_first is None:
        return Stated(day_first, order=Order.DAY_FIRST)
    if order is None:
        return Stated(ambiguous=True)
    return Stated(day_first if order is Order.DAY_FIRST else month_first)


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
