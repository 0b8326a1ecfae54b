"""The plan into the record's own front matter, as `implementation_metadata` in the customer's schema.

Lines are put in and nothing is printed anew: comments, order, quotes and every key that is not ours stay byte for
byte, and so does the body. A field that people wrote stays theirs; ours are named in `cloi_plan.written`, and only
those are written again. Whatever front matter cannot be kept like that (anchors, a key twice, a mapping on one
line …) is refused with a sentence, and every result is read again before it is given. Pure. Not here: reading it
(metadata.py), files (bot/cli).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from bot.plans import metadata
from bot.plans.metadata import OURS, ROOT
from bot.plans.plan import ImplementationPlan
from bot.plans.requirements import extract
from bot.records import front_matter
from bot.records.reader import read

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MARKDOWN = re.compile(r"\.(?:md|markdown|mdx)$", re.I)
_OTHER_ENDS = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
_FEATURES = frozenset({"decision", "work-item", "security", "performance"})
_CRITERIA = frozenset({"criterion", "threshold"})
_NOTE = 'by "cloi plan --write-back"; take a name off this list, and its field is yours'

Value = str | bool | Sequence[Any] | Mapping[str, Any]


class NotKept(ValueError):
    """This front matter cannot be written without losing something of it; a sentence without full stop."""


@dataclass(frozen=True, slots=True)
class Written:
    """data: the whole file. fields: what was written; kept: fields that people wrote and that stay theirs."""

    data: bytes
    fields: tuple[str, ...]
    kept: tuple[str, ...]


def write_back(path: str, data: bytes, plan: ImplementationPlan, *, add: bool = False) -> Written:
    """The record's file with the plan in its front matter; the same again changes nothing.

    add: front matter where there is none. Raises NotKept.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotKept("the file is not UTF-8") from None
    lines = _split(text)
    end = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    bare = [line.rstrip("\r\n") for line in lines]
    front = front_matter.split(path, bare)
    fields = dict(_fields(plan))
    start = front_matter.opening(bare)
    if start is None or not front.end:
        return _added(path, text, fields, end, add=add)
    if _OTHER_ENDS.search("".join(lines[: front.end])):
        raise NotKept("its front matter has line ends that programs do not agree about")
    root = _root(front, bare[start], "\n".join(bare[start + 1 : front.end - 1]))
    return _edited(path, lines, (start + 1, front), root, fields, end)


def _split(text: str) -> list[str]:
    """Lines with their ends, cut at line feeds only."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _root(front: front_matter.FrontMatter, mark: str, body: str) -> yaml.MappingNode | None:
    """The front matter's tree with its marks. Raises NotKept for what cannot be edited by lines."""
    if mark.lstrip("\ufeff").startswith("+++"):
        raise NotKept("its front matter is TOML, and implementation_metadata is YAML")
    if front.broken or front.findings:
        why = front.findings[0].reason if front.findings else "it is not valid YAML"
        raise NotKept(f"its front matter has to be mended first: {why.rstrip('.')}")
    for event in yaml.parse(body, Loader=_LOADER):
        if getattr(event, "anchor", None):
            raise NotKept("its front matter has YAML anchors")
    node = yaml.compose(body, Loader=_LOADER)
    if node is None:
        return None
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        raise NotKept("its front matter is not a list of keys on lines of their own")
    return node


def _added(path: str, text: str, fields: Mapping[str, Value], end: str, *, add: bool) -> Written:
    if not add:
        raise NotKept("it has no front matter; --add-front-matter gives it one")
    if not _MARKDOWN.search(path):
        raise NotKept("it has no front matter, and its markup knows none")
    start = 1 if text.startswith("\ufeff") else 0
    block = ["---", f"{ROOT}:", *_block(fields, fields, 2), "---", ""]
    new = text[:start] + end.join(block) + end + text[start:]
    return _proved(path, text, new, Written(new.encode(), tuple(fields), ()))


