"""The execution record: how far the agent came. not_started, started and finished are told apart (rule 31).

It lies in handover/execution.json and each `cloi generate` brings it up to date, so that a job that dies in
between leaves the truth. What the agent says of itself (version, tokens, cost) is kept as its word.
"""

from __future__ import annotations

from typing import Any

from bot.runner.job import Job, read_json, write_json

SCHEMA = "cloi.execution/1"
_MOST_CLAIMS, _MOST_PATHS = 300, 50
TASKS = ("implementation", "tests", "docs")


class Execution:
    """The record of one job, read from and written to its file at once."""

    def __init__(self, job: Job) -> None:
        self._path = job.handover / "execution.json"
        agent = job.plan["agent"]
        fresh: dict[str, Any] = {
            "schema": SCHEMA,
            "status": "not_started",
            "agent": {"provider": agent["provider"], "name": agent["name"], "version": None},
            "tokens": 0,
            "costUsd": 0.0,
            "coverage": None,
            "steps": [],
        }
        self.data = read_json(self._path) or fresh

    @property
    def seconds(self) -> float:
        """Time that the steps took so far."""
        return float(sum(s["seconds"] for s in self.data["steps"]))

    @property
    def cost_usd(self) -> float:
        """What the agent says it cost so far."""
        return float(self.data["costUsd"])

    def start(self, task: str) -> None:
        """A step begins: it is on file before the agent is."""
        self.data["status"] = "started"
        self.data["steps"].append({"task": task, "status": "started", "seconds": 0.0})
        self.save()

    def end(self, status: str, seconds: float, words: str) -> None:
        """The step that began last ends as "finished" or "failed"."""
        self.data["steps"][-1].update(status=status, seconds=round(seconds, 3), words=words)
        done = {s["task"] for s in self.data["steps"] if s["status"] == "finished"}
        failed = any(s["status"] == "failed" for s in self.data["steps"])
        if done >= set(TASKS) and not failed:
            self.data["status"] = "finished"
        self.save()

    def add_answer(self, answer: dict[str, Any]) -> None:
        """The agent's own words about itself."""
        self.data["agent"]["name"] = str(answer.get("agent") or self.data["agent"]["name"])[:100]
        self.data["agent"]["version"] = str(answer.get("version", "unknown"))[:100]
        self.data["tokens"] += int(_number(answer.get("tokens")))
        self.data["costUsd"] = round(self.data["costUsd"] + _number(answer.get("cost_usd")), 6)
        said = answer.get("requirements")
        for key, paths in list(said.items())[:_MOST_CLAIMS] if isinstance(said, dict) else ():
            if isinstance(paths, list):
                known = self.data.setdefault("requirements", {}).setdefault(str(key)[:100], [])
                known += [str(p)[:300] for p in paths[:_MOST_PATHS] if str(p)[:300] not in known]
        self.save()

    def save(self) -> None:
        """Write the file."""
        write_json(self._path, self.data)


def _number(value: object) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12
    return float(value) if good else 0.0  # type: ignore[arg-type]
