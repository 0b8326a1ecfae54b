"""References to other records in a line of text: links to their files, and names such as ADR-036 or RFC 12.

A link counts by where it points, not by its label, since labels go stale when a log is renumbered. A link to
another host is another project's record, whatever it is called. Not here: what the reference says (relations.py).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import unquote

from bot.records.identity import RECORD_WORDS, Identity, from_path
from bot.records.inline import links, plain
from bot.records.site import Site

MAX_REFERENCES = 150
MAX_FOLLOWING = 20

_FILE = re.compile(r"\.(?:md|markdown|mdx|rst|adoc|asciidoc|txt|html|mediawiki)$", re.I)
_NOT_RECORDS = frozenset({"readme", "index", "template", "changelog", "contributing", "license"})
_DIGIT = re.compile(r"[0-9]")
_LINK_MARK = re.compile(r"\]\(|`|\[\[|<<|xref:|link:")
_NEXT_NUMBER = re.compile(r"(?:,\s*|\s*&\s*|,?\s+(?:and|or|und|et|y|e)\s+)#?(\d{1,5})(?![\w%-]|\.\d)")
_CODE_SPAN = re.compile(r"`[^`\n]{1,200}`")
_NOTE = re.compile(r"\s*\(([^()\n]{2,160}(?:\([^()\n]{0,60}\)[^()\n]{0,80})?)\)")
_ID_AND_TITLE = re.compile(r"^(?:[A-Z][A-Za-z]{1,9}[-_ #]?)?\d{1,6}[ ]*[:.–—-]+[ ]+(\S.{2,})$")
_NAMED_TITLE = re.compile(r"^\s*[:–—]\s+([^\n(|;]{3,140})|^\s+-\s+([^\n(|;]{3,140})")
_RECORD_PREFIXES = "ADR|ADRS|ADL|Decision|Architecture Decision|Decision Record|Entscheidung"
_DECISION = re.compile(r"decisions?\W*\d", re.I)
_OWN_RFC = r"RFC(?=[-_ #]{0,2}(?:0|\d{1,3}(?!\d)))"  # RFC 7519 is the IETF's, RFC 0019 is the log's
_LONG_RFC = re.compile(r"(?<![\w/.#-])RFCs?[-_ #]{0,2}([1-9]\d{3})(?![\w%]|\.\d|-\d\d)", re.I)
"""RFC 2119 in a log that has itself come to four digits: of the log or the IETF's, as the words beside it tell."""
_PAGE_NUMBER = re.compile(r"/(?:[a-z]{2,4}-?)?0{0,5}(\d{1,6})(?:[-_./#?][^\s]{0,200})?$", re.I)
_NUMBER = re.compile(r"(?:(?<![\w./:#-])|(?<=`_))#?(\d{1,6})(?![\w/:%]|\.\d|-\w)")
_PADDED = re.compile(r"(?:(?<![\w./:#,+-])|(?<=`_))(0\d{2,5})(?![\w/:%]|[.,]\d|-\w)")
_SLUG = re.compile(
    r"(?<![\w./-])(?:\.{0,2}/|[\w.-]{1,60}/){0,8}((?:[A-Z]{2,5}-)?(?:\d{8}|\d{4}-\d\d-\d\d)-[a-z0-9][\w-]{2,100}|"
    r"\d{2,5}[-_][a-z][\w-]{0,100})(?:\.md)?"
)
_SLUG_FILE = re.compile(
    r"(?<![\w:/.-])/?(?:[\w.-]{1,60}/){0,8}(?P<stem>[A-Za-z][\w.-]{2,100}?)\.(?:md|rst|adoc)(?!\w)"
)
_EXAMPLE = re.compile(
    r"^(?:\d+[-_])?(?:example|template|title|slug|name|x+|your-.*|our-past-effort|that-less-than-great-idea)$",
    re.I,
)
"""What templates call the record that they refer to."""
_OTHER_ID = re.compile(r"(?<![\w./-])[A-Z]{2,8}-\d{1,5}(?![\w-])")
_URL = re.compile(r"https?://[^\s<>()\[\]\"'`|]{8,400}")
_OWN_WORD = re.compile(r"\b[Tt]his ([A-Z]{2,6})\b")
_USUAL_PREFIXES = ("", "ADR", "RFC", "PEP", "EIP", "KEP")
_SEPARATOR = r"[-_ \u2011#]{0,2}"


