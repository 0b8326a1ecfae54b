"""A status written back: once all of a record is merged and has held, it may say so in the log's own word."""

from __future__ import annotations

from collections.abc import Sequence

from bot.demo.stage import REPOSITORY, Stage
from bot.engine.scope import effect_key
from bot.store.memory import MemoryStore
from tests.properties import slow
from tests.stories.mortal import EFFECT, Fate, MortalStore, Point, mortal
from tests.stories.tales import (
    CONFIGURATION,
    Told,
    branch,
    comments,
    decided_files,
    ended,
    head_ref,
    living,
    names,
    plain,
    proposed,
    pull_of,
    told_to,
    written,
)

PATH = "docs/adr/0003-limit-login-attempts-with-a-token-bucket.md"
OTHER = "docs/adr/0002-keep-passwords-as-salted-hashes.md"
MARKER = ".github/cloi/limit-login-attempts-with-a-token-bucket.in-force.json"
INSTANCE = "write-status/acme/teashop/0003"


def files() -> dict[str, bytes]:
    """A log in which one record is implemented already, and is called so."""
    made = decided_files()
    said = b"## Status\n\nAccepted"
    assert said in made[OTHER]
    made[OTHER] = made[OTHER].replace(said, b"## Status\n\nImplemented")
    return made


def record(stage: Stage, ref: str = "main") -> bytes:
    found = stage.sandbox.file(REPOSITORY, ref, PATH)
    assert found is not None
    return found


async def implemented(stage: Stage) -> Told:
    told = await proposed(stage)
    await stage.person("maria").merge(told.implementation_pull)
    await ended(stage, told, "completed")
    return told


def opened(stage: Stage) -> list[int]:
    """Open reverts."""
    pulls = [i for i in stage.repository.pulls() if i.state == "open" and i.pull is not None]
    return [i.number for i in pulls if i.pull.head_ref.rpartition("/")[2].startswith("revert-")]


async def test_one_word_changes_and_people_merge_it(open_stage) -> None:
    async with open_stage(files=files()) as stage:
        told = await implemented(stage)
        assert "its new status is proposed in a pull request of its own" in plain(living(stage, told))
        pull = await stage.until(lambda: stage.pull_by_bot("status"))
        shown = pull_of(stage, pull["number"])
        assert shown.title == "Mark 0003 as implemented"
        assert f"#{told.implementation_pull}" in shown.body and PATH in shown.body
        head = head_ref(stage, pull["number"])
        before, after = (stage.sandbox.tree(REPOSITORY, ref) for ref in ("main", head))
        assert {path for path in before | after if before.get(path) != after.get(path)} == {PATH}
        accepted, now = b"**Status:** Accepted", b"**Status:** Implemented"
        assert record(stage).count(accepted) == 1
        assert record(stage, head) == record(stage).replace(accepted, now)
        await stage.person("maria").merge(pull["number"])
        await stage.until(lambda: stage.state(INSTANCE) == "completed")
        assert now in record(stage)
        await told_to(stage, told, "/cloi implement 0003")
        again = f"{told.instance}/2"
        await stage.until(lambda: stage.state(again) not in ("", "running"))
        assert "says that it is implemented already" in stage.bot.coordinator.instance(again).reason


@slow
async def test_a_no_ends_it_and_leaves_nothing_behind(open_stage) -> None:
    async with open_stage(files=files()) as stage:
        await implemented(stage)
        pull = await stage.until(lambda: stage.pull_by_bot("status"))
        head = head_ref(stage, pull["number"])
        await stage.person("maria").close(pull["number"])
        await stage.until(lambda: stage.state(INSTANCE) == "compensated")
        assert branch(stage, head) is None
        assert b"**Status:** Accepted" in record(stage)


@slow
async def test_a_rollback_closes_what_is_open_and_reverts_what_is_merged(open_stage) -> None:
    async with open_stage(files=files()) as stage:
        told = await implemented(stage)
        pull = await stage.until(lambda: stage.pull_by_bot("status"))
        await told_to(stage, told, "/cloi rollback")
        await stage.until(lambda: stage.state(INSTANCE) == "compensated")
        assert pull_of(stage, pull["number"]).state == "closed"

    async with open_stage(files=files()) as stage:
        told = await implemented(stage)
        pull = await stage.until(lambda: stage.pull_by_bot("status"))
        before = stage.sandbox.tree(REPOSITORY, "main")[PATH]
        await stage.person("maria").merge(pull["number"])
        await stage.until(lambda: stage.state(INSTANCE) == "completed")
        await told_to(stage, told, "/cloi rollback")
        reverts = await stage.until(lambda: opened(stage) if len(opened(stage)) == 2 else None)
        for number in reverts:
            await stage.person("maria").merge(number)
        await stage.until(
            lambda: not stage.bot.store.summaries(definition="revert-implementation", open_only=True)
        )
        assert stage.sandbox.tree(REPOSITORY, "main")[PATH] == before
        assert "teashop/login_limit.py" not in stage.sandbox.tree(REPOSITORY, "main")


