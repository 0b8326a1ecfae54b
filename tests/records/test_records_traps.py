"""Traps that real logs have set, one story each. The worst mistake would be an "accepted" that nobody stated."""

from __future__ import annotations

import pytest

from bot.records.kinds import FileKind, is_record
from bot.records.log import RecordLog
from bot.records.reader import read
from bot.records.record import Record, Severity, Status


def of(text: str, path: str = "docs/adr/0009-x.md") -> Record:
    return read(path, text.encode())


def test_braces_make_a_mapping_in_yaml_but_a_word_to_the_author() -> None:
    assert of("---\nstatus: { accepted }\n---\n# X\n").status is Status.ACCEPTED


def test_two_words_in_braces_are_a_template() -> None:
    assert of("---\nstatus: { proposed, accepted }\n---\n# X\n").status is Status.PLACEHOLDER


def test_a_number_with_leading_zeros_stays_as_written() -> None:
    record = read("docs/adr/some.md", b"---\nadr: 0010\nstatus: on hold\n---\n# X\n")
    assert (record.metadata["adr"], record.id, record.number) == ("0010", "0010", 10)
    assert record.status is Status.DEFERRED


def test_a_byte_order_mark_before_the_front_matter() -> None:
    assert of("\ufeff---\nstatus: rejected\n---\n# X\n").status is Status.REJECTED


def test_a_heading_inside_the_front_matter_is_the_title() -> None:
    assert of("---\nstatus: accepted\n# Use X\n---\n\n## Context\n").title == "Use X"


def test_fields_before_the_title() -> None:
    record = of("Status: accepted\nDate: 2024-05-31\n\n# Use X\n\n## Context\n")
    assert (record.status, record.date, record.title) == (Status.ACCEPTED, "2024-05-31", "Use X")


def test_no_title_is_no_title() -> None:
    record = of("**Date: 2024-05-31**\n\n## Status\n\n**Proposed**\n\n## Context\n")
    assert (record.title, record.status) == (None, Status.PROPOSED)


def test_of_two_h1_the_second_is_a_chapter() -> None:
    assert of("# Use X\n\n## Status\n\nApproved\n\n# Consequences\n\nNone.\n").title == "Use X"


def test_a_generic_h1_is_followed_by_the_real_one() -> None:
    assert of("# Architecture Decision Record\n\n## ADR-9: Use X\n\n**Status:** draft\n").title == "Use X"


def test_code_holds_another_records_header() -> None:
    text = (
        "# Use X\n\n## Options\n\n```yaml\nstatus: accepted\n```\n\n~~~\n# ADR-3\n## Status\nAccepted\n~~~\n"
    )
    assert of(text).status is None


def test_indented_code_in_rst_is_code_too() -> None:
    assert (
        of("Use X\n=====\n\nExample::\n\n    :Status: Accepted\n\nText.\n", "adr/0009-x.rst").status is None
    )


def test_a_status_of_something_else_deep_in_the_text() -> None:
    text = "# Use X\n\n## Context\n\n### API\n\n#### Status\n\naccepted\n\n- Status: accepted\n"
    assert of(text).status is None


def test_a_status_section_about_http_names_no_state() -> None:
    text = "# X\n\n## Status\n\nThe service answers with 202 when a request is accepted.\n"
    assert of(text).status is Status.UNKNOWN


def test_help_text_before_the_value() -> None:
    text = (
        "# X\n\n## Status\n\n<!-- Proposed, accepted or\n superseded by ADR-1 -->\nProposed\n\n"
        "* Date: <!-- ISO --> 2024-05-31\n"
    )
    record = of(text)
    assert (record.status, record.superseded_by) == (Status.PROPOSED, ())


def test_a_template_list_is_a_placeholder_and_its_example_no_relation() -> None:
    states = "proposed | rejected | accepted | deprecated | … | superseded by [ADR-0005](0005-example.md)"
    text = f"# X\n\n* Status: [{states}]\n"
    record = of(text)
    assert (record.status, record.superseded_by) == (Status.PLACEHOLDER, ())


def test_ticked_boxes_choose() -> None:
    assert of("# X\n\n## Status\n\n- [ ] Proposed\n- [x] Accepted\n").status is Status.ACCEPTED
    assert of("# X\n\n## Status\n\n- [ ] Proposed\n- [ ] Accepted\n").status is Status.PLACEHOLDER
    assert of("# X\n\n## Status\n\n- [x] Proposed\n- [x] Accepted\n").status is Status.PLACEHOLDER


def test_a_table_of_stages_is_no_status() -> None:
    text = "# X\n\n## Status\n\n| Stage | Status |\n|---|---|\n| Approved | 🚧 |\n| Adopted | 🚧 |\n"
    assert of(text).status is Status.UNKNOWN


