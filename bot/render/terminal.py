"""Our own Markdown for reading as it is, in a terminal or a pipe: the same words without HTML and entities.

It stays Markdown and it stays safe, so that it can be pasted into an issue: only escapes that change nothing
are dropped, folds become headings, and the columns of tables stand under each other. Not here: what is said.
"""

from __future__ import annotations

import html
import re
from itertools import groupby

from bot.render.markdown import Safe, code, text
from bot.render.plain import columns, pad

_MOST_PADDED = 90  # columns; a longer cell pushes the rest of its row aside instead of widening all rows
_FENCE = re.compile(r" {0,3}(`{3,})")
_FOLD = re.compile(r"<details(?: open)?><summary>(.*)</summary>|</details>")
_TOKEN = re.compile(
    r"(?P<span>(?<![\\`])(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
    r"|<code>(?P<code>.*?)</code>"
    r"|(?P<tag></?sub>|<br>|&emsp;)"
    r"|(?P<entity>&(?:lt|gt|amp|#124|#8203);)"
    r"|(?P<word>(?<=[^\W_])\\_(?=[^\W_]))"
    r"|(?P<list>\\\[\w+, \w+\\\](?![(\[:]))"
    r"|(?P<escape>\\.)"
)
_TAGS = {"<br>": "; ", "&emsp;": "  "}
_OPENS_TAG = re.compile(r"[A-Za-z/!?]")
_ENDS_ENTITY = re.compile(r"#?[0-9A-Za-z]+;")
_ONLY_MARKS = re.compile(r"[\s>*+\-|0-9.)]*\Z")
_BORDER = re.compile(r"(?<!\\)\|")


def in_terminal(markdown: Safe) -> Safe:
    """The text without tags and needless entities; what stands in fences is left as it is."""
    out: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        found = _FENCE.match(line)
        if fence or found:
            out.append(line)
            fence = "" if fence and line.strip() == fence else fence or (found[1] if found else "")
            continue
        fold = _FOLD.fullmatch(line)
        if fold is None:
            out.append(_light(line))
        elif fold[1] is not None:
            out.append(_light(f"#### {text(html.unescape(fold[1]).replace(chr(0x200B), ''))}"))
    lines = [
        row for table, group in groupby(out, _is_row) for row in (_aligned([*group]) if table else group)
    ]
    return Safe(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n"))


def _light(line: str) -> str:
    in_table = _is_row(line)

    def one(found: re.Match[str]) -> str:
        what = found.group()
        if found["code"] is not None:
            span = code(html.unescape(found["code"]).replace("\u200b", ""))
            return span.replace("|", "\\|") if in_table else span
        if found["tag"]:
            return _TAGS.get(what, "")
        if found["word"]:
            return "_"
        if found[
            "list"
        ]:  # no link, since nothing of ours defines one; `command: [program, argument]` can be copied
            return what.replace("\\", "")
        if not found["entity"]:
            return what
        rest = line[found.end() :]
        match what:
            case "&lt;":
                return "\\<" if _OPENS_TAG.match(rest) else "<"
            case "&gt;":
                return "\\>" if _ONLY_MARKS.match(line[: found.start()]) else ">"
            case "&amp;":
                return "\\&" if _ENDS_ENTITY.match(rest) else "&"
            case "&#124;":
                return "\\|"
        return "\u200b"

    return _TOKEN.sub(one, line)


def _is_row(line: str) -> bool:
    return line.startswith("| ") and line.endswith("|")


def _aligned(rows: list[str]) -> list[str]:
    table = [[cell.strip() for cell in _BORDER.split(row)[1:-1]] for row in rows]
    wide = max(map(len, table))
    if any(len(row) != wide for row in table):
        return rows
    widths = [
        max(3, *(width for row in table if (width := columns(row[i])) <= _MOST_PADDED)) for i in range(wide)
    ]
    return [
        "| "
        + " | ".join("-" * widths[i] if set(row[i]) == {"-"} else pad(row[i], widths[i]) for i in range(wide))
        + " |"
        for row in table
    ]
