"""What people read when a merged change is taken back: the revert's pull request, or the issue that asks a person.

Words in templates/words/reverts.md.j2. Not here: how the reverse is computed (bot/steps/reverting.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.render.markdown import Safe, cell, cell_code
from bot.render.plain import clip, inert
from bot.render.words import say, say_plainly

_MOST_TITLE = 240
_MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class RevertText:
    """Title (plain text) and body (Markdown)."""

    title: str
    body: str


def revert_pull(number: int, title: str, *, reason: str, instance: str) -> RevertText:
    """The pull request that takes #number back. reason: the gate's sentence, or a person's."""
    body = say("reverts", "pull", number=number, reason=clip(reason, 2000), instance=instance)
    named = say_plainly("reverts", "pull_title", number=number, title=clip(inert(title), 160))
    return RevertText(clip(named, _MOST_TITLE), str(body))


def revert_issue(
    number: int, title: str, conflicts: Mapping[str, str], *, reason: str, base: str, instance: str
) -> RevertText:
    """The issue with exact instructions. conflicts: path to why it could not be taken back."""
    rows = [f"| {cell_code(p, 200)} | {cell(why)} |" for p, why in sorted(conflicts.items())[:_MOST_ROWS]]
    body = say(
        "reverts",
        "issue",
        number=number,
        reason=clip(reason, 2000),
        rows=Safe("\n".join(rows)),
        base=base,
        instance=instance,
    )
    named = say_plainly("reverts", "issue_title", number=number, title=clip(inert(title), 160))
    return RevertText(clip(named, _MOST_TITLE), str(body))


def rehearsal(number: int, files: Sequence[str], conflicts: Mapping[str, str]) -> Safe:
    """What `/cloi rehearse rollback` answers: what would be taken back if it had to be now."""
    rows = [f"| {cell_code(p, 200)} | goes back |" for p in files[:_MOST_ROWS]]
    rows += [f"| {cell_code(p, 200)} | {cell(why)} |" for p, why in sorted(conflicts.items())[:_MOST_ROWS]]
    return say(
        "reverts",
        "rehearsal",
        number=number,
        clear=not conflicts,
        files=len(files),
        rows=Safe("\n".join(rows)),
    )