@dataclass(frozen=True, slots=True)
class Naming:
    """How the record that is being read writes ids. words: prefixes that mean a record of this log.

    site: where its repository is shown on the web, if known; then addresses of its pages are links into this log.
    """

    path: str
    own: Identity
    words: re.Pattern[str]
    slug_log: bool = False
    site: Site | None = None

    @property
    def pads(self) -> bool:
        """Whether this log writes its numbers with leading zeros."""
        return self.own.number is not None and self.own.width > len(str(self.own.number))

    @property
    def long(self) -> bool:
        """Whether this log's own RFCs have numbers as high as the IETF's."""
        return not self.pads and (self.own.number or 0) > 999 and "RFC" in self.words.pattern

    def id_of(self, number: int) -> str:
        """The id of this log's record with that number."""
        return self.own.like(number) if self.own.number is not None else f"ADR-{number:03d}"


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference. start, end: its span in the line; target: id; path: file linked to, from the root.

    title: words quoted as the target's title; note: words in brackets after it. bare: a number or slug alone.
    doubtful: it may be another project's record; only a supersession beside it makes it one of this log.
    """

    start: int
    end: int
    target: str
    path: str | None = None
    title: str | None = None
    note: str | None = None
    bare: bool = False
    doubtful: bool = False


def naming(
    path: str, own: Identity, family: str = "", site: Site | None = None, label: str | None = None
) -> Naming:
    """The naming of a record. family: "rfc", "pep", "kep", "eip" or "rfd" where the log is of that kind.

    label: the word before the number in the record's own title, such as "RFC".
    """
    words = [_RECORD_PREFIXES]
    if prefix := own.prefix.rstrip("-_ "):
        words.append(re.escape(prefix))
    if family and family != "rfc":
        words.append({"eip": "EIP|ERC"}.get(family, family.upper()))
    if family == "rfc" or (label and label.upper() == "RFC"):
        words.append(_OWN_RFC)
    elif label and re.fullmatch(r"[A-Za-z][A-Za-z-]{1,20}", label):
        words.append(re.escape(label))
    joined = "|".join(words)
    pattern = re.compile(rf"(?<![\w/.#-])(?:{joined})s?{_SEPARATOR}(\d{{1,6}})(?![\w%]|\.\d|-\d\d)", re.I)
    return Naming(path, own, pattern, slug_log=own.number is None, site=site)


def own_word(text: str, path: str, site: Site | None = None) -> str | None:
    """What records are called here: "this RFC" in the text, a folder or repository called "rfcs"."""
    for found in islice(_OWN_WORD.finditer(text, 0, 20_000), 20):
        if _is_word(found[1]):
            return found[1]
    folders = [*path.split("/")[-2::-1], *([site.repository.rpartition("/")[2]] if site else [])]
    words = (folder.upper().removesuffix("S") for folder in folders)
    return next((word for word in words if _is_word(word)), None)


def _is_word(word: str) -> bool:
    """Whether it is a word for records: a known one, or a kind of enhancement or improvement proposals."""
    return word.lower() in RECORD_WORDS or re.fullmatch(r"[A-Z]{1,4}[EI]P", word) is not None


def find(line: str, name: Naming, *, bare: bool = False, doubtful: bool = False) -> list[Reference]:
    """All references in a line, in order. bare: numbers and slugs alone count too (in relation fields).

    doubtful: those too that only a supersession beside them makes references to this log.
    """
    digits = _DIGIT.search(line)
    if digits is None and not name.slug_log:
        return []  # where records have numbers, so have references
    long = doubtful and digits is not None and name.long and "rfc" in line.lower()
    found: list[Reference] = []
    covered: list[tuple[int, int]] = []
    if _LINK_MARK.search(line):
        last = 0
        for start, end, label, target in links(line):
            if start < last:
                continue
            last = end
            covered.append((start, end))
            reference = _linked(start, end, label, target, name)
            if reference is None and doubtful:
                reference = _labelled(start, end, label, target, name)
            if reference:
                found.append(reference)
            if len(found) >= MAX_REFERENCES:
                break
    if digits and name.site and "http" in line:
        for url in islice(_URL.finditer(_masked(line, covered)), MAX_REFERENCES):
            covered.append(url.span())
            if reference := _linked(*url.span(), "", url[0].rstrip(".,;:"), name):
                found.append(reference)
    if digits and name.words.search(line):
        spans = [*covered, *(m.span() for m in _CODE_SPAN.finditer(line))] if "`" in line else covered
        masked = _masked(line, spans)
        named = list(islice(name.words.finditer(masked), MAX_REFERENCES))
        others = found or any(not _DECISION.match(match[0]) for match in named)
        for match in named:
            if others and _DECISION.match(match[0]):
                continue  # "ADR-7 decision #3": one of that record's decisions
            covered.append(match.span())
            found.append(Reference(match.start(), match.end(), name.id_of(int(match[1]))))
            found += _following(masked, match, name, covered)
    if digits and doubtful and "`" in line:
        found += islice(_in_code(line, covered, name), MAX_REFERENCES)
    if long:
        for match in islice(_LONG_RFC.finditer(_masked(line, covered)), MAX_REFERENCES):
            covered.append(match.span())
            found.append(Reference(*match.span(), name.id_of(int(match[1])), doubtful=True))
    if digits and doubtful and not bare and name.pads:
        found += islice(_padded(_masked(line, covered), name), MAX_REFERENCES)
    if bare:
        found += islice(_bare(_masked(line, covered), name), MAX_REFERENCES)
    found.sort(key=lambda r: r.start)
    return [_described(reference, line) for reference in found[:MAX_REFERENCES]]


def _masked(line: str, spans: list[tuple[int, int]]) -> str:
    """The line with these spans blanked out, as long as before."""
    if not spans:
        return line
    out: list[str] = []
    at = 0
    for start, end in sorted(spans):
        if end > at:
            out += [line[at : max(at, start)], "\x01" * (end - max(at, start))]
            at = end
    return "".join([*out, line[at:]])


def _following(
    line: str, first: re.Match[str], name: Naming, covered: list[tuple[int, int]]
) -> Iterator[Reference]:
    """ "ADRs 1, 2 and 3": the numbers after the first one."""
    plural = bool(re.search(r"s[-_ #]*\d+$", first[0], re.I))
    at = first.end()
    for _ in range(MAX_FOLLOWING):
        more = _NEXT_NUMBER.match(line, at)
        if not more or (len(more[1]) < 2 and name.own.width > 2 and not plural):
            return
        covered.append(more.span(1))
        yield Reference(more.start(1), more.end(1), name.id_of(int(more[1])))
        at = more.end()


def _in_code(line: str, covered: list[tuple[int, int]], name: Naming) -> Iterator[Reference]:
    """ "Superseded by `ADR-0023`": a code span that is an id, or the name of a file, and nothing else."""
    for span in islice(_CODE_SPAN.finditer(_masked(line, covered)), MAX_REFERENCES):
        inner = span[0].strip("` ")
        if match := name.words.fullmatch(inner):
            covered.append(span.span())
            yield Reference(*span.span(), name.id_of(int(match[1])), doubtful=True)
        elif _FILE.search(inner) and _folder(inner) in ("", _folder(name.path)):
            linked = _linked(*span.span(), "", posixpath.basename(_of_folder(inner)), name)
            if linked is not None:
                covered.append(span.span())
                yield replace(linked, path=None, doubtful=True)


def _of_folder(path: str) -> str:
    """The path without the file's name where that is only README or index."""
    return re.sub(r"/(?:readme|index)\.\w{2,8}$", "", path, flags=re.I)


