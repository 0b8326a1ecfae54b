"""May this record be implemented now? Sentences why not, each with who can change it.

The worst error of a program that acts on records is to take one for accepted that is not: so every state but a
plain "accepted" blocks, unknown and missing ones too, unless the repository's configuration says that a merge
or a review is what accepts. Not here: reading the status (bot/records), asking GitHub (the caller).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.plans.configuration import CONFIGURATION_PATH, Configuration
from bot.plans.plan import Dependency
from bot.plans.reviewed import UNSEEN, Reviewed
from bot.plans.wording import shown
from bot.records.record import Record, Status

_IN_PART = re.compile(
    r"\W*(?:(?:partial(?:ly)?|partly|in part)\b|(?:accepted|approved|agreed|decided)\W{1,3}"
    r"(?:partial(?:ly)?|partly|in part)\b(?!\W+(?:implement|super|replac|deploy|roll|migrat|done|buil|in use)))",
    re.I,
)
_AUTHOR = "Whoever may merge changes to the record can"
_WHY_NOT = {
    Status.DRAFT: "is a draft. " + _AUTHOR + " set its status to accepted once it is decided.",
    Status.PROPOSED: "is proposed, not accepted. "
    + _AUTHOR
    + " set its status to accepted once it is decided.",
    Status.REJECTED: "was rejected, so there is nothing to implement. A new record can decide otherwise.",
    Status.DEFERRED: "is deferred. " + _AUTHOR + " set its status to accepted when its time has come.",
    Status.DEPRECATED: "is deprecated. A new record can take its place.",
    Status.SUPERSEDED: "is superseded. Implement the record that replaces it.",
    Status.SUPERSEDED_PARTIALLY: "is superseded in part, and which part still holds is for people to "
    "say. Its author "
    "can put the part that holds into a record of its own.",
    Status.PLACEHOLDER: "still has the template's list as its status. "
    + _AUTHOR
    + " leave the one word that is meant.",
    Status.IMPLEMENTED: "says that it is implemented already. If work is left, "
    + _AUTHOR[0].lower()
    + _AUTHOR[1:]
    + " set its status back to accepted.",
}


def blocked(
    record: Record, configuration: Configuration, *, merged: bool, reviewed: Reviewed | None
) -> Iterator[str]:
    """Sentences why the record's own state forbids to start; none if it may.

    merged: the record's bytes are on the default branch. reviewed: whether a person with write permission approved
    the pull request that brought them; None if nobody looked. Both are the caller's observations of GitHub.
    """
    name = record.id or record.path
    status = record.status
    if status is Status.UNKNOWN:
        words = shown(record.status_text or "")[:80]
        yield (
            f"{name} has the status “{words}”, but that {record.status_doubt}. {_AUTHOR} write it as plain text "
            "at the top, if it holds."
            if record.status_doubt
            else f"{name} has the status “{words}”, which this bot does not know, and it does not guess. "
            f"{_AUTHOR} write accepted, if that is meant."
        )
    elif status is Status.ACCEPTED and _IN_PART.match(shown(record.status_text or "")):
        yield (
            f"{name} is accepted in part, and which part that is, is for people to say. Its author can put that "
            "part into a record of its own."
        )
    elif status is not None and status is not Status.ACCEPTED:
        yield f"{name} {_WHY_NOT[status]}"
    elif status is None and configuration.accepted_when == "status":
        yield (
            f"{name} states no status. {_AUTHOR} add “Status: Accepted”; or a maintainer can write "
            f"“accepted_when: merged” into {CONFIGURATION_PATH}."
        )
    if configuration.accepted_when == "merged" and not merged:
        yield (
            f"{name} counts as accepted once it is merged ({CONFIGURATION_PATH}, accepted_when). A maintainer can "
            "merge it."
        )
    elif configuration.accepted_when == "reviewed" and not merged:
        yield (
            f"{name} counts as accepted once it is reviewed and merged ({CONFIGURATION_PATH}, accepted_when). "
            "Somebody with write permission, other than its author, can approve its pull request; a maintainer "
            "can merge it then."
        )
    elif configuration.accepted_when == "reviewed" and not (reviewed or UNSEEN).holds:
        yield (
            f"{name} counts as accepted once its pull request was approved by somebody with write permission, "
            f"other than its author, and then merged ({CONFIGURATION_PATH}, accepted_when). "
            f"{(reviewed or UNSEEN).words}"
        )
    if status in (Status.ACCEPTED, None) and record.superseded_by:
        yield (
            f"{name} names {record.superseded_by[0]} as its successor. Implement that one, or remove the line if "
            "it is wrong."
        )


def replaced(record: Record, other: Record, *, partly: bool) -> tuple[str | None, str | None]:
    """(blocked, warning) where `other` says that it replaces this record, which itself does not say so yet."""
    name, by = record.id or record.path, other.id or other.path
    if other.status in (Status.PROPOSED, Status.DRAFT):
        return None, f"{by} would supersede it; its status: {other.status.value}."
    if other.status not in (Status.ACCEPTED, Status.IMPLEMENTED):
        return None, None
    if partly:
        return None, f"{by} supersedes a part of it; which part still holds is for people to say."
    return (
        f"{name} is superseded by {by}, which is {other.status.value} and says so in {other.path}. Implement "
        f"that one; or its author can take the line out, if it is wrong.",
        None,
    )


def judge(dependency: Dependency, target: Record | None) -> tuple[str | None, str | None]:
    """(blocked, warning) for one dependency whose target was looked up in the log."""
    directed = dependency.relation in ("builds-on", "depends-on")
    verb = {"builds-on": "builds on", "depends-on": "depends on"}.get(dependency.relation, "refers to")
    if dependency.present is False:
        if directed:
            return (
                None,
                f"It {verb} {dependency.target}, and this log has no such record; what that one decided "
                f"is not known here.",
            )
        return None, None
    status = target.status if target else None
    if status is None or target is None:
        return None, None
    if status in (Status.REJECTED, Status.SUPERSEDED, Status.DEPRECATED):
        if directed:
            return (
                f"It {verb} {dependency.target}, which is {status.value}. Its author can name the "
                f"decision that holds now.",
                None,
            )
        return None, f"It refers to {dependency.target}, which is {status.value}."
    if directed and status not in (Status.ACCEPTED, Status.IMPLEMENTED):
        return None, f"It {verb} {dependency.target}, which is not accepted yet (its status: {status.value})."
    return None, None
