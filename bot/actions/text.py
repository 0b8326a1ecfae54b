"""Workflow data -> YAML text. The one place where YAML is written, and it is written by a YAML library.

Nothing is spliced: a value from outside can only ever be a scalar. Scripts become literal blocks, quoted
strings stay quoted, keys keep their order. Comments (the release behind a pin) are added to whole lines that
the library wrote for a `uses:` of ours, and the result is read back and compared. Not here: what the workflow
says (workflow.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from bot.actions.pins import PINS

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Quoted(str):
    """A string that is written between double quotes, so that a reader sees at once that it is data."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, as people write workflows, and never writes an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _string(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


def _quoted(dumper: yaml.SafeDumper, value: Quoted) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style='"')


_Dumper.add_representer(str, _string)
_Dumper.add_representer(Quoted, _quoted)


def render(data: Mapping[str, Any], header: tuple[str, ...]) -> bytes:
    """The workflow as bytes: header lines as comments, a blank line, the document.

    Raises ValueError if a header line holds a line break, or if the text does not read back as `data`.
    """
    if any(not line.isprintable() for line in header):
        raise ValueError("a header line holds a character that is not printable")
    body = yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=False)
    lines = [_with_release(line) for line in body.splitlines()]
    text = "".join(f"# {line}\n" for line in header) + "\n" + "\n".join(lines) + "\n"
    if yaml.load(text, Loader=_LOADER) != _plain(data):  # noqa: S506 (a safe loader)
        raise ValueError("the workflow does not read back as what was written")
    return text.encode()


def _with_release(line: str) -> str:
    """`uses: owner/name@sha` of a pinned action, with its release behind it."""
    head, found, value = line.partition("uses: ")
    pin = PINS.get(value) if found and head.strip() in ("", "-") else None
    return f"{line} # {pin.release}" if pin else line


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return str(value) if isinstance(value, str) else value
