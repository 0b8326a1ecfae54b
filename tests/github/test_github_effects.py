"""What the App writes, in the sandbox: made once, as asked, and nothing of anybody else's touched."""

from __future__ import annotations

import pytest

from bot.github import checks, comments, commits, dispatches, errors, pulls
from bot.github.journal import write
from bot.github.markers import hidden
from bot.store.memory import MemoryStore
from tests.github.conftest import Steps

BRANCH = "cloi/adr-7/work"
CHANGE = {
    "README.md": b"hello, world\n",
    "bin/tool": b"#!/bin/sh\necho\n",
    "old.txt": None,
    "new.bin": b"\xff\x00",
}


async def commit(ctx, repo, files=CHANGE, message="Change\n\nwhy", branch=BRANCH):
    base = await repo.branch_head("main")
    return await commits.commit_branch(ctx, repo, branch=branch, base_sha=base, files=files, message=message)


async def propose(ctx, repo):
    ours = await commit(ctx, repo)
    return await pulls.open_pull(
        ctx, repo, head=BRANCH, commit=ours, base="main", title="Change", body="Please look."
    )


@pytest.fixture
def repo(place):
    return place.ours(place.repository())


async def issue(place, repo) -> int:
    answer = await place.person("maria", "POST", f"/repos/{repo.full_name}/issues", title="Do it")
    return int(answer.json()["number"])


# -- commits


async def test_a_commit_holds_the_files_as_given_and_keeps_modes(place, repo, steps):
    sha = await commit(steps.begin(), repo)
    tree = await repo.tree(BRANCH)
    assert {p: e.mode for p, e in tree.items() if not p.startswith(".")} == {
        "README.md": "100644",
        "bin/tool": "100755",
        "new.bin": "100644",
    }
    assert place.sandbox.file(repo.full_name, sha, "new.bin") == b"\xff\x00"
    made = await repo.commit(sha)
    assert made.message == "Change\n\nwhy" and made.verification is not None and made.verification.verified
    assert [p.sha for p in made.parents] == [await repo.branch_head("main")]


async def test_the_same_step_again_asks_github_nothing(place, repo, steps):
    sha = await commit(steps.begin(), repo)
    before = len(place.sandbox.requests)
    base = (await repo.commit(sha)).parents[0].sha
    asked = len(place.sandbox.requests) - before
    again = await commits.commit_branch(
        steps.begin(), repo, branch=BRANCH, base_sha=base, files=CHANGE, message="Change\n\nwhy"
    )
    assert again == sha and len(place.sandbox.requests) == before + asked


async def test_a_branch_with_exactly_our_commit_is_adopted_when_a_person_asks_again(repo, steps):
    sha = await commit(steps.begin(), repo)
    assert await commit(steps.begin(round=1), repo) == sha


async def test_a_branch_that_was_there_before_us_is_not_adopted_whatever_it_holds(repo, steps, clock):
    await commit(steps.begin(), repo)
    with pytest.raises(errors.ForeignObject, match="not ours"):
        await commit(Steps(MemoryStore(), clock).begin(), repo)


async def test_the_same_change_on_another_base_is_not_ours(place, repo, steps):
    """Same message and, in the end, the same files: but it was built on something that nobody approved."""
    old = await repo.branch_head("main")
    await place.person("eve", "PUT", f"/repos/{repo.full_name}/contents/e", message="e", content="eA==")
    await commit(steps.begin(), repo, {**CHANGE, "e": None})
    with pytest.raises(errors.ForeignObject, match="not ours"):
        await commits.commit_branch(
            steps.begin(round=1), repo, branch=BRANCH, base_sha=old, files=CHANGE, message="Change\n\nwhy"
        )


@pytest.mark.parametrize("difference", ["content", "message", "more"])
async def test_a_branch_of_our_name_with_anything_else_is_left_alone(place, repo, steps, difference):
    path = f"/repos/{repo.full_name}/contents"
    main = await repo.branch_head("main")
    if difference == "more":
        await commit(steps.begin(), repo)
    else:
        await place.person(
            "eve", "POST", f"/repos/{repo.full_name}/git/refs", ref=f"refs/heads/{BRANCH}", sha=main
        )
    message = "Change\n\nwhy" if difference == "content" else "Mine"
    await place.person("eve", "PUT", f"{path}/evil.txt", message=message, content="eA==", branch=BRANCH)
    head = await repo.branch_head(BRANCH)
    with pytest.raises(errors.ForeignObject, match="not ours") as caught:
        await commit(steps.begin(round=1), repo)
    assert errors.as_failed(caught.value).park
    assert await repo.branch_head(BRANCH) == head


