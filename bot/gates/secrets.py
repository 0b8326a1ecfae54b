"""gate/secrets: credentials in lines that a patch adds.

Only forms with a fixed prefix and length, so that a finding is almost surely a credential. The evidence names
place and form and never repeats the secret. Not here: entropy guesses, which stop honest changes.
"""

from __future__ import annotations

import re

from bot.gates.patch import Patch
from bot.result import MOST_EVIDENCE, Evidence, EvidenceClass, Result, Verdict

_FORMS = {
    "a GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{60,}",
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "an AWS access key": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "an Anthropic key": r"\bsk-ant-[A-Za-z0-9_-]{24,}",
    "an OpenAI key": r"\bsk-(?:proj|svcacct)-[A-Za-z0-9_-]{24,}|\bsk-[A-Za-z0-9]{48}\b",
    "a Google API key": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "a Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{20,}|\bhooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/\w+",
    "a Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{20,}",
    "an npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a PyPI token": r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{40,}",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}",
}
_PATTERNS = {name: re.compile(form) for name, form in _FORMS.items()}


def credentials_in(text: str) -> tuple[str, ...]:
    """The forms of credentials that a text holds."""
    return tuple(name for name, pattern in _PATTERNS.items() if pattern.search(text))


def judge_secrets(patch: Patch) -> Result:
    """Fails if an added line, or a path, holds a credential."""
    found = []
    for change in patch.files:
        for number, text in [(0, change.path), *change.added()]:
            for name in credentials_in(text):
                found.append(Evidence(EvidenceClass.COMPUTED, name, change.path, number or None))
    if not found:
        return Result("gate/secrets", Verdict.PASS, "no added line looks like a credential")
    words = f"{len(found)} added lines hold what looks like a credential; take it out and revoke it"
    return Result("gate/secrets", Verdict.FAIL, words, tuple(found[:MOST_EVIDENCE]))
