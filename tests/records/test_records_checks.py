"""Findings: few, right, and silent where the whole log does the same."""

from __future__ import annotations

import pytest

from bot.records.checks import as_result, check
from bot.records.log import RecordLog
from bot.records.record import Finding, Severity
from bot.result import Verdict

FOLDER = "docs/adr"


def log_with(text: str, name: str = "0009-new.md", **others: str) -> RecordLog:
    """A tidy log of five records and an index, and one more file."""
    files = {
        f"{FOLDER}/000{n}-r{n}.md": f"# {n}. Rule {n} of all\n\nDate: 2024-01-0{n}\n\n## Status\n\n"
        "Accepted\n\n"
        "## Context\n\nC.\n\n## Decision\n\nD.\n"
        for n in range(1, 6)
    }
    listed = [*(f"000{n}-r{n}.md" for n in range(1, 6)), name]
    files[f"{FOLDER}/README.md"] = "\n".join(f"- [R]({file})" for file in listed)
    files[f"{FOLDER}/{name}"] = text
    files.update({f"{FOLDER}/{k}.md": v for k, v in others.items()})
    return RecordLog({path: body.encode() for path, body in files.items()})


def findings(text: str, name: str = "0009-new.md", **others: str) -> dict[str, Finding]:
    log = log_with(text, name, **others)
    record = log.by_path(f"{FOLDER}/{name}")
    assert record is not None
    return {f.rule: f for f in check(record, log, changed={record.path})}


GOOD = "# 9. New\n\nDate: 2024-05-31\n\n## Status\n\nAccepted\n\n## Context\n\nC.\n\n## Decision\n\nD.\n"


def test_a_tidy_record_has_no_finding() -> None:
    assert findings(GOOD) == {}
    log = log_with(GOOD)
    assert as_result(()).verdict is Verdict.PASS
    assert all(check(record, log) == () for record in log)


def test_a_number_that_is_taken_in_the_folder() -> None:
    found = findings(GOOD, **{"0009-old": GOOD})["number-taken"]
    assert found.severity is Severity.ERROR
    assert "docs/adr/0009-old.md" in found.reason


def test_proposals_without_a_number_may_all_be_called_0000() -> None:
    text = GOOD.replace("# 9. New", "# New").encode()
    log = RecordLog({f"{FOLDER}/0000-{name}.md": text for name in ("one", "two")})
    assert not any(f.rule == "number-taken" for record in log for f in check(record, log))


def test_the_record_that_was_there_first_keeps_its_number() -> None:
    before = log_with(GOOD, "0009-old.md")
    after = log_with(GOOD, "0009-new.md", **{"0009-old": GOOD})
    old, new = (after.by_path(f"{FOLDER}/0009-{name}.md") for name in ("old", "new"))
    assert old and new
    assert [f.rule for f in check(old, after, base=before)] == ["index-missing"]
    assert "number-taken" in {f.rule for f in check(new, after, base=before)}


def test_a_number_that_another_open_pull_request_takes() -> None:
    log = log_with(GOOD)
    record = log.by_path(f"{FOLDER}/0009-new.md")
    assert record
    (found,) = check(record, log, reserved={9: "#12 (docs/adr/0009-theirs.md)"})
    assert (found.rule, found.severity) == ("number-taken-by-open-pr", Severity.ERROR)
    assert "#12" in found.reason


def test_number_in_title_and_file_differ_and_the_mend_is_mechanical() -> None:
    found = findings(GOOD.replace("# 9.", "# 8."))["number-differs"]
    assert (found.severity, found.place.line, found.suggestion) == (Severity.ERROR, 1, "# 9. New")


def test_a_link_to_a_file_that_is_not_there() -> None:
    found = findings(GOOD + "\nSee [rule](002-r2.md).\n")["link-broken"]
    assert found.severity is Severity.ERROR
    assert found.suggestion == "See [rule](0002-r2.md)."
    assert "link-broken" not in findings(GOOD + "\nSee [rule](0002-r2.md) and [code](../../src/x.md).\n")
    assert "link-broken" not in findings(GOOD + "\nSee [a page of the site](./0099-gone).\n")


def test_template_rests() -> None:
    assert (
        findings(GOOD.replace("Accepted", "{proposed | accepted | rejected}"))[
            "status-placeholder"
        ].place.line
        == 5
    )
    title = findings(GOOD.replace("# 9. New", "# [short title of solved problem]"))
    assert title["title-placeholder"].severity is Severity.ERROR
    left = findings(GOOD + "\n- Good, because {argument a}\n")["placeholder-left"]
    assert (left.severity, left.place.line) == (Severity.WARNING, 17)
    assert "placeholder-left" not in findings(GOOD + "\n```\n{argument a}\n```\n`{argument a}` [a](b) [x]\n")


