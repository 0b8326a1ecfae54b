"""The marker "in force": which approved plan the default branch implements.

The App commits it with the implementation PR, so it comes and goes with the code that it speaks of; a daily run
without it has nothing to check. Only names and hashes, no times: the same plan gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SCHEMA = "cloi.in-force/1"


def write_marker(plan: Mapping[str, Any], approval: str) -> bytes:
    """The marker of a plan (as JSON values) that ran under this approval."""
    adr = plan["adr"]
    data = {
        "schema": SCHEMA,
        "workflowId": plan["workflowId"],
        "planDigest": plan["digest"],
        "approval": approval,
        "adr": {"path": adr["path"], "blobSha": adr["blobSha"]},
    }
    return json.dumps(data, indent=2).encode() + b"\n"


def read_marker(data: bytes) -> dict[str, Any]:
    """The reverse. Raises ValueError for anything that `write_marker` does not write."""
    marker = json.loads(data)
    if (
        not isinstance(marker, dict)
        or marker.get("schema") != SCHEMA
        or not isinstance(marker.get("adr"), dict)
    ):
        raise ValueError(f"the marker is not of the form {SCHEMA}")
    return marker
