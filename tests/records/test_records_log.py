"""A whole log: its records, its habits, its graph."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.records.convention import learn
from bot.records.graph import escaped, graph_of, to_json, to_mermaid
from bot.records.kinds import FileKind, is_record
from bot.records.log import RecordLog
from bot.records.record import RelationKind


def small_log(**more: str) -> RecordLog:
    files = {
        f"docs/adr/000{n}-r{n}.md": f"# {n}. R{n}\n\nDate: 2024-01-0{n}\n\n## Status\n\nAccepted\n\n"
        "## Context\n\nC.\n"
        for n in range(1, 6)
    }
    files["docs/adr/0002-r2.md"] += "\nDepends on [R1](0001-r1.md).\n"
    files["docs/adr/README.md"] = "\n".join(f"- [R{n}](000{n}-r{n}.md)" for n in range(1, 6))
    files["docs/adr/template.md"] = "# [short title]\n\nStatus: [proposed | accepted | rejected]\n"
    files.update({k.replace("__", "/") + ".md": v for k, v in more.items()})
    return RecordLog({path: text.encode() for path, text in files.items()})


def test_records_are_told_from_templates_and_indexes() -> None:
    log = small_log()
    assert [r.number for r in log] == [1, 2, 3, 4, 5]
    assert log.kind_of("docs/adr/README.md") is FileKind.INDEX
    assert log.kind_of("docs/adr/template.md") is FileKind.TEMPLATE
    assert log.kind_of("nowhere.md") is FileKind.OTHER


def test_kinds_by_name_and_text() -> None:
    record = b"# X\n\n## Status\n\nAccepted\n\n## Context\n\n## Decision\n"
    assert is_record("docs/adr/ADR-008-template-engine.md", record) is FileKind.ADR
    assert is_record("docs/adr/0000-template.md", record) is FileKind.TEMPLATE
    assert is_record("docs/adr/use-kafka.md", record) is FileKind.ADR
    assert is_record("docs/adr/how-we-work.md", b"# How\n\nText.\n") is FileKind.OTHER
    assert is_record("rfcs/0007-x/README.md", b"# X\n") is FileKind.ADR
    assert is_record("docs/adr/0007-x.md", b"# [short title of solved problem]\n") is FileKind.ADR
    assert is_record("docs/adr/0007-x.png", record) is FileKind.OTHER


def test_lookups() -> None:
    log = small_log()
    assert [r.path for r in log.by_id("0003")] == ["docs/adr/0003-r3.md"]
    assert log.by_number(3) == log.by_id("0003")
    assert log.by_path("docs/adr/0003-r3.md") is log.by_number(3)[0]
    assert log.by_path("docs/adr/README.md") is None
    assert log.has("0003") and not log.has("0099")


def test_a_relation_means_the_file_it_links_to_else_the_only_one_with_that_id() -> None:
    log = small_log(docs__other__0001="# 1. Other\n\nSee ADR-1 and ADR-2 and [x](../adr/0003-r3.md).\n")
    other = log.by_path("docs/other/0001.md")
    assert other is not None
    targets = [log.target(other, relation) for relation in other.relations]
    assert [t.path if t else None for t in targets] == ["docs/adr/0002-r2.md", "docs/adr/0003-r3.md"]


def test_the_repository_is_learnt_from_links_to_the_logs_own_files() -> None:
    at = "https://github.com/me/mine/blob/main/docs/adr"
    log = small_log(
        docs__adr__0006_a=f"# 6. A\n\nSee [1]({at}/0001-r1.md), [2]({at}/0002-r2.md).\n",
        docs__adr__0007_b=f"# 7. B\n\nSupersedes: [6]({at}/0006_a.md)\n",
    )
    assert [(s.repository, s.root) for s in log.sites] == [("me/mine", "")]
    below = RecordLog({f"all/mine/{path}": data for path, data in log.files.items()})
    assert below.sites[0].root == "all/mine/"
    assert below.by_number(7)[0].relations[0].target_path == "all/mine/docs/adr/0006_a.md"
    assert log.by_number(7)[0].supersedes == ("0006",)


def test_habits_are_learnt_without_the_record_under_check() -> None:
    log = small_log(docs__adr__0006_odd="# Odd\n\nNo header at all.\n")
    habit = learn(log, "docs/adr", without="docs/adr/0006_odd.md")
    assert (habit.size, habit.states_status, habit.states_date, habit.numbered_titles) == (
        5,
        True,
        True,
        True,
    )
    assert (habit.width, habit.prefix, habit.status_words) == (4, "", ("accepted",))
    assert habit.sections == ("Status", "Context")
    assert habit.index == "docs/adr/README.md"


def test_three_records_have_no_habit_yet() -> None:
    log = RecordLog({f"adr/000{n}-x.md": b"# X\n\nStatus: accepted\n" for n in (1, 2, 3)})
    assert not learn(log, "adr").states_status


def test_both_sides_of_a_supersession_are_one_edge() -> None:
    log = RecordLog(
        {
            "adr/0001-a.md": b"# 1. A\n\nStatus: superseded by [2](0002-b.md)\n",
            "adr/0002-b.md": b"# 2. B\n\nStatus: accepted\n\nSupersedes: ADR-1\n\nSee ADR-1 and ADR-77.\n",
        }
    )
    graph = graph_of(log)
    assert [(e.source, e.kind, e.target, len(e.stated_by)) for e in graph.edges] == [
        ("?0077", RelationKind.RELATED, "adr/0002-b.md#0002", 1),
        ("adr/0002-b.md#0002", RelationKind.SUPERSEDES, "adr/0001-a.md#0001", 2),
    ]
    view = to_json(graph)
    assert [n["present"] for n in view["nodes"]] == [True, True, False]
    drawing = to_mermaid(graph_of(log, related=False))
    assert drawing.splitlines()[:4] == [
        "flowchart LR",
        '    r0["0001: A"]:::gone',
        '    r1["0002: B"]',
        "    r1 ==>|supersedes| r0",
    ]


@given(st.text(max_size=120))
def test_no_title_breaks_out_of_a_mermaid_label(text: str) -> None:
    shown = escaped(text)
    assert not set(shown) & set('"[]{}|<>`&\n\\')
