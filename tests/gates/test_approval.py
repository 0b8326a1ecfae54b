"""Stories of the approval: one hash, computed alike with and without packages."""

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gates.approval import approval_hash, load_plan, plan_digest

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_none(v) for k, v in value.items() if v is not None}
    return [without_none(v) for v in value] if isinstance(value, list) else value


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_the_digest_is_the_one_that_msgspec_gives(plan: dict[str, Any]) -> None:
    body = without_none({k: v for k, v in plan.items() if k != "digest"})
    expected = hashlib.sha256(msgspec.json.encode(body, order="sorted")).hexdigest()
    assert plan_digest(plan) == expected
    assert plan_digest({**plan, "digest": "whatever"}) == expected


A, B = "a" * 64, "b" * 64


def test_each_of_the_three_parts_counts() -> None:
    same = approval_hash(A, B, "1.0")
    assert same == approval_hash(A, B, "1.0")
    assert (
        len({same, approval_hash(B, A, "1.0"), approval_hash(A, B, "1.1"), approval_hash(A, A, "1.0")}) == 4
    )


@pytest.mark.parametrize(
    "parts", [("", B, "1"), (A, B.upper(), "1"), (A, B, ""), (A, B, "1\n2"), (A + "\n", B, "1")]
)
def test_a_part_of_another_form_is_refused(parts: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError):
        approval_hash(*parts)


@pytest.mark.parametrize(
    "text", [b'{"a":1,"a":2}', b'{"a":{"b":1,"b":1}}', b"[1]", b'{"a":NaN}', b"\xff", b"{"]
)
def test_an_ambiguous_plan_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        load_plan(text)


def test_a_plan_is_read_as_it_stands() -> None:
    assert load_plan(json.dumps({"a": [1, 2.5, "ü"]}).encode()) == {"a": [1, 2.5, "ü"]}
