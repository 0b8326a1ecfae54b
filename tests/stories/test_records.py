"""Decision records in pull requests: one number twice, one side of a supersession missing, and who may mend it."""

from __future__ import annotations

from typing import Any

from bot.demo.stage import Stage
from bot.demo.stories import demo_repository
from tests.stories.tales import written

NAME = "CLOI / decision records"
FOLDER = "docs/adr"


def record(number: int, title: str, more: str = "", status: str = "Proposed") -> bytes:
    head = f"# ADR-{number:04d}: {title}\n\n**Status:** {status}\n**Date:** 2026-02-0{number}\n"
    return f"{head}{more}\n## Context\n\nWe must choose.\n\n## Decision\n\nWe do this.\n".encode()


def checks(stage: Stage, number: int) -> list[Any]:
    """The completed check runs on a pull request's head, oldest first."""
    pull = stage.repository.issues[number].pull
    assert pull is not None
    runs = stage.repository.check_runs.values()
    return [
        r for r in runs if r.suite.head_sha == pull.head_sha and r.name == NAME and r.status == "completed"
    ]


async def checked(stage: Stage, number: int, nth: int = 1) -> Any:
    """The n-th check of a pull request as it stands."""
    found = await stage.until(lambda: checks(stage, number)[nth - 1 :])
    return found[0]


async def answer(stage: Stage, number: int, nth: int = 1) -> str:
    """The bot's n-th comment on an issue or pull request."""

    def said() -> list[str]:
        comments = stage.repository.comments.values()
        return [c.body for c in comments if c.issue.number == number and c.user.login == "cloi[bot]"][
            nth - 1 :
        ]

    return (await stage.until(said))[0]


def rules(check: Any) -> set[str]:
    return {a["title"] for a in check.annotations}


CACHE = record(3, "Cache prices", "\nADR-0003 builds on ADR-0001.\n")
LIST = b"- [ADR-0003](0003-cache-prices.md)\n- [ADR-0001](0001-record-architecture-decisions.md)\n"


def read(stage: Stage, branch: str, path: str) -> bytes:
    return stage.sandbox.file("acme/teashop", branch, path)


async def two_with_one_number(stage: Stage) -> tuple[int, int]:
    """Tom and Maria both take number 3; Tom was first. Maria also lists hers in a README."""
    tom, maria = stage.person("tom"), stage.person("maria")
    first = await tom.propose("queues", {f"{FOLDER}/0003-use-queues.md": record(3, "Use queues")}, title="a")
    await checked(stage, first["number"])
    files = {f"{FOLDER}/0003-cache-prices.md": CACHE, f"{FOLDER}/list.md": LIST}
    second = await maria.propose("cache", files, title="b")
    return first["number"], second["number"]


async def test_two_pull_requests_with_one_number_and_the_later_is_renumbered(open_stage) -> None:
    async with open_stage() as stage:
        first, second = await two_with_one_number(stage)
        red = await checked(stage, second)
        assert (red.conclusion, rules(red)) == ("failure", {"records/number-taken-by-open-pr"})
        assert {a["path"] for a in red.annotations} == {f"{FOLDER}/0003-cache-prices.md"}
        assert f"[#{first}](http://github.test/acme/teashop/pull/{first}) came first" in red.output["summary"]
        assert "`/cloi adr renumber`" in red.output["summary"]
        await stage.person("maria").say(second, "/cloi adr renumber")
        said = await answer(stage, second)
        assert f"`{FOLDER}/0003-cache-prices.md` is now `{FOLDER}/0004-cache-prices.md`" in said
        assert f"references in `{FOLDER}/list.md`" in said
        assert (await checked(stage, second)).conclusion != "failure"
        assert checks(stage, first)[0].conclusion != "failure"
        tree = stage.sandbox.tree("acme/teashop", "cache")
        assert f"{FOLDER}/0003-cache-prices.md" not in tree
        assert read(stage, "cache", f"{FOLDER}/0004-cache-prices.md") == CACHE.replace(b"0003", b"0004")
        assert read(stage, "cache", f"{FOLDER}/list.md") == LIST.replace(b"0003", b"0004")
        await stage.until(lambda: stage.bot.store.summaries(definition="check-record", open_only=True) == [])
        await stage.person("tom").merge(first)
        await stage.person("maria").merge(second)
        records = {
            path for path in stage.sandbox.tree("acme/teashop", "main") if path.startswith(f"{FOLDER}/000")
        }
        assert {f"{FOLDER}/0003-use-queues.md", f"{FOLDER}/0004-cache-prices.md"} < records
        assert len(records) == 4, "both are decided, each with a number of its own"


async def test_a_number_is_free_again_when_the_first_gives_it_up(open_stage) -> None:
    async with open_stage() as stage:
        first, second = await two_with_one_number(stage)
        assert (await checked(stage, second)).conclusion == "failure"
        await stage.person("tom").close(first)
        again = await checked(stage, second, nth=2)
        assert again.conclusion != "failure" and rules(again) == set()
        await stage.person("maria").say(second, "/cloi adr renumber")
        assert "that nobody else has taken before" in await answer(stage, second)


