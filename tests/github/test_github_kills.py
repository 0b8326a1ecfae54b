"""Killed or cut off at any write of any effect, GitHub ends up as if nothing had gone wrong.

Each effect runs once undisturbed; then once for each of its writes and each way of failing there, tried again
until it comes through, by a freshly started bot with the same journal. Both repositories must look the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.engine.ports import StepContext
from bot.github import checks, comments, commits, dispatches, errors, pulls
from bot.github.repository import Repository
from bot.store.memory import MemoryStore
from tests.github.conftest import Killed, Network, Place, Steps

Effect = Callable[[StepContext, Repository], Awaitable[Any]]
BRANCH = "cloi/adr-7/work"


async def commit(ctx: StepContext, repo: Repository) -> str:
    base = await repo.branch_head("main")
    assert base is not None
    files = {"README.md": b"hello, world\n", "old.txt": None, "new.bin": b"\xff\x00"}
    return await commits.commit_branch(ctx, repo, branch=BRANCH, base_sha=base, files=files, message="Change")


async def propose(ctx: StepContext, repo: Repository) -> int:
    ours = await commit(ctx, repo)
    pull = await pulls.open_pull(
        ctx, repo, head=BRANCH, commit=ours, base="main", title="Change", body="Please look."
    )
    return pull.number


async def take_back(ctx: StepContext, repo: Repository) -> None:
    number = await propose(ctx, repo)
    head = (await repo.pull(number)).head.sha
    await pulls.close_pull(ctx, repo, number, comment="The gate failed.")
    await pulls.delete_branch(ctx, repo, BRANCH, if_head=head)


async def add_to_branch(ctx: StepContext, repo: Repository) -> None:
    first = await commit(ctx, repo)
    files = {"new.bin": None, "moved.bin": b"\xff\x00"}
    await commits.append_commit(ctx, repo, branch=BRANCH, head_sha=first, files=files, message="Rename")


async def talk(ctx: StepContext, repo: Repository) -> None:
    number = await comments.say(ctx, repo, 1, marker="progress", body="Phase 1")
    await comments.react(ctx, repo, number, "eyes")
    await comments.say(ctx, repo, 1, marker="progress", body="Phase 2")


async def check(ctx: StepContext, repo: Repository) -> None:
    sha = await repo.branch_head("main")
    assert sha is not None
    note = {"path": "README.md", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "!"}
    for status, conclusion, notes in (("in_progress", None, []), ("completed", "success", [note] * 120)):
        await checks.check_run(
            ctx,
            repo,
            name="CLOI",
            head_sha=sha,
            external_id="e",
            status=status,
            conclusion=conclusion,
            title=status,
            summary="…",
            annotations=notes,
        )


async def check_at_once(ctx: StepContext, repo: Repository) -> None:
    sha = await repo.branch_head("main")
    assert sha is not None
    note = {"path": "README.md", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "!"}
    await checks.check_run(
        ctx,
        repo,
        name="CLOI",
        head_sha=sha,
        external_id="e",
        status="completed",
        conclusion="failure",
        title="No",
        summary="…",
        annotations=[note] * 60,
    )


async def run_and_cancel(ctx: StepContext, repo: Repository) -> None:
    name = "cloi adr-7 attempt 1"
    run = await dispatches.dispatch(
        ctx, repo, workflow_file="build.yml", ref="main", inputs={"name": name}, run_name=name
    )
    await dispatches.cancel_run(ctx, repo, run)


EFFECTS: dict[str, Effect] = {
    "propose and take back": take_back,
    "add to a branch": add_to_branch,
    "talk": talk,
    "check": check,
    "check at once": check_at_once,
    "run and cancel": run_and_cancel,
}
WAYS = ("before", "after", "lost", "undone")


class Forgetful(MemoryStore):
    """Dies before it notes the n-th observation."""

    def __init__(self, die_at: int) -> None:
        super().__init__()
        self.die_at = die_at
        self.observed = 0

    def observe(self, key: str, result: Any) -> None:
        self.observed += 1
        if self.observed == self.die_at:
            raise Killed
        super().observe(key, result)


async def carry_out(
    place: Place, name: str, effect: Effect, clock: Any, n: int = 0, way: str = ""
) -> Network:
    """The effect in a repository of its own, tried until it is through. Returns its network."""
    place.repository(name)
    await place.person("maria", "POST", f"/repos/{name}/issues", title="Do it")
    network = Network(place.asgi)
    network.fail_at, network.how = n, way
    store = Forgetful(n if way == "unobserved" else 0)
    steps = Steps(store, clock)
    for _ in range(4):
        try:
            await effect(steps.begin(), place.ours(name, network))
            return len(network.writes), store.observed
        except Killed:
            continue
        except errors.GitHubError as error:
            failed = errors.as_failed(error)
            assert failed.retryable and failed.kind == "transient", failed
    raise AssertionError("it never came through")


@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS.keys())
async def test_whatever_goes_wrong_on_the_way_github_looks_the_same(place, clock, effect):
    writes, observations = await carry_out(place, "acme/calm", effect, clock)
    wanted = place.sandbox.snapshot()["acme/calm"]
    cases = [(n, way) for n in range(1, writes + 1) for way in WAYS]
    cases += [(n, "unobserved") for n in range(1, observations + 1)]
    assert writes and observations
    for n, way in cases:
        name = f"acme/{n}-{way}"
        await carry_out(place, name, effect, clock, n, way)
        assert place.sandbox.snapshot()[name] == wanted, f"write {n}: {way}"
        place.sandbox.world.repositories.pop(name).git.close()
