"""A pattern of a stranger's finds what it should, and takes no longer than the text is long."""

import random
import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gates.linear import Budget, Linear, TooMuch, Unsupported
from tests.properties import examples

LETTERS = "ab.-"
ATOMS = st.sampled_from(["a", "b", r"\.", ".", "[ab]", "[^a]", r"\w", r"\W", r"[a-b.]", r"\b", "^", "$"])


def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    grouped = inner.map("(?:{})".format)
    return st.one_of(
        st.tuples(grouped, st.sampled_from(["*", "+", "?", "{0,2}", "{2}", "{1,}", "*?"])).map("".join),
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join).map("({})".format),
    )


PATTERNS = st.recursive(ATOMS, grow, max_leaves=8)


def finds(pattern: str, text: str) -> bool:
    return Linear(pattern).finds(text, Budget(1_000_000))


@given(PATTERNS, st.text(LETTERS, max_size=8))
@settings(max_examples=examples(200), deadline=None)
def test_it_finds_what_pythons_own_engine_finds(pattern: str, text: str) -> None:
    assert finds(pattern, text) == bool(re.search(pattern, text, re.ASCII))


@given(st.text(string.printable, max_size=20))
@settings(max_examples=examples(150), deadline=None)
def test_any_text_is_a_pattern_or_is_refused_by_name(pattern: str) -> None:
    try:
        found = finds(pattern, "import a from './unified.js'")
    except Unsupported as error:
        assert str(error)
    else:
        assert found in (True, False)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"import.*unified\.js", "import x from './unified.js'", True),
        (r"import.*unified\.js", "import x from './unifiedXjs'", False),
        (r"port.*9090", "const port = 9090", True),
        (r"EADDRINUSE.*port.*\d+", "EADDRINUSE: port 80", True),
        (r"^\s*from\s+[\"']lodash", "  from 'lodash'", True),
        (r"\x61\/\u0062", "a/b", True),
        (r"a{,2}", "a{,2}", True),
        (r"a{2}", "a a", False),
    ],
)
def test_patterns_as_records_have_them(pattern: str, text: str, found: bool) -> None:
    assert finds(pattern, text) is found


ONE_PASS_IS_NOT_ENOUGH = [
    "(?=a)",
    "(?<!a)b",
    r"(a)\1",
    r"\p{L}",
    "(?i)a",
    "a++",
    "a**",
    "((a{99}){99}){99}",
    "((((){99}){99}){99}){99}",
]
NONE_AT_ALL = ["(", ")", "[a", "*a", "a{3,1}", "a{999}", "^*", "\\", "[b-a]", "(" * 40 + ")" * 40, "a" * 501]


@pytest.mark.parametrize("pattern", ONE_PASS_IS_NOT_ENOUGH + NONE_AT_ALL)
def test_what_needs_more_than_one_pass_is_refused(pattern: str) -> None:
    with pytest.raises(Unsupported):
        Linear(pattern)


CATASTROPHES = [r"(a+)+$", r"(a|a)*b", r"(a*)*b", r"(.*a){20}x", r"^(([a-z])+.)+[A-Z]([a-z])+$"]


@pytest.mark.parametrize("pattern", CATASTROPHES)
def test_patterns_that_would_stop_python_for_ever_end_within_a_count_of_steps(pattern: str) -> None:
    budget = Budget(200_000)
    assert not Linear(pattern).finds("a" * 20_000 + "!", budget)
    assert budget.left > 0


def test_a_pattern_with_endlessly_many_states_ends_at_the_budget_too() -> None:
    chance = random.Random(1)
    text = "".join(chance.choice("ab") for _ in range(20_000))
    with pytest.raises(TooMuch):
        Linear("(a|b)*a(a|b){100}x").finds(text, Budget(300_000))


def test_who_has_used_up_the_budget_is_told() -> None:
    budget = Budget(10_000)
    with pytest.raises(TooMuch):
        Linear("a").finds("b" * 10_001, budget)
