"""Records that this one names, as the plan's dependencies: an order of work only where the text gives one.

References almost never say "depends on", so related ones are a reading list. Supersession and amendment are no
dependencies: they say which text holds, which acceptance.py asks; here only whether another record of the log says
that it replaces this one, which this one may not know. Not here: finding references (bot/records).
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.plans import acceptance
from bot.plans.plan import Dependency, Source
from bot.plans.wording import shown
from bot.records.log import RecordLog
from bot.records.record import Record, Relation, RelationKind

MAX_DEPENDENCIES = 100
_REPLACES = (RelationKind.SUPERSEDES, RelationKind.PARTIALLY_SUPERSEDES)
_RANK = {RelationKind.DEPENDS_ON: 0, RelationKind.BUILDS_ON: 1, RelationKind.RELATED: 2}


def find(
    record: Record, log: RecordLog | None
) -> tuple[tuple[Dependency, ...], tuple[str, ...], tuple[str, ...]]:
    """(dependencies, blocked, warnings): directed ones first, each target once, with its strongest relation.

    log None: nothing is known about the targets, and `present` is None.
    """
    strongest: dict[str, Relation] = {}
    for relation in record.relations:
        if relation.kind not in _RANK or (
            record.id is not None and relation.target.lower() == record.id.lower()
        ):
            continue
        known = strongest.get(relation.target)
        if known is None or _RANK[relation.kind] < _RANK[known.kind]:
            strongest[relation.target] = relation
    ordered = sorted(strongest.values(), key=lambda r: (_RANK[r.kind] == 2, r.place.line))[:MAX_DEPENDENCIES]
    found, blocked, warnings = [], [], []
    for relation in ordered:
        target = log.target(record, relation) if log is not None else None
        dependency = Dependency(
            target=relation.target,
            relation=relation.kind.value,
            source=Source(
                path=record.path,
                line=relation.place.line,
                end_line=relation.place.end_line,
                quote=relation.quote,
            ),
            present=None if log is None else target is not None or log.has(relation.target),
            note=shown(relation.note) if relation.note else None,
        )
        found.append(dependency)
        stop, warning = acceptance.judge(dependency, target)
        blocked += [stop] if stop else []
        warnings += [warning] if warning else []
    for stop, warning in _replaced(record, log):
        blocked += [stop] if stop else []
        warnings += [warning] if warning else []
    return tuple(found), tuple(blocked), tuple(warnings)


def _replaced(record: Record, log: RecordLog | None) -> Iterator[tuple[str | None, str | None]]:
    """What the others say of this record: (blocked, warning) for each that replaces it and is not named by it."""
    if log is None or record.superseded_by:
        return
    for other in log:
        for relation in other.relations:
            if relation.kind in _REPLACES and other is not record and log.target(other, relation) is record:
                yield acceptance.replaced(record, other, partly=relation.kind is not RelationKind.SUPERSEDES)
                break