def test_no_status_matters_only_where_the_log_states_one() -> None:
    bare = "# 9. New\n\nDate: 2024-05-31\n\n## Context\n\nC.\n\n## Decision\n\nD.\n"
    assert findings(bare)["status-missing"].severity is Severity.ERROR
    files = {f"adr/000{n}-x.md": b"# X\n\n## Context\n\n## Decision\n" for n in range(1, 7)}
    log = RecordLog(files)
    assert [f for record in log for f in check(record, log)] == []


def test_no_title() -> None:
    assert findings(GOOD.replace("# 9. New\n", ""))["title-missing"].severity is Severity.ERROR


@pytest.mark.parametrize(
    ("written", "asked"),
    [("Aproved", "mean approved?"), ("acepted", "mean accepted?"), ("Rejectd", "mean rejected?")],
)
def test_a_slip_of_the_pen_is_asked_about_and_not_acted_on(written: str, asked: str) -> None:
    assert findings(GOOD.replace("Accepted", written))["status-unknown"].reason.endswith(asked)


def test_an_unknown_word_that_is_like_no_state_gets_no_guess() -> None:
    assert "mean" not in findings(GOOD.replace("Accepted", "Bananas"))["status-unknown"].reason


def test_an_unknown_word_is_a_warning_until_the_log_uses_it() -> None:
    odd = GOOD.replace("Accepted", "Blessed")
    assert findings(odd)["status-unknown"].severity is Severity.WARNING
    assert "status-unknown" not in findings(odd, **{f"001{n}-b": odd for n in range(3)})


def test_a_known_word_in_doubt_is_a_warning_however_often_the_log_uses_the_word() -> None:
    for doubt in ("Accepted?", "Accepted (pending legal)", "Not accepted yet"):
        others = {f"001{n}-b": GOOD for n in range(5)}
        found = findings(GOOD.replace("Accepted", doubt), **others)["status-unknown"]
        assert found.severity is Severity.WARNING
        assert found.reason.startswith(f'"{doubt}" leaves open')


def test_a_status_that_was_never_filled_in_is_shown_where_it_stands() -> None:
    for unfilled in ("TBD", "N/A", "..."):
        found = findings(GOOD.replace("Accepted", unfilled))["status-missing"]
        assert found.severity is Severity.ERROR
        assert f'not filled in: "{unfilled}"' in found.reason
        assert found.place.line > 1


def test_dates_that_are_none() -> None:
    assert "date-impossible" in findings(GOOD.replace("2024-05-31", "2024-15-12"))
    assert "date-unfilled" in findings(GOOD.replace("2024-05-31", "2024-01-XX"))
    assert "date-unfilled" in findings(GOOD.replace("2024-05-31", "YYYY-MM-DD"))
    assert findings(GOOD.replace("2024-05-31", "May 2024")) == {}


def test_a_mention_of_a_number_that_the_log_does_not_have() -> None:
    found = findings(GOOD + "\nSee ADR-77 and ADR-2.\n")["reference-missing"]
    assert (found.severity, found.place.line) == (Severity.WARNING, 17)


def test_a_quoted_title_that_is_another() -> None:
    assert "title-differs" in findings(GOOD + "\n- ADR-2: Something quite different\n")
    assert "title-differs" not in findings(GOOD + "\n- ADR-2: Rule 2 of all (really)\n")
    assert "title-differs" not in findings(GOOD + "\n- [how we do it](0002-r2.md): a few words\n")


DRESSES = {
    "section": (
        "# 1. A\n\n## Status\n\nAccepted\n\n## Context\n",
        "Accepted\n\nSuperseded by [0009: New](0009-new.md)",
    ),
    "bullet": (
        "# 1. A\n\n- Status: accepted\n",
        "- Status: accepted\n- Superseded by: [0009: New](0009-new.md)",
    ),
    "bold": (
        "# 1. A\n\n**Status:** Accepted  \n**Date:** 2024-01-01\n",
        "**Status:** Accepted  \n**Superseded by:** [0009: New](0009-new.md)  ",
    ),
    "front matter": ("---\nstatus: accepted\n---\n# A\n", "status: accepted\nsuperseded-by: 0009"),
}


def test_one_sided_supersession_brings_the_line_for_the_other_file() -> None:
    for text, expected in DRESSES.values():
        found = findings(GOOD + "\nThis record supersedes [1](0001-r1.md).\n", **{"0001-r1": text})
        edit = found["supersession-one-sided"].edit
        assert edit is not None and edit.path == "docs/adr/0001-r1.md"
        assert edit.text == expected
        lines = text.split("\n")
        lines[edit.place.line - 1 : edit.place.end_line] = edit.text.split("\n")
        after = "\n".join(lines)
        assert "supersession-one-sided" not in findings(
            GOOD + "\nThis record supersedes [1](0001-r1.md).\n", **{"0001-r1": after}
        )


