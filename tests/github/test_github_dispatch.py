"""Dispatches on GitHubs that do not tell the run's id: it is found by its name and our App as its actor."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from bot.github import dispatches, errors
from bot.github.client import GitHub
from bot.github.repository import Repository
from bot.github.signer import AppSigner


class OldServer:
    """GitHub Enterprise Server as it was: refuses the word (400) or takes it and says nothing (204)."""

    def __init__(self, refuses: bool) -> None:
        self.refuses = refuses
        self.runs: list[dict[str, Any]] = []
        self.cancelled: list[int] = []

    def run(self, number: int, actor: str = "cloi[bot]", status: str = "queued") -> None:
        title, sha = "cloi adr-7 attempt 1", "a" * 40
        run = {"id": number, "path": ".github/workflows/x.yml", "event": "workflow_dispatch", "head_sha": sha}
        self.runs.append({**run, "display_title": title, "actor": {"login": actor}, "status": status})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/app":
            return httpx.Response(200, json={"id": 1, "slug": "cloi"})
        if path.endswith("/dispatches"):
            if "return_run_details" in json.loads(request.content) and self.refuses:
                return httpx.Response(400, json={"message": "Unknown key"})
            self.run(100 + len(self.runs))
            return httpx.Response(204)
        if path.endswith("/cancel"):
            self.cancelled.append(int(path.split("/")[-2]))
            return httpx.Response(202, json={})
        if path.endswith("/runs"):
            return httpx.Response(200, json={"total_count": len(self.runs), "workflow_runs": self.runs})
        raise AssertionError(path)


@pytest.fixture(params=[True, False], ids=["refuses the word", "says nothing"])
def old(request, clock, private_pem, github_of) -> tuple[OldServer, Repository]:
    server = OldServer(request.param)
    _, tokens = github_of(server)
    gh = GitHub(
        "https://ghes.example.test/api/v3",
        AppSigner(1, private_pem, clock),
        clock=clock,
        api_version="2022-11-28",
        transport=httpx.MockTransport(lambda r: tokens(_without_prefix(r))),
        patience=(0.0, 0.0),
    )
    return server, Repository(gh, "o/r")


def _without_prefix(request: httpx.Request) -> httpx.Request:
    url = request.url.copy_with(path=request.url.path.removeprefix("/api/v3"))
    return httpx.Request(request.method, url, headers=request.headers, content=request.content)


async def start(ctx: Any, repository: Repository) -> int:
    return await dispatches.dispatch(
        ctx,
        repository,
        workflow_file="x.yml",
        ref="main",
        inputs={"implementation_plan_id": "adr-7"},
        run_name="cloi adr-7 attempt 1",
    )


async def test_the_run_is_found_by_its_name(old, steps):
    server, repository = old
    assert await start(steps.begin(), repository) == 100
    assert len(server.runs) == 1
    assert await dispatches.find(steps.begin(), repository) == 100


async def test_a_run_started_by_somebody_else_under_our_name_is_not_ours(old, steps):
    server, repository = old
    server.run(50, actor="eve")
    with pytest.raises(errors.ForeignObject, match="started by eve"):
        await start(steps.begin(), repository)
    assert len(server.runs) == 1
    assert await start(steps.begin(round=1), repository) == 101, "a person looked, and said to go on"


async def test_where_two_answers_were_lost_the_first_run_stays_and_the_other_is_cancelled(old, steps):
    server, repository = old
    server.run(7)
    server.run(8)
    assert await start(steps.begin(), repository) == 7
    assert server.cancelled == [8]


async def test_a_retry_by_hand_runs_anew_under_the_same_name(old, steps):
    server, repository = old
    first = await start(steps.begin(), repository)
    second = await start(steps.begin(round=1), repository)
    assert first != second and len(server.runs) == 2
    assert await start(steps.begin(round=1), repository) == second
