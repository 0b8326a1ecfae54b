"""The approval: one hash over what a maintainer approved, computed alike by the App and on the runner.

What is approved is what runs (docs/architecture.md): the plan's digest, the workflow's exact bytes and the
version of the generator that rendered them. The runner has no packages, so the plan's digest is computed here
a second time with the standard library; a property test holds it equal to bot.plans.plan.digest_of.
Not here: who may approve (bot/steps), and the comparison inside the job (bot/runner).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

SCHEMA = "cloi.approval/1"

_HEX64 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}")


def approval_hash(plan_digest: str, workflow_sha256: str, generator_version: str) -> str:
    """64 hex digits over the three things that are approved.

    plan_digest, workflow_sha256: 64 hex digits each. generator_version: as in the workflow's header. Raises
    ValueError if a part has another form, so that no two triples can give the same text.
    """
    if not _HEX64.fullmatch(plan_digest) or not _HEX64.fullmatch(workflow_sha256):
        raise ValueError("plan digest and workflow hash must be 64 hexadecimal digits")
    if not _VERSION.fullmatch(generator_version):
        raise ValueError(f"not a generator version: {generator_version!r}")
    text = "\n".join((SCHEMA, plan_digest, workflow_sha256, generator_version))
    return hashlib.sha256(text.encode()).hexdigest()


def plan_digest(plan: Mapping[str, Any]) -> str:
    """The digest of a plan read from JSON; equal to bot.plans.plan.digest_of for the same plan."""
    body = {k: v for k, v in plan.items() if k != "digest"}
    return hashlib.sha256(_canonical(body).encode()).hexdigest()


def load_plan(data: bytes) -> dict[str, Any]:
    """Read a committed plan strictly. Raises ValueError on a key given twice, NaN, or anything but an object."""
    try:
        plan = json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise ValueError("the plan is not UTF-8 text") from error
    if not isinstance(plan, dict):
        raise ValueError("the plan is not a JSON object")
    return plan


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("the plan names a key twice")
    return out


def _refuse_constant(name: str) -> None:
    raise ValueError(f"the plan holds {name}, which is not a number")


def _canonical(value: Any) -> str:
    """Compact JSON with sorted keys, without null members: the form that msgspec writes with order="sorted"."""
    if isinstance(value, Mapping):
        items = sorted((k, v) for k, v in value.items() if v is not None)
        return "{" + ",".join(f"{_text(k)}:{_canonical(v)}" for k, v in items) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, float):
        return _number(value)
    return _text(value)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """A float as msgspec writes it: shortest digits as in Python, exponents without plus sign and padding."""
    if not math.isfinite(value):
        return "null"
    mantissa, e, exponent = repr(value).partition("e")
    if not e:
        return mantissa
    if int(exponent) == -5:  # the one size where msgspec still writes all zeros
        sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
        return f"{sign}0.0000{digits.replace('.', '')}"
    return f"{mantissa}e{int(exponent)}"