def test_struck_words_do_not_count() -> None:
    assert of("# X\n\nStatus: ~~Accepted~~ Rejected\n").status is Status.REJECTED


def test_a_status_taken_back_in_the_next_paragraph() -> None:
    record = of("# 9. X\n\n## Status\n\nAccepted\n\nSuperceded by [10. Y](0010-y.md)\n\n## Context\n")
    assert (record.status, record.superseded_by) == (Status.SUPERSEDED, ("0010",))


def test_front_matter_and_text_disagree_the_one_that_permits_less_holds() -> None:
    record = of("---\nstatus: accepted\n---\n# X\n\n**Status:** Rejected\n")
    assert record.status is Status.REJECTED
    assert [f.rule for f in record.findings] == ["front-matter-differs"]


def test_an_empty_status_line_does_not_swallow_the_next_field() -> None:
    record = of("# X\n\n**Status:**\n**Date:** 2024-05-31\n**Note:** accepted by all\n")
    assert (record.status, record.date) == (None, "2024-05-31")


def test_the_same_key_twice_is_no_state() -> None:
    record = of("---\nstatus: accepted\nstatus: rejected\n---\n# X\n")
    assert record.status not in (Status.ACCEPTED, Status.IMPLEMENTED)
    assert [(f.rule, f.severity, f.place.line) for f in record.findings] == [
        ("front-matter-duplicate", Severity.ERROR, 3)
    ]


def test_broken_front_matter_is_said_and_states_nothing() -> None:
    record = of("---\nstatus: accepted\n  bad: [\n---\n# X\n")
    assert record.status is None
    assert record.findings[0].rule == "front-matter-broken"
    assert record.title == "X"


def test_front_matter_without_spaces_is_read_as_meant_and_said() -> None:
    record = of("---\ntag:Web\nstatus:rejected\n---\n\n# 9. X\n\nDate: 2026-10-06\n\n## Status\n\nAccepted\n")
    assert (record.status, record.date, record.title) == (Status.REJECTED, "2026-10-06", "X")
    assert next((f.rule, f.severity) for f in record.findings) == ("front-matter-broken", Severity.WARNING)


def test_front_matter_that_is_no_yaml_may_still_deny() -> None:
    broken = "---\ntitle: X\nstatus: {}\ncreated: 2026-10-06\nrequires: ADR-7: Y\n---\n\n## Context\n"
    waiting, accepted = of(broken.format("Proposed")), of(broken.format("Accepted"))
    assert (waiting.status, waiting.date, waiting.title) == (Status.PROPOSED, "2026-10-06", "X")
    assert accepted.status is None


def test_a_literal_block_at_the_top_is_the_header() -> None:
    rst = b"::\n\n    Status: Draft\n    Created: 2026-10-06\n    Authors: A,\n        B\n\n===\nX\n===\n\nText\n"
    record = read("text/0009-x.rst", rst)
    assert (record.status, record.date, record.title) == (Status.DRAFT, "2026-10-06", "X")
    code = b"    Feature Name: X\n    Start Date: 2026-10-06\n    RFC PR: #9\n\n# Background\n\nText.\n"
    assert (read("rfcs/0009-x.md", code).title, read("rfcs/0009-x.md", code).date) == ("X", "2026-10-06")


def test_a_table_may_begin_with_the_status() -> None:
    rows = "| **Status** | **Accepted** |\n|:--|:--|\n| **RFC #** | 9 |\n| **Authors** | Ada |\n"
    rows += "| **Submitted** | 2026-10-06 |\n"
    record = of(f"# X\n\n{rows}\n## Summary\n\nText.\n")
    assert (record.status, record.date, record.deciders) == (Status.ACCEPTED, "2026-10-06", ("Ada",))
    votes = of("# X\n\n| Status | Accepted |\n|--|--|\n| 3 | 2 |\n\n## Summary\n")
    assert votes.status is not Status.ACCEPTED


@pytest.mark.parametrize(
    ("name", "number"),
    [("rdm-0003-ids", 3), ("sec-012-keys", None), ("iso-8601-days", None), ("v-2-x", None)],
)
def test_areas_may_stand_before_the_number(name: str, number: int | None) -> None:
    assert read(f"rfcs/{name}.md", b"# X\n").number == number


def test_the_first_heading_with_the_files_number_is_the_title() -> None:
    text = b"## 0009. Faster disks\n\n- Status: proposed\n\n## Context\n\nText.\n"
    assert read("docs/adr/0009-disks.md", text).title == "Faster disks"
    assert read("docs/adr/0008-disks.md", text).title is None


