"""What must be known of a committed workflow before act may run it: its jobs, their steps and their actions.

act reads the workflow itself; this reads the same text for the three things that act does not tell: which jobs
and steps exist (skipped ones do not appear in its log), how GitHub would name them, and which actions are used
(act would fetch one without a stand-in from the network). Pure. Not here: whether a workflow is any good
(bot/actions), and running it (bot/sandbox/act.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_MATRIX = re.compile(r"\$\{\{\s*matrix\.([A-Za-z_][\w-]*)\s*\}\}")
_NUMBER = re.compile(r"^\d+(\.\d+)?$")
_REMOTE = re.compile(r"^([A-Za-z0-9][\w.-]*/[\w.-]+)@([\w./-]+)$")


class WorkflowUnreadable(ValueError):
    """The workflow file is no workflow. The text says where."""


@dataclass(frozen=True)
class Step:
    """One entry of `steps:`. key: its id, or its index as text, as act names it. label: as GitHub shows it."""

    key: str
    label: str
    uses: str = ""


@dataclass(frozen=True)
class Job:
    """One entry of `jobs:`.

    matrix: the keys of its strategy, in the order written. forgiven: a literal `continue-on-error: true`, so that
    its failure does not fail the run. timeout_minutes: 360 is GitHub's default.
    """

    id: str
    name: str
    needs: tuple[str, ...]
    steps: tuple[Step, ...]
    labels: tuple[str, ...]
    matrix: tuple[str, ...] = ()
    has_matrix: bool = False
    forgiven: bool = False
    uses: str = ""
    timeout_minutes: float = 360

    def display_name(self, values: dict[str, Any]) -> str:
        """The name that GitHub shows: values of the matrix fill expressions, else follow in brackets."""
        if not values:
            return self.name
        if _MATRIX.search(self.name):
            return _MATRIX.sub(lambda found: str(values.get(found[1], "")), self.name)
        ordered = [
            *(key for key in self.matrix if key in values),
            *(k for k in values if k not in self.matrix),
        ]
        return f"{self.name} ({', '.join(str(values[key]) for key in ordered)})"


@dataclass(frozen=True)
class Workflow:
    """A workflow as far as an executor needs it. jobs: by id, in the order written."""

    name: str
    jobs: dict[str, Job]

    def labels(self) -> tuple[str, ...]:
        """Every literal label in `runs-on:`, sorted, each once."""
        return tuple(sorted({label for job in self.jobs.values() for label in job.labels}))


@dataclass(frozen=True)
class Use:
    """A remote action in use. where: the job that uses it; repository such as "actions/checkout"."""

    where: str
    repository: str
    ref: str


@dataclass(frozen=True)
class Refused:
    """A `uses:` that has no stand-in, and why."""

    where: str
    reason: str


def read_workflow(text: str, path: str) -> Workflow:
    """Reads a workflow file. Every scalar stays text (YAML would turn `on` into True).

    Raises WorkflowUnreadable.
    """
    try:
        tree = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  BaseLoader makes text, lists and dicts only
    except yaml.YAMLError as error:
        raise WorkflowUnreadable(f"{path} is not YAML: {error}") from error
    if not isinstance(tree, dict) or not isinstance(tree.get("jobs"), dict) or not tree["jobs"]:
        raise WorkflowUnreadable(f"{path} has no jobs.")
    jobs = {str(key): _job(str(key), value, path) for key, value in tree["jobs"].items()}
    return Workflow(str(tree.get("name") or path), jobs)


def actions_of(workflow: Workflow, read: Callable[[str], str | None]) -> Iterator[Use | Refused]:
    """Every action that the workflow uses, through local actions too.

    read: the text of a file at the run's commit, or None where there is none.
    """
    for job in workflow.jobs.values():
        if job.uses:
            yield Refused(job.id, f"the sandbox runs no reusable workflows: {job.uses}")
        for step in job.steps:
            if step.uses:
                yield from _action(step.uses, job.id, read, depth=0)


def _action(uses: str, where: str, read: Callable[[str], str | None], depth: int) -> Iterator[Use | Refused]:
    if not uses.startswith("./"):
        found = _REMOTE.match(uses)
        yield Use(where, found[1], found[2]) if found else Refused(where, f"the sandbox cannot run {uses!r}")
        return
    folder = uses[2:].strip("/")
    text = next(
        (t for t in (read(f"{folder}/action.{end}") for end in ("yml", "yaml")) if t is not None), None
    )
    if text is None or depth > 8:
        yield Refused(where, f"there is no local action at {uses!r} in this commit")
        return
    try:
        tree = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    except yaml.YAMLError:
        yield Refused(where, f"the local action at {uses!r} is not YAML")
        return
    runs = tree.get("runs") if isinstance(tree, dict) else None
    for step in _list(runs.get("steps")) if isinstance(runs, dict) else []:
        if isinstance(step, dict) and step.get("uses"):
            yield from _action(str(step["uses"]), where, read, depth + 1)


def _job(key: str, value: Any, path: str) -> Job:
    if not isinstance(value, dict):
        raise WorkflowUnreadable(f"{path}: job {key} is not a mapping.")
    strategy = value.get("strategy")
    matrix = strategy.get("matrix") if isinstance(strategy, dict) else None
    return Job(
        id=key,
        name=str(value.get("name") or key),
        needs=tuple(str(need) for need in _list(value.get("needs"))),
        steps=tuple(_step(index, step) for index, step in enumerate(_list(value.get("steps")))),
        labels=tuple(str(label) for label in _list(value.get("runs-on")) if "${{" not in str(label)),
        matrix=tuple(str(k) for k in matrix) if isinstance(matrix, dict) else (),
        has_matrix=matrix is not None,
        forgiven=value.get("continue-on-error") == "true",
        uses=str(value.get("uses") or ""),
        timeout_minutes=float(limit) if _NUMBER.match(limit := str(value.get("timeout-minutes"))) else 360,
    )


def _step(index: int, value: Any) -> Step:
    step = value if isinstance(value, dict) else {}
    uses = str(step.get("uses") or "")
    script = str(step.get("run") or "").strip().splitlines()
    label = str(step.get("name") or f"Run {uses or (script[0] if script else '')}".strip())
    return Step(str(step.get("id") or index), label, uses)


def _list(value: Any) -> list[Any]:
    if value is None or isinstance(value, dict):
        return []
    return value if isinstance(value, list) else [value]
