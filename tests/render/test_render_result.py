"""One tree, three renderings: a check run, a terminal, remarks on lines."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render.markdown import GITHUB_MOST, size
from bot.render.plan import plan_markdown
from bot.render.records import record_check
from bot.render.result import annotations_of, markdown, terminal
from bot.result import Evidence, EvidenceClass, Result, Verdict, combine
from tests.properties import examples

CALM = settings(deadline=None, max_examples=examples(50))  # a busy machine is no failure

DELETED = Evidence(EvidenceClass.COMPUTED, "test_full is gone", "tests/test_queue.py", 12, 14)
GATE = combine(
    "gate",
    (
        Result("gate/paths", Verdict.PASS, "Every file is on the plan's list"),
        Result(
            "gate/weakening",
            Verdict.FAIL,
            "One test of the base was deleted",
            (DELETED,),
            (
                Result(
                    "gate/weakening/claim",
                    Verdict.WARN,
                    "The run says otherwise",
                    (Evidence(EvidenceClass.CLAIMED, "12 passed", url="https://github.example/runs/1"),),
                ),
            ),
        ),
        Result("gate/job", Verdict.UNKNOWN, "GitHub has not told how validate ended"),
        Result("gate/benchmarks", Verdict.SKIP, "No benchmark is named"),
    ),
    passed="All rules hold",
    failed="Two rules do not hold",
)


def test_the_verdict_comes_first_then_a_row_for_each_rule_then_what_it_rests_on(see: Any) -> None:
    shown = markdown(GATE)
    assert shown.splitlines()[0] == "❌ **Failed.** Two rules do not hold"
    rows = [line for line in shown.splitlines() if line.startswith("| ") and "<code>" in line]
    assert [row.split("|")[1].strip() for row in rows] == ["✅", "❌", "❔", "⏭️"]
    seen = see(shown)
    assert seen.tags.count("details") == 1, "only what rests on something is folded"
    assert "computed by the bot: test_full is gone" in seen.plain
    assert "claimed by the run: 12 passed" in seen.plain
    assert seen.links == ["https://github.example/runs/1"]
    assert "tests/test_queue.py:12-14" in seen.code


def test_not_known_is_never_shown_as_passed() -> None:
    shown = markdown(combine("gate", (), passed="fine", failed="not fine"))
    assert "Passed" not in shown
    assert "does not count as passed" in shown
    assert "nothing was checked" in shown


def test_the_terminal_shows_the_same_tree() -> None:
    assert terminal(GATE).splitlines() == [
        "✗ gate: Two rules do not hold",
        "  ✓ gate/paths: Every file is on the plan's list",
        "  ✗ gate/weakening: One test of the base was deleted",
        "      computed: test_full is gone tests/test_queue.py:12-14",
        "    ! gate/weakening/claim: The run says otherwise",
        "        claimed: 12 passed https://github.example/runs/1",
        "  ? gate/job: GitHub has not told how validate ended",
        "  - gate/benchmarks: No benchmark is named",
    ]
    assert "\033[31m✗\033[0m gate:" in terminal(GATE, colour=True)


def test_remarks_stand_where_the_evidence_points() -> None:
    assert annotations_of(GATE) == [
        {
            "path": "tests/test_queue.py",
            "start_line": 12,
            "end_line": 14,
            "annotation_level": "failure",
            "title": "gate/weakening",
            "message": "One test of the base was deleted\ntest_full is gone",
        }
    ]


@pytest.mark.parametrize(
    ("verdict", "level"),
    [
        (Verdict.FAIL, "failure"),
        (Verdict.UNKNOWN, "failure"),
        (Verdict.WARN, "warning"),
        (Verdict.SKIP, "notice"),
        (Verdict.PASS, None),
    ],
)
def test_the_level_of_a_remark_follows_from_the_verdict(verdict: Verdict, level: str | None) -> None:
    place = Evidence(EvidenceClass.COMPUTED, "no date", "docs/adr/a.md", end_line=0)
    remarks = annotations_of(Result("adr/date", verdict, "No date is stated", (place, place)))
    assert [r["annotation_level"] for r in remarks] == ([level] if level else [])
    for remark in remarks:
        assert (remark["start_line"], remark["end_line"]) == (1, 1)
        assert remark["message"] == "No date is stated", "the evidence says nothing new"


def test_what_does_not_fit_is_counted_and_failures_are_kept(see: Any) -> None:
    child = Result(
        "gate/x", Verdict.PASS, "fine " * 50, (Evidence(EvidenceClass.COMPUTED, "shown " * 90),) * 30
    )
    bad = Result("gate/bad", Verdict.FAIL, "bad", (DELETED,))
    tree = combine("gate", (*[child] * 150, bad), passed="fine", failed="one is bad")
    shown = markdown(tree)
    assert size(shown) <= GITHUB_MOST
    more = re.search(r"_(\d+) more rules are not in this table", shown)
    assert more and shown.count("| <code>") + int(more[1]) == 151
    assert "parts did not fit here" in shown
    assert "❌ gate/bad: bad" in shown
    assert see(shown).tags.count("details") > 1


def test_a_very_deep_tree_is_cut_with_a_word() -> None:
    tree = Result("leaf", Verdict.PASS, "fine")
    for i in range(300):
        tree = Result(f"n{i}", Verdict.PASS, "fine", (), (tree,))
    assert "100 more lines were left out" in markdown(Result("top", Verdict.PASS, "fine", (), (tree,)))


@CALM
@given(data=st.data())
def test_hostile_words_in_a_tree_do_nothing(see: Any, hostile: Any, data: st.DataObject) -> None:
    s = [data.draw(hostile) for _ in range(4)]
    evidence = Evidence(EvidenceClass.CLAIMED, s[0], s[1], 3, url=s[2])
    inner = Result(s[3], Verdict.FAIL, s[0], (evidence,))
    tree = Result(
        s[1], Verdict.FAIL, s[2], (evidence,), (Result(s[3], Verdict.WARN, s[1], (evidence,), (inner,)),)
    )
    seen = see(markdown(tree))
    known = {"p", "strong", "em", "code", "ul", "li", "a", "br", "details", "summary"}
    assert set(seen.tags) <= known | {"table", "thead", "tbody", "tr", "th", "td"}
    assert seen.tags.count("details") == 1
    assert seen.tags.count("tr") == 2
    assert all(target.startswith(("http://", "https://")) for target in seen.links)
    assert "@maria" not in seen.words
    assert "\x1b" not in terminal(tree)
    assert markdown(tree) == markdown(tree)


def test_a_check_of_records_says_how_many_problems_and_shows_the_plan(plan: Any) -> None:
    shown = record_check(GATE, plan_markdown(plan))
    assert (shown.conclusion, shown.title) == ("failure", "2 problems and 1 warning")
    assert "Two rules do not hold" in shown.summary
    assert "Orders wait in a queue with at most 100 places" in shown.text
    assert len(shown.annotations) == 1


@pytest.mark.parametrize(
    ("verdict", "conclusion", "title"),
    [
        (Verdict.PASS, "success", "No problems found"),
        (Verdict.WARN, "neutral", "1 warning, nothing that stops"),
        (Verdict.UNKNOWN, "failure", "1 problem"),
    ],
)
def test_the_conclusion_follows_from_the_findings(verdict: Verdict, conclusion: str, title: str) -> None:
    shown = record_check(Result("adr", verdict, "because"))
    assert (shown.conclusion, shown.title) == (conclusion, title)
    assert "no plan" in shown.text
