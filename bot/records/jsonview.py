"""A record as the plain JSON that `cloi adr read --json` prints: fixed keys in a fixed order.

Status is null where nothing is stated; "unknown" where words stand that name no state.
"""

from __future__ import annotations

from typing import Any

from bot.records.record import Record


def as_json(record: Record) -> dict[str, Any]:
    """path, id, number, title, status, date, supersedes, superseded_by, amends, amended_by, related.

    The two keys of partial supersession follow after these.
    """
    return {
        "path": record.path,
        "id": record.id,
        "number": record.number,
        "title": record.title,
        "status": record.status.value if record.status else None,
        "date": record.date,
        "supersedes": list(record.supersedes),
        "superseded_by": list(record.superseded_by),
        "amends": list(record.amends),
        "amended_by": list(record.amended_by),
        "related": list(record.related),
        "partially_supersedes": list(record.partially_supersedes),
        "partially_superseded_by": list(record.partially_superseded_by),
    }
