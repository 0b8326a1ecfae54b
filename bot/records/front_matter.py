"""Front matter: YAML (or TOML) between marks at the top of a file, or a YAML file beside it.

Every scalar stays the string that was written (`adr: 0010` is no 8, `on` no True), duplicate keys are a
finding instead of a silent loss, and aliases are refused: a record needs none, and a few lines of them unfold
to gigabytes. Not here: what the keys mean (fields.py).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.records.record import Finding, Place, Severity

MAX_LINES = 600
MAX_CHARS = 32 * 1024
MAX_DEPTH = 24
MAX_NODES = 8_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is built in: ten times as fast. Only its parser and composer are used, no constructor."""

_CORE = "tag:yaml.org,2002:"
_PLAIN_TAGS = tuple(
    _CORE + name
    for name in (
        "str",
        "int",
        "float",
        "bool",
        "null",
        "timestamp",
        "seq",
        "map",
        "merge",
        "value",
        "binary",
        "set",
    )
)
_NULL = _CORE + "null"
_NULLS = ("", "~", "null", "Null", "NULL")

_OPEN = re.compile(r"^---[ \t]*$")
_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*$")
_GLUED = re.compile(r"^(?P<key>[A-Za-z][\w-]{0,40}):(?P<gap>[ \t]*)(?P<value>[^\s/].{0,300})$")
_TOML = re.compile(r"^\+\+\+[ \t]*$")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What stands there. values: scalars as strings, lists, mappings. places: dotted key to its lines.

    end: number of lines that it takes, marks included; 0 if there is none. broken: found, but unreadable.
    """

    values: dict[str, object] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    end: int = 0
    broken: bool = False
    findings: tuple[Finding, ...] = ()


def split(path: str, lines: Sequence[str]) -> FrontMatter:
    """The front matter at the top of these lines, if there is any; blank lines and a comment may precede it."""
    start = opening(lines)
    if start is None:
        return FrontMatter()
    toml = bool(_TOML.match(lines[start]))
    close = _TOML if toml else _CLOSE
    last = min(len(lines), start + MAX_LINES)
    end = next((i for i in range(start + 1, last) if close.match(lines[i])), None)
    if end is None:
        return FrontMatter()
    body = "\n".join(lines[start + 1 : end])
    if len(body) > MAX_CHARS:
        reason = f"The front matter is longer than {MAX_CHARS // 1024} kB; it is not read."
        return _broken(path, start + 1, end + 1, reason)
    if toml:
        return _toml(path, body, start + 2, end + 1)
    if not body.strip():
        return FrontMatter(end=end + 1)
    if glued := _glued(path, body, start + 2, end + 1):
        return glued
    if not re.search(r"^\s*[\w\"'. -]{1,80}:(?:\s|$)|^\s*#|^\s*-\s", body, re.M):
        return FrontMatter()  # a rule, then prose, then another rule
    return load(path, body, first_line=start + 2, end=end + 1)


def _glued(path: str, body: str, first: int, end: int) -> FrontMatter | None:
    """Lines of `key:value` and nothing else, which YAML takes for one sentence: read as they were meant."""
    found = [_GLUED.match(line) for line in body.split("\n") if line.strip()]
    if not all(found) or all(pair["gap"] for pair in found if pair):
        return None
    values: dict[str, object] = {pair["key"]: pair["value"].strip(" \t\"'") for pair in found if pair}
    reason = "The front matter is no YAML: a colon needs a space behind it."
    finding = Finding(
        "front-matter-broken", Severity.WARNING, path, Place(first, max(first, end - 1)), reason
    )
    return FrontMatter(values, {}, end, broken=True, findings=(finding,))


def opening(lines: Sequence[str]) -> int | None:
    """Where the front matter's opening mark stands, counted from 0; None if there is none."""
    comment = False
    for number, line in enumerate(lines[:40]):
        bare = line.strip().lstrip("\ufeff")
        if comment or bare.startswith("<!--"):
            comment = "-->" not in bare
        elif bare:
            return number if _OPEN.match(bare) or _TOML.match(bare) else None
    return None


