"""Which of several statements holds: the status and the date of a record, picked from its fields.

What is stated plainly in the header wins; where two statements disagree, the one that permits less is taken,
since a bot acts on "accepted". A date that is stated badly is no reason to take another one. Not here: finding
the fields (fields.py), telling the author about the disagreement (checks).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.records.blocks import Block, Kind
from bot.records.dates import Order, read_date
from bot.records.fields import Field
from bot.records.hidden import unstruck
from bot.records.inline import plain
from bot.records.record import Status
from bot.records.setting import Setting, doubt_of_dress, doubt_of_place
from bot.records.status import normalise

PERMITS = frozenset({Status.ACCEPTED, Status.IMPLEMENTED})
_TAKES_BACK = (Status.SUPERSEDED, Status.SUPERSEDED_PARTIALLY, Status.DEPRECATED, Status.REJECTED)
_TAKEN_BACK = re.compile(
    r"^\W*+(?:(?:now|later|since|partially|partly|on|\d(?:[./-]*\d)*+)\W++){0,6}"
    r"(?:(?:super[sc]|replaced|obsolete|deprecat|reject|retired|"
    r"withdrawn|reverted|ersetzt|abgelöst|veraltet|abgelehnt|remplac|reemplaz|sustitu|substitu)|"
    r"(?:(?:this|the|it|decision|adr|record|rfc|proposal|then|but|has|been|is|was|again|status|state|changed|set|to|\d(?:[./-]*\d)*+)\W++){0,8}"
    r"(?P<end>withdrawn|rejected|reverted|retired|deprecated|super[sc]ee?ded|revoked|rescinded|annulled|void|voided|"
    r"reversed|cancelled|canceled|expired|abandoned|declined|overruled|overturned|vetoed|repealed|reopened|re-opened|"
    r"on hold|deferred|postponed|suspended|undecided|not\s+accepted|not\s+approved|"
    r"no longer\s+(?:valid|accepted|in force|applicable|applies|relevant|in use))"
    r"(?=\s*(?:[.,;:!()\[\]\d–—-]|$|(?:by|on|in|since|at|as|because|due|after|until|again|for)\b)))",
    re.I,
)
_ONLY_A_STATE = re.compile(r"[^\W\d_]+(?:[ -][^\W\d_]+){0,2}\W*")
_NO_MORE = (*_TAKES_BACK, Status.DEFERRED, Status.DRAFT, Status.PROPOSED)
_OPEN = (Status.UNKNOWN, Status.PLACEHOLDER)
_ASIDE = re.compile(
    r"(?:\d+[-_.])?(?:rejected|superseded|deprecated|obsolete|withdrawn|declined|abandoned|archived?|retired|historic(?:al)?|"
    r"drafts?|proposed|proposals?-?draft|pending|wip|templates?|examples?|samples?)(?:[-_](?:adrs?|rfcs?|decisions?|records?))?$",
    re.I,
)
_DATE_KEYS = ("date", "date-decided", "date-since", "date-created", "date-updated")
_STATE_AND_DATE = re.compile(
    r"^[^\w]*[^\W\d_]+(?:\W{0,3}\([^\W\d_]+\))?(?:\W+(?:on|at|since|in|am|le|el|em|seit))?\W+(?!amended|revised|updated|implemented|reviewed)"
    r"[\w ./-]{6,24}?(?:\W*|[)\]]?\s*[,;(.—–-]\s?[^\n]{1,400})$",
    re.I,
)
_DATE_LIKE = re.compile(r"(?:19|20)\d\d|[YXDM]{2,4}|\d{1,2}[./-]\d{1,2}|insert|date", re.I)


@dataclass(frozen=True, slots=True)
class Stated:
    """One statement of a status. doubt: the end of a sentence that says why a state that permits is not taken."""

    status: Status
    field: Field
    doubt: str | None = None


def statuses(fields: Sequence[Field], setting: Setting, family: str = "") -> list[Stated]:
    """Every status that the fields state, in order of the text. Where a plain statement stands, one of doubtful
    place is none."""
    out: list[Stated] = []
    doubtful: list[Stated] = []
    for field in fields:
        if field.key != "status" or not _counts(field):
            continue
        status = _with_later(normalise(field.value, family=family), field)
        if status is None:
            continue
        if status in PERMITS and (doubt := doubt_of_place(field, setting)):
            doubtful.append(Stated(Status.UNKNOWN, field, doubt))
        elif status in PERMITS and (doubt := doubt_of_dress(field, setting)):
            out.append(Stated(Status.UNKNOWN, field, doubt))
        else:
            out.append(Stated(status, field))
    return out or doubtful


def _with_later(status: Status | None, field: Field) -> Status | None:
    """A status section may go on: "Accepted", and in the next paragraph "Superseded by …". The later one holds."""
    if status not in PERMITS:
        return status
    later = [line for b in field.blocks[1:8] for line in _lines_of(b, field)]
    for line in (*later, *field.value.split("\n")[1:8]):
        if taken := _taken_back(plain(line)):
            return taken
    return status


def _lines_of(block: Block, field: Field) -> list[str]:
    if block.kind not in (Kind.PARAGRAPH, Kind.ITEM) or block.text == field.value:
        return []
    return unstruck(block.text).split("\n")[:8]


def _taken_back(line: str) -> Status | None:
    """What a later line of a status makes of it, if it takes it back or states another state and nothing else."""
    state = normalise(line)
    if found := _TAKEN_BACK.match(line):
        if state in _TAKES_BACK:
            return state
        return (state if state in _NO_MORE else Status.UNKNOWN) if found["end"] else None
    return state if state in _NO_MORE and _ONLY_A_STATE.fullmatch(line) else None


def _counts(field: Field) -> bool:
    """Header fields, and sections called "Status" that stand high; one deep in the text is of something else."""
    return field.in_header or (field.where in ("section", "heading-inline") and field.level <= 2)


def choose_status(fields: Sequence[Field], setting: Setting, family: str = "") -> Stated | None:
    """The statement that holds; of two that disagree, the one that permits less."""
    stated = statuses(fields, setting, family)
    known = [one for one in stated if one.status not in _OPEN]
    if not known:
        return stated[0] if stated else None
    if known[0].status in PERMITS:
        others = [s for s in stated if s.status not in PERMITS and s.status is not Status.PLACEHOLDER]
        if others:
            return next((s for s in others if s.status is not Status.UNKNOWN), others[0])
    return known[0]


def put_aside(stated: Stated | None, path: str) -> Stated | None:
    """The statement, in doubt where the file was put into a folder of records that hold no more, or not yet."""
    if stated is None or stated.status not in PERMITS:
        return stated
    found = next((part for part in path.split("/")[-3:-1] if _ASIDE.match(part)), None)
    doubt = f"stands in a folder called “{found[:40]}”" if found else None
    return Stated(Status.UNKNOWN, stated.field, doubt) if doubt else stated


def choose_date(
    path: str, fields: Sequence[Field], status: Field | None, order: Order | None = None
) -> tuple[str | None, Field | None]:
    """The date and its field: the plain date before dates of decision, creation or change.

    Where no field has one: a single date in the words of the status, or in the name of the record's directory.
    """
    for key in _DATE_KEYS:
        found = [
            f for f in fields if f.key == key and plain(f.value) and (f.in_header or f.where == "section")
        ]
        for field in sorted(found, key=lambda f: not f.in_header):
            stated = read_date(plain(field.value), order)
            if stated.iso:
                return stated.iso, field
            if field.in_header and (stated.ambiguous or _DATE_LIKE.search(field.value)):
                return None, field
    if status is not None:
        words = plain(status.value.split("\n")[0])
        stated = read_date(words, order)
        if (stated.iso or stated.ambiguous) and _STATE_AND_DATE.match(words):
            return stated.iso, status
    folder = posixpath.basename(posixpath.dirname(path))
    named = re.match(r"(\d{4}-\d\d-\d\d|\d{8})(?=[-_ ]|$)", folder)
    return (read_date(named[1]).iso if named else None), None