async def test_a_workflow_file_needs_its_own_permission_and_its_lack_is_said(place, repo, steps):
    granted = place.sandbox.world.installation_on(place.app, place.sandbox.repository(repo.full_name))
    assert granted is not None
    del granted.permissions["workflows"]
    with pytest.raises(errors.PermissionMissing, match="workflows: write"):
        await commit(steps.begin(), repo, {".github/workflows/x.yml": b"on: push\n"})
    await commit(steps.begin("other"), repo)


async def test_a_rule_of_the_repository_that_forbids_the_branch_is_a_refusal_with_words(place, steps):
    rules = {
        BRANCH: [
            {"type": "creation", "ruleset_source_type": "Repository", "ruleset_source": "x", "ruleset_id": 1}
        ]
    }
    place.sandbox.create_repository("acme/strict", {"README.md": "x"}, branch_rules=rules)
    place.sandbox.install(place.app, ["acme/strict"])
    with pytest.raises(errors.GitHubError) as caught:
        await commit(steps.begin(), place.ours("acme/strict"), {"README.md": b"y"})
    failed = errors.as_failed(caught.value)
    assert not failed.retryable and failed.error


async def test_writing_through_a_link_is_refused(repo, steps):
    base = await repo.branch_head("main")
    tree = {
        "base_tree": (await repo.commit(base)).tree.sha,
        "tree": [{"path": "link", "mode": "120000", "type": "blob", "content": "/etc/passwd"}],
    }
    made = (await write(repo, "commit-branch", "POST", "/git/trees", tree)).json()["sha"]
    linked = (
        await write(
            repo, "commit-branch", "POST", "/git/commits", {"message": "l", "tree": made, "parents": [base]}
        )
    ).json()["sha"]
    with pytest.raises(errors.Invalid, match="link"):
        await commits.commit_branch(
            steps.begin(), repo, branch="x", base_sha=linked, files={"link": b"x"}, message="m"
        )


# -- commits on somebody's branch


async def eves_branch(place, repo) -> str:
    """A branch of Eve's with one commit; its head."""
    main = await repo.branch_head("main")
    path = f"/repos/{repo.full_name}"
    await place.person("eve", "POST", f"{path}/git/refs", ref="refs/heads/eve", sha=main)
    await place.person("eve", "PUT", f"{path}/contents/e", message="e", content="eA==", branch="eve")
    return await repo.branch_head("eve")


async def append(ctx, repo, head, files=None):
    files = files or {"e": None, "f": b"x"}
    return await commits.append_commit(
        ctx, repo, branch="eve", head_sha=head, files=files, message="Rename e to f"
    )


async def test_a_commit_is_added_to_a_branch_and_added_once(place, repo, steps):
    head = await eves_branch(place, repo)
    sha = await append(steps.begin(), repo, head)
    assert await repo.branch_head("eve") == sha and await append(steps.begin(), repo, head) == sha
    assert [p.sha for p in (await repo.commit(sha)).parents] == [head]
    assert "e" not in await repo.tree("eve") and place.sandbox.file(repo.full_name, "eve", "f") == b"x"


async def test_our_commit_is_found_below_what_others_added_to_it(place, repo, steps):
    """The journal saw no answer, and Eve went on meanwhile."""
    head = await eves_branch(place, repo)
    sha = await append(steps.begin(), repo, head)
    path = f"/repos/{repo.full_name}/contents/g"
    await place.person("eve", "PUT", path, message="g", content="eA==", branch="eve")
    assert await append(steps.begin(round=1), repo, head) == sha


