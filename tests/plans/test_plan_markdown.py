"""The plan as people read it on GitHub: what stands on top, and that no record can speak in the bot's name."""

from __future__ import annotations

import re

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.plans.configuration import AgentSetting, Configuration, TestSetting
from bot.plans.markdown import as_markdown, code, safe
from bot.plans.planner import plan
from bot.records.reader import read

CONFIGURED = Configuration(
    agent=AgentSetting(name="scripted", provider="command", command=("python3", "agent.py")),
    tests=TestSetting(command=("python3", "-m", "unittest")),
)
TEXT = """# ADR-001: Greet

Status: Accepted

## Decision
We will greet.

## Tasks
- Add a greeting
  that spans two lines
## Performance
- Greeting: < 5 ms
"""
PARSER = MarkdownIt("gfm-like", {"linkify": False, "html": True})
BLOB = "https://github.com/o/r/blob/abc/"


def page(text: str = TEXT, blob_url: str | None = BLOB, limit: int = 60_000) -> str:
    return as_markdown(
        plan(read("docs/adr/ADR-001-a b.md", text.encode()), CONFIGURED), blob_url=blob_url, limit=limit
    )


def test_a_reader_sees_summary_phases_requirements_with_links_and_numbers() -> None:
    text = page()
    assert text.startswith("# Plan: ADR-001 — Greet\n")
    assert "3 requirements in 3 phases" in text
    assert (
        "[ADR-001-a b.md#L9-L10](https://github.com/o/r/blob/abc/docs/adr/ADR-001-a%20b.md#L9-L10)"
        in text.replace("\\", "")
    )
    assert "| T1 | Greeting | &lt; 5 ms |" in text
    assert PARSER.render(text).count("<table>") == 3


def test_without_an_address_places_are_plain_code() -> None:
    text = page(blob_url=None)
    assert "`docs/adr/ADR-001-a b.md#L9-L10`" in text
    assert "](" not in text


def test_what_blocks_stands_above_everything_else() -> None:
    text = page(TEXT.replace("Accepted", "Proposed"))
    assert "It may not start yet." in text
    assert text.index("> [!CAUTION]") < text.index("## Phases")
    assert "> - ADR-001 is proposed" in text


HOSTILE = """# ADR-001: @everyone <img src=x onerror=alert(1)> | x

Status: Accepted

## Decision
We will ping @octocat/team and @admin, close #12 and GH-13, see https://evil.example/x and www.evil.example.

## Tasks
- Add | a | cell <script>alert(1)</script> `code | more` and [click](javascript:x)
- Add ![image](https://evil.example/i.png) ``` fence
- Add </td></tr></table> &lt;b&gt; **bold** _it_ ~~no~~
"""


def test_hostile_words_stay_words() -> None:
    text = page(HOSTILE)
    html = PARSER.render(text)
    assert "<script" not in html
    assert "<img" not in html
    assert "evil.example" in text
    assert not re.search(r"@\w", text)
    assert not re.search(r"(?<!&)#\d", re.sub(r"\]\([^)]*\)", "", text))
    assert "GH-13" not in text
    assert "://evil" not in text
    links = re.findall(r'href="([^"]*)"', html)
    assert all(link.startswith(BLOB) for link in links)
    rows = [line for line in text.splitlines() if line.startswith("| R")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_any_words_are_one_plain_line(words: str) -> None:
    out = safe(words)
    assert "\n" not in out
    assert not re.search(r"@\w", out)
    assert "<" not in out
    html = PARSER.render(f"| a | b |\n|---|---|\n| x{out} | {out}x |\n")
    assert html.count("<td") == 2
    assert not re.search(r"<(?!/?(?:table|thead|tbody|tr|th|td)\b)", html)
    assert code(words).count("`") in (0, 2)


def test_a_long_plan_is_cut_and_says_how_much_is_missing() -> None:
    text = TEXT + "".join(
        f"\n## Tasks {n}\n- Add part {n} of the greeting that is a little longer than others\n"
        for n in range(290)
    )
    whole, cut = page(text), page(text, limit=5_000)
    assert len(whole) <= 60_000
    assert len(cut) <= 5_000
    assert re.search(r"_\d+ lines left out here for length", cut)
    assert "## How" in cut


def test_without_rollback_the_page_says_who_is_asked() -> None:
    record = read("docs/adr/ADR-001-a.md", TEXT.encode())
    made = plan(record, msgspec.structs.replace(CONFIGURED, rollback_required=False))
    assert "a person is asked" in as_markdown(made)
