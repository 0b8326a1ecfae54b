"""Bytes from anybody: an answer, never an exception, and never much work."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.records.checks import check
from bot.records.graph import graph_of, to_mermaid
from bot.records.jsonview import as_json
from bot.records.kinds import is_record
from bot.records.log import RecordLog
from bot.records.reader import read, read_all
from bot.records.record import Status
from bot.records.text import MAX_BYTES
from tests.properties import examples

PATHS = st.sampled_from(
    [
        "docs/adr/0001-x.md",
        "adr/0002-y.rst",
        "adr/ADR-3.adoc",
        "pep-0008.rst",
        "rfd/0001/README.adoc",
        "x",
        "",
    ]
)
_PIECES = """---|+++|status: accepted|# ADR-1: T|## Status|Accepted|Superseded by [x](0002-y.md)|**Status:**|> |```
~~~|<!--|-->|- [x] Accepted|Date: 10/02/2020|===|:Status: Accepted|= T|[a]: 0001-x.md|[a][a]|&a [*a]|{a: b}|$
<tr><td>Status<td>x|🙂|承認|Depends on ADR-2|## ADR-2: U|- Supersedes: ADR-7 (only a part)|ADRs 1, 2 and 3"""
_GLUE = ["\n", "\n\n", "\t", "\x00", "\ufeff", "\r", "\u2028", "|", "|a|b|\n|-|-|\n|Status|Draft|\n", "    "]
PIECES = st.sampled_from(_PIECES.replace("\n", "|").split("|")) | st.sampled_from(_GLUE)
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join)


@given(PATHS, st.binary(max_size=400) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=examples(300))
def test_any_bytes_give_a_record(path: str, data: bytes) -> None:
    record = read(path, data)
    for one in [record, *read_all(path, data)]:
        as_json(one)
        count = record.text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
        for relation in one.relations:
            assert relation.target and 1 <= relation.place.line <= count
        for section in one.sections:
            assert 1 <= section.place.line <= section.place.end_line <= count
    is_record(path, data)


@given(st.lists(TEXTS, min_size=1, max_size=4))
@settings(max_examples=examples(60))
def test_any_log_can_be_checked_and_drawn(texts: list[str]) -> None:
    log = RecordLog({f"docs/adr/000{n}-x.md": t.encode("utf-8", "replace") for n, t in enumerate(texts)})
    for record in log:
        check(record, log, changed={record.path}, base=log)
    to_mermaid(graph_of(log))


@given(TEXTS)
@settings(max_examples=examples(200))
def test_accepted_is_never_read_where_no_such_word_stands(text: str) -> None:
    if "ccepted" not in text and "承認" not in text:
        assert read("docs/adr/0001-x.md", text.encode("utf-8", "replace")).status is not Status.ACCEPTED


