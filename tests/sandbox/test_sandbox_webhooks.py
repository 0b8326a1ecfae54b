"""Deliveries: in order, once, logged, and sent again when somebody asks."""

from __future__ import annotations

from typing import Any

import httpx


async def test_what_failed_stays_in_the_log_and_is_sent_again_under_the_same_guid(shop: Any) -> None:
    await shop.sandbox.deliver()
    shop.mailbox.status = httpx.ReadTimeout("too slow")
    await shop.good("rita", "POST", "issues", {"title": "Lost"})
    await shop.sandbox.pump()
    assert len(shop.mailbox.kept) == 2  # tried once, never by itself again
    github = shop.github()
    log = (await github.arequest("GET", "/app/hook/deliveries", params={"status": "failure"})).json()
    assert [(one["event"], one["status"], one["redelivery"]) for one in log] == [
        ("issues", "timed out", False)
    ]

    shop.mailbox.status = 202
    await github.arequest("POST", f"/app/hook/deliveries/{log[0]['id']}/attempts")
    await shop.sandbox.deliver()
    first, again = shop.mailbox.kept[-2:]
    assert first.headers["X-GitHub-Delivery"] == again.headers["X-GitHub-Delivery"]
    assert first.content == again.content
    log = (await github.arequest("GET", "/app/hook/deliveries")).json()
    assert [(one["event"], one["status_code"], one["redelivery"]) for one in log] == [
        ("issues", 202, True),
        ("issues", 504, False),
        ("installation", 202, False),
    ]
    full = (await github.arequest("GET", f"/app/hook/deliveries/{log[0]['id']}")).json()
    assert full["request"]["payload"]["issue"]["title"] == "Lost"
    assert full["request"]["headers"]["X-GitHub-Event"] == "issues"


async def test_a_refused_or_unreachable_delivery_is_told_apart(shop: Any) -> None:
    await shop.sandbox.deliver()
    for status in (httpx.ConnectError("nobody there"), 500, RuntimeError("bug")):
        shop.mailbox.status = status
        await shop.good("rita", "POST", "issues", {"title": "x"})
        await shop.sandbox.deliver()
    statuses = [one.status for one in shop.sandbox.world.deliveries.values()]
    assert statuses == [
        "OK",
        "failed to connect to host",
        "Internal Server Error",
        "receiver broke: RuntimeError",
    ]


async def test_the_log_is_read_page_by_page(shop: Any) -> None:
    for number in range(4):
        await shop.good("rita", "POST", "issues", {"title": f"Number {number}"})
    await shop.sandbox.deliver()
    github = shop.github()
    seen: list[int] = []
    url: str | None = "/app/hook/deliveries?per_page=2"
    while url:
        page = await github.arequest("GET", url)
        seen += [one["id"] for one in page.json()]
        url = str(page.raw_response.links["next"]["url"]) if "next" in page.raw_response.links else None
    assert seen == [1005, 1004, 1003, 1002, 1001]


async def test_only_what_was_subscribed_to_and_where_installed(shop: Any) -> None:
    shop.installation.events.remove("issues")
    shop.sandbox.create_repository("acme/cellar", {"a": "1"}, collaborators={"maria": "admin"})
    await shop.good("maria", "POST", "issues", {"title": "x"})
    await shop.good("maria", "POST", "/repos/acme/cellar/issues", {"title": "x"})
    await shop.good("maria", "POST", "/repos/acme/cellar/issues/1/comments", {"body": "x"})
    await shop.sandbox.deliver()
    assert shop.mailbox.events == ["installation.created"]


async def test_a_ping_belongs_to_no_installation(shop: Any) -> None:
    shop.sandbox.ping(shop.app)
    await shop.sandbox.deliver()
    assert shop.mailbox.payload("ping")["hook"]["app_id"] == shop.app.id
    log = (await shop.github().arequest("GET", "/app/hook/deliveries")).json()
    assert (log[0]["event"], log[0]["installation_id"]) == ("ping", None)


async def test_a_payload_is_the_state_at_the_time_of_its_event(shop: Any) -> None:
    await shop.good("rita", "POST", "issues", {"title": "Before"})
    await shop.good("rita", "PATCH", "issues/1", {"title": "After"})
    await shop.sandbox.deliver()
    assert shop.mailbox.payload("issues.opened")["issue"]["title"] == "Before"
    assert shop.mailbox.payload("issues.edited")["issue"]["title"] == "After"
