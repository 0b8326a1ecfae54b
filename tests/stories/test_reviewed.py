"""A team that lets reviews accept: a record counts once somebody who may has approved what was merged."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator

import httpx

from bot.demo.stage import REPOSITORY, Stage
from bot.demo.stories import RECORD, demo_repository, proposal
from bot.github.repository import Repository
from bot.plans.reviewed import Reviewed
from bot.steps.reviewing import observe
from tests.stories.tales import comments, plain, written

(PATH,) = proposal()
HOW = "once its pull request was approved by somebody with write permission, other than its author"


@contextlib.asynccontextmanager
async def _team(open_stage, on_accept: str = "nothing") -> AsyncIterator[Stage]:
    files = demo_repository()
    files[".github/cloi.yml"] += f"accepted_when: reviewed\non_accept: {on_accept}\n".encode()
    async with open_stage(files=files) as stage:
        yield stage


async def _proposed(stage: Stage, branch: str = "limit-logins") -> int:
    pull = await stage.person("tom").propose(branch, proposal(), title=f"{RECORD}: limit login attempts")
    return int(pull["number"])


async def _refused(stage: Stage) -> str:
    """Tom asks for the implementation; what the bot answers where nothing is started."""
    before = len(stage.bot.store.summaries(definition="implement-adr"))
    tom = stage.person("tom")
    issue = (await tom.open_issue(f"Implement {RECORD}", ""))["number"]
    await tom.say(issue, f"/cloi implement {RECORD}")
    await stage.until(lambda: len(stage.bot.store.summaries(definition="implement-adr")) > before)
    instance = stage.instance()
    await stage.until(lambda: stage.state(instance) not in ("", "running"))
    await stage.until(lambda: stage.state(f"follow-implementation/{instance}") == "completed")
    assert stage.pull_by_bot("workflow") is None
    return plain(comments(stage, issue)[-1])


async def _implemented(stage: Stage) -> None:
    """Tom asks for the implementation, and its workflow is proposed."""
    tom = stage.person("tom")
    issue = (await tom.open_issue(f"Implement {RECORD}", ""))["number"]
    await tom.say(issue, f"/cloi implement {RECORD}")
    assert await stage.until(lambda: stage.pull_by_bot("workflow"))


async def test_the_check_says_what_is_still_missing(open_stage) -> None:
    async with _team(open_stage) as stage:
        head = stage.repository.issues[await _proposed(stage)].pull.head_sha
        await stage.until(lambda: stage.check(head, "CLOI / decision records"))
        run = next(r for r in stage.repository.check_runs.values() if r.suite.head_sha == head)
        said = plain(f"{run.output.get('summary')}{run.output.get('text')}")
        assert "counts as accepted once it is reviewed and merged" in said


async def test_merged_without_a_review_is_refused_with_words(open_stage) -> None:
    async with _team(open_stage) as stage:
        number = await _proposed(stage)
        await stage.person("maria").merge(number)
        said = await _refused(stage)
        assert HOW in said
        assert f"#{number}, which brought it, was merged without such an approval." in said
        assert "Anybody can propose an edit of it" in said


async def test_approved_by_somebody_with_write_permission_it_is_implemented(open_stage) -> None:
    async with _team(open_stage) as stage:
        number = await _proposed(stage)
        await stage.person("maria").approve(number, "So be it.")
        await stage.person("maria").merge(number)
        await _implemented(stage)
        read = stage.bot.coordinator.instance(stage.instance()).steps["read-record"].result
        assert read["note"] == f"#{number} was approved by maria"


async def test_the_approval_of_the_authors_friend_is_not_enough(open_stage) -> None:
    async with _team(open_stage) as stage:
        number = await _proposed(stage)
        await stage.person("eve").approve(number, "Great!")
        await stage.person("maria").merge(number)
        assert "(eve has no write permission)" in await _refused(stage)


async def test_what_was_pushed_after_the_approval_was_not_approved(open_stage) -> None:
    async with _team(open_stage) as stage:
        number = await _proposed(stage)
        await stage.person("maria").approve(number, "So be it.")
        await written(stage, "limit-logins", PATH, proposal()[PATH] + b"\nAnd more.\n", by="tom")
        await stage.person("tom").merge(number)
        assert "(maria approved another commit)" in await _refused(stage)


async def test_who_wrote_part_of_it_cannot_approve_it(open_stage) -> None:
    async with _team(open_stage) as stage:
        number, maria = await _proposed(stage), stage.person("maria")
        await written(stage, "limit-logins", PATH, proposal()[PATH] + b"\nAnd more.\n", by="maria")
        await maria.approve(number, "So be it.")
        await maria.merge(number)
        assert "(maria wrote part of it)" in await _refused(stage)


async def test_an_objection_after_the_merge_stands_until_it_is_settled(open_stage) -> None:
    async with _team(open_stage) as stage:
        number, maria = await _proposed(stage), stage.person("maria")
        await maria.approve(number, "So be it.")
        await maria.merge(number)
        await maria.call("POST", f"/pulls/{number}/reviews", event="REQUEST_CHANGES", body="Wait, no.")
        said = await _refused(stage)
        assert f"On #{number}, which brought it, maria asked for changes, and that stands." in said


async def test_a_push_past_all_pull_requests_is_refused_and_a_reviewed_edit_mends_it(open_stage) -> None:
    async with _team(open_stage) as stage:
        maria, text = stage.person("maria"), proposal()[PATH]
        number = await _proposed(stage)
        await maria.approve(number, "So be it.")
        await maria.merge(number)
        await written(stage, "main", PATH, text + b"\nAnd more.\n")
        assert "No merged pull request is known to have brought it to main" in await _refused(stage)
        main = stage.repository.git.ref("refs/heads/main")
        await maria.call("POST", "/git/refs", ref="refs/heads/mend", sha=main)
        await written(stage, "mend", PATH, text + b"\nAnd more, seen by Tom.\n")
        pull = await maria.call("POST", "/pulls", title="Mend", head="mend", base="main")
        await stage.person("tom").approve(pull["number"], "Seen.")
        await maria.merge(pull["number"])
        await _implemented(stage)


async def test_what_happens_on_acceptance_happens_for_the_reviewed_only(open_stage) -> None:
    async with _team(open_stage, on_accept="issue") as stage:
        maria = stage.person("maria")
        number = await _proposed(stage)
        await maria.merge(number)
        await stage.until(lambda: stage.state(f"accept-record/{REPOSITORY}/{number}") == "completed")
        offers = [i for i in stage.repository.issues.values() if i.pull is None]
        assert offers == []
        main = stage.repository.git.ref("refs/heads/main")
        for round_, expected in ((1, 1), (2, 1)):  # the second was accepted before
            await maria.call("POST", "/git/refs", ref=f"refs/heads/edit-{round_}", sha=main)
            more = b"\nEdited.\n" * round_
            await written(stage, f"edit-{round_}", PATH, proposal()[PATH] + more)
            pull = await maria.call("POST", "/pulls", title="Edit", head=f"edit-{round_}", base="main")
            await stage.person("tom").approve(pull["number"], "Seen.")
            await maria.merge(pull["number"])
            name = f"accept-record/{REPOSITORY}/{pull['number']}"
            await stage.until(lambda name=name: stage.state(name) == "completed")
            offers = [i for i in stage.repository.issues.values() if i.pull is None]
            assert len(offers) == expected
            main = stage.repository.git.ref("refs/heads/main")


# What GitHub tells of one file, asked directly.


async def _seen(stage: Stage, path: str = PATH) -> Reviewed:
    repository = Repository(stage.bot.github, REPOSITORY)
    sha = stage.repository.git.ref("refs/heads/main")
    there = stage.sandbox.tree(REPOSITORY, "main")
    files = {name: stage.sandbox.file(REPOSITORY, "main", name) for name in there}
    return await observe(repository, "main", sha, path, files)


async def _landed(stage: Stage, branch: str, *, onto: str = "main", approved: bool = True) -> int:
    """Tom's branch becomes a pull request that Maria merges."""
    pull = await stage.person("tom").call("POST", "/pulls", title=branch, head=branch, base=onto)
    if approved:
        await stage.person("maria").approve(pull["number"], "Yes.")
    await stage.person("maria").merge(pull["number"])
    return int(pull["number"])


