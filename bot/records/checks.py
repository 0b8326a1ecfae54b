"""What an author should know about a record before it is merged: findings, relative to this log's own habits.

Errors stop, warnings and notices do not. Only rules with few false alarms are here; what 80 % of the same log
does is the measure, never a standard from outside.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.records.log import RecordLog
from bot.records.record import Finding, Place, Record, Severity, Status
from bot.result import Evidence, EvidenceClass, Result, Verdict

_VERDICTS = {Severity.ERROR: Verdict.FAIL, Severity.WARNING: Verdict.WARN, Severity.NOTICE: Verdict.PASS}


def check(record: Record, log: RecordLog, *, changed: set[str] | None = None) -> tuple[Finding, ...]:
    """All findings about one record, worst first. changed: paths of the PR, where it is about one."""
    found = list(record.findings)
    top = record.places.get("title", Place(1, 1))
    at = record.places.get("status", top)
    if record.title is None:
        found.append(
            Finding("title-missing", Severity.ERROR, record.path, Place(1, 1), "The record has no title.")
        )
    if record.status is None and sum(r.status is not None for r in log) * 2 > len(log):
        reason = "No status is stated, though the other records of this log state one."
        found.append(Finding("status-missing", Severity.ERROR, record.path, top, reason))
    if record.status is Status.PLACEHOLDER:
        reason = "The status is still the template's list; keep the one that holds."
        found.append(Finding("status-placeholder", Severity.ERROR, record.path, at, reason))
    if record.status is Status.UNKNOWN:
        reason = (
            f'"{(record.status_text or "")[:60]}" names no state that the bot knows; it will not act on it.'
        )
        found.append(Finding("status-unknown", Severity.WARNING, record.path, at, reason))
    order = list(Severity)
    return tuple(sorted(found, key=lambda f: (order.index(f.severity), f.place.line, f.rule)))


def as_result(findings: Sequence[Finding], name: str = "records") -> Result:
    """The findings as a result tree: one child a finding, the worst of them on top."""
    if not findings:
        return Result(name, Verdict.PASS, "Nothing to remark.")
    children = tuple(
        Result(
            f"records/{f.rule}",
            _VERDICTS[f.severity],
            f.reason,
            (Evidence(EvidenceClass.COMPUTED, f.reason, f.path, f.place.line, f.place.end_line),),
        )
        for f in findings
    )
    errors = sum(f.severity is Severity.ERROR for f in findings)
    warnings = sum(f.severity is Severity.WARNING for f in findings)
    verdict = Verdict.FAIL if errors else Verdict.WARN if warnings else Verdict.PASS
    return Result(
        name, verdict, f"{errors} errors, {warnings} warnings, {len(findings)} findings.", (), children
    )