def test_superseded_by_nobody() -> None:
    assert "superseded-without-successor" in findings(GOOD.replace("Accepted", "Superseded"))
    assert "superseded-without-successor" not in findings(GOOD.replace("Accepted", "Superseded by ADR-2"))
    assert "superseded-without-successor" not in findings(
        GOOD.replace("Accepted", "Superseded"),
        **{"0010-y": GOOD.replace("9.", "10.") + "\nSupersedes ADR-9.\n"},
    )


def test_a_missing_core_section() -> None:
    found = findings(GOOD.replace("## Decision\n\nD.\n", ""))["section-missing"]
    assert (found.severity, '"Decision"' in found.reason) == (Severity.WARNING, True)


def test_a_section_of_links_is_written_where_there_are_links() -> None:
    text = "# {n}. R\n\n## Status\n\nAccepted\n\n## Decision\n\nD.\n"
    files = {f"{FOLDER}/000{n}-r.md": text.format(n=n) + "\n## Links\n\n- L\n" for n in range(1, 7)}
    log = RecordLog(
        {name: body.encode() for name, body in {**files, f"{FOLDER}/0007-r.md": text.format(n=7)}.items()}
    )
    record = log.by_path(f"{FOLDER}/0007-r.md")
    assert record and "section-missing" not in {f.rule for f in check(record, log)}


def test_todo_in_an_accepted_record() -> None:
    assert "todo-left" in findings(GOOD + "\nTODO: think.\n")
    assert "todo-left" not in findings(GOOD.replace("Accepted", "Proposed") + "\nTODO: think.\n")
    assert "todo-left" not in findings(GOOD + "\nSee `TODO` and the file TODO.md-list.\n")


def test_references_to_records_that_no_longer_hold() -> None:
    gone = {"0001-r1": "# 1. Old\n\n## Status\n\nSuperseded by [2](0002-r2.md)\n"}
    assert findings(GOOD + "\nSee ADR-1.\n", **gone)["reference-gone"].severity is Severity.NOTICE
    needed = findings(GOOD + "\nThis depends on ADR-1.\n", **gone)["reference-gone"]
    assert needed.severity is Severity.WARNING
    assert needed.reason == "This record depends on 0001, which is superseded by 0002."


def test_not_in_the_index() -> None:
    log = log_with(GOOD)
    files = dict(log.files)
    files[f"{FOLDER}/0010-y.md"] = GOOD.replace("# 9.", "# 10.").encode()
    log = RecordLog(files)
    record = log.by_path(f"{FOLDER}/0010-y.md")
    assert record
    assert [(f.rule, f.severity) for f in check(record, log)] == [("index-missing", Severity.NOTICE)]


def test_an_accepted_text_that_changed() -> None:
    before, after = log_with(GOOD), log_with(GOOD.replace("D.", "E."))
    record = after.by_path(f"{FOLDER}/0009-new.md")
    assert record
    assert [f.rule for f in check(record, after, base=before)] == ["accepted-changed"]
    assert check(record, after, base=after) == ()


def test_the_result_tree_says_the_same() -> None:
    log = log_with(GOOD.replace("# 9.", "# 8.") + "\nSee ADR-77.\n")
    record = log.by_path(f"{FOLDER}/0009-new.md")
    assert record
    result = as_result(check(record, log))
    assert (result.verdict, result.reason) == (Verdict.FAIL, "1 error, 1 warning.")
    assert [c.name for c in result.children] == ["records/number-differs", "records/reference-missing"]
    assert [(c.evidence[0].path, c.evidence[0].line) for c in result.children] == [
        (record.path, 1),
        (record.path, 17),
    ]


def test_a_records_own_number_is_no_missing_reference() -> None:
    text = GOOD.replace("# 9. New", "# ADR-12: New") + "\nAs ADR-12 says.\n"
    found = findings(text)
    assert "reference-missing" not in found and "number-differs" in found


def test_each_of_many_records_in_a_file_is_judged_by_its_own_lines() -> None:
    parts = [
        f"## ADR-{n}: Rule {n}\n\nStatus: accepted\n\n{'TODO' if n == 2 else 'Done'}.\n\n" for n in (1, 2, 3)
    ]
    log = RecordLog({"docs/adr/decisions.md": "".join(["# Log\n\n", *parts]).encode()})
    todo = [r.number for r in log if any(f.rule == "todo-left" for f in check(r, log))]
    assert todo == [2]
