"""Cuts GitHub's OpenAPI description down to what the sandbox serves: writes openapi.json beside this file.

Run by hand when an endpoint is added: `python bot/sandbox/trim_openapi.py PATH/api.github.com.json`, the path
being that file in the npm package `@octokit/openapi` (MIT; notice in openapi.LICENSE). Only the operations of
`OPERATIONS` stay, with the JSON bodies and the schemas that they lead to; prose and examples go, nothing else is
changed. Not here: reading the result (bot/sandbox/openapi.py).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_REPO = "/repos/{owner}/{repo}"

OPERATIONS: dict[str, str] = {
    "/app": "get",
    "/app/installations": "get",
    "/app/installations/{installation_id}": "get",
    "/app/installations/{installation_id}/access_tokens": "post",
    "/app/hook/deliveries": "get",
    "/app/hook/deliveries/{delivery_id}": "get",
    "/app/hook/deliveries/{delivery_id}/attempts": "post",
    "/installation/repositories": "get",
    "/rate_limit": "get",
    "/user": "get",
    _REPO: "get",
    _REPO + "/installation": "get",
    _REPO + "/collaborators/{username}/permission": "get",
    _REPO + "/contents/{path}": "get put delete",
    _REPO + "/git/blobs": "post",
    _REPO + "/git/blobs/{file_sha}": "get",
    _REPO + "/git/trees": "post",
    _REPO + "/git/trees/{tree_sha}": "get",
    _REPO + "/git/commits": "post",
    _REPO + "/git/commits/{commit_sha}": "get",
    _REPO + "/git/ref/{ref}": "get",
    _REPO + "/git/matching-refs/{ref}": "get",
    _REPO + "/git/refs": "post",
    _REPO + "/git/refs/{ref}": "patch delete",
    _REPO + "/branches": "get",
    _REPO + "/branches/{branch}": "get",
    _REPO + "/rules/branches/{branch}": "get",
    _REPO + "/commits": "get",
    _REPO + "/commits/{ref}": "get",
    _REPO + "/commits/{commit_sha}/pulls": "get",
    _REPO + "/commits/{ref}/status": "get",
    _REPO + "/commits/{ref}/check-runs": "get",
    _REPO + "/compare/{basehead}": "get",
    _REPO + "/pulls": "get post",
    _REPO + "/pulls/{pull_number}": "get patch",
    _REPO + "/pulls/{pull_number}/files": "get",
    _REPO + "/pulls/{pull_number}/commits": "get",
    _REPO + "/pulls/{pull_number}/merge": "put",
    _REPO + "/pulls/{pull_number}/reviews": "get post",
    _REPO + "/issues": "get post",
    _REPO + "/issues/{issue_number}": "get patch",
    _REPO + "/issues/{issue_number}/comments": "get post",
    _REPO + "/issues/comments/{comment_id}": "get patch delete",
    _REPO + "/issues/comments/{comment_id}/reactions": "get post",
    _REPO + "/check-runs": "post",
    _REPO + "/check-runs/{check_run_id}": "get patch",
    _REPO + "/check-runs/{check_run_id}/annotations": "get",
    _REPO + "/actions/workflows": "get",
    _REPO + "/actions/workflows/{workflow_id}": "get",
    _REPO + "/actions/workflows/{workflow_id}/enable": "put",
    _REPO + "/actions/workflows/{workflow_id}/disable": "put",
    _REPO + "/actions/workflows/{workflow_id}/dispatches": "post",
    _REPO + "/actions/workflows/{workflow_id}/runs": "get",
    _REPO + "/actions/runs": "get",
    _REPO + "/actions/runs/{run_id}": "get",
    _REPO + "/actions/runs/{run_id}/cancel": "post",
    _REPO + "/actions/runs/{run_id}/rerun": "post",
    _REPO + "/actions/runs/{run_id}/jobs": "get",
    _REPO + "/actions/runs/{run_id}/attempts/{attempt_number}/jobs": "get",
    _REPO + "/actions/runs/{run_id}/artifacts": "get",
    _REPO + "/actions/artifacts/{artifact_id}": "get delete",
    _REPO + "/actions/artifacts/{artifact_id}/{archive_format}": "get",
    _REPO + "/actions/jobs/{job_id}/logs": "get",
}  # path template -> methods

# Words for people, and GitHub's own extensions. "title" is left out since properties are named so.
_PROSE = {"description", "example", "examples", "summary", "externalDocs", "deprecated", "tags"}
_NAMED = {"properties", "schemas", "responses", "parameters", "headers"}  # keys below are names, not keywords


def _lean(node: Any, *, names: bool = False) -> Any:
    """`node` without prose. names: the keys of this mapping are names and all stay."""
    if isinstance(node, list):
        return [_lean(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _lean(value, names=key in _NAMED and not names)
        for key, value in node.items()
        if names or not (key in _PROSE or key.startswith("x-"))
    }


def _refs(node: Any) -> set[str]:
    if isinstance(node, list):
        return {ref for item in node for ref in _refs(item)}
    if not isinstance(node, dict):
        return set()
    found = {ref for value in node.values() for ref in _refs(value)}
    if isinstance(node.get("$ref"), str):
        found.add(node["$ref"])
    return found


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    kept = {key: operation[key] for key in ("operationId", "requestBody", "responses") if key in operation}
    lean: dict[str, Any] = _lean(kept)
    for response in lean["responses"].values():
        response.pop("headers", None)
    return lean


def trim(whole: dict[str, Any]) -> dict[str, Any]:
    """The part of `whole` that `OPERATIONS` needs."""
    small: dict[str, Any] = {
        "openapi": whole["openapi"],
        "info": {"title": whole["info"]["title"], "version": whole["info"]["version"]},
        "paths": {
            path: {method: _operation(whole["paths"][path][method]) for method in methods.split()}
            for path, methods in OPERATIONS.items()
        },
        "components": {},
    }
    todo = _refs(small["paths"])
    done: set[str] = set()
    while todo:
        ref = todo.pop()
        done.add(ref)
        _, _, section, name = ref.split("/", 3)
        part = _lean(whole["components"][section][name])
        small["components"].setdefault(section, {})[name] = part
        todo |= _refs(part) - done
    small["components"] = {
        key: dict(sorted(part.items())) for key, part in sorted(small["components"].items())
    }
    return small


def main() -> None:
    """Reads the file named on the command line, writes openapi.json beside this module."""
    whole = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    text = json.dumps(trim(whole), separators=(",", ":"), ensure_ascii=False)
    Path(__file__).with_name("openapi.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
