"""Numbers that a record promises: "< 100ms for workflow startup" becomes subject, comparator, value and unit.

Only prose counts, and only where the record speaks of what will be: a number in a rejected option, in the
context or in code promises nothing. A number without a comparator ("about 200 ms") or without a unit is no
threshold. Not here: measuring (bot/gates), what happens when it is missed (planner.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.plans import wording
from bot.plans.document import Document
from bot.plans.headings import Role
from bot.plans.plan import Threshold
from bot.records.blocks import Kind

MAX_THRESHOLDS = 50
_MOST = 2_000  # characters of one line or sentence that are looked at
_WORDS = {
    "<": r"less than|fewer than|lower than|smaller than|faster than|under|below|not exceed(?:ing)?"
    r"|never exceed(?:ing)?",
    "<=": r"at most|no more than|not more than|no longer than|not longer than|no later than|up to|within"
    r"|a? ?max(?:imum|\.)?(?: of)?",
    ">": r"more than|greater than|higher than|over|above|exceeds?|exceeding|larger than",
    ">=": r"at least|no less than|not less than|no fewer than|a? ?min(?:imum|\.)?(?: of)?",
}
_SIGNS = {
    "<": "<",
    "<=": "<=",
    "=<": "<=",
    "≤": "<=",
    ">": ">",
    ">=": ">=",
    "=>": ">=",
    "≥": ">=",
    "&lt;": "<",
    "&gt;": ">",
    "⩽": "<=",
    "⩾": ">=",
}
_UNITS = {
    "ms": r"ms|msecs?|milliseconds?|millis",
    "us": r"µs|μs|us|microseconds?",
    "s": r"s|secs?|seconds?",
    "min": r"mins?|minutes?",
    "h": r"h|hrs?|hours?",
    "d": r"days?",
    "%": r"%|percent|per cent",
    "B": r"bytes?",
    "kB": r"kB|KB|kilobytes?",
    "KiB": r"KiB",
    "MB": r"MB|megabytes?",
    "MiB": r"MiB",
    "GB": r"GB|gigabytes?",
    "GiB": r"GiB",
    "req/s": r"req(?:uests)?\s?/\s?s(?:ec(?:ond)?)?|requests per second|rps",
    "1/s": r"(?:events|messages|operations|ops|transactions|tps|qps)(?:\s?/\s?s(?:ec(?:ond)?)?| per second)?",
}
_UNIT = "|".join(f"(?P<u{i}>{pattern})" for i, pattern in enumerate(_UNITS.values()))
_COMPARED = "|".join(f"(?P<w{i}>{pattern})" for i, pattern in enumerate(_WORDS.values()))
_THRESHOLD = re.compile(
    rf"(?:(?P<sign>&[lg]t;|[<>]=?|=[<>]|[≤≥⩽⩾])|\b(?:{_COMPARED}))\s{{0,3}}"
    rf"(?P<value>\d{{1,3}}(?:,\d{{3}}){{1,4}}(?:\.\d{{1,6}})?"
    rf"|\d{{1,15}}(?:[.,]\d{{1,6}})?)\s{{0,2}}-?(?:{_UNIT})(?![A-Za-z0-9])",
)
# "p95", "99.9th percentile": which of many measurements is meant is part of the promise.
_PERCENTILE = re.compile(
    r"(?<!\w)p(?P<p>[1-9]\d(?:\.\d{1,3})?)(?!\w)"
    r"|\b(?P<th>\d\d(?:\.\d{1,3})?)(?:st|nd|rd|th)?[ -]percentile\b",
    re.I,
)
_IN_BRACKETS = re.compile(r"(?<!\w)p\((\d\d(?:\.\d{1,3})?)\)", re.I)
_AFTERWARDS = re.compile(r"[\s,(]{0,3}(?:(?:at|for|in|on|as) )?(?:the )?(?=p?\d)", re.I)
_NEGATION = re.compile(r"\b(?:not|never|no|cannot)\s+$", re.I)
_STOP_WORDS = """
    a an the is are be was to of for in with and or must should shall will not have has take takes stay
    stays remain remains keep keeps it its than that by at on we our target goal complete completes
    completed respond responds execute executes run runs finish finishes
