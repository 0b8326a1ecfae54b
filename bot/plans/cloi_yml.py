"""The text of .github/cloi.yml -> Configuration, or one ConfigurationError with line and advice.

BaseLoader's node tree is walked, never its values: every scalar stays a string (`on` is not True, `0010` not 8),
each node knows its line, and duplicate keys, which PyYAML drops silently, are seen. Aliases are refused: they
have no use in a file of this size and are how small files become large. Not here: the defaults
(configuration.py).
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Callable, Sequence
from typing import Any

import yaml

from bot.plans import configuration as c
from bot.plans import globs

MAX_BYTES = 64_000
MAX_DEPTH = 8
_DURATION = re.compile(r"([1-9][0-9]{0,4})\s*([smhd])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}\Z")


def read(data: bytes | None, *, path: str = c.CONFIGURATION_PATH) -> c.Configuration:
    """The configuration in `data`; None (no such file) and an empty file give the defaults.

    Raises ConfigurationError, always with path, line and rule, for anything that is not understood.
    """
    if data is None:
        return c.Configuration()
    return _Reader(path).file(data)


class _Reader:
    """Walks the node tree; the path is in every error."""

    def __init__(self, path: str) -> None:
        self.path = path

    def fail(
        self, reason: str, node: yaml.Node | int, rule: str, suggestion: str | None = None
    ) -> c.ConfigurationError:
        line = node if isinstance(node, int) else _line(node.start_mark)
        return c.ConfigurationError(reason, path=self.path, line=line, rule=rule, suggestion=suggestion)

    def file(self, data: bytes) -> c.Configuration:
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
                "on_accept": lambda n: self.choice(n, "on_accept", c.ON_ACCEPT),
            },
        )
        return c.Configuration(**top)  # type: ignore[arg-type]  # each reader above gives its field's type

    def compose(self, text: str) -> yaml.Node | None:
        try:
            depth = 0
            for event in yaml.parse(text, Loader=yaml.BaseLoader):
                if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                    line = _line(event.start_mark)
                    raise self.fail(
                        "Anchors and aliases (& and *) are not read here.",
                        line,
                        "alias",
                        "Write the value out.",
                    )
                depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(
                    event, yaml.CollectionEndEvent
                )
                if depth > MAX_DEPTH:
                    raise self.fail(
                        f"Nested more than {MAX_DEPTH} levels deep.", _line(event.start_mark), "depth"
                    )
            node: yaml.Node | None = yaml.compose(text, Loader=yaml.BaseLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self.fail(
                f"This is not YAML: {error.problem or error.context}.", _line(mark), "syntax"
            ) from error
        except yaml.YAMLError as error:
            raise self.fail("This is not YAML: a character that YAML does not allow.", 1, "syntax") from error
        return node

    # -- shapes -----------------------------------------------------------------------------------------------

    def mapping(
        self, node: yaml.Node, what: str, fields: dict[str, Callable[[yaml.Node], object]]
    ) -> dict[str, object]:
        if not isinstance(node, yaml.MappingNode):
            raise self.fail(
                f"Here {what} must be keys with values.", node, "type", f"Known keys: {', '.join(fields)}."
            )
        out: dict[str, object] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None or name not in fields:
                close = difflib.get_close_matches(str(name).lower().replace("-", "_")[:40], fields, n=1)
                hint = f'Did you mean "{close[0]}"?' if close else f"Known keys: {', '.join(fields)}."
                raise self.fail(f"{what.capitalize()} has no key {_shown(name)}.", key, "unknown-key", hint)
            if name in out:
                raise self.fail(
                    f'"{name}" stands here twice; only one can be meant.',
                    key,
                    "duplicate-key",
                    "Remove one of the two.",
                )
            out[name] = fields[name](value)
        return out

    def text(self, node: yaml.Node, name: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.fail(f'"{name}" must be one word or line of text.', node, "type")
        return str(node.value)

    def choice(self, node: yaml.Node, name: str, allowed: Sequence[str]) -> str:
        value = self.text(node, name)
        if value not in allowed:
            close = difflib.get_close_matches(value[:40], allowed, n=1, cutoff=0.5)
            hint = f'Did you mean "{close[0]}"?' if close else f"Possible: {', '.join(allowed)}."
            raise self.fail(f'"{name}" cannot be {_shown(value)}.', node, "value", hint)
        return value

    def number(self, node: yaml.Node, name: str, low: int, high: int) -> int:
        value = self.text(node, name)
        # isascii: int() also takes digits of other scripts.
        if not (value.isascii() and value.isdigit() and len(value) <= 12 and low <= int(value) <= high):
            raise self.fail(
                f'"{name}" cannot be {_shown(value)}.', node, "value", f"A whole number from {low} to {high}."
            )
        return int(value)

    def flag(self, node: yaml.Node, name: str) -> bool:
        return self.choice(node, name, ("true", "false")) == "true"

    def strings(self, node: yaml.Node, name: str, *, most: int = 64) -> tuple[str, ...]:
        if isinstance(node, yaml.ScalarNode) and node.value.strip():
            raise self.fail(
                f'"{name}" must be a list.', node, "type", f"Write: {name}: {_flow(_words(node.value))}"
            )
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise self.fail(f'"{name}" must be a list with at least one entry.', node, "type")
        if len(node.value) > most:
            raise self.fail(f'"{name}" has more than {most} entries.', node.value[most], "value")
        out = []
        for entry in node.value:
            value = self.text(entry, name)
            if len(value) > 1_000 or any(ch < " " or ch == "\x7f" for ch in value):
                raise self.fail(
                    f'An entry of "{name}" is too long or has control characters.', entry, "value"
                )
            out.append(value)
        return tuple(out)

    # -- parts ------------------------------------------------------------------------------------------------

    def agent(self, node: yaml.Node) -> c.AgentSetting:
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
        values = self.strings(node, "types")
        entries = node.value if isinstance(node, yaml.SequenceNode) else []
        return tuple(
            dict.fromkeys(self.choice(n, "types", c.TEST_TYPES) for n, _ in zip(entries, values, strict=True))
        )

    def paths(self, node: yaml.Node) -> c.PathSetting:
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
        return self.globs(node, "records", protected=False)

    def globs(self, node: yaml.Node, name: str, *, protected: bool) -> tuple[str, ...]:
        values = self.strings(node, name)
        entries = node.value if isinstance(node, yaml.SequenceNode) else []
        for entry, value in zip(entries, values, strict=True):
            self.relative(entry, name)
            fixed = globs.root(value).rstrip("/")
            if protected and (globs.within(fixed, globs.NEVER) or globs.within(fixed + "/x", globs.NEVER)):
                raise self.fail(
                    f"No change by an agent may touch {_shown(value)}: it decides what runs and who reviews.",
                    entry,
                    "protected",
                )
        return values

    def relative(self, node: yaml.Node, name: str) -> str:
        value = self.text(node, name)
        if value.startswith(("/", "~", "!")) or "\\" in value or ".." in value.split("/") or ":" in value:
            raise self.fail(
                f'"{name}" cannot be {_shown(value)}.',
                node,
                "value",
                "A path inside the repository, with slashes.",
            )
        return value

    def deadlines(self, node: yaml.Node) -> c.Deadlines:
        names = {"workflow_pr": 60, "run": 60, "implementation_pr": 60, "watch": 1}
        got = self.mapping(node, "deadlines", {n: self.duration_of(n, least) for n, least in names.items()})
        return c.Deadlines(**got)  # type: ignore[arg-type]

    def duration_of(self, name: str, least: int) -> Callable[[yaml.Node], int]:
        def read_one(node: yaml.Node) -> int:
            value = self.text(node, name)
            match = _DURATION.match(value)
            seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
            if not match or not least <= seconds <= 90 * 86_400:
                raise self.fail(
                    f'"{name}" cannot be {_shown(value)}.',
                    node,
                    "value",
                    'Such as "30m", "6h" or "14d"; at most 90d.',
                )
            return seconds

        return read_one


def _line(mark: Any) -> int:  # PyYAML has two classes of marks, in C and in Python
    return mark.line + 1 if mark else 1


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)[:20]
    except ValueError:
        return value.split()[:20]


def _flow(words: Sequence[str]) -> str:
    return str(yaml.safe_dump(list(words), default_flow_style=True, width=1_000)).strip()


def _shown(value: str | None) -> str:
    if value is None:
        return "like this (keys are words)"
    return '"' + (value if len(value) <= 40 else value[:39] + "…") + '"'
