"""A plan in the record's own front matter: all that people wrote there stays byte for byte, and the same plan
twice is the same file."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.configuration import AgentSetting, Configuration
from bot.plans.plan import ImplementationPlan
from bot.plans.planner import plan
from bot.plans.write_back import NotKept, Written, write_back
from bot.records import front_matter
from bot.records.reader import read
from tests.properties import THOROUGH
from tests.records.test_records_corpus import corpus

PATH = "docs/adr/ADR-007-weigh-the-tea.md"
CONFIGURATION = Configuration(agent=AgentSetting(name="a", provider="command", command=("a",)))
BODY = """
# ADR-007: Weigh the tea

**Status:** Accepted
**Date:** 2026-02-03

## Decision

Tea is sold by weight. It builds on ADR-003.

## Implementation

- Add scales: "precise" ones, to `teashop/scales.py`
- Add a label with the weight

### Performance

- Weighing: < 50 ms

## Related ADRs

- ADR-003: Sell tea (builds on it)
"""
THEIRS = """---
# Whoever edits this: ask Ann.
adr_id: "ADR-007"
weight:   0010 # stays as it is
tags: [tea, 'scales']
implementation_metadata:
    # ours since 2024
    success_criteria:
      - "Nobody waits"   # at the till
    notes: |
      anything:
        goes

    owner:

