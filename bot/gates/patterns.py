"""gate/patterns: the plan's architectural patterns, as far as they are rules that a program can decide.

Three sentences are rules; GLOB is a path glob (globs.py), MODULE a dotted name:

    GLOB must not import MODULE, MODULE
    GLOB may import only MODULE, MODULE        (the standard library is always allowed)
    new files only in GLOB, GLOB

Everything else in architecturalPatterns is prose for the agent and for reviewers; it is named, never guessed
at. Imports are read from Python's syntax tree; code is parsed and never run.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence

from bot.gates.globs import matches, matches_any
from bot.gates.patch import Kind, Patch
from bot.result import MOST_EVIDENCE, Evidence, EvidenceClass, Result, Verdict

_IMPORT = re.compile(r"`?([^\s`]+)`? (must not import|may import only) (.+)")
_PLACE = re.compile(r"new files only in (.+)")


def judge_patterns(patch: Patch, after: Mapping[str, bytes | None], patterns: Sequence[str]) -> Result:
    """Fails if a changed file breaks a rule; patterns that are prose are listed and decide nothing."""
    if not patterns:
        return Result("gate/patterns", Verdict.SKIP, "the plan names no architectural pattern")
    broken: list[Evidence] = []
    prose: list[Evidence] = []
    for pattern in patterns:
        text = pattern.strip().rstrip(".")
        if found := _IMPORT.fullmatch(text):
            broken += _imports(after, found[1], found[2] == "may import only", _names(found[3]))
        elif found := _PLACE.fullmatch(text):
            broken += _places(patch, _names(found[1]))
        else:
            prose.append(Evidence(EvidenceClass.COMPUTED, f"for people to judge: {text}"))
    if broken:
        words = f"{len(broken)} places break an architectural pattern of the plan"
        return Result("gate/patterns", Verdict.FAIL, words, tuple(broken[:MOST_EVIDENCE]))
    if len(prose) == len(patterns):
        words = "the plan's patterns are prose, which a program cannot decide: please look"
        return Result("gate/patterns", Verdict.SKIP, words, tuple(prose))
    return Result("gate/patterns", Verdict.PASS, "the change keeps the plan's patterns", tuple(prose))


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("`") for part in text.split(","))


def _places(patch: Patch, allowed: tuple[str, ...]) -> list[Evidence]:
    return [
        Evidence(EvidenceClass.COMPUTED, f"new files belong in {', '.join(allowed)}", change.path)
        for change in patch.files
        if change.kind is Kind.ADD and not matches_any(change.path, allowed)
    ]


def _imports(
    after: Mapping[str, bytes | None], glob: str, only: bool, modules: tuple[str, ...]
) -> Iterator[Evidence]:
    for path, content in after.items():
        if content is None or not path.endswith(".py") or not matches(path, glob):
            continue
        try:
            tree = ast.parse(content)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            yield Evidence(
                EvidenceClass.COMPUTED, "cannot be read as Python, so its imports are unknown", path
            )
            continue
        for line, module in _imported(tree, path):
            named = any(module == m or module.startswith(m + ".") for m in modules)
            known = only and module.partition(".")[0] in sys.stdlib_module_names
            if named != only and not known:
                yield Evidence(EvidenceClass.COMPUTED, f"imports {module}", path, line)


def _imported(tree: ast.Module, path: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each import; relative ones are resolved from the file's place."""
    package = path.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*parents, *([node.module] if node.module else [])])
            for name in node.names:
                yield node.lineno, f"{start}.{name.name}" if start else name.name
