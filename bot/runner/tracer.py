"""Runs a Python program and writes down which lines of given files it reached. Standard library only.

Started as a file by the test command's own interpreter, which need not be ours:

    python tracer.py OUT.json FILES.json -m module arguments…

FILES.json lists absolute paths; OUT.json maps each to its reached lines. The program behaves as without it.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import threading
from types import FrameType
from typing import Any


def main(argv: list[str]) -> None:
    """Run the program, then write the lines, however it ended."""
    out, files, arguments = argv[0], argv[1], argv[2:]
    with open(files, encoding="utf-8") as listing:  # noqa: PTH123 (old interpreters, no imports)
        reached: dict[str, set[int]] = {path: set() for path in json.load(listing)}
    known: dict[str, set[int] | None] = {}

    def local(frame: FrameType, event: str, _arg: Any) -> Any:
        lines = known[frame.f_code.co_filename]
        if event == "line" and lines is not None:
            lines.add(frame.f_lineno)
        return local

    def trace(frame: FrameType, _event: str, _arg: Any) -> Any:
        name = frame.f_code.co_filename
        if name not in known:
            known[name] = reached.get(os.path.realpath(name))
        lines = known[name]
        if lines is None:
            return None
        lines.add(frame.f_lineno)
        return local

    sys.path[0] = os.getcwd()  # noqa: PTH109
    threading.settrace(trace)
    sys.settrace(trace)
    try:
        if arguments[0] == "-m":
            sys.argv = arguments[1:]
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = arguments
            sys.path[0] = os.path.dirname(os.path.abspath(arguments[0]))  # noqa: PTH100, PTH120
            runpy.run_path(arguments[0], run_name="__main__")
    finally:
        sys.settrace(None)
        with open(out, "w", encoding="utf-8") as target:  # noqa: PTH123
            json.dump({path: sorted(lines) for path, lines in reached.items()}, target)


if __name__ == "__main__":
    main(sys.argv[1:])