# the end
other: yes
---
"""


def planned(data: bytes) -> ImplementationPlan:
    return plan(read(PATH, data), CONFIGURATION, merged=True)


def written(data: bytes, *, add: bool = False) -> Written:
    return write_back(PATH, data, planned(data), add=add)


def added(before: bytes, after: bytes) -> list[str]:
    """The new lines; fails if an old one is gone or another."""
    old, new = before.decode().split("\n"), after.decode().split("\n")
    diff = list(difflib.ndiff(old, new)) if len(old) < 200 else []
    assert not [line for line in diff if line.startswith("- ")], "a line is gone"
    return [line[2:] for line in diff if line.startswith("+ ")]


def block(data: bytes) -> dict:
    lines = data.decode().split("\n")
    front = front_matter.split(PATH, [line.rstrip("\r") for line in lines])
    return front.values["implementation_metadata"]


def test_the_plan_stands_in_the_customers_words() -> None:
    data = ("---\nadr: 0007\n---\n" + BODY).encode()
    made = written(data)
    lines = made.data.decode().split("---\n")[1]
    got = yaml.safe_load(lines)["implementation_metadata"]
    assert [f["name"] for f in got["feature_requirements"]] == [
        "Tea is sold by weight.",
        'Add scales: "precise" ones, to teashop/scales.py',
        "Add a label with the weight",
    ]
    assert got["feature_requirements"][1]["id"] == "ADR-007/R2"
    assert "dependencies" not in got["feature_requirements"][0], "it would be read as the record's own"
    assert got["success_criteria"] == ["Weighing: < 50 ms"]
    assert got["implementation_strategy"]["rollback_required"] is True
    assert got["implementation_strategy"]["integration_points"] == ["teashop/scales.py"]
    assert got["workflow_generation"]["test_strategy"] == "unit-integration-e2e"
    assert any("Weighing" in trigger for trigger in got["workflow_generation"]["rollback_triggers"])
    assert got["cloi_plan"]["written"] == list(made.fields)
    assert made.data.decode().partition("\nimplementation_metadata")[0] == "---\nadr: 0007"


def test_what_people_wrote_stays_theirs() -> None:
    data = (THEIRS + BODY).encode()
    made = written(data)
    assert made.kept == ("success_criteria",)
    assert "success_criteria" not in made.fields
    new = added(data, made.data)
    assert all(line.startswith("    ") for line in new), "inside of the mapping, at its own indent"
    assert made.data.decode().endswith(BODY)
    assert block(made.data)["success_criteria"] == ["Nobody waits"]
    assert block(made.data)["notes"] == block(data)["notes"]


def test_the_same_again_changes_nothing_and_an_edit_of_the_record_only_what_is_ours() -> None:
    data = (THEIRS + BODY).encode()
    once = written(data).data
    assert written(once).data == once
    assert [r.text for r in planned(once).adr_requirements] == [
        r.text for r in planned(data).adr_requirements
    ]
    assert [r.id for r in planned(once).adr_requirements] == [r.id for r in planned(data).adr_requirements]
    edited = once.replace(b"- Add a label with the weight", b"- Add a bell")
    twice = written(edited).data
    assert b"Add a label" not in twice
    assert twice == once.replace(b"Add a label with the weight", b"Add a bell")


def test_a_field_that_is_taken_off_the_list_is_theirs_again() -> None:
    once = written(("---\nadr: 7\n---\n" + BODY).encode()).data
    mine = once.replace(b'      - "feature_requirements"\n', b"").replace(
        b'Add a label with the weight"', b'Label it"'
    )
    made = written(mine)
    assert "feature_requirements" in made.kept
    assert b'name: "Label it"' in made.data
    assert written(made.data).data == made.data
    texts = [r.text for r in planned(made.data).adr_requirements]
    assert "Label it" in texts, "and what people wrote there is asked for"


REFUSED = {
    "twice": "---\na: 1\na: 2\n---\n",
    "anchor": "---\na: &x 1\n---\n",
    "alias": "---\na: &x 1\nb: *x\n---\n",
    "flow": "---\n{a: 1, b: 2}\n---\n",
    "flow inside": "---\nimplementation_metadata: {a: 1}\n---\n",
    "a word": "---\nimplementation_metadata: later\n---\n",
    "broken": "---\na: [1\n---\n",
    "toml": "+++\na = 1\n+++\n",
    "separators": '---\na: "x\u2028y"\n---\n',
    "nothing there": "",
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_kept_is_refused(why: str) -> None:
    with pytest.raises(NotKept) as refused:
        written((REFUSED[why] + BODY).encode())
    assert str(refused.value) and not str(refused.value).endswith(".")


def test_front_matter_is_added_only_where_it_is_asked_for() -> None:
    data = BODY.lstrip().encode()
    made = written(data, add=True)
    assert made.data.endswith(b"---\n\n" + data)
    assert written(made.data).data == made.data
    windows = data.replace(b"\n", b"\r\n")
    again = written(windows, add=True).data
    assert again.count(b"\n") == again.count(b"\r\n")
    marked = written(b"\xef\xbb\xbf" + data, add=True).data
    assert marked.startswith(b"\xef\xbb\xbf---\n") and marked.count(b"\xef\xbb\xbf") == 1
    with pytest.raises(NotKept, match="its markup knows none"):
        write_back("docs/adr/0001-a.rst", data, planned(data), add=True)


def test_adr_012_itself_and_back() -> None:
    seed = Path(__file__).resolve().parents[2] / "docs/adr/ADR-012-workflow-engine-architecture.md"
    data = seed.read_bytes()
    record = read(seed.name, data)
    made = write_back(seed.name, data, plan(record, CONFIGURATION), add=True)
    assert made.data.endswith(data)
    again = plan(read(seed.name, made.data), CONFIGURATION)
    assert [(r.id, r.text) for r in again.adr_requirements] == [
        (r.id, r.text) for r in plan(record, CONFIGURATION).adr_requirements
    ]
    assert write_back(seed.name, made.data, again).data == made.data


def first(pair: tuple[str, ...]) -> str:
    return pair[0]


def test_real_records_read_the_same_with_their_plan_in_them() -> None:
    """A share of the corpus; CLOI_THOROUGH takes all of it."""
    pages = sorted(corpus().rglob("*.md"))
    chosen = pages if THOROUGH else pages[::12]
    refused = 0
    for page in chosen:
        data, name = page.read_bytes(), f"docs/adr/{page.name}"
        try:
            made = write_back(name, data, plan(read(name, data), CONFIGURATION), add=True)
        except NotKept:
            refused += 1
            continue
        again = plan(read(name, made.data), CONFIGURATION)
        assert made.data.endswith(data.removeprefix(b"\xef\xbb\xbf")[-200:])
        assert write_back(name, made.data, again, add=True).data == made.data, page
    assert refused <= len(chosen) // 20


KEYS = st.sampled_from(
    ["title", "adr_id", "tags", "owner", "x-y", "implementation_metadata", "validation_metadata"]
)
SCALARS = st.one_of(
    st.sampled_from(
        [
            "1",
            "yes",
            "'a: b'",
            '"q\\"q"',
            "2024-01-XX",
            "",
            "~",
            "[a, b]",
            "{c: d}",
            "|\n  text\n\n",
            ">-\n  a\n  b",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8),
)
COMMENTS = st.sampled_from(["", " # why", "\n# a line of its own", "\n", "\n\n"])
INNER = st.lists(
    st.tuples(
        st.sampled_from(
            ["success_criteria", "notes", "feature_requirements", "implementation_strategy", "z"]
        ),
        st.sampled_from(
            ["later", "", "[]", "\n{pad}  - one # first\n{pad}  - two", "\n{pad}- one", "|\n{pad}  text\n"]
        ),
    ),
    max_size=4,
    unique_by=first,
)


@st.composite
def fronts(draw: st.DrawFn) -> str:
    out = "---\n"
    for key, value, comment in draw(
        st.lists(st.tuples(KEYS, SCALARS, COMMENTS), max_size=6, unique_by=first)
    ):
        if key == "implementation_metadata":
            pad = " " * draw(st.integers(1, 4))
            inner = draw(INNER)
            out += f"{key}:{comment}\n" + "".join(f"{pad}{k}: {v.format(pad=pad)}\n" for k, v in inner)
        else:
            out += f"{key}: {value}{comment}\n"
    return out + "---\n"


@given(fronts(), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_whatever_stands_there_is_kept_or_refused(front: str, end: str, mark: bool) -> None:
    """Every old line is there in its order, every other key says the same, and twice is once."""
    text = (front + BODY).replace("\r", "").replace("\n", end)
    data = (b"\xef\xbb\xbf" if mark else b"") + text.encode("utf-8", "replace")
    try:
        made = written(data)
    except NotKept:
        return
    old, new = data.decode().split(end), made.data.decode().split(end)
    rest = iter(new)
    assert all(line in rest for line in old), "the old lines are a part of the new ones, in order"
    assert made.data.endswith((BODY.replace("\n", end)).encode())
    before = front_matter.split(PATH, [line.rstrip("\r") for line in data.decode().split("\n")]).values
    after = front_matter.split(PATH, [line.rstrip("\r") for line in made.data.decode().split("\n")]).values
    assert {k: v for k, v in after.items() if k != "implementation_metadata"} == {
        k: v for k, v in before.items() if k != "implementation_metadata"
    }
    theirs = before.get("implementation_metadata")
    for key, value in theirs.items() if isinstance(theirs, dict) else ():
        assert after["implementation_metadata"][key] == value
    assert written(made.data).data == made.data
