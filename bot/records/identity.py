"""Who a record is: id, number and title, from its file name, its directory, its title and its front matter.

An id is kept as the log writes it: "0012" for 0012-x.md, "ADR-012" for ADR-012-x.md, the slug where files are
named by date. The file's name decides over the title, because links go to files; where they disagree, a check
says so. Not here: fields other than these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

RECORD_WORDS = frozenset(
    [
        "adr",
        "adrs",
        "adl",
        "ad",
        "dr",
        "rfc",
        "rfcs",
        "rfd",
        "kep",
        "pep",
        "eip",
        "erc",
        "tep",
        "dep",
        "gep",
        "mep",
        "nep",
        "sep",
        "bip",
        "hip",
        "cip",
        "decision",
        "decisions",
        "dec",
        "dd",
        "ddr",
        "mdr",
        "pdr",
        "tdr",
        "edr",
        "sdr",
        "ldr",
        "proposal",
        "architecture",
        "arch",
        "daci",
        "record",
    ]
)
_NAME_ONLY = frozenset({"readme", "index", "adr", "decision", "main", "rfc", "proposal", "record", "kep"})
_DATED = re.compile(r"^(?:\d{8}|\d{4}-\d\d-\d\d|\d{4}_\d\d_\d\d)(?=[-_. ]|$)")
_NUMBERED = re.compile(r"^#?(?P<num>\d{1,6})(?=[-_. )—–]|$)")
_WORD_NUMBERED = re.compile(
    r"^(?P<prefix>[A-Za-z]+(?:[-_ ][A-Za-z]+){0,3}?)(?P<sep>[-_ #]{0,2})(?P<num>\d{1,6})(?=[-_. :)—–]|$)"
)
_PACKAGE = re.compile(r"(?:^|/)packages/([^/]+)/(?:docs?/)?(?:adrs?|decisions)/[^/]+$")
_TITLE_WORDS = (
    r"(?:architectur(?:e|al)[ -]+)?(?:significant[ -]+)?(?:decision(?:[ -]records?)?)|adr|rfc|rfd|pep|"
    r"eip|erc|kep|dr|ad|"
    r"architekturentscheidung|entscheidung|decisi[oó]n|d[eé]cision|decis[aã]o|decisione"
)
_TITLE_NUMBER = re.compile(
    rf"^\[?(?P<lead>(?:[^\W\d_][\w&.]*[ ]){{0,2}}?)(?P<word>{_TITLE_WORDS})[ ]?(?P<sep>[-_ #:№]{{0,3}}"
    rf"(?:no\.?[ ]?)?)"
    r"(?P<num>\d{1,6})\]?(?:[ ]*[:.)—–|-]+[ ]*|[ ]+|$)(?P<rest>.*)$",
    re.I | re.S,
)
_TITLE_LABEL = re.compile(
    r"^(?P<label>[A-Z]{2,8}(?:[-_][A-Za-z]{1,12}){0,3})[-_ #]?(?P<num>\d{1,6})(?:[ ]*[:.)—–|]+[ ]*|"
    r"[ ]+-[ ]+)(?P<rest>.+)$",
    re.S,
)
_TITLE_BARE = re.compile(r"^#?(?P<num>\d{1,6})(?P<gap>[ ]*[:.)—–|-]+[ ]*|[ ]+)(?P<rest>.+)$", re.S)
_TITLE_WORD_ONLY = re.compile(
    r"^(?:adr|rfc|(?:architectur(?:e|al)[ -]+)?decision[ -]records?)[ ]*[:—–-][ ]*(?P<rest>\S.*)$",
    re.I | re.S,
)


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
    if above.number is not None and "-" not in stem and "_" not in stem and " " not in stem:
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
        if RECORD_WORDS.intersection(tokens) or single_upper:
            prefix = prefix.upper() if prefix.islower() else prefix
            lead = re.sub(r"[_ ]", "-", prefix) + ("-" if found["sep"] else "")
            return Identity(f"{lead}{digits}", int(digits), lead, len(digits))
    return Identity()


@dataclass(frozen=True, slots=True)
class Title:
    """A title taken apart. text: without its number; number, label: what stood before it, if anything."""

    text: str
    number: int | None = None
    label: str | None = None
    digits: str = ""


def split_title(raw: str, expected: int | None = None) -> Title:
    """Take "ADR-012: " or "12. " off a title. expected: the file's number; then a bare "12 Title" counts too."""
    raw = raw.strip()
    if found := _TITLE_NUMBER.match(raw):
        rest = found["rest"].strip()
        if rest or expected is None or int(found["num"]) == expected:
            return Title(rest, int(found["num"]), found["word"], found["num"])
    if found := _TITLE_LABEL.match(raw):
        labels = re.split(r"[-_]", found["label"].lower())
        if int(found["num"]) == expected or RECORD_WORDS.intersection(labels):
            return Title(found["rest"].strip(), int(found["num"]), found["label"], found["num"])
    if found := _TITLE_BARE.match(raw):
        number = int(found["num"])
        marked = found["gap"].strip() != ""
        padded = found["num"].startswith("0") and len(found["num"]) > 1
        if number == expected or (marked and expected is None and found["gap"][-1:] == " ") or padded:
            return Title(found["rest"].strip(), number, None, found["num"])
        if marked and found["gap"].lstrip()[0] in ".:)" and found["gap"].endswith(" "):
            return Title(found["rest"].strip(), number, None, found["num"])
    if found := _TITLE_WORD_ONLY.match(raw):
        return Title(found["rest"].strip())
    return Title(raw)


def identify(path: str, title: Title | None, stated: str | None = None) -> Identity:
    """The record's identity. title: taken apart; stated: an id in the front matter, if there is one."""
    named = from_path(path)
    if named.number is not None:
        return named
    if stated and (told := from_name(stated.strip())).number is not None:
        return told
    if title and title.number is not None and title.text:
        lead = f"{title.label.upper()}-" if title.label and title.label.lower() in RECORD_WORDS else ""
        return Identity(f"{lead}{title.digits}", title.number, lead, len(title.digits))
    return named
