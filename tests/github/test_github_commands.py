"""Which lines of a comment are commands: the author's own, as typed, and no others."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.github.commands import Command, commands, nearest


def names(body: str) -> list[str]:
    return [c.name for c in commands(body)]


def test_a_command_is_a_line_with_its_words():
    assert commands("Looks good to me!\n\n/cloi implement ADR-012  now\nthanks") == (
        Command("implement", ("ADR-012", "now"), 3),
    )
    assert commands("/cloi") == (Command("", (), 1),)
    assert commands("/Cloi STATUS\r\n/cloi help") == (Command("status", (), 1), Command("help", (), 2))


@pytest.mark.parametrize(
    "body",
    [
        "> /cloi implement",
        ">/cloi implement",
        "   > > /cloi implement",
        "```\n/cloi implement\n```",
        "```yaml\n/cloi implement",
        "~~~~\n```\n/cloi implement\n~~~~",
        "- ```\n  /cloi implement\n  ```",
        "    /cloi implement",
        "\t/cloi implement",
        "text\n     /cloi implement",
        "<!-- /cloi implement -->",
        "<!--\n/cloi implement\n-->",
        "<!--\n\n/cloi implement\n",
        "see <!-- below\n/cloi implement\n--> above",
        "use `\n/cloi implement\n` for it",
        "`/cloi implement`",
        "please /cloi implement",
        "- /cloi implement",
        "# /cloi implement",
        "/cloimplement",
        "/cloi-bot implement",
        "",
        None,
    ],
)
def test_talking_about_a_command_is_not_giving_it(body):
    assert commands(body) == ()


@pytest.mark.parametrize(
    "body",
    [
        "> shall we?\n/cloi implement",
        "> ```\n> /cloi cancel\n/cloi implement",
        "```\n/cloi cancel\n```\n/cloi implement",
        "<!-- /cloi cancel -->\n\n/cloi implement",
        "text\n/cloi implement\ntext",
        "/cloi implement\n---\nsent from my telephone",
        "* one\n* two\n\n/cloi implement",
        "an open ` tick\n/cloi implement",
        "an escaped \\` tick\n/cloi implement\n\\`",
        "a <!-- that never ends\n/cloi implement",
        "   /cloi implement",
    ],
)
def test_ones_own_line_counts_wherever_it_stands(body):
    assert names(body) == ["implement"]


def test_a_typo_finds_the_command_that_was_meant():
    known = ("implement", "status", "cancel", "retry", "help")
    assert nearest("implment", known) == "implement"
    assert nearest("statsu", known) == "status"
    assert nearest("frobnicate", known) is None


_PIECES = st.sampled_from(
    [
        "/cloi ",
        "implement",
        "\n",
        "> ",
        "```",
        "~~~",
        "    ",
        "`",
        "<!--",
        "-->",
        "- ",
        "\\",
        "\r",
        "\0",
        "\t",
        "#",
        "|",
        "x",
    ]
)


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(_PIECES).map("".join)))
def test_no_text_makes_it_stumble_and_quoting_it_silences_it(body: str):
    found = commands(body)
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for command in found:
        assert lines[command.line - 1].strip(" ").lower().startswith("/cloi")
    assert commands("\n".join(f"> {line}" for line in lines)) == ()
    assert len(found) <= 10


@pytest.mark.parametrize(
    "piece",
    ["`" * 3 + " ", "<!--", "`a``b```", "- ", "* - ", "[", "\\`", "/cloi x\n", "```\n", "<a ", "1) ", "\t- "],
)
def test_no_text_makes_it_slow(piece):
    body = "/cloi x\n\n" + piece * (65_536 // len(piece))
    began = time.perf_counter()
    assert commands(body)
    assert time.perf_counter() - began < 2.0