async def test_a_branch_that_moved_is_left_alone(place, repo, steps):
    head = await eves_branch(place, repo)
    path = f"/repos/{repo.full_name}/contents/g"
    await place.person("eve", "PUT", path, message="g", content="eA==", branch="eve")
    moved = await repo.branch_head("eve")
    with pytest.raises(commits.BranchMoved):
        await append(steps.begin(), repo, head)
    assert await repo.branch_head("eve") == moved
    await place.person("eve", "DELETE", f"/repos/{repo.full_name}/git/refs/heads/eve")
    with pytest.raises(commits.BranchMoved):
        await append(steps.begin(round=1), repo, head)


# -- pull requests


async def test_a_pull_request_carries_our_key_out_of_sight(repo, steps):
    pull = await propose(steps.begin(), repo)
    assert (pull.title, pull.state, pull.user.login) == ("Change", "open", "cloi[bot]")
    assert pull.body.startswith("Please look.\n\n<!-- cloi:")
    assert (await propose(steps.begin(), repo)).number == pull.number


async def test_a_pull_request_of_somebody_else_for_our_branch_is_not_adopted(place, repo, steps):
    ours = await commit(steps.begin(), repo)
    await place.person(
        "eve", "POST", f"/repos/{repo.full_name}/pulls", title="Mine", head=BRANCH, base="main"
    )
    with pytest.raises(errors.ForeignObject, match="not ours"):
        await pulls.open_pull(
            steps.begin(), repo, head=BRANCH, commit=ours, base="main", title="Change", body=""
        )


async def test_a_pull_request_that_a_person_closed_is_found_closed_not_opened_again(place, repo, steps):
    first = await propose(steps.begin(), repo)
    await place.person("maria", "PATCH", f"/repos/{repo.full_name}/pulls/{first.number}", state="closed")
    again = await propose(steps.begin(), repo)
    assert (again.number, again.state) == (first.number, "closed")


async def test_closing_says_why_once_and_deletes_the_branch_that_is_still_ours(place, repo, steps):
    ctx = steps.begin()
    pull = await propose(ctx, repo)
    for _ in range(2):
        assert await pulls.close_pull(ctx, repo, pull.number, comment="The gate failed.")
        assert await pulls.delete_branch(ctx, repo, BRANCH, if_head=pull.head.sha)
    assert (await repo.pull(pull.number)).state == "closed"
    assert [c.body.partition("\n")[0] for c in await repo.comments(pull.number)] == ["The gate failed."]
    assert await repo.branch_head(BRANCH) is None


async def test_a_merged_one_stays_and_one_of_others_is_not_ours_to_close(place, repo, steps):
    ours = await propose(steps.begin(), repo)
    await place.person("maria", "PUT", f"/repos/{repo.full_name}/pulls/{ours.number}/merge")
    assert await pulls.close_pull(steps.begin(), repo, ours.number) is False
    main = await repo.branch_head("main")
    await place.person("eve", "POST", f"/repos/{repo.full_name}/git/refs", ref="refs/heads/eves", sha=main)
    await place.person(
        "eve", "PUT", f"/repos/{repo.full_name}/contents/e", message="e", content="eA==", branch="eves"
    )
    theirs = await place.person(
        "eve", "POST", f"/repos/{repo.full_name}/pulls", title="E", head="eves", base="main"
    )
    with pytest.raises(errors.ForeignObject, match="not ours"):
        await pulls.close_pull(steps.begin(), repo, theirs.json()["number"])


async def test_a_branch_that_somebody_moved_stays(place, repo, steps):
    sha = await commit(steps.begin(), repo)
    await place.person(
        "eve", "PUT", f"/repos/{repo.full_name}/contents/e", message="e", content="eA==", branch=BRANCH
    )
    assert await pulls.delete_branch(steps.begin(), repo, BRANCH, if_head=sha) is False
    assert await repo.branch_head(BRANCH) is not None


# -- comments


