"""What a terminal shows: events as a table, the demo's story, times, and nothing that drives the terminal."""

import io
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine import events as e
from bot.render.events import json_lines, table
from bot.render.plain import clause, clip, columns, one_line, words
from bot.render.story import Story, wants_colour
from bot.render.times import duration, to_the_second, took, utc
from tests.properties import examples

CALM = settings(deadline=None, max_examples=examples(50))


def test_events_are_a_table_with_what_is_worth_knowing(tale: Any) -> None:
    shown = table(
        tale.events(
            *tale.done("read-record", note="accepted"),
            tale.began("judge"),
            e.StepEmitted(
                name="QualityGateEvaluated",
                step="judge",
                data={"result": {"verdict": "fail"}, "passed": False},
            ),
            e.StepFailed(step="judge", error="one test\nis gone", kind="gate"),
            e.RollbackInitiated(reason="the gate failed", step="judge"),
        )
    ).splitlines()
    assert shown[0].split() == ["#", "time", "(UTC)", "event", "step", "actor", "detail"]
    assert len(shown) == 8
    assert shown[1].split()[:4] == ["1", "2026-11-22", "10:00:00", "WorkflowStarted"]
    assert "@maria" in shown[1]
    assert shown[3].endswith("accepted")
    assert shown[5].endswith("result=fail passed=false")
    assert shown[6].endswith("gate: one test is gone")
    assert shown[7].endswith("the gate failed")
    at = shown[0].index("actor")
    assert {line[at - 1] for line in shown} == {" "}


def test_json_lines_hold_every_field(tale: Any) -> None:
    lines = [json.loads(line) for line in json_lines(tale.events(tale.began("judge")))]
    assert [line["version"] for line in lines] == [1, 2]
    assert lines[1]["body"] == {"type": "StepStarted", "step": "judge", "attempt": 1, "key": "k"}


@CALM
@given(data=st.data())
def test_every_event_has_a_row_and_none_drives_the_terminal(
    tale: Any, hostile: Any, data: st.DataObject
) -> None:
    s = data.draw(hostile)
    at = "2026-11-22T10:00:00.000000Z"
    bodies: list[e.Body] = [
        e.StepWaiting(step=s, note=s, deadline=at),
        e.StepCompleted(step=s, result={"a": s, "b": [1]}),
        e.StepSkipped(step=s, reason=s),
        e.StepRetryScheduled(step=s, attempt=2, at=at, error=s, kind=s),
        e.StepEmitted(name=s, step=s, data={s: s}),
        e.PhaseCompleted(phase=s),
        e.CompensationStarted(step=s, action=s, attempt=2),
        e.CompensationWaiting(step=s, note=s),
        e.CompensationCompleted(step=s, result={"note": s}),
        e.CompensationFailed(step=s, error=s, kind=s, retry_at=at),
        e.WorkflowCompleted(),
        e.WorkflowParked(reason=s),
        e.WorkflowResumed(step=s),
    ]
    shown = table(tale.events(*bodies))
    assert len(shown.split("\n")) == len(bodies) + 2
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in shown if c not in "\n\u200c\u200d")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_story_is_numbered_and_says_who_did_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = io.StringIO()
    story = Story(out)
    story.title("happy")
    story.step("done", "maria", "asked for\x1b[2J ADR-003", "http://127.0.0.1/issues/7")
    story.step("wait", "cloi", "waits for a review")
    story.note("nothing runs yet")
    story.end(True, "completed")
    assert out.getvalue() == (
        "\nhappy\n\n"
        "  1 ✓ maria    asked for[2J ADR-003\n"
        "               http://127.0.0.1/issues/7\n"
        "  2 … cloi     waits for a review\n"
        "    nothing runs yet\n"
        "\n✓ completed\n"
    )


@pytest.mark.parametrize(
    ("out", "environment", "colour"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    out: io.StringIO, environment: dict[str, str], colour: bool
) -> None:
    assert wants_colour(out, environment) is colour


def test_colour_changes_no_word() -> None:
    plain, painted = io.StringIO(), io.StringIO()
    for out, colour in ((plain, False), (painted, True)):
        Story(out, colour=colour).step("fail", "cloi", "the gate failed")
    assert "\033[31m✗\033[0m" in painted.getvalue()
    stripped = painted.getvalue().replace("\033[31m", "").replace("\033[36m", "").replace("\033[0m", "")
    assert stripped == plain.getvalue()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 s"),
        (0, "0 s"),
        (0.41, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3599.7, "1 h"),
        (3900, "1 h 5 min"),
        (183_700, "2 d 3 h"),
    ],
)
def test_durations_are_said_in_two_units(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_times_are_utc_and_absolute() -> None:
    assert utc("2026-11-22T10:05:11.123456Z") == "2026-11-22 10:05 UTC"
    assert to_the_second("2026-11-22T10:05:11.123456Z") == "2026-11-22 10:05:11"
    assert took("2026-11-22T10:05:11.000000Z", "2026-11-22T10:05:23.000000Z") == "12 s"


def test_plain_text_is_one_visible_line() -> None:
    assert one_line(" a\n\tb\u2028c\x1b[31m\u202ed\u200b ") == "a b c[31md"
    assert clip("abcdef", 4) == "abc…"
    assert clause("It failed. ") == "It failed"
    assert columns("é🆕a\u0301") == 4
    assert words("open-workflow_pr") == "Open workflow PR"
