"""What a log does by habit, learnt from the log itself: a rule is relative to what 80 % of the same log do.

No standard from outside: a team without a status field, with titles in Portuguese or with one directory a record
has its own habit, and a check that knows it stays silent where every other record does the same.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

from bot.records.identity import from_name
from bot.records.kinds import FileKind
from bot.records.log import RecordLog
from bot.records.record import Record

SHARE = 0.8
ENOUGH = 4
"""Fewer records than these have no habit yet."""


@dataclass(frozen=True, slots=True)
class Convention:
    """The habits of one folder of records, seen without the record that is being checked.

    size: records seen. states_status, states_title, states_date, numbers, numbered_titles: whether 80 % do so.
    width: digits of a number; prefix: letters before it. status_words: in lower case, most used first.
    sections: titles of core sections, as most records write them. index: the page that lists the records.
    """

    size: int
    states_status: bool
    states_title: bool
    states_date: bool
    numbers: bool
    numbered_titles: bool
    width: int
    prefix: str
    status_words: tuple[str, ...]
    sections: tuple[str, ...]
    index: str | None


@lru_cache(maxsize=8192)
def folder_of(path: str) -> str:
    """The folder of the log that a record belongs to; above its own folder where each record has one."""
    folder = posixpath.dirname(path)
    own = posixpath.basename(folder)
    dated = re.match(r"\d{8}|\d{4}-\d\d-\d\d", own)
    return posixpath.dirname(folder) if dated or from_name(own).number is not None else folder


@dataclass(slots=True)
class _Counts:
    """What the records of a folder do, counted once; a record under check is taken out again."""

    size: int
    habits: Counter[str]
    widths: Counter[int]
    prefixes: Counter[str]
    words: Counter[str]
    sections: Counter[str]
    names: dict[str, Counter[str]]


_AT_WILL = re.compile(
    r"(?:links?|references?|resources|sources|more information|further reading|see also|notes?|appendix|glossary|"
    r"history|change ?log|positives?|negatives?|neutral|(?:positive|negative|neutral) consequences|metadata|"
    r"acknowledge?ments|related\b.*|links? .*|pros and cons\b.*|相关.*|参考.*|関連.*|参照.*)"
)
"""Sections that a record has where it has something to say there, however many others have them."""
_LEARNT: WeakKeyDictionary[RecordLog, dict[tuple[str, str | None], Convention]] = WeakKeyDictionary()
_KNOWN: WeakKeyDictionary[RecordLog, dict[str, _Counts]] = WeakKeyDictionary()


def learn(log: RecordLog, folder: str, *, without: str | None = None) -> Convention:
    """The habits of one folder. without: path of the record to leave out, so that it is not its own measure."""
    learnt = _LEARNT.setdefault(log, {})
    if (folder, without) not in learnt:
        learnt[folder, without] = _learn(log, folder, without)
    return learnt[folder, without]


def _learn(log: RecordLog, folder: str, without: str | None) -> Convention:
    folders = _KNOWN.setdefault(log, {})
    if folder not in folders:
        folders[folder] = _count(r for r in log if folder_of(r.path) == folder)
    whole = folders[folder]
    own = _count(log.all_of(without)) if without and folder_of(without) == folder else _count(())
    size = whole.size - own.size
    habits = whole.habits - own.habits

    def most(habit: str) -> bool:
        return size >= ENOUGH and habits[habit] >= SHARE * size

    sections = whole.sections - own.sections
    often = [k for k, n in sections.items() if n >= SHARE * size] if size >= ENOUGH else []
    core = [key for key in often if not _AT_WILL.fullmatch(key)]
    return Convention(
        size=size,
        states_status=most("status"),
        states_title=most("title"),
        states_date=most("date"),
        numbers=most("number"),
        numbered_titles=most("numbered-title"),
        width=next((w for w, _ in (whole.widths - own.widths).most_common(1)), 0),
        prefix=next((p for p, _ in (whole.prefixes - own.prefixes).most_common(1)), ""),
        status_words=tuple(word for word, _ in (whole.words - own.words).most_common()),
        sections=tuple(whole.names[key].most_common(1)[0][0] for key in core),
        index=index_of(log, folder, [r for r in log if folder_of(r.path) == folder and r.path != without]),
    )


def _count(records: Iterable[Record]) -> _Counts:
    counts = _Counts(0, Counter(), Counter(), Counter(), Counter(), Counter(), {})
    for record in records:
        counts.size += 1
        counts.habits["status"] += record.status is not None
        counts.habits["title"] += record.title is not None
        counts.habits["date"] += record.date_text is not None
        counts.habits["numbered-title"] += record.title_number is not None
        if record.number is not None:
            counts.habits["number"] += 1
            counts.widths[len(_digits(record))] += 1
            counts.prefixes[(record.id or "").rstrip("0123456789")] += 1
        if word := _first_word(record):
            counts.words[word] += 1
        here = {section_key(s.title): s.title for s in record.sections if s.level in (2, 3)}
        for key, title in here.items():
            if key:
                counts.sections[key] += 1
                counts.names.setdefault(key, Counter())[title] += 1
    return counts


def _digits(record: Record) -> str:
    found = re.search(r"\d+", record.id or "")
    return found[0] if found else ""


def _first_word(record: Record) -> str:
    found = re.search(r"[^\W\d_]+", record.status_text or "")
    return found[0].lower() if found else ""


def section_key(title: str) -> str:
    """A section's title for comparison: without number, marks and case."""
    return re.sub(r"[^\w ]+", "", re.sub(r"^[\d.\s]+", "", title)).strip().lower()


def index_of(log: RecordLog, folder: str, records: Iterable[Record]) -> str | None:
    """The index page of a folder, if one names at least 80 % of its records by link or file name."""
    known = list(records)
    if len(known) < ENOUGH:
        return None
    for path, kind in sorted(log.kinds.items()):
        if kind is not FileKind.INDEX or not folder.startswith(posixpath.dirname(path)):
            continue
        text = log.files[path][: 256 * 1024].decode("utf-8", "replace")
        if sum(names_record(text, record) for record in known) >= SHARE * len(known):
            return path
    return None


def names_record(text: str, record: Record) -> bool:
    """Whether an index's text names this record: its file, its folder, or its id."""
    base = posixpath.basename(record.path)
    key = posixpath.basename(posixpath.dirname(record.path)) if base.lower().startswith("readme.") else base
    return key in text or key.rsplit(".", 1)[0] in text or bool(record.id and _whole(record.id, text))


def _whole(identifier: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(identifier)}(?![\w-])", text) is not None
