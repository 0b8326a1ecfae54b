"""The plan as people read it, on GitHub and in a terminal: what stands on top, where each line comes from, and
that no record can speak in the bot's name."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.plans.configuration import AgentSetting, Configuration, TestSetting
from bot.plans.plan import ImplementationPlan
from bot.plans.planner import plan as planned
from bot.records.reader import read
from bot.render import markdown as md
from bot.render.markdown import GITHUB_MOST, Safe, size
from bot.render.plan import plan_markdown
from bot.render.terminal import in_terminal
from tests.properties import examples

CALM = settings(deadline=None, max_examples=examples(50))  # a busy machine is no failure

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
## Related
- Builds on ADR-000
"""
HOSTILE = """# ADR-001: @everyone <img src=x onerror=alert(1)> | x

Status: Accepted

## Decision
We will ping @octocat/team and @admin, close #12 and GH-13, see https://evil.example/x and www.evil.example.

## Tasks
- Add | a | cell <script>alert(1)</script> `code | more` and [click](javascript:x)
- Add ![image](https://evil.example/i.png) ``` fence
- Add </td></tr></table> &lt;b&gt; **bold** _it_ ~~no~~
"""
BLOB = "https://github.com/o/r/blob/abc/"
KNOWN = {
    "p",
    "h3",
    "h4",
    "strong",
    "em",
    "a",
    "code",
    "ul",
    "ol",
    "li",
    "blockquote",
    "details",
    "summary",
} | {*("table", "thead", "tbody", "tr", "th", "td")}


def made(text: str = TEXT, **changes: Any) -> ImplementationPlan:
    configuration = msgspec.structs.replace(CONFIGURED, **changes)
    return planned(read("docs/adr/ADR-001-a b.md", text.encode()), configuration)


def test_a_reader_sees_what_is_asked_with_links_to_its_lines_and_the_promised_numbers(see: Any) -> None:
    seen = see(plan_markdown(made(), blob_url=BLOB))
    assert seen.plain.startswith("Plan for ADR-001: Greet 3 requirements in 3 phases")
    page = f"{BLOB}docs/adr/ADR-001-a%20b.md?plain=1"
    assert page in seen.links
    assert f"{page}#L9-L10" in seen.links
    assert "L9-L10" in seen.linked
    assert {"R1", "R2", "T1"} <= set(seen.code)
    assert "Greeting &lt; 5 ms" not in seen.plain and "< 5 ms" in seen.plain
    assert seen.tags.count("table") == 3, "requirements, numbers, other records"
    assert seen.tags.count("details") == 5
    assert set(seen.tags) <= KNOWN


def test_without_an_address_places_are_plain_code(see: Any) -> None:
    seen = see(plan_markdown(made()))
    assert {"docs/adr/ADR-001-a b.md", "L9-L10"} <= set(seen.code)
    assert seen.links == []


def test_what_blocks_stands_above_everything_else(see: Any) -> None:
    text = plan_markdown(made(TEXT.replace("Accepted", "Proposed")))
    assert text.index("> [!CAUTION]") < text.index("#### What the record asks for")
    assert "Nothing can be started from this yet" in see(text).plain
    assert re.search(r"^> - .*ADR-001 is proposed", text, re.MULTILINE)
    assert "[!CAUTION]" not in plan_markdown(made())


def test_a_promised_number_takes_nothing_back_by_itself(see: Any) -> None:
    seen = see(plan_markdown(made()))
    assert "Measured, and not kept: Greeting < 5 ms (the bot does not measure this" in seen.plain


def test_without_rollback_the_page_says_who_is_asked(see: Any) -> None:
    assert "the bot stops and asks a human" in see(plan_markdown(made(rollback_required=False))).plain
    assert "asks a human" not in see(plan_markdown(made())).plain


def test_one_phase_of_several_says_which(plan: Any, see: Any) -> None:
    assert "phase 2 of 3" in plan_markdown(msgspec.structs.replace(plan, phase=2, phase_count=3))
    assert "phase 2 of" not in plan_markdown(plan)


def test_where_no_agent_is_configured_nobody_is_named_as_one(see: Any) -> None:
    assert "Written by: nobody yet" in see(plan_markdown(made(agent=None))).plain


@pytest.mark.parametrize("shown", [Safe, in_terminal])
def test_hostile_words_stay_words(shown: Any, see: Any) -> None:
    seen = see(shown(plan_markdown(made(HOSTILE), blob_url=BLOB)))
    assert set(seen.tags) <= KNOWN
    assert all(link.startswith(BLOB) for link in seen.links)
    assert not re.search(r"@\w|#\d|\bGH-\d|://|www\.\w", seen.words)
    assert "https://evil.example/x" in seen.plain
    assert "alert(1)" in seen.plain
    assert seen.tags.count("tr") == 5, "a head and four requirements; no row more"
    assert seen.tags.count("td") == 16


def test_a_long_plan_is_cut_where_it_is_long_and_says_how_much_is_missing(see: Any) -> None:
    long = TEXT + "".join(
        f"\n## Tasks {n}\n- Add part {n} of the greeting that is a little longer than others\n"
        for n in range(240)
    )
    for most in (GITHUB_MOST, 12_000):
        text = plan_markdown(made(long), blob_url=BLOB, most=most)
        assert size(text) <= most
        assert re.search(r"\d+ more are in the plan file", text) or most == GITHUB_MOST
        assert see(text).tags.count("details") == 5, "how it is done and taken back is there nonetheless"
    assert size(plan_markdown(made(long), most=1_500)) <= 1_500


def test_the_terminal_shows_the_same_without_html_and_with_straight_columns(see: Any) -> None:
    text = in_terminal(plan_markdown(made()))
    lines = text.splitlines()
    assert lines[0] == "### Plan for ADR-001: Greet"
    assert not re.search(r"<[a-z/]|&\w+;|&#", text)
    [row] = [line for line in lines if line.startswith("| `T1`   | Greeting | < 5 ms  | ")]
    assert row.endswith(" | `L12`            |")
    assert "#### What would take the change back" in lines
    assert see(text).plain == see(plan_markdown(made())).plain


@CALM
@given(data=st.data())
def test_whatever_others_write_the_terminal_says_the_same_as_the_page(
    see: Any, hostile: Any, data: st.DataObject
) -> None:
    words = data.draw(hostile)
    page = Safe(
        f"- {md.text(words)}\n\n{md.text(words)} {md.code(words)}\n\n"
        f"| a | b | c |\n| --- | --- | --- |\n| x{md.cell(words)} | {md.cell_code(words)} | {md.text(words)}y |\n"
    )
    before, after = see(page), see(in_terminal(page))
    assert after.plain == before.plain
    assert [c.replace("\u200b", "") for c in after.code] == [c.replace("\u200b", "") for c in before.code]
    assert after.tags == before.tags
    assert not re.search(r"@\w|#\d|\bGH-\d|://|\bwww\.\w", after.words, re.IGNORECASE)


def test_folds_become_headings_and_fences_are_left_alone() -> None:
    body = Safe(f"{md.fence('<b> &lt; | a |', 'mermaid')}\n\na &lt; b")
    text = in_terminal(md.details("What it `does` & why", body, opened=True))
    assert text == "#### What it \\`does\\` & why\n\n```mermaid\n<b> &lt; | a |\n```\n\na < b"
