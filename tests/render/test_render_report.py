"""What came of an implementation, from a small stream that is known by heart: every figure can be counted."""

import dataclasses
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine import events as e
from bot.engine.errors import StoreError, UnknownInstance
from bot.engine.ports import Append, Effect, Summary
from bot.insights.report import Act, ImplementationReport, generate_implementation_report, report_of
from bot.render.markdown import Safe, size
from bot.render.progress import living_comment
from bot.render.report import report_markdown, report_short
from bot.render.terminal import in_terminal
from bot.store.memory import MemoryStore
from tests.properties import examples

CALM = settings(deadline=None, max_examples=examples(50))  # a busy machine is no failure
PULL = "https://github.example/maria/shop/pull/5"
LINKS = (("#5", PULL),)
KNOWN = {"p", "h3", "h4", "strong", "code", "ul", "li", "a", "table", "thead", "tbody", "tr", "th", "td"}


def said(name: str, step: str, /, **data: Any) -> e.Body:
    return e.StepEmitted(name=name, step=step, data=data)


# Each event comes 90 seconds after the one before.
TOLD = (
    said("ImplementationPlanned", "make-plan", estimated=[2, 4]),
    e.StepStarted(step="await-approval", attempt=1, key="a"),
    e.StepWaiting(step="await-approval", note="a maintainer"),
    said("PullRequestMerged", "await-approval", number=3, by="maria"),
    e.StepCompleted(step="await-approval"),
    e.StepStarted(step="dispatch", attempt=1, key="b", undoable=True),
    e.StepRetryScheduled(
        step="dispatch", attempt=2, at=e.stamp(e.moment("2026-11-22T10:12:00Z")), error="", kind=""
    ),
    e.StepStarted(step="dispatch", attempt=2, key="b", undoable=True),
    said("RunDispatched", "dispatch", run=7, mode="implement"),
    e.StepCompleted(step="dispatch"),
    e.StepStarted(step="await-run", attempt=1, key="c"),
    said("RunObserved", "await-run", run=7, conclusion="success"),
    e.StepCompleted(step="await-run"),
    said("RunDispatched", "dispatch", run=8, mode="verify"),
    said("QualityGateEvaluated", "judge", mode="implement", verdict="pass", reason="all rules hold"),
    said("CheckRunObserved", "judge", name="ci", conclusion="failure", sha="c" * 40),
    said("CheckRunObserved", "judge", name="ci", conclusion="success", sha="c" * 40),
    said("QualityGateEvaluated", "judge", mode="verify", verdict="fail", reason="a test broke"),
)
BACK = (
    e.RollbackInitiated(reason="a test broke", step="judge"),
    e.CompensationStarted(step="await-run", action="full-system-rollback", attempt=1),
    e.CompensationWaiting(step="await-run", note="a maintainer to merge #5"),
    e.CompensationCompleted(
        step="await-run", result={"revert_pr": 5, "merged_by": "eve", "note": "#5 was merged by eve"}
    ),
    e.CompensationStarted(step="dispatch", action="undo", attempt=1),
    e.CompensationCompleted(step="dispatch", result={}),
    e.WorkflowCompensated(reason="a test broke"),
)
WRITES = (
    Effect(
        key="b/dispatch", kind="dispatch", instance="wf-7f3a", step="dispatch", digest="d", state="observed",
        intended_at="", result={"ref": "main", "run": 7},
    ),
    Effect(
        key="c/open-pull", kind="open-pull", instance="wf-7f3a", step="await-run", digest="d", state="intended",
        intended_at="",
    ),
)  # fmt: skip


def report(tale: Any, *bodies: e.Body, effects: Any = WRITES) -> ImplementationReport:
    return generate_implementation_report(tale.events(*bodies), tale.definition, effects)


