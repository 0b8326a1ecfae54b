"""Where the requirements of an implementation can be read: in its branch and its commit."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.gates.patch import FileChange, Hunk, Kind, Line, Patch
from bot.result import Result, Verdict
from bot.steps.implementation_pull import OpenImplementationPull, ids_in_branch, implements


@pytest.mark.parametrize(
    ("ids", "name"),
    [
        (["ADR-012/R1", "ADR-012/R3"], "implementation-adr-012-r1-r3"),
        ([f"0003/R{n}" for n in range(1, 40)], "implementation-0003-r1-to-r39"),
        (["A..b.lock/R2"], "implementation-a-b-lock-r2"),
        (["x" * 64 + "/R1"], "implementation-" + "x" * 40 + "-r1"),
        (["---/R1"], "implementation-r1"),
        ([], "implementation"),
    ],
)
def test_the_branch_names_them(ids: list[str], name: str) -> None:
    assert ids_in_branch(ids) == name


def test_the_commit_names_what_something_speaks_for_and_calls_a_claim_a_claim() -> None:
    answers = (Verdict.PASS, Verdict.WARN, Verdict.UNKNOWN, Verdict.FAIL, Verdict.SKIP)
    children = tuple(Result(f"a/R{n}", verdict, "") for n, verdict in enumerate(answers, 1))
    assert implements(Result("trace", Verdict.FAIL, "", (), children)) == [
        "Implements: a/R1",
        "Implements: a/R2",
        "Implements: a/R3 (claimed)",
    ]


async def test_what_was_judged_before_there_was_a_table_gets_one_without_the_runs_words() -> None:
    asked = [{"id": f"a/R{n}", "kind": "work-item", "text": "t"} for n in (1, 2)]
    store = SimpleNamespace(get_blob=lambda digest: json.dumps({"adrRequirements": asked}).encode())
    ctx = cast("Any", SimpleNamespace(inputs={"plan": "digest"}, store=store, instance="i", step="s"))
    hunk = Hunk(0, 0, 1, 1, (Line("+", b"# a/R1\n"),))
    patch = Patch((FileChange("x.py", Kind.ADD, None, "0" * 40, "100644", (hunk,)),), 1, "")
    step = OpenImplementationPull(cast("Any", None))
    found = await step._traced(ctx, patch, {"x.py": b"# a/R1\n"})
    assert [r.verdict for r in found.children] == [Verdict.WARN, Verdict.FAIL]
