"""A definition's text with other dependencies or repetitions, and everything else as it was: comments, order,
style.

Only the places that change are written. Afterwards the text is read again: if it does not say exactly what was
asked for, or if `cloi lint` would find more in it than before, it is refused. Not here: what to change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import yaml

from bot.language.definition import WorkflowDefinition, parse
from bot.language.errors import DefinitionError
from bot.language.lint import lint

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")
_Edit = tuple[int, int, str]
"""From, to, and what stands there instead."""


class CannotAmend(Exception):
    """The text is written in a way that cannot be changed in place."""


def amended(wanted: WorkflowDefinition) -> str:
    """The text of `wanted`, changed to say what `wanted` says of depends_on and retry attempts.

    Raises CannotAmend.
    """
    text = wanted.text
    before = parse(text)
    edits: list[_Edit] = []
    for node in _steps(text):
        name = _value(node, "name")
        if not isinstance(name, yaml.ScalarNode):
            raise CannotAmend("a step has no name of its own")
        old, new = before.step(name.value), wanted.step(name.value)
        if set(old.depends_on) != set(new.depends_on):
            edits.append(_depends_on(text, node, new.depends_on))
        if old.retry.attempts != new.retry.attempts:
            edits.append(_attempts(text, node, new.retry.attempts))
    out = text
    for start, end, instead in sorted(edits, reverse=True):
        out = out[:start] + instead + out[end:]
    _prove(before, wanted, out)
    return out


def _prove(before: WorkflowDefinition, wanted: WorkflowDefinition, text: str) -> None:
    try:
        after = parse(text)
    except DefinitionError as error:
        raise CannotAmend(f"the change would not load: {error}") from error
    if _said(after) != _said(wanted):
        raise CannotAmend("the text cannot be changed in place without changing something else")
    known = {(f.rule, f.message) for f in lint(before.text)}
    if any((f.rule, f.message) not in known and f.severity != "notice" for f in lint(text)):
        raise CannotAmend("the change would have something for `cloi lint` to find")


def _said(definition: WorkflowDefinition) -> WorkflowDefinition:
    steps = tuple(replace(s, depends_on=tuple(sorted(set(s.depends_on)))) for s in definition.steps)
    return replace(definition, steps=steps, text="", digest="")


def _steps(text: str) -> Sequence[yaml.MappingNode]:
    root = yaml.compose(text, Loader=yaml.BaseLoader)
    steps = _value(_value(root, "workflow"), "steps")
    if not isinstance(steps, yaml.SequenceNode):
        raise CannotAmend("its steps are no list")
    nodes = [n for n in steps.value if isinstance(n, yaml.MappingNode)]
    if len({id(n) for n in nodes}) != len(steps.value):
        raise CannotAmend("its steps are written by aliases")
    return nodes


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                found: yaml.Node = value
                return found
    return None


def _depends_on(text: str, step: yaml.MappingNode, names: Sequence[str]) -> _Edit:
    flow = "[" + ", ".join(_word(n) for n in names) + "]"
    found = _value(step, "depends_on")
    if found is None:
        return _added(text, step, f"depends_on: {flow}")
    _own(step, found)
    if not isinstance(found, yaml.SequenceNode):
        raise CannotAmend("depends_on is no list")
    if found.flow_style:
        return found.start_mark.index, found.end_mark.index, flow
    return _block(text, found, names)


def _block(text: str, found: yaml.SequenceNode, names: Sequence[str]) -> _Edit:
    """A list with an item a line: lines of items that stay are kept, with their comments."""
    start = text.rfind("\n", 0, found.value[0].start_mark.index) + 1
    last = text.find("\n", found.value[-1].end_mark.index)
    end = len(text) if last < 0 else last + 1
    lead = text[start : found.value[0].start_mark.index]
    if lead.strip() != "-" or not names:
        # Its first item stands beside other things, or none is left: the list moves up to its key.
        colon = text.rfind(":", 0, found.start_mark.index)
        between = text[colon + 1 : found.start_mark.index]
        at = found.start_mark.index if between.strip() else colon + 1
        flow = "[" + ", ".join(map(_word, names)) + "]"
        return at, found.value[-1].end_mark.index, flow if between.strip() else f" {flow}"
    known = {item.value for item in found.value}
    lines = []
    at = start
    for item in found.value:
        stop = text.find("\n", item.end_mark.index)
        stop = end if stop < 0 else stop + 1
        if item.value in names:
            lines.append(text[at:stop])
        at = stop
    eol = "\r\n" if "\r\n" in text else "\n"
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += eol
    lines += [f"{lead}{_word(name)}{eol}" for name in names if name not in known]
    return start, end, "".join(lines)


def _attempts(text: str, step: yaml.MappingNode, attempts: int) -> _Edit:
    found = _value(step, "retry")
    if found is None:
        return _added(text, step, f"retry: {{attempts: {attempts}}}")
    _own(step, found)
    number = _value(found, "attempts")
    if number is not None:
        _own(step, number)
        return number.start_mark.index, number.end_mark.index, str(attempts)
    if not isinstance(found, yaml.MappingNode) or not found.value:
        raise CannotAmend("retry is no mapping")
    return _added(text, found, f"attempts: {attempts}", after=found.value[-1][0].value)


def _added(text: str, mapping: yaml.MappingNode, pair: str, after: str = "type") -> _Edit:
    """One more key, after another one of the same mapping."""
    key, value = next(((k, v) for k, v in mapping.value if k.value == after), (None, None))
    if key is None or not isinstance(value, yaml.ScalarNode):
        raise CannotAmend(f"there is no place for {pair.partition(':')[0]}")
    if mapping.flow_style:
        at = value.end_mark.index
        return at, at, f", {pair}"
    line = text.find("\n", value.end_mark.index)
    eol = "\r\n" if line > 0 and text[line - 1] == "\r" else "\n"
    margin = " " * key.start_mark.column
    if line < 0:
        return len(text), len(text), f"{eol}{margin}{pair}"
    return line + 1, line + 1, f"{margin}{pair}{eol}"


def _own(step: yaml.MappingNode, node: yaml.Node) -> None:
    """A node that stands elsewhere came by an alias: changing it would change other steps too."""
    if not step.start_mark.index <= node.start_mark.index < step.end_mark.index:
        raise CannotAmend("it is written by an alias")


def _word(name: str) -> str:
    return name if _PLAIN.match(name) else "'" + name.replace("'", "''") + "'"