@slow
async def test_a_log_without_such_a_word_is_left_alone_and_told_so(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implemented(stage)
        assert "stays as it is: this log has no word for implemented records" in plain(living(stage, told))
        assert stage.pull_by_bot("status") is None
        assert "StatusProposed" not in names(stage, told)


@slow
async def test_what_the_branch_says_in_the_end_counts(open_stage) -> None:
    """Written while the default branch is still watched, so that nothing else is different."""
    ends = {
        CONFIGURATION: (
            b"agent:",
            b"on_implemented: nothing\nagent:",
            "the configuration wants nothing written",
        ),
        PATH: (b"five attempts at once", b"nine attempts at once", "asks for something else now"),
        MARKER: (b"{", None, "a part of it is not on the default branch any more"),
    }
    for path, (old, new, words) in ends.items():
        async with open_stage(files=files()) as stage:
            told = await proposed(stage)
            await stage.person("maria").merge(told.implementation_pull)
            await stage.until(lambda here=stage: here.run(status="completed", number=2))
            there = stage.sandbox.file(REPOSITORY, "main", path)
            assert there is not None and there.count(old) >= 1
            if new is None:
                sha = stage.sandbox.tree(REPOSITORY, "main")[path]
                await stage.person("maria").call(
                    "DELETE", f"/contents/{path}", message="Gone", sha=sha, branch="main"
                )
            else:
                await written(stage, "main", path, there.replace(old, new, 1))
            assert words in await ended(stage, told, "completed")
            assert stage.pull_by_bot("status") is None


@slow
async def test_killed_at_any_effect_there_is_one_proposal_in_the_end(open_stage) -> None:
    async def play(points: Sequence[Point]) -> tuple[Fate, object]:
        fate, store = Fate(points), MemoryStore()
        async with open_stage(MortalStore(store, fate), files=files()) as stage:
            mortal(stage, fate)
            await implemented(stage)
            pull = await stage.until(lambda: stage.pull_by_bot("status"))
            await stage.person("maria").merge(pull["number"])
            await stage.until(lambda: stage.state(INSTANCE) == "completed")
            left = [effect.key for effect in store.effects() if effect.state != "observed"]
            branches = sorted(stage.repository.git.refs("refs/heads/"))
            return fate, (
                len(list(stage.repository.pulls())),
                stage.sandbox.tree(REPOSITORY, "main"),
                branches,
                left,
            )

    clean, whole = await play(())
    points = [p for p in clean.passed if p.kind == EFFECT and "propose" in p.where]
    assert {p.moment for p in points} == {"before", "lost", "after"}
    met: set[Point] = set()
    for number in range(
        plays := -(-len(points) // 4)
    ):  # more deaths at one step in a row stop it, and rightly
        fate, again = await play(points[number::plays])
        assert again == whole
        met |= set(fate.met)
    assert len(met) >= len(points) // 2


async def test_what_github_will_not_have_is_said_and_takes_nothing_back(open_stage) -> None:
    """Somebody has made our branch first; its name can be foretold."""
    async with open_stage(files=files()) as stage:
        told = await proposed(stage)
        tom = stage.person("tom")
        main = (await tom.call("GET", "/git/ref/heads/main"))["object"]["sha"]
        name = (
            f"cloi/limit-login-attempts-with-a-token-bucket/status-{effect_key(INSTANCE, 'propose', 1)[:8]}"
        )
        await tom.call("POST", "/git/refs", ref=f"refs/heads/{name}", sha=main)
        await stage.person("maria").merge(told.implementation_pull)
        await ended(stage, told, "completed")
        await stage.until(lambda: stage.state(INSTANCE) == "completed")
        said = plain(comments(stage, told.issue)[-1])
        assert "0003 is implemented" in said and f"There is already a branch “{name}”" in said
        assert stage.pull_by_bot("status") is None
        assert branch(stage, name) == main
