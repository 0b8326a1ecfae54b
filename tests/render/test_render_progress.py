"""The living comment says what happens now, who has to act, and how; and only what the events say."""

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine import events as e
from bot.insights.remaining import Remaining
from bot.language.definition import parse
from bot.render.flowchart import flowchart, label
from bot.render.markdown import GITHUB_MOST, size
from bot.render.progress import living_comment, status_line, status_markdown
from bot.render.view import Look
from bot.result import Evidence, EvidenceClass, Result, Verdict, as_json
from tests.properties import examples

CALM = settings(deadline=None, max_examples=examples(50))  # a busy machine is no failure

PR = {"label": "#12", "url": "https://github.example/maria/shop/pull/12"}
IMPL = {"label": "#13", "url": "https://github.example/maria/shop/pull/13"}


def up_to_the_workflow_pr(tale: Any) -> list[e.Body]:
    return [
        *tale.done("read-record", note="accepted"),
        *tale.done("make-plan"),
        e.PhaseCompleted(phase="plan"),
        *tale.done("open-workflow-pr", undoable=True, links=[PR]),
        tale.began("await-approval"),
    ]


def waiting(tale: Any) -> list[e.Body]:
    return [
        *up_to_the_workflow_pr(tale),
        e.StepWaiting(
            step="await-approval",
            note="a maintainer to review and merge #12",
            deadline="2026-12-06T10:00:00.000000Z",
            memo={"links": [PR]},
        ),
    ]


def test_while_it_waits_it_says_for_whom_and_until_when(tale: Any, see: Any) -> None:
    comment = living_comment(tale.view(tale.instance(*waiting(tale))))
    assert comment.startswith("### Implementing ADR-003: Keep orders in a bounded queue\n")
    seen = see(comment)
    assert "Waiting for a maintainer to review and merge" in seen.plain
    assert "If that has not happened by 2026-12-06 10:00 UTC, this ends" in seen.plain
    assert "▰▱▱▱▱ 1 of 5 phases" in seen.plain
    assert PR["url"] in seen.links
    assert "/cloi help" in seen.code
    assert "ago" not in seen.plain.split()


def test_steps_stand_under_their_phases_and_the_bots_own_are_folded(tale: Any) -> None:
    view = tale.view(tale.instance(*waiting(tale)))
    assert [(p.name, p.look) for p in view.phases][:3] == [
        ("plan", Look.DONE),
        ("approval", Look.WAITING),
        ("code-generation", Look.TODO),
    ]
    assert [s.took for s in view.phases[0].steps] == ["1 min 30 s", "1 min 30 s"]
    assert [s.name for s in view.internal] == ["keep-comment"]
    comment = living_comment(view)
    assert "| ✅ | &emsp;Open workflow PR | Done | [#12](" in comment
    assert "<summary>What the bot does for itself</summary>" in comment


@pytest.mark.parametrize("note", ["Waiting for the run to finish.", "the run to finish"])
def test_a_note_is_said_once(note: str, tale: Any) -> None:
    instance = tale.instance(*up_to_the_workflow_pr(tale), e.StepWaiting(step="await-approval", note=note))
    assert status_line(instance) == "⏳ Waiting for the run to finish."


def test_while_it_works_or_tries_again_it_says_so(tale: Any) -> None:
    begun = up_to_the_workflow_pr(tale)
    assert status_line(tale.instance(*begun)) == "🔄 Working: Await approval."
    again = e.StepRetryScheduled(
        step="await-approval",
        attempt=2,
        at="2026-11-22T10:30:00.000000Z",
        error="GitHub answered 502",
        kind="x",
    )
    comment = living_comment(tale.view(tale.instance(*begun, again)))
    assert (
        "“Await approval” did not work and is tried again at 2026-11-22 10:30 UTC: GitHub answered 502."
        in comment
    )
    assert status_line(tale.instance()) == "🔄 Starting."


