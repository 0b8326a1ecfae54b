"""Rules about what a record says of others: that they exist, are called so, and say the same from their side."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.records.checks.subject import Subject, file_lines
from bot.records.inline import plain
from bot.records.record import Edit, Finding, Place, Record, Relation, RelationKind, Severity, Status

_BACK = {
    RelationKind.SUPERSEDES: ("superseded_by", "Superseded by"),
    RelationKind.SUPERSEDED_BY: ("supersedes", "Supersedes"),
    RelationKind.PARTIALLY_SUPERSEDES: ("partially_superseded_by", "Partially superseded by"),
    RelationKind.PARTIALLY_SUPERSEDED_BY: ("partially_supersedes", "Partially supersedes"),
    RelationKind.AMENDS: ("amended_by", "Amended by"),
    RelationKind.AMENDED_BY: ("amends", "Amends"),
}
_SUPERSESSION = tuple(_BACK)[:4]
_NEEDS = (RelationKind.DEPENDS_ON, RelationKind.BUILDS_ON)
_GONE = (Status.SUPERSEDED, Status.DEPRECATED, Status.REJECTED)


def broken_link(subject: Subject) -> Iterator[Finding]:
    """A link to a file of the log that is not there."""
    for relation in subject.record.relations:
        path = relation.target_path
        if path is None or "." not in posixpath.basename(path) or subject.log.exists(path) is not False:
            continue  # without an extension it is a page of a site, or an anchor
        others = [r for r in subject.log.by_id(relation.target) if r.path != subject.record.path]
        hint = f" Did you mean {others[0].path}?" if len(others) == 1 else ""
        mended = _relinked(subject, relation, others[0].path) if len(others) == 1 else None
        reason = f"The link goes to {path}, which does not exist.{hint}"
        yield subject.finding("link-broken", Severity.ERROR, reason, at=relation.place, suggestion=mended)


def _relinked(subject: Subject, relation: Relation, path: str) -> str | None:
    """The line with the link's target mended, if the target stands on it exactly once."""
    line = subject.line(relation.place.line)
    folder = posixpath.dirname(subject.record.path)
    old = posixpath.relpath(relation.target_path or "", folder or ".")
    new = posixpath.relpath(path, folder or ".")
    return line.replace(old, new) if line.count(old) == 1 else None


def missing_target(subject: Subject) -> Iterator[Finding]:
    """A mention of a number that the log does not have."""
    record = subject.record
    if record.number is None or subject.convention.size < 1:
        return
    for relation in record.relations:
        if relation.target_path is not None or subject.log.has(relation.target):
            continue
        number = re.search(r"(\d+)$", relation.target)
        if number is None or subject.log.by_number(int(number[1])):
            continue
        if int(number[1]) == record.title_number:
            continue  # it speaks of itself by the number in its title; that is a finding of its own
        reason = f"{relation.target} is named here, but this log has no record with that number."
        yield subject.finding("reference-missing", Severity.WARNING, reason, at=relation.place)


def title_differs(subject: Subject) -> Iterator[Finding]:
    """A quoted title that is not the target's."""
    for relation in subject.record.relations:
        target = subject.log.target(subject.record, relation)
        if target is None or not target.title or not relation.title or not _is_quoted(relation):
            continue
        if not _alike(relation.title, target.title):
            reason = f'{target.id} is called "{plain(target.title)[:100]}", not "{relation.title[:100]}".'
            yield subject.finding("title-differs", Severity.WARNING, reason, at=relation.place)


def _is_quoted(relation: Relation) -> bool:
    """Whether the words beside the reference are meant as its title: a link's label, in quotes, behind a colon
    and with a capital letter, or Written So."""
    title = re.escape((relation.title or "")[:80])
    if re.search(
        rf"\[[^\[\]]*{title}|[\"“]\s?{title}|\d[\])`*_]{{0,3}}:\s{title}\W*(?:\(|$)", relation.quote
    ):
        return not (relation.title or "")[:1].islower()
    words = [word for word in re.findall(r"[^\W\d_][\w'’-]+", relation.title or "") if len(word) > 3]
    return len(words) > 1 and all(word[0].isupper() for word in words)