def test_every_figure_follows_from_the_events(tale: Any) -> None:
    told = report(tale, *TOLD, *BACK)
    assert (told.state, told.reason, told.events, told.retries) == ("compensated", "a test broke", 26, 1)
    assert (told.started_at, told.seconds) == ("2026-11-22T10:00:00.000000Z", 25 * 90)
    assert told.ended_at == "2026-11-22T10:37:30.000000Z"
    assert (told.estimated, told.ran, told.waited) == ((2, 4), 270, 90)
    assert [(r.run, r.mode, r.conclusion, r.seconds) for r in told.runs] == [
        (7, "implement", "success", 270),
        (8, "verify", None, None),
    ]
    assert [(g.mode, g.verdict) for g in told.gates] == [("implement", "pass"), ("verify", "fail")]
    assert [(c.name, c.conclusion) for c in told.checks] == [("ci", "success")]
    phases = {p.name: (p.state, p.done, p.total, p.seconds) for p in told.phases}
    assert phases["approval"] == ("active", 1, 2, 270)
    assert phases["code-generation"] == ("taken-back", 2, 2, 630)
    assert phases["integration"] == ("not-started", 0, 2, None)
    assert [(u.step, u.how, u.state, u.said, u.seconds) for u in told.undone] == [
        ("await-run", "full-system-rollback", "completed", "#5 was merged by eve", 180),
        ("dispatch", "undo", "completed", "", 90),
    ]


def test_people_are_named_with_what_they_did_and_nothing_that_only_followed(tale: Any) -> None:
    told = report(tale, *TOLD, *BACK)
    assert [(a.who, a.did, a.number) for a in told.people] == [
        ("maria", "asked", None),
        ("maria", "merged", 3),
        ("eve", "merged", 5),
    ]
    parked, resumed = e.WorkflowParked(reason="?", step=None), e.WorkflowResumed(memo={"approved": "abc"})
    stream = tale.events(parked, resumed, e.RollbackInitiated(reason="no", cancelled=True))
    stream[2:] = [msgspec.structs.replace(event, actor="@tom") for event in stream[2:]]
    acts = generate_implementation_report(stream, tale.definition, ()).people
    assert [(a.who, a.did) for a in acts] == [("maria", "asked"), ("tom", "approved"), ("tom", "cancelled")]


def test_what_is_not_over_is_reported_up_to_its_last_event(tale: Any, see: Any) -> None:
    told = report(tale, *TOLD[:9], effects=())
    assert (told.state, told.ended_at, told.ran, told.gates) == ("running", None, None, ())
    seen = see(report_markdown(told))
    assert "Not over yet" in seen.plain
    assert "2 to 4 min no run has ended" in seen.plain
    assert "No gate has been evaluated." in seen.plain
    assert "What was undone Nothing." in seen.plain
    assert "What was written to GitHub Nothing." in seen.plain
    waiting = see(report_markdown(report(tale, *TOLD, *BACK[:3])))
    assert "Being taken back, because: a test broke." in waiting.plain
    assert "waiting for a maintainer to merge #5" in waiting.plain


def test_a_reader_sees_estimate_and_actual_gates_and_how_it_was_undone(tale: Any, see: Any) -> None:
    shown = report_markdown(report(tale, *TOLD, *BACK), links=LINKS)
    seen = see(shown)
    assert "Taken back, because: a test broke." in seen.plain
    assert "Run of the workflow 2 to 4 min 4 min 30 s, more than estimated" in seen.plain
    assert (
        "From the first event to the end none: it depends on people 37 min 30 s, 1 min 30 s of it"
        in seen.plain
    )
    assert "1 attempt had to be repeated" in seen.plain
    assert "Approval Not finished 1 of 2 4 min 30 s" in seen.plain
    assert "✅ The change, before its pull request all rules hold" in seen.plain
    assert "❌ The default branch, after the merge a test broke" in seen.plain
    assert "✅ Check “ci” on cccccccccccc success" in seen.plain
    assert (
        f"| ↩️ | Await run | <code>full-system-rollback</code> | [#5]({PULL}) was merged by eve | 3 min |"
        in shown
    )
    assert "| ↩️ | Dispatch | <code>undo</code> | done | 1 min 30 s |" in shown
    assert "eve merged" in seen.plain and seen.links == [PULL, PULL]
    assert "| dispatch | Dispatch | run 7 | <code>b/dispatch</code> |" in shown
    assert "open-pull Await run not known: it was begun, and its answer was not seen" in seen.plain
    assert set(seen.tags) <= KNOWN


def test_what_could_not_be_taken_back_says_why(tale: Any, see: Any) -> None:
    failed = e.CompensationFailed(step="await-run", error="#4 is not ours alone", kind="conflict")
    told = report(
        tale, *TOLD, *BACK[:3], failed, e.WorkflowParked(reason="taking back await-run", step="await-run")
    )
    seen = see(report_markdown(told))
    assert "could not be taken back: #4 is not ours alone" in seen.plain
    assert "Stopped, needs a human: taking back await-run." in seen.plain


