"""Taking back, in all its branches: each of ADR-012's named strategies by the event that starts it."""

from __future__ import annotations

from bot.demo.stage import REPOSITORY, Stage
from bot.sandbox.execution import RunSpec
from bot.sandbox.recorded import Recording
from tests.properties import slow
from tests.stories.tales import (
    Instead,
    Slow,
    Told,
    before,
    branch,
    brought,
    comments,
    decided_files,
    ended,
    failing,
    head_ref,
    implementing,
    living,
    names,
    parked,
    plain,
    proposed,
    pull_of,
    pushed,
    strategies,
    told_to,
    written,
)

MODULE = "teashop/login_limit.py"


def open_pulls_and_branches(stage: Stage) -> tuple[list[int], list[str]]:
    """What lies around."""
    pulls = [issue.number for issue in stage.repository.pulls() if issue.state == "open"]
    return pulls, sorted(ref.removeprefix("refs/heads/") for ref in stage.repository.git.refs())


# Before there is a pull request: delete-generated-files.


async def test_a_run_that_fails_leaves_no_artifact_and_the_comment_says_why(open_stage, executor) -> None:
    async with open_stage(files=decided_files(), runs=Instead(executor, failing(mode="implement"))) as stage:
        told = await implementing(stage)
        await stage.person("maria").merge(told.workflow_pull)
        said = await ended(stage, told, "compensated")
        assert strategies(stage, told)["await-run"] == "delete-generated-files"
        assert stage.repository.artifacts == {}
        assert stage.pull_by_bot("implementation") is None
        assert "validate ended with failure" in said
        assert "1 artifact deleted" in said
        assert f"#{told.workflow_pull} was merged and stays" in said