def _edited(
    path: str,
    lines: list[str],
    where: tuple[int, front_matter.FrontMatter],
    root: yaml.MappingNode | None,
    fields: Mapping[str, Value],
    end: str,
) -> Written:
    first, front = where
    close = front.end - 1  # the closing mark
    ours = metadata.written(front.values)
    keys = [(str(key.value), key, value) for key, value in root.value] if root else []
    found = next(((key, value) for name, key, value in keys if name == ROOT), None)
    column = keys[0][1].start_mark.column if keys else 0
    if found is None:
        block = [f"{' ' * column}{ROOT}:", *_block(fields, fields, column + 2)]
        return _put(path, lines, {(close, close): block}, Written(b"", tuple(fields), ()), end)
    key, value = found
    if isinstance(value, yaml.ScalarNode) and value.value == "" and not value.style:
        at = first + key.start_mark.line + 1
        block = _block(fields, fields, column + 2)
        return _put(path, lines, {(at, at): block}, Written(b"", tuple(fields), ()), end)
    if not isinstance(value, yaml.MappingNode) or value.flow_style:
        raise NotKept(f"its {ROOT} is not a list of keys on lines of their own")
    there = {str(k.value): (first + k.start_mark.line, first + _last(v, k)) for k, v in value.value}
    inner = value.value[0][0].start_mark.column
    mine = {name: v for name, v in fields.items() if name not in there or name in ours}
    if not mine and not ours:
        return Written("".join(lines).encode(), (), tuple(name for name in fields if name in there))
    puts: dict[tuple[int, int], list[str]] = {}
    spare: list[str] = []
    for name in (*(n for n in fields if n in mine), OURS):
        text = _field(name, _ours(mine) if name == OURS else mine[name], inner)
        if name in there:
            puts[there[name][0], there[name][1] + 1] = text
        else:
            spare += text
    for name in ours - mine.keys():
        if name in there and name in _NAMES:  # ours from before, and the plan has nothing for it any more
            puts[there[name][0], there[name][1] + 1] = []
    if spare:
        after = max(last for _, last in there.values()) + 1
        puts[after, after] = spare
    kept = tuple(name for name in there if name in fields and name not in mine)
    return _put(path, lines, puts, Written(b"", tuple(mine), kept), end)


def _last(node: yaml.Node, key: yaml.Node) -> int:
    """The last line that a value takes; a block collection ends with its last scalar, not with what follows."""
    if isinstance(node, yaml.ScalarNode):
        line, column = node.end_mark.line, node.end_mark.column
        if node.value == "" and not node.style:
            return int(key.start_mark.line)
        return int(
            max(key.start_mark.line, line - 1 if column == 0 and line > node.start_mark.line else line)
        )
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.line)
    last = node.value[-1]
    return _last(last[1], last[0]) if isinstance(last, tuple) else _last(last, last)


def _put(
    path: str, lines: list[str], puts: Mapping[tuple[int, int], list[str]], written: Written, end: str
) -> Written:
    """Lines [a, b) become these; everything else stays."""
    new: list[str] = []
    at = 0
    for (start, stop), block in sorted(puts.items()):
        if start < at:
            raise NotKept("its fields overlap")
        new += lines[at:start] + [line + end for line in block]
        at = stop
    text = "".join(new + lines[at:])
    return _proved(path, "".join(lines), text, Written(text.encode(), written.fields, written.kept))


def _proved(path: str, old: str, new: str, written: Written) -> Written:
    """Read again: every other key says the same, and ours can be told from them."""
    before = front_matter.split(path, [line.rstrip("\r\n") for line in _split(old)])
    after = front_matter.split(path, [line.rstrip("\r\n") for line in _split(new)])
    if after.broken or after.findings:
        raise NotKept("with the plan in it, its front matter would be too long or could not be read")
    if _others(before.values, written.fields) != _others(after.values, written.fields):
        raise NotKept("another key of its front matter would say something else")
    if metadata.written(after.values) != frozenset(written.fields):
        raise NotKept("what was written could not be read again")
    if _facts(path, old) != _facts(path, new):
        raise NotKept("the record would say something else with it")
    return written


