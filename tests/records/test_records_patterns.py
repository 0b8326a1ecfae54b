"""No regular expression that reads records, plans or proposals takes long over any text that repeats itself."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from types import ModuleType

import pytest

import bot.agents
import bot.plans
import bot.records
from bot.plans.configuration import Configuration
from bot.plans.planner import plan
from bot.records.log import RecordLog
from bot.records.reader import read

UNITS = (
    "( ", "--> ", " ", "a ", "(", "[", "[a](", "a-", "1 ", "1.", "1/", "1./", "2020-", "2020-01-01 ", "`a", "*a",
    "_", "~~", "<a ", "<del>", "must ", "not ", "- ", "\t", "\n", " \n", "|", "{", "if ", "a, ", "< 1 ", "ADR-1 ",
    "http://", "“", "note: ", "now ", "this ", "is ", "by ", "on 1 ", "(a", "#", "&", "x",
)  # fmt: skip
SIZE = 1_200


def _patterns(module: ModuleType) -> Iterator[tuple[str, re.Pattern[str]]]:
    for name, value in vars(module).items():
        several = (
            value
            if isinstance(value, (tuple, list))
            else value.values()
            if isinstance(value, dict)
            else [value]
        )
        for one in several:
            if isinstance(one, re.Pattern) and isinstance(one.pattern, str):
                yield name, one


MODULES = [
    m.name
    for p in (bot.records, bot.plans, bot.agents)
    for m in pkgutil.walk_packages(p.__path__, f"{p.__name__}.")
]


def test_every_pattern_is_done_soon() -> None:
    slow = []
    seen: set[re.Pattern[str]] = set()
    for module in MODULES:
        for name, pattern in _patterns(importlib.import_module(module)):
            if pattern in seen:
                continue
            seen.add(pattern)
            for unit in UNITS:
                text = unit * (SIZE // len(unit))
                start = time.process_time()
                pattern.match(text)
                if time.process_time() - start > 0.25:
                    slow.append((module, name, unit))
    assert len(seen) > 150 and not slow


@pytest.mark.parametrize("unit", ["1.", "1/", "1./", "2020-", "2020-01-01 ", "note: ", "( ", "superseded "])
@pytest.mark.parametrize(
    "frame", ["> {}", "**{}**", "## Status\n\nAccepted\n\n{}", "## Decision\n\n- {}", "Status: Accepted {}"]
)
def test_a_record_of_one_word_again_and_again_is_read_and_planned_at_once(frame: str, unit: str) -> None:
    text = f"# 1. X\n\n**Status:** accepted\n\n{frame.format(unit * (6_000 // len(unit)))}\n\n## Context\n\ntext\n"
    start = time.process_time()
    record = read("docs/adr/0001-x.md", text.encode())
    plan(record, Configuration(), log=RecordLog({record.path: text.encode()}))
    assert time.process_time() - start < 1


def test_a_long_log_whose_dates_are_settled_by_one_another_is_read_in_time() -> None:
    files = {f"docs/adr/{i:04}-x.md": f"# {i}. X\n\nDate: 10/02/2020\n".encode() for i in range(1, 1_001)}
    start = time.process_time()
    log = RecordLog({**files, "docs/adr/0000-first.md": b"# 0. X\n\nDate: 25/02/2020\n"})
    assert {record.date for record in log} == {"2020-02-10", "2020-02-25"}
    assert time.process_time() - start < 3
