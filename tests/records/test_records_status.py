"""The words of a status. Never better than stated; unknown is an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records.record import Status
from bot.records.status import normalise
from bot.records.words import STATE_OF

PERMITS = {Status.ACCEPTED, Status.IMPLEMENTED}

WORDS = {
    Status.ACCEPTED: """
        Accepted
        **Approved**
        ✅ Accepted
        accepted on 2024-05-31
        This decision has been accepted.
        Decided
        implementable
        Aceita
        akzeptiert
        принято
        已采纳
        承認済み
        partially accepted
        [accepted]
        Proposed -> Accepted
        Accepted; the AI part is deferred
        Accepted, supersedes ADR-3
        Accepted | accepted
        **Current Status**: Accepted
        Accepted — implemented in v1 (server → client and client → server)
        已确认
    """,
    Status.PROPOSED: """
        Proposed
        pending
        In Review
        Discussing
        Pending approval by the board
        provisional
        Proposed (accepted by team A only)
        Experimental
        Vorgeschlagen
        提案
    """,
    Status.DRAFT: """
        Draft
        WIP
        work in progress
        Entwurf
        草案
    """,
    Status.IMPLEMENTED: """
        Implemented
        ADOPTED
        Done
    """,
    Status.REJECTED: """
        Accepted 已被拒绝
        Accepted 2020-01-01 by the board after a long discussion in the meeting on Monday → Rejected
        This RFC has been withdrawn in favor of RFC 9
        Rejected
        declined
        Withdrawn
        Rejected (previously accepted)
        not approved
        abgelehnt
    """,
    Status.DEFERRED: """
        Deferred
        on hold
        STALLED
    """,
    Status.DEPRECATED: """
        Deprecated
        Depreciated
        ⚠️ 已过时（被 ADR-9 取代）
        Retired
        Accepted, deprecated since 2020
        Accepted but now deprecated
    """,
    Status.SUPERSEDED: """
        已被 ADR-9 取代
        Superseded by ADR-7
        Superceded
        Replaced by [7](0007-x.md)
        ersetzt durch ADR-7
        Accepted, superseded by ADR-7
        ⚠️ Superseded by [ADR-7](0007-x.md)
    """,
    Status.SUPERSEDED_PARTIALLY: """
        Partially superseded by ADR-7
        Accepted (partly superseded by ADR-7)
        Accepted. The cache is superseded by ADR-7
    """,
    Status.PLACEHOLDER: """
        {proposed | accepted}
        Proposed / Accepted / Rejected
        [proposed | rejected | accepted]
        proposed or accepted
        {status}
    """,
    Status.UNKNOWN: """
        Refinement completed. TP in 3.4
        Active
        in progress
        Not yet accepted
        Not accepted yet
        not approved (yet)
        To be accepted
        Unapproved
        Conditionally accepted
        Accepted?
        Accepted if legal agrees
        no longer accepted
        未承認
        Ready
        The team thinks that this was accepted by somebody at some point
    """,
}
CASES = [(line.strip(), status) for status, lines in WORDS.items() for line in lines.strip().split("\n")]


@pytest.mark.parametrize(("text", "status"), CASES)
def test_words_and_their_state(text: str, status: Status) -> None:
    assert normalise(text) is status


@pytest.mark.parametrize("text", ["", "   ", "-", "n/a", "TBD", "?"])
def test_nothing_stated_is_none(text: str) -> None:
    assert normalise(text) is None


def test_a_history_with_dates_ends_with_its_newest_line() -> None:
    assert normalise("2020-01-01 proposed\n2020-02-01 accepted\n2021-03-01 deprecated") is Status.DEPRECATED
    assert normalise("2020-02-01 accepted\n2020-01-01 proposed") is Status.ACCEPTED


def test_final_means_more_in_a_pep() -> None:
    assert (normalise("Final"), normalise("Final", family="pep")) == (Status.ACCEPTED, Status.IMPLEMENTED)
    assert (normalise("Active"), normalise("Active", family="pep")) == (Status.UNKNOWN, Status.ACCEPTED)


positive = sorted(word for word, status in STATE_OF.items() if status in PERMITS and word.isascii())


@given(
    st.sampled_from(positive),
    st.sampled_from(["not ", "not yet ", "never ", "to be ", "will be ", "un", "if "]),
)
def test_a_denied_word_never_permits(word: str, denial: str) -> None:
    assert normalise(denial + word) not in PERMITS


@given(st.text(max_size=200))
def test_any_text_has_an_answer_and_permits_only_with_a_permitting_word(text: str) -> None:
    status = normalise(text)
    if status in PERMITS:
        assert any(word in text.lower() for word, s in STATE_OF.items() if s in PERMITS) or not text.isascii()


@given(st.sampled_from(positive), st.sampled_from(["rejected", "deprecated", "superseded by ADR-7"]))
def test_what_is_taken_back_does_not_permit(word: str, later: str) -> None:
    assert normalise(f"{word}, {later}") not in PERMITS
