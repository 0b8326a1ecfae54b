"""Findings about records: what an author should know before a record is merged.

Each module of this package holds one group of rules; a rule is a function from a Subject to findings. Errors stop,
warnings and notices do not. Only rules with few false alarms are here, and each is relative to the log's own
habit (convention.py). Never here, since a quarter of all files would fail: a closed list of status words,
required sections from a book, gaps in the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from bot.records.checks import identity, life, links, status, text
from bot.records.checks.subject import Subject
from bot.records.log import RecordLog
from bot.records.record import Finding, Record, Severity
from bot.result import Evidence, EvidenceClass, Result, Verdict

__all__ = ["RULES", "as_result", "check", "check_log"]

RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    *identity.RULES,
    *status.RULES,
    *links.RULES,
    *text.RULES,
    *life.RULES,
)
MAX_FINDINGS = 60
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTICE: 2}
_VERDICTS = {Severity.ERROR: Verdict.FAIL, Severity.WARNING: Verdict.WARN, Severity.NOTICE: Verdict.PASS}


def check(
    record: Record,
    log: RecordLog,
    *,
    changed: set[str] | None = None,
    base: RecordLog | None = None,
    reserved: Mapping[int, str] | None = None,
) -> tuple[Finding, ...]:
    """All findings about one record, worst first.

    log: the log with this record in it. changed: paths of the pull request, where it is about one; a number taken
    twice is then told only to who changed something. base: the log before the change. reserved: numbers that
    other open pull requests take in the same folder, with words for each, such as "#12 (docs/adr/0007-x.md)".
    """
    subject = Subject.of(record, log, changed=changed, base=base, reserved=reserved)
    found = [finding for rule in RULES for finding in rule(subject)]
    ordered = sorted(set_apart(found), key=lambda f: (_RANK[f.severity], f.place.line, f.rule))
    return tuple(ordered[:MAX_FINDINGS])


def check_log(log: RecordLog, *, changed: set[str] | None = None) -> tuple[Finding, ...]:
    """The findings of all records of a log, or of the changed ones."""
    return tuple(
        finding
        for record in log
        if changed is None or record.path in changed
        for finding in check(record, log, changed=changed)
    )


def set_apart(findings: Sequence[Finding]) -> list[Finding]:
    """Each remark once: rule, line and reason make it."""
    seen: dict[tuple[str, int, str], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.rule, finding.place.line, finding.reason), finding)
    return list(seen.values())


def as_result(findings: Sequence[Finding], name: str = "records") -> Result:
    """The findings as a result tree: one child for each, the worst verdict on top."""
    if not findings:
        return Result(name, Verdict.PASS, "Nothing to remark.")
    counts = {s: sum(f.severity is s for f in findings) for s in Severity}
    verdict = (
        Verdict.FAIL if counts[Severity.ERROR] else Verdict.WARN if counts[Severity.WARNING] else Verdict.PASS
    )
    parts = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in zip(
            (counts[Severity.ERROR], counts[Severity.WARNING], counts[Severity.NOTICE]),
            ("error", "warning", "notice"),
            strict=True,
        )
        if count
    ]
    return Result(name, verdict, f"{', '.join(parts)}.", (), tuple(_child(f) for f in findings))


def _child(finding: Finding) -> Result:
    evidence = [
        Evidence(
            EvidenceClass.COMPUTED,
            finding.suggestion or finding.reason,
            finding.path,
            finding.place.line,
            finding.place.end_line,
        )
    ]
    if finding.edit:
        edit = finding.edit
        evidence.append(
            Evidence(EvidenceClass.COMPUTED, edit.text, edit.path, edit.place.line, edit.place.end_line)
        )
    return Result(f"records/{finding.rule}", _VERDICTS[finding.severity], finding.reason, tuple(evidence))
