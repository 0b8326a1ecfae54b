"""The contract with an agent (provider `command`), and what counts as its having worked.

The program is started without a shell, in the checkout, and sees PATH, HOME, LANG, TMPDIR and:

    CLOI_TASK           implementation, tests or docs
    CLOI_PROMPT_FILE    the prompt
    CLOI_RESULT_FILE    where it writes {"status": "finished", "agent", "version", "tokens", "cost_usd"}
                        and, if it knows, "requirements": {"ADR-012/R3": ["path", …]}, which is shown as its claim
    CLOI_MAX_MINUTES, CLOI_MAX_TURNS, CLOI_MAX_COST_USD    caps to keep
    CLOI_API_DOCS_FILE, CLOI_USER_GUIDE_FILE               documents that are asked for (task docs)

An exit code of 0 proves nothing: agents are known to end well without having begun. So there must be a result
that says finished, and a changed file. Not here: what the change is worth (gates).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from bot.agents.descriptions import description
from bot.runner import process
from bot.runner.execution import Execution
from bot.runner.git import Git
from bot.runner.job import Job, Refusal, foreign_output, read_json, say


def work(
    job: Job,
    task: str,
    prompt: str,
    *,
    extra: Mapping[str, str] | None = None,
    then: Callable[[Execution], None] | None = None,
) -> None:
    """Let the plan's agent do one task. Raises Refusal, with words, unless it did.

    extra: further variables. then: what is checked afterwards as part of the step; it may raise Refusal.
    """
    execution = Execution(job)
    execution.start(task)
    started = time.monotonic()
    try:
        _work(job, task, prompt, dict(extra or {}), execution)
        if then:
            then(execution)
    except Refusal as error:
        execution.end("failed", time.monotonic() - started, str(error))
        raise
    execution.end("finished", time.monotonic() - started, "done")


def _work(job: Job, task: str, prompt: str, extra: dict[str, str], execution: Execution) -> None:
    agent = job.plan["agent"]
    name = str(agent["name"])
    if not agent["command"]:
        raise Refusal("the plan names no agent: name one in .github/cloi.yml on the default branch")
    about = description(str(agent["provider"]))
    left = float(job.plan["limits"]["timeoutMinutes"]) * 60 - execution.seconds
    if left <= 0:
        raise Refusal(f"{name} has used up its time before the task {task} began")
    prompt_file = job.work / "prompts" / f"{task}.md"
    prompt_file.parent.mkdir(parents=True, exist_ok=True)
    prompt_file.write_text(prompt, encoding="utf-8")
    result_file = job.work / "prompts" / f"{task}.result.json"
    result_file.unlink(missing_ok=True)
    env = {
        **{v: job.env[v] for v in (*about.passes, *about.secrets) if v in job.env},
        "PYTHONDONTWRITEBYTECODE": "1",
        "CLOI_TASK": task,
        "CLOI_PROMPT_FILE": str(prompt_file),
        "CLOI_RESULT_FILE": str(result_file),
        "CLOI_MAX_MINUTES": str(max(1, int(left // 60))),
        "CLOI_MAX_TURNS": job.env.get("CLOI_MAX_TURNS", str(about.max_turns)),
        "CLOI_MAX_COST_USD": job.env.get("CLOI_MAX_COST_USD", str(about.max_cost_usd)),
        **extra,
    }
    git, index = Git(job.checkout), job.work / "snapshot.index"
    before = git.snapshot(index)
    say(f"Starting {name} for the task {task}")
    try:
        with foreign_output():
            ended = process.run(agent["command"], cwd=job.checkout, env=env, seconds=left, capture=False)
    except OSError as error:
        raise Refusal(f"{name} cannot be started: {error.strerror}: {agent['command'][0]}") from error
    if ended.exit_code is None:
        raise Refusal(f"{name} was stopped: the task {task} took longer than the plan allows")
    if ended.exit_code:
        raise Refusal(f"{name} ended the task {task} with exit code {ended.exit_code}")
    answer = read_json(result_file)
    if answer is None:
        raise Refusal(f"{name} ended well but left no readable result, so nothing shows that it worked")
    execution.add_answer(answer)
    if answer.get("status") != "finished":
        raise Refusal(f"{name} says of the task {task}: {str(answer.get('status'))[:200]}")
    cap = float(env["CLOI_MAX_COST_USD"])
    if execution.cost_usd > cap:
        raise Refusal(f"{name} says it cost {execution.cost_usd:.2f} USD; the cap is {cap:.2f} USD")
    if git.snapshot(index) == before:
        raise Refusal(f"{name} ended well but changed no file, so the task {task} is not done")
