"""`cloi handover`: the agent's work leaves its machine as a patch and a hash, and as nothing else.

The work tree is never used again: other jobs start from a clean checkout and judge the patch. Its hash guards
the way, not the content; whatever ran here could write both. Even an empty or failed attempt is handed over
with its execution record, so that the report can say how far it came.
"""

from __future__ import annotations

import hashlib

from bot.runner.execution import Execution
from bot.runner.git import Git
from bot.runner.job import Job, Refusal, say


def handover(job: Job) -> None:
    """Write handover/patch.diff, patch.sha256 and execution.json. Raises Refusal if a finished agent left none."""
    execution = Execution(job)
    diff = Git(job.checkout).staged_diff(job.base)
    digest = hashlib.sha256(diff).hexdigest()
    job.handover.mkdir(parents=True, exist_ok=True)
    (job.handover / "patch.diff").write_bytes(diff)
    (job.handover / "patch.sha256").write_text(f"{digest}  patch.diff\n", encoding="ascii")
    execution.data.update(baseSha=job.base, patchSha256=digest)
    execution.save()
    say(f"Handed over {len(diff)} bytes, sha256 {digest}; the agent is {execution.data['status']}")
    if not diff:
        raise Refusal("there is nothing to hand over: the agent changed no file")
