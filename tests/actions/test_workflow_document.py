"""Reading a workflow file that anybody may have written: what cannot be read is refused, and breaks nothing."""

from __future__ import annotations

import pytest

from bot.actions.document import Unreadable, read_workflow


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"a: " + b"[" * 300_000, "nested more than 100 deep"),  # libyaml would run out of stack: a crash
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "aliases"),
        (b"on: push\non: pull_request\n", "given twice"),
        (b"- a\n", "a workflow is a mapping"),
        (b"a: [", "not YAML"),
        (b"a: \xff", "not YAML"),
    ],
)
def test_what_is_no_workflow_is_refused_with_a_word(text: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_workflow(text)


def test_what_is_one_is_read_as_text() -> None:
    assert read_workflow(b"on: {push: {}}\njobs: {a: {steps: [{run: 'true'}]}}\n").data["on"] == {"push": {}}