@pytest.mark.parametrize(
    ("estimate", "words"), [([5, 9], "less than"), ([4, 5], "as"), ([1, 2], "more than")]
)
def test_the_estimate_is_held_beside_the_run(tale: Any, see: Any, estimate: list[int], words: str) -> None:
    told = report(tale, said("ImplementationPlanned", "make-plan", estimated=estimate), *TOLD[1:])
    assert f"4 min 30 s, {words} estimated" in see(report_markdown(told)).plain


def test_the_living_comment_ends_with_its_short_form(tale: Any, see: Any) -> None:
    told = report(tale, *TOLD, *BACK)
    instance = tale.instance(*TOLD, *BACK)
    comment = see(living_comment(tale.view(instance, report=told)))
    assert "Report: estimate and actual, gates, what was undone" in comment.plain
    assert "more than estimated" in comment.plain
    assert "Await run" in comment.plain and "full-system-rollback" in comment.code
    assert "before its pull request" in comment.plain and "Check “ci”" not in comment.plain
    assert "2 writes to GitHub" in comment.plain and "cloi report wf-7f3a" in comment.code
    assert "Report:" not in see(living_comment(tale.view(instance))).plain


def test_a_report_is_read_from_a_store_with_the_definition_that_it_began_with(tale: Any) -> None:
    store = MemoryStore()
    with pytest.raises(UnknownInstance):
        report_of(store, "wf-7f3a")
    stream = tale.events(*TOLD, *BACK)
    begun = msgspec.structs.replace(stream[0].body, digest=tale.definition.digest)
    stream[0] = msgspec.structs.replace(stream[0], body=begun)
    row = Summary(
        instance="wf-7f3a",
        definition="implement-adr",
        key="",
        state="",
        open=False,
        started_at="",
        updated_at="",
    )
    store.append([Append(stream="wf-7f3a", expected=0, events=tuple(stream), summary=row)])
    with pytest.raises(StoreError, match="definition"):
        report_of(store, "wf-7f3a")
    store.put_blob(tale.definition.text.encode(), lasting=True)
    store.intend(WRITES[0])
    told = report_of(store, "wf-7f3a")
    assert told == generate_implementation_report(stream, tale.definition, WRITES[:1])
    assert json.loads(msgspec.json.encode(told))["undone"][0]["how"] == "full-system-rollback"


@CALM
@given(data=st.data())
def test_hostile_words_in_a_report_stay_words(tale: Any, see: Any, hostile: Any, data: st.DataObject) -> None:
    evil = st.shared(hostile)
    words = data.draw(evil)
    bodies = (
        said("ImplementationPlanned", "make-plan", estimated=words),
        e.StepStarted(step="dispatch", attempt=1, key="b", undoable=True),
        said("RunDispatched", "dispatch", run=words, mode=words),
        said("QualityGateEvaluated", "judge", mode=words, verdict=words, reason=words),
        said("CheckRunObserved", "judge", name=words, conclusion=words, sha=words),
        said("PullRequestMerged", "dispatch", number=words, by=words),
        e.RollbackInitiated(reason=words),
        e.CompensationStarted(step="dispatch", action=words, attempt=1),
        e.CompensationCompleted(step="dispatch", result={"note": words, "merged_by": words}),
    )
    effect = msgspec.structs.replace(
        WRITES[0], key=words, kind=words, step=words, result={"x": words, "run": words}
    )
    told = report(tale, *bodies, effects=(effect,))
    for shown in (report_markdown(told), report_short(told), in_terminal(report_markdown(told))):
        seen = see(shown)
        assert set(seen.tags) <= KNOWN
        assert seen.links == []
        assert "@maria" not in seen.words and "#12" not in seen.words


def test_a_long_report_is_cut_by_rows_and_says_how_many(tale: Any) -> None:
    told = report(tale, *TOLD, *BACK, effects=WRITES * 4_000)
    shown = report_markdown(told)
    assert size(shown) < 65_535
    assert "more lines: `cloi report --json` has all of them" in shown
    assert "#### Who acted" in shown
    assert isinstance(shown, Safe)


def test_an_act_is_one_of_those_that_have_words(tale: Any, see: Any) -> None:
    told = report(tale, *TOLD, *BACK)
    for did in ("asked", "merged", "cancelled", "rolled-back", "resumed", "approved"):
        acted = dataclasses.replace(told, people=(Act("tom", did, told.started_at),))
        assert "2026-11-22 10:00:00 UTC: tom " in see(report_markdown(acted)).plain
