"""Three-way merge of one text file, to take a change back that others have built beside.

base, ours and theirs are split where all three agree; in between, whoever left the base alone gives way to the
other, and where both changed it there is a conflict. Lines are bytes; nothing is guessed. Standard library only.
Not here: which files (bot/steps/reverting.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher


class MergeConflict(Exception):
    """Both sides changed the same lines. line: in `ours`, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"both sides changed line {line}")
        self.line = line


def merge(base: bytes, ours: bytes, theirs: bytes) -> bytes:
    """`ours` with what `theirs` changed of `base`. Raises MergeConflict."""
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    a, b, c = (text.splitlines(keepends=True) for text in (base, ours, theirs))
    out: list[bytes] = []
    at_a = at_b = at_c = 0
    for from_a, from_b, from_c, length in (*_agreements(a, b, c), (len(a), len(b), len(c), 0)):
        out += _between(a[at_a:from_a], b[at_b:from_b], c[at_c:from_c], at_b + 1)
        out += a[from_a : from_a + length]
        at_a, at_b, at_c = from_a + length, from_b + length, from_c + length
    return b"".join(out)


def _between(
    base: Sequence[bytes], ours: Sequence[bytes], theirs: Sequence[bytes], line: int
) -> Sequence[bytes]:
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    raise MergeConflict(line)


def _agreements(
    base: Sequence[bytes], ours: Sequence[bytes], theirs: Sequence[bytes]
) -> Iterator[tuple[int, int, int, int]]:
    """Runs of lines that all three have in common: places in each, and the length, in order."""
    left = SequenceMatcher(None, base, ours, autojunk=False).get_matching_blocks()
    right = SequenceMatcher(None, base, theirs, autojunk=False).get_matching_blocks()
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i].a, right[j].a)
        end = min(left[i].a + left[i].size, right[j].a + right[j].size)
        if start < end:
            yield start, left[i].b + start - left[i].a, right[j].b + start - right[j].a, end - start
        if left[i].a + left[i].size < right[j].a + right[j].size:
            i += 1
        else:
            j += 1
