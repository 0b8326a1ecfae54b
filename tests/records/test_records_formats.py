"""Every way in which teams dress a record's header leads to the same four answers."""

from __future__ import annotations

import pytest

from bot.records.jsonview import as_json
from bot.records.log import RecordLog
from bot.records.reader import read, read_all
from bot.records.record import Record, RelationKind, Status

FORMATS = {
    "nygard": (
        "doc/adr/0007-use-kafka.md",
        "# 7. Use Kafka\n\nDate: 2024-05-31\n\n## Status\n\nAccepted\n\n## Context\n\nText.\n",
    ),
    "madr 2": (
        "docs/adr/0007-use-kafka.md",
        "# Use Kafka\n\n* Status: accepted\n* Deciders: Ada, Grace\n* Date: 2024-05-31\n\n## Context\n",
    ),
    "madr 4": (
        "docs/decisions/0007-use-kafka.md",
        "---\nstatus: accepted\ndate: 2024-05-31\ndecision-makers: Ada, Grace\n---\n# Use Kafka\n\n"
        "## Context\n",
    ),
    "bold fields": (
        "docs/adr/0007-use-kafka.md",
        "# ADR-0007: Use Kafka\n\n**Status:** Accepted  \n**Date:** 2024-05-31  \n"
        "**Deciders:** Ada\n\n## Context\n",
    ),
    "bold names": ("adr/0007-k.md", "# 7. Use Kafka\n\n**Status**: Accepted\n\n**Date**: 31 May 2024\n"),
    "bold lines": ("adr/0007-k.md", "# Use Kafka\n\n**Date: 2024-05-31**\n\n## Status\n\n**Decided**\n"),
    "one line": (
        "adr/0007-k.md",
        "# 0007 Use Kafka\n\n**Status:** Accepted | **Date:** 2024-05-31 | **By:** Ada\n",
    ),
    "middle dots": (
        "adr/0007-k.md",
        "# ADR-0007: Use Kafka\n\nDatum: 31.05.2024 · Status: akzeptiert · Team: A\n",
    ),
    "wide gaps": ("adr/0007-k.md", "# ADR-0007: Use Kafka\n\nDate: 2024-05-31    Status: accepted\n"),
    "quote": ("adr/0007-k.md", "# ADR-0007 — Use Kafka\n\n> **Status:** accepted\n> **Date:** 2024-05-31\n"),
    "two columns": (
        "adr/0007-k.md",
        "# Use Kafka\n\n| | |\n|---|---|\n| Date | May 31, 2024 |\n| **Status** | Approved |\n"
        "| Authors | Ada\n",
    ),
    "headed table": (
        "adr/0007-k.md",
        "# Use Kafka\n\n| Status | Date | Owner |\n|---|---|---|\n| Accepted | 31-May-2024 | Ada |\n",
    ),
    "html table": (
        "adr/0007-k.md",
        "# Use Kafka\n\n<table>\n<tr><td><b>Status</b></td><td>Accepted</td></tr>\n"
        "<tr><td>Date</td><td>2024-05-31</td></tr>\n</table>\n",
    ),
    "heading holds the value": (
        "adr/0007-k.md",
        "# Use Kafka\n\nDate: 31/05/2024\n\n### Status: **Approved**\n",
    ),
    "chinese": ("adr/0007-k.md", "# ADR-0007：Use Kafka\n\n- **状态**：已接受\n- **日期**：2024年5月31日\n"),
    "french": ("adr/0007-k.md", "# 0007 — Use Kafka\n\n- **Statut** : Accepté\n- **Date** : 31 mai 2024\n"),
    "portuguese": ("adr/0007-k.md", "# 7. Use Kafka\n\n**Estado:** Aceita\n\n**Data:** 31 de maio de 2024\n"),
    "toml": (
        "adr/0007-k.md",
        '+++\ntitle = "Use Kafka"\nstatus = "accepted"\ndate = "2024-05-31"\n+++\n\n## Context\n',
    ),
    "rst field list": (
        "adr/0007-k.rst",
        "ADR-0007: Use Kafka\n===================\n\n:Status: Accepted\n:Date: 2024-05-31\n\n"
        "Context\n-------\n\nText.\n",
    ),
    "rst sections": (
        "adr/0007-k.rst",
        "****************\n7. Use Kafka\n****************\n\nStatus\n======\n\nAccepted\n\nDate\n"
        "====\n\n2024-05-31\n",
    ),
    "rst list table": (
        "adr/0007-k.rst",
        "Use Kafka\n=========\n\n.. list-table::\n\n   * - Status\n     - Accepted\n   * - Date\n"
        "     - 2024-05-31\n",
    ),
    "asciidoc attributes": (
        "adr/0007-k.adoc",
        "= 7. Use Kafka\n:status: accepted\n:revdate: 2024-05-31\n\n== Context\n",
    ),
    "asciidoc section": (
        "adr/0007-k.adoc",
        "= Use Kafka\n\n*Date:* 2024-05-31\n\n== Status\n\nAccepted\n\n== Context\n",
    ),
    "asciidoc table": (
        "adr/0007-k.adoc",
        "= ADR-0007 Use Kafka\n\n|===\n|Status |Accepted\n|Date |2024-05-31\n|===\n",
    ),
    "directory": (
        "rfcs/0007-kafka/README.md",
        "# RFC 0007: Use Kafka\n\n- Status: ACCEPTED\n- Since: 2024-05-31\n",
    ),
    "dated directory": ("decisions/2024-05-31-kafka/index.md", "# Use Kafka\n\n## Status\n\nAccepted\n"),
    "status with date": ("adr/0007-k.md", "# 7. Use Kafka\n\n## Status\n\nAccepted (2024-05-31)\n"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_status_date_and_title_are_read_in_any_dress(name: str) -> None:
    path, text = FORMATS[name]
    record = read(path, text.encode())
    assert (record.status, record.date, record.title) == (Status.ACCEPTED, "2024-05-31", "Use Kafka")
    assert record.number == (None if "dated" in name else 7)


def test_the_seeds_own_style() -> None:
    text = (
        "# ADR-012: Workflow Engine\n\n**Status:** Accepted  \n**Date:** 2024-12-14  \n"
        "**Deciders:** The Team\n\n"
        "## Context\n\nBuilding on ADR-036 (Testing), the engine grows.\n\n---\n\n**Related ADRs:**\n"
        "- ADR-001: CLI (orchestration)\n- ADR-010: Plugins (plugin coordination)\n\n"
        "**Other Points:**\n- Nothing\n"
    )
    record = read("docs/adr/ADR-012-workflow.md", text.encode())
    assert (record.id, record.number, record.deciders) == ("ADR-012", 12, ("The Team",))
    found = {(r.kind, r.target, r.note, r.place.line) for r in record.relations}
    assert found == {
        (RelationKind.BUILDS_ON, "ADR-036", "Testing", 9),
        (RelationKind.RELATED, "ADR-001", "orchestration", 14),
        (RelationKind.RELATED, "ADR-010", "plugin coordination", 15),
    }


def test_json_has_its_keys_in_their_order() -> None:
    view = as_json(read("adr/0001-x.md", b"# 1. X\n"))
    assert list(view)[:11] == [
        "path", "id", "number", "title", "status", "date",
        "supersedes", "superseded_by", "amends", "amended_by", "related",
    ]  # fmt: skip
    assert view["status"] is None


def one(path: str, text: str, **more: bytes) -> Record:
    return read(path, text.encode(), siblings={k.replace("_", "."): v for k, v in more.items()})


def test_a_kep_is_read_from_the_yaml_beside_it() -> None:
    sidecar = (
        b"title: Foo\nkep-number: 1234\nstatus: implementable\ncreation-date: 2020-01-02\n"
        b"replaces:\n  - /keps/sig-a/1000-old\n"
    )
    record = one("keps/sig-a/1234-foo/README.md", "# KEP-1234: Foo\n\n## Summary\n", kep_yaml=sidecar)
    assert (record.status, record.date, record.title, record.id) == (
        Status.ACCEPTED,
        "2020-01-02",
        "Foo",
        "1234",
    )
    assert record.supersedes == ("1000",)


def test_a_yaml_file_beside_many_records_belongs_to_none_of_them() -> None:
    files = {
        "docs/adr/metadata.yaml": b"status: accepted\n",
        "docs/adr/0001-x.md": b"# 1. X\n",
        "docs/adr/0002-y/README.md": b"# 2. Y\n",
        "docs/adr/0002-y/metadata.yaml": b"status: accepted\n",
    }
    assert [r.status for r in RecordLog(files)] == [None, Status.ACCEPTED]


def test_a_pep_header_is_mail_like_and_its_chapters_are_no_title() -> None:
    text = (
        "PEP: 8\nTitle: Style\nStatus: Final\nCreated: 05-Jul-2001\nReplaces: 245\n\n\nAbstract\n"
        "========\n\nText.\n"
    )
    record = one("pep-0008.rst", text)
    assert (record.id, record.title, record.status) == ("PEP-0008", "Style", Status.IMPLEMENTED)
    assert (record.date, record.supersedes) == ("2001-07-05", ("PEP-0245",))


def test_an_eip_requires_others_and_that_is_a_direction() -> None:
    text = (
        "---\neip: 1559\ntitle: Fees\nstatus: Review\ncreated: 2019-04-13\nrequires: 2718, 2930\n"
        "---\n\n## Abstract\n"
    )
    record = one("EIPS/eip-1559.md", text)
    assert (record.id, record.status) == ("EIP-1559", Status.PROPOSED)
    assert [(r.kind, r.target) for r in record.relations] == [
        (RelationKind.DEPENDS_ON, "EIP-2718"),
        (RelationKind.DEPENDS_ON, "EIP-2930"),
    ]


def test_a_rust_rfc_states_no_status() -> None:
    text = (
        "- Feature Name: `kafka`\n- Start Date: 2014-03-11\n- RFC PR: [rust#2](x)\n\n# Summary\n"
        "\nText.\n\n# Motivation\n"
    )
    record = one("text/0002-kafka.md", text)
    assert (record.id, record.status, record.date, record.title) == ("0002", None, "2014-03-11", "`kafka`")


def test_an_oxide_rfd_has_its_state_in_an_attribute() -> None:
    record = one(
        "rfd/0001/README.adoc", ":state: discussion\n:discussion: https://x\n\n= RFD 1 Requests\n\n== Why\n"
    )
    assert (record.id, record.status, record.title) == ("0001", Status.PROPOSED, "Requests")


def test_a_file_with_many_records_gives_them_all() -> None:
    text = (
        "# Log\n\n## ADR-001: A\n\n**Status:** Accepted\n\n### Context\n\n## ADR-002: B\n\n"
        "**Status:** Superseded by ADR-001\n"
    )
    first, second = read_all("DECISIONS.md", text.encode())
    assert (first.id, first.status, second.id, second.status) == (
        "ADR-001", Status.ACCEPTED, "ADR-002", Status.SUPERSEDED,
    )  # fmt: skip
    assert second.superseded_by == ("ADR-001",)
    whole = read("DECISIONS.md", text.encode())
    assert whole.status is None  # no single state holds for the file
    assert "several-records" in {f.rule for f in whole.findings}


def test_numbered_chapters_do_not_make_several_records() -> None:
    text = "# ADR-5: X\n\nStatus: accepted\n\n## 1. Context\n\nA.\n\n## 2. Decision\n\nB.\n"
    assert len(read_all("adr/0005-x.md", text.encode())) == 1


def test_sections_and_places_count_lines_as_an_editor_does() -> None:
    record = one(
        "adr/0001-x.md", "---\nstatus: draft\n---\n# T\n\n## Context\n\nWhy.\n\n### More\n\nBecause.\n"
    )
    assert [(s.title, s.level, s.place.line, s.place.end_line, s.path) for s in record.sections] == [
        ("T", 1, 4, 5, ("T",)),
        ("Context", 2, 6, 9, ("T", "Context")),
        ("More", 3, 10, 13, ("T", "Context", "More")),
    ]
    assert (record.places["status"].line, record.places["title"].line) == (2, 4)
    assert record.sections[1].body.strip() == "Why."


def test_the_blob_sha_is_gits() -> None:
    assert read("a.md", b"hello\n").blob_sha == "ce013625030ba8dba906f756967f9e9ca394464a"