def test_a_moment_that_has_passed_is_no_promise(tale: Any) -> None:
    instance = tale.instance(*waiting(tale))
    later = tale.view(instance, now=e.moment("2026-12-06T10:00:00.000000Z") + timedelta(seconds=1))
    assert "2026-12-06" not in living_comment(later)


def test_when_it_will_be_over_is_said_where_history_knows(tale: Any) -> None:
    instance = tale.instance(*waiting(tale))
    left = Remaining(low=60, median=600, high=3600, phases={}, of=9)
    said = living_comment(tale.view(instance, left=left))
    assert "If nothing fails and everybody takes as long as usual, this is over between 2026-11-22 " in said
    assert "as long as usual" not in living_comment(tale.view(instance))


def test_an_unchanged_state_gives_unchanged_bytes(tale: Any) -> None:
    instance = tale.instance(*waiting(tale))
    early, late = (e.moment(f"2026-11-2{day}T12:00:00.000000Z") for day in (3, 9))
    assert living_comment(tale.view(instance, now=early)) == living_comment(tale.view(instance, now=late))


GATE = Result(
    "gate",
    Verdict.FAIL,
    "One rule does not hold",
    (),
    (Result("gate/paths", Verdict.FAIL, "one file", (Evidence(EvidenceClass.COMPUTED, "a.py"),)),),
)


def parked(tale: Any, result: object) -> list[e.Body]:
    return [
        *up_to_the_workflow_pr(tale),
        e.StepEmitted(name="QualityGateEvaluated", step="judge", data={"result": result}),
        e.StepFailed(step="await-approval", error="the gate failed", kind="gate", park=True),
        e.WorkflowParked(reason="the gate failed", step="await-approval"),
    ]


def test_when_it_stops_it_says_why_who_and_how(tale: Any, see: Any) -> None:
    seen = see(living_comment(tale.view(tale.instance(*parked(tale, as_json(GATE))))))
    assert "Stopped, needs a human: the gate failed." in seen.plain
    assert "Somebody with write access" in seen.plain
    assert "to try “Await approval” again" in seen.plain
    assert {"/cloi retry", "/cloi cancel"} <= set(seen.code)
    assert "❌ Quality gate: failed" in seen.plain
    assert "One rule does not hold" in seen.plain


@pytest.mark.parametrize(
    "result", [None, "pass", {}, {"name": "gate"}, {"name": "g", "verdict": "great", "reason": ""}]
)
def test_a_gate_that_cannot_be_read_is_not_passed(result: object, tale: Any) -> None:
    comment = living_comment(tale.view(tale.instance(*parked(tale, result))))
    assert "could not be read, so it does not count as passed" in comment
    assert "Quality gate: passed" not in comment


def test_done_says_what_came_of_it(tale: Any, see: Any) -> None:
    instance = tale.instance(
        *[body for name in ("read-record", "make-plan", "open-workflow-pr") for body in tale.done(name)],
        *[body for name in ("await-approval", "dispatch", "await-run", "judge") for body in tale.done(name)],
        *tale.done("open-pr", links=[IMPL]),
        *tale.done("await-merge", note="#13 was merged", links=[IMPL]),
        *tale.done("keep-comment"),
        e.WorkflowCompleted(),
    )
    seen = see(living_comment(tale.view(instance, chain_head="ab" * 32)))
    assert "Implemented ADR-003" in seen.plain
    assert "✅ Done: was merged." in seen.plain, "its number is a link"
    assert "#13" in seen.linked
    assert "5 of 5 phases" in seen.plain
    assert "ab" * 32 in seen.code
    assert status_line(instance) == "✅ Done: #13 was merged."


def going_back(tale: Any) -> list[e.Body]:
    return [
        *up_to_the_workflow_pr(tale),
        e.StepFailed(
            step="await-approval", error="#12 was closed by tom", kind="refused", before_effect=True
        ),
        e.RollbackInitiated(reason="#12 was closed by tom", step="await-approval"),
        e.CompensationStarted(step="open-workflow-pr", action="undo", attempt=1),
    ]