async def _branched(stage: Stage, branch: str, **files: bytes) -> None:
    main = stage.repository.git.ref("refs/heads/main")
    await stage.person("tom").call("POST", "/git/refs", ref=f"refs/heads/{branch}", sha=main)
    for path, content in files.items():
        await written(stage, branch, path, content, by="tom")


async def test_a_text_that_a_merge_made_of_two_was_approved_by_nobody(open_stage) -> None:
    files = {**demo_repository(), **proposal()}
    text = files[PATH]
    async with open_stage(files=files) as stage:
        await _branched(stage, "above", **{PATH: b"Above.\n\n" + text})
        await _branched(stage, "below", **{PATH: text + b"\nBelow.\n"})
        await _landed(stage, "above")
        assert (await _seen(stage)).holds
        number = await _landed(stage, "below")
        found = await _seen(stage)
        assert not found.holds and f"is not what #{number} proposed" in found.words


async def test_an_approval_on_another_branch_is_none_for_the_default_branch(open_stage) -> None:
    async with open_stage() as stage:
        main = stage.repository.git.ref("refs/heads/main")
        await stage.person("tom").call("POST", "/git/refs", ref="refs/heads/dev", sha=main)
        await _branched(stage, "idea", **proposal())
        await _landed(stage, "idea", onto="dev")
        number = await _landed(stage, "dev", approved=False)
        found = await _seen(stage)
        assert not found.holds and found.words.startswith(f"#{number}, which brought it, was merged without")


async def test_yaml_beside_a_record_that_may_state_its_status_must_be_reviewed_too(open_stage) -> None:
    path, beside = "docs/adr/0009-queues/README.md", "docs/adr/0009-queues/adr.yaml"
    async with open_stage() as stage:
        await _branched(stage, "both", **{path: b"# Queues\n", beside: b"status: proposed\n"})
        await _landed(stage, "both")
        assert (await _seen(stage, path)).holds
        await written(stage, "main", beside, b"status: accepted\n")
        found = await _seen(stage, path)
        assert not found.holds and "No merged pull request is known" in found.words


async def test_github_may_take_a_moment_to_know_the_pull_request(open_stage) -> None:
    async with open_stage() as stage:
        await _branched(stage, "idea", **proposal())
        await _landed(stage, "idea")
        wire = stage.bot.github._wire._transport
        late = wire._inner = Late(wire._inner)
        assert (await _seen(stage)).holds and late.asked == 2


class Late(httpx.AsyncBaseTransport):
    """GitHub that does not know a commit's pull request when it is first asked."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if re.search(r"/commits/\w+/pulls$", request.url.path):
            self.asked += 1
            if self.asked == 1:
                return httpx.Response(200, json=[], request=request)
        return await self._inner.handle_async_request(request)
