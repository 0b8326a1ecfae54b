"""Words lie in templates, every one of them is used, and a value cannot get past the escaping."""

import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, UndefinedError

import bot
from bot.render import commands as c
from bot.render import words
from bot.render.markdown import Safe
from bot.templates_dir import find, templates

FILES = sorted((templates() / "words").glob("*.md.j2"))
SOURCES = "\n".join(p.read_text() for p in Path(bot.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.name)
def test_every_block_of_words_is_said_by_somebody(file: Path) -> None:
    blocks = re.findall(r"{% block (\w+) %}", file.read_text())
    assert blocks
    for block in blocks:
        assert re.search(rf'"{block}"|\'{block}\'', SOURCES), f"{file.name}: nobody says {block}"


def test_values_are_escaped_unless_they_are_safe() -> None:
    made = words._environment(words._safe)

    def fill(source: str, **values: object) -> str:
        return made.from_string(source).render(**values)

    assert fill("{{ a }}", a="<b>*@maria") == "&lt;b&gt;\\*@&#8203;maria"
    assert fill("{{ a }}", a=Safe("**ours**")) == "**ours**"
    # Joining or cutting a safe value makes it unsafe again: too many backslashes, never too few.
    assert fill("{{ a ~ b }}", a=Safe("**"), b="<b>") == "\\*\\*&lt;b&gt;"
    assert fill("{{ [a, b] | join }}", a=Safe("**"), b="<b>") == "\\*\\*&lt;b&gt;"
    assert fill("{{ a | upper }}", a=Safe("<b>")) == "&lt;B&gt;"
    assert fill("{{ a }} {{ n }}", a=None, n=3) == " 3"


def test_a_forgotten_value_is_an_error_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        words.say("commands", "only_first")


def test_templates_are_found_in_a_checkout_and_in_a_wheel(tmp_path: Path) -> None:
    (tmp_path / "templates" / "words").mkdir(parents=True)
    package = tmp_path / "bot"
    assert find(package) == tmp_path / "templates"
    (package / "templates" / "words").mkdir(parents=True)
    assert find(package) == package / "templates", "what lies beside an installed package is not ours"
    with pytest.raises(FileNotFoundError, match="install it again"):
        find(tmp_path / "elsewhere" / "bot")


def test_no_words_switch_the_escaping_off() -> None:
    for file in FILES:
        assert not re.search(r"\|\s*safe|autoescape|{%\s*(macro|import|call)", file.read_text()), file.name
        Environment().parse(file.read_text())


R3 = c.RecordLine("ADR-003", "Keep orders in a bounded queue", "accepted", "https://github.example/a")
R4 = c.RecordLine("ADR-004", "Ask @tom", None)


def test_a_refusal_says_why_and_who_could(see: Any) -> None:
    named = see(c.refusal("eve", "read", "write", ["maria", "tom"])).plain
    assert "eve" in named and "needs write access" in named and "yours is read" in named
    assert "Nothing was changed" in named
    assert "maria, tom could do it" in named
    unnamed = see(c.refusal("eve", "none", "write")).plain
    assert "you have none" in unnamed
    assert "Anyone with write access could do it" in unnamed


def test_a_question_gives_lines_to_copy(see: Any) -> None:
    seen = see(c.which_record([R3, R4]))
    assert seen.code == ["/cloi implement ADR-003", "/cloi implement ADR-004"]
    assert "(accepted)" in seen.plain
    assert "5 more fit too" in c.which_record([R3] * 25)
    assert see(c.which_record([])).code == ["/cloi implement ADR-012"]


def test_a_record_that_is_not_there_or_not_decided_starts_nothing(see: Any) -> None:
    missing = see(c.no_such_record("ADR-9`9", [R3]))
    assert missing.code == ["ADR-9`9", "/cloi implement ADR-003"]
    assert "nothing was started" in missing.plain
    proposed = see(c.not_accepted(c.RecordLine("ADR-003", "Queue", "proposed"))).plain
    assert "is proposed, not accepted" in proposed
    assert "Whoever decides on it" in proposed
    assert "states no status that I can read" in c.not_accepted(R4)
    blocked = see(c.blocked(R3, ["ADR-001 was rejected.", "it asks for nothing"])).plain
    assert "ADR-001 was rejected. it asks for nothing." in blocked
    assert "Whoever maintains the record" in blocked


def test_a_second_implement_links_the_first(see: Any, tale: Any) -> None:
    seen = see(c.already_running("ADR-003", "https://github.example/c", "⏳ Waiting for a review of #12."))
    assert "no second one was started" in seen.plain
    assert "Waiting for a review of #12." in seen.plain
    assert seen.links == ["https://github.example/c"]


def test_help_and_unknown_words_come_from_the_commands_themselves(see: Any) -> None:
    known = c.CommandHelp(
        "implement", "/cloi implement [ADR|issue]", "Plans it", "write access", ("/cloi implement",)
    )
    seen = see(c.help_text([known, c.CommandHelp("help", "/cloi help", "This", "everybody")]))
    assert seen.code == ["/cloi implement [ADR|issue]", "/cloi help", "/cloi implement"]
    assert seen.tags.count("tr") == 3
    assert "write access" in seen.plain
    assert see(c.unknown_command("implment", "implement")).code == [
        "implment",
        "/cloi implement",
        "/cloi help",
    ]
    assert "Did you mean" not in c.unknown_command("frobnicate")


def test_status_lists_what_runs(see: Any, tale: Any) -> None:
    entry = c.StatusEntry(tale.instance(), "ADR-003: Queue | more", "https://github.example/c")
    seen = see(c.status([entry]))
    assert seen.tags.count("tr") == 2
    assert "🔄 Starting. 2026-11-22 10:00 UTC" in seen.plain
    assert seen.links == ["https://github.example/c"]
    assert "Nothing is running" in c.status([])
    assert "10 more are not in this table" in c.status([entry] * 30)


def test_what_was_done_is_said(see: Any) -> None:
    url = "https://github.example/c"
    assert "is cancelled, as maria asked" in see(c.cancelled("ADR-003", "maria", url)).plain
    assert see(c.cancelled("ADR-003", "maria", url)).links == [url]
    assert "another try of: Judge" in c.retried("ADR-003", "Judge", url)
    assert c.retried("ADR-003", None).startswith("ADR-003 goes on.")
    assert "it is completed, so" in c.not_now(
        "ADR-003", "it is completed, so there is nothing left to cancel"
    )
    assert "3 commands in this comment. Only the first was read" in c.only_first(3)
    assert "/cloi status" in c.nothing_running()


EVIL = "@maria #1 <img src=x> [a](http://evil.example)\n| x |\n```"


@pytest.mark.parametrize(
    "answer",
    [
        c.refusal(EVIL, EVIL, EVIL, [EVIL]),
        c.which_record([c.RecordLine(EVIL, EVIL, EVIL, EVIL)]),
        c.no_such_record(EVIL, [c.RecordLine(EVIL, EVIL)]),
        c.not_accepted(c.RecordLine(EVIL, EVIL, EVIL)),
        c.blocked(c.RecordLine(EVIL, EVIL), [EVIL]),
        c.already_running(EVIL, EVIL, EVIL),
        c.cancelled(EVIL, EVIL, EVIL),
        c.retried(EVIL, EVIL, EVIL),
        c.not_now(EVIL, EVIL),
        c.help_text([c.CommandHelp(EVIL, EVIL, EVIL, EVIL, (EVIL,))]),
        c.unknown_command(EVIL, EVIL),
    ],
)
def test_no_answer_lets_anything_through(answer: Safe, see: Any) -> None:
    seen = see(answer)
    assert seen.links == []
    assert set(seen.tags) <= {"p", "strong", "code", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    assert not re.search(r"@\w|#\d|://", seen.words)
