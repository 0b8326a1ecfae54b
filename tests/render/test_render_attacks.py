"""Titles and commit messages are text of strangers in a place that takes no Markdown: GitHub must find nothing in
them to close, to call or to skip."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.findings import Mend, Remark
from bot.render.plain import inert
from bot.render.reverts import revert_pull
from bot.render.sarif import sarif

HOSTILE = {
    "Closes #1": "Closes # 1",
    "fixes acme/teashop#2": "fixes acme/teashop# 2",
    "resolves GH-7": "resolves GH 7",
    "closes https://github.com/acme/teashop/issues/1": "closes https: //github.com/acme/teashop/issues/1",
    "thanks @maria, @acme/team": "thanks @ maria, @ acme/team",
    "[skip ci] now": "(skip ci) now",
    "x\n\nCo-authored-by: E <e@evil.test>": "x Co-authored-by: E <e@evil.test>",
    "Use a queue (C# 8, a@b.test)": "Use a queue (C# 8, a@b.test)",
}
ACTIVE = re.compile(r"#\d|\bGH-\d|://|(?<!\w)@\w|[\[\]\n\r\u2028]", re.IGNORECASE)


@pytest.mark.parametrize(("text", "shown"), HOSTILE.items())
def test_nothing_in_a_title_makes_github_act(text: str, shown: str) -> None:
    assert inert(text) == shown


@given(st.text("#@[]GHgh-:/1a\u200b\n\u2060 .", max_size=30))
def test_it_stays_so_whatever_is_mixed_in(text: str) -> None:
    assert not ACTIVE.search(inert(text))


def test_the_way_back_repeats_no_words_that_close() -> None:
    title = revert_pull(5, "Closes #1 [skip ci]", reason="a gate failed", instance="i/1").title
    assert "#1" not in title and "[skip ci]" not in title
    assert "#5" in title


@pytest.mark.parametrize("name", ["0001-\udcff.md", "0001-\ud800.md", "0001 a\n%.md"])
def test_a_file_name_that_is_no_text_is_still_an_address_in_sarif(name: str) -> None:
    mend = Mend(f"docs/{name}", 1, 1, "# 1. \udcff")
    found = sarif(
        [Remark("number-differs", "error", f"docs/{name}", 1, 1, "why \udcff", (mend,))], version="1"
    )
    text = json.dumps(found, ensure_ascii=False)
    text.encode()
    uri = found["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii() and " " not in uri and "\n" not in uri
