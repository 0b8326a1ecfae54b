"""The text of a definition as plain data: mappings, lists and strings, with the line of each thing.

YAML is read without types, so that `on` and `no` stay words; a duplicate key is an error, and so is what grows
without bound when its aliases are followed. Not here: what the data must be (schema.py, lint.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import yaml

Path = tuple[str | int, ...]
"""Where something stands: ("workflow", "steps", 0, "name")."""

_MOST_BYTES = 256 * 1024
_MOST_NODES = 20_000
_MOST_LEVELS = 20


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something wrong, or only worth knowing, in a definition. line: from 1; 0 where there is none.

    severity: an error cannot be loaded, a warning can never work as it is written, a notice is harmless.
    """

    line: int
    rule: str
    message: str
    suggestion: str = ""
    severity: Literal["error", "warning", "notice"] = "error"

    def __str__(self) -> str:
        return self.message + (f"; {self.suggestion}" if self.suggestion else "")


@dataclass(frozen=True, slots=True)
class Source:
    """data: what the text says; None where it cannot be read. lines: of keys and items, by path."""

    data: Any
    lines: Mapping[Path, int]
    findings: tuple[Finding, ...]

    def line(self, at: Path) -> int:
        """The line of this place, or else of the nearest one that it lies in."""
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at, 0)


def read(text: str) -> Source:
    """The data of a text, and what is wrong with it as YAML."""
    if len(text.encode(errors="replace")) > _MOST_BYTES:
        return _unreadable(0, "size", f"larger than {_MOST_BYTES} bytes")
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = text.splitlines()[mark.line] if mark and mark.line < len(text.splitlines()) else ""
        hint = "text with ${…} must stand in quotes between { and }" if "${" in line else ""
        return _unreadable(mark.line + 1 if mark else 0, "yaml", str(error.problem), hint)
    except (yaml.YAMLError, RecursionError, UnicodeError):
        return _unreadable(0, "yaml", "not readable as YAML")
    if root is None:
        return _unreadable(0, "yaml", "the file is empty")
    reading = _Reading()
    try:
        data = reading.plain(root, (), root.start_mark.line + 1)
    except OverflowError as error:
        return _unreadable(int(error.args[0]), "size", "too deep or too large once its aliases are followed")
    return Source(data, reading.lines, tuple(reading.findings))


def _unreadable(line: int, rule: str, message: str, suggestion: str = "") -> Source:
    return Source(None, {}, (Finding(line, rule, message, suggestion),))


class _Reading:
    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.findings: list[Finding] = []
        self.count = 0

    def plain(self, node: yaml.Node, at: Path, line: int) -> Any:
        """Raises OverflowError with the line: counting bounds what aliases can multiply."""
        self.count += 1
        self.lines[at] = line
        if self.count > _MOST_NODES or len(at) > _MOST_LEVELS:
            raise OverflowError(line)
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(n, (*at, i), n.start_mark.line + 1) for i, n in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at)
        text = str(node.value)
        if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
            self.findings.append(Finding(line, "yaml", "half of a character, written with \\u, is no text"))
        return text

    def _mapping(self, node: yaml.MappingNode, at: Path) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.findings.append(Finding(line, "yaml", "a key must be a plain word"))
            elif key.value in out:
                first = self.lines[(*at, key.value)]
                message = f"the key {key.value!r} stands here twice, first in line {first}"
                self.findings.append(Finding(line, "duplicate-key", message, "remove one of them"))
            else:
                out[key.value] = self.plain(value, (*at, key.value), line)
        return out
