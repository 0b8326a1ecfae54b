"""Where a command runs: checkout, working folder, environment, plan; and how it speaks.

Folders below RUNNER_TEMP (names of artifacts in brackets): handover [cloi-patch], evidence
[cloi-evidence-JOB], artifacts (what the report downloaded), result [cloi-result]. Not here: any command.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bot.gates.approval import load_plan
from bot.result import Result, Verdict, as_json

EVIDENCE_SCHEMA = "cloi.evidence/1"
_SHA = re.compile(r"[0-9a-f]{40}")
_MARKS = {
    Verdict.PASS: "pass",
    Verdict.WARN: "warn",
    Verdict.FAIL: "FAIL",
    Verdict.SKIP: "skip",
    Verdict.UNKNOWN: "????",
}


class Refusal(Exception):
    """A command does not go on. The text is one sentence for people; code is the exit code (1, or 3: approval)."""

    def __init__(self, words: str, code: int = 1) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class Job:
    """One command's surroundings. checkout: the repository. work: a folder outside of it. env: the job's own."""

    checkout: Path
    work: Path
    env: Mapping[str, str]

    @classmethod
    def here(cls) -> Job:
        """From GitHub's own variables. Raises Refusal outside of a job."""
        work = os.environ.get("RUNNER_TEMP")
        if not work:
            raise Refusal("RUNNER_TEMP is not set: this command runs inside a GitHub Actions job")
        return cls(Path.cwd(), Path(work), dict(os.environ))

    @cached_property
    def plan(self) -> dict[str, Any]:
        """The committed plan that CLOI_PLAN names. Raises Refusal if it cannot be read."""
        name = self.need("CLOI_PLAN")
        try:
            return load_plan((self.checkout / name).read_bytes())
        except (OSError, ValueError) as error:
            raise Refusal(f"the plan {name} cannot be read: {error}") from error

    @property
    def base(self) -> str:
        """The commit that everything is measured against: the run's own."""
        sha = self.need("GITHUB_SHA")
        if not _SHA.fullmatch(sha):
            raise Refusal("GITHUB_SHA is not a commit")
        return sha

    @property
    def handover(self) -> Path:
        """Patch, its hash and the execution record."""
        return self.work / "handover"

    def need(self, name: str) -> str:
        """A variable of the environment. Raises Refusal if it is not set."""
        value = self.env.get(name)
        if not value:
            raise Refusal(f"the variable {name} is not set")
        return value

    def keep_evidence(self, name: str, result: Result, **details: object) -> None:
        """Print the verdict and leave it, with details, as evidence/NAME.json."""
        for part, depth in _tree(result, 0):
            say(f"{'  ' * depth}{_MARKS[part.verdict]}  {part.name}: {part.reason}")
            for item in part.evidence:
                place = f" ({item.path}{f':{item.line}' if item.line else ''})" if item.path else ""
                say(f"{'  ' * depth}      - {item.text}{place}")
        data = {"schema": EVIDENCE_SCHEMA, "result": as_json(result), **details}
        write_json(self.work / "evidence" / f"{name}.json", data)


def _tree(result: Result, depth: int) -> Iterator[tuple[Result, int]]:
    yield result, depth
    for child in result.children:
        yield from _tree(child, depth + 1)


def write_json(path: Path, data: object) -> None:
    """Indented JSON, folders made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object, or None if there is none that can be read: what a job left is never trusted to be right."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def say(text: str) -> None:
    """One line into the log; control characters, which could pose as other lines, are shown escaped."""
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    # "::" and "##[" begin commands to GitHub's runner; a text that we pass on must not give any
    print(line.replace("::", ": :").replace("##[", "## ["), flush=True)


def refuse(text: str) -> None:
    """The sentence of a refusal, as an annotation where GitHub shows those."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::error::{escaped}" if os.environ.get("GITHUB_ACTIONS") else escaped, flush=True)


@contextmanager
def foreign_output() -> Iterator[None]:
    """While a program of others writes to our log, GitHub's runner takes no commands from it."""
    token = secrets.token_hex(16)
    if os.environ.get("GITHUB_ACTIONS"):
        print(f"::stop-commands::{token}", flush=True)
    try:
        yield
    finally:
        if os.environ.get("GITHUB_ACTIONS"):
            print(f"::{token}::", flush=True)
