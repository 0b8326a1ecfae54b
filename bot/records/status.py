"""The words of a status to a Status, never to a better one than is stated.

Accepted or implemented is the answer only where the text begins with such a word, does not deny it, and no
later word takes it back. A list of several states, or braces around a hint, is a template left in. Words that
name no state are UNKNOWN. Not here: where the words stand (fields.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from bot.records.doubt import ARROW, doubtful, doubtful_east, glued
from bot.records.inline import plain
from bot.records.phrases import about_us
from bot.records.record import Status
from bot.records.words import CJK_STATE, CJK_STATE_OF, STATE, STATE_OF

MAX_STATUS = 400

_WRAP = re.compile(r"^[\s\"'“”‘’({\[<]+|[\s\"'“”‘’)}\]>.,;!]+$")
_EMPTY = re.compile(r"^[\W_]*$|^(?:n/?a|none|tbd|todo|\?+|\.{2,}|x+)$", re.I)
_BRACES = re.compile(r"^[{\[<].*[}\]>]$|\{[^{}]*\}")
_CHOICE = re.compile(
    r"^[\s\"'“”‘’`*_)}\]>]*(?:[|/¦‖｜／┃│∣⎮•·‧・∙]|\bor\b|\boder\b|\bou\b|,\s*\bor\b)[\s\"'“”‘’`*_({\[<]*$",
    re.I,
)
_ARROW = re.compile(ARROW)
_DENIERS = (
    r"not(?:\s+(?:yet|been|be|fully))*|never|non|un|to be|will be|shall be|should be|may be|might be|could be|"
    r"being|if|once|when|while|until|before|unless|as soon as|after being|for|partially|partly|partial|nearly|"
    r"almost|no|"
    r"previously|formerly|initially|originally|was|nicht|noch nicht|não|pas|nie|не"
)
_DENIED = re.compile(rf"(?:\b(?:{_DENIERS})|n't(?:\s+been)?)[\s:-]*$", re.I)
_YET = re.compile(r"[\s,(]{1,3}(?:yet|so far|until|as of)\b", re.I)
_SUBJECT = re.compile(
    r"^(?:(?:this|the|our|die|diese|cette|esta|a|current)\s+)?"
    r"(?:(?:adr|decision|record|document|rfc|proposal|status|architecture decision|entscheidung)\s*)?"
    r"(?:(?:is|has been|was|have been|has|wurde|ist|est|foi|está|currently|now|state|status)\s*[:=]?\s*)*$",
    re.I,
)
_EAST_REPLACED = re.compile(r"(?<![未不])被[^。；;\n]{1,80}?(?:取代|替代|代替)")
_EAST_SMALL = re.compile("[已被经經现現在后後又]{1,4}")
_THIS = re.compile(r"\b(?:this|the|our|that|an?|cette|esta|questa)\s+$", re.I)
_PARTIAL = re.compile(r"\b(?:partial(?:ly)?|partly|in part|teilweise|parcialmente|partiellement)\b", re.I)
_ISO = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")
_BOX = re.compile(
    r"[\[(]\s{0,3}([xX✓✔*])\s{0,3}[\])](?!\()|([☑☒◉●🗹✅])|[\[(](?:\s{0,3}|_{1,3})[\])]|[☐□○◯🔲⬜]"
)
"""A box on a form, with group 1 or 2 where it is ticked."""
_HAS_BAD = (Status.REJECTED, Status.DEFERRED, Status.DEPRECATED)
_POSITIVE = (Status.ACCEPTED, Status.IMPLEMENTED)
_UNDECIDED = (Status.PROPOSED, Status.DRAFT)
_JOINED = re.compile(
    r"[\s\"'“”‘’`*_)}\]>]*(?:[|/¦‖｜／┃│∣⎮•·‧・∙]|\band\b|\bund\b|\bet\b|&)[\s\"'“”‘’`*_({\[<]*$", re.I
)
_ENDS = re.compile(r"\s*(?:[)\].,;!?|\d–—-]|$)")
_OFFICIAL_PEP = {"final": Status.IMPLEMENTED, "active": Status.ACCEPTED, "living": Status.ACCEPTED}
_OFFICIAL_RFD = {"committed": Status.IMPLEMENTED}


@dataclass(frozen=True, slots=True)
class _Match:
    start: int
    end: int
    status: Status
    denied: bool


def normalise(text: str, *, family: str = "") -> Status | None:
    """The state that this text names: None if it is empty, UNKNOWN if it names none.

    family: "pep" or "rfd" where the document is one of those; their own words then count too.
    """
    chosen = _ticked(text[:MAX_STATUS])
    if chosen is None:
        return Status.PLACEHOLDER
    words = plain(chosen)
    if not words:
        return None
    if _EMPTY.match(words):
        return Status.PLACEHOLDER if _BRACES.search(words) else None
    if latest := _latest(chosen):
        return normalise(latest, family=family)
    matches = _matches(words)
    if _is_template(words, matches):
        return Status.PLACEHOLDER
    bare = _WRAP.sub("", words).lower()
    official = _OFFICIAL_PEP if family == "pep" else _OFFICIAL_RFD if family == "rfd" else {}
    own = bare.split(" ")[0].strip(",.;:")
    if own in official and len(bare.split()) <= 6:
        mixed = any(m.status not in _POSITIVE for m in matches)
        return Status.UNKNOWN if mixed or doubtful(bare, 0, len(own)) else official[own]
    if not matches:
        return Status.PLACEHOLDER if _BRACES.fullmatch(words) else Status.UNKNOWN
    return _judge(words, matches)


def names_state(text: str) -> bool:
    """Whether the text names a known state."""
    return normalise(text) not in (None, Status.UNKNOWN, Status.PLACEHOLDER)


def _ticked(text: str) -> str | None:
    """The one ticked entry of a form with boxes, the text itself if it is none; None if that is not clear."""
    boxes = list(_BOX.finditer(text))
    if not any(box[0][0] in "[(" or not box[2] for box in boxes):
        return text
    ticked = [i for i, box in enumerate(boxes) if box[1] or box[2]]
    if len(ticked) != 1 or text[: boxes[0].start()].strip(" \t\n-*+"):
        return None
    at = ticked[0]
    end = boxes[at + 1].start() if at + 1 < len(boxes) else len(text)
    return text[boxes[at].end() : end].rstrip(" \t\n-*+")


def _latest(text: str) -> str | None:
    """The newest line of a history in which every line has a date and a state."""
    lines = [line for line in text.split("\n") if line.strip()]
    dates = [_ISO.search(line) for line in lines]
    if len(lines) < 2 or not all(dates) or not all(STATE.search(line) for line in lines):
        return None
    newest = max(date[0] for date in dates if date)
    last = [line for date, line in zip(dates, lines, strict=True) if date and date[0] == newest]
    worse = [line for line in last if normalise(line) not in _POSITIVE]
    return (worse or last)[-1]


def _matches(words: str) -> list[_Match]:
    out: list[_Match] = []
    for found in STATE.finditer(words):
        before = words[max(0, found.start() - 24) : found.start()]
        after = words[found.end() : found.end() + 2]
        name = found[0].lower()
        if name == "accept" and re.match(
            r"\s*(?:the|that|a|all|this)\b", words[found.end() : found.end() + 6]
        ):
            continue
        if name in ("rfc", "review") and re.match(r"[\s-]?\d", after):
            continue
        if name in ("rfc", "proposal", "proposition", "proposta") and _THIS.search(before):
            continue
        denied = bool(_DENIED.search(before)) or (
            name.startswith("not ") and bool(_YET.match(words, found.end()))
        )
        out.append(_Match(found.start(), found.end(), STATE_OF[name], denied))
    for found in CJK_STATE.finditer(words):
        before = words[max(0, found.start() - 2) : found.start()]
        denied = before.endswith(("未", "不", "没", "待", "미", "非")) or doubtful_east(words, found.end())
        out.append(_Match(found.start(), found.end(), CJK_STATE_OF[found[0]], denied))
    for found in _EAST_REPLACED.finditer(words):
        out.append(_Match(found.start(), found.end(), Status.SUPERSEDED, denied=False))
    return sorted(out, key=lambda m: m.start)


def _is_template(words: str, matches: list[_Match]) -> bool:
    kinds = {m.status for m in matches}
    if len(kinds) < 2:
        return False
    pairs = list(pairwise(matches))
    if kinds <= set(_POSITIVE) and not _BRACES.fullmatch(words):
        return False
    choices = sum(1 for a, b in pairs if a.status is not b.status and _CHOICE.match(words[a.end : b.start]))
    if choices >= 2 or (choices and len(kinds) == 2 and len(matches) == 2 and len(words) < 60):
        return True
    if len(kinds) >= 3 and _BRACES.search(words):
        return True
    commas = sum(
        1 for a, b in pairs if a.status is not b.status and words[a.end : b.start].strip(" `\"'*") == ","
    )
    return commas >= 2 and len(kinds) >= 3


def _judge(words: str, matches: list[_Match]) -> Status:
    replaced = [m for m in matches if m.status is Status.SUPERSEDED]
    for match in replaced:
        before, after = words[max(0, match.start - 30) : match.start], words[match.end : match.end + 24]
        if _PARTIAL.search(before) or _PARTIAL.match(after.strip()):
            return Status.SUPERSEDED_PARTIALLY
    first = matches[0]
    lead = words[: first.start]
    if any(_leads_on(words[a.end : b.start]) for a, b in pairwise(matches)):
        return _after_arrow(words, matches)
    if first.denied:
        return _denied(words, matches)
    if not _leads(lead):
        settled = [m for m in matches if not m.denied]
        if replaced and not replaced[0].denied and _by(words, replaced[0]):
            return Status.SUPERSEDED
        if settled and settled[0].status not in _POSITIVE and len(words) < 60:
            return settled[0].status
        return Status.UNKNOWN
    for match in replaced:
        if not match.denied and (match is first or _set_apart(words, match)):
            return Status.SUPERSEDED
        if not match.denied and _by(words, match):
            return Status.SUPERSEDED_PARTIALLY  # "Accepted; the sync part is superseded by …"
    if first.status in _POSITIVE:
        worse = [m for m in matches[1:] if m.status in _HAS_BAD and not m.denied and _of_it(words, first, m)]
        if worse:
            return worse[-1].status
        if _doubted(words, matches, first):
            return Status.UNKNOWN
    return first.status


def _leads_on(between: str) -> bool:
    """Whether an arrow leads from one state to the next; one between other words is prose."""
    return bool(_ARROW.search(between[:60]) or _ARROW.search(between[-24:]))


def _denied(words: str, matches: list[_Match]) -> Status:
    """ "not accepted yet" names no state that one may act on; "not accepted, still a draft" does."""
    rest = [m for m in matches if not m.denied and m.status not in _POSITIVE]
    partial = _PARTIAL.match(words.strip())
    if partial and matches[0].status is Status.ACCEPTED:
        return Status.ACCEPTED
    return rest[0].status if rest else Status.UNKNOWN


def _after_arrow(words: str, matches: list[_Match]) -> Status:
    """A history such as "Proposed -> Accepted": the last one counts, if an arrow leads to it."""
    last = matches[-1]
    between = words[matches[-2].end : last.start]
    if last.denied or not _ARROW.search(between):
        return Status.UNKNOWN
    return Status.UNKNOWN if last.status in _POSITIVE and _doubted(words, [last], last) else last.status


def _leads(lead: str) -> bool:
    """Whether nothing but marks, a date, an icon or "this decision is" stands before the state."""
    bare = re.sub(r"[\d\W_]+", " ", lead).strip()
    if not bare or len(bare) <= 1:
        return True
    bare = re.sub(r"^(?:on|since|am|le|el|em|seit)\b\s*", "", bare, flags=re.I)
    month = re.fullmatch(r"(?:[^\W\d_]{3,9}\s*){0,2}(?:st|nd|rd|th)?", bare)
    if month and re.search(r"\d{4}", lead):
        return True
    return bool(_SUBJECT.match(bare))


def _by(words: str, match: _Match) -> bool:
    if words[match.start : match.end].lower().endswith(" by"):
        return True
    after = words[match.end : match.end + 14].lower()
    return bool(re.match(r"[\s:*_-]*(?:by|with|durch|par|por|da|door|przez|av|af)\b", after))


def _set_apart(words: str, match: _Match) -> bool:
    """Whether the word is said of the record itself: "Accepted, now deprecated", not "one part is deferred"."""
    return about_us(words[max(0, match.start - 80) : match.start])


def _of_it(words: str, first: _Match, match: _Match) -> bool:
    """The same for a word after the first, whatever word that one is."""
    between = _EAST_SMALL.sub(" ", words[first.end : match.start])
    return about_us(f"accepted{between[-80:]}") or _set_apart(words, match)


def _doubted(words: str, matches: list[_Match], match: _Match) -> bool:
    """Whether something takes from a state that permits: a word beside it, or an open state said of the same."""
    if words[match.start : match.end].isascii() or not CJK_STATE.fullmatch(words[match.start : match.end]):
        if doubtful(words, match.start, match.end):
            return True
        positive = any(m.start == match.end + 1 and m.status in _POSITIVE for m in matches)
        if glued(words, match.end) and not positive:
            return True
    for other in matches:
        if other.start > match.end and other.status not in _POSITIVE and not other.denied:
            between = words[match.end : other.start]
            if (
                _JOINED.match(between)
                or (not between.strip() and other.status in _HAS_BAD)
                or (
                    other.status in _UNDECIDED
                    and _of_it(words, match, other)
                    and _ENDS.match(words[other.end :])
                )
            ):
                return True
    return False
