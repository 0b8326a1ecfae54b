"""`cloi check-inputs` and `cloi approve`: nothing runs that was not approved. (Rules 6 and 14.)

The approval came from the App as an input of the dispatch. It is computed here once more from the two committed
files; if plan, workflow or generator differ by one byte, the job ends with exit code 3.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

from bot.gates.approval import approval_hash, load_plan, plan_digest
from bot.runner.job import Job, Refusal, say

NOT_APPROVED = 3
_HEADER = re.compile(rb"^# cloi: (\{.*\})$", re.M)


def check_inputs(job: Job) -> None:
    """Hold the inputs PLAN_ID, APPROVAL, MODE and ATTEMPT against anchored patterns. Raises Refusal."""
    patterns = {
        "PLAN_ID": re.escape(job.need("CLOI_WORKFLOW_ID")),
        "APPROVAL": "[0-9a-f]{64}",
        "MODE": "implement|verify",
        "ATTEMPT": "[1-9][0-9]{0,3}",
    }
    for name, pattern in patterns.items():
        if not re.fullmatch(pattern, job.env.get(name, "")):
            raise Refusal(f"the input {name} has not the form that it must have")
    say("The inputs have the form that they must have")


def approve(job: Job, plan_path: str, workflow_path: str) -> None:
    """Compare the approval of both files with APPROVAL. Raises Refusal with code 3 if they are not the same."""
    approved = job.need("APPROVAL")
    found = approval_of(job, plan_path, workflow_path)
    if not hmac.compare_digest(found.encode(), approved.encode()):
        raise Refusal(
            f"plan and workflow are not what was approved: approved is {approved[:64]!r}, found is {found}. "
            f"If this is meant, a maintainer can comment: /cloi approve {found}",
            NOT_APPROVED,
        )
    say(f"What runs is what was approved: {found}")


def approval_of(job: Job, plan_path: str, workflow_path: str) -> str:
    """The approval hash of the two files in the checkout. Raises Refusal with code 3 if they cannot be read."""
    try:
        plan = load_plan((job.checkout / plan_path).read_bytes())
        text = (job.checkout / workflow_path).read_bytes()
        digest = plan_digest(plan)
        header = _header(text)
        if header.get("planDigest") != digest or plan.get("digest") != digest:
            raise Refusal(
                "plan and workflow do not belong together: the plan's digest is another", NOT_APPROVED
            )
        return approval_hash(digest, hashlib.sha256(text).hexdigest(), str(header.get("generator")))
    except (OSError, ValueError) as error:
        raise Refusal(f"plan or workflow cannot be read: {error}", NOT_APPROVED) from error


def _header(text: bytes) -> dict[str, Any]:
    found = _HEADER.findall(text)
    if len(found) != 1:
        raise ValueError("the workflow has no header of ours, or more than one")
    header = json.loads(found[0])
    if not isinstance(header, dict):
        raise ValueError("the workflow's header is not an object")
    return header
