"""What a decision record says, as values: the noun that everything else in this room is about.

A field that the text does not state is None or empty, never guessed: a program acts on these values, and
"accepted" by mistake is the worst error it could make. Not here: how the text is read (reader.py), and
whether it is right (checks.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """A record's state, normalised. A record that states none has status None; unknown words are UNKNOWN."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    IMPLEMENTED = "implemented"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    DEPRECATED = "deprecated"
    SUPERSEDED = "superseded"
    SUPERSEDED_PARTIALLY = "superseded-partially"
    PLACEHOLDER = "placeholder"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How much a finding matters, in the words of GitHub's check run annotations."""

    ERROR = "failure"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file something stands. Lines count from 1; end_line is the last line, included."""

    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, down to the next heading of any level.

    level: 1 to 6. title: the heading as text. path: titles from the outermost heading down to this one.
    place: heading line to last line of the body. body: the text below the heading.
    """

    level: int
    title: str
    path: tuple[str, ...]
    place: Place
    body: str


class RelationKind(StrEnum):
    """What one record says of another. Only DEPENDS_ON and BUILDS_ON give a direction to follow."""

    SUPERSEDES = "supersedes"
    SUPERSEDED_BY = "superseded-by"
    PARTIALLY_SUPERSEDES = "partially-supersedes"
    PARTIALLY_SUPERSEDED_BY = "partially-superseded-by"
    AMENDS = "amends"
    AMENDED_BY = "amended-by"
    DEPENDS_ON = "depends-on"
    BUILDS_ON = "builds-on"
    RELATED = "related"


@dataclass(frozen=True, slots=True)
class Relation:
    """One reference to another record: kind, the target's id as this log writes ids, the quote and its place.

    target_path: where a link points, relative to the repository's root, if the reference is a link to a file.
    note: words beside the reference, such as "plugin coordination", if any. title: what the text calls the target.
    """

    kind: RelationKind
    target: str
    quote: str
    place: Place
    target_path: str | None = None
    note: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """A mechanical change: these lines of this file become this text (without the last line end).

    An edit whose text begins with the old lines only adds to them.
    """

    path: str
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of a check about a record.

    rule: stable id such as "status-missing". reason: one or two sentences for the author. suggestion: text
    that would replace the lines of place, if the mend is mechanical. edit: a mend in another file.
    """

    rule: str
    severity: Severity
    path: str
    place: Place
    reason: str
    suggestion: str | None = None
    edit: Edit | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A decision record as read from one file.

    path: in the repository, with slashes. id: as the log writes it ("ADR-012", "0001", a slug), or None.
    number: the integer in it, if any. title: without the number prefix. status: None where nothing is stated;
    status_text: the words as written. date: ISO 8601, only if the text gives one full real date.
    supersedes and the other relations hold ids; relations holds them all with quote and place.
    sections: in order of the text. places: field name ("title", "status", "date", …) to where it was found.
    metadata: scalars, lists and mappings of the front matter, every scalar a string. findings: what the
    reader itself could not accept (too large, broken front matter). text: the whole file, decoded.
    blob_sha: git's id of the file's bytes. date_text, title_text: as written. status_where: the dress of the
    status (fields.py). title_number: the number that the title states, which may disagree with the file's.
    status_doubt: the end of a sentence that says why the state named is not taken (setting.py).
    """

    path: str
    id: str | None
    number: int | None
    title: str | None
    status: Status | None
    status_text: str | None
    date: str | None
    deciders: tuple[str, ...]
    supersedes: tuple[str, ...]
    superseded_by: tuple[str, ...]
    amends: tuple[str, ...]
    amended_by: tuple[str, ...]
    related: tuple[str, ...]
    relations: tuple[Relation, ...]
    sections: tuple[Section, ...]
    places: Mapping[str, Place]
    metadata: Mapping[str, object]
    findings: tuple[Finding, ...]
    text: str
    blob_sha: str
    partially_supersedes: tuple[str, ...] = ()
    partially_superseded_by: tuple[str, ...] = field(default=())
    date_text: str | None = None
    status_where: str | None = None
    title_text: str | None = None
    title_number: int | None = None
    status_doubt: str | None = None
