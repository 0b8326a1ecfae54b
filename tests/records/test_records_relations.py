"""Which record a text names, and which way the words point."""

from __future__ import annotations

import pytest

from bot.records.reader import read
from bot.records.record import Record, RelationKind
from bot.records.site import Site

K = RelationKind


def of(text: str, path: str = "docs/adr/0009-x.md") -> Record:
    return read(path, f"# 9. X\n\n{text}".encode())


def kinds(record: Record) -> set[tuple[RelationKind, str]]:
    return {(r.kind, r.target) for r in record.relations}


SAID = [
    ("## Status\n\nSuperseded by [7. Y](0007-y.md)\n", {(K.SUPERSEDED_BY, "0007")}),
    ("## Status\n\nAccepted\n\n-> Supercedes [7. Y](0007-y.md)\n", {(K.SUPERSEDES, "0007")}),
    ("Status: superseded by 7\n", {(K.SUPERSEDED_BY, "0007")}),
    ("Status: Superseded by `0007-y`\n", {(K.SUPERSEDED_BY, "0007")}),
    ("* Supersedes: ADR-1, ADR-2 and 0003\n"
    "", {(K.SUPERSEDES, "0001"), (K.SUPERSEDES, "0002"), (K.SUPERSEDES, "0003")}),
    ("**Superseded by:**\n- [Y](0007-y.md)\n- ADR-8\n"
    "", {(K.SUPERSEDED_BY, "0007"), (K.SUPERSEDED_BY, "0008")}),
    ("- Status: Draft\n- Supersedes\n  - [Y](0007-y.md)\n  - ADR-8 (Old errors)\n"
    "", {(K.SUPERSEDES, "0007"), (K.SUPERSEDES, "0008")}),
    ("- Supersedes\n- ADR-7\n", {(K.RELATED, "0007")}),
    ("| Field | Value |\n|---|---|\n| Replaced by | ADR 7 |\n", {(K.SUPERSEDED_BY, "0007")}),
    ("Supersedes: the cache part in ADR-7\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("Supersedes: ADR-7's retry rule\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("Superseded by: ADR-7 (retries only)\n", {(K.PARTIALLY_SUPERSEDED_BY, "0007")}),
    ("**Status**: Partially superseded by [7](0007-y.md)\n", {(K.PARTIALLY_SUPERSEDED_BY, "0007")}),
    ("Status: Accepted; the cache is superseded by ADR-7\n", {(K.PARTIALLY_SUPERSEDED_BY, "0007")}),
    ("Supersedes: [Y](0007-y.md), uses ideas from [Z](0008-z.md)\n"
    "", {(K.SUPERSEDES, "0007"), (K.RELATED, "0008")}),
    ("Status: Accepted, amended by [1](0001-a.md) and [2](0002-b.md)\n"
    "", {(K.AMENDED_BY, "0001"), (K.AMENDED_BY, "0002")}),
    ("Amends: ADR-7\n", {(K.AMENDS, "0007")}),
    ("Datum: 2024-05-31 · Ergänzt ADR-7\n\nText.\n", {(K.AMENDS, "0007")}),
    ("Building on ADR-7 (Events), we go on.\n", {(K.BUILDS_ON, "0007")}),
    ("This decision depends on ADR-7 and ADR-8.\n", {(K.DEPENDS_ON, "0007"), (K.DEPENDS_ON, "0008")}),
    ("It does not depend on ADR-7.\n", {(K.RELATED, "0007")}),
    ("This ADR supersedes ADR-7.\n", {(K.SUPERSEDES, "0007")}),
    ("Our old rule was bad. Supersedes\n[7](0007-y.md).\n", {(K.SUPERSEDES, "0007")}),
    ("ADR-7 was superseded by ADR-8.\n", {(K.RELATED, "0007"), (K.RELATED, "0008")}),
    ("ADR-7 will be superseded by this record.\n", {(K.SUPERSEDES, "0007")}),
    ("ADR-7, its old formats, will be replaced by this one.\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("The driver replaces what ADR-7 had.\n", {(K.RELATED, "0007")}),
    ("See ADRs 1, 2 and 3.\n", {(K.RELATED, "0001"), (K.RELATED, "0002"), (K.RELATED, "0003")}),
    ("We answer within 7 ms, see RFC 7519.\n", set()),
    ("```\nSupersedes ADR-7\n```\n", set()),
    ("Write `ADR-0001` in plain text.\n", set()),
    ("Superseded by: none\n", set()),
    ("Supersedes: none — the spirit of ADR-7 stays\n", {(K.RELATED, "0007")}),
    ("Supersedes: the rule only. All else in ADR-7 stands.\n", {(K.RELATED, "0007")}),
    ("Status: Accepted. One part is superseded by [7](0007-y.md)\n", {(K.PARTIALLY_SUPERSEDED_BY, "0007")}),
    ("Supersedes: version 1 of 2019\n", set()),
    ("## Status\n\nSuperseded (see ADR-12)\n", {(K.SUPERSEDED_BY, "0012")}),
    ("## Status\n\n⌛ Superseded [0012](0012-y.md)\n", {(K.SUPERSEDED_BY, "0012")}),
    ("## Status\n\nSuperseded entirely by [0012-y](0012-y.md)\n", {(K.SUPERSEDED_BY, "0012")}),
    ("## Status\n\nInvalidated by [0012-y.md](0012-y.md)\n", {(K.SUPERSEDED_BY, "0012")}),
    ("Status: Superseded by #120 (no longer needed)\n", set()),
    ("Status: no longer needed, superseded by ADR-12\n", {(K.SUPERSEDED_BY, "0012")}),
    ("Status: Accepted (this: the disk part superseded by [12](0012-y.md); the net part superseded by ADR-13)\n"
    "", {(K.PARTIALLY_SUPERSEDED_BY, "0012"), (K.PARTIALLY_SUPERSEDED_BY, "0013")}),
    ("## Status\n\n- [ ] Superseded by ADR-12\n- [x] Accepted\n", set()),
    ("Status: ~~Superseded by ADR-12~~ Accepted\n", set()),
    ("**Superseded in part by [12](0012-y.md):** only the disks.\n", {(K.PARTIALLY_SUPERSEDED_BY, "0012")}),
    ("## Disks\n\n**These sizes have been superseded by ADR-12.**\n", {(K.PARTIALLY_SUPERSEDED_BY, "0012")}),
    ("Our first cache was replaced by ADR-7.\n", {(K.RELATED, "0007")}),
    ("This section is superseded by the rule given in ADR-12.\n", {(K.PARTIALLY_SUPERSEDED_BY, "0012")}),
    ("Supersedes some aspects of [7](0007-y.md) and [8](0008-z.md).\n"
    "", {(K.PARTIALLY_SUPERSEDES, "0007"), (K.PARTIALLY_SUPERSEDES, "0008")}),
    ("This ADR supersedes the \"Disks\" section of ADR 7.\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("This ADR supersedes the approach described in ADR-7.\n", {(K.SUPERSEDES, "0007")}),
    ("Supersedes: [7](0007-y.md) for the choice of disks\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("Supersedes: [7](0007-y.md), in part\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("Supersedes: [7](0007-y.md) rule 1 only\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("Supersedes: the disk part of [7](0007-y.md); updates [8](0008-z.md)\n"
    "", {(K.PARTIALLY_SUPERSEDES, "0007"), (K.AMENDS, "0008")}),
    ("This replaces ADR-7's disks with ours, and supersedes ADR-7.\n", {(K.SUPERSEDES, "0007")}),
    ("This was superseded by ADR-12's new disks.\n", {(K.SUPERSEDED_BY, "0012")}),
    ("This ADR would supersede ADR-7.\n", {(K.RELATED, "0007")}),
    ("It does not supersede ADR-7.\n", {(K.RELATED, "0007")}),
    ("- [7](0007-y.md) (superseded by this ADR)\n", {(K.SUPERSEDES, "0007")}),
    ("- [7](0007-y.md), which this decision supersedes\n", {(K.SUPERSEDES, "0007")}),
    ("- [12](0012-y.md), which supersedes this\n", {(K.SUPERSEDED_BY, "0012")}),
    ("See the disks. Amends ADR-7 and ADR-8 (not the net).\n", {(K.AMENDS, "0007"), (K.AMENDS, "0008")}),
    ("ADR-9 supersedes ADR-7.\n", {(K.SUPERSEDES, "0007")}),
    ("Supersedes: `docs/adr/0007-y.md`\n", {(K.SUPERSEDES, "0007")}),
    ("Superseded by: [ADR-0005](0005-example.md)\n", set()),
    ("* Superseding Decision: [ADR-12: Y](0012-y.md)\n", {(K.SUPERSEDED_BY, "0012")}),
    ("* Superseded Decisions: ADR-7\n", {(K.SUPERSEDES, "0007")}),
    ("## Related\n\n- ADR-7 (supersedes)\n- ADR-12: superseded by\n"
    "", {(K.SUPERSEDES, "0007"), (K.SUPERSEDED_BY, "0012")}),
    ("| ADR | Relationship |\n|---|---|\n| ADR-7 | Supersedes |\n| ADR-12 | Amended by |\n"
    "", {(K.SUPERSEDES, "0007"), (K.AMENDED_BY, "0012")}),
    ("Status: superseded by \"Better disks\" (ADR 12)\n", {(K.SUPERSEDED_BY, "0012")}),
    ("Supersedes: ADR-7 and ADR-8 only where they speak of disks\n"
    "", {(K.PARTIALLY_SUPERSEDES, "0007"), (K.PARTIALLY_SUPERSEDES, "0008")}),
    ("Supersedes: ADR-7 decision #3 (disks).\n  Decisions #1 (net) and #2 are unaffected.\n"
    "", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("- Supersedes: ADR-7 — **disks only** (its net stands)\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("**Supersedes the *disk* decision of [ADR-7](0007-y.md).**\nIts other decisions stand.\n"
    "", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("- Supersedes the disk layout of [ADR-7](0007-y.md)\n  for this model\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("This **supersedes the disk-layout decision of ADR-7 only.**\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("It works. This supersedes the ADR-7 per-disk limits: simpler.\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("- Supersedes / amends: [ADR-7](0007-y.md) (the disk sub-decision only)\n"
    "", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("This supersedes the decision of ADR-7 entirely.\n", {(K.SUPERSEDES, "0007")}),
    ("This supersedes the original decision recorded in ADR-7.\n", {(K.SUPERSEDES, "0007")}),
    ("This supersedes the ADR-7 and all its rules.\n", {(K.SUPERSEDES, "0007")}),
    ("This is a superset of, and obsoletes, [ADR-7](0007-y.md).\n", {(K.SUPERSEDES, "0007")}),
    ("## Status\n\nThis RFC has been withdrawn in favor of ADR-12 (New disks).\n", {(K.SUPERSEDED_BY, "0012")}),
    ("The newer one says so (\"Supersedes ADR-7\", for instance).\n", {(K.RELATED, "0007")}),
    ("- **Superseded:** the newer one says so (\"Supersedes ADR-7\", for instance).\n", {(K.RELATED, "0007")}),
    ("> This ADR's \"disk\" approach is superseded by ADR-12; the rest stays.\n"
    "", {(K.PARTIALLY_SUPERSEDED_BY, "0012")}),
    ("* Supersedes / refines: ADR-7 (Disks), borrows from others\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("Status: Superseded by ADR-12 and ADR-13 (a frontend-only stack)\n"
    "", {(K.SUPERSEDED_BY, "0012"), (K.SUPERSEDED_BY, "0013")}),
    ("- Supersedes: ADR-7 **decision item 0** (the disks)\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("This ADR supersedes the disk, net,\nand memory surfaces in ADR-6, ADR-7, and ADR-8.\n", {
        (K.PARTIALLY_SUPERSEDES, "0006"), (K.PARTIALLY_SUPERSEDES, "0007"), (K.PARTIALLY_SUPERSEDES, "0008")}),
    ("This ADR supersedes only the disk layout in ADR-7 and the\nbind wording in ADR-8. All else stays.\n"
    "", {(K.PARTIALLY_SUPERSEDES, "0007"), (K.PARTIALLY_SUPERSEDES, "0008")}),
    ("- **Disks from an admin** (superseded by [ADR-12](0012-y.md) for #3): they were open.\n"
    "", {(K.PARTIALLY_SUPERSEDED_BY, "0012")}),
    ("- [7](0007-y.md) (superseded by [12](0012-y.md))\n", {(K.RELATED, "0007"), (K.RELATED, "0012")}),
    ("## Keys of disks\n\n> **Superseded by [ADR-12](0012-y.md) (2031).** It moves them.\n"
    "", {(K.PARTIALLY_SUPERSEDED_BY, "0012")}),
    ("## Notes\n\n> **Superseded by [ADR-12](0012-y.md)**\n", {(K.SUPERSEDED_BY, "0012")}),
    ("**取代：** ADR-7 中关于磁盘的决策\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("**Supersedes:** 部分延续 ADR-7（磁盘）\n", {(K.RELATED, "0007")}),
    ("This ADR builds upon, and in some cases, supersedes ADR-7.\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("> **Statut :** accepté. Supersède ADR-7 ; révise ADR-8.\n", {(K.SUPERSEDES, "0007"), (K.AMENDS, "0008")}),
    ("> **Superseded en partie par [ADR-12](0012-y.md)** — les disques.\n", {(K.PARTIALLY_SUPERSEDED_BY, "0012")}),
    ("## Statut\n\naccepté — supersède l'**attachement d'attributs** de [ADR-7](0007-y.md)\n"
    "", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("Diese Entscheidung löst ADR-7 ab.\n", {(K.SUPERSEDES, "0007")}),
    ("Estado: superada por ADR-12\n", {(K.SUPERSEDED_BY, "0012")}),
    ("Status: Ersatt av ADR-12\n", {(K.SUPERSEDED_BY, "0012")}),
    ("Статус: заменён на ADR-12\n", {(K.SUPERSEDED_BY, "0012")}),
    ("- **Supersedes / Amends:** extends ADR-7 (disks); preserves ADR-8 (nets)\n"
    "", {(K.RELATED, "0007"), (K.RELATED, "0008")}),
    ("It redirects at first. ADR-12 replaces this with a page.\n", {(K.RELATED, "0012")}),
    ("- Supersedes the `fast-disk` rationale in [ADR-7](0007-y.md).\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("* [ADR-7](0007-y.md) — supersedes the \"wide disks\" rule.\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ("* [ADR-12](0012-y.md) — supersedes the \"wide disks\" rule.\n", {(K.PARTIALLY_SUPERSEDED_BY, "0012")}),
    ("## Alternatives considered\n\n- **One disk (supersede ADR-7):** too much.\n- **Two**: supersedes ADR-8.\n"
    "", {(K.RELATED, "0007"), (K.RELATED, "0008")}),
    ("本 ADR 取代 ADR-7，不取代 ADR-8\n", {(K.SUPERSEDES, "0007"), (K.RELATED, "0008")}),
    ("状态：已被 ADR-12 取代\n", {(K.SUPERSEDED_BY, "0012")}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SAID)
def test_words_give_the_direction(text: str, expected: set[tuple[RelationKind, str]]) -> None:
    assert kinds(of(text)) == expected


def test_front_matter_gives_directions_at_any_depth() -> None:
    text = (
        "---\nsupersedes: [ADR-0001, 0002-old.md]\nrelated: ADR-0003\nmeta:\n  features:\n    - name: a\n"
        "      dependencies: [ADR-0004, lodash]\n---\n# X\n"
    )
    record = read("docs/adr/0009-x.md", text.encode())
    assert kinds(record) == {
        (K.SUPERSEDES, "0001"),
        (K.SUPERSEDES, "0002"),
        (K.RELATED, "0003"),
        (K.DEPENDS_ON, "0004"),
    }
    assert next(r for r in record.relations if r.kind is K.DEPENDS_ON).place.line == 7


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("deprecated: 0012-other-way", {(K.SUPERSEDED_BY, "0012")}),
        ("deprecated: true", set()),
        ("superseded_by: ADR-12 + ADR-13 (both)", {(K.SUPERSEDED_BY, "0012"), (K.SUPERSEDED_BY, "0013")}),
        ("superseded-by: ADR-12 (disks only)", {(K.PARTIALLY_SUPERSEDED_BY, "0012")}),
        ("replaces: https://github.com/me/mine/pull/504", set()),
        ("replaces:\n  - ../adr/0007-y.md\n  - '[ADR-8](0008-z.md)'"
        "", {(K.SUPERSEDES, "0007"), (K.SUPERSEDES, "0008")}),
        ("supersedes: null", set()),
        ("status: superseded-by-0012", {(K.SUPERSEDED_BY, "0012")}),
        ("superseded_by:\n  - id: ADR-12\n    title: New", {(K.SUPERSEDED_BY, "0012")}),
        ("relations:\n  supersedes: [ADR-7]\n  amended-by: 12", {(K.SUPERSEDES, "0007"), (K.AMENDED_BY, "0012")}),
        ("title: Faster disks, amends ADR-7", {(K.AMENDS, "0007")}),
    ],
)  # fmt: skip
def test_front_matter_names_the_other_side(front: str, expected: set[tuple[RelationKind, str]]) -> None:
    assert kinds(read("docs/adr/0009-x.md", f"---\n{front}\n---\n# X\n".encode())) == expected


def test_files_without_numbers_are_named_by_path() -> None:
    replaced = b"---\nreplaces:\n  - /enhancements/disks/old-disks.md\n  - 504\n"
    text = replaced + b"superseded-by:\n  - our-past-effort.md\n---\n# X\n"
    record = read("enhancements/disks/new-disks.md", text)
    assert (record.supersedes, record.superseded_by) == (("old-disks",), ())


def test_the_log_tells_what_its_records_are_called() -> None:
    assert read("text/0009-x.md", b"# X\n\nThis RFC supersedes RFC #7.\n").supersedes == ("0007",)
    assert read("oteps/0009-x.md", b"# X\n\nSupersedes OTEP 7.\n").supersedes == ("0007",)
    bare = b"# X\n\n- Supersedes: https://github.com/me/rfcs/blob/main/text/0007-y.md\n"
    assert read("text/0009-x.md", bare, site=Site("me/rfcs")).supersedes == ("0007",)


def test_links_over_line_ends_and_by_reference_are_links() -> None:
    record = of(
        "See [the\nother](\n./0007-y.md#a) and [that][z] and [8].\n\n[z]: 0006-z.md\n[8]: 0008-w.md\n"
    )
    assert {r.target_path for r in record.relations} == {
        f"docs/adr/000{n}" for n in ("7-y.md", "6-z.md", "8-w.md")
    }


def test_a_full_address_is_a_link_once_the_repository_is_known() -> None:
    text = b"# 9. X\n\nSupersedes: [Y](https://github.com/Me/Mine/blob/main/docs/adr/0007-y.md)\n"
    assert read("docs/adr/0009-x.md", text).supersedes == ()
    assert read("docs/adr/0009-x.md", text, site=Site("me/mine")).supersedes == ("0007",)


def test_every_relation_says_where_it_stands() -> None:
    (relation,) = of("Text.\n\n- ADR-7: Use Y (for speed)\n").relations
    assert (relation.quote, relation.place.line) == ("- ADR-7: Use Y (for speed)", 5)
    assert (relation.title, relation.note) == ("Use Y", "for speed")


def test_ids_are_written_as_the_log_writes_them() -> None:
    record = read("docs/ODH-ADR-Op-0009-x.md", b"# X\n\nSee ODH-ADR-Op-0007 and ADR-8.\n")
    assert [r.target for r in record.relations] == ["ODH-ADR-Op-0007", "ODH-ADR-Op-0008"]


def test_a_slug_log_links_by_slug() -> None:
    text = b"# X\n\n- Status: superseded by [20240202-y](20240202-y.md)\n"
    assert read("docs/adr/20240131-x.md", text).superseded_by == ("20240202-y",)


def test_a_record_does_not_relate_to_itself() -> None:
    assert of("As ADR-9 says; see [here](0009-x.md#context).\n").relations == ()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("This RFC supersedes RFC 1480.", {(K.SUPERSEDES, "1480")}),
        ("This RFC was replaced by [RFC #1711, disks](https://me.github.io/rfcs/1711-disks.html).\n"
        "", {(K.SUPERSEDED_BY, "1711")}),
        ("Note: this supersedes [RFC 1480](https://github.com/me/rfcs/pull/1480).", {(K.SUPERSEDES, "1480")}),
        ("Note: this supersedes [RFC 1480](https://github.com/other/rfcs/pull/1480).", set()),
        ("Note: this supersedes [RFC 1480](https://github.com/me/rfcs/pull/99).", set()),
        ("Words as in RFC 2119; RFC 7230 supersedes RFC 2616.", set()),
        ("See RFC 1480, which this is intended to supersede.", {(K.SUPERSEDES, "1480")}),
        ("This RFC aims to replace RFC 1480.", {(K.SUPERSEDES, "1480")}),
        ("Some day we may aim to replace RFC 1480.", set()),
    ],
)  # fmt: skip
def test_four_digits_are_this_logs_only_beside_a_supersession(
    said: str, expected: set[tuple[RelationKind, str]]
) -> None:
    record = read("text/1502-x.md", f"# X\n\n{said}\n".encode(), site=Site("me/rfcs"))
    assert kinds(record) == expected


def test_a_number_with_this_logs_zeros_is_a_record_where_it_replaces() -> None:
    assert kinds(of("> **Superseded by 0012 (2031-02-03), together with 0013.** The rest is history.\n")) == {
        (K.SUPERSEDED_BY, "0012"),
        (K.SUPERSEDED_BY, "0013"),
    }
    assert kinds(of("We waited 0012 ms; mode 0644 is superseded by 0600.\n")) == set()


def test_a_kep_is_known_by_its_issue_and_by_its_folder() -> None:
    text = b"# KEP-1177: X\n\n**Note:** this KEP was replaced by the KEP in [#1739](https://github.com/me/kep/issues/1739).\n"
    sidecar = b"title: X\nreplaces:\n  - me/kep/keps/sig-a/375-disks/README.md\n"
    record = read("keps/sig-a/1177-x/README.md", text, siblings={"kep.yaml": sidecar}, site=Site("me/kep"))
    assert (record.supersedes, record.superseded_by) == (("0375",), ("1739",))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("This RFC supersedes several older RFCs:\n\n- [ADR-6: Net](0006-n.md)\n- ADR-7\n\nSee ADR-8.\n"
        "", {(K.SUPERSEDES, "0006"), (K.SUPERSEDES, "0007"), (K.RELATED, "0008")}),
        ("This ADR replaces:\n\n- ADR-6 (only the ports)\n- the ports that ADR-7 named\n"
        "", {(K.PARTIALLY_SUPERSEDES, "0006"), (K.RELATED, "0007")}),
        ("This ADR does not supersede these:\n\n- ADR-6\n", {(K.RELATED, "0006")}),
        ("Replace [ADR-7](0007-y.md), with rules of our own.\n", {(K.SUPERSEDES, "0007")}),
        ("Replace ADR-7's table with a list.\n", {(K.RELATED, "0007")}),
        ("This replaces and deprecates ADR-7.\n", {(K.SUPERSEDES, "0007")}),
        ("This document is a replacement for ADR-7.\n", {(K.SUPERSEDES, "0007")}),
        ("A cache is no replacement for ADR-7.\n", {(K.RELATED, "0007")}),
        ("[ADR-12](0012-y.md) supersedes the content of this proposal.\n", {(K.SUPERSEDED_BY, "0012")}),
        ("In short this ADR was superseded by ADR-12.\n", {(K.SUPERSEDED_BY, "0012")}),
        ("This supersedes the behavior specified in ADR-7.\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
        ("This section supersedes ADR-7.\n", {(K.PARTIALLY_SUPERSEDES, "0007")}),
    ],
)  # fmt: skip
def test_what_is_replaced_may_be_listed_bidden_or_limited(
    said: str, expected: set[tuple[RelationKind, str]]
) -> None:
    assert kinds(of(said)) == expected


def test_a_title_may_say_in_brackets_what_replaces_the_record() -> None:
    record = read("docs/adr/0009-x.md", b"# 9. X [Replaced by [Y](0007-y.md)]\n\nText.\n")
    assert record.superseded_by == ("0007",)


def test_a_pull_request_that_a_kep_replaces_is_no_kep() -> None:
    text = b"# KEP-0554: X\n\nThis proposal replaces [#730](https://github.com/me/kep/pull/730).\n"
    assert read("keps/sig-a/554-x/README.md", text, site=Site("me/kep")).supersedes == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This ADR supersedes `ADR-0003`.", {(RelationKind.SUPERSEDES, "0003")}),
        ("This ADR has been superseded by `0012-y.md`.", {(RelationKind.SUPERSEDED_BY, "0012")}),
        ("This ADR is superseded by `adr/0012-y.md`.", {(RelationKind.SUPERSEDED_BY, "0012")}),
        ("`library/other/0012-y.md` is superseded by this record.", set()),
        ("The constant `ADR-0003` replaces `ADR-0004`.", set()),
        (
            "The standards presented in this ADR supersede those in [ADR 3](0003-y.md).",
            {(RelationKind.PARTIALLY_SUPERSEDES, "0003")},
        ),
        ("Superseded (as never built) by [ADR 12](0012-y.md).", {(RelationKind.SUPERSEDED_BY, "0012")}),
        (
            "This ADR is superseded by [ADR 12](0012-y.md) concerning the rules.",
            {(RelationKind.PARTIALLY_SUPERSEDED_BY, "0012")},
        ),
        ("Cette décision annule et remplace l'[ADR-0003](0003-y.md).", {(RelationKind.SUPERSEDES, "0003")}),
        ("Cette décision ne remplace pas l'[ADR-0003](0003-y.md).", {(RelationKind.RELATED, "0003")}),
        ("Esta decisión reemplaza la [ADR-0003](0003-y.md).", {(RelationKind.SUPERSEDES, "0003")}),
        ("Substituída pela [ADR-0012](0012-y.md).", {(RelationKind.SUPERSEDED_BY, "0012")}),
        ("Questa decisione sostituisce la [ADR-0003](0003-y.md).", {(RelationKind.SUPERSEDES, "0003")}),
        ("Dit besluit vervangt [ADR-0003](0003-y.md).", {(RelationKind.SUPERSEDES, "0003")}),
    ],
)
def test_ids_in_code_and_other_tongues(text: str, expected: set[tuple[RelationKind, str]]) -> None:
    assert kinds(of(f"# X\n\n{text}\n\n## Context\n\nText.\n")) == expected


def test_a_field_that_shows_the_form_names_nobody() -> None:
    assert of("# X\n\n## Superseded by\n\n* In the form `ADR-123`.\n").superseded_by == ()


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("`Old thing`_", ".. _Old thing: 0003-old-thing.rst"),
        ("old_", ".. _old: 0003-old-thing.rst"),
        ("`_0003 Old thing`", ""),
    ],
)
def test_named_references_of_rst_are_links(words: str, target: str) -> None:
    text = f"Thing\n=====\n\nStatus\n------\n\nAccepted\n\nSupersedes {words}\n\n{target}\n"
    assert of(text, "docs/decisions/0005-x.rst").supersedes == ("0003",)


def test_a_page_of_proposals_with_a_name_of_their_own_is_theirs() -> None:
    text = "X\n=\n\nStatus\n------\n\nReplaced by `OEP-9`_\n\n.. _OEP-9: https://docs.example.org/oep-0009-y.html\n"
    assert of(text, "oeps/oep-0005-x.rst").superseded_by == ("OEP-0009",)
