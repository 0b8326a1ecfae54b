"""A GitHub that misbehaves: what an App then meets looks like GitHub's, repeats by seed, and ends."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from bot.sandbox.faults import RATES, Faults

Make = Callable[..., Any]


async def ours(shop: Any, method: str, path: str, body: Any = None) -> httpx.Response:
    """A request of the App."""
    found: httpx.Response = await shop.request(shop.mint(), method, path, body)
    return found


async def comments(shop: Any) -> int:
    """How many comments issue 1 has."""
    return len(await shop.good("maria", "GET", "issues/1/comments"))


@pytest.fixture
def spoiled(make_shop: Make) -> Make:
    """A shop with an issue, whose App meets exactly these faults: `await spoiled(error_after=1.0)`."""

    async def make(most: int = 1, **rates: float) -> Any:
        shop = make_shop(faults=Faults.only(most=most, **rates))
        await shop.good("maria", "POST", "issues", {"title": "Hello"})
        return shop

    return make


async def test_a_5xx_may_come_before_the_work_or_after_it(spoiled: Make) -> None:
    for kind, done in (("error_before", 0), ("error_after", 1)):
        shop = await spoiled(**{kind: 1.0})
        answer = await ours(shop, "POST", "issues/1/comments", {"body": "hi"})
        assert answer.status_code == 502
        assert answer.headers["content-type"].startswith("text/html")
        assert await comments(shop) == done
        assert (await ours(shop, "POST", "issues/1/comments", {"body": "hi"})).status_code == 201
        assert [one.kind for one in shop.sandbox.faults.log] == [kind.replace("_", "-")]
        assert shop.sandbox.content_creations(shop.app) == done + 1, "what was done counts"


async def test_an_answer_may_be_lost_though_the_work_was_done(spoiled: Make) -> None:
    shop = await spoiled(lost_answer=1.0)
    with pytest.raises(httpx.RemoteProtocolError):
        await ours(shop, "POST", "issues/1/comments", {"body": "hi"})
    assert await comments(shop) == 1


async def test_limits_come_in_the_three_ways_that_github_has(spoiled: Make) -> None:
    shop = await spoiled(most=30, limit=1.0)
    seen = set()
    for _ in range(40):
        answer = await ours(shop, "POST", "issues/1/comments", {"body": "hi"})
        if answer.is_error:
            assert "secondary rate limit" in answer.json()["message"]
            seen.add((answer.status_code, "retry-after" in answer.headers))
    assert seen == {(403, True), (429, True), (403, False)}
    assert await comments(shop) == 40 // 3, "never more than twice in a row, and nothing was done"


async def test_who_asks_on_under_a_limit_is_noted(spoiled: Make) -> None:
    shop = await spoiled(limit=1.0)
    now = shop.sandbox.world.auth_clock()
    shop.sandbox.world.auth_clock = lambda: now
    for _ in range(2):
        await ours(shop, "POST", "issues/1/comments", {"body": "hi"})
        now += timedelta(seconds=5)
    assert shop.sandbox.faults.impatient == ["POST /repos/acme/shop/issues/1/comments"]


async def test_something_new_may_not_be_there_at_the_first_look(spoiled: Make) -> None:
    shop = await spoiled(most=9, not_found=1.0)
    tip = (await shop.good("maria", "GET", "git/ref/heads/main"))["object"]["sha"]
    new = await ours(shop, "POST", "git/refs", {"ref": "refs/heads/new", "sha": tip})
    assert new.status_code == 201
    looks = [(await ours(shop, "GET", path)).status_code for path in ("git/ref/heads/new", "issues/1") * 2]
    assert looks == [404, 404, 200, 200]


async def test_what_is_computed_later_is_left_out_at_first(spoiled: Make) -> None:
    shop = await spoiled(most=2, mergeable_null=1.0, no_pulls=1.0)
    pull = await shop.pull("topic", {"a.txt": "a"})
    seen = [(await ours(shop, "GET", f"pulls/{pull['number']}")).json()["mergeable"] for _ in range(3)]
    assert seen == [None, None, True]
    check = {"name": "build", "head_sha": pull["head"]["sha"]}
    number = (await ours(shop, "POST", "check-runs", check)).json()["id"]
    await shop.sandbox.deliver()
    assert shop.mailbox.payload("check_run.created")["check_run"]["pull_requests"] == []
    assert (await ours(shop, "GET", f"check-runs/{number}")).json()["pull_requests"] == []
    assert (await ours(shop, "GET", f"check-runs/{number}")).json()["pull_requests"] != []


async def test_people_never_meet_a_fault(make_shop: Make) -> None:
    shop = make_shop(faults=Faults(1, dict.fromkeys(RATES, 1.0), most=99))
    for number in range(1, 6):
        await shop.good("maria", "POST", "issues", {"title": "Hello"})
        await shop.good("maria", "GET", f"issues/{number}")
    assert shop.sandbox.faults.log == []


async def test_a_stranger_may_move_the_branch_that_the_app_has_made(spoiled: Make) -> None:
    shop = await spoiled(branch_moved=1.0)
    tip = (await shop.good("maria", "GET", "git/ref/heads/main"))["object"]["sha"]
    tree = (await shop.good("maria", "GET", f"git/commits/{tip}"))["tree"]["sha"]
    commit = (
        await ours(shop, "POST", "git/commits", {"message": "m", "tree": tree, "parents": [tip]})
    ).json()
    await ours(shop, "POST", "git/refs", {"ref": "refs/heads/mine", "sha": commit["sha"]})
    moved = (await shop.good("maria", "GET", "git/ref/heads/mine"))["object"]["sha"]
    assert moved != commit["sha"]
    assert (await shop.good("maria", "GET", f"git/commits/{moved}"))["author"]["name"] == "stranger"


class Hands:
    """Time that a story moves."""

    def __init__(self, shop: Any) -> None:
        self.at: datetime = shop.sandbox.world.auth_clock()
        shop.sandbox.world.auth_clock = lambda: self.at


async def named(shop: Any, *titles: str) -> None:
    for title in titles:
        await shop.good("rita", "POST", "issues", {"title": title})
    await shop.sandbox.deliver()


def arrived(shop: Any) -> list[str]:
    """The titles of the issues that the App has heard of, in order."""
    heard = [json.loads(r.content) for r in shop.mailbox.kept if r.headers["X-GitHub-Event"] == "issues"]
    return [payload["issue"]["title"] for payload in heard]


def logged(shop: Any) -> list[tuple[str, int]]:
    every = shop.sandbox.world.deliveries.values()
    return [(one.status, one.status_code) for one in every if one.event == "issues"]


async def quiet(make_shop: Make, **rates: float) -> Any:
    """A shop whose installation was told without a fault."""
    shop = make_shop(faults=Faults.only())
    await shop.sandbox.deliver()
    shop.sandbox.faults.rates.update({kind.replace("_", "-"): rate for kind, rate in rates.items()})
    return shop


async def test_a_delivery_may_be_dropped_or_arrive_and_be_called_failed(make_shop: Make) -> None:
    shop = await quiet(make_shop, drop=1.0)
    await named(shop, "one", "two")
    assert arrived(shop) == ["two"]
    assert logged(shop) == [("failed to connect to host", 502), ("OK", 202)]
    shop = await quiet(lambda **kw: make_shop(root="other", **kw), timeout=1.0)
    await named(shop, "one")
    assert arrived(shop) == ["one"]
    assert logged(shop) == [("timed out", 504)]


async def test_a_delivery_may_come_twice_or_change_places(make_shop: Make) -> None:
    shop = await quiet(make_shop, double=1.0)
    await named(shop, "one", "two")
    assert arrived(shop) == ["one", "one", "two"]
    shop = await quiet(lambda **kw: make_shop(root="other", **kw), swap=1.0)
    await named(shop, "one", "two", "three")
    assert arrived(shop) == ["two", "one", "three"]


async def test_a_late_delivery_comes_when_its_time_has_come(make_shop: Make) -> None:
    shop = await quiet(make_shop, late=1.0)
    hands = Hands(shop)
    await named(shop, "one", "two")
    assert arrived(shop) == ["two"]
    hands.at = shop.sandbox.deliverer.next_late()
    await shop.sandbox.deliver()
    assert arrived(shop) == ["two", "one"]
    assert shop.sandbox.deliverer.next_late() is None


async def test_a_job_may_end_after_its_run(make_shop: Make) -> None:
    shop = await quiet(make_shop, job_last=1.0)
    await shop.good(
        "maria", "POST", "actions/workflows/ci.yml/dispatches", {"ref": "main", "inputs": {"key": "k"}}
    )
    await shop.sandbox.pump()
    ends = [
        name for name in shop.mailbox.events if name in ("workflow_job.completed", "workflow_run.completed")
    ]
    assert ends == ["workflow_run.completed", "workflow_job.completed"]


async def played(shop: Any) -> list[str]:
    """A little story of the App's; the faults that it met."""
    await shop.good("maria", "POST", "issues", {"title": "Hello"})
    for number in range(60):
        with contextlib.suppress(httpx.RemoteProtocolError):
            await ours(shop, "POST", "issues/1/comments", {"body": str(number)})
            await ours(shop, "GET", f"issues/comments/{1001 + number}")
    await shop.sandbox.deliver()
    return [str(one) for one in shop.sandbox.faults.log]


async def test_a_seed_repeats_its_faults_and_another_has_others(make_shop: Make) -> None:
    logs = [
        await played(make_shop(root=f"s{number}", faults=Faults(seed)))
        for number, seed in enumerate((7, 7, 8))
    ]
    assert logs[0] == logs[1] != logs[2]
    assert len(logs[0]) > 5
    kinds = [line.split()[1] for line in logs[0]]
    assert max(kinds.count(kind) for kind in kinds) == 3, "each kind has its most"


def test_a_fault_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown faults: earthquake"):
        Faults(1, {"earthquake": 1.0})
