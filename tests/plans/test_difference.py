"""What an edit of a record changes in its plan."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.configuration import Configuration
from bot.plans.difference import difference
from bot.plans.plan import ImplementationPlan, Requirement, Source
from bot.plans.planner import plan
from bot.records.reader import read
from bot.render.plan import plan_difference

BEFORE = """# ADR-0007: Keep a log

**Status:** Accepted

## Decision Outcome

**Chosen Option:** Keep a log of all orders.

## Implementation Strategy

### Phase 1: Begin

- Add a module `shop/log.py` with an append-only log
- Write each order to the log before it is confirmed
"""


def planned(text: str) -> ImplementationPlan:
    record = read("docs/adr/0007-keep-a-log.md", text.encode())
    return plan(record, Configuration())


def test_one_more_in_the_middle_is_added_and_the_rest_only_moved() -> None:
    line = "- Write each order to the log"
    found = difference(planned(BEFORE), planned(BEFORE.replace(line, f"- Rotate the log each night\n{line}")))
    assert [one.text for one in found.added] == ["Rotate the log each night"]
    assert not found.changed
    assert not found.withdrawn
    assert str(found).startswith("1 added (R")


def test_other_words_are_a_change_and_a_line_less_is_withdrawn() -> None:
    old = planned(BEFORE)
    changed = difference(old, planned(BEFORE.replace("each order", "each paid order")))
    assert [(a.text.count("paid"), b.text.count("paid")) for a, b in changed.changed] == [(0, 1)]
    lines = [line for line in BEFORE.splitlines() if "shop/log.py" not in line]
    gone = difference(old, planned("\n".join(lines)))
    assert len(gone.withdrawn) + len(gone.changed) == 1


def test_where_it_stands_is_no_change() -> None:
    moved = BEFORE.replace("## Decision Outcome", "Some words of context.\n\n## Decision Outcome")
    assert not difference(planned(BEFORE), planned(moved))


TEXTS = st.lists(st.sampled_from("abcdef"), max_size=7)


def made(texts: list[str]) -> ImplementationPlan:
    asked = tuple(
        Requirement(
            id=f"A/R{n}", kind="work-item", text=text, source=Source(path="a", line=n, end_line=n, quote=text)
        )
        for n, text in enumerate(texts, start=1)
    )
    return msgspec.structs.replace(planned(BEFORE), adr_requirements=asked, constraints=())


@given(TEXTS, TEXTS)
def test_old_less_what_went_and_more_what_came_is_new(before: list[str], after: list[str]) -> None:
    found = difference(made(before), made(after))
    kept = sorted(before)
    for one in (*found.withdrawn, *(old for old, _ in found.changed)):
        kept.remove(one.text)  # type: ignore[union-attr]
    came = [one.text for one in (*found.added, *(new for _, new in found.changed))]  # type: ignore[union-attr]
    assert sorted([*kept, *came]) == sorted(after)
    assert bool(found) == (sorted(before) != sorted(after))
    assert not {one.text for one in found.added} & {one.text for one in found.withdrawn}  # type: ignore[union-attr]


def test_a_promised_number_that_no_requirement_states_counts_too() -> None:
    promised = BEFORE.replace("all orders.", "all orders. An order is then found in less than 2 seconds.")
    changed = difference(planned(promised), planned(promised.replace("2 seconds", "3 seconds")))
    assert "< 3 s" in str(changed) and len(changed.changed) == 1
    assert len(difference(planned(BEFORE), planned(promised)).added) == 1
    assert not difference(planned(promised), planned(promised.replace("An order is", "The order is")))


def test_what_is_changed_behind_the_words_that_are_shown_is_a_change() -> None:
    long = "- Write each order to the log " + "and sign it " * 60
    found = difference(planned(f"{BEFORE}{long}\n"), planned(f"{BEFORE}{long}with Eve's key\n"))
    assert len(found.changed) == 1


FRONT = """---
implementation_metadata:
  ai_generation_context:
    code_patterns:
      - a store behind a port
      - no global state
---
"""


def test_a_pattern_that_the_code_is_held_to_counts_and_their_order_does_not() -> None:
    old = planned(FRONT + BEFORE)
    other = difference(old, planned(FRONT.replace("no global state", "no threads") + BEFORE))
    assert [(was.text, now.text) for was, now in other.changed] == [("no global state", "no threads")]  # type: ignore[union-attr]
    assert "Pattern: no threads" in plan_difference(planned(BEFORE), other)
    gone = difference(old, planned(BEFORE))
    assert str(gone) == "2 withdrawn (P1 “Pattern: a store behind a port”, P2 “Pattern: no global state”)"
    swapped = FRONT.replace("a store behind a port", "x").replace("no global state", "a store behind a port")
    assert not difference(old, planned(swapped.replace("- x", "- no global state") + BEFORE))
