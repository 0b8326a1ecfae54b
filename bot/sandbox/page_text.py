"""Long texts cut into what a page shows: diffs into numbered lines with annotations, logs into folded groups.

Pure; every text stays plain and is escaped by the templates. Not here: Markdown (markdown.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.diffs import FileChange

LINES = 3000  # of one file or log section; more is said, not shown
_HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)$")
_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ")
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_COMMAND = re.compile(r"^##\[(group|endgroup|error|warning|notice|command|debug)\](.*)$")
_PINNED = re.compile(r"@([0-9a-f]{7})[0-9a-f]{33}\b")
SUMMARY = "Job summary"


@dataclass(frozen=True)
class DiffLine:
    """look: same, added, removed, hunk or note. old, new: line numbers, from 1; 0 where there is none."""

    look: str
    text: str
    old: int = 0
    new: int = 0
    annotations: tuple[dict[str, Any], ...] = ()


@dataclass
class Section:
    """A group of a log. looks of its lines: plain, error, warning, notice, head."""

    title: str
    lines: list[tuple[str, str]] = field(default_factory=list)
    left_out: int = 0

    @property
    def failed(self) -> bool:
        """Whether it holds an error, and so is shown open."""
        return any(look == "error" for look, _ in self.lines)


def visible(text: str) -> str:
    """Text without what a terminal would obey or what would turn the writing's direction."""
    return _CONTROL.sub("·", _ESCAPE.sub("", text))


def brief(text: str) -> str:
    """`visible`, with the commits that actions are pinned to cut to what people recognise."""
    return _PINNED.sub(r"@\1", visible(text))


def diff_lines(change: FileChange, annotations: Sequence[dict[str, Any]] = ()) -> list[DiffLine]:
    """The lines of a file's patch, each annotation under the last line that it is about."""
    made: list[DiffLine] = []
    old = new = 0
    for line in (change.patch or "").split("\n")[:LINES]:
        if hunk := _HUNK.match(line):
            old, new = int(hunk[1]), int(hunk[2])
            made.append(DiffLine("hunk", visible(line)))
            continue
        if not old and not new:
            continue
        sign, text = line[:1], visible(line[1:])
        if sign == "+":
            made.append(DiffLine("added", text, 0, new, _at(annotations, change.path, new)))
            new += 1
        elif sign == "-":
            made.append(DiffLine("removed", text, old))
            old += 1
        elif sign == "\\":
            made.append(DiffLine("note", visible(line[2:])))
        else:
            made.append(DiffLine("same", text, old, new, _at(annotations, change.path, new)))
            old, new = old + 1, new + 1
    return made


def _at(annotations: Sequence[dict[str, Any]], path: str, line: int) -> tuple[dict[str, Any], ...]:
    return tuple(a for a in annotations if a.get("path") == path and a.get("end_line") == line)


def log_sections(log: str) -> list[Section]:
    """A job's log by its outer groups; what stands outside of any is a section without title."""
    made: list[Section] = []
    depth = 0
    for raw in log.rstrip("\n").split("\n"):
        line = visible(_STAMP.sub("", raw.rstrip("\r")))
        command = _COMMAND.match(line)
        if command and command[1] == "group":
            depth += 1
            if depth == 1:
                made.append(Section(command[2] or "Group"))
                continue
            _add(made, "head", command[2])
        elif command and command[1] == "endgroup":
            depth = max(depth - 1, 0)
            if depth == 0:
                made.append(Section(""))
        elif command:
            look = command[1] if command[1] in ("error", "warning", "notice") else "plain"
            _add(made, look, command[2])
        elif line or (made and made[-1].lines):
            _add(made, "plain", line)
    return [section for section in made if section.title or any(text for _, text in section.lines)]


def _add(made: list[Section], look: str, text: str) -> None:
    if not made:
        made.append(Section(""))
    if len(made[-1].lines) < LINES:
        made[-1].lines.append((look, text))
    else:
        made[-1].left_out += 1


def summary_of(sections: Sequence[Section]) -> str:
    """The Markdown that a job wrote as its summary, if it did."""
    return "\n".join(text for s in sections if s.title == SUMMARY for _, text in s.lines)


def text_lines(data: bytes) -> list[str] | None:
    """The lines of a file to show; None if it is binary."""
    if b"\0" in data[:8000]:
        return None
    return [visible(line) for line in data.decode(errors="replace").splitlines()[:LINES]]