def test_while_it_goes_back_it_says_why_and_how_far(tale: Any, see: Any) -> None:
    wait = e.CompensationWaiting(step="open-workflow-pr", note="a maintainer to merge #14")
    seen = see(living_comment(tale.view(tale.instance(*going_back(tale), wait))))
    assert "Taking it back, because: was closed by tom." in seen.plain
    assert "Open workflow PR: waiting for a maintainer to merge #14." in seen.plain
    assert "0 of 1 step taken back" in seen.plain
    assert "Did not happen" in seen.plain
    assert "Not yet" not in seen.plain


def test_taken_back_is_not_called_done(tale: Any) -> None:
    end = (
        e.CompensationCompleted(step="open-workflow-pr", result={"note": "branch deleted"}),
        e.WorkflowCompensated(reason="#12 was closed by tom"),
    )
    comment = living_comment(tale.view(tale.instance(*going_back(tale), *end)))
    assert "Taken back, because: [#12](" in comment
    assert "1 of 1 step taken back" in comment
    assert "Taken back: branch deleted" in comment
    assert "phases" not in comment


def test_where_nothing_was_done_nothing_is_said_to_be_taken_back(tale: Any) -> None:
    reason = "the record is not accepted"
    bodies = (
        tale.began("read-record"),
        e.StepFailed(step="read-record", error=reason, kind="refused", before_effect=True),
        e.RollbackInitiated(reason=reason, step="read-record"),
    )
    ended = tale.instance(*bodies, e.WorkflowCompensated(reason=reason))
    assert status_line(ended) == "↩️ Ended, because: the record is not accepted. Nothing had to be taken back."
    cancelled = tale.instance(*bodies, e.WorkflowCancelled(reason="maria asked for it"))
    assert status_line(cancelled) == "⏹️ Cancelled: maria asked for it. Nothing had to be taken back."


def test_where_going_back_fails_only_a_retry_helps(tale: Any, see: Any) -> None:
    stuck = (
        e.CompensationFailed(step="open-workflow-pr", error="the branch is protected", kind="permission"),
        e.WorkflowParked(
            reason="taking back open-workflow-pr: the branch is protected", step="open-workflow-pr"
        ),
    )
    seen = see(living_comment(tale.view(tale.instance(*going_back(tale), *stuck))))
    assert "Could not be taken back: the branch is protected" in seen.plain
    assert "/cloi retry" in seen.code
    assert "/cloi cancel" not in seen.code


def test_a_definition_without_phases_shows_its_steps(tale: Any) -> None:
    plain = parse("workflow: {name: w, version: '1', steps: [{name: one, type: t}, {name: two, type: t}]}")
    comment = living_comment(tale.view(tale.instance(*tale.done("one")), definition=plain))
    assert "| ✅ | One | Done |" in comment
    assert "mermaid" not in comment


def test_too_much_is_left_out_with_a_word_and_the_state_stays(tale: Any) -> None:
    many = tuple(
        Result(f"gate/{i}", Verdict.FAIL, "bad " * 99, (Evidence(EvidenceClass.COMPUTED, "x"),))
        for i in range(99)
    )
    instance = tale.instance(*parked(tale, as_json(Result("gate", Verdict.FAIL, "bad", (), many))))
    assert size(living_comment(tale.view(instance))) <= GITHUB_MOST - 1_000
    short = living_comment(tale.view(instance), most=4_000)
    assert size(short) <= 4_000
    assert "Stopped, needs a human" in short
    assert "did not fit here" in short
    assert "instance `wf-7f3a`" in short


def test_links_in_lists_stay_links(tale: Any, see: Any) -> None:
    assert see(status_markdown(tale.instance(*waiting(tale)))).links == [PR["url"]]


# A strict little grammar of what we draw; GitHub's mermaid reads more, and refuses none of this.
NODE = re.compile(r'  (p\d+)\["[^"`#<>%&{};\[\]\\|~^$*:=\n]+"\]:::(\w+)')
EDGE = re.compile(r"  (p\d+) --> (p\d+)")
STYLE = re.compile(r"  classDef (\w+) fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6}")


