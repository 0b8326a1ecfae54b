"""What a runner may leave as its claim: whatever it is, the answer is "unreadable" and no step breaks."""

import pytest

from bot.steps import judging

CLAIMS = {
    "nested": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "not utf-8": b'{"a": "\xff"}',
    "a list": b"[]",
    "a number of ten thousand digits": b'{"a": ' + b"9" * 10_000 + b"}",
    "half a surrogate": rb'{"a": "\ud800"}',
    "two megabytes": b'{"a": "' + b"x" * 2_000_000 + b'"}',
    "nothing": b"",
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=list(CLAIMS))
def test_a_hostile_result_is_unreadable(claim: bytes) -> None:
    assert judging._json(claim) is None
    assert judging._json(b'{"schema": "x"}') == {"schema": "x"}
