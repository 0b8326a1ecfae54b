"""Holds every request and every answer against GitHub's own description (openapi.json, made by trim_openapi.py).

The description does not forbid unknown body fields, so they are found by comparing with `properties`. Version
2026-03-10 is the older description with the changes that GitHub names in it. Needs jsonschema-rs (an extra).
Not here: what the endpoints do.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

from bot.sandbox.call import NEW_VERSION

# Fields that 2026-03-10 no longer has, in answers and bodies; and one that only one body loses.
REMOVED = {
    "merge_commit_sha": ("pull-request", "pull-request-simple"),
    "assignee": ("issue", "pull-request", "pull-request-simple"),
    "has_downloads": ("full-repository", "minimal-repository", "repository", "nullable-repository"),
    "use_squash_pr_title_as_default": ("full-repository", "repository", "nullable-repository"),
    "master_branch": ("repository", "nullable-repository"),
    "rate": ("rate-limit-overview",),
}
_REMOVED_FROM_BODIES = {
    "return_run_details": "POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches",
    "assignee": "POST /repos/{owner}/{repo}/issues",
}


def older_fields(value: Any, *, rate: bool = False) -> Any:
    """`value` without the fields that 2026-03-10 removed. rate: it is the answer about rate limits."""
    if isinstance(value, list):
        return [older_fields(item) for item in value]
    if not isinstance(value, dict):
        return value
    gone = REMOVED.keys() if rate else REMOVED.keys() - {"rate"}
    return {key: older_fields(item) for key, item in value.items() if key not in gone}


def _plain(node: Any) -> Any:
    """OpenAPI 3.0's dialect as JSON Schema: `nullable`, and oneOf (GitHub's alternatives overlap) as anyOf."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {("anyOf" if key == "oneOf" else key): _plain(value) for key, value in node.items()}
    made.pop("discriminator", None)
    if made.pop("nullable", None) is True:
        return {"anyOf": [made, {"type": "null"}]}
    return made


class Description:
    """GitHub's description of the sandbox's endpoints in one API version. Get it from `description`."""

    def __init__(self, version: str) -> None:
        text = Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")
        whole = json.loads(text)
        if version == NEW_VERSION:
            _change(whole)
        self._whole = _plain(whole)
        self._validators: dict[tuple[str, ...], jsonschema_rs.Draft4Validator] = {}

    @property
    def operations(self) -> frozenset[str]:
        """Such as "GET /app"."""
        paths = self._whole["paths"].items()
        return frozenset(f"{method.upper()} {path}" for path, methods in paths for method in methods)

    def _described(self, operation: str) -> dict[str, Any]:
        method, _, path = operation.partition(" ")
        found: dict[str, Any] = self._whole["paths"][path][method.lower()]
        return found

    def _resolve(self, node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            found = self._whole
            for part in node["$ref"].split("/")[1:]:
                found = found[part]
            node = found
        return node

    def _problems(self, key: tuple[str, ...], schema: dict[str, Any], value: Any) -> Iterator[str]:
        if key not in self._validators:
            rooted = {"allOf": [schema], "components": self._whole["components"]}
            self._validators[key] = jsonschema_rs.Draft4Validator(rooted)
        for error in self._validators[key].iter_errors(value):
            place = "/".join(str(part) for part in error.instance_path) or "the body"
            yield f"{place}: {error.message[:300]}"

    def request_problems(self, operation: str, body: Any) -> list[str]:
        """What is wrong with a JSON body, unknown fields included."""
        request = self._described(operation).get("requestBody", {})
        schema = request.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return [f"{operation} takes no body"] if body else []
        if not body and not request.get("required", True):
            return []
        unknown = [f"{path}: unknown field" for path in self._unknown(schema, body, "")]
        return unknown or list(self._problems((operation,), schema, body))

    def response_problems(self, operation: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer. body: JSON, or None for none (bytes are not looked at)."""
        responses = self._described(operation)["responses"]
        if str(status) not in responses:
            return [] if status >= 400 or status == 304 else [f"status {status} is not described"]
        described = self._resolve(responses[str(status)])
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if schema is None or isinstance(body, bytes):
            return []
        return list(self._problems((operation, str(status)), schema, body))

    def _unknown(self, schema: Any, value: Any, path: str) -> list[str]:
        """Paths of fields that no alternative of the schema names."""
        if isinstance(value, list):
            below = self._items(schema)
            return [
                name for at, item in enumerate(value) for name in self._unknown(below, item, f"{path}{at}/")
            ]
        if not isinstance(value, dict):
            return []
        properties, free = self._properties(schema)
        if free or not properties:
            return []
        found = [path + name for name in value if name not in properties]
        for name in value.keys() & properties.keys():
            found += self._unknown(properties[name], value[name], f"{path}{name}/")
        return found

    def _alternatives(self, schema: Any) -> Iterator[dict[str, Any]]:
        schema = self._resolve(schema)
        if isinstance(schema, dict):
            yield schema
            for key in ("anyOf", "allOf"):
                for part in schema.get(key, ()):
                    yield from self._alternatives(part)

    def _properties(self, schema: Any) -> tuple[dict[str, Any], bool]:
        """(all properties that are named, whether others are invited)."""
        named: dict[str, Any] = {}
        free = False
        for part in self._alternatives(schema):
            for name, below in part.get("properties", {}).items():
                named.setdefault(name, below)
            invites = "additionalProperties" in part and part["additionalProperties"] is not False
            free = free or (invites and "properties" not in part)
        return named, free

    def _items(self, schema: Any) -> Any:
        return {"anyOf": [part["items"] for part in self._alternatives(schema) if "items" in part]}


def _change(whole: dict[str, Any]) -> None:
    """Makes the older description the newer one, in place."""
    schemas = whole["components"]["schemas"]
    for name, places in REMOVED.items():
        for place in places:
            schema = schemas.get(place, {})
            schema.get("properties", {}).pop(name, None)
            schema["required"] = [key for key in schema.get("required", []) if key != name]
    for name, operation in _REMOVED_FROM_BODIES.items():
        method, _, path = operation.partition(" ")
        body = whole["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]
        body["properties"].pop(name, None)
    dispatch = whole["paths"]["/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches"]["post"]
    dispatch["responses"].pop("204", None)


@functools.cache
def description(version: str) -> Description:
    """The description of a version; read once, its validators compiled as they are needed."""
    return Description(version)