def _folder(path: str) -> str:
    """The name of the folder that a record stands in, whatever stands above."""
    return posixpath.basename(posixpath.dirname(_of_folder(path.strip())))


def _padded(line: str, name: Naming) -> Iterator[Reference]:
    """ "Superseded by 0010, together with 0011" in running text: numbers with this log's leading zeros."""
    for match in _PADDED.finditer(line):
        if len(match[1]) == name.own.width and (int(match[1]) or name.own.width < 5):
            yield Reference(match.start(1), match.end(1), name.id_of(int(match[1])), doubtful=True)


def _bare(line: str, name: Naming) -> Iterator[Reference]:
    """Numbers, slugs and ids of another prefix ("DB-001" in a log with "CORE-004"), alone in a field."""
    if name.slug_log:
        for match in _SLUG_FILE.finditer(line):
            stem = match["stem"]
            if stem.lower() not in _NOT_RECORDS and not _EXAMPLE.match(stem):
                yield Reference(match.start(), match.end(), from_path(match[0]).id or stem, bare=True)
    for match in _NUMBER.finditer(line) if not name.slug_log else ():
        digits = match[1]
        if len(digits) == 4 and digits.startswith(("19", "20")):
            continue
        issue = match[0].startswith("#") and name.pads and not digits.startswith("0")
        if issue and int(digits) >= (name.own.number or 0):
            continue  # an issue or pull request
        yield Reference(match.start(), match.end(), name.id_of(int(digits)), bare=True)
    for match in _SLUG.finditer(line):
        identity = from_path(match[1] + ".md")
        if identity.id:
            target = name.id_of(identity.number) if identity.number is not None else identity.id
            yield Reference(match.start(), match.end(), target, bare=True)
    if name.own.prefix.rstrip("-") not in _USUAL_PREFIXES and name.own.prefix.isupper():
        for match in _OTHER_ID.finditer(line):
            if not name.words.match(match[0]):
                yield Reference(match.start(), match.end(), match[0], bare=True)


