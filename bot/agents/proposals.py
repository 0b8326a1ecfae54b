"""What a language model proposes about a decision record, and whether the record really says so.

Each item must quote the record. The quote is looked up in the record's text, to the letter but for white space,
and its lines are the ones where we found it, not those that a model would name. An item whose quote does not
stand there is refused with the reason; a model invents with the same ease as it reads. What is left is still
only inferred: it never enters a plan. Pure. Not here: asking (model.py), showing (bot/render/advice.py).
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

KINDS = ("requirement", "order", "test", "rollback")
MAX_ANSWER = 200_000
MAX_ITEMS = 50
_MAX_TEXT, _MAX_QUOTE = 500, 2_000
_MIN_WORDS = 3
_OPENED = re.compile(r"^```(?:json)?[ \t]*\n", re.MULTILINE)
_CLOSED = re.compile(r"^```[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_DENIES = re.compile(
    r"\b(?:not|never|no|nor|neither|without|cannot|avoid\w*|reject\w*|forbid\w*|prohibit\w*|instead of|"
    r"rather than|nicht|nie|kein\w*)\b|n[’']t\b",
    re.IGNORECASE,
)
_INSIDE = re.compile("[^\\W\u2e80-\U0003ffff]{2}")  # Chinese and Japanese have no spaces to begin at
_MOST_PLACES = 20
_SENTENCE_END = re.compile(r"[.;:!?](?=\s)")
_MARK = re.compile(r"[-*+#>|]|\d{1,9}[.)]")


class UnreadableAnswer(ValueError):
    """The model's answer is not of the form that it was asked for. The text is for people."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One item whose quote stands in the record. line, end_line: where, counted from 1. known: the id of the
    plan's requirement that already rests on these words, if there is one."""

    kind: str
    text: str
    quote: str
    line: int
    end_line: int
    known: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """One item that is not shown as a proposal, and why."""

    text: str
    quote: str
    reason: str


def examine(
    answer: str, record: str, known: Mapping[str, str]
) -> tuple[tuple[Proposal, ...], tuple[Refused, ...]]:
    """The items of a model's answer, sorted out. record: its text. known: quotes of the plan's requirements by id.

    Raises UnreadableAnswer.
    """
    text, lines = _flat(record)
    flat_known = {name: " ".join(quote.split()) for name, quote in known.items()}
    good: list[Proposal] = []
    refused: list[Refused] = []
    for item in _items(answer):
        said, quote, kind = (_word(item, key) for key in ("text", "quote", "kind"))
        flat = " ".join(quote.split())
        reason = _refusal(kind, said, flat)
        at = -1
        if reason is None:
            at, reason = _found(text, lines, flat)
        if reason is not None:
            refused.append(Refused(said[:_MAX_TEXT], quote[:_MAX_QUOTE], reason))
            continue
        same = (n for n, q in flat_known.items() if flat in q or q in flat)
        rests = next(same, None) if kind == "requirement" else None
        good.append(Proposal(kind, said, flat, lines[at], lines[at + len(flat) - 1], rests))
    return tuple(good), tuple(refused)


def _refusal(kind: str, text: str, quote: str) -> str | None:
    if not quote:
        return "it quotes nothing"
    if len(quote) > _MAX_QUOTE:
        return "its quote is too long to be read by anybody"
    if len(re.findall(r"\w+", quote)) < _MIN_WORDS:
        return f"its quote has fewer than {_MIN_WORDS} words, which could stand anywhere"
    if kind not in KINDS:
        return f"it is none of {', '.join(KINDS)}"
    if not text or len(text) > _MAX_TEXT:
        return f"it says nothing, or more than {_MAX_TEXT} characters"
    return None


def _found(text: str, lines: list[int], flat: str) -> tuple[int, str | None]:
    """Where the quote stands as it is meant, else why it stands nowhere so."""
    at, torn = text.find(flat), None
    for _ in range(_MOST_PLACES):
        if at < 0:
            break
        if (why := _torn(text, lines, at, at + len(flat))) is None:
            return at, None
        at, torn = text.find(flat, at + 1), torn or why
    return -1, torn or "the record does not hold this quote"


def _torn(text: str, lines: list[int], start: int, end: int) -> str | None:
    """Why words that stand in the record do not say there what they say alone, if so."""
    if _INSIDE.match(text[max(0, start - 1) : start + 1]) or _INSIDE.match(text[end - 1 : end + 1]):
        return "its quote begins or ends inside of a word"
    first = bisect_left(lines, lines[start])
    if not _MARK.match(text, first + (text[first : first + 1] == " ")):
        first = bisect_left(lines, lines[start] - 1)  # the sentence may have begun on the line before
    before = _SENTENCE_END.split(text[first:start])[-1]
    if denied := _DENIES.search(before):
        return f"its quote leaves out a “{denied[0]}” that stands before it"
    return None


def _flat(record: str) -> tuple[str, list[int]]:
    """The record's text with every run of white space as one space, and the line of each of its characters. What
    stands in a comment no reader of the record sees, so it is no word of the record."""
    record = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), record)
    out: list[str] = []
    lines: list[int] = []
    for number, line in enumerate(record.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        words = " ".join(line.split())
        if words:
            gap = " " if out else ""
            out.append(gap + words)
            lines += [number] * len(gap + words)
    return "".join(out), lines


def _items(answer: str) -> Iterator[Mapping[str, object]]:
    if len(answer) > MAX_ANSWER:
        raise UnreadableAnswer(f"it has {len(answer)} characters; {MAX_ANSWER} are read")
    opened = _OPENED.search(answer)
    closed = _CLOSED.search(answer, opened.end()) if opened else None
    try:
        data = json.loads(answer[opened.end() : closed.start()] if opened and closed else answer)
    except (ValueError, RecursionError) as error:
        raise UnreadableAnswer("it is not the JSON that was asked for") from error
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise UnreadableAnswer("it has no list of items")
    if len(items) > MAX_ITEMS:
        raise UnreadableAnswer(f"it has {len(items)} items; {MAX_ITEMS} are read")
    for item in items:
        yield item if isinstance(item, dict) else {}


def _word(item: Mapping[str, object], key: str) -> str:
    value = item.get(key)
    text = value if isinstance(value, str) else ""
    return text.encode("utf-8", "replace").decode().strip()
