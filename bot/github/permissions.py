"""Which permissions each read and each effect needs: a token is minted for these and no others.

https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
`app.yml` must ask for all of them (tests/github/test_github_permissions.py holds it to that).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Permissions = Mapping[str, str]

METADATA: Permissions = {"metadata": "read"}
READ_CONTENTS: Permissions = {"contents": "read"}
READ_PULLS: Permissions = {"pull_requests": "read"}
READ_HISTORY: Permissions = {**READ_CONTENTS, **READ_PULLS}
READ_ISSUES: Permissions = {"issues": "read"}
READ_ACTIONS: Permissions = {"actions": "read"}
READ_CHECKS: Permissions = {"checks": "read"}

EFFECTS: Mapping[str, Permissions] = {
    "commit-branch": {"contents": "write"},
    "commit-workflow": {"contents": "write", "workflows": "write"},
    "delete-branch": {"contents": "write"},
    "open-pull": {"pull_requests": "write"},
    "close-pull": {"pull_requests": "write"},
    "comment": {"issues": "write"},
    "open-issue": {"issues": "write"},
    "react": {"issues": "write"},
    "check-run": {"checks": "write"},
    "dispatch": {"actions": "write"},
    "cancel-run": {"actions": "write"},
    "delete-artifacts": {"actions": "write"},
}

_LEVELS = ("none", "read", "write", "admin")


def missing(needed: Permissions, granted: Permissions) -> tuple[str, str] | None:
    """The first permission, with its level, that `granted` does not cover."""
    for name, level in sorted(needed.items()):
        has = granted.get(name, "none")
        if _rank(has) < _rank(level):
            return name, level
    return None


def for_commit(paths: Iterable[str]) -> Permissions:
    """What a commit of these paths needs: GitHub guards workflow files with a permission of their own."""
    touches = any(path.startswith(".github/workflows/") for path in paths)
    return EFFECTS["commit-workflow" if touches else "commit-branch"]


def everything() -> dict[str, str]:
    """The highest level of each permission that this room uses: what app.yml must ask for."""
    out: dict[str, str] = {}
    reads = (METADATA, READ_CONTENTS, READ_PULLS, READ_ISSUES, READ_ACTIONS, READ_CHECKS)
    for needed in (*reads, *EFFECTS.values()):
        for name, level in needed.items():
            if _rank(out.get(name, "none")) < _rank(level):
                out[name] = level
    return out


def _rank(level: str) -> int:
    return _LEVELS.index(level) if level in _LEVELS else 0