def _linked(start: int, end: int, label: str, target: str, name: Naming) -> Reference | None:
    target = unquote(target.strip())
    if re.match(r"^[a-z][a-z0-9+.-]*:", target, re.I) or target.startswith("//"):
        target = "/" + name.site.path_of(target) if name.site else ""
    file = target.split("#")[0].split("?")[0].rstrip("/")
    if not file:
        return None
    if file.startswith("/") and name.site and not file[1:].startswith(name.site.root):
        file = f"/{name.site.root}{file[1:]}"
    path = file.lstrip("/") if file.startswith("/") else posixpath.join(posixpath.dirname(name.path), file)
    path = posixpath.normpath(path)
    base = posixpath.basename(path)
    if path.startswith("..") or path == name.path or _EXAMPLE.match(base.rsplit(".", 1)[0]):
        return None
    identity = from_path(path)
    if identity.number is None:
        stem = base.rsplit(".", 1)[0]
        if not name.slug_log or not _FILE.search(base) or stem.lower() in _NOT_RECORDS or not identity.id:
            return None
        return Reference(start, end, identity.id, path, _label_title(label))
    if not _is_record_file(base):
        return None
    target_id = identity.id or ""
    if not identity.prefix and name.own.number is not None:
        target_id = name.id_of(identity.number)
    return Reference(start, end, target_id, path, _label_title(label))


def _labelled(start: int, end: int, label: str, target: str, name: Naming) -> Reference | None:
    """A link to this repository's page about the record, such as its pull request, with its number in both."""
    if _published(label, target, name):
        return Reference(start, end, name.id_of(from_path(plain(label)).number or 0), doubtful=True)
    if name.site is None or not name.site.has_page(target):
        return None
    named = name.words.match(plain(label)) or (_LONG_RFC.match(plain(label)) if name.long else None)
    issue = (
        re.fullmatch(r"#(\d{1,6})", label.strip())
        if "KEP" in name.words.pattern and "/issues/" in target
        else None
    )  # its issue's number
    page = _PAGE_NUMBER.search(target)
    number = int((named or issue)[1]) if named or issue else None  # type: ignore[index]
    if number is None or not page or int(page[1]) != number:
        return None
    return Reference(start, end, name.id_of(number), doubtful=True)


def _published(label: str, target: str, name: Naming) -> bool:
    """Whether it is a log's own page elsewhere: "OEP-9" that points to …/oep-0009-x.html in a log of OEPs."""
    prefix = name.own.prefix.rstrip("-").upper()
    said, page = from_path(plain(label)), from_path(posixpath.basename(target.split("#")[0].rstrip("/")))
    return (
        prefix not in _USUAL_PREFIXES
        and said.number is not None
        and said.number == page.number
        and {said.prefix.rstrip("-").upper(), page.prefix.rstrip("-").upper()} == {prefix}
    )


def _is_record_file(base: str) -> bool:
    return bool(_FILE.search(base)) or "." not in base


def _label_title(label: str) -> str | None:
    """The title in a link's label such as "ADR-7: Use Kafka"; a label of other words is no quoted title."""
    found = _ID_AND_TITLE.match(plain(label))
    return found[1].strip() if found else None


def _described(reference: Reference, line: str) -> Reference:
    rest = line[reference.end : reference.end + 400]
    title = reference.title
    lead = re.match(r"^[*_`\]]{0,3}", rest)
    rest = rest[lead.end() if lead else 0 :]
    bare_id = reference.path is None or re.match(r"^\[[^\]]{0,24}\d\]", line[reference.start : reference.end])
    if title is None and bare_id and (quoted := _NAMED_TITLE.match(rest)):
        title = plain(quoted[1] or quoted[2]).rstrip(" .,")
        rest = rest[quoted.end() :]
    note = _NOTE.match(rest)
    return replace(reference, title=title, note=plain(note[1]) if note else None)