N = MAX_BYTES
SHAPES = {
    "short lines": "a\n" * (N // 2),
    "quotes": ">" * N,
    "quote lines": (">" * 200 + "\n") * (N // 201),
    "nested list": "".join("  " * (i % 60) + "- a\n" for i in range(2_000)),
    "one deep list": "- " * (N // 2),
    "mixed containers": "> - > - * + 1. a\n" * (N // 18),
    "backticks": "`" * N,
    "brackets": "[" * N,
    "links": "[a](0001-b.md) " * (N // 15),
    "supersedes": "- Supersedes [a](0001-b.md), [x](0002-c.md)\n" * (N // 44),
    "ids": "ADR-001 " * (N // 8),
    "numbers": "ADRs 1" + ", 1" * (N // 3),
    "verbs": "this supersedes ADR-1 " * (N // 22),
    "long table": "|a|b|\n|-|-|\n" + "|1|2|\n" * (N // 6),
    "wide table": "|a" * 3_000 + "|\n" + "|-" * 3_000 + "|\n" + ("|b" * 30 + "|\n") * 1_500,
    "pipes": "|" * N,
    "definitions": "".join(f"[a{i}]: b\n" for i in range(12_000)),
    "headings": "# a\n" * (N // 4),
    "status sections": "## Status\n\naccepted\n\n" * (N // 22),
    "fields": "Status: accepted\n" * (N // 17),
    "one long value": "Status: " + "accepted " * (N // 9),
    "pieces": "Status: a" + " | b" * (N // 4),
    "rules": "---\n" * (N // 4),
    "many records": "".join(f"## ADR-{i}: T\n\nStatus: accepted\n\n" for i in range(3_500)),
    "unclosed comments": "<!--" * (N // 4),
    "tags": "<tr><td" * (N // 7),
    "yaml bomb": "---\na: &a [x,x]\n" + "".join(f"b{i}: &b{i} [*a,*a]\n" for i in range(300)) + "---\n# x",
    "yaml depth": "---\na: " + "[" * 60_000 + "\n---\n",
    "yaml width": "---\na: {" + "a: b, " * 20_000 + "}\n---\n",
    "toml depth": "+++\na." + "a." * 30_000 + "=1\n+++\n",
    "blank": " \n" * (N // 2),
    "returns": "\r" * N,
    "emoji": "🙂" * (N // 4),
    "superseded by": "Superseded by ADR-2\n" * 5_000,
    "superseded paragraphs": "Superseded by ADR-2\n\n" * 5_000,
    "some parts of": "This supersedes some parts of ADR-2, " * (N // 37),
    "see the successor": "# 1. X\n\nStatus: " + "superseded (see ADR-2) " * 5_500,
    "open brackets": "(superseded by " * (N // 15),
    "paths": "Supersedes: " + "../" * (N // 3),
    "slugs": "Supersedes: " + "a-b.md " * (N // 7),
    "addresses": "https://github.com/a/b/blob/main/0002-x.md " * (N // 44),
    "this word": "this ABCDE " * (N // 11),
    "banners": "> superseded\n\n" * (N // 14),
    "titles with notes": "# " + "superseded (" * (N // 12),
    "front matter keys": "---\n" + "".join(f"k{i}: v\n" for i in range(590)) + "---\n# x",
    "front matter of names": "---\nsupersedes: [" + "ADR-1, " * 4_000 + "]\n---\n# x",
    "definitions that are used": "[a]: 0002-b.md\n\n" + "[a] " * (N // 4),
    "alternating": "a\n\n  - b\n\n" * (N // 10),
    "related records": "".join(f"# ADR-{i}: T\n\nSupersedes ADR-{i - 1}\n\n" for i in range(3_500)),
    "ordered": "".join(f"{i}. a\n" for i in range(16_000)),
    "fences": "```\n" * (N // 4),
}


def work(path: str, data: bytes) -> int:
    """How many Python calls reading and checking cost: the same on every machine, unlike seconds."""
    calls = 0

    def count(frame: object, event: str, arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        log = RecordLog({path: data})
        for record in log:
            check(record, log, changed={record.path})
        to_mermaid(graph_of(log))
    finally:
        sys.setprofile(None)
    return calls


LINE_BASED = [
    "short lines",
    "supersedes",
    "verbs",
    "ids",
    "fields",
    "status sections",
    "many records",
    "rules",
    "yaml bomb",
]
CASES = [(shape, "md") for shape in SHAPES] + [
    (shape, ext) for shape in LINE_BASED for ext in ("rst", "adoc")
]


@pytest.mark.parametrize(("shape", "extension"), CASES)
def test_a_hostile_file_costs_little(shape: str, extension: str) -> None:
    """A record of 10 kB costs 10,000 calls and 4 ms; 400,000 calls stay below 250 ms."""
    assert work(f"docs/adr/0001-x.{extension}", SHAPES[shape].encode()[:N]) < 400_000


def test_what_was_cut_is_said() -> None:
    record = read("docs/adr/0001-x.md", b"# 1. X\n\nStatus: accepted\n\n" + b"text\n" * 60_000)
    assert {f.rule for f in record.findings} == {"too-large", "too-long"}
    assert record.status is Status.ACCEPTED


def test_aliases_depth_and_tags_of_yaml_are_refused_or_plain() -> None:
    bomb = read("a/0001-x.md", b"---\na: &a [1]\nstatus: accepted\nb: *a\n---\n# X\n")
    assert bomb.status is None and [f.rule for f in bomb.findings] == ["front-matter-broken"]
    deep = read("a/0001-x.md", b"---\na: " + b"[" * 40 + b"]" * 40 + b"\n---\n# X\n")
    assert [f.rule for f in deep.findings] == ["front-matter-broken"]
    tag = read("a/0001-x.md", b"---\nstatus: !!python/object/apply:os.system [ls]\n---\n# X\n")
    assert tag.status is Status.UNKNOWN and "not read" in str(tag.metadata["status"])
