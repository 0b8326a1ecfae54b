"""An attacker's statuses: every one has the word, and none of them says that the record is accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records.reader import read
from bot.records.record import Status
from bot.records.status import normalise

PERMITS = {Status.ACCEPTED, Status.IMPLEMENTED}

NEVER = """
    Accepted but not yet approved
    Accepted, awaiting approval
    Accepted - pending security sign-off
    Accepted in principle
    Accepted with reservations
    Accepted provisionally
    Accepted (draft)
    Accepted as proposal
    Accepted for discussion
    Approved for discussion only
    Accepted: no
    accepted: false
    Accepted -- NOT
    Accepted. NOT!
    Accepted (revoked)
    Accepted, revoked 2024
    Accepted until 2020-01-01
    Accepted but expired
    Accepted, overturned by the board
    Accepted by no one
    accepted by 0 of 3
    1/3 accepted
    Accepted when merged
    Accepted upon merge
    Accepted TBD
    Approved (to be confirmed)
    Final call
    Final comment period
    Final draft
    Published for comment
    Agreed to postpone
    Decided against
    Decided not to
    Confirmed rejected
    Completed draft
    Done: 0%
    50% complete
    Implemented partially
    Implemented in prototype
    Complete rewrite needed
    🚫 Accepted
    Accepted ❌
    ☐ Accepted
    - [ ] Accepted
    [ ] Accepted [x] Rejected
    ☐ Accepted ☑ Rejected
    (x) Rejected ( ) Accepted
    Accepted [ ] Rejected [x]
    Accepted and Rejected
    Accepted ┃ Rejected
    Accepted／Rejected
    Accepted｜Rejected
    Accepted • Rejected
    accepted · rejected · superseded
    {accepted | implemented}
    angenommen werden soll
    ei hyväksytty
    validée par personne
    採用しない
    採用見送り
    承認待ち
    承認されなかった
    採用予定
    승인 대기
    승인되지 않음
    채택 안 함
    非承認
    Accepted (but see the comment: this is not decided)
    Accepted isn't right
    Accepted was the previous status
    Accepted -> ?
    Accepted -> reconsidering
    Proposed -> Accepted (revoked)
    Proposed -> Accepted?
    Accepted, reopened
    Accepted; being revisited
    Accepted (disputed)
    Accepted (WIP)
    Accepted (in review)
    Accepted – under discussion
    Accepted-ish
    accepted_by_nobody
    accepted+pending
    accepted:pending
    \u202edetpeccA toN\u202c Accepted
    2020-01-01 accepted\\n2020-01-01 rejected
""".strip().split("\n")

STILL = """
    Accepted, not yet implemented
    Accepted / not implemented
    Accepted, pending implementation
    Accepted (was: proposed)
    Accepted after discussion
    Accepted in review meeting 2024-01-01
    Accepted unanimously
    Accepted by the platform team
    Accepted on 2024-05-31 by @tom
    Accepted, supersedes ADR-3
    Accepted; the AI part is deferred
    Accepted (may be retired when v2 has enough gravitas)
    Accepted, not superseded
    Accepted, not rejected
    Accepted - see #12
    Accepted (proposed by Bob)
    Accepted. Implemented in #123.
    Accepted/Implemented
    Decided to use Kafka
    Approved with minor changes
    ✅ Accepted
    ☑ Accepted
    [x] Accepted
    [ ] Proposed [x] Accepted
    承認されました
    採用 (2024-01-01)
    승인됨
""".strip().split("\n")


def _text(line: str) -> str:
    return line.strip().replace("\\n", "\n")


@pytest.mark.parametrize("line", NEVER)
def test_a_word_that_is_taken_back_beside_it_permits_nothing(line: str) -> None:
    assert normalise(_text(line)) not in PERMITS
    if "\\n" not in line and ":" not in line:
        assert (
            read("docs/adr/0001-x.md", f"# 1. X\n\n## Status\n\n{_text(line)}\n".encode()).status
            not in PERMITS
        )


@pytest.mark.parametrize("line", STILL)
def test_what_is_said_of_the_work_or_the_past_takes_nothing_away(line: str) -> None:
    assert normalise(_text(line)) in PERMITS


@pytest.mark.parametrize("family", ["pep", "rfd"])
def test_a_familys_own_words_are_doubted_too(family: str) -> None:
    for text in ("Final? No", "Active draft", "Final call", "Committed: no", "Living (revoked)"):
        assert normalise(text, family=family) not in PERMITS


@given(
    st.sampled_from(["Accepted", "Approved", "Implemented", "Decided"]),
    st.sampled_from([" ", ", ", " (", " - ", ". "]),
    st.sampled_from(
        ["revoked", "not approved", "to be confirmed", "reopened", "under discussion", "rejected", "on hold"]
    ),
    st.sampled_from(["", ".", ")", ", 2024", " 2024-01-01"]),
)
def test_however_it_is_joined(word: str, joint: str, doubt: str, end: str) -> None:
    assert normalise(f"{word}{joint}{doubt}{end}") not in PERMITS
