"""What a repository's maintainers decided in .github/cloi.yml, as one frozen value.

The file is read from the default branch only (the caller sees to that), so whoever can change it could change
the code anyway. Its words are still checked one by one: a misspelt key that is silently ignored would leave a
limit unset that somebody believes in. Not here: reading the YAML text (cloi_yml.py), the server's own settings
(environment variables, bot/app.py), and what follows from the values (planner.py).
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

CONFIGURATION_PATH = ".github/cloi.yml"

# Fixed images only: a label that moves ("ubuntu-latest") would change what an approval approved.
# The runner file needs Python 3.11, which older images do not have.
RUNNERS = ("ubuntu-24.04", "ubuntu-24.04-arm")
PROVIDERS = ("command",)
TEST_FORMATS = ("unittest", "junit")
TEST_TYPES = ("unit", "integration", "e2e")
ACCEPTED_WHEN = ("status", "merged", "reviewed")
PULL_REQUESTS = ("one", "phase")
ON_ACCEPT = ("nothing", "issue", "start")
ON_IMPLEMENTED = ("status-pr", "nothing")

RECORD_GLOBS = (
    "docs/adr/**",
    "docs/adrs/**",
    "docs/decisions/**",
    "docs/architecture/decisions/**",
    "docs/architecture/adr/**",
    "docs/architecture-decision-records/**",
    "documentation/adr/**",
    "doc/adr/**",
    "doc/architecture/decisions/**",
    "adr/**",
    "decisions/**",
    "architecture-decision-records/**",
    "rfcs/**",
)


class _Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class AgentSetting(_Value, frozen=True, kw_only=True):
    """Who writes the code. provider: "command". command: an argv, started without a shell."""

    name: str
    provider: str
    command: tuple[str, ...]


class TestSetting(_Value, frozen=True, kw_only=True):
    """How the repository is tested. command empty: not set. report: where a junit command leaves its XML."""

    __test__ = False

    command: tuple[str, ...] = ()
    format: str = "unittest"
    types: tuple[str, ...] = TEST_TYPES
    coverage_target: int = 80
    report: str | None = None


class PathSetting(_Value, frozen=True, kw_only=True):
    """What a change may touch. allow: globs (globs.NEVER is always taken away); sizes in bytes."""

    allow: tuple[str, ...] = ("**",)
    max_files: int = 100
    max_bytes: int = 1_000_000


class Deadlines(_Value, frozen=True, kw_only=True):
    """How long each wait may last, in seconds, before a person is told.

    watch: how long the default branch is watched after the merge.
    """

    workflow_pr: int = 14 * 86_400
    run: int = 6 * 3_600
    implementation_pr: int = 14 * 86_400
    watch: int = 10 * 60


class Configuration(_Value, frozen=True, kw_only=True):
    """All of .github/cloi.yml; every field but `agent` has a default.

    accepted_when: what makes a record accepted: its status word, its merge, or a review before the merge.
    pull_requests: one for all of a record, or one for each of its phases. on_accept: what happens when an
    accepted record is merged; on_implemented: when all of it is merged and has held. timeout_minutes: for each
    job. model_help: whether a language model is asked what it would add to a plan.
    """

    agent: AgentSetting | None = None
    tests: TestSetting = TestSetting()
    paths: PathSetting = PathSetting()
    records: tuple[str, ...] = RECORD_GLOBS
    accepted_when: str = "status"
    pull_requests: str = "one"
    runs_on: str = "ubuntu-24.04"
    timeout_minutes: int = 30
    deadlines: Deadlines = Deadlines()
    rollback_required: bool = True
    on_accept: str = "nothing"
    on_implemented: str = "status-pr"
    model_help: bool = False


class ConfigurationError(ValueError):
    """The file cannot be used. line counts from 1; rule is a stable id; suggestion is what to write, or None."""

    def __init__(
        self, reason: str, *, path: str, line: int, rule: str, suggestion: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason, self.path, self.line, self.rule, self.suggestion = reason, path, line, rule, suggestion

    def __str__(self) -> str:
        """One sentence for people, with the place first, as compilers write it."""
        hint = f" {self.suggestion}" if self.suggestion else ""
        return f"{self.path}:{self.line}: {self.reason}{hint}"


def digest_of(configuration: Configuration) -> str:
    """sha256, as hex, over all values; the same for two files that say the same in other words.

    What only stands beside the plan, or comes after it, does not count: whether a model is asked, and whether the
    record's status is written back.
    """
    plain: Any = msgspec.to_builtins(configuration)
    for beside in ("model_help", "on_implemented"):
        del plain[beside]
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()
