"""act's JSON log, read line by line, becomes the events of a run and one readable log a job.

A state machine without I/O: `feed` takes a line and the moment it was read, `finish` closes what never started
(act says nothing of skipped jobs and steps, so they are found by comparison with the workflow). Log lines look as
GitHub's do: a time, then text or `##[group]`, `##[endgroup]`, `##[error]`, `##[warning]`, `##[notice]`; each step
is a group. Not here: processes (bot/sandbox/act.py), names of jobs and steps (bot/sandbox/act_workflow.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox.act_workflow import Job, Step, Workflow
from bot.sandbox.execution import (
    Conclusion,
    JobFinished,
    JobQueued,
    JobStarted,
    RunEvent,
    RunFinished,
    StepFinished,
)

LOG_LIMIT = 4_000_000  # characters a job; GitHub's own limit is of this order
_SETUP, _COMPLETE = "--setup-job", "--complete-job"
_SHOWN = {"error": "##[error]", "warning": "##[warning]", "notice": "##[notice]"}
_RESULT: dict[str, Conclusion] = {
    "success": "success",
    "failure": "failure",
    "skipped": "skipped",
    "cancelled": "cancelled",
}


@dataclass
class _Section:
    """What one step wrote."""

    label: str
    started: datetime
    lines: list[str] = field(default_factory=list)
    forgiven: bool = False
    done: bool = False


@dataclass
class RunningJob:
    """A job that act has started. stopping: why it is being ended from outside, if it is."""

    job: Job
    name: str
    started: datetime
    sections: dict[str, _Section] = field(default_factory=dict)
    summary: list[str] = field(default_factory=list)
    step: int = 0  # number of the last step told
    reached: int = -1  # index of the last step of `steps:` told
    size: int = 0
    stopping: Conclusion | None = None


class ActLog:
    """Reads one run. secrets: texts that never reach a log, whatever act does about them."""

    def __init__(self, workflow: Workflow, *, secrets: Collection[str] = ()) -> None:
        self.workflow = workflow
        self.running: dict[str, RunningJob] = {}
        self.cancelling: Conclusion | None = None
        self.words: list[str] = []  # what act said about the run as a whole
        self.ran = False  # whether any job was seen
        self._secrets = [secret for secret in secrets if secret]
        self._concluded: dict[str, list[Conclusion]] = {}
        self._queued: set[str] = set()

    def begin(self) -> Iterator[RunEvent]:
        """Jobs that wait for nothing are queued at once."""
        for job in self.workflow.jobs.values():
            if not job.needs and not job.has_matrix:
                yield from self._queue(job.name)

    def feed(self, line: str, at: datetime) -> Iterator[RunEvent]:
        """What one line of act's log tells. A line that is no JSON is kept as words about the run."""
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            if line.strip():
                self.words.append(self._mask(line.strip()))
            return
        job = self.workflow.jobs.get(str(entry.get("jobID") or ""))
        if job is None:
            if entry.get("level") in ("error", "fatal"):
                self.words.append(self._mask(str(entry.get("msg", "")).strip()))
            return
        matrix = entry.get("matrix") or {}
        name = job.display_name(matrix if isinstance(matrix, dict) else {})
        running = self.running.get(name)
        if running is None:
            if self._concluded.get(job.id) and not job.has_matrix:
                return
            yield from self._skip_before(job, at)
            yield from self._queue(name)
            running = self.running[name] = RunningJob(job, name, at)
            self.ran = True
            yield JobStarted(name, at)
        yield from self._step(running, entry, at)
        if entry.get("jobResult"):
            yield from self._job_done(running, str(entry["jobResult"]), at)

    def finish(self, at: datetime) -> Iterator[RunEvent]:
        """Closes every job that has not ended and then the run."""
        for running in list(self.running.values()):
            running.stopping = running.stopping or self.cancelling or "failure"
            self._write(
                running, self._section(running, _COMPLETE, "Complete job", at), "##[error]The run ended.", at
            )
            yield from self._job_done(running, "failure", at)
        for job in self.workflow.jobs.values():
            if not self._concluded.get(job.id):
                yield from self._never_ran(job, at)
        yield RunFinished(self._conclusion())

    def stop(self, how: Conclusion) -> None:
        """The run was asked to stop: every job that has not ended will end like that."""
        self.cancelling = self.cancelling or how
        for running in self.running.values():
            running.stopping = running.stopping or self.cancelling

    def refuse(self, reasons: dict[str, list[str]], at: datetime) -> Iterator[RunEvent]:
        """The run is not started. reasons: by job id, why; the jobs without one are skipped."""
        for key, lines in reasons.items():
            job = self.workflow.jobs[key]
            running = self.running[job.name] = RunningJob(job, job.name, at)
            yield JobStarted(job.name, at)
            section = self._section(running, _SETUP, "Set up job", at)
            for line in lines:
                self._write(running, section, f"##[error]{line}", at)
            yield self._step_done(running, section, "failure", at)
            yield from self._job_done(running, "failure", at)
        yield from self.finish(at)

    def write(self, name: str, line: str, at: datetime) -> None:
        """Adds a line of the executor's own to a running job."""
        if running := self.running.get(name):
            key = next(reversed(running.sections), _SETUP)
            self._write(running, self._section(running, key, "Set up job", at), line, at)

    def _queue(self, name: str) -> Iterator[RunEvent]:
        if name not in self._queued:
            self._queued.add(name)
            yield JobQueued(name)

    def _skip_before(self, job: Job, at: datetime) -> Iterator[RunEvent]:
        """A job starts only when its needs have ended: those that were never seen were skipped."""
        for need in job.needs:
            other = self.workflow.jobs.get(need)
            if (
                other
                and not self._concluded.get(need)
                and not any(r.job.id == need for r in self.running.values())
            ):
                yield from self._skip_before(other, at)
                yield from self._never_ran(other, at)

    def _never_ran(self, job: Job, at: datetime) -> Iterator[RunEvent]:
        conclusion = self.cancelling or "skipped"
        self._concluded.setdefault(job.id, []).append(conclusion)
        yield JobFinished(job.name, conclusion, at)

    def _step(self, running: RunningJob, entry: dict[str, Any], at: datetime) -> Iterator[RunEvent]:
        path = entry.get("stepID") or entry.get("stepid")
        if not isinstance(path, list) or not path:
            return
        key, nested = str(path[0]), len(path) > 1
        message = str(entry.get("msg", ""))
        result = _RESULT.get(str(entry.get("stepResult")))
        around = entry.get("stage") in (
            "Pre",
            "Post",
        )  # of an action: shown only if there is something to see
        said = entry.get("raw_output") or entry.get("level") == "error" or result not in (None, "success")
        if around and not said:
            return
        section = self._section(running, key, self._label(running.job, key, entry), at)
        if entry.get("raw_output"):
            for line in message.rstrip("\r\n").split("\n"):
                self._write(running, section, line.rstrip("\r"), at)
        elif command := entry.get("command"):
            self._command(running, section, str(command), entry, at)
        elif entry.get("level") in ("error", "warning"):
            words = message.strip()
            code = words.removeprefix("exit status ")
            words = f"Process completed with exit code {code}." if code != words else words
            if not nested or not code.isdigit():  # a composite action says its exit status twice
                self._write(running, section, f"{_SHOWN[entry['level']]}{words}", at)
        elif message.startswith("Failed but continue"):
            section.forgiven = True
        if result is None or nested:
            return
        yield from self._steps_until(running, key, at)
        yield self._step_done(running, section, "success" if section.forgiven else result, at)

    def _command(
        self, running: RunningJob, section: _Section, command: str, entry: dict[str, Any], at: datetime
    ) -> None:
        if command == "summary":
            running.summary.append(self._mask(str(entry.get("content", ""))))
        elif command in ("group", "endgroup"):
            self._write(running, section, f"##[{command}]{entry.get('arg') or ''}", at)
        elif command in _SHOWN:
            place = entry.get("kvPairs") or {}
            where = ":".join(str(place[k]) for k in ("file", "line") if place.get(k))
            self._write(
                running, section, f"{_SHOWN[command]}{where + ': ' if where else ''}{entry.get('arg')}", at
            )

    def _steps_until(self, running: RunningJob, key: str, at: datetime) -> Iterator[RunEvent]:
        """Tells the steps before `key` that act passed over."""
        steps = running.job.steps
        index = next(
            (i for i, step in enumerate(steps) if step.key == key), len(steps) if key == _COMPLETE else -1
        )
        if index <= running.reached:
            return
        for step in steps[running.reached + 1 : index]:
            running.step += 1
            yield StepFinished(
                running.name, running.step, step.label, self._passed_over(running, step), at, at
            )
        running.reached = index

    def _passed_over(self, running: RunningJob, step: Step) -> Conclusion:
        section = running.sections.get(step.key)
        return (running.stopping or "cancelled") if section and not section.done else "skipped"

    def _step_done(
        self, running: RunningJob, section: _Section, result: Conclusion, at: datetime
    ) -> StepFinished:
        section.done = True
        running.step += 1
        if result == "failure" and (running.stopping or self.cancelling):
            result = "cancelled"
        return StepFinished(running.name, running.step, section.label, result, section.started, at)

    def _job_done(self, running: RunningJob, result: str, at: datetime) -> Iterator[RunEvent]:
        yield from self._steps_until(running, _COMPLETE, at)
        conclusion = _RESULT.get(result, "failure")
        idle = not any(step.key in running.sections for step in running.job.steps)
        if running.stopping:  # whatever act made of it: steps without `if:` were passed over
            conclusion = running.stopping
        elif self.cancelling and (conclusion == "failure" or idle):
            conclusion = self.cancelling
        del self.running[running.name]
        self._concluded.setdefault(running.job.id, []).append(conclusion)
        yield JobFinished(running.name, conclusion, at, self._text(running, at))

    def _conclusion(self) -> Conclusion:
        if self.cancelling:
            return self.cancelling
        told = {c for key, cs in self._concluded.items() if not self.workflow.jobs[key].forgiven for c in cs}
        order: tuple[Conclusion, ...] = ("failure", "timed_out", "cancelled")
        if found := next((c for c in order if c in told), None):
            return found
        return "skipped" if told == {"skipped"} else "success"

    def _label(self, job: Job, key: str, entry: dict[str, Any]) -> str:
        if key in (_SETUP, _COMPLETE):
            return "Set up job" if key == _SETUP else "Complete job"
        step = next((step for step in job.steps if step.key == key), None)
        if step is None or "${{" in step.label:  # act knows the value of the expression
            return str(entry.get("step") or key)
        return step.label

    def _section(self, running: RunningJob, key: str, label: str, at: datetime) -> _Section:
        return running.sections.setdefault(key, _Section(self._mask(label), at))

    def _write(self, running: RunningJob, section: _Section, line: str, at: datetime) -> None:
        if running.size > LOG_LIMIT:
            return
        line = self._mask(line)
        running.size += len(line) + 30
        section.lines.append(_stamped(line if running.size <= LOG_LIMIT else "(the log is cut here)", at))

    def _text(self, running: RunningJob, at: datetime) -> str:
        lines: list[str] = []
        order = [_SETUP, *(step.key for step in running.job.steps)]
        ordered = sorted(running.sections, key=lambda key: order.index(key) if key in order else len(order))
        for section in (running.sections[key] for key in ordered):
            if section.lines:
                head = _stamped(f"##[group]{section.label}", section.started)
                lines += [head, *section.lines, _stamped("##[endgroup]", at)]
        if running.summary:
            body = [_stamped(line, at) for text in running.summary for line in text.splitlines()]
            lines += [_stamped("##[group]Job summary", at), *body, _stamped("##[endgroup]", at)]
        return "\n".join(lines) + ("\n" if lines else "")

    def _mask(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _stamped(line: str, at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z {line}"