def load(path: str, text: str, *, first_line: int = 1, end: int = 0) -> FrontMatter:
    """YAML text to strings, lists and mappings. first_line: where the text starts in the file. Never raises."""
    try:
        if remark := _bomb(text):
            return _broken(path, first_line, end, remark)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = first_line + (error.problem_mark.line if error.problem_mark else 0)
        rescued = FrontMatter(_rescue(text), {}, end, broken=True)
        reason = f"The front matter is not valid YAML: {error.problem or 'unreadable'}."
        finding = Finding("front-matter-broken", Severity.ERROR, path, Place(line, line), reason)
        return FrontMatter(rescued.values, {}, end, True, (finding,))
    except (yaml.YAMLError, ValueError, RecursionError):
        return _broken(path, first_line, end, "The front matter is not valid YAML.")
    if node is None:
        return FrontMatter(end=end)
    if not isinstance(node, yaml.MappingNode):
        return FrontMatter(end=end) if end else _broken(path, first_line, end, "A mapping was expected.")
    places: dict[str, Place] = {}
    findings: list[Finding] = []
    values = _value(node, "", path, first_line, places, findings)
    return FrontMatter(values if isinstance(values, dict) else {}, places, end, False, tuple(findings))


def _bomb(text: str) -> str | None:
    """Why this YAML is refused, if it is; read from the event stream, which costs no memory."""
    depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        if isinstance(event, yaml.AliasEvent):
            return "The front matter uses YAML aliases; they are not read."
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                return f"The front matter is nested more than {MAX_DEPTH} deep; it is not read."
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if nodes > MAX_NODES:
            return f"The front matter has more than {MAX_NODES} values; it is not read."
    return None


def _broken(path: str, line: int, end: int, reason: str) -> FrontMatter:
    finding = Finding("front-matter-broken", Severity.ERROR, path, Place(line, max(line, end)), reason)
    return FrontMatter({}, {}, end, True, (finding,))


def _value(
    node: yaml.Node, key: str, path: str, first: int, places: dict[str, Place], findings: list[Finding]
) -> object:
    if not str(node.tag).startswith(_PLAIN_TAGS) or (node.tag == _NULL and str(node.value) not in _NULLS):
        return f"{str(node.tag)[:100]} (a tag of YAML that is not read)"
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(child, f"{key}.{i}" if key else str(i), path, first, places, findings)
            for i, child in enumerate(node.value)
        ]
    out: dict[str, object] = {}
    for name_node, child in node.value:
        name = str(name_node.value) if isinstance(name_node, yaml.ScalarNode) else "?"
        dotted = f"{key}.{name}" if key else name
        line = first + name_node.start_mark.line
        if name in out:
            reason = f'The front matter has the key "{name[:60]}" twice; which one counts is not clear.'
            findings.append(
                Finding("front-matter-duplicate", Severity.ERROR, path, Place(line, line), reason)
            )
            again = _value(child, dotted, path, first, {}, [])
            if again != out[name] and isinstance(again, str) and isinstance(out[name], str):
                out[name] = f"{out[name]} | {again}"  # two states are no state
            continue
        last = first + child.end_mark.line - (1 if child.end_mark.column == 0 else 0)
        places[dotted] = Place(line, max(line, last))
        out[name] = _value(child, dotted, path, first, places, findings)
    return out


def _rescue(text: str) -> dict[str, object]:
    """Plain `key: value` lines of broken YAML: what the record is called, and states that permit nothing."""
    out: dict[str, object] = {}
    for line in text.split("\n")[:MAX_LINES]:
        found = re.match(r"^([A-Za-z][\w-]{0,40}):[ \t]+(\S.{0,300})$", line)
        if found and found[1].lower() in ("title", "id", "adr", "number", "date", "created", "status"):
            out.setdefault(found[1], found[2].strip().strip("\"'"))
    return out


def _toml(path: str, body: str, first: int, end: int) -> FrontMatter:
    if any(
        line[:400].count(".") > MAX_DEPTH or line.count("[") + line.count("{") > 200
        for line in body.split("\n")
    ):
        return _broken(path, first, end, "The front matter is nested too deep; it is not read.")
    try:
        values = tomllib.loads(body)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return _broken(path, first, end, "The front matter is not valid TOML.")
    places: dict[str, Place] = {}
    for number, line in enumerate(body.split("\n")):
        if found := re.match(r"^([\w-]{1,60})\s*=", line):
            places.setdefault(found[1], Place(first + number, first + number))
    return FrontMatter({k: _strings(v) for k, v in values.items()}, places, end)


def _strings(value: object) -> object:
    if isinstance(value, dict):
        return {str(k): _strings(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_strings(v) for v in value]
    return str(value)
