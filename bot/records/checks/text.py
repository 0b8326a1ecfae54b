"""Rules about the text: what other records have and this one lacks, and what was left from a template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.records.checks.subject import Subject, file_lines
from bot.records.choose import PERMITS
from bot.records.convention import section_key
from bot.records.inline import MAX_INLINE
from bot.records.record import Finding, Place, Severity

MAX_REMARKS = 5

_LEFT = re.compile(
    r"\{(?:title of option|argument|describe|short title|list|list everyone|name|example|"
    r"decision driver|a |an |the |e\.g\.)(?!:)"
    r"[^{}\n]{0,160}\}"
    r"|\[(?:option \d|argument [a-d]|justification|short title|driver \d|description|"
    r"example \| description|link type|"
    r"link to adr|describe |e\.g\., |list everyone|title of |YYYY-MM-DD)[^\[\]\n]{0,160}\](?!\()"
    r"|<(?:short title|title of|describe|insert |your )[^<>\n]{0,120}>",
    re.I,
)
_FENCE = re.compile(r"(`{3,}|~{3,})")
_CODE = re.compile(r"`[^`]*`")
_TODO = re.compile(r"(?<![\w`/#-])(?:TODO|TBD|FIXME|XXX)(?![\w`/-]|\.\w)")


def section_missing(subject: Subject) -> Iterator[Finding]:
    """A core section of this log is not there."""
    record = subject.record
    own = {section_key(s.title) for s in record.sections}
    named = {"status": record.status is not None, "date": record.date_text is not None}
    stems = {key[:7] for key in own}
    missing = [
        title
        for title in subject.convention.sections
        if section_key(title)[:7] not in stems and not named.get(section_key(title))
    ]
    if missing and len(missing) < len(subject.convention.sections):
        names = ", ".join(f'"{title}"' for title in missing[:6])
        noun = "section" if len(missing) == 1 else "sections"
        reason = f"Most records of this log have the {noun} {names}; this one has not."
        yield subject.finding("section-missing", Severity.WARNING, reason)


def placeholder_left(subject: Subject) -> Iterator[Finding]:
    """Words of the template are still there."""
    for number, line in _prose(subject):
        if found := _LEFT.search(line):
            reason = f"A placeholder of the template is left: {found[0][:80]}"
            yield subject.finding("placeholder-left", Severity.WARNING, reason, at=Place(number, number))


def todo_left(subject: Subject) -> Iterator[Finding]:
    """Something is still to do in a record that is already accepted."""
    if subject.record.status not in PERMITS:
        return
    for number, line in _prose(subject):
        if found := _TODO.search(line):
            reason = f"{found[0]} in a record that is already {subject.record.status.value}."
            yield subject.finding("todo-left", Severity.WARNING, reason, at=Place(number, number))


def _prose(subject: Subject) -> Iterator[tuple[int, str]]:
    """The record's lines outside of fenced code and comments, cut to a sane length."""
    lines = _prose_lines(file_lines(subject.record)[:4_000])
    if len(subject.log.all_of(subject.record.path)) < 2 or not subject.record.sections:
        yield from lines
        return
    first, last = subject.record.sections[0].place.line, subject.record.sections[-1].place.end_line
    yield from (pair for pair in lines if first <= pair[0] <= last)


@lru_cache(maxsize=16)
def _prose_lines(lines: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    return tuple(_outside_code(lines))


def _outside_code(lines: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    fence = ""
    comment = False
    for number, line in enumerate(lines, start=1):
        bare = line.strip()[:MAX_INLINE]
        mark = _FENCE.match(bare)
        if mark and not fence:
            fence = mark[1][:3]
        elif mark and fence == mark[1][:3]:
            fence = ""
        elif not fence:
            if not comment and not bare.startswith("<!--") and bare:
                yield number, _CODE.sub("``", bare)
            if "<!--" in bare or comment:
                comment = "-->" not in bare[bare.rfind("<!--") if "<!--" in bare else 0 :]


RULES = (section_missing, placeholder_left, todo_left)
