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
from bot.gates.evidence import causes, judge_run
from bot.gates.patch import Patch, PatchError, occupied, parse, touched
from bot.gates.rules import judge_patch, limits_of
from bot.github.errors import ArtifactRefused
from bot.github.repository import Repository
from bot.plans.plan import ImplementationPlan
from bot.result import Result, Verdict
from bot.steps.base import GitHubStep, blob, keep_json, plan_of
from bot.steps.reading import blob_of

_MOST_CLAIMED = 1_000_000  # bytes of result.json
PATCH_ARTIFACT, PATCH_FILE = "cloi-patch", "patch.diff"
RESULT_ARTIFACT, RESULT_FILE = "cloi-result", "result.json"


class JudgeRun(GitHubStep):
    """Result: patch (digest of its bytes), result (digest of the Result tree), summary."""

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
        patch_result, patch = None, None
        if mode == "implement":
            patch_result, patch = await _judged(repository, made, blob(ctx, "plan"), head, diff, no_diff)
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
        return Done(
            {
                "patch": ctx.store.put_blob(diff),
                "patch_sha256": patch.sha256,
                "result": kept,
                "files": [c.path for c in patch.files],
            },
            events=(event,),
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
    repository: Repository,
    made: ImplementationPlan,
    plan_bytes: bytes,
    base_sha: str,
    diff: bytes | None,
    no_diff: str,
) -> tuple[Result, Patch | None]:
    if diff is None:
        return Result("gate/patch", Verdict.FAIL, no_diff), None
    limits = limits_of(json.loads(plan_bytes))
    if len(diff) > limits.max_bytes:  # not even read: that alone could take minutes
        words = f"the patch has {len(diff)} bytes; the plan allows {limits.max_bytes}"
        return Result("gate/patch", Verdict.FAIL, words), None
    # In threads: whoever wrote the patch decides how long this takes, and webhooks must be answered meanwhile.
    try:
        patch = await asyncio.to_thread(parse, diff)
    except PatchError as error:
        return Result("gate/patch", Verdict.FAIL, str(error)), None
    base = await base_of(repository, patch, base_sha)
    patterns = made.architectural_patterns
    judged = await asyncio.to_thread(
        judge_patch, patch, limits, base.files, patterns=patterns, taken=base.taken
    )
    return judged, patch


@dataclass(frozen=True, slots=True)
class Base:
    """What a patch touches, as it is at its base. files: their content, also of a file where the patch wants a
    folder. taken: see bot.gates.patch.occupied."""

    files: dict[str, bytes]
    taken: frozenset[str]


async def base_of(repository: Repository, patch: Patch, sha: str) -> Base:
    """Read it at a commit. Raises GitHubError."""
    tree = await repository.tree(sha)
    files = {
        path: await blob_of(repository, tree[path].sha)
        for path in sorted(touched(patch))
        if path in tree and tree[path].type == "blob"
    }
    return Base(files, occupied(patch, {path: entry.type for path, entry in tree.items()}))


def _json(data: bytes | None) -> dict[str, Any] | None:
    """The claim, if it can be read. Nested too deep is unreadable too, and so is more than a megabyte."""
    if data is None or len(data) > _MOST_CLAIMED:
        return None
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _why(verdict: Result, jobs: dict[str, str]) -> str:
    """The gate's sentence with the deepest reasons that stopped it."""
    return f"{verdict.reason}: " + "; ".join(r.reason for r in causes(verdict, jobs)[:5])
