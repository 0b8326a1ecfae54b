"""watch-checks: for a configured time after the merge, the checks that the default branch demands are watched.

A required check that fails on the merge commit fails this step, and with it the saga goes back. A branch that
demands no checks is vouched for by the verify run alone. Not here: the verify run (running.py, judging.py).
"""

from __future__ import annotations

from bot.engine.outcome import DomainEvent, Done, Failed, Outcome, Waiting
from bot.engine.ports import StepContext
from bot.github.facts import sha_key
from bot.steps.base import GitHubStep

_BAD = frozenset({"failure", "timed_out", "cancelled", "action_required", "startup_failure"})


class WatchChecks(GitHubStep):
    """Inputs: merge_sha, base_ref, seconds. Result: checks (name to conclusion)."""

    type = "watch-checks"
    inputs = frozenset({"repository", "merge_sha", "base_ref", "seconds"})

    async def do(self, ctx: StepContext) -> Outcome:
        repository, sha = self.repository(ctx), str(ctx.inputs["merge_sha"])
        required = await repository.required_checks(str(ctx.inputs["base_ref"]))
        seen: dict[str, str] = {}
        if required:
            for run in await repository.check_runs(sha):
                if run.name in required and run.conclusion is not None:
                    seen[run.name] = run.conclusion
        before = ctx.memo.get("checks", {})
        events = tuple(
            DomainEvent("CheckRunObserved", {"name": name, "conclusion": conclusion, "sha": sha})
            for name, conclusion in sorted(seen.items())
            if before.get(name) != conclusion
        )
        bad = sorted(name for name, conclusion in seen.items() if conclusion in _BAD)
        if bad:
            words = f"after the merge the required check {bad[0]} ended with {seen[bad[0]]} on {sha[:12]}"
            return Failed(error=words, kind="gate", events=events, before_effect=True)
        left = float(ctx.inputs["seconds"]) - (ctx.now - ctx.started_at).total_seconds()
        if left <= 0:
            missing = sorted(required - seen.keys())
            if missing:
                words = f"the required check {missing[0]} has not ended in the time that it was watched"
                return Failed(error=words, kind="gate", events=events, park=True)
            return Done({"checks": seen}, events=events)
        return Waiting(
            wake_on=(sha_key(repository.full_name, sha),),
            recheck_after=min(left, 300.0),
            note="the default branch to stay well",
            memo={"checks": seen},
            events=events,
        )
