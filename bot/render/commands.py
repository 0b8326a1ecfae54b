"""Answers to `/cloi` commands: every one a named function over plain values, its words in templates/words.

Each says what happened or why not, and who could, or what to write next. Nobody is mentioned: whoever wrote
the comment hears of the answer anyway. Not here: what a command does, and who may use it (bot/steps).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.engine.instance import WorkflowInstance
from bot.render.markdown import Safe, cell, cell_code, code, link, text
from bot.render.plain import clause, clip, one_line
from bot.render.progress import status_markdown
from bot.render.words import say

_MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """A command as the help shows it. usage: "/cloi implement [ADR]"; who: "write access"."""

    name: str
    usage: str
    description: str
    who: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A decision record in a list. id: such as "ADR-003"; status: as read, if it states one."""

    id: str
    title: str
    status: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """An implementation in a list. title: the record's; url: of its living comment, if there is one."""

    instance: WorkflowInstance
    title: str
    url: str | None = None


def refusal(login: str, permission: str, needed: str, who_could: Sequence[str] = ()) -> Safe:
    """Somebody asked who may not. permission, needed: GitHub's names of levels ("none", "read", "write");
    who_could: a few logins that may."""
    return _say("refusal", login=login, permission=permission, needed=needed, who_could=_names(who_could))


def which_record(candidates: Sequence[RecordLine], verb: str = "implement") -> Safe:
    """Nobody said which record, or several fit: asks, with lines to copy. verb: what was to be done with it."""
    more = max(0, len(candidates) - _MOST_LISTED)
    return _say("which_record", lines=_lines(candidates, verb), more=more)


def no_such_record(asked: str, near: Sequence[RecordLine] = ()) -> Safe:
    """The record that was named is not on the default branch. near: those whose names come closest."""
    return _say("no_such_record", asked=code(clip(asked, 100)), lines=_lines(near))


def not_accepted(record: RecordLine) -> Safe:
    """The record states another status than accepted, or none."""
    return _say("not_accepted", record=_record(record), status=record.status)


def blocked(record: RecordLine, reasons: Sequence[str]) -> Safe:
    """The plan says that nothing may start. reasons: its sentences."""
    return _say("blocked", record=_record(record), reasons=[_sentence(r) for r in reasons])


def already_running(record: str, comment_url: str | None, state: str | Safe) -> Safe:
    """A second implement for the same record. state: its status line or status_markdown."""
    said = state if isinstance(state, Safe) else _sentence(state)
    return _say("already_running", record=record, url=comment_url, state=said)


def nothing_running(asked: str = "") -> Safe:
    """A cancel, retry or rollback that nothing fits. asked: the record that was named, if one was."""
    return _say("nothing_running", asked=code(clip(asked, 100)) if asked else "")


def cancelled(record: str, login: str, comment_url: str | None = None) -> Safe:
    """A cancel that took effect: what was done is being taken back."""
    return _say("cancelled", record=record, login=login, url=comment_url)


def retried(record: str, step: str | None, comment_url: str | None = None) -> Safe:
    """A retry that took effect. step: what is tried again, in words."""
    return _say("retried", record=record, step=step, url=comment_url)


def not_now(record: str, reason: str) -> Safe:
    """A cancel or retry that does not fit the state. reason: the engine's (NotAllowedNow)."""
    return _say("not_now", record=record, reason=_sentence(reason))


def permission_lacking(permission: str, level: str, owner: str) -> Safe:
    """The installation was not given what an implementation needs. owner: whose owners can accept it."""
    return _say("permission_lacking", permission=code(f"{permission}: {level}"), owner=owner)


def was_away(asked_at: str) -> Safe:
    """A command that is answered long after it was written. asked_at: GitHub's stamp of it."""
    return _say("was_away", asked_at=clip(one_line(asked_at), 40))


def comment_not_ours(error: str) -> Safe:
    """The comment that would show an implementation's progress cannot be kept. error: why, and what goes on."""
    return _say("comment_not_ours", error=error)


def approve_what() -> Safe:
    """An approve without a hash, or with something else."""
    return _say("approve_what")


def nothing_to_approve() -> Safe:
    """No parked implementation waits for this hash."""
    return _say("nothing_to_approve")


def nothing_to_rehearse() -> Safe:
    """No implementation here has a pull request yet."""
    return _say("nothing_to_rehearse")


def reverting(record: str, number: int, *, status: int | None = None) -> Safe:
    """An ended implementation is taken back by a revert of its pull request. status: the merged pull request that
    made its record say "implemented", which goes too."""
    return _say("reverting", record=record, number=number, status=status)


def reverting_already(record: str, state: Safe) -> Safe:
    """Its revert was asked for before. state: where that stands."""
    return _say("reverting_already", record=record, state=state)


def nothing_left(record: str, number: int) -> Safe:
    """Somebody has taken it back already."""
    return _say("nothing_left", record=record, number=number)


def help_text(commands: Sequence[CommandHelp]) -> Safe:
    """All commands, from the same data that runs them."""
    rows = [f"| {cell_code(c.usage)} | {cell(c.description)} | {cell(c.who)} |" for c in commands]
    examples = Safe(", ".join(code(e) for c in commands for e in c.examples))
    return _say("help", rows=Safe("\n".join(rows)), examples=examples)


def unknown_command(word: str, nearest: str | None = None) -> Safe:
    """A word that is no command. nearest: the name of the one that was probably meant."""
    meant = code(f"/cloi {nearest}") if nearest else None
    return _say("unknown_command", word=code(clip(word, 60)), meant=meant)


def status(entries: Sequence[StatusEntry]) -> Safe:
    """What runs here, a row each."""
    rows = []
    for entry in entries[:_MOST_LISTED]:
        shown = link(clip(entry.title, 120), entry.url) if entry.url else cell(entry.title, 120)
        rows.append(f"| {shown} | {status_markdown(entry.instance)} | {_since(entry.instance)} |")
    return _say("status", rows=Safe("\n".join(rows)), more=max(0, len(entries) - _MOST_LISTED))


def only_first(n: int) -> Safe:
    """One comment held n commands."""
    return _say("only_first", n=n)


def _say(block: str, **values: object) -> Safe:
    return say("commands", block, **values)


def _names(logins: Sequence[str]) -> Safe:
    return Safe(", ".join(f"**{text(clip(login, 60))}**" for login in logins[:5] if one_line(login)))


def _lines(records: Sequence[RecordLine], verb: str = "implement") -> list[Safe]:
    """List items: the line to copy, the title, the status."""
    out = []
    for record in records[:_MOST_LISTED]:
        asked = code(f"/cloi {verb} {clip(record.id, 80)}")
        status = f" ({text(clip(record.status, 40))})" if record.status else ""
        out.append(Safe(f"{asked} {link(clip(record.title, 200), record.url)}{status}"))
    return out


def _record(record: RecordLine) -> Safe:
    return link(clip(f"{record.id}: {record.title}" if record.title else record.id, 200), record.url)


def _sentence(s: str) -> Safe:
    return text(clause(s) + ".")


def _since(instance: WorkflowInstance) -> str:
    return say("commands", "since", at=instance.started_at)
