"""Whose approval accepts a record, where reviews accept: never an approval that only looks like one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.plans.reviewed import Review, Reviewed, judge, opinions

WRITERS = ("Maria", "tom")


def said(login: str, state: str = "APPROVED", *, on_head: bool = True, in_time: bool = True) -> Review:
    return Review(login=login, state=state, on_head=on_head, in_time=in_time)


def verdict(*reviews: Review, author: str = "tom") -> Reviewed:
    return judge(7, opinions(reviews, author), WRITERS)


def test_a_maintainer_approved_what_was_merged() -> None:
    assert verdict(said("maria")) == Reviewed(True, "#7 was approved by maria")


def test_nobody_said_anything() -> None:
    found = verdict()
    assert not found.holds
    assert found.words.startswith("#7, which brought it, was merged without such an approval. Anybody can ")


def test_what_is_no_such_approval_is_named() -> None:
    why = {
        "eve has no write permission": [said("eve")],
        "maria approved another commit": [said("maria", on_head=False)],
        "maria approved after the merge": [said("maria", in_time=False)],
    }
    for words, reviews in why.items():
        found = verdict(*reviews)
        assert not found.holds and f"({words})" in found.words
    assert not verdict(said("maria", "COMMENTED")).holds
    assert not verdict(said("maria", "PENDING")).holds
    assert not verdict(said("maria"), said("maria", "DISMISSED")).holds


def test_nobody_accepts_their_own_record_however_they_write_their_name() -> None:
    assert not verdict(said("Tom")).holds
    assert not verdict(said("MARIA"), author="maria").holds


def test_who_asks_for_changes_is_heard_until_they_approve_or_it_is_dismissed() -> None:
    for reviews in (
        [said("maria"), said("maria", "CHANGES_REQUESTED", in_time=False)],
        [said("maria"), said("tom", "CHANGES_REQUESTED")],
        [said("tom", "CHANGES_REQUESTED", on_head=False), said("maria")],
    ):
        found = verdict(*reviews, author="eve")
        assert not found.holds and "asked for changes, and that stands" in found.words
    asked = said("tom", "CHANGES_REQUESTED", on_head=False)
    assert verdict(asked, said("tom"), author="eve").holds
    assert verdict(said("maria"), asked, said("tom", in_time=False), author="eve").holds
    assert verdict(said("tom", "DISMISSED"), said("maria"), author="eve").holds


def test_a_passer_by_can_neither_accept_nor_stop() -> None:
    assert verdict(said("maria"), said("eve", "CHANGES_REQUESTED")).holds


def test_a_second_look_takes_no_approval_away_and_one_after_an_objection_gives_none_back() -> None:
    assert verdict(said("maria"), said("maria", in_time=False)).holds
    assert verdict(said("maria"), said("maria", "COMMENTED")).holds
    assert not verdict(said("maria"), said("maria", "CHANGES_REQUESTED"), said("maria", in_time=False)).holds


reviews = st.lists(
    st.builds(
        Review,
        login=st.sampled_from(["maria", "MARIA", "tom", "eve", "bob"]),
        state=st.sampled_from(["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING", "NEW"]),
        on_head=st.booleans(),
        in_time=st.booleans(),
    ),
    max_size=8,
)


@given(reviews, st.sampled_from(["maria", "tom", "eve", ""]))
def test_what_holds_has_a_good_approval_and_nobody_against_it(given_: list[Review], author: str) -> None:
    found = verdict(*given_, author=author)
    people = {login.lower() for login in WRITERS} - {author}
    own = [r for r in given_ if r.login.lower() in people]
    good = [r for r in own if r.state == "APPROVED" and r.on_head and r.in_time]
    last = {
        r.login.lower(): r.state for r in own if r.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
    }
    if "CHANGES_REQUESTED" in last.values() or not good:
        assert not found.holds
    if good and len(own) == len(good):
        assert found.holds
    assert found.words


def test_who_wrote_part_of_it_may_object_and_not_approve() -> None:
    found = judge(7, opinions([said("maria")], "tom", ["Maria"]), WRITERS)
    assert not found.holds and "(maria wrote part of it)" in found.words
    against = opinions([said("maria", "CHANGES_REQUESTED"), said("eve")], "tom", ["maria"])
    assert "asked for changes" in judge(7, against, WRITERS).words
