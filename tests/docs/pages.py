"""Pages of the documentation as data: blocks, tables, links, sections. For the tests beside this file.

Not a Markdown parser: it knows what our own pages use, and a page that uses more fails loudly elsewhere.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^( *)```([\w-]*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[((?:`[^`]*`|[^\]`])*)\]\(([^)\s]+)\)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True)
class Page:
    """One page. name: its path from the root."""

    name: str

    @property
    def path(self) -> Path:
        return ROOT / self.name

    @property
    def text(self) -> str:
        return _COMMENT.sub("", self.path.read_text(encoding="utf-8"))

    @property
    def prose(self) -> str:
        """The text without its blocks."""
        return _FENCE.sub("", self.text)

    def blocks(self, *languages: str) -> Iterator[str]:
        """Bodies of fenced blocks in one of these languages."""
        for indent, language, body in _FENCE.findall(self.text):
            if language in languages:
                yield re.sub(f"^{indent}", "", body, flags=re.MULTILINE)

    def links(self) -> list[tuple[str, str]]:
        """(text, target) of each link and picture."""
        return _LINK.findall(self.prose)

    def code(self) -> list[str]:
        """Everything in backticks."""
        return re.findall(r"`([^`\n]+)`", self.prose)

    def section(self, heading: str) -> str:
        """What stands under a heading, its subsections included; empty if there is none such."""
        found = re.search(rf"^(#+) {re.escape(heading)}$", self.text, re.MULTILINE)
        if not found:
            return ""
        rest = self.text[found.end() :]
        end = re.search(
            rf"^#{{1,{len(found[1])}}} ", _FENCE.sub(lambda m: "x" * len(m[0]), rest), re.MULTILINE
        )
        return rest[: end.start()] if end else rest

    def headings(self) -> list[str]:
        return re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)

    def anchors(self) -> set[str]:
        """As GitHub makes them."""
        return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in self.headings()}


def rows(markdown: str) -> list[list[str]]:
    """All rows of all tables in it, without heads."""
    lines = [line.strip() for line in markdown.split("\n")]
    out = []
    for i, line in enumerate(lines):
        head = i + 1 < len(lines) and re.fullmatch(r"\|[-|: ]+\|", lines[i + 1])
        if line.startswith("|") and not head and not re.fullmatch(r"\|[-|: ]+\|", line):
            out.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return out


def bare(cell: str) -> str:
    """A cell that is one word of code."""
    return cell.strip("`")


PAGES = [
    Page(p.relative_to(ROOT).as_posix())
    for p in (
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "docs/adr").glob("*.md")),
    )
    if not p.name.startswith("ADR-012-")  # a copy of somebody else's words
]


@cache
def defined(module: Path) -> frozenset[str]:
    """Names that a module defines, and domain events that it says."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names.update(t.id for t in targets if isinstance(t, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.Call(func=ast.Name(id="DomainEvent"), args=[ast.Constant(value=str(name)), *_]):
                names.add(name)
    return frozenset(names)
