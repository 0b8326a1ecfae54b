"""Records that look accepted to a careless reader: the word stands there, and it states nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records.hidden import without_hidden
from bot.records.reader import read, read_all
from bot.records.record import Status

PERMITS = {Status.ACCEPTED, Status.IMPLEMENTED}
MD, RST, ADOC, MDX = (
    "docs/adr/0001-x.md",
    "docs/adr/0001-x.rst",
    "docs/adr/0001-x.adoc",
    "docs/adr/0001-x.mdx",
)
TRICKS: dict[str, tuple[str, str]] = {
    "code": (MD, "# 1. X\n\n```\nStatus: Accepted\n```\n\n~~~\n## Status\n\nAccepted\n~~~\n"),
    "code never closed": (MD, "# X\n\n```\n\n## Status\n\nAccepted\n"),
    "code in code": (MD, "# X\n\n````\n```\n## Status\n\nAccepted\n```\n````\n"),
    "code in a line": (MD, "# X\n\n`Status: Accepted`\n\ntext\n"),
    "quote": (MD, "# 1. X\n\n> ## Status\n>\n> Accepted\n\n## Context\n"),
    "comment never closed": (MD, "# 1. X\n\n## Status\n\n<!-- \nAccepted\n"),
    "hidden element": (MD, "# 1. X\n\n<div hidden>\n\n## Status\n\nAccepted\n\n</div>\n\n## Context\n"),
    "hidden table": (MD, "# 1. X\n\n<table hidden><tr><td>Status</td><td>Accepted</td></tr></table>\n"),
    "not displayed": (MD, "# 1. X\n\n<p style='display:none'>\nStatus: Accepted\n</p>\n"),
    "pre": (MD, "# X\n\n<pre>\nStatus: Accepted\n</pre>\n"),
    "pre over blocks": (MD, "# X\n\n<pre>\n\n## Status\n\nAccepted\n\n</pre>\n"),
    "template element": (MD, "# X\n\n<template>\nStatus: Accepted\n</template>\n"),
    "script": (MD, "# X\n\n<script>\nStatus: Accepted\n</script>\n"),
    "cdata": (MD, "# X\n\n<![CDATA[\nStatus: Accepted\n]]>\n"),
    "instruction": (MD, "# X\n\n<?php\nStatus: Accepted\n?>\n"),
    "comment of jekyll": (MD, "# X\n\n{% comment %}\nStatus: Accepted\n{% endcomment %}\n\ntext\n"),
    "comment of mdx": (MDX, "# X\n\n{/*\nStatus: Accepted\n*/}\n\ntext\n"),
    "closed by another": (MD, "# X\n\n<s>\n\n</span>\n\n## Status\n\nAccepted\n\n</s>\n"),
    "many on a line": (MD, "# X\n\n" + "<s>a</s>" * 30 + "\n\n<del>\n\n## Status\n\nAccepted\n\n</del>\n"),
    "struck field": (MD, "# 1. X\n\n~~**Status:** Accepted~~\n\nText\n"),
    "struck heading": (MD, "# 1. X\n\n## ~~Status: Accepted~~\n\nText\n"),
    "struck at length": (MD, f"# 1. X\n\n## Status\n\n~~Accepted {'x' * 300}~~ Rejected\n"),
    "struck over lines": (MD, "# 1. X\n\n## Status\n\n~~Accepted\nby all~~\n"),
    "struck cell": (MD, "# 1. X\n\n<table><tr><td>Status</td><td><del>Accepted</del></td></tr></table>\n"),
    "struck over blocks": (MD, "# 1. X\n\n<del>\n\n## Status\n\nAccepted\n\n</del>\n"),
    "two lines": (MD, "# 1. X\n\nStatus: Accepted\nStatus: Rejected\n\n## Context\n"),
    "two sections": (MD, "# 1. X\n\n## Status\n\nAccepted\n\n## Status\n\nProposed\n"),
    "two keys": (MD, "---\nstatus: accepted\nStatus: proposed\n---\n# X\n"),
    "two languages": (MD, "# 1. X\n\nEstado: aceptada\n\nStatus: draft\n\n## Kontext\n"),
    "two scripts": (MD, "# 1. X\n\nSt\u0430tus: Draft\n\nStatus: Accepted\n\ntext\n"),
    "text does not know": (
        MD,
        "---\nstatus: accepted\n---\n# X\n\nStatus: waiting for board\n\n## Context\n",
    ),
    "front matter does not know": (MD, "---\nstatus: waiting for board\n---\n# X\n\nStatus: Accepted\n"),
    "a draft all the same": (MD, "---\nstatus: accepted\ndraft: true\n---\n# X\n"),
    "nested": (MD, "---\nstatus:\n  accepted:\n    by: nobody\n---\n# X\n"),
    "a tag": (MD, "---\nstatus: !!null accepted\n---\n# X\n"),
    "a tag of somebody": (MD, "---\nstatus: !foo accepted\n---\n# X\n"),
    "code of yaml": (MD, "---\nstatus: !!python/object/apply:os.system ['accepted']\n---\n# X\n"),
    "stage and status": (MD, "---\nstage: accepted\nSTATUS: draft\n---\n# X\n"),
    "a row of another": (MD, "# X\n\n| ADR | Status |\n|---|---|\n| 0007 | Accepted |\n\ntext\n"),
    "a table that says no": (
        MD,
        "# 1. X\n\n## Status\n\n| State | Reached |\n|---|---|\n| Accepted | no |\n",
    ),
    "another in the file": (MD, "# 1. X\n\n## Context\n\n# 2. Y\n\n## Status\n\nAccepted\n"),
    "withdrawn below": (MD, "# 1. X\n\n## Status\n\nAccepted\n\nThis was withdrawn on 2024-01-01.\n"),
    "revoked below": (MD, "# 1. X\n\n## Status\n\nAccepted\n\nRevoked 2024.\n"),
    "on hold below": (MD, "# 1. X\n\n## Status\n\nAccepted\n\nOn hold since May.\n"),
    "not valid below": (MD, "# 1. X\n\n## Status\n\nAccepted\n\nNo longer valid.\n"),
    "proposed below": (MD, "# 1. X\n\n## Status\n\nAccepted\n\nProposed\n"),
    "a sentence": (MD, "# X\n\nStatus: accepted is what we want.\n"),
    "two in rst": (RST, "Title\n=====\n\n:Status: Accepted\n:Status: Rejected\n\ntext\n"),
    "literal in rst": (RST, "Title\n=====\n\n::\n\n  :Status: Accepted\n\n.. code::\n\n  Status: Accepted\n"),
    "quote in asciidoc": (ADOC, "= X\n\n____\nStatus: Accepted\n____\n"),
    "unset in asciidoc": (ADOC, "= X\n:status: accepted\n:!status:\n\nText\n"),
    "set anew in asciidoc": (ADOC, "= X\n:status: accepted\n:status: draft\n\nText\n"),
    "condition in asciidoc": (ADOC, "= X\nifdef::never[]\n:status: accepted\nendif::[]\n\nText\n"),
    "literal in asciidoc": (ADOC, "= X\n\n Status: Accepted\n\n[source]\nStatus: Accepted\n\nText\n"),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_the_word_alone_accepts_nothing(trick: str) -> None:
    path, text = TRICKS[trick]
    found = [read(path, text.encode()), *read_all(path, text.encode())]
    if trick == "another in the file":
        found = found[:1]
    assert not PERMITS & {record.status for record in found}


def test_a_file_beside_the_log_accepts_no_records() -> None:
    beside = {"kep.yaml": b"status: implementable\n"}
    assert read(MD, b"# 1. X\n\ntext\n", siblings=beside).status is None
    assert read("keps/12-x/README.md", b"# X\n", siblings=beside).status is Status.ACCEPTED


def test_what_is_plain_stays_plain() -> None:
    for text in (
        "# 1. X\n\nUse `<pre>` and <del>not</del> ~~this~~.\n\n## Status\n\nAccepted\n",
        "# 1. X\n\n## Status\n\n~~Proposed~~\n\nAccepted\n",
        "# 1. X\n\n## Status\n\nProposed -> Accepted\n\nSupersedes ADR-3.\n",
        "# 1. X\n\n<details>\n<summary>Metadata</summary>\n\nStatus: Accepted\n\n</details>\n",
        "# X\n\n| ADR | Status |\n|---|---|\n| 0001 | Accepted |\n\ntext\n",
        "# Status\n\nAccepted\n\n# Context\n\nText\n",
    ):
        assert read(MD, text.encode()).status is Status.ACCEPTED, text


@pytest.mark.parametrize(
    "unit", ["<s>a</s>", "<pre></pre>", "<a hidden>x</a>", "<del></del>", "<?a?>", "{/*a*/}"]
)
def test_ten_thousand_hidden_parts_cost_little(unit: str) -> None:
    start = time.process_time()
    read(MD, ("# 1. X\n\n" + unit * (128_000 // len(unit))).encode())
    assert time.process_time() - start < 1


@given(st.text(st.sampled_from(list("<>/s prea\n{*}%-!~[]?hidden=")), max_size=300))
def test_whatever_is_hidden_the_lines_stay(text: str) -> None:
    lines = text.split("\n")
    assert len(without_hidden(lines)) == len(lines)
