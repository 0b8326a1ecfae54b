"""`accepted_when: reviewed`: was the pull request that brought a record's bytes approved by somebody who may?

What GitHub said comes in as values, a Reviewed goes out: the same observation always gives the same plan. What
could not be seen never counts as a review. Not here: asking GitHub (bot/steps/reviewing.py), the record's own
status, which can only say no (acceptance.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

_MOST_NAMED = 3


class Reviewed(msgspec.Struct, frozen=True):
    """holds: whether the record counts as reviewed. words: who reviewed it and where; else a sentence why not."""

    holds: bool
    words: str


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """One review. state: GitHub's word. on_head: of the last commit before the merge. in_time: given before it."""

    login: str
    state: str
    on_head: bool
    in_time: bool


class Opinion(msgspec.Struct, frozen=True):
    """What all reviews of one person come to. approves: the head that was merged, in time. objects: asks for
    changes, and has neither approved since nor had that dismissed. late: why an approval does not count."""

    login: str
    approves: bool = False
    objects: bool = False
    late: str = ""


UNSEEN = Reviewed(
    False, "Only GitHub knows that, and it was not asked here; `/cloi implement` there asks it."
)
"""For a plan whose maker does not look."""


def opinions(reviews: Iterable[Review], author: str, wrote: Iterable[str] = ()) -> tuple[Opinion, ...]:
    """One for each person but the author who approved or objected; reviews: oldest first. Case is no difference
    between logins. A dismissed review takes everything before it along: what it was is not told any more. wrote:
    who made commits of the pull request; they may object, but nobody approves their own words."""
    own = {login.lower() for login in wrote}
    found: dict[str, Opinion] = {}
    for review in reviews:
        key, login = review.login.lower(), review.login
        if key == author.lower():
            continue
        if review.state == "CHANGES_REQUESTED":
            found[key] = Opinion(login, objects=True)
        elif review.state == "DISMISSED":
            found[key] = Opinion(login)
        elif review.state == "APPROVED":
            before = found.get(key, Opinion(login))
            if key in own:
                found[key] = Opinion(login, late="wrote part of it")
            elif review.in_time and review.on_head:
                found[key] = Opinion(login, approves=True)
            else:
                late = "approved another commit" if review.in_time else "approved after the merge"
                found[key] = Opinion(login, approves=before.approves, late=late)
    return tuple(one for one in found.values() if one.approves or one.objects or one.late)


def judge(number: int, held: Sequence[Opinion], writers: Iterable[str]) -> Reviewed:
    """The verdict on the pull request of this number. held: its opinions. writers: those of their people who have
    write permission."""
    may = {login.lower() for login in writers}
    objecting = [one.login for one in held if one.objects and one.login.lower() in may]
    if objecting:
        who = _named(objecting)
        return Reviewed(
            False,
            f"On #{number}, which brought it, {who} asked for changes, and that stands. {who} can approve "
            f"#{number}, or a maintainer can dismiss that review.",
        )
    approving = [one.login for one in held if one.approves and one.login.lower() in may]
    if approving:
        return Reviewed(True, f"#{number} was approved by {_named(approving)}")
    reasons = [
        f"{one.login} {one.late}" if one.late and not one.approves else f"{one.login} has no write permission"
        for one in held
        if not one.objects
    ]
    seen = f" ({'; '.join(reasons[:_MOST_NAMED])})" if reasons else ""
    return Reviewed(
        False, f"#{number}, which brought it, was merged without such an approval{seen}. {WAY_OUT}"
    )


def _named(logins: Sequence[str]) -> str:
    shown = [*logins[:_MOST_NAMED], *(["others"] if len(logins) > _MOST_NAMED else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


WAY_OUT = (
    "Anybody can propose an edit of it in a pull request; once somebody else with write permission has approved "
    "that one's last commit and it is merged, the record counts."
)
