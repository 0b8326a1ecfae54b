"""An intent is there before the write, tells what may have come of it, and is never taken for another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.github import errors, journal, markers


async def nothing() -> None:
    return None


async def test_the_intent_is_durable_before_the_write_and_observed_after_it(github_of, steps):
    gh, _ = github_of(lambda request: pytest.fail("no request is needed"))
    ctx = steps.begin()
    intent = journal.once(ctx, "open-pull", ["x"], hints={"where": "there"})

    async def do() -> dict[str, int]:
        assert [(e.state, e.result) for e in steps.store.effects()] == [("intended", {"where": "there"})]
        return {"number": 3}

    await journal.settle(intent, gh, look=nothing, do=do, by_nature=True)
    assert [(e.state, e.result) for e in steps.store.effects()] == [
        ("observed", {"where": "there", "number": 3})
    ]


async def test_what_was_observed_is_neither_looked_for_nor_done_again(github_of, steps):
    gh, _ = github_of(lambda request: pytest.fail("no request is needed"))
    journal.once(steps.begin(), "open-pull", ["x"]).observe({"number": 3})

    async def never() -> None:
        raise AssertionError("this was observed")

    again = journal.once(steps.begin(), "open-pull", ["x"])
    assert await journal.settle(again, gh, look=never, do=never, by_nature=True) == {"number": 3}


async def test_after_a_lost_answer_it_is_looked_for_before_it_is_given_up(github_of, steps):
    gh, _ = github_of(lambda request: pytest.fail("no request is needed"))
    looks = iter([None, None, {"number": 9}])

    async def look() -> dict[str, int] | None:
        return next(looks)

    async def do() -> dict[str, int]:
        raise errors.Unknown("502")

    found = await journal.settle(journal.once(steps.begin(), "x", 1), gh, look=look, do=do, by_nature=True)
    assert found == {"number": 9}


async def test_what_stays_unseen_stays_unknown_and_the_next_try_looks_longer_before_it_does(github_of, steps):
    gh, _ = github_of(lambda request: pytest.fail("no request is needed"))
    done = 0

    async def do() -> dict[str, int]:
        nonlocal done
        done += 1
        raise errors.Unknown("502")

    with pytest.raises(errors.Unknown):
        await journal.settle(journal.once(steps.begin(), "x", 1), gh, look=nothing, do=do, by_nature=False)
    looks = iter([None, None, {"number": 9}])  # it shows up late

    async def look() -> dict[str, int] | None:
        return next(looks)

    again = journal.once(steps.begin(), "x", 1)
    assert await journal.settle(again, gh, look=look, do=do, by_nature=False) == {"number": 9}
    assert done == 1


def test_the_same_step_cannot_slip_other_content_under_its_key(steps):
    journal.once(steps.begin(), "commit-branch", ["a"])
    with pytest.raises(errors.ForeignObject, match="other content"):
        journal.once(steps.begin(), "commit-branch", ["b"])
    journal.once(steps.begin(round=1), "commit-branch", ["b"])


def test_versions_of_a_subject_follow_each_other_and_repeat_nothing(steps):
    def say(text: str) -> tuple[journal.Intent, object]:
        return journal.version(steps.begin(), "comment", "o/r#1 m", text)

    first, known = say("a")
    assert known is None and not first.known
    resumed, known = say("a")
    assert resumed.known and resumed.observed is None and known is None
    resumed.observe({"comment": 5})
    assert say("a")[0].observed is not None
    second, known = say("b")
    assert second.observed is None and known is not None and known["comment"] == 5
    second.observe({"comment": 5})
    back, _ = say("a")
    assert back.observed is None, "what was said before the last is to be said anew"


def test_a_person_who_says_go_on_is_told_from_a_retry(steps):
    assert not journal.asked_again(steps.begin())
    journal.once(steps.begin(), "dispatch", 1)
    assert not journal.asked_again(steps.begin())
    assert not journal.asked_again(steps.begin("other"))
    assert journal.asked_again(steps.begin(round=1))


@given(st.text())
def test_a_marker_hides_any_key_and_is_found_again(key: str):
    comment = markers.hidden(key)
    inside = comment.removeprefix("<!--").removesuffix("-->")
    assert "--" not in inside and ">" not in inside and "\n" not in comment
    assert markers.has(markers.marked("Hello", key), key)


@given(st.text(), st.text())
def test_no_key_is_taken_for_another(one: str, other: str):
    assert markers.has(markers.hidden(one), other) == (one == other)
