"""Where the requirements of an implementation can be read: in its branch and its commit."""

from __future__ import annotations

import pytest

from bot.result import Result, Verdict
from bot.steps.implementation_pull import ids_in_branch, implements


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