"""
_STOP = frozenset(_STOP_WORDS.split())
# Labels that name no subject: "Target: < 48 hours from decision to release".
_GENERIC = re.compile(
    r"^(?:targets?|goals?|sl[ao]s?|metrics?|thresholds?|limits?|time|notes?|performance|(?:\w+ )?requirements?)$",
    re.I,
)
_SENTENCE = re.compile(r"[.;!?]\s")
_CLAUSE = re.compile(r"[,;()–—]|\b(?:and|but|which|while|so|that|because|if|when)\b")
_ROLES = frozenset({Role.WORK, Role.DECISION, Role.CRITERION, Role.PERFORMANCE, Role.SECURITY, Role.OTHER})


@dataclass(frozen=True, slots=True)
class Number:
    """One threshold in a sentence: subject, comparator (<, <=, >, >=), value and unit, and where it matched."""

    subject: str
    comparator: str
    value: float
    unit: str
    start: int
    end: int


def parse(text: str, *, default: str = "") -> tuple[Number, ...]:
    """All thresholds in one line or sentence of plain words. default: the subject where none is named."""
    return tuple(_numbers(_IN_BRACKETS.sub(r"p\1  ", text[:_MOST]), default))


def stated(text: str) -> bool:
    """Whether there is any threshold in the line: what `parse` would find, for less work."""
    return _THRESHOLD.search(text[:_MOST]) is not None


def _numbers(text: str, default: str) -> Iterator[Number]:
    name, _ = wording.label(text)
    previous, last = 0, ""
    for match in _THRESHOLD.finditer(text):
        sign = match["sign"]
        if sign:
            comparator = _SIGNS[sign]
        else:
            comparator = next(key for i, key in enumerate(_WORDS) if match[f"w{i}"])
            if comparator in (">", ">=") and _NEGATION.search(text[: match.start()]):
                comparator = "<=" if comparator == ">" else "<"
        unit = next(key for i, key in enumerate(_UNITS) if match[f"u{i}"])
        before, end = text[previous : match.start()], match.end()
        of, over = _percentile(text, before, end)
        subject = _subject(name, before, text[over:]) or ("" if of and last else default)
        bare = _PERCENTILE.sub("", subject).strip()
        if of and (of not in _percentiles(subject) or (last and not bare)):
            subject = f"{(bare or last)[:70]} p{of}".strip()
        yield Number(subject, comparator, _value(match["value"]), unit, match.start(), end)
        previous, last = over, bare or last


def _percentiles(text: str) -> list[str]:
    return [match["p"] or match["th"] for match in _PERCENTILE.finditer(text)]


def _percentile(text: str, before: str, end: int) -> tuple[str, int]:
    """Which percentile the number before `end` is about, or "", and where the words about the number end."""
    spoken = _percentiles(_SENTENCE.split(before)[-1])
    if spoken:
        return spoken[-1], end
    after = _AFTERWARDS.match(text, end)
    match = _PERCENTILE.match(text, after.end()) if after else None
    if match is None or _THRESHOLD.match(text, match.end() + (text[match.end() : match.end() + 1] == " ")):
        return "", end  # "…, p95 < 50 ms" is about the next number
    return match["p"] or match["th"], match.end()


def _value(written: str) -> float:
    """ "1,500" is fifteen hundred; "1,5" is one and a half."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", written):
        written = written.replace(",", "")
    return float(written.replace(",", "."))


def _subject(name: str, before: str, after: str) -> str:
    if name and not _GENERIC.match(name):
        return name[:80]
    if name:
        before = before.partition(":")[2]
    spoken = [piece for piece in _CLAUSE.split(before) if piece.strip()]
    for piece in (spoken[-1] if spoken else "", _CLAUSE.split(after)[0], *spoken[:-1]):
        words = [w.strip(".:,*_`\"'") for w in wording.shown(piece).split()]
        while words and words[0].lower() in _STOP:
            words.pop(0)
        while words and words[-1].lower() in _STOP:
            words.pop()
        if any(ch.isalpha() for word in words for ch in word):
            return " ".join(words[-8:])
    return name[:80]


def find(page: Document, name: str) -> tuple[Threshold, ...]:
    """The record's thresholds with ids "ADR-012/T1" … in order of the text. name: what ids begin with."""
    out: list[Threshold] = []
    for passage in page.passages:
        if passage.role not in _ROLES or passage.kind is Kind.HEADING:
            continue
        if wording.lists_reasons(passage.lead):
            continue
        pieces = (
            wording.sentences(passage.text)
            if passage.kind is Kind.PARAGRAPH
            else iter([(0, len(passage.text))])
        )
        for start, end in pieces:
            words = passage.text[start:end]
            if wording.gives_reason(wording.shown(words)):
                continue
            if passage.kind is Kind.ROW:
                words = ": ".join([passage.cells[0], " ".join(passage.cells[1:])]) if passage.cells else words
            for number in parse(" ".join(words.split()), default=passage.section):
                if len(out) >= MAX_THRESHOLDS:
                    return tuple(out)
                out.append(
                    Threshold(
                        id=f"{name}/T{len(out) + 1}",
                        subject=wording.shown(number.subject),
                        comparator=number.comparator,
                        value=number.value,
                        unit=number.unit,
                        source=page.source(passage, start, end),
                    )
                )
    return tuple(out)
