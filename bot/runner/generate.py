"""`cloi generate implementation|tests|docs`: ADR-012's three lines, and every flag does what it says.

--adr-based puts the record into the prompt, and refuses if it is not the record that was planned from.
--ai-enhanced lets the plan's agent write; without it only what can be extracted is written (a page of
requirements). --coverage-target demands that the new tests reach so many percent of the changed lines.
--api-docs and --user-guide choose the documents, which must then be there. Not here: starting the agent
(agent.py), the prompt's words (prompt.py).
"""

from __future__ import annotations

from bot.gates.globs import matches_any
from bot.gates.patch import blob_id
from bot.gates.suite import Outcome
from bot.runner import agent, coverage
from bot.runner.execution import Execution
from bot.runner.git import Git
from bot.runner.job import Job, Refusal, say
from bot.runner.prompt import prompt, requirements_page


def generate_implementation(job: Job, feature: str, *, adr_based: bool, ai_enhanced: bool) -> None:
    """Write the implementation. Raises Refusal, with words, if that cannot be or was not done."""
    _check(job, feature)
    record = _record(job) if adr_based else None
    if ai_enhanced:
        agent.work(job, "implementation", prompt("implementation", job.plan, record=record))
        return
    path = f"docs/{feature}-requirements.md"
    _demand_allowed(job, path)
    page = job.checkout / path
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(requirements_page(job.plan), encoding="utf-8")
    say(f"Without --ai-enhanced no agent writes code: {path} lists the requirements, and that is all")


def generate_tests(job: Job, feature: str, *, coverage_target: int) -> None:
    """Let the agent write tests, run them, and demand the coverage. 0 demands none. Raises Refusal."""
    _check(job, feature)

    def check(execution: Execution) -> None:
        git = Git(job.checkout)
        changed = git.changed_paths(job.base, git.snapshot(job.work / "snapshot.index"))
        suite, covered = coverage.measure(job, changed)
        execution.data["coverage"] = coverage.as_json(covered, coverage_target)
        failing = sorted(t for t, o in suite.outcomes.items() if o in (Outcome.FAILED, Outcome.UNFINISHED))
        if suite.exit_code != 0:
            words = f": {', '.join(failing[:5])}" if failing else ""
            raise Refusal(
                f"the tests do not pass with the implementation (exit code {suite.exit_code}){words}"
            )
        verdict = covered.judge(coverage_target)
        if not verdict.passed:
            raise Refusal(verdict.reason)
        say(verdict.reason)

    text = prompt("tests", job.plan, coverage_target=coverage_target)
    agent.work(job, "tests", text, then=check)


def generate_docs(job: Job, feature: str, *, api_docs: bool, user_guide: bool) -> None:
    """Let the agent write the documents that the flags name. Raises Refusal if one is not written."""
    _check(job, feature)
    wanted: dict[str, tuple[str, str]] = {}
    if api_docs:
        wanted["API documentation"] = ("CLOI_API_DOCS_FILE", f"docs/{feature}-api.md")
    if user_guide:
        wanted["User guide"] = ("CLOI_USER_GUIDE_FILE", f"docs/{feature}-guide.md")
    if not wanted:
        raise Refusal("no document is asked for: give --api-docs, --user-guide or both")
    for _variable, path in wanted.values():
        _demand_allowed(job, path)

    def check(_execution: Execution) -> None:
        git = Git(job.checkout)
        changed = git.changed_paths(job.base, git.snapshot(job.work / "snapshot.index"))
        for kind, (_variable, path) in wanted.items():
            if path not in changed or not (job.checkout / path).read_bytes().strip():
                raise Refusal(f"{kind} was asked for, but {path} was not written")

    text = prompt("docs", job.plan, documents={kind: path for kind, (_variable, path) in wanted.items()})
    agent.work(job, "docs", text, extra=dict(wanted.values()), then=check)


def _check(job: Job, feature: str) -> None:
    if feature != job.plan["feature"]:
        raise Refusal(f"the plan is for {job.plan['feature']}, not for {feature}")
    if job.plan["blocked"]:
        raise Refusal(f"the plan is blocked: {' '.join(job.plan['blocked'])}")


def _record(job: Job) -> str:
    """The record as committed at the base; another text than the one that was planned from is refused."""
    adr = job.plan["adr"]
    content = Git(job.checkout).files_at(job.base, [adr["path"]]).get(adr["path"])
    if content is None:
        raise Refusal(f"the decision record {adr['path']} is not in this commit")
    if blob_id(content) != adr["blobSha"]:
        words = (
            "has changed since the plan was made; the bot has to plan anew, and a maintainer to approve that"
        )
        raise Refusal(f"the decision record {adr['path']} {words}")
    return content.decode(errors="replace")


def _demand_allowed(job: Job, path: str) -> None:
    if not matches_any(path, job.plan["limits"]["allow"]):
        raise Refusal(f"{path} lies outside of what the plan allows to change (paths in .github/cloi.yml)")
