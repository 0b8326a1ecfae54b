"""Who a record is: id and number, from its file name, its directory, its front matter and its title.

An id is kept as the log writes it: "0012" for 0012-x.md, "ADR-012" for ADR-012-x.md, the slug where files are
named by date. The file's name decides over the title, because links go to files; where they disagree, a check
says so. Not here: fields other than these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

_WORDS = (
    "adr adrs adl ad dr rfc rfcs rfd kep pep eip erc tep dep gep mep nep sep bip hip cip decision decisions dec "
    "dd ddr mdr pdr tdr edr sdr ldr proposal "
    "architecture arch daci record cap"
)
RECORD_WORDS = frozenset(_WORDS.split())
"""Words, in lower case, that mean a record before a number, as in "adr-0012"."""

_NAME_ONLY = frozenset({"readme", "index", "adr", "decision", "main", "rfc", "proposal", "record", "kep"})
_DATED = re.compile(
    r"^(?:\d{8}|\d{4}-\d\d-\d\d|\d{4}_\d\d_\d\d|(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?=-[A-Za-z]))(?=[-_. ]|$)"
)
_PROPOSAL = re.compile(r"(?!step|deep|keep|beep|zip|ship|skip|chip|clip|trip|tip)[a-z]{1,4}(?:ep|ip)", re.I)
"""Enhancement or improvement proposals of any project: OEP, CIP, SLEP."""
_NUMBERED = re.compile(r"^#?(?P<num>\d{1,6})(?=[-_. )—–]|$)")
_WORD_NUMBERED = re.compile(
    r"^(?P<prefix>[A-Za-z]+(?:[-_ ][A-Za-z]+){0,3}?)(?P<sep>[-_ #]{0,2})(?P<num>\d{1,6})(?=[-_. :)—–]|$)"
)
_PACKAGE = re.compile(r"(?:^|/)packages/([^/]+)/(?:docs?/)?(?:adrs?|decisions)/[^/]+$")


@dataclass(frozen=True, slots=True)
class Identity:
    """id: as written, or None. number: the integer in it. prefix: letters before the number, upper or as written.

    width: digits with leading zeros, so that a bare 5 can be written as this log writes it.
    """

    id: str | None = None
    number: int | None = None
    prefix: str = ""
    width: int = 0

    def like(self, number: int) -> str:
        """How this record's log would write that number."""
        return f"{self.prefix}{number:0{self.width}d}" if self.width else f"{self.prefix}{number}"


@lru_cache(maxsize=8192)
def from_path(path: str) -> Identity:
    """What the file's name says; the directory's name where the file is only called README or index."""
    pure = PurePosixPath(path)
    stem = _stem(pure.name)
    if stem.lower() in _NAME_ONLY and (above := from_name(pure.parent.name)).number is not None:
        return above
    if stem.lower() in _NAME_ONLY and _DATED.match(pure.parent.name):
        return Identity(pure.parent.name)
    named = from_name(stem)
    if named.number is not None or not stem:
        return named
    above = from_name(pure.parent.name)
    if above.number is not None and len(stem) > 3 and stem.lower() in pure.parent.name.lower():
        return above
    package = _PACKAGE.search(path)
    return Identity(f"{package[1]}/{stem}" if package else stem)


def _stem(name: str) -> str:
    """The name without its extension; "0005.5" keeps its dot."""
    stem, dot, extension = name.rpartition(".")
    return stem if dot and re.fullmatch(r"[A-Za-z]{1,10}", extension) else name


def from_name(name: str) -> Identity:
    """Number and prefix in one name such as "ADR-012-slug" or "0012_slug"; no number for dates and plain slugs."""
    if _DATED.match(name):
        return Identity()
    if found := _NUMBERED.match(name):
        digits = found["num"]
        return Identity(digits, int(digits), "", len(digits))
    if found := _WORD_NUMBERED.match(name):
        prefix, digits = found["prefix"], found["num"]
        tokens = [token.lower() for token in re.split(r"[-_ ]", prefix)]
        single_upper = len(tokens) == 1 and prefix.isupper() and 2 <= len(prefix) <= 8
        proposal = len(tokens) == 1 and len(digits) >= 3 and _PROPOSAL.fullmatch(prefix)
        by_area = len(tokens) == 1 and len(digits) >= 4 and digits.startswith("0")  # rdm-0003-x
        if RECORD_WORDS.intersection(tokens) or single_upper or proposal or by_area:
            prefix = prefix.upper() if prefix.islower() else prefix
            lead = re.sub(r"[_ ]", "-", prefix) + ("-" if found["sep"] else "")
            return Identity(f"{lead}{digits}", int(digits), lead, len(digits))
    return Identity()


def identify(
    path: str, stated: str | None = None, label: str | None = None, digits: str = "", *, named: bool = True
) -> Identity:
    """The record's identity. stated: an id in the front matter; label, digits: what stands before the title.

    named: whether the file's name names this record; it does not where the file holds several.
    """
    filed = from_path(path)
    if named and filed.number is not None:
        return filed
    if stated and (told := from_name(stated.strip())).number is not None:
        return told
    if digits:
        lead = f"{label.upper()}-" if label and label.lower() in RECORD_WORDS else ""
        return Identity(f"{lead}{digits}", int(digits), lead, len(digits))
    return filed
