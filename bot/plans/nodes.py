"""A small YAML file's node tree, read by shape: each reader takes a node and gives a value or a clear error.

BaseLoader's nodes are walked, never its values: every scalar stays a string (`on` is not True, `0010` not 8),
each node knows its line, and duplicate keys, which PyYAML drops silently, are seen. Aliases are refused: they
have no use in a file of this size and are how small files become large. Not here: which keys there are
(cloi_yml.py).
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Sequence
from typing import Any

import yaml

from bot.plans.configuration import ConfigurationError

MAX_DEPTH = 8


class Nodes:
    """Readers of YAML nodes; `path` is in every error."""

    def __init__(self, path: str) -> None:
        self.path = path

    def fail(
        self, reason: str, node: yaml.Node | int, rule: str, suggestion: str | None = None
    ) -> ConfigurationError:
        """The error to raise, placed at the node or line."""
        line = node if isinstance(node, int) else _line(node.start_mark)
        return ConfigurationError(reason, path=self.path, line=line, rule=rule, suggestion=suggestion)

    def compose(self, text: str) -> yaml.Node | None:
        """The text's root node; None for an empty text. Refuses aliases, deep nesting and broken YAML."""
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

    def mapping(
        self, node: yaml.Node, what: str, fields: dict[str, Callable[[yaml.Node], object]]
    ) -> dict[str, object]:
        """Keys and their values, each read by its field's reader; unknown and doubled keys are errors."""
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
                raise self.fail(f"{what.capitalize()} has no key {shown(name)}.", key, "unknown-key", hint)
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
        """One scalar that is not empty."""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.fail(f'"{name}" must be one word or line of text.', node, "type")
        return str(node.value)

    def choice(self, node: yaml.Node, name: str, allowed: Sequence[str]) -> str:
        """One of the allowed words."""
        value = self.text(node, name)
        if value not in allowed:
            close = difflib.get_close_matches(value[:40], allowed, n=1, cutoff=0.5)
            hint = f'Did you mean "{close[0]}"?' if close else f"Possible: {', '.join(allowed)}."
            raise self.fail(f'"{name}" cannot be {shown(value)}.', node, "value", hint)
        return value

    def number(self, node: yaml.Node, name: str, low: int, high: int) -> int:
        """A whole number from low to high."""
        value = self.text(node, name)
        # isascii: int() also takes digits of other scripts.
        if not (value.isascii() and value.isdigit() and len(value) <= 12 and low <= int(value) <= high):
            raise self.fail(
                f'"{name}" cannot be {shown(value)}.', node, "value", f"A whole number from {low} to {high}."
            )
        return int(value)

    def flag(self, node: yaml.Node, name: str) -> bool:
        """ "true" or "false", and no other of YAML's many words for them."""
        return self.choice(node, name, ("true", "false")) == "true"

    def strings(self, node: yaml.Node, name: str, *, most: int = 64) -> tuple[str, ...]:
        """A list of at least one and at most `most` lines of text."""
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
            if len(value) > 1_000 or not value.isprintable():  # what runs must be what a reviewer sees
                raise self.fail(
                    f'An entry of "{name}" is too long or has control or invisible characters.',
                    entry,
                    "value",
                )
            out.append(value)
        return tuple(out)


def _line(mark: Any) -> int:  # PyYAML has two classes of marks, in C and in Python
    return mark.line + 1 if mark else 1


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)[:20]
    except ValueError:
        return value.split()[:20]


def _flow(words: Sequence[str]) -> str:
    return str(yaml.safe_dump(list(words), default_flow_style=True, width=1_000)).strip()


def shown(value: str | None) -> str:
    """A value as an error quotes it: short, in quotes."""
    if value is None:
        return "like this (keys are words)"
    return '"' + (value if len(value) <= 40 else value[:39] + "…") + '"'