def _alike(quoted: str, title: str) -> bool:
    """Whether two titles may mean the same: one holds the other, or half of their words are common."""
    a, b = (_words(text) for text in (quoted, title))
    if len(a) < 2 or not b or a <= b or b <= a:
        return True
    return len(a & b) * 2 >= min(len(a), len(b))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]{2,}", plain(text).lower()))


def one_sided(subject: Subject) -> Iterator[Finding]:
    """Supersession that only one of the two records states; with the other's line where it can be written."""
    record = subject.record
    for relation in record.relations:
        if relation.kind not in _SUPERSESSION:
            continue
        target = subject.log.target(record, relation)
        if target is None or target.path == record.path or _answers(target, relation.kind, record):
            continue
        attribute, words = _BACK[relation.kind]
        reason = (
            f"{record.id} says that it {_spoken(relation.kind)} {target.id}, "
            f"but {target.path} does not say so from its side."
        )
        edit = back_reference(target, record, attribute, words)
        yield subject.finding(
            "supersession-one-sided", Severity.WARNING, reason, at=relation.place, edit=edit
        )


def _answers(target: Record, kind: RelationKind, record: Record) -> bool:
    """Whether the target names this record from its side, wholly or partly."""
    sides = (
        (target.superseded_by, target.partially_superseded_by, target.amended_by)
        if kind in (RelationKind.SUPERSEDES, RelationKind.PARTIALLY_SUPERSEDES)
        else (target.supersedes, target.partially_supersedes, target.amends)
    )
    return any(record.id in side for side in sides)


def _spoken(kind: RelationKind) -> str:
    return {
        RelationKind.SUPERSEDES: "supersedes",
        RelationKind.SUPERSEDED_BY: "is superseded by",
        RelationKind.PARTIALLY_SUPERSEDES: "partially supersedes",
        RelationKind.PARTIALLY_SUPERSEDED_BY: "is partially superseded by",
    }[kind]


def back_reference(target: Record, record: Record, attribute: str, words: str) -> Edit | None:
    """The line for the other record: in its status section, or beside its status field, in that dress."""
    place = target.places.get("status")
    if place is None or record.id is None:
        return None
    lines = file_lines(target)
    link = f"[{_label(record)}]({posixpath.relpath(record.path, posixpath.dirname(target.path) or '.')})"
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if target.status_where == "section":
        last = next((n for n in range(place.end_line, place.line, -1) if lines[n - 1].strip()), place.line)
        return Edit(target.path, _one(last), f"{lines[last - 1]}\n\n{words} {link}")
    if target.status_where == "frontmatter":
        return Edit(target.path, _one(place.line), f"{line}\n{attribute.replace('_', '-')}: {record.id}")
    if target.status_where in ("bold-line", "bullet", "line") and place.line == place.end_line:
        name = re.match(r"^(\s*(?:[-*+]\s+)?)(\*\*|__|)", line)
        lead, bold = (name[1], name[2]) if name else ("", "")
        ending = "  " if line.endswith("  ") else ""
        return Edit(target.path, place, f"{line}\n{lead}{bold}{words}:{bold} {link}{ending}")
    return None


def _one(line: int) -> Place:
    return Place(line, line)


def _label(record: Record) -> str:
    title = plain(record.title or "")[:100]
    text = f"{record.id}: {title}" if title else f"{record.id}"
    return re.sub(r"[\[\]\\]", "", text)


def gone_target(subject: Subject) -> Iterator[Finding]:
    """A reference to a record that no longer holds: a notice, a warning if this one depends on it."""
    for relation in subject.record.relations:
        if relation.kind not in (*_NEEDS, RelationKind.RELATED):
            continue
        target = subject.log.target(subject.record, relation)
        if target is None or target.status not in _GONE:
            continue
        needed = relation.kind in _NEEDS
        state = target.status.value
        by = f" by {', '.join(target.superseded_by)}" if target.superseded_by else ""
        words = relation.kind.value.replace("-", " ")
        lead = f"This record {words} {target.id}, which is" if needed else f"{target.id} is"
        reason = f"{lead} {state}{by}."
        severity = Severity.WARNING if needed else Severity.NOTICE
        yield subject.finding("reference-gone", severity, reason, at=relation.place)


RULES = (broken_link, missing_target, title_differs, one_sided, gone_target)
