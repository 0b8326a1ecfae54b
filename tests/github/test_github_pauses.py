"""After a limit, GitHub is left alone until the time it named; others on GitHub are not kept waiting."""

from __future__ import annotations

import httpx
import pytest

from bot.github import errors
from bot.github.pauses import Pauses

READ = {"contents": "read"}


async def test_until_its_time_is_over_nothing_is_asked_again(github_of, clock):
    answers = iter([httpx.Response(429, headers={"retry-after": "30"}, json={"message": "slow down"})])
    gh, server = github_of(lambda _: next(answers, None) or httpx.Response(200, json={}))

    async def ask():
        await gh.call("GET", "/repos/o/r/x", repository="o/r", permissions=READ)

    with pytest.raises(errors.RateLimited):
        await ask()
    clock.push(seconds=10)
    with pytest.raises(errors.RateLimited) as again:
        await ask()
    assert again.value.retry_after == 20
    assert len(server.requests) == 1, "the second was not sent"
    await gh.call_as_app("GET", "/app")  # a limit of one account is none of another's
    clock.push(seconds=20)
    await ask()
    assert len(server.requests) == 3


async def test_a_shorter_word_does_not_end_a_longer_pause(clock):
    pauses = Pauses(clock)
    with pytest.raises(errors.RateLimited), pauses.kept("o"):
        with pytest.raises(errors.RateLimited), pauses.kept("o"):
            raise errors.RateLimited("another step meets it meanwhile", 60)
        raise errors.RateLimited("and this one", 5)
    with pytest.raises(errors.RateLimited) as caught, pauses.kept("o"):
        pass
    assert caught.value.retry_after == 60
