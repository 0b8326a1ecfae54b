"""judge-run: the quality gate. Everything from a runner is a claim; computed and observed evidence decide.

The patch comes from an artifact, is checked against the digest that the run reports, parsed strictly, judged
against the plan's limits and the base, and only then believed to be a patch at all. Nothing of it is executed.
Not here: the rules (bot/gates).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import msgspec

from bot import result as results
from bot.engine.outcome import DomainEvent, Done, Failed, Outcome
from bot.engine.ports import StepContext
from bot.gates.constraints import constraints_of
from bot.gates.evidence import causes, judge_run
from bot.gates.patch import Patch, PatchError, apply, occupied, parse, touched
from bot.gates.rules import judge_patch, limits_of
from bot.gates.trace import asked_of, claims_of, outcomes_of, trace
from bot.gates.weakening import stubs_of
from bot.github.errors import ArtifactRefused
from bot.github.repository import Repository
from bot.result import Result, Verdict
from bot.steps.base import GitHubStep, blob, keep_json, plan_of
from bot.steps.reading import blob_of

_MOST_CLAIMED = 1_000_000  # bytes of result.json
_MOST_OUTCOMES = 4_000_000  # bytes of the list of tests
PATCH_ARTIFACT, PATCH_FILE = "cloi-patch", "patch.diff"
RESULT_ARTIFACT, RESULT_FILE = "cloi-result", "result.json"
TESTS_ARTIFACT, TESTS_FILE = "cloi-evidence-validate", "tests.json"


class JudgeRun(GitHubStep):
    """Result: patch (digest of its bytes), result and trace (digests of Result trees), files."""

    type = "judge-run"
    inputs = frozenset({"repository", "run", "head_sha", "jobs", "plan", "mode", "attempt"})

    async def do(self, ctx: StepContext) -> Outcome:
        repository, made, head = self.repository(ctx), plan_of(ctx), str(ctx.inputs["head_sha"])
        run = int(ctx.inputs["run"])
        mode = str(ctx.inputs["mode"])
        diff, no_diff = None, ""
        if mode == "implement":
            diff, no_diff = await self._file(repository, run, PATCH_ARTIFACT, PATCH_FILE)
        claim, _ = await self._file(repository, run, RESULT_ARTIFACT, RESULT_FILE)
        patch_result, patch, base = None, None, Base({}, frozenset(), frozenset())
        plan = json.loads(blob(ctx, "plan"))
        if mode == "implement":
            patch_result, patch, base = await _judged(repository, plan, head, diff, no_diff)
        expected = {
            "workflowId": made.workflow_id,
            "attempt": str(ctx.inputs["attempt"]),
            "baseSha": head,
            "planDigest": made.digest,
        }
        if diff is not None:
            expected["patchSha256"] = hashlib.sha256(diff).hexdigest()
        jobs = {str(k): str(v) for k, v in dict(ctx.inputs["jobs"]).items()}
        verdict = judge_run(patch_result, jobs, _json(claim), mode=mode, expected=expected)
        tree = results.as_json(verdict)
        kept = keep_json(ctx, tree)
        event = DomainEvent(
            "QualityGateEvaluated",
            {"mode": mode, "verdict": verdict.verdict.value, "reason": verdict.reason, "result": tree},
        )
        if not verdict.passed:
            return Failed(error=_why(verdict, jobs), kind="gate", before_effect=True, events=(event,))
        if patch is None or diff is None:
            return Done({"result": kept}, events=(event,))
        tests, _ = await self._file(repository, run, TESTS_ARTIFACT, TESTS_FILE)
        traced = await asyncio.to_thread(
            trace,
            asked_of(plan),
            patch,
            apply(patch, base.files, taken=base.taken),
            jobs=jobs,
            claims=claims_of(_json(claim)),
            outcomes=outcomes_of(_json(tests, _MOST_OUTCOMES)),
        )
        by = {v: [r.name for r in traced.children if r.verdict is v] for v in Verdict}
        shown = DomainEvent(
            "RequirementsTraced",
            {
                "covered": by[Verdict.PASS],
                "named": by[Verdict.WARN],
                "claimed": by[Verdict.UNKNOWN],
                "uncovered": by[Verdict.FAIL],
            },
        )
        return Done(
            {
                "trace": keep_json(ctx, results.as_json(traced)),
                "patch": ctx.store.put_blob(diff),
                "patch_sha256": patch.sha256,
                "result": kept,
                "files": [c.path for c in patch.files],
            },
            events=(event, shown),
        )

    async def _file(
        self, repository: Repository, run: int, artifact: str, name: str
    ) -> tuple[bytes | None, str]:
        """One file of one artifact, or None and why."""
        found = [a for a in await repository.artifacts(run) if a.name == artifact]
        if not found:
            return None, f"the run left no artifact {artifact}"
        if len(found) > 1:
            return None, f"the run left {len(found)} artifacts named {artifact}, where one belongs"
        try:
            files = await repository.artifact_files(found[0])
        except ArtifactRefused as error:
            return None, error.message
        if name not in files:
            return None, f"the artifact {artifact} holds no {name}"
        return files[name], ""


async def _judged(
    repository: Repository, plan: dict[str, Any], base_sha: str, diff: bytes | None, no_diff: str
) -> tuple[Result, Patch | None, Base]:
    nothing = Base({}, frozenset(), frozenset())
    if diff is None:
        return Result("gate/patch", Verdict.FAIL, no_diff), None, nothing
    limits = limits_of(plan)
    if len(diff) > limits.max_bytes:  # not even read: that alone could take minutes
        words = f"the patch has {len(diff)} bytes; the plan allows {limits.max_bytes}"
        return Result("gate/patch", Verdict.FAIL, words), None, nothing
    # In threads: whoever wrote the patch decides how long this takes, and webhooks must be answered meanwhile.
    try:
        patch = await asyncio.to_thread(parse, diff)
    except PatchError as error:
        return Result("gate/patch", Verdict.FAIL, str(error)), None, nothing
    base = await base_of(repository, patch, base_sha)
    judged = await asyncio.to_thread(
        judge_patch,
        patch,
        limits,
        base.files,
        patterns=plan["architecturalPatterns"],
        taken=base.taken,
        constraints=constraints_of(plan),
        listed=base.listed,
        stubs=stubs_of(plan),
    )
    return judged, patch, base


@dataclass(frozen=True, slots=True)
class Base:
    """What a patch touches, as it is at its base. files: their content, also of a file where the patch wants a
    folder. taken: see bot.gates.patch.occupied. listed: every path there is."""

    files: dict[str, bytes]
    taken: frozenset[str]
    listed: frozenset[str]


async def base_of(repository: Repository, patch: Patch, sha: str) -> Base:
    """Read it at a commit. Raises GitHubError."""
    tree = await repository.tree(sha)
    files = {
        path: await blob_of(repository, tree[path].sha)
        for path in sorted(touched(patch))
        if path in tree and tree[path].type == "blob"
    }
    types = {path: entry.type for path, entry in tree.items()}
    return Base(files, occupied(patch, types), frozenset(types))


def _json(data: bytes | None, most: int = _MOST_CLAIMED) -> dict[str, Any] | None:
    """The claim, if it can be read. Nested too deep is unreadable too, and so are more bytes than `most`."""
    if data is None or len(data) > most:
        return None
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _why(verdict: Result, jobs: dict[str, str]) -> str:
    """The gate's sentence with the deepest reasons that stopped it."""
    return f"{verdict.reason}: " + "; ".join(r.reason for r in causes(verdict, jobs)[:5])