async def test_one_comment_is_edited_in_place_and_repeating_it_costs_nothing(place, repo, steps):
    number, ctx = await issue(place, repo), steps.begin()
    first = await comments.say(ctx, repo, number, marker="progress", body="Phase 1")
    before = len(place.sandbox.requests)
    assert await comments.say(ctx, repo, number, marker="progress", body="Phase 1") == first
    assert len(place.sandbox.requests) == before
    assert await comments.say(ctx, repo, number, marker="progress", body="Phase 2") == first
    assert await comments.say(ctx, repo, number, marker="progress", body="Phase 1") == first
    other = await comments.say(ctx, repo, number, marker="other", body="Hello")
    bodies = {c.id: c.body.partition("\n")[0] for c in await repo.comments(number)}
    assert bodies == {first: "Phase 1", other: "Hello"}
    assert place.sandbox.content_creations(place.app) == 2


async def test_another_instance_finds_the_comment_by_its_mark(place, repo, steps):
    number = await issue(place, repo)
    first = await comments.say(steps.begin(), repo, number, marker="m", body="a")
    assert await comments.say(steps.begin(instance="story/2"), repo, number, marker="m", body="b") == first


async def test_a_comment_that_somebody_deleted_is_written_anew(place, repo, steps):
    number, ctx = await issue(place, repo), steps.begin()
    first = await comments.say(ctx, repo, number, marker="m", body="a")
    await place.person("maria", "DELETE", f"/repos/{repo.full_name}/issues/comments/{first}")
    assert await comments.say(ctx, repo, number, marker="m", body="b") != first


async def test_where_there_are_two_of_ours_the_first_stays(place, repo, steps):
    number = await issue(place, repo)
    first = await comments.say(steps.begin(instance="a"), repo, number, marker="x", body="one")
    await comments.say(steps.begin(instance="b"), repo, number, marker="y", body=f"two {hidden('x')}")
    assert await comments.say(steps.begin(instance="c"), repo, number, marker="x", body="three") == first
    assert [c.body.partition("\n")[0] for c in await repo.comments(number)] == ["three"]


async def test_a_comment_of_somebody_else_with_our_mark_is_never_ours(place, repo, steps):
    number = await issue(place, repo)
    body = f"It is done! {hidden('m')}"
    await place.person("eve", "POST", f"/repos/{repo.full_name}/issues/{number}/comments", body=body)
    with pytest.raises(errors.ForeignObject, match="eve"):
        await comments.say(steps.begin(), repo, number, marker="m", body="a")
    await comments.say(steps.begin(round=1), repo, number, marker="m", body="a")
    assert [c.user.login for c in await repo.comments(number)] == ["eve", "cloi[bot]"]
    assert (await repo.comments(number))[0].body == body


async def test_a_reaction_is_there_once_and_a_deleted_comment_needs_none(place, repo, steps):
    number = await issue(place, repo)
    path = f"/repos/{repo.full_name}/issues"
    asked = (await place.person("maria", "POST", f"{path}/{number}/comments", body="/cloi status")).json()[
        "id"
    ]
    await comments.react(steps.begin(), repo, asked, "eyes")
    await comments.react(steps.begin(round=1), repo, asked, "eyes")
    seen = (await place.person("maria", "GET", f"{path}/comments/{asked}/reactions")).json()
    assert [(r["content"], r["user"]["login"]) for r in seen] == [("eyes", "cloi[bot]")]
    await place.person("maria", "DELETE", f"{path}/comments/{asked}")
    await comments.react(steps.begin("later"), repo, asked, "eyes")


# -- checks


def annotations(count: int) -> list[dict[str, object]]:
    return [
        {
            "path": "README.md",
            "start_line": 1,
            "end_line": 1,
            "annotation_level": "notice",
            "message": f"note {i}",
        }
        for i in range(count)
    ]


async def say_check(ctx, repo, **more):
    state = {
        "name": "CLOI / records",
        "head_sha": await repo.branch_head("main"),
        "external_id": "e-1",
        "status": "completed",
        "conclusion": "success",
        "title": "Fine",
        "summary": "All is well.",
        **more,
    }
    return await checks.check_run(ctx, repo, **state)


async def test_a_check_run_goes_from_state_to_state_and_stays_one(place, repo, steps):
    ctx = steps.begin()
    first = await say_check(ctx, repo, status="in_progress", conclusion=None, title="Reading")
    assert await say_check(ctx, repo, annotations=annotations(120), text="more") == first
    before = len(place.sandbox.requests)
    assert await checks_count(place, repo) == 1
    run = place.sandbox.repository(repo.full_name).check_runs[first]
    assert (run.status, run.conclusion, run.output["title"]) == ("completed", "success", "Fine")
    assert [a["message"] for a in run.annotations] == [f"note {i}" for i in range(120)]
    assert len(place.sandbox.requests) == before