def drawn(source: str) -> tuple[dict[str, str], set[tuple[str, str]]]:
    """Nodes with their classes, and edges. Fails on anything else."""
    head, *lines = source.split("\n")
    assert head == "flowchart LR"
    nodes: dict[str, str] = {}
    edges: set[tuple[str, str]] = set()
    styles: set[str] = set()
    for line in lines:
        if node := NODE.fullmatch(line):
            assert node[1] not in nodes
            nodes[node[1]] = node[2]
        elif edge := EDGE.fullmatch(line):
            assert {edge[1], edge[2]} <= set(nodes)
            edges.add((edge[1], edge[2]))
        else:
            style = STYLE.fullmatch(line)
            assert style, f"no mermaid of ours: {line!r}"
            styles.add(style[1])
    assert styles == set(nodes.values())
    return nodes, edges


def test_the_drawing_shows_phases_their_states_and_their_order(tale: Any) -> None:
    nodes, edges = drawn(flowchart(tale.view(tale.instance(*waiting(tale)))))
    assert list(nodes.values()) == ["done", "wait", "todo", "todo", "todo"]
    assert edges == {("p0", "p1"), ("p1", "p2"), ("p2", "p3"), ("p3", "p4")}


def test_the_drawing_leaves_out_edges_that_others_imply(tale: Any) -> None:
    fork = parse(
        "workflow: {name: w, version: '1', steps: ["
        "{name: a, type: t, phase: a}, {name: b, type: t, phase: b, depends_on: [a]},"
        "{name: c, type: t, phase: c, depends_on: [a]}, {name: d, type: t, phase: d, depends_on: [a, b, c]}]}"
    )
    _, edges = drawn(flowchart(tale.view(tale.instance(), definition=fork)))
    assert edges == {("p0", "p1"), ("p0", "p2"), ("p1", "p3"), ("p2", "p3")}


@CALM
@given(data=st.data())
def test_no_name_can_leave_its_label(hostile: Any, data: st.DataObject) -> None:
    drawn(
        f'flowchart LR\n  p0["✅ {label(data.draw(hostile))}"]:::x\n'
        "  classDef x fill:#000000,stroke:#000000,color:#000000"
    )


@CALM
@given(data=st.data())
def test_hostile_words_in_an_instance_do_nothing(
    tale: Any, see: Any, hostile: Any, data: st.DataObject
) -> None:
    s = [data.draw(hostile) for _ in range(5)]
    instance = tale.instance(
        *tale.done("read-record", note=s[0], links=[{"label": s[1], "url": s[2]}, s[3], {"label": 1}]),
        *tale.done("make-plan", note=3, links=s[0]),
        tale.began("open-workflow-pr"),
        e.StepWaiting(step="open-workflow-pr", note=s[3], memo={"links": [{"label": s[0], "url": s[4]}]}),
        e.StepFailed(step="open-workflow-pr", error=s[1], kind="gate"),
        e.WorkflowParked(reason=s[4], step="open-workflow-pr"),
    )
    comment = living_comment(
        tale.view(
            instance,
            title=s[0],
            record_path=s[1],
            record_url=s[2],
            requester=s[3],
            page_url=s[4],
            chain_head=s[2],
        )
    )
    seen = see(comment)
    known = {"h3", "p", "strong", "em", "code", "pre", "a", "blockquote", "hr", "sub", "details", "summary"}
    assert set(seen.tags) <= known | {"table", "thead", "tbody", "tr", "th", "td"}
    assert all(target.startswith(("http://", "https://")) for target in seen.links)
    assert not re.search(r"@\w|#\d|://|www\.\w", seen.words)
    assert seen.tags.count("details") == (2 if s[2] else 1)
    assert seen.tags.count("tr") == 17
    assert "\n" not in status_line(instance)
