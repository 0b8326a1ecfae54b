"""Writing a record's state: "Accepted" becomes the log's own word for implemented, and no other byte moves.

Records state themselves in a hundred dresses, so nothing here knows any of them: the reader says where the status
stands, the word is replaced there, and the result is read again. Only if everything else reads as before is it an
answer; otherwise a sentence says why a person has to write it. Pure. Not here: whether it is true (bot/steps).
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields

from bot.records.convention import folder_of
from bot.records.inline import plain
from bot.records.kinds import FileKind
from bot.records.log import RecordLog
from bot.records.reader import read_all
from bot.records.record import Place, Record, Status
from bot.records.site import site_for
from bot.records.words import CJK_STATE, CJK_STATE_OF, STATE, STATE_OF

MAX_TRIES = 12
"""Words in the lines of a status that are tried, each by reading the record again; one with more is prose."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_ISO = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")
_PARTLY = re.compile(r"partial|partly|teilweise|parcial", re.I)
_MOVES = frozenset(
    {"status", "status_text", "text", "blob_sha", "metadata", "sections", "date", "date_text", "places"}
)
"""What of a record may read otherwise afterwards; date and places are looked at by themselves."""


@dataclass(frozen=True, slots=True)
class Restated:
    """A file with another state. old, new: the words as they stand there; data: all its bytes."""

    path: str
    old: str
    new: str
    data: bytes


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """Why a state is not written; a sentence without full stop."""

    why: str


def implemented(log: RecordLog, record: Record, *, on: str) -> Restated | LeftAlone:
    """The record's file with the log's word for implemented. on: ISO date, for a status that bears its date."""
    if record.status is Status.IMPLEMENTED:
        return LeftAlone("its status says so already")
    if record.status is not Status.ACCEPTED:
        said = record.status.value if record.status else "missing"
        return LeftAlone(f"its status is {said}, and only an accepted record becomes an implemented one")
    word = word_of(log, record)
    if word is None:
        return LeftAlone("this log has no word for implemented records")
    if "status" not in record.places or record.path not in log.files or len(log.all_of(record.path)) != 1:
        return LeftAlone("its file holds several records")
    words = plain(record.status_text or "")
    states = [*STATE.finditer(words), *CJK_STATE.finditer(words)]
    dates = _ISO.findall(words)
    rest = _ISO.sub("", words)
    for state in states:
        rest = rest.replace(state[0], "", 1)
    if len(states) != 1 or len(dates) > 1 or _PARTLY.search(words) or any(ch.isalnum() for ch in rest):
        return LeftAlone(
            "its status says more than one word, and what of that still holds is for people to say"
        )
    trial = _Trial(log, record, states[0][0], word, dates[0] if dates else "", on)
    beside = {posixpath.join(posixpath.dirname(record.path), name) for name in log.siblings(record.path)}
    for path in (record.path, *sorted(beside)):
        for changed in trial.texts(path):
            return Restated(path, states[0][0], _dressed(word, states[0][0]), changed.encode("utf-8"))
    return LeftAlone("its status could not be changed without changing what else the record says")


def word_of(log: RecordLog, record: Record) -> str | None:
    """How the log of this record writes "implemented": as most of its records do, else as its template offers."""
    folder = folder_of(record.path)
    said: Counter[str] = Counter()
    for other in log:
        if other.status is Status.IMPLEMENTED and folder_of(other.path) == folder:
            said.update(_words(other.status_text))
    if not said:
        for path, kind in log.kinds.items():
            if kind is FileKind.TEMPLATE and path.startswith(f"{folder}/"):
                for template in read_all(path, log.files[path]):
                    said.update(_words(template.status_text))
    return max(said, key=lambda word: (said[word], word)) if said else None


def _words(text: str | None) -> Iterator[str]:
    """The first word for implemented in a status."""
    words = plain(text or "")
    found = (m[0] for m in STATE.finditer(words) if STATE_OF[m[0].lower()] is Status.IMPLEMENTED)
    cjk = (m[0] for m in CJK_STATE.finditer(words) if CJK_STATE_OF[m[0]] is Status.IMPLEMENTED)
    if first := next(found, None) or next(cjk, None):
        yield first