async def test_a_number_that_was_merged_first_is_the_logs(open_stage) -> None:
    async with open_stage() as stage:
        first, second = await two_with_one_number(stage)
        await checked(stage, second)
        await stage.person("tom").merge(first)
        again = await checked(stage, second, nth=2)
        assert (again.conclusion, rules(again)) == ("failure", {"records/number-taken"})
        assert "0003-use-queues.md" in again.annotations[0]["message"]
        maria = stage.person("maria")
        await maria.say(second, "/cloi adr renumber 3")
        assert "already the number" in await answer(stage, second)
        await maria.say(second, "/cloi adr renumber 9")
        assert f"is now `{FOLDER}/0009-cache-prices.md`" in await answer(stage, second, nth=2)
        assert (await checked(stage, second)).conclusion != "failure"


async def test_a_supersession_that_one_side_states_is_shown_as_an_edit_of_the_other(open_stage) -> None:
    async with open_stage() as stage:
        more = "**Supersedes:** [ADR-0002](0002-keep-passwords-as-salted-hashes.md)\n"
        files = {f"{FOLDER}/0003-use-passkeys.md": record(3, "Use passkeys", more, "Accepted")}
        pull = await stage.person("tom").propose("keys", files, title="Passkeys")
        check = await checked(stage, pull["number"])
        assert (check.conclusion, rules(check)) == ("neutral", {"records/supersession-one-sided"})
        assert {a["path"] for a in check.annotations} == set(files), "the other file is not in this change"
        text = check.output["text"]
        assert "### Suggested changes" in text
        assert f"[{FOLDER}/0002-keep-passwords-as-salted-hashes.md:" in text
        assert "```diff\n" in text
        diff = text.partition("```diff\n")[2].partition("```")[0].splitlines()
        assert any(line.startswith("+") and "(0003-use-passkeys.md)" in line for line in diff)
        # Whoever does what was suggested, to the letter, hears nothing more.
        other = f"{FOLDER}/0002-keep-passwords-as-salted-hashes.md"
        before, after = (
            "\n".join(line[1:] for line in diff if line[:1] != left).strip("\n") for left in ("+", "-")
        )
        old = read(stage, "main", other).decode()
        assert old.count(f"\n{before}\n") == 1
        new = old.replace(f"\n{before}\n", f"\n{after}\n").encode()
        await written(stage, "keys", other, new, by="tom")
        again = await checked(stage, pull["number"])
        assert (again.conclusion, rules(again)) == ("success", set())


async def test_old_findings_are_one_line_and_no_annotations(open_stage) -> None:
    files = demo_repository() | {f"{FOLDER}/0002-twice.md": record(2, "Twice", "", "Accepted")}
    async with open_stage(files=files) as stage:
        new = {f"{FOLDER}/0003-use-queues.md": record(3, "Use queues")}
        pull = await stage.person("tom").propose("queues", new, title="Queues")
        check = await checked(stage, pull["number"])
        assert check.conclusion != "failure" and check.annotations == []
        assert "Not counted here: 2 problems" in check.output["summary"]


async def test_who_may_not_renumber_hears_who_could(open_stage) -> None:
    async with open_stage() as stage:
        _, second = await two_with_one_number(stage)
        head = stage.repository.issues[second].pull.head_sha
        await stage.person("eve").say(second, "/cloi adr renumber")
        said = await answer(stage, second)
        assert "Sorry, eve" in said and "**maria** could do it" in said
        assert stage.repository.issues[second].pull.head_sha == head


async def test_an_author_without_write_access_gets_a_patch_and_nobodys_branch_is_written(open_stage) -> None:
    """Eve may read, so she may open a pull request for Tom's branch; through the App she writes no more."""
    async with open_stage() as stage:
        tom, eve = stage.person("tom"), stage.person("eve")
        await two_with_one_number(stage)
        main = (await tom.call("GET", "/git/ref/heads/main"))["object"]["sha"]
        await tom.call("POST", "/git/refs", ref="refs/heads/toms", sha=main)
        await tom.write("toms", f"{FOLDER}/0003-cache-prices.md", CACHE, "x")
        pull = await eve.call("POST", "/pulls", title="x", head="toms", base="main", body="")
        await eve.say(pull["number"], "/cloi adr renumber")
        said = await answer(stage, pull["number"])
        assert "eve has no write access to it" in said
        assert f"rename to {FOLDER}/0004-cache-prices.md" in said and "git apply" in said
        assert stage.repository.issues[pull["number"]].pull.head_sha == pull["head"]["sha"]


async def test_other_words_and_other_places_are_answered(open_stage) -> None:
    async with open_stage() as stage:
        tom = stage.person("tom")
        issue = await tom.open_issue("Numbers", "")
        await tom.say(issue["number"], "/cloi adr renumber")
        assert "this is an issue" in await answer(stage, issue["number"])
        await tom.say(issue["number"], "/cloi adr remove 3")
        assert "I know `/cloi adr renumber`" in await answer(stage, issue["number"], nth=2)
        code = await tom.propose("code", {"teashop/x.py": b"X = 3\n"}, title="Code")
        await tom.say(code["number"], "/cloi adr renumber")
        assert "adds no decision record" in await answer(stage, code["number"])
