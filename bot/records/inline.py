"""Inline marks of Markdown, reStructuredText and AsciiDoc: taken off, or read as links.

Regular expressions here are linear in the text: every repeated class excludes what ends it, and callers hand
over lines of at most MAX_INLINE characters. Not here: blocks.
"""

from __future__ import annotations

import html
import re

MAX_INLINE = 2_000

_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>")
_STRUCK = re.compile(r"~~[^~\n]{1,200}~~|<(?:del|s|strike)>[^<\n]{0,200}</(?:del|s|strike)>", re.I)
_IMAGE = re.compile(r"!\[([^\[\]\n]{0,300})\]\([^()\s]{0,500}(?:\s[^()\n]{0,200})?\)")
_LINK = re.compile(
    r"\[([^\[\]]{0,300})\]\(\s{0,4}<?([^()<>\s]{0,500}(?:\([^()\s]{0,100}\)[^()<>\s]{0,300})?)>?(?:\s[^()]{0,200})?\)"
)
_REFERENCE_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\[([^\[\]\n]{0,200})\]")
_WIKI_LINK = re.compile(r"\[\[([^\[\]\n|]{1,200})(?:\|([^\[\]\n]{0,200}))?\]\]")
_RST_LINK = re.compile(r"`([^`<>\n]{0,200})<([^`<>\n]{1,300})>`__?")
_RST_ROLE = re.compile(r":[a-z]{2,12}:`([^`\n]{1,300})`")
_ADOC_LINK = re.compile(
    r"(?:xref|link):([^\[\]\s]{1,300})\[([^\[\]\n]{0,200})\]|<<([^<>,\n]{1,200})(?:,([^<>\n]{0,200}))?>>"
)
_AUTOLINK = re.compile(r"<(https?://[^<>\s]{1,500})>")
_EMPHASIS = re.compile(r"\*{1,3}|(?<![A-Za-z0-9])_{1,3}|_{1,3}(?![A-Za-z0-9])|`+")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~:-])")
_MARKS = re.compile(r"[\[\]<>*_`~\\&]|:[a-z]|\w:\S")
_SPACE = re.compile(r"\s+")


def without_comments(text: str) -> str:
    """The text without HTML comments; one that is not closed hides the rest."""
    kept, at = "", 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept, at = kept + text[at:start], end + 3
    return (kept + text[at:]).partition("<!--")[0]


def plain(text: str) -> str:
    """A line as a reader sees it: no marks, links as their labels, struck words gone, spaces single."""
    text = text[:MAX_INLINE]
    if not _MARKS.search(text):
        return " ".join(text.split())
    text = without_comments(text)
    if "~~" in text or "<" in text:
        text = _STRUCK.sub("", text)
    text = unlinked(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    text = _EMPHASIS.sub("", text)
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    if "&" in text:
        text = html.unescape(text)
    return _SPACE.sub(" ", text).strip()


def unlinked(text: str) -> str:
    """The text with each link replaced by its label."""
    if "[" in text:
        if "](" in text:
            text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
        if "][" in text:
            text = _REFERENCE_LINK.sub(r"\1", text)
        if "[[" in text:
            text = _WIKI_LINK.sub(lambda m: m[2] or m[1], text)
        text = _ADOC_LINK.sub(lambda m: m[2] or m[4] or m[1] or m[3] or "", text)
    if "`" in text:
        text = _RST_LINK.sub(lambda m: m[1].strip() or m[2], text)
        text = _RST_ROLE.sub(lambda m: m[1].split("<")[0].strip() or m[1], text)
    if "<http" in text:
        text = _AUTOLINK.sub(r"\1", text)
    return text


def title_text(text: str) -> str:
    """A heading as written, without a comment and without emphasis around the whole of it."""
    text = _SPACE.sub(" ", without_comments(text[:MAX_INLINE])).strip()
    for mark in ("**", "__", "*", "_"):
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            inner = text[len(mark) : -len(mark)]
            if mark not in inner:
                return inner.strip()
    return text


def links(text: str) -> list[tuple[int, int, str, str]]:
    """Links in the text as (start, end, label, target), in order, of whatever markup."""
    found: list[tuple[int, int, str, str]] = []
    if "[" in text:
        found += [(m.start(), m.end(), m[1], m[2]) for m in _LINK.finditer(text)]
        found += [(m.start(), m.end(), m[2] or m[1], m[1]) for m in _WIKI_LINK.finditer(text)]
        found += [(m.start(), m.end(), m[2] or m[4] or "", m[1] or m[3]) for m in _ADOC_LINK.finditer(text)]
    if "`" in text:
        found += [(m.start(), m.end(), m[1].strip(), m[2]) for m in _RST_LINK.finditer(text)]
        found += [(m.start(), m.end(), *_role(m[1])) for m in _RST_ROLE.finditer(text)]
    return sorted(found)


def _role(content: str) -> tuple[str, str]:
    label, _, target = content.partition("<")
    return (label.strip(), target.rstrip(">").strip()) if target else ("", content.strip())
