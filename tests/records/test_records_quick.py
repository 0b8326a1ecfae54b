"""What is read without the library is what the library would have read."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.records.markdown import blocks_of, library_blocks
from bot.records.quick import pieces_of
from tests.properties import THOROUGH

LINES = st.sampled_from(
    r"""a|text b|a  |# h|## h #|#|####### x|  # h|- a|* b|+ c|1. x|2. y|10. k|3) z|0. z|- 1. p|-|1.|  c|    d|> q|>
```|~~~|````|  ```|``` a ` b|`` y|---|===|***|- - -|<div>|</div>|<pre>|<script>|<https://x>|[a]: u|[a][a]|[a] b|[x
**b** c|*e* f|_g_|`code` x|- [ ] t|- [x]: u|  - n|    - m|- # h|- ```|1. ~~~|- <div>|- > q|  > q|- * x|![i](u)
2024-01-02 d|12 e|(f)|“q”|http://u|<!-- c -->|&amp;|~ x""".replace("\n", "|").split("|")
) | st.sampled_from(["", "", "", "\t", "\tx", "-\ta", "|a|b|", "|-|-|", "-|-", "| x", "\u2028", "\x0b", " "])
TEXTS = st.lists(st.tuples(LINES, st.sampled_from(["", "", "", " ", "  ", " z"])), max_size=10)


@given(TEXTS.map(lambda pairs: [line + end for line, end in pairs]))
@settings(max_examples=20_000 if THOROUGH else 200)
def test_the_quick_way_gives_the_same_blocks(lines: list[str]) -> None:
    assert blocks_of(lines) == library_blocks(lines)


def test_what_nests_is_left_to_the_library() -> None:
    lines = [
        "# T",
        "",
        "Words",
        "and more.",
        "- a",
        "- b",
        "",
        "- c",
        "  - d",
        "",
        "```",
        "x",
        "```",
        "> q",
        "",
        "End.",
    ]
    pieces = [(p.start, p.end, p.text is not None) for p in pieces_of(lines)]
    assert pieces == [
        (0, 1, True),
        (2, 4, True),
        (4, 15, False),
        (15, 16, True),
    ]
