"""A hostile record of 128 kB costs little in planning, comparing, writing back and showing, too.

Calls of Python functions are counted, since they are the same on every machine. What regular expressions cost is
not among them, so with CLOI_THOROUGH=1 every shape is also held against a quarter of itself, in CPU time: work
that grows with the square of the text would take sixteen times as long."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from bot.plans.configuration import Configuration
from bot.plans.difference import difference
from bot.plans.planner import plan
from bot.plans.write_back import NotKept, write_back
from bot.records.reader import read
from bot.records.text import MAX_BYTES
from bot.render.plan import plan_difference, plan_markdown
from bot.render.terminal import in_terminal
from tests.properties import THOROUGH

PATH = "docs/adr/0007-x.md"
HEAD = (
    "# 7. Keep a log\n\n## Status\n\nAccepted\n\n"
    "## Decision\n\nWe will keep a log.\n\n## Implementation plan\n\n"
)
Shape = Callable[[int], str]


def lines(form: str, head: str = HEAD) -> Shape:
    """As many of these as fit, numbered."""

    def made(size: int) -> str:
        each = itertools.takewhile(
            lambda line: line[0] < size,
            ((i * (len(form.encode()) - 1), form.replace("%", str(i))) for i in itertools.count()),
        )
        return head + "".join(line for _, line in each)

    return made


def one(words: str) -> Shape:
    """One line of them."""
    return lambda size: HEAD + words * (size // len(words.encode()))


def items(words: str, most: int = 1_900) -> Shape:
    """Items that are as long as the longest line that is looked at."""
    return lines("- Add " + words * (most // len(words)) + "\n")


def front(keys: str, form: str, most: int = 6_000) -> Shape:
    return lambda size: f"---\n{keys}\n{lines(form, '')(min(size, most))}---\n{HEAD}- Add a log.\n"


SHAPES: dict[str, Shape] = {
    "items": lines("- Add module % to the log\n"),
    "the same item": lines("- Add a module to the log\n"),
    "deep list": lambda size: HEAD + "".join(f"{'  ' * (i % 50)}- Add {i}\n" for i in range(size // 57)),
    "ever deeper list": lambda size: (
        HEAD + "".join(f"{' ' * 2 * i}- Add {i}\n" for i in range(int(size**0.5)))
    ),
    "headings": lines("### Phase %: Go\n\n- Add it %\n\n"),
    "headings that say the same": lines("## Decision\n\nWe will do it.\n\n"),
    "headings of options": lines("## " + "alternative considered options " * 60 + "\n"),
    "one table": lambda size: HEAD + "| Task | Target |\n|-|-|\n" + lines("| Add % | < % ms |\n", "")(size),
    "long cells": lambda size: (
        HEAD + "| Task | Target |\n|-|-|\n" + lines(f"| {'Add it ' * 300}| < 3 ms |\n", "")(size)
    ),
    "one long sentence": one("We must keep it, which "),
    "one line of sentences": one("We must keep it. "),
    "one line without a space": one("a"),
    "paragraphs": lines("We must add %.\n\n"),
    "one lead of many lists": lambda size: (
        HEAD + ("We will " * 200 + ":\n\n" + "- Add it\n" * 100 + "\n") * (size // 2_510)
    ),
    "one long lead": lambda size: HEAD + "We will " * 700 + ":\n\n" + lines("- Add it %\n", "")(size),
    "one item above all": lambda size: HEAD + "- We will " * 700 + "\n" + lines("  - Add it %\n", "")(size),
    "labels": lines("**Tasks:**\n\n- Add it %\n\n"),
    "nested quotes": lines("> > > We must add a log.\n"),
    "fences": lines("```mermaid\ngraph TD\nA-->B\n```\n"),
    "a fence never closed": lambda size: HEAD + "```\n" + lines("Add it %\n", "")(size),
    "mixed containers": lines("> - > - * + 1. a\n"),
    "dependencies": lines("- Depends on ADR-% and builds on ADR-1\n"),
    "a long title": lambda size: f"# ADR-7: {'Keep ' * (size // 5)}\n\n## Status\n\nAccepted\n",
    "patterns": front(
        "implementation_metadata:\n  ai_generation_context:\n    code_patterns:", "    - pattern %\n"
    ),
    "features": front("implementation_metadata:\n  feature_requirements:", "  - {name: feature %}\n"),
    "criteria": front("implementation_metadata:\n  success_criteria:", "  - p% < % ms\n"),
    "constraints": front("validation_metadata:\n  constraints:", "  - {type: import-pattern, rule: r%}\n"),
    "too many constraints": front(
        "validation_metadata:\n  constraints:", "  - {type: a, rule: r%}\n", MAX_BYTES
    ),
}
SHAPES |= {
    f"items of {words.strip()!r}": items(words)
    for words in (
        *(
            "5% < ",
            "< 5 m",
            "latency < 100 ms, ",
            "p95 < 5 ms, ",
            "not more than 5 ms ",
            "1,111,",
            "<",
            "<!-- ",
            "<a ",
            "&lt;",
        ),
        *(
            "**a** ",
            "*_",
            "**a: ",
            "ADR-001 ",
            "[a](b.md) ",
            "[a](",
            "![a](",
            "[[",
            "`a <",
            ":abc:`",
            "`a",
            "~~a",
        ),
        *(
            "`a/b.py` ",
            "a/",
            "../",
            "a" * 79 + "/",
            ", if it",
            "(",
            "((a)",
            "must be ",
            "because ",
            "\\*",
            "a\t",
        ),
        *(
            "a\u0301\u0302\u0303",
            "\u0301",
            "\u200b",
            "\U0001f642",
            ". A",
            "e.g. ",
            "a: ",
            "saga ",
            "| a ",
            "<br>",
            "[ ] ",
        ),
    )
}
USUAL = ["items of '5% <'", "items of '<!--'", "one lead of many lists", "one table", "features", "deep list"]


def through(text: str) -> None:
    """What is done with a record once it has been read, and once it was edited."""
    data = text.encode()[:MAX_BYTES]
    record = read(PATH, data)
    made = plan(record, Configuration())
    now = plan(read(PATH, data.replace(b"Add", b"Put")), Configuration())
    shown = plan_markdown(made, blob_url="https://github.com/o/r/blob/a/")
    in_terminal(shown)
    plan_difference(now, difference(made, now))
    with suppress(NotKept):
        write_back(PATH, data, made, add=True)


def calls(text: str) -> int:
    """How many Python calls that costs."""
    count = 0

    def counted(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        through(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("shape", SHAPES if THOROUGH else USUAL)
def test_a_hostile_record_is_planned_and_shown_for_little(shape: str) -> None:
    """All together: reading and planning twice, the difference, the text, and what a write-back reads."""
    size = MAX_BYTES if THOROUGH else MAX_BYTES // 32
    made = SHAPES[shape](size)
    count = calls(made)
    assert count < (1_500_000 if THOROUGH else 300_000)


@pytest.mark.skipif(not THOROUGH, reason="measured by make slow")
@pytest.mark.parametrize("shape", SHAPES if THOROUGH else USUAL[:1])
def test_four_times_the_text_costs_four_times_as_much_and_not_sixteen(shape: str) -> None:
    for _ in range(3):  # somebody else's work on the machine may make one of them slow
        small, large = _seconds(SHAPES[shape](MAX_BYTES // 4)), _seconds(SHAPES[shape](MAX_BYTES))
        if large < 8 * small + 0.1:
            return
    raise AssertionError(f"{small:.3f} s became {large:.3f} s")


def _seconds(text: str) -> float:
    begun = time.process_time()
    through(text)
    return time.process_time() - begun
