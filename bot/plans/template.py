"""Which of ADR-012's implementation workflows fits a plan: selectWorkflowTemplate, as a pure rule with its reason.

The names are ADR-012's value objects ("Implementation "
        "Workflows"). The rule looks at what the record asks for,
never at its title: titles promise anything. Not here: what a template looks like as YAML (bot/actions).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from bot.plans.plan import Requirement

FEATURE_IMPLEMENTATION = "feature-implementation"
CODE_GENERATION = "code-generation"
VALIDATION = "validation"
INTEGRATION = "integration"

_PROOFS = frozenset({"criterion", "threshold", "performance"})
_BUILT = frozenset({"work-item", "phase", "security"})
_JOINS = re.compile(
    r"\b(?:integrat\w+|connect\w*|wire|hook up|migrat\w+|upgrad\w+|replac\w+|switch\w*)\b", re.I
)
_TESTS = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__)/|(?:^|/)test_[^/]*$|[._-](?:test|spec)\.[a-z]+$", re.I
)


def select_workflow_template(
    requirements: Sequence[Requirement], target_files: Sequence[str]
) -> tuple[str, str]:
    """(template, one sentence why), the same for the same requirements and targets."""
    kinds = Counter(r.kind for r in requirements)
    built = [r for r in requirements if r.kind in _BUILT]
    proofs = sum(kinds[k] for k in _PROOFS)
    if target_files and all(_TESTS.search(path) for path in target_files):
        return VALIDATION, "All files that the record names are tests."
    if not built and proofs:
        return (
            VALIDATION,
            f"The record asks for proofs ({proofs}) and for nothing to be built besides its decision.",
        )
    if built and not kinds["phase"] and all(_JOINS.search(r.text) for r in built):
        return INTEGRATION, f"All {len(built)} work items connect, replace or migrate what exists."
    if len(built) <= 1 and not kinds["phase"] and not proofs:
        words = (
            "Besides its decision the record names one work item."
            if built
            else "The record names nothing besides its decision."
        )
        return CODE_GENERATION, words
    parts = [
        f"{count} {name}{'s' if count != 1 else ''}"
        for name, count in (
            ("work item", kinds["work-item"]),
            ("phase", kinds["phase"]),
            ("security item", kinds["security"]),
            ("proof", proofs),
        )
        if count
    ]
    return (
        FEATURE_IMPLEMENTATION,
        f"The record asks for {', '.join(parts)}: code, proofs and integration are all needed.",
    )