def test_a_rule_and_prose_are_no_front_matter() -> None:
    record = of("---\n\nJust a line of prose here\n\n---\n\n# X\n\nStatus: draft\n")
    assert (record.title, record.status, record.metadata) == ("X", Status.DRAFT, {})


def test_file_and_title_number_disagree_and_the_file_counts() -> None:
    record = of("# ADR-0012: X\n")
    assert (record.id, record.number, record.title_number, record.title) == ("0009", 9, 12, "X")


def test_a_reference_to_another_projects_record_is_none_of_ours() -> None:
    record = of("# X\n\nSupersedes [ADR-0005](https://github.com/other/repo/blob/main/docs/adr/0005-y.md).\n")
    assert (record.supersedes, record.related) == ((), ())


def test_after_a_renumbering_the_link_counts_and_not_its_label() -> None:
    record = of("# X\n\n## Status\n\nSuperseded by [ADR-0003](0030-y.md)\n")
    assert record.superseded_by == ("0030",)


@pytest.mark.parametrize(
    ("stem", "number"),
    [
        ("adr-012-x", 12),
        ("ADR012", 12),
        ("0012_x", 12),
        ("12. X", 12),
        ("use-http-2-here", None),
        ("20240131-x", None),
    ],
)
def test_numbers_in_file_names(stem: str, number: int | None) -> None:
    assert of("# X\n", f"docs/adr/{stem}.md").number == number


def test_log4brains_names_records_by_their_slug() -> None:
    path = "packages/web/docs/adr/20240131-use-x.md"
    assert of("# X\n\n- Status: accepted\n", path).id == "web/20240131-use-x"
    assert of("# X\n\n- Status: accepted\n", "docs/adr/20240131-use-x.md").id == "20240131-use-x"


def test_day_and_month_are_learnt_from_the_log() -> None:
    files = {
        "adr/0001-a.md": b"# A\n\nDate: 23/01/2020\n",
        "adr/0002-b.md": b"# B\n\nDate: 10/02/2020\n",
    }
    assert read("adr/0002-b.md", files["adr/0002-b.md"]).date is None
    assert [r.date for r in RecordLog(files)] == ["2020-01-23", "2020-02-10"]
    files["adr/0003-c.md"] = b"# C\n\nDate: 01/23/2020\n"  # now the log contradicts itself
    assert [r.date for r in RecordLog(files)] == ["2020-01-23", None, "2020-01-23"]


def test_a_footer_is_no_header() -> None:
    assert of("# X\n\n## Decision\n\nText.\n\n---\n\n**Status:** Accepted\n").status is None


def test_a_banner_over_the_text_is_a_statement() -> None:
    record = of(
        "# X\n\n> **Superseded by [0012](0012-y.md) (2026-07-16).** The text below is history.\n\n## Context\n"
    )
    assert (record.status, record.superseded_by) == (Status.SUPERSEDED, ("0012",))
    accepted = of("# X\n\n**Status:** Accepted\n\nSuperseded by [0012](0012-y.md).\n\n## Context\n")
    assert accepted.status is Status.SUPERSEDED


@pytest.mark.parametrize(
    ("top", "status"),
    [
        ("> **Superseded.** Use the other one instead.", Status.SUPERSEDED),
        ("> ⚠️ DEPRECATED: this decision is deprecated.", Status.DEPRECATED),
        ("**Note:** This ADR has been superseded by ADR-12.", Status.SUPERSEDED),
        ("> Superseded in part by ADR-12.", Status.ACCEPTED),
        ("> Superseded records stay in this folder.", Status.ACCEPTED),
        ("> **DRAFT**", Status.DRAFT),
        ("> 🚧 This ADR is still a draft, please comment.", Status.DRAFT),
        ("**Work in progress.**", Status.DRAFT),
        ("> Note: this decision is not yet approved.", Status.DRAFT),
        ("> Draft releases are made by hand.", Status.ACCEPTED),
        ("**Work in progress limits** are kept.", Status.ACCEPTED),
    ],
)
def test_a_banner_takes_an_acceptance_back(top: str, status: Status) -> None:
    text = f"# 9. X\n\n{top}\n\n## Status\n\nAccepted\n"
    assert read("docs/adr/0009-x.md", text.encode()).status is status


@pytest.mark.parametrize(
    ("title", "status"),
    [
        ("[WIP] Use queues", Status.DRAFT),
        ("Draft: Use queues", Status.DRAFT),
        ("Use queues (draft)", Status.DRAFT),
        ("Draft releases by hand", Status.ACCEPTED),
        ("Limit work in progress", Status.ACCEPTED),
    ],
)
def test_a_title_that_says_draft_is_a_statement(title: str, status: Status) -> None:
    assert of(f"# {title}\n\n**Status:** Accepted\n\n## Context\n").status is status
    assert of(f"# ADR-0007: {title}\n\n**Status:** Accepted\n\n## Context\n").status is status