async def test_a_branch_without_pull_request_is_deleted_if_it_is_ours(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told, name = await _stopped_between_branch_and_pull_request(stage)
        assert branch(stage, name) is not None
        await told_to(stage, told, "/cloi cancel")
        await ended(stage, told, "cancelled")
        assert branch(stage, name) is None
        assert stage.repository.artifacts == {}


async def test_a_branch_without_pull_request_is_left_if_somebody_has_pushed_to_it(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told, name = await _stopped_between_branch_and_pull_request(stage)
        await written(stage, name, "notes.md", b"I go on from here\n", by="tom")
        theirs = branch(stage, name)
        await told_to(stage, told, "/cloi cancel")
        said = await ended(stage, told, "cancelled")
        assert branch(stage, name) == theirs
        assert "so it was left" in said


async def _stopped_between_branch_and_pull_request(stage: Stage) -> tuple[Told, str]:
    """The App may not open pull requests any more when the implementation's branch is there; the branch's name."""
    told = await implementing(stage)
    installation = next(iter(stage.sandbox.world.installations.values()))

    async def forbid() -> None:
        installation.permissions["pull_requests"] = "read"
        stage.bot.github.tokens.forget(REPOSITORY)

    before(stage, "POST", r"/git/refs$", forbid)
    await stage.person("maria").merge(told.workflow_pull)
    assert "pull_requests: write" in await parked(stage, told)
    installation.permissions["pull_requests"] = "write"
    found = [name for name in open_pulls_and_branches(stage)[1] if "/implementation-" in name]
    return told, found[0]


# While the pull request is open: restore-previous-state.


async def test_closed_by_a_person_the_branch_goes_and_the_comment_says_why(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        name = head_ref(stage, told.implementation_pull)
        await stage.person("maria").close(told.implementation_pull)
        said = await ended(stage, told, "compensated")
        assert strategies(stage, told)["open-implementation-pr"] == "restore-previous-state"
        assert branch(stage, name) is None
        assert f"#{told.implementation_pull} with the implementation was closed without being merged" in said
        assert comments(stage, told.implementation_pull) == []  # whoever closed it knows why
        assert "await-implementation-merge" not in strategies(stage, told) or not stage.pull_by_bot("revert")


async def test_cancelled_while_open_it_is_closed_with_words_and_its_branch_goes(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        name = head_ref(stage, told.implementation_pull)
        await told_to(stage, told, "/cloi cancel")
        said = await ended(stage, told, "cancelled")
        assert pull_of(stage, told.implementation_pull).state == "closed"
        assert branch(stage, name) is None
        [why] = comments(stage, told.implementation_pull)
        assert "tom cancelled it" in why
        assert "tom cancelled it" in said


async def test_cancelled_after_somebody_pushed_to_it_the_branch_stays(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        name = head_ref(stage, told.implementation_pull)
        await pushed(stage, told.implementation_pull, "docs/mine.md", b"mine\n")
        theirs = branch(stage, name)
        await told_to(stage, told, "/cloi cancel")
        said = await ended(stage, told, "cancelled")
        assert pull_of(stage, told.implementation_pull).state == "closed"
        assert branch(stage, name) == theirs
        assert "so it was left" in said


# After the merge: full-system-rollback.


async def merged_and_failed(stage: Stage) -> Told:
    """The implementation was merged and its verification failed; the revert is proposed, or a person asked."""
    told = await proposed(stage)
    await stage.person("maria").merge(told.implementation_pull)
    return told


async def test_a_failed_verification_proposes_a_revert_with_the_evidence(open_stage, executor) -> None:
    async with open_stage(files=decided_files(), runs=Instead(executor, failing(mode="verify"))) as stage:
        told = await proposed(stage)
        without = stage.sandbox.tree(REPOSITORY, "main")
        await stage.person("maria").merge(told.implementation_pull)
        revert = await stage.until(lambda: stage.pull_by_bot("revert"))
        body = pull_of(stage, revert["number"]).body
        assert "validate ended with failure" in body
        assert f"#{told.implementation_pull}" in body
        waiting = f"waiting for a maintainer to merge the revert #{revert['number']}"
        await stage.until(lambda: waiting in plain(living(stage, told)))
        await stage.person("maria").merge(revert["number"])
        said = await ended(stage, told, "compensated")
        assert strategies(stage, told)["await-implementation-merge"] == "full-system-rollback"
        assert stage.sandbox.tree(REPOSITORY, "main") == without
        assert f"#{revert['number']} was merged by maria" in said


async def test_a_revert_that_is_closed_asks_a_person_and_retry_proposes_it_again(
    open_stage, executor
) -> None:
    async with open_stage(files=decided_files(), runs=Instead(executor, failing(mode="verify"))) as stage:
        told = await proposed(stage)
        without = stage.sandbox.tree(REPOSITORY, "main")
        await stage.person("maria").merge(told.implementation_pull)
        first = await stage.until(lambda: stage.pull_by_bot("revert"))
        await stage.person("maria").close(first["number"])
        reason = await parked(stage, told)
        assert f"the revert #{first['number']} was closed without being merged" in reason
        assert "/cloi retry` to go on taking back" in living(stage, told)
        await told_to(stage, told, "/cloi retry")
        second = await stage.until(lambda: stage.pull_by_bot("revert"))
        assert second["number"] != first["number"]
        await stage.person("maria").merge(second["number"])
        await ended(stage, told, "compensated")
        assert stage.sandbox.tree(REPOSITORY, "main") == without


async def test_where_others_changed_the_same_lines_an_issue_says_exactly_what_to_do(
    open_stage, executor
) -> None:
    async with open_stage(files=decided_files(), runs=Instead(executor, failing(mode="verify"))) as stage:
        told = await proposed(stage)
        maria = stage.person("maria")

        without = stage.sandbox.tree(REPOSITORY, "main")
        await maria.merge(told.implementation_pull)
        content = stage.sandbox.file(REPOSITORY, "main", MODULE)
        await written(stage, "main", MODULE, b"# mended by hand\n" + content.replace(b"class", b"class "))
        reason = await parked(stage, told)
        asked = max(stage.repository.issues)
        assert f"#{asked} says what to do" in reason
        issue = stage.repository.issues[asked]
        assert issue.pull is None
        for words in (MODULE, "git revert -m 1", "/cloi retry", "validate ended with failure"):
            assert words in plain(issue.body)
        assert stage.pull_by_bot("revert") is None
        # A person takes it back, as the issue says.
        await _put_back(stage, without)
        await told_to(stage, told, "/cloi retry")
        said = await ended(stage, told, "compensated")
        assert f"has nothing of #{told.implementation_pull} any more" in said
        assert max(stage.repository.issues) == asked


async def test_what_somebody_pushed_along_is_not_ours_to_take_back(open_stage, executor) -> None:
    async with open_stage(files=decided_files(), runs=Instead(executor, failing(mode="verify"))) as stage:
        told = await proposed(stage)
        without = stage.sandbox.tree(REPOSITORY, "main")
        await pushed(stage, told.implementation_pull, "docs/mine.md", b"mine\n")
        await stage.person("maria").merge(told.implementation_pull)
        reason = await parked(stage, told)
        asked = max(stage.repository.issues)
        assert f"#{asked} says what to do" in reason
        assert "somebody pushed" in stage.repository.issues[asked].body
        await _put_back(stage, without)
        await told_to(stage, told, "/cloi retry")
        await ended(stage, told, "compensated")
        assert max(stage.repository.issues) == asked


async def _put_back(stage: Stage, wanted: dict[str, str]) -> None:
    """A maintainer reverts by hand: the default branch's tree becomes this one."""
    maria, git = stage.person("maria"), stage.repository.git
    now = stage.sandbox.tree(REPOSITORY, "main")
    for path in sorted(now.keys() | wanted.keys()):
        if path not in wanted:
            await maria.call("DELETE", f"/contents/{path}", message="Revert", sha=now[path], branch="main")
        elif now.get(path) != wanted[path]:
            await written(stage, "main", path, git.blob(wanted[path]) or b"")
    assert stage.sandbox.tree(REPOSITORY, "main") == wanted


CI = b"""name: ci
on: [push, pull_request]
permissions: {}
jobs:
  ci:
    runs-on: ubuntu-24.04
    steps:
      - run: make test
"""


@slow
async def test_a_required_check_that_fails_on_the_merge_starts_the_way_back(open_stage, executor) -> None:
    def ci(spec: RunSpec) -> Recording | None:
        if not spec.workflow_path.endswith("/ci.yml"):
            return None
        broken = spec.ref == "refs/heads/main" and MODULE in stage.sandbox.tree(REPOSITORY, spec.sha)
        return Recording(jobs={"ci": "failure" if broken else "success"})

    async def checked(number: int | None) -> None:
        await stage.until(lambda: stage.check(pull_of(stage, number).pull.head_sha, "ci"))

    files = {**decided_files(), ".github/workflows/ci.yml": CI}
    async with open_stage(files=files, runs=Instead(executor, ci)) as stage:
        parameters = {"required_status_checks": [{"context": "ci"}]}
        stage.repository.rules["main"] = [{"type": "required_status_checks", "parameters": parameters}]
        told, maria = await implementing(stage), stage.person("maria")
        await checked(told.workflow_pull)
        await maria.merge(told.workflow_pull)
        change = await stage.until(lambda: stage.pull_by_bot("implementation"))
        await checked(change["number"])
        await maria.merge(change["number"])
        revert = await stage.until(lambda: stage.pull_by_bot("revert"))
        assert "the required check ci ended with failure" in pull_of(stage, revert["number"]).body
        await checked(revert["number"])
        await maria.merge(revert["number"])
        await ended(stage, told, "compensated")
        assert "CheckRunObserved" in names(stage, told)


async def test_where_the_repository_wants_no_rollback_it_stops_instead(open_stage, executor) -> None:
    files = decided_files(b"rollback_required: false\n")
    async with open_stage(files=files, runs=Instead(executor, failing(mode="implement"))) as stage:
        told = await implementing(stage)
        await stage.person("maria").merge(told.workflow_pull)
        assert "validate ended with failure" in await parked(stage, told)
        assert strategies(stage, told) == {}
        assert len(stage.repository.artifacts) == 1
        await told_to(stage, told, "/cloi cancel")
        await ended(stage, told, "cancelled")
        assert stage.repository.artifacts == {}


# By hand.


async def test_a_rehearsal_says_what_would_go_back_and_changes_nothing(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await told_to(stage, told, "/cloi rehearse rollback")
        await stage.until(lambda: any("nothing would have to be taken back" in c for c in said(stage, told)))
        await brought(stage, told)
        seen = stage.sandbox.snapshot()[REPOSITORY]["refs"]
        await told_to(stage, told, "/cloi rehearse rollback")
        await stage.until(lambda: any("that would go through" in c for c in said(stage, told)))
        assert MODULE in plain(said(stage, told)[-1])
        assert stage.sandbox.snapshot()[REPOSITORY]["refs"] == seen
        content = stage.sandbox.file(REPOSITORY, "main", "teashop/accounts.py")
        await written(stage, "main", "teashop/accounts.py", content.replace(b"def login(", b"def log_in("))
        await told_to(stage, told, "/cloi rehearse rollback")
        await stage.until(lambda: any("a person would be needed" in c for c in said(stage, told)))
        assert stage.state(told.instance) == "running"


def said(stage: Stage, told: Told) -> list[str]:
    """The bot's answers on the issue, without the living comment."""
    return [c for c in comments(stage, told.issue) if not c.startswith("### ")]


async def test_a_rollback_while_it_is_watched_goes_back_as_if_a_gate_had_failed(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        without = stage.sandbox.tree(REPOSITORY, "main")
        await stage.person("maria").merge(told.implementation_pull)
        await stage.until(lambda: stage.run(status="completed", number=2))
        await told_to(stage, told, "/cloi rollback")
        revert = await stage.until(lambda: stage.pull_by_bot("revert"))
        assert "tom asked for a rollback" in pull_of(stage, revert["number"]).body
        await stage.person("maria").merge(revert["number"])
        assert "tom asked for a rollback" in await ended(stage, told, "compensated")
        assert stage.sandbox.tree(REPOSITORY, "main") == without


async def test_a_rollback_after_the_end_proposes_a_revert_of_its_own(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        without = stage.sandbox.tree(REPOSITORY, "main")
        await stage.person("maria").merge(told.implementation_pull)
        await ended(stage, told, "completed")
        await told_to(stage, told, "/cloi rollback")
        revert = await stage.until(lambda: stage.pull_by_bot("revert"))
        assert "I propose a revert of it" in said(stage, told)[-1]
        await stage.person("maria").merge(revert["number"])
        await stage.until(lambda: stage.state(f"revert-implementation/{told.instance}") == "completed")
        assert stage.sandbox.tree(REPOSITORY, "main") == without
        assert stage.state(told.instance) == "completed"


# Cancelled at each wait.


async def test_cancelled_while_the_workflow_waits_for_its_merge(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await told_to(stage, told, "/cloi cancel")
        await ended(stage, told, "cancelled")
        assert open_pulls_and_branches(stage) == ([], ["main"])
        [why] = comments(stage, told.workflow_pull)
        assert "tom cancelled it" in why


async def test_cancelled_while_it_runs_the_run_is_stopped_and_what_it_left_goes(open_stage) -> None:
    async def meanwhile() -> None:
        await told_to(stage, told, "/cloi cancel")
        await stage.sandbox.deliver()
        await stage.bot.pump()

    slow = Slow(meanwhile)
    async with open_stage(files=decided_files(), runs=slow) as stage:
        told = await implementing(stage)
        await stage.person("maria").merge(told.workflow_pull)
        await ended(stage, told, "cancelled")
        [run] = stage.repository.runs.values()
        assert (run.conclusion, slow.cancelled) == ("cancelled", [run.id])
        assert stage.repository.artifacts == {}


async def test_cancelled_while_it_is_watched_after_the_merge_a_revert_is_proposed(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await proposed(stage)
        without = stage.sandbox.tree(REPOSITORY, "main")
        await stage.person("maria").merge(told.implementation_pull)
        await stage.until(lambda: stage.run(number=2))
        await told_to(stage, told, "/cloi cancel")
        revert = await stage.until(lambda: stage.pull_by_bot("revert"))
        await told_to(stage, told, "/cloi cancel")
        await stage.until(lambda: any("nothing to take back now" in c for c in said(stage, told)))
        await stage.person("maria").merge(revert["number"])
        await ended(stage, told, "cancelled")
        assert stage.sandbox.tree(REPOSITORY, "main") == without
