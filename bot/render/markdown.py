"""Safe Markdown of text that nobody vouches for.

Titles, reasons, branch names and test output are written by others, so each passes through one of these
before it stands in a comment, a PR or a check. Afterwards it is text: no tag, no link, no mention, no
reference, no structure. What comes out is `Safe`, and words.py escapes everything that is not. Not here: what
is said (templates/words).

Rules from the CommonMark and GFM specifications. GitHub looks for mentions and references in the text that
comes out, after escapes and entities are gone, so a zero-width space must stand inside them.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.render.plain import clip, one_line, printable

GITHUB_MOST = 65_535
"""Characters that GitHub takes in a comment, a PR text, or a check's summary or text; counted in bytes here,
since its own refusals have not always counted the same."""


class Safe(str):
    """Markdown that is our own or has been made safe. Whatever is done to it gives a plain, unsafe str."""

    __slots__ = ()


_GAP = "&#8203;"
_CALL = r"@(?=\w|$)|\#(?=\d|$)|GH-(?=\d)|:(?=//)|www(?=\.)"  # mentions, references, bare addresses
_SPECIAL = re.compile(rf"(?P<call>{_CALL})|[\\`*_\[\]~&<>|$]", re.IGNORECASE)
_LEADING = re.compile(
    r"\d{1,9}(?=[.)](?:\s|$))|(?=[-+=#:])"
)  # list, heading, underline of a heading or a table
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;"}
_URL_REST = re.compile(r"[^A-Za-z0-9\-._~:/?#@!&'*+,;=%]")


def text(s: str) -> Safe:
    """One line of plain text."""
    line = one_line(s)
    escaped = _escape(line, backslash=True)
    lead = _LEADING.match(line)
    return Safe(f"{escaped[: lead.end()]}\\{escaped[lead.end() :]}" if lead else escaped)


def html(s: str) -> Safe:
    """The same where Markdown's backslashes may not work: inside tags such as <summary>."""
    return Safe(_escape(one_line(s), backslash=False))


def cell(s: str, most: int = 300) -> Safe:
    """Text for a table's cell, cut to `most` characters."""
    return text(clip(one_line(s), most))


def cell_code(s: str, most: int = 300) -> Safe:
    """Code for a table's cell, where a pipe would end a code span of backticks."""
    inside = html(clip(one_line(s), most))
    return Safe(f"<code>{inside}</code>" if inside else "")


def code(s: str) -> Safe:
    """A code span with more backticks around it than there are in a row inside."""
    line = one_line(s)
    if not line:
        return Safe("")
    ticks = "`" * (_longest("`", line) + 1)
    room = " " if "`" in (line[0], line[-1]) else ""
    return Safe(f"{ticks}{room}{line}{room}{ticks}")


def fence(s: str, info: str = "") -> Safe:
    """A block of code, lines kept, in a fence longer than any inside. To stand at the start of a line."""
    body = printable(s.replace("\r\n", "\n").replace("\r", "\n"), keep="\n\t").strip("\n")
    ticks = "`" * max(3, _longest("`", body) + 1)
    return Safe(f"{ticks}{re.sub(r'[^A-Za-z0-9_+-]', '', info)}\n{body}\n{ticks}")


def link(label: str, url: str | None) -> Safe:
    """A link, if the address is http or https and names a host and nobody's password; else the label alone."""
    address = _address(url) if url else None
    if address is None:
        return text(label)
    # GitHub does not look for mentions and references inside a link, so "#12" can stay as it is.
    shown = _escape(one_line(label), backslash=True, calls=False)
    return Safe(f"[{shown or address}]({address})")


_LABEL = re.compile(r"[#\w](?:.*\w)?")


def linked(s: str, links: tuple[tuple[str, str], ...]) -> Safe:
    """Text in which each (label, url) whose label occurs in it has become a link.

    Only labels that are words, such as "#13" and "run 1": one of "/" would cut a hostile address into pieces that
    are each harmless, and that GitHub reads as one again.
    """
    by_label = {one_line(label): url for label, url in links if _LABEL.fullmatch(one_line(label))}
    if not by_label:
        return text(s)
    labels = "|".join(re.escape(label) for label in sorted(by_label, key=len, reverse=True))
    pieces = re.split(rf"(?<!\w)({labels})(?!\w)", one_line(s))
    out = [link(piece, by_label[piece]) if i % 2 else _piece(piece, i == 0) for i, piece in enumerate(pieces)]
    return Safe("".join(out))


def details(summary: str, body: Safe, *, opened: bool = False) -> Safe:
    """Something folded away. The empty lines let GitHub read the body as Markdown."""
    tag = "<details open>" if opened else "<details>"
    return Safe(f"{tag}<summary>{html(summary)}</summary>\n\n{body}\n\n</details>")


def size(s: str) -> int:
    """What the text counts against `GITHUB_MOST`."""
    return len(s.encode())


def _piece(s: str, first: bool) -> str:
    """Text between links; its spaces stay, and only the first can begin a line."""
    inside = text(s) if first else _escape(s.strip(), backslash=True)
    before = " " if s[:1] == " " and not first else ""
    after = " " if s[-1:] == " " and s.strip() else ""
    return f"{before}{inside}{after}"


def _escape(line: str, *, backslash: bool, calls: bool = True) -> str:
    def one(found: re.Match[str]) -> str:
        what = found.group()
        if found["call"]:
            return what + _GAP if calls else what
        if backslash and what not in _ENTITIES:
            return "\\" + what
        return _ENTITIES.get(what) or f"&#{ord(what)};"

    return _SPECIAL.sub(one, line)


def _longest(mark: str, s: str) -> int:
    return max((len(run) for run in re.findall(re.escape(mark) + "+", s)), default=0)


def _address(url: str) -> str | None:
    """The address as it can stand in a link, or None. Brackets, spaces, quotes and the like are encoded."""
    if len(url) > 2000 or url != one_line(url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    return _URL_REST.sub(lambda m: "".join(f"%{b:02X}" for b in m[0].encode()), url).replace("&", "&amp;")
