"""A record gets another number: what means it is mended, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.records.renumber import renumber
from bot.records.reservation import Claim, contested, next_free, reserved
from tests.properties import examples

OLD, NEW = "docs/adr/0003-use-queues.md", "docs/adr/0007-use-queues.md"
TITLE = b"# 3. Use queues\n\nStatus: Accepted\n"
MENDED = b"# 7. Use queues\n\nStatus: Accepted\n"


def mended(line: str, *, where: str = "docs/adr/README.md", **more: object) -> str:
    """One line of another file after 3 became 7."""
    out = renumber({OLD: TITLE, where: line.encode()}, OLD, 7, **more)  # type: ignore[arg-type]
    content = out.get(where, line.encode())
    assert content is not None
    return content.decode()


def test_file_and_title_get_the_number_and_no_other_byte_changes() -> None:
    rest = b"\r\n3 queues, 0003 of them, \xff\xfe and 3.3\r\n"
    assert renumber({OLD: TITLE + rest}, OLD, 7) == {OLD: None, NEW: MENDED + rest}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[Queues](0003-use-queues.md)", "[Queues](0007-use-queues.md)"),
        ("[Queues](./0003-use-queues.md#status)", "[Queues](./0007-use-queues.md#status)"),
        ("* [3. Use queues](0003-use-queues.md)", "* [7. Use queues](0007-use-queues.md)"),
        ("| 0003 | [Queues](0003-use-queues.md) | 3 |", "| 0007 | [Queues](0007-use-queues.md) | 3 |"),
        ("[adr-0003]: 0003-use-queues.md 'ADR-0003'", "[adr-0007]: 0007-use-queues.md 'ADR-0007'"),
        ("[[0003-use-queues]]", "[[0007-use-queues]]"),
        ("`docs/adr/0003-use-queues.md`", "`docs/adr/0007-use-queues.md`"),
        ("Superseded by ADR-0003, ADR 3 and ADR-30", "Superseded by ADR-0007, ADR 7 and ADR-30"),
    ],
)
def test_what_leads_to_the_record_is_mended(before: str, after: str) -> None:
    assert mended(before) == after


@pytest.mark.parametrize(
    "line",
    [
        "[ADR-0003](0003-use-cache.md)",
        "[ADR-0003](../other/0003-use-queues.md)",
        "[3. Use queues](https://elsewhere.example/o/r/blob/main/docs/adr/0003-use-queues.md)",
        "0003-use-queues-more.md and x0003-use-queues.md and 0003-use-queues.md.txt",
        "3 reasons, version 0003, 0.0003, ADR-00031, ISO-0003",
    ],
)
def test_what_means_something_else_stays(line: str) -> None:
    assert mended(line) == line


def test_a_page_of_this_repository_is_a_path_and_that_of_a_commit_is_not() -> None:
    page = "https://github.com/acme/shop/blob/{}/docs/adr/0003-use-queues.md"
    known = {"repository": "acme/shop"}
    assert mended(page.format("main"), **known) == page.format("main").replace("0003", "0007")
    assert mended(page.format("a" * 40), **known) == page.format("a" * 40)


def test_in_lines_that_were_there_before_only_paths_are_mended() -> None:
    old = "ADR-0003 is planned: [ADR-0003](0003-use-queues.md)"
    files = {OLD: TITLE, "docs/adr/0001-x.md": f"{old}\nSee ADR-0003\n".encode()}
    out = renumber(files, OLD, 7, before={"docs/adr/0001-x.md": f"{old}\n".encode()})
    assert out["docs/adr/0001-x.md"] == (
        b"ADR-0003 is planned: [ADR-0007](0007-use-queues.md)\nSee ADR-0007\n"
    )


def test_where_two_records_bear_the_id_only_paths_say_which_is_meant() -> None:
    body = b"Unlike ADR-0003. [Here](0003-use-queues.md), [there](0003-use-cache.md)\n"
    out = renumber({OLD: TITLE + body, "docs/adr/0003-use-cache.md": b"# 3. Use a cache\n"}, OLD, 7)
    want = b"Unlike ADR-0003. [Here](0007-use-queues.md), [there](0003-use-cache.md)\n"
    assert out == {OLD: None, NEW: MENDED + want}


def test_a_folder_moves_with_all_that_is_in_it() -> None:
    files = {
        "rfc/0003-queues/README.md": b"# RFC 0003: Queues\n\n![](queue.png)\n",
        "rfc/0003-queues/queue.png": b"\x89PNG 0003",
        "rfc/README.md": b"[RFC 0003](0003-queues/README.md) ![](0003-queues/queue.png)\n",
    }
    assert renumber(files, "rfc/0003-queues/README.md", 12) == {
        "rfc/0003-queues/README.md": None,
        "rfc/0012-queues/README.md": b"# RFC 0012: Queues\n\n![](queue.png)\n",
        "rfc/0003-queues/queue.png": None,
        "rfc/0012-queues/queue.png": b"\x89PNG 0003",
        "rfc/README.md": b"[RFC 0012](0012-queues/README.md) ![](0012-queues/queue.png)\n",
    }


def test_an_id_in_front_matter_is_mended() -> None:
    before = b"---\nid: ADR-003\nstatus: accepted\n---\n# Use 3 queues\n"
    out = renumber({"adr/ADR-003-use.md": before}, "adr/ADR-003-use.md", 4)
    assert out["adr/ADR-004-use.md"] == before.replace(b"ADR-003", b"ADR-004")


def test_what_has_no_number_cannot_get_another() -> None:
    with pytest.raises(ValueError, match="number"):
        renumber({"adr/use-queues.md": b"# Use queues\n"}, "adr/use-queues.md", 4)


# Lines of an index, each with what becomes of it; anything without digits in between (with a
# NUL in it a file is no text, and no record is read in it).
KNOWN = [
    (b"See ADR-0003.", b"See ADR-0007."),
    (b"- [Queues](0003-use-queues.md)", b"- [Queues](0007-use-queues.md)"),
    (b"| 0003 | [Q](./0003-use-queues.md) |", b"| 0007 | [Q](./0007-use-queues.md) |"),
    (b"`docs/adr/0003-use-queues.md`", b"`docs/adr/0007-use-queues.md`"),
    (b"[ADR-0003](0003-use-cache.md)", b"[ADR-0003](0003-use-cache.md)"),
    (b"| 0003 | [C](0003-use-cache.md) |", b"| 0003 | [C](0003-use-cache.md) |"),
    (b"3 queues, 0003, ADR-0030, RFC-0003x", b"3 queues, 0003, ADR-0030, RFC-0003x"),
]
anything = st.binary(max_size=40).filter(lambda b: not any(c in b"\x000123456789\r\n" for c in b))
lines = st.lists(st.one_of(st.sampled_from(KNOWN), anything.map(lambda b: (b, b))), max_size=12)


@settings(max_examples=examples(150), deadline=None)
@given(index=lines, own=lines, end=st.sampled_from([b"\n", b"\r\n"]))
def test_only_intended_lines_change_and_the_way_back_is_exact(index, own, end) -> None:
    files = {
        OLD: TITLE + end.join(b for b, _ in own),
        "docs/adr/README.md": end.join(b for b, _ in index),
    }
    changes = renumber(files, OLD, 7)
    after = {**files, **changes}
    there = {path: data for path, data in after.items() if data is not None}
    assert there == {
        NEW: MENDED + end.join(a for _, a in own),
        "docs/adr/README.md": end.join(a for _, a in index),
    }
    assert renumber(there, NEW, 7) == {} and renumber(there, OLD, 7) == {}
    if not any(b"ADR-0007" in b for b in files.values()):
        back = {**there, **renumber(there, NEW, 3)}
        assert {path: data for path, data in back.items() if data is not None} == files


@settings(max_examples=examples(150), deadline=None)
@given(st.dictionaries(st.sampled_from([OLD, "docs/adr/0003-b.md", "x.md"]), st.binary(max_size=400)))
def test_any_bytes_are_taken(files) -> None:
    out = renumber(files, OLD, 7, repository="a/b")
    assert (OLD in files) == (out.get(OLD, b"") is None)


# -- who has which number

CLAIMS = (
    Claim(12, "docs/adr/0007-b.md"),
    Claim(9, "docs/adr/0007-a.md"),
    Claim(5, "docs/adr/0008-c.md"),
    Claim(4, "other/0007-d.md"),
    Claim(3, "docs/adr/RFC-0007-e.md"),
)


def test_the_earliest_pull_request_has_the_number() -> None:
    assert [c.pull for c in contested("docs/adr/0007-x.md", CLAIMS)] == [9, 12]
    assert reserved("docs/adr/0007-x.md", CLAIMS) == {7: "#9 (docs/adr/0007-a.md)"}
    assert reserved("docs/adr/0009-x.md", CLAIMS) == {}


def test_one_file_in_two_pull_requests_is_no_contest() -> None:
    """One builds on the other's branch; git itself says so if they differ."""
    assert contested("docs/adr/0008-c.md", CLAIMS) == []


def test_a_free_number_is_above_all_of_its_series() -> None:
    taken = [c.path for c in CLAIMS] + ["docs/adr/0002-z.md"]
    assert next_free("docs/adr/0007-x.md", taken) == 9
    assert next_free("other/0007-x.md", taken) == 8
    assert next_free("new/0001-x.md", taken) == 1


def test_a_number_far_ahead_moves_nobody() -> None:
    log = ["docs/adr/0002-z.md"]
    assert next_free("docs/adr/0002-x.md", log, ["docs/adr/0004-a.md", "docs/adr/999999-b.md"]) == 5
    assert next_free("docs/adr/0002-x.md", log, [f"docs/adr/{n}-b.md" for n in (102, 103)]) == 103
