"""What a runner may leave as its claim: whatever it is, the answer is "unreadable" and no step breaks."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.plans.configuration import Configuration
from bot.plans.planner import plan
from bot.records.log import RecordLog
from bot.render.pulls import workflow_pull
from bot.steps import judging
from bot.steps.workflow_pull import commit_message

CLAIMS = {
    "nested": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "not utf-8": b'{"a": "\xff"}',
    "a list": b"[]",
    "a number of ten thousand digits": b'{"a": ' + b"9" * 10_000 + b"}",
    "half a surrogate": rb'{"a": "\ud800"}',
    "two megabytes": b'{"a": "' + b"x" * 2_000_000 + b'"}',
    "nothing": b"",
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=list(CLAIMS))
def test_a_hostile_result_is_unreadable(claim: bytes) -> None:
    assert judging._json(claim) is None
    assert judging._json(b'{"schema": "x"}') == {"schema": "x"}


@pytest.mark.parametrize("name", ["0001-a\n\nCo-authored-by: Evil <e@evil.test>.md", "0001 closes #1.md"])
def test_a_record_adds_nothing_to_the_commits_that_are_made_of_it(name: str) -> None:
    path = f"docs/adr/{name}"
    text = b"# ADR-0001: Closes #1 [skip ci] @maria\n\nStatus: Accepted\n\n## Decision\n\n- It MUST work.\n"
    log = RecordLog({path: text})
    record = log.by_path(path)
    assert record is not None
    made = plan(record, Configuration(), log=log, paths_in_repository=frozenset({path}), merged=True)
    title = workflow_pull(
        made,
        approval="0" * 64,
        generator="1",
        workflow_path="w.yml",
        plan_path="p.json",
        jobs=(),
        instance="i",
        requester="tom",
    ).title
    message = commit_message(made, title, cast("Any", SimpleNamespace(instance="implement-adr/a/b/0001")))
    lines = message.splitlines()
    assert [line.partition(":")[0] for line in lines[2:]] == [
        "Decision-Record",
        "Plan-Digest",
        "Cloi-Instance",
    ]
    assert not any(sign in message for sign in ("#1", "[skip ci]", "@maria"))
