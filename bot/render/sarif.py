"""Findings as SARIF 2.1.0, the format in which tools hand them to code scanning and editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/. Regions name whole lines; paths are relative to the repository's
root and written as URIs. A mend becomes a fix, which viewers may offer and nobody applies unasked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bot.render.findings import Mend, Remark
from bot.render.plain import printable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "notice": "note"}


def sarif(found: Sequence[Remark], *, version: str) -> dict[str, Any]:
    """One run with one result a finding, as plain JSON values. version: of the tool."""
    rules = sorted({remark.rule for remark in found})
    driver = {"name": "CLOI", "version": version, "rules": [_rule(rule) for rule in rules]}
    results = [_result(remark, rules.index(remark.rule)) for remark in found]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _rule(rule: str) -> dict[str, Any]:
    return {"id": rule, "shortDescription": {"text": rule.replace("-", " ").capitalize()}}


def _result(remark: Remark, index: int) -> dict[str, Any]:
    # Not the line: a finding that has only moved is the same one.
    same = f"{remark.rule}\0{remark.path}\0{remark.reason}".encode(errors="surrogatepass")
    print_of = hashlib.sha256(same).hexdigest()
    out: dict[str, Any] = {
        "ruleId": remark.rule,
        "ruleIndex": index,
        "level": _LEVELS[remark.level],
        "message": {"text": printable(remark.reason, keep="\n\t")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(remark.path)},
                    "region": _region(remark.line, remark.end_line),
                }
            }
        ],
        "partialFingerprints": {"cloi/v1": print_of},
    }
    if remark.mends:
        out["fixes"] = [_fix(mend) for mend in remark.mends]
    return out


def _fix(mend: Mend) -> dict[str, Any]:
    change = {
        "artifactLocation": {"uri": _uri(mend.path)},
        "replacements": [
            {
                "deletedRegion": _region(mend.line, mend.end_line),
                "insertedContent": {"text": _text(mend.text)},
            }
        ],
    }
    return {
        "description": {"text": f"Change {printable(mend.path)}, line {mend.line}"},
        "artifactChanges": [change],
    }


def _text(s: str) -> str:
    return s.encode(errors="replace").decode()


def _region(line: int, end_line: int) -> dict[str, int]:
    return {"startLine": line, "endLine": max(line, end_line)}


def _uri(path: str) -> str:
    """A name that is no UTF-8 keeps its bytes; Python has them as lone surrogates."""
    try:
        return quote(path.encode(errors="surrogateescape"), safe="/")
    except UnicodeEncodeError:
        return quote(path.encode(errors="replace"), safe="/")