def test_a_note_in_the_title_takes_an_acceptance_back() -> None:
    for title, status in {
        "X (superseded by ADR-12)": Status.SUPERSEDED,
        "[DEPRECATED] X": Status.DEPRECATED,
        "Handling deprecated disks": Status.ACCEPTED,
    }.items():
        assert read("docs/adr/0009-x.md", f"# 9. {title}\n\nStatus: accepted\n".encode()).status is status


def test_a_header_in_code_at_the_top_is_the_header() -> None:
    for lead in ("## Preamble\n\n", ""):
        text = f"{lead}```\nCAP: 0015\nTitle: Disks\nStatus: Draft\nCreated: 2018-11-26\n```\n\n## Summary\n"
        record = read("core/cap-0015.md", text.encode())
        assert (record.id, record.title, record.status, record.date) == (
            "CAP-0015", "Disks", Status.DRAFT, "2018-11-26",
        )  # fmt: skip


def test_titles_that_stand_in_fields() -> None:
    meta = b"# Meta\n\n- Name: Faster disks\n- Status: Approved\n\n# Summary\n\nText.\n"
    assert read("text/0009-x.md", meta).title == "Faster disks"
    mail = b"PEP: 9\nTitle: Faster disks\nStatus: Draft\n\nRejection\n=========\n\nText.\n"
    assert read("pep-0009.rst", mail).title == "Faster disks"
    kind = b"# Architecture Decision Record: Faster disks\n\nText.\n"
    assert read("adr-009-x.md", kind).title == "Faster disks"


def test_a_folder_named_by_date_is_a_record() -> None:
    path = "docs/decision-records/2024-05-31-disks/README.md"
    assert is_record(path, b"# Disks\n\n## Decision\n\nText.\n") is FileKind.ADR
    assert read("docs/adr/2026-01-disks.md", b"# Disks\n").number is None


def test_what_a_status_section_says_of_others_is_no_status() -> None:
    before = of("# 9. X\n\n## Status\n\nSupercedes [7. Y](0007-y.md)\n\nAccepted\n")
    assert (before.status, before.supersedes) == (Status.ACCEPTED, ("0007",))
    struck = of("# 9. X\n\n## Status\n\n~~Accepted~~\n\nSuperseded by 12\n")
    assert (struck.status, struck.superseded_by) == (Status.SUPERSEDED, ("0012",))


def test_another_record_may_be_said_to_supersede_this_one() -> None:
    record = of(
        "# 9. X\n\nStatus: Accepted\n\n> Historical note: ADR-12 supersedes this ADR.\n\n## Context\n"
    )
    assert (record.status, record.superseded_by) == (Status.SUPERSEDED, ("0012",))
    part = of("# 9. X\n\nStatus: Accepted\n\n> Note: ADR-12 supersedes this section.\n\n## Context\n")
    assert part.status is Status.ACCEPTED


def test_stages_are_states_where_there_is_no_status() -> None:
    assert read("text/0009-x.md", b"---\nstage: accepted\n---\n# X\n").status is Status.ACCEPTED
    both = b"---\nstage: accepted\nstatus: draft\n---\n# X\n"
    assert read("text/0009-x.md", both).status is Status.DRAFT


@pytest.mark.parametrize(
    "header",
    [
        "Introduced: 2026-10-06.\n\n## Status\n\nDecided\n",
        "Recorded date: 2026-10-06\n\nStatus: Accepted\n",
        "## Status\n\nAccepted — 2026-10-06, v0.4.0.\n",
        "## Status\n\nAccepted — 2026-10-06. Implemented in 0.20.1 (before 0.21, whose story it makes simple).\n",
        "**决策日期**: 2026-10-06\n\n**状态**: 已采纳\n",
        "## 状态\n\n已接受 (Accepted) - 2026-10-06\n",
        "## Status\n\n**Decided** (2026-10-06). All goes there.\n",
        "日期：2026-10-06（更新于 2026-10-08）\n\n状态：已接受\n",
    ],
)
def test_days_stand_under_other_names_and_behind_the_state(header: str) -> None:
    record = of(f"# 9. X\n\n{header}\n## Context\n\nText.\n")
    assert (record.status, record.date) == (Status.ACCEPTED, "2026-10-06")


def test_sentences_on_one_line_can_be_fields() -> None:
    record = of(
        "# X\n\nDate: 2026-10-06. Status: accepted by all. Superseded by [0012](0012-y.md): all new.\n"
    )
    assert (record.date, record.status) == ("2026-10-06", Status.SUPERSEDED)
