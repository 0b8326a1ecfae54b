"""The story that `cloi demo` tells in a terminal: numbered steps, who did what, and where to look.

Colour only on a terminal, and never where NO_COLOR is set (https://no-color.org). Not here: making it happen.
"""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Mapping
from typing import Literal, TextIO

from bot.render.plain import columns, one_line

Mark = Literal["done", "wait", "fail", "note"]

_SIGNS: Mapping[Mark, str] = {"done": "✓", "wait": "…", "fail": "✗", "note": "·"}
_COLOURS: Mapping[Mark, str] = {"done": "32", "wait": "33", "fail": "31", "note": "90"}
_ACTOR_WIDTH = 8


def wants_colour(out: TextIO, environment: Mapping[str, str]) -> bool:
    """A terminal that is not dumb, and nobody who asked for none."""
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    return out.isatty()


class Story:
    """Writes a story as it happens. Every line is flushed, since the reader is waiting."""

    def __init__(self, out: TextIO, *, colour: bool | None = None, width: int | None = None) -> None:
        """width: in columns, to break long sentences; the terminal's own, and endless where there is none."""
        self._out = out
        self._width = width or (shutil.get_terminal_size().columns if out.isatty() else 0)
        self._colour = wants_colour(out, os.environ) if colour is None else colour
        self._count = 0

    def title(self, text: str) -> None:
        """A new story; its steps count from 1 again."""
        self._count = 0
        self._write(f"\n{self._paint(one_line(text), '1')}\n")

    def step(self, mark: Mark, actor: str, sentence: str, link: str | None = None) -> None:
        """One step. actor: who did it, such as "maria" or "cloi". link: where to look at it."""
        self._count += 1
        sign = self._paint(_SIGNS[mark], _COLOURS[mark])
        who = one_line(actor)
        who = self._paint(who, "36") + " " * (_ACTOR_WIDTH - columns(who))
        indent = " " * (6 + _ACTOR_WIDTH + 1)
        words = one_line(sentence)
        if self._width:
            words = f"\n{indent}".join(textwrap.wrap(words, max(20, self._width - len(indent))))
        self._write(f"{self._count:>3} {sign} {who} {words}")
        if link:
            self._write(indent + self._paint(one_line(link), "90"))

    def note(self, text: str) -> None:
        """A remark that is no step."""
        self._write("    " + self._paint(one_line(text), "90"))

    def end(self, happy: bool, text: str) -> None:
        """The last line."""
        mark: Mark = "done" if happy else "fail"
        self._write(f"\n{self._paint(_SIGNS[mark] + ' ' + one_line(text), '1;' + _COLOURS[mark])}")

    def _paint(self, text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colour and text else text

    def _write(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()
