"""Times for people: UTC and durations, never "5 minutes ago", which is wrong in a comment an hour later."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.engine.events import moment, stamp

_STEP = timedelta(minutes=5)


def utc(stamp: str) -> str:
    """ "2026-11-22T10:05:11.123456Z" as "2026-11-22 10:05 UTC". Raises ValueError for anything else."""
    return moment(stamp).strftime("%Y-%m-%d %H:%M UTC")


def to_the_second(stamp: str) -> str:
    """The same as "2026-11-22 10:05:11", for columns that say UTC in their head."""
    return moment(stamp).strftime("%Y-%m-%d %H:%M:%S")


def between(since: str, low: float, high: float) -> tuple[str, str]:
    """Stamps so many seconds after `since`, in whole steps of five minutes: what is guessed has no seconds."""
    start = moment(since)
    zero = datetime.min.replace(tzinfo=start.tzinfo)
    first = (start + timedelta(seconds=low) - zero) // _STEP
    last = -((zero - start - timedelta(seconds=high)) // _STEP)
    return stamp(zero + first * _STEP), stamp(zero + last * _STEP)


def took(start: str, end: str) -> str:
    """From one stamp to the other: "0.4 s", "12 s", "3 min 20 s", "1 h 5 min", "2 d 3 h"."""
    return duration((moment(end) - moment(start)).total_seconds())


def duration(seconds: float) -> str:
    """Seconds in the two largest units that say something. What is negative (clocks differ) is 0 s."""
    if seconds < 0.05:
        return "0 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, name, below, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {name} {rest} {small}" if rest else f"{whole // size} {name}"
    return f"{whole} s"