def _facts(path: str, text: str) -> tuple[object, ...]:
    """What the record says to those who plan from it."""
    record = read(path, text.encode())
    said = [(r.id, r.kind, r.text, r.phase) for r in extract(record)]
    relations = {(r.kind, r.target) for r in record.relations}
    return record.id, record.title, record.status, record.date_text, relations, said


def _others(values: Mapping[str, object], fields: Sequence[str]) -> list[tuple[str, object]]:
    """All that is not ours, in its order."""
    gone = {*fields, OURS, *metadata.written(values)}
    block = values.get(ROOT)
    inner = [(k, v) for k, v in block.items() if k not in gone] if isinstance(block, Mapping) else []
    return [*((k, v) for k, v in values.items() if k != ROOT), *inner]


_NAMES = (
    "feature_requirements",
    "implementation_strategy",
    "ai_generation_context",
    "workflow_generation",
    "success_criteria",
)


def _fields(plan: ImplementationPlan) -> Iterator[tuple[str, Value]]:
    """The plan in the customer's words. What nobody has said of a single requirement (effort, complexity) is left
    out; so are dependencies, which the record states and which would be read from here once it does not."""
    features = [
        {"id": r.id, "name": r.text} | ({"phase": r.phase} if r.phase else {})
        for r in plan.adr_requirements
        if r.kind in _FEATURES
    ]
    yield _NAMES[0], features
    yield (
        _NAMES[1],
        {
            "approach": "a pull request for each phase"
            if plan.pull_requests == "phase"
            else "one pull request",
            "test_driven": plan.test_strategy.new_tests_fail_on_base,
            "rollback_required": plan.rollback_required,
            "integration_points": list(plan.target_files),
        },
    )
    if plan.architectural_patterns:
        yield _NAMES[2], {"code_patterns": list(plan.architectural_patterns)}
    yield (
        _NAMES[3],
        {
            "github_actions_template": plan.template,
            "test_strategy": "-".join(plan.test_strategy.test_types),
            "rollback_triggers": [t.description for t in plan.rollback_triggers],
        },
    )
    criteria = [r.text for r in plan.adr_requirements if r.kind in _CRITERIA]
    if criteria:
        yield _NAMES[4], criteria


def _ours(fields: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"written": list(fields)}


def _block(fields: Mapping[str, Value], mine: Mapping[str, Value], indent: int) -> list[str]:
    out: list[str] = []
    for name, value in {**fields, OURS: _ours(mine)}.items():
        out += _field(name, value, indent)
    return out


def _field(name: str, value: Value, indent: int) -> list[str]:
    lines = _lines(name, value, indent)
    if name == OURS:
        lines[0] += f" # {_NOTE}"
    return lines


def _lines(name: str, value: Value, indent: int) -> list[str]:
    """A key and its value, each scalar on one line and quoted."""
    pad = " " * indent
    if isinstance(value, Mapping) and value:
        return [f"{pad}{name}:", *(line for k, v in value.items() for line in _lines(k, v, indent + 2))]
    if isinstance(value, list | tuple) and value:
        out = [f"{pad}{name}:"]
        for item in value:
            inner = (
                [line for k, v in item.items() for line in _lines(k, v, indent + 4)]
                if isinstance(item, Mapping)
                else [f"{pad}    {_scalar(item)}"]
            )
            out += [f"{pad}  - {inner[0].lstrip(' ')}", *inner[1:]]
        return out
    return [f"{pad}{name}: {_scalar(value)}"]


def _scalar(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return "[]"
    quoted: str = yaml.dump(value, default_style='"', allow_unicode=True, width=1 << 30)
    return quoted.rstrip("\n")
