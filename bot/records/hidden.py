"""What no reader of the page sees, or sees as struck out or as code: it states nothing, whatever it says.

Comments of site generators, elements such as <template>, <pre> and <del>, and whatever is marked as hidden. Taken
out line by line before the blocks are read; what is never closed is left as it stands, except within one line or
paragraph. Linear in the text. Not here: HTML comments and fenced code (markdown.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MAX_ON_LINE = 20
"""Hidden parts that are taken out one by one; a line with more goes as a whole."""

_ELEMENTS = "pre|script|style|template|textarea|xmp|noscript|del|s|strike"
_OPEN = re.compile(
    rf"(?P<mdx>\{{/\*)|(?P<jekyll>\{{%-?\s{{0,8}}(?P<word>comment|raw)\b)|(?P<cdata><!\[CDATA\[)|(?P<pi><\?)|"
    rf"<(?P<element>{_ELEMENTS})(?=[\s>])[^<>]{{0,400}}>|"
    r"<(?P<any>[A-Za-z][\w-]{0,30})\s[^<>]{0,400}?(?:\bhidden\b|display\s{0,4}:\s{0,4}none|"
    r"visibility\s{0,4}:\s{0,4}hidden)[^<>]{0,400}>",
    re.I,
)
_HINT = re.compile(rf"\{{/\*|\{{%|<!\[CDATA|<\?|</?(?:{_ELEMENTS})\b|\bhidden\b|display\s{{0,4}}:", re.I)
_STRUCK = re.compile(r"~~[^~]{1,2000}~~")
_STRIKING = re.compile(r"<(?P<end>/?)(?:del|s|strike)\b[^<>]{0,200}>", re.I)


def may_hide(text: str) -> bool:
    """Whether anything hidden could begin in this text; in most nothing does."""
    return _HINT.search(text) is not None


def without_hidden(lines: Sequence[str], *, code: Sequence[bool] = ()) -> list[str]:
    """The lines with hidden parts blank; their number stays as it is. code: which lines are of fenced code."""
    out = list(lines)
    last = _last_closings(lines)
    at = taken = 0
    while at < len(out):
        found = None if code and code[at] else _OPEN.search(out[at])
        if found is None or not (found.start() == 0 or not out[at][: found.start()].strip(" >*-")):
            at += 1
            continue
        closing = _closing(found)
        ends = re.compile(rf"{re.escape(closing)}(?![\w-])", re.I)
        if end := ends.search(out[at], found.end()):
            taken += 1
            out[at] = out[at][: found.start()] + out[at][end.end() :] if taken % MAX_ON_LINE else ""
            continue
        if last.get(closing, -1) <= at:
            at += 1
            continue
        out[at] = out[at][: found.start()]
        at += 1
        while at < len(out):
            if end := ends.search(out[at]):
                out[at] = out[at][end.end() :].lstrip("%}>- ")
                break
            out[at] = ""
            at += 1
    return out


def _closing(found: re.Match[str]) -> str:
    if found["mdx"]:
        return "*/}"
    if found["jekyll"]:
        return f"end{found['word'].lower()}"
    if found["cdata"]:
        return "]]>"
    return "?>" if found["pi"] else f"</{(found['element'] or found['any']).lower()}"


def _last_closings(lines: Sequence[str]) -> dict[str, int]:
    """Where each closing mark stands last."""
    marks = re.compile(r"\*/\}|endcomment|endraw|\]\]>|\?>|</[a-z][\w-]{0,30}", re.I)
    return {mark[0].lower(): number for number, line in enumerate(lines) for mark in marks.finditer(line)}


def unstruck(text: str) -> str:
    """The text without what is struck out, over several lines too; the number of lines stays as it is."""
    if "~~" in text:
        text = _STRUCK.sub(lambda found: "\n" * found[0].count("\n"), text)
    return "".join(_kept(text)) if "<" in text and _STRIKING.search(text) else text


def _kept(text: str) -> Iterator[str]:
    depth = at = 0
    for tag in _STRIKING.finditer(text):
        yield text[at : tag.start()] if depth == 0 else "\n" * text.count("\n", at, tag.start())
        depth = max(0, depth - 1) if tag["end"] else depth + 1
        at = tag.end()
    yield text[at:] if depth == 0 else "\n" * text.count("\n", at)
