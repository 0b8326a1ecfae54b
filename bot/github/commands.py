"""`/cloi` lines in a comment: which lines are commands is decided here, what they do in bot/steps.

A command is a line of the author's own text that starts with `/cloi`. Not a quote (`>`), not code (fenced,
indented, inline), not an HTML comment: people talk about commands, and templates mention them. Pure, for any
text at all.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec
from markdown_it import MarkdownIt

# GitHub's own limit on a comment is 65,536 characters; what is past it cannot have come from there.
_MOST_TEXT = 65_536
_MOST_COMMANDS = 10
_MOST_WORDS = 20
_MOST_LETTERS = 200

_COMMAND = re.compile(r" {0,3}/cloi(?:[ \t]+(.*))?$", re.IGNORECASE | re.ASCII)
_QUOTE = re.compile(r" {0,3}>")
_HIDDEN = re.compile(r"\\[`<\\]|`+|<!--")
_BLOCKS = MarkdownIt("commonmark").disable("inline")


class Command(msgspec.Struct, frozen=True):
    """name: the first word in lower case, empty for a bare `/cloi`. arguments: the words after it, as typed.
    line: in the comment, from 1."""

    name: str
    arguments: tuple[str, ...]
    line: int


def commands(body: str | None) -> tuple[Command, ...]:
    """The commands of a comment, in order; at most ten. Never raises."""
    text = (body or "")[:_MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    if "/cloi" not in text.lower():
        return ()
    # A quoted line ends with itself: Markdown would draw the author's next line into the quote.
    lines = ["" if _QUOTE.match(line) else line for line in text.split("\n")]
    out = []
    for number, line in _own_lines(lines):
        found = _COMMAND.match(line)
        if found is not None:
            words = [word[:_MOST_LETTERS] for word in (found[1] or "").split()[: _MOST_WORDS + 1]]
            out.append(Command(words[0].lower() if words else "", tuple(words[1:]), number))
    return tuple(out[:_MOST_COMMANDS])


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known command that was probably meant."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), None)


def _own_lines(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Lines of paragraphs (and of headings underlined by what follows), without what is hidden in them."""
    for token in _BLOCKS.parse("\n".join(lines)):
        if token.type == "inline" and token.map is not None:
            first, end = token.map
            shown = _without_hidden("\n".join(lines[first:end]))
            yield from enumerate(shown.split("\n"), start=first + 1)


def _without_hidden(text: str) -> str:
    """Code spans and HTML comments become x's, so that no line in them starts with a command. Linear time."""
    runs: dict[int, list[int]] = defaultdict(list)
    for run in re.finditer(r"`+", text):
        runs[len(run[0])].append(run.start())
    out: list[str] = []
    at = 0
    comments_end = True  # whether a "-->" is still to come
    while (found := _HIDDEN.search(text, at)) is not None:
        start, end = found.span()
        close = -1
        if found[0] == "<!--":
            close = text.find("-->", end) if comments_end else -1
            comments_end = close >= 0
            close += 3 if close >= 0 else 0
        elif found[0][0] == "`":
            same = runs[end - start]
            index = bisect_right(same, start)
            close = same[index] + (end - start) if index < len(same) else -1
        if close < 0:
            out.append(text[at:end])
            at = end
        else:
            out += [text[at:start], re.sub(r"[^\n]", "x", text[start:close])]
            at = close
    return "".join([*out, text[at:]])
