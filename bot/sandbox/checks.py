"""Check suites and check runs: making and changing them, and the webhooks that say so.

Apps come here over REST (routes_checks.py), GitHub Actions comes with its jobs (runs.py).
"""

from __future__ import annotations

from typing import Any

from bot.sandbox import shapes_runs, webhooks
from bot.sandbox.world import App, CheckRun, CheckSuite, Repository, User, World

_WORST = ("failure", "timed_out", "cancelled", "action_required", "stale", "success", "neutral", "skipped")


def suite_of(
    world: World,
    repository: Repository,
    app: App,
    sha: str,
    branch: str | None,
    *,
    announce: User | None = None,
) -> CheckSuite:
    """An App's suite on a commit, made if there is none. announce: who pushed; the App is asked to check."""
    for suite in repository.check_suites:
        if suite.app is app and suite.head_sha == sha:
            return suite
    suite = new_suite(world, repository, app, sha, branch)
    if announce:
        webhooks.emit(
            world,
            repository,
            "check_suite",
            "requested",
            announce,
            lambda: {"check_suite": shapes_runs.check_suite(world, repository, suite, "queued", None)},
            only=app,
        )
    return suite


def new_suite(world: World, repository: Repository, app: App, sha: str, branch: str | None) -> CheckSuite:
    """Another suite, as each workflow run has its own."""
    suite = CheckSuite(world.new_id("check_suite"), app, sha, branch, world.clock())
    repository.check_suites.append(suite)
    return suite


def create(
    world: World, repository: Repository, suite: CheckSuite, name: str, by: User, fields: dict[str, Any]
) -> CheckRun:
    """A new check run. fields: CheckRun's own, such as status and external_id."""
    run = CheckRun(world.new_id("check_run"), repository, suite, name, **fields)
    repository.check_runs[run.id] = run
    announce(world, run, "created", by)
    if run.status == "completed":
        _completed(world, run, by)
    return run


def update(world: World, run: CheckRun, by: User, fields: dict[str, Any]) -> None:
    """Changes a check run; `completed` is told when it becomes so."""
    before = run.status
    for name, value in fields.items():
        setattr(run, name, value)
    if run.status == "completed" and before != "completed":
        _completed(world, run, by)


def announce(world: World, run: CheckRun, action: str, by: User, **more: Any) -> None:
    """The check_run event; buttons and re-requests go to the App that made the run only."""
    mine = run.suite.app if action in ("requested_action", "rerequested") else None
    webhooks.emit(
        world,
        run.repository,
        "check_run",
        action,
        by,
        lambda: {"check_run": shapes_runs.check_run(world, run), **more},
        only=mine,
    )


def _completed(world: World, run: CheckRun, by: User) -> None:
    announce(world, run, "completed", by)
    runs = [other for other in run.repository.check_runs.values() if other.suite is run.suite]
    if any(other.status != "completed" for other in runs):
        return
    conclusion = min((other.conclusion or "stale" for other in runs), key=_WORST.index)
    webhooks.emit(
        world,
        run.repository,
        "check_suite",
        "completed",
        by,
        lambda: {
            "check_suite": shapes_runs.check_suite(world, run.repository, run.suite, "completed", conclusion)
        },
    )
