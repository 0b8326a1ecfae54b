"""What a patch may and may not do, computed from patch and base alone.

Each rule is one function that answers one Result; `judge_patch` puts them under one tree. All evidence here is
*computed*: the App judges again with this code what the runner judged before, and its own answer decides.
Not here: whether the tests pass (evidence.py), and reading or applying the patch (patch.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.gates.constraints import Constraint, judge_constraints
from bot.gates.globs import matches, matches_any
from bot.gates.patch import FileChange, Kind, Patch, PatchError, apply
from bot.gates.patterns import judge_patterns
from bot.gates.secrets import judge_secrets
from bot.gates.weakening import judge_tests_kept
from bot.result import MOST_EVIDENCE, Evidence, EvidenceClass, Result, Verdict, combine

# Files that steer people's machines, agents or GitHub itself: no plan can allow an agent to write them.
_FILES = (
    "CODEOWNERS",
    "AGENTS.md",
    "AGENT.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "GEMINI.md",
    "copilot-instructions.md",
    ".cursorrules",
    ".windsurfrules",
    ".clinerules",
    ".mcp.json",
    ".gitattributes",
    ".gitmodules",
    ".pre-commit-config.yaml",
)
_FOLDERS = (
    ".agents", ".claude", ".codex", ".cursor", ".gemini", ".windsurf", ".vscode", ".devcontainer", ".husky",
    ".idea", ".junie", ".kiro", ".roo",
)  # fmt: skip
FORBIDDEN = (".github", ".github/**", *(f"**/{f}" for f in _FILES), *(f"**/{f}/**" for f in _FOLDERS))


@dataclass(frozen=True, slots=True)
class Limits:
    """What the plan allows. allow: globs (globs.py). max_files: count. max_bytes: size of the diff.

    protected: paths that stay as they are although a glob may allow them, such as the record itself.
    """

    allow: tuple[str, ...]
    max_files: int
    max_bytes: int
    protected: tuple[str, ...] = ()


def limits_of(plan: Mapping[str, Any]) -> Limits:
    """The limits of a plan read from its JSON. Raises KeyError, TypeError or ValueError if they are not there."""
    limits = plan["limits"]
    return Limits(
        allow=tuple(str(p) for p in limits["allow"]),
        max_files=int(limits["maxFiles"]),
        max_bytes=int(limits["maxBytes"]),
        protected=(str(plan["adr"]["path"]),),
    )


def judge_patch(
    patch: Patch,
    limits: Limits,
    base: Mapping[str, bytes],
    *,
    patterns: Sequence[str] = (),
    taken: Collection[str] = (),
    constraints: Sequence[Constraint] = (),
    listed: Collection[str] = (),
    stubs: Collection[str] = (),
) -> Result:
    """The verdict "gate/patch" over all rules.

    base: content of the paths that bot.gates.patch.touched names, at least (more is fine). patterns: the plan's
    architecturalPatterns; those that are rules (patterns.py) decide, the others are named as prose. taken: what
    bot.gates.patch.occupied says of the base. constraints: the plan's; listed: every path of the base, which they
    need. stubs: tests that the plan wants skipped (weakening.py).
    """
    try:
        after = apply(patch, base, taken=taken)
        fits = _pass("gate/applies", "the patch fits the base exactly")
    except PatchError as error:
        after = None
        fits = Result("gate/applies", Verdict.FAIL, str(error))
    children = [
        _not_empty(patch),
        fits,
        _paths(patch, limits),
        _forbidden(patch, limits),
        _files(patch, limits),
        _size(patch, limits),
        judge_secrets(patch),
        judge_constraints(patch, constraints, listed),
    ]
    if after is not None:
        children += [judge_tests_kept(patch, base, after, stubs), judge_patterns(patch, after, patterns)]
    return combine(
        "gate/patch",
        tuple(children),
        passed=f"the change of {len(patch.files)} files keeps every rule",
        failed="the change breaks a rule",
    )


def _not_empty(patch: Patch) -> Result:
    if patch.files:
        return _pass("gate/changes", f"the patch changes {len(patch.files)} files")
    return Result("gate/changes", Verdict.FAIL, "the patch changes nothing, so nothing was implemented")


def _paths(patch: Patch, limits: Limits) -> Result:
    outside = [c for c in patch.files if not matches_any(c.path, limits.allow)]
    if not outside:
        return _pass("gate/paths", "every path lies where the plan allows changes")
    allowed = ", ".join(limits.allow) or "nothing"
    return _fail(
        "gate/paths", f"{len(outside)} files lie outside of what the plan allows ({allowed})", outside
    )


def _forbidden(patch: Patch, limits: Limits) -> Result:
    protected = {_folded(path) for path in limits.protected}
    found = [c for c in patch.files if _folded(c.path) in protected or _is_forbidden(c.path)]
    if not found:
        return _pass(
            "gate/forbidden", "no workflow, owner file, agent instruction or decision record is touched"
        )
    words = "touches files that only people may change: workflows, owners, agent instructions, the record"
    return _fail("gate/forbidden", f"the patch {words}", found)


def _is_forbidden(path: str) -> bool:
    """As some checkouts have it (`_folded`); also what lies below such a name would replace it."""
    parts = _folded(path).split("/")
    above = ("/".join(parts[:n]) for n in range(1, len(parts) + 1))
    return any(matches(name, pattern.casefold()) for name in above for pattern in FORBIDDEN)


def _folded(path: str) -> str:
    """Names without letter case, and without the dots and spaces at their ends, which some file systems drop."""
    return "/".join(name.rstrip(" .") for name in path.casefold().split("/"))


def _files(patch: Patch, limits: Limits) -> Result:
    count = len(patch.files)
    if count <= limits.max_files:
        return _pass("gate/files", f"{count} of at most {limits.max_files} files")
    return Result(
        "gate/files", Verdict.FAIL, f"{count} files are changed; the plan allows {limits.max_files}"
    )


def _size(patch: Patch, limits: Limits) -> Result:
    if patch.size <= limits.max_bytes:
        return _pass("gate/size", f"{patch.size} of at most {limits.max_bytes} bytes")
    words = f"the patch has {patch.size} bytes; the plan allows {limits.max_bytes}"
    return Result("gate/size", Verdict.FAIL, words)


def _pass(name: str, reason: str) -> Result:
    return Result(name, Verdict.PASS, reason)


_WORDS = {Kind.ADD: "added", Kind.MODIFY: "changed", Kind.DELETE: "deleted"}


def _fail(name: str, reason: str, changes: Sequence[FileChange]) -> Result:
    shown = changes[:MOST_EVIDENCE]
    evidence = tuple(Evidence(EvidenceClass.COMPUTED, _WORDS[c.kind], path=c.path) for c in shown)
    return Result(name, Verdict.FAIL, reason, evidence)
