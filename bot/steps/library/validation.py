"""solution-validator and cleanup-validation (ADR-012): is a proposed fix something that could be applied?

The validator lays the fenced blocks of the proposal out as files in a directory of its own and judges what can be
judged without running anything: that there is a block, that Python, JSON and YAML can be parsed, that nothing
looks like a credential. What it refuses stays for a person to look at, until cleanup-validation takes it away.
Not here: running the proposal (that is a runner's work, behind a human's approval).
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.engine.outcome import Done, Outcome
from bot.engine.ports import StepContext, StepType
from bot.gates.secrets import credentials_in
from bot.plugins.registry import Gate
from bot.result import Evidence, EvidenceClass, Result, Verdict, combine

_BLOCK = re.compile(
    r"^(`{3,}|~{3,})[ \t]*([A-Za-z0-9+-]{0,20})[^\n]*\n(.*?)^\1[ \t]*$", re.DOTALL | re.MULTILINE
)
_MOST_BLOCKS = 50
_MOST_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a proposal. line: of its first line of code, from 1."""

    language: str
    code: str
    line: int


def scratch(key: str) -> Path:
    """The directory of one validation. key: of the step's effect, hex digits."""
    return Path(tempfile.gettempdir()) / "cloi-validation" / re.sub(r"[^0-9a-f]", "", key)[:64].ljust(8, "0")


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a Markdown text."""
    return [Block(m[2].lower(), m[3], text.count("\n", 0, m.start(3)) + 1) for m in _BLOCK.finditer(text)][
        :_MOST_BLOCKS
    ]


def _python(code: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a doubtful escape in a proposal is not our warning
        ast.parse(code)


def _yaml(code: str) -> None:
    for _ in yaml.parse(code, Loader=yaml.SafeLoader):
        pass


_PARSERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "python": ("py", _python),
    "py": ("py", _python),
    "json": ("json", json.loads),
    "yaml": ("yaml", _yaml),
    "yml": ("yaml", _yaml),
}


def judge_solution(text: str) -> Result:
    """The whole judgement. Pure."""
    if len(text) > _MOST_CHARACTERS:
        return Result("solution", Verdict.FAIL, f"the proposal has more than {_MOST_CHARACTERS} characters")
    found = blocks(text)
    if not found:
        return Result("solution", Verdict.FAIL, "the proposal holds no block of code that could be applied")
    parts = [_parses(block) for block in found]
    secrets = credentials_in(text)
    words = f"it holds {', '.join(secrets)}" if secrets else "nothing in it looks like a credential"
    parts.append(Result("solution/secrets", Verdict.FAIL if secrets else Verdict.PASS, words))
    broken = next((part.reason for part in parts if not part.passed), "")
    return combine("solution", tuple(parts), passed="the proposal could be applied", failed=broken)


def _parses(block: Block) -> Result:
    name = "solution/syntax"
    if block.language not in _PARSERS:
        return Result(
            name, Verdict.SKIP, f"line {block.line}: {block.language or 'a block'} is not parsed here"
        )
    try:
        _PARSERS[block.language][1](block.code)
    except (SyntaxError, ValueError, yaml.YAMLError, RecursionError, MemoryError) as error:
        words = f"the {block.language} block at line {block.line} cannot be parsed"
        evidence = Evidence(EvidenceClass.COMPUTED, str(error)[:200], line=block.line)
        return Result(name, Verdict.FAIL, words, (evidence,))
    return Result(name, Verdict.PASS, f"the {block.language} block at line {block.line} can be parsed")


class SolutionValidator(Gate):
    """ADR-012's solution-validator."""

    name = "solution-validator"
    inputs = frozenset({"solution"})

    def judge(self, inputs: Mapping[str, Any], ctx: StepContext) -> Result:
        text = str(inputs["solution"])
        place = scratch(ctx.key)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        if place.parent.lstat().st_uid != os.getuid() or place.parent.is_symlink():
            raise PermissionError(f"{place.parent} is somebody else's")
        place.mkdir(exist_ok=True, mode=0o700)
        for i, block in enumerate(blocks(text), start=1):
            ending = _PARSERS.get(block.language, ("txt", None))[0]
            (place / f"{i}.{ending}").write_text(block.code, encoding="utf-8")
        result = judge_solution(text)
        if result.passed:
            shutil.rmtree(place)  # nobody has to look, and nothing of it is to be taken back
        return result


class CleanupValidation(StepType):
    """ADR-012's cleanup-validation: the rollback_action of a validation. Done twice, it is done once."""

    type = "cleanup-validation"
    optional = frozenset({"solution"})

    async def start(self, ctx: StepContext) -> Outcome:
        place = scratch(ctx.key)
        existed = place.is_dir()
        shutil.rmtree(place, ignore_errors=True)
        return Done(
            {"note": "the laid out proposal is taken away" if existed else "there was nothing to clean up"}
        )
