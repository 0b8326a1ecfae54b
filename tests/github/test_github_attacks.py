"""Payloads and comments made to hurt: nested without end, and words that only look like a command."""

import pytest

from bot.engine.ports import Delivery
from bot.github import facts
from bot.github.commands import commands

EVENTS = sorted(set(facts._READERS) - {"ping"})


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("body", [b'{"x":' * 50_000 + b"1" + b"}" * 50_000, b"\xff\xfe{}", b""])
def test_a_payload_without_bottom_is_unreadable_and_raises_nothing(event: str, body: bytes) -> None:
    delivery = Delivery(id="d", event=event, body=body, received_at="2026-03-01T12:00:00Z")
    assert isinstance(facts.read(delivery, app_id=1), facts.Unreadable)


@pytest.mark.parametrize(
    "line",
    [
        "/clo\u0130 help",
        "/clo\u0131 help",
        "/\u0441loi help",
        "/cl\u043ei help",
        "/cloi\u200b help",
        "\u200b/cloi help",
    ],
)
def test_letters_that_look_like_cloi_are_no_command(line: str) -> None:
    assert commands(line) == ()
    assert commands("/CLOI help")
