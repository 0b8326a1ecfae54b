"""The text of .github/cloi.yml -> Configuration, or one ConfigurationError with line and advice.

Here are the keys and what each may hold. Not here: how YAML is walked (nodes.py), the defaults
(configuration.py), what follows from the values (planner.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import yaml

from bot.plans import configuration as c
from bot.plans import globs
from bot.plans.nodes import Nodes, shown

MAX_BYTES = 64_000
_DURATION = re.compile(r"([1-9][0-9]{0,4})\s*([smhd])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}\Z")


@lru_cache(maxsize=32)  # steps ask again and again for what seldom changes
def read(data: bytes | None, *, path: str = c.CONFIGURATION_PATH) -> c.Configuration:
    """The configuration in `data`; None (no such file) and an empty file give the defaults.

    Raises ConfigurationError, always with path, line and rule, for anything that is not understood.
    """
    if data is None:
        return c.Configuration()
    return _Reader(path).file(data)


class _Reader(Nodes):
    """The keys of the file, from the top down."""

    def file(self, data: bytes) -> c.Configuration:
        """The whole file."""
        if len(data) > MAX_BYTES:
            raise self.fail(
                f"The file has {len(data)} bytes; {MAX_BYTES} are enough for anybody.", 1, "too-large"
            )
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise self.fail("The file is not UTF-8 text.", line, "encoding") from error
        root = self.compose(text)
        if root is None or (isinstance(root, yaml.ScalarNode) and root.value == ""):
            return c.Configuration()
        top = self.mapping(
            root,
            "the file",
            {
                "agent": self.agent,
                "tests": self.tests,
                "paths": self.paths,
                "records": self.record_globs,
                "accepted_when": lambda n: self.choice(n, "accepted_when", c.ACCEPTED_WHEN),
                "pull_requests": lambda n: self.choice(n, "pull_requests", c.PULL_REQUESTS),
                "runs_on": lambda n: self.choice(n, "runs_on", c.RUNNERS),
                "timeout_minutes": lambda n: self.number(n, "timeout_minutes", 1, 360),
                "deadlines": self.deadlines,
                "rollback_required": lambda n: self.flag(n, "rollback_required"),
                "model_help": lambda n: self.flag(n, "model_help"),
                "on_accept": lambda n: self.choice(n, "on_accept", c.ON_ACCEPT),
                "on_implemented": lambda n: self.choice(n, "on_implemented", c.ON_IMPLEMENTED),
            },
        )
        return c.Configuration(**top)  # type: ignore[arg-type]  # each reader above gives its field's type

    def agent(self, node: yaml.Node) -> c.AgentSetting:
        """`agent:`; a command is required."""
        got = self.mapping(
            node,
            "agent",
            {
                "name": lambda n: self.text(n, "name"),
                "provider": lambda n: self.choice(n, "provider", c.PROVIDERS),
                "command": lambda n: self.strings(n, "command"),
            },
        )
        if "command" not in got:
            raise self.fail(
                "The agent needs a command.", node, "missing-key", "Write: command: [program, argument]"
            )
        name = str(got.get("name", "agent"))
        if not _NAME.match(name):
            raise self.fail(
                "The agent's name may hold letters, digits, space, dot, dash and underscore.", node, "value"
            )
        return c.AgentSetting(name=name, provider=str(got.get("provider", "command")), command=got["command"])  # type: ignore[arg-type]

    def tests(self, node: yaml.Node) -> c.TestSetting:
        """`tests:`; a junit command needs its report's path."""
        got = self.mapping(
            node,
            "tests",
            {
                "command": lambda n: self.strings(n, "command"),
                "format": lambda n: self.choice(n, "format", c.TEST_FORMATS),
                "types": self.test_types,
                "coverage_target": lambda n: self.number(n, "coverage_target", 0, 100),
                "report": lambda n: self.relative(n, "report"),
            },
        )
        setting = c.TestSetting(**got)  # type: ignore[arg-type]
        if setting.format == "junit" and setting.report is None:
            raise self.fail(
                "A junit test command leaves a file, and its place is not given.",
                node,
                "missing-key",
                "Write: report: junit.xml",
            )
        return setting

    def test_types(self, node: yaml.Node) -> tuple[str, ...]:
        """`tests.types:`, each once."""
        values = self.strings(node, "types")
        entries = node.value if isinstance(node, yaml.SequenceNode) else []
        return tuple(
            dict.fromkeys(self.choice(n, "types", c.TEST_TYPES) for n, _ in zip(entries, values, strict=True))
        )

    def paths(self, node: yaml.Node) -> c.PathSetting:
        """`paths:`."""
        got = self.mapping(
            node,
            "paths",
            {
                "allow": lambda n: self.globs(n, "allow", protected=True),
                "max_files": lambda n: self.number(n, "max_files", 1, 3_000),
                "max_bytes": lambda n: self.number(n, "max_bytes", 1, 100_000_000),
            },
        )
        return c.PathSetting(**got)  # type: ignore[arg-type]

    def record_globs(self, node: yaml.Node) -> tuple[str, ...]:
        """`records:`."""
        return self.globs(node, "records", protected=False)

    def globs(self, node: yaml.Node, name: str, *, protected: bool) -> tuple[str, ...]:
        """Globs inside the repository; protected ones are refused for `paths.allow`."""
        values = self.strings(node, name)
        entries = node.value if isinstance(node, yaml.SequenceNode) else []
        for entry, value in zip(entries, values, strict=True):
            self.relative(entry, name)
            fixed = globs.root(value).rstrip("/")
            if protected and (globs.within(fixed, globs.NEVER) or globs.within(fixed + "/x", globs.NEVER)):
                raise self.fail(
                    f"No change by an agent may touch {shown(value)}: it decides what runs and who reviews.",
                    entry,
                    "protected",
                )
        return values

    def relative(self, node: yaml.Node, name: str) -> str:
        """One path inside the repository."""
        value = self.text(node, name)
        if value.startswith(("/", "~", "!")) or "\\" in value or ".." in value.split("/") or ":" in value:
            raise self.fail(
                f'"{name}" cannot be {shown(value)}.',
                node,
                "value",
                "A path inside the repository, with slashes.",
            )
        return value

    def deadlines(self, node: yaml.Node) -> c.Deadlines:
        """`deadlines:`, in seconds."""
        names = {"workflow_pr": 60, "run": 60, "implementation_pr": 60, "watch": 1}
        got = self.mapping(node, "deadlines", {n: self.duration_of(n, least) for n, least in names.items()})
        return c.Deadlines(**got)  # type: ignore[arg-type]

    def duration_of(self, name: str, least: int) -> Callable[[yaml.Node], int]:
        """A reader of "30m", "6h" or "14d", as seconds."""

        def read_one(node: yaml.Node) -> int:
            value = self.text(node, name)
            match = _DURATION.match(value)
            seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
            if not match or not least <= seconds <= 90 * 86_400:
                raise self.fail(
                    f'"{name}" cannot be {shown(value)}.',
                    node,
                    "value",
                    'Such as "30m", "6h" or "14d"; at most 90d.',
                )
            return seconds

        return read_one
