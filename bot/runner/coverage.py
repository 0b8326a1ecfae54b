"""How many lines of the changed files the tests reach: measured, and with a word on how.

A Python test command (`python -m …` or `python file.py`) is run under tracer.py. Any other must leave a
Cobertura coverage.xml. If neither works the answer is "not measured", which is no pass. Not here: what is
demanded (generate.py, gate.py).
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import CodeType

from bot.gates.suite import MAX_XML
from bot.gates.weakening import is_test_file
from bot.result import Result, Verdict
from bot.runner.job import Job, read_json, write_json
from bot.runner.suites import Suite, run_suite

# Names of what holds no code: a change of documents alone has nothing to cover.
_NO_CODE = (".md", ".rst", ".adoc", ".txt", ".json", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".csv", ".svg")
_PYTHON = re.compile(r"python(3(\.\d+)?)?")


@dataclass(frozen=True, slots=True)
class Coverage:
    """percent: 0 to 100, or None if not measured. method: how, or why not. lines, reached: their counts."""

    percent: float | None
    method: str
    lines: int = 0
    reached: int = 0

    def judge(self, target: int) -> Result:
        """The verdict "gate/coverage". A target of 0 asks for nothing; what is not measured is no pass."""
        name, said = "gate/coverage", f"the tests reach {self.percent} % of {self.lines} changed lines"
        if self.percent is None:
            words = (
                f"coverage is {self.method}; let the test command leave a coverage.xml, "
                "or set tests.coverage_target to 0 in .github/cloi.yml"
            )
            return Result(name, Verdict.FAIL if target else Verdict.SKIP, words)
        if self.percent < target:
            return Result(name, Verdict.FAIL, f"{said}, demanded are {target} %; {self.method}")
        return Result(name, Verdict.PASS, f"{said}; {self.method}")


def measure(job: Job, changed: Iterable[str]) -> tuple[Suite, Coverage]:
    """Run the tests once and say how much of the changed files (tests left out) they reach."""
    command = list(job.plan["testStrategy"]["command"])
    sources = [p for p in changed if not is_test_file(p) and not p.endswith(_NO_CODE)]
    traced = _traced(job, command, [p for p in sources if p.endswith(".py")])
    report = job.checkout / "coverage.xml"
    was_there = report.exists()
    suite = run_suite(job, job.checkout, "with the change", argv=traced)
    if not was_there and report.exists():
        found = _from_xml(report, sources)
        report.unlink()  # it is not part of the change
        return suite, found
    if not sources:
        return suite, Coverage(100.0, "no changed file holds code")
    if traced is None:
        words = "not measured: the test command is not a Python program and left no coverage.xml"
        return suite, Coverage(None, words)
    return suite, _from_trace(job, sources)


def _traced(job: Job, command: Sequence[str], files: Sequence[str]) -> list[str] | None:
    """The command under the tracer, or None if it is not a Python program that can be run so."""
    if len(command) < 2 or not _PYTHON.fullmatch(Path(command[0]).name):
        return None
    if command[1] != "-m" and not command[1].endswith(".py"):
        return None
    folder = job.work / "coverage"
    folder.mkdir(parents=True, exist_ok=True)
    tracer = folder / "tracer.py"
    tracer.write_text(resources.files("bot.runner").joinpath("tracer.py").read_text(encoding="utf-8"))
    write_json(folder / "files.json", [str((job.checkout / f).resolve()) for f in files])
    (folder / "reached.json").unlink(missing_ok=True)
    return [command[0], str(tracer), str(folder / "reached.json"), str(folder / "files.json"), *command[1:]]


def _from_trace(job: Job, sources: Sequence[str]) -> Coverage:
    method = (
        f"lines reached, measured with Python {sys.version_info.major}.{sys.version_info.minor}'s own tracer"
    )
    reached = read_json(job.work / "coverage" / "reached.json")
    if reached is None:
        return Coverage(None, "not measured: the test command ended before the tracer could write")
    other = [p for p in sources if not p.endswith(".py")]
    lines = hit = 0
    for path in sources:
        if path.endswith(".py"):
            file = (job.checkout / path).resolve()
            possible = _executable_lines(file)
            lines += len(possible)
            hit += len(possible.intersection(reached.get(str(file), ())))
    if other:
        method += f" (not counted: {', '.join(other[:5])})"
    return _coverage(hit, lines, method)


def _executable_lines(path: Path) -> set[int]:
    """Lines that hold code, as the compiler sees them."""
    try:
        stack: list[CodeType] = [compile(path.read_bytes(), str(path), "exec", dont_inherit=True)]
    except (OSError, SyntaxError, ValueError):
        return {1}  # a file that does not compile has no line that could be reached
    lines: set[int] = set()
    while stack:
        code = stack.pop()
        lines.update(line for _, _, line in code.co_lines() if line)
        stack += [c for c in code.co_consts if isinstance(c, CodeType)]
    return lines


def _from_xml(report: Path, sources: Sequence[str]) -> Coverage:
    data = report.read_bytes()
    if len(data) > MAX_XML or b"<!ENTITY" in data:
        return Coverage(None, "not measured: coverage.xml is too large or declares entities")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 (no entities: see above)
    except ElementTree.ParseError as error:
        return Coverage(None, f"not measured: coverage.xml is not XML ({error})")
    roots = [s.text.rstrip("/") + "/" for s in root.iter("source") if s.text]
    lines = hit = 0
    for element in root.iter("class"):
        name = element.get("filename", "")
        if any(s == name or s.endswith("/" + name) or any(r + name == s for r in roots) for s in sources):
            for line in element.iter("line"):
                lines += 1
                hit += line.get("hits", "0") != "0"
    return _coverage(hit, lines, "lines reached, taken from the coverage.xml that the test command left")


def _coverage(reached: int, lines: int, method: str) -> Coverage:
    if not lines:
        return Coverage(None, "not measured: no changed file has lines that could be counted")
    return Coverage(round(100 * reached / lines, 1), method, lines, reached)


def as_json(coverage: Coverage, target: int) -> dict[str, object]:
    """For the execution record."""
    return {"percent": coverage.percent, "target": target, "method": coverage.method, "lines": coverage.lines}