def _dressed(word: str, like: str) -> str:
    """The word in capitals or small letters, as the one that it takes the place of."""
    if like.islower():
        return word.lower()
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word[:1].upper() + word[1:].lower() if like[:1].isupper() and like[1:].islower() else word


class _Trial:
    """Files with the word replaced, each read again. old: the word; date: that stands with it, or empty."""

    def __init__(self, log: RecordLog, record: Record, old: str, word: str, date: str, on: str) -> None:
        self.log, self.record = log, record
        self.old, self.word, self.date, self.on = old, word, date, on
        self.left = MAX_TRIES

    def texts(self, path: str) -> Iterator[str]:
        """Texts of this file, the record's own or one beside it, in which one statement of the status is replaced,
        or two that said the same, and nothing else reads otherwise."""
        place = self.record.places["status"]
        try:
            text = self.log.files[path].decode("utf-8")
        except UnicodeDecodeError:
            return
        for once in self._replaced(text, place):
            after = self._again(path, once)
            if after is None or after.status is not Status.IMPLEMENTED:
                continue
            if _same(self.record, after):
                yield once
            # Front matter and text both state it: the reader says where the other one stands.
            for finding in after.findings:
                if finding.rule == "front-matter-differs" and finding not in self.record.findings:
                    for twice in self._replaced(once, finding.place):
                        both = self._again(path, twice)
                        if both and both.status is Status.IMPLEMENTED and _same(self.record, both):
                            yield twice

    def _again(self, path: str, text: str) -> Record | None:
        files = {**self.log.files, path: text.encode("utf-8")}
        record, siblings = self.record.path, self.log.siblings(self.record.path)
        if path != record:
            siblings[posixpath.basename(path)] = files[path]
        found = read_all(record, files[record], siblings=siblings, site=site_for(record, self.log.sites))
        return found[0] if len(found) == 1 else None

    def _replaced(self, text: str, place: Place) -> Iterator[str]:
        """The text with one `old` in these lines replaced, one after the other, with the date of the status."""
        starts = [0, *(end.end() for end in _LINE_END.finditer(text)), len(text)]
        if place.line >= len(starts):
            return
        start, stop = starts[place.line - 1], starts[min(place.end_line, len(starts) - 1)]
        pattern = rf"(?<![^\W\d_]){re.escape(self.old)}(?![^\W\d_])"
        for match in re.finditer(pattern, text[start:stop], re.I):
            at, end = start + match.start(), start + match.end()
            first = starts[bisect_right(starts, at) - 1]
            last = next((s for s in starts[bisect_right(starts, at) :] if s > at), len(text))
            line = text[first:at] + _dressed(self.word, match[0]) + text[end:last]
            if self.date and line.count(self.date) != 1:
                continue
            self.left -= 1
            if self.left < 0:
                return
            yield text[:first] + (line.replace(self.date, self.on) if self.date else line) + text[last:]


def _same(before: Record, after: Record) -> bool:
    """Whether nothing but the state, and the date that stands with it, reads otherwise."""
    same = all(
        getattr(before, field.name) == getattr(after, field.name)
        for field in fields(Record)
        if field.name not in _MOVES
    )
    status = before.places["status"]
    dated = before.date_text == after.date_text or before.date_text == before.status_text
    return same and dated and _outline(before, status) == _outline(after, status)


def _outline(record: Record, status: Place) -> tuple[object, ...]:
    """Headings and places of fields, but for what stands in the lines of the status: "## Status: Accepted" is a
    heading, and a bold "Decided" looks like one more field."""
    titles = [(s.level, s.place, "" if s.place.line == status.line else s.title) for s in record.sections]
    inside = range(status.line, status.end_line + 1)
    return titles, {k: p for k, p in record.places.items() if k == "status" or p.line not in inside}