async def checks_count(place, repo) -> int:
    return len(place.sandbox.repository(repo.full_name).check_runs)


async def test_texts_too_long_for_github_are_shortened_and_impossible_buttons_refused(place, repo, steps):
    number = await say_check(steps.begin(), repo, title="t" * 300, summary="s" * 70_000)
    run = place.sandbox.repository(repo.full_name).check_runs[number]
    assert len(run.output["title"] or "") == 255
    assert (run.output["summary"] or "").endswith("longer than GitHub shows.")
    button = {"label": "Approve", "description": "Approve this plan", "identifier": "approve"}
    await say_check(steps.begin("b"), repo, external_id="e-2", actions=[button])
    for actions in ([button] * 4, [{**button, "label": "x" * 21}], [{**button, "description": ""}]):
        with pytest.raises(errors.Invalid, match="button"):
            await say_check(steps.begin("c"), repo, external_id="e-3", actions=actions)


# -- dispatches


async def run_build(ctx, repo, name="cloi adr-7 attempt 1"):
    return await dispatches.dispatch(
        ctx, repo, workflow_file="build.yml", ref="main", inputs={"name": name}, run_name=name
    )


async def test_a_dispatch_gives_the_run_that_is_ours(place, repo, steps):
    number = await run_build(steps.begin(), repo)
    run = await repo.run(number)
    assert (run.display_title, run.actor.login) == ("cloi adr-7 attempt 1", "cloi[bot]")
    assert run.workflow_file == ".github/workflows/build.yml"
    assert await run_build(steps.begin(), repo) == number
    assert await run_build(steps.begin(round=1), repo) != number
    assert len(place.sandbox.repository(repo.full_name).runs) == 2


async def test_a_run_of_our_name_by_somebody_else_parks(place, repo, steps):
    path = f"/repos/{repo.full_name}/actions/workflows/build.yml/dispatches"
    await place.person("eve", "POST", path, ref="main", inputs={"name": "cloi adr-7 attempt 1"})
    with pytest.raises(errors.ForeignObject, match="eve"):
        await run_build(steps.begin(), repo)
    assert len(place.sandbox.repository(repo.full_name).runs) == 1


async def test_a_run_is_cancelled_once_and_an_ended_one_not_at_all(place, repo, steps):
    number = await run_build(steps.begin(), repo)
    assert await dispatches.find(steps.begin(), repo) == number
    assert await dispatches.cancel_run(steps.begin(), repo, number)
    await place.sandbox.run_workflows()
    assert (await repo.run(number)).conclusion == "cancelled"
    assert await dispatches.cancel_run(steps.begin("later"), repo, number) is False
    assert await dispatches.delete_artifacts(steps.begin(), repo, number) == 0
    assert await dispatches.find(steps.begin("never"), repo) is None


# -- permissions


async def test_without_its_permission_no_effect_happens_and_each_says_which_is_missing(place, repo, steps):
    number = await issue(place, repo)
    sha = await repo.branch_head("main")
    granted = place.sandbox.world.installation_on(place.app, place.sandbox.repository(repo.full_name))
    assert granted is not None
    effects = {
        "contents": lambda ctx: commits.commit_branch(
            ctx, repo, branch="b", base_sha=sha, files={"a": b"b"}, message="m"
        ),
        "pull_requests": lambda ctx: pulls.open_pull(
            ctx, repo, head="b", commit=sha, base="main", title="t", body=""
        ),
        "issues": lambda ctx: comments.say(ctx, repo, number, marker="m", body="b"),
        "checks": lambda ctx: say_check(ctx, repo),
        "actions": lambda ctx: run_build(ctx, repo),
    }
    for permission, effect in effects.items():
        kept = granted.permissions.pop(permission)
        granted.permissions[permission] = "read"
        with pytest.raises(errors.PermissionMissing, match=f"{permission}: write"):
            await effect(steps.begin(permission))
        granted.permissions[permission] = kept
