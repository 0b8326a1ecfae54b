"""How fast records are read, on one core: `python benchmarks/records.py [DIRECTORY]`.

Prints seconds for 1,000 records. Without a directory, records of 10 kB are made up, the mean size of a real one.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bot.records.reader import read

GOAL = 4.0


def made_up() -> list[tuple[str, bytes]]:
    """Forty records with headers, prose, lists, tables and code."""
    prose = "A line of prose that says why something was done, and what it costs us over the years.\n"
    part = (
        "## Part of it\n\n" + prose * 6 + "\nSee ADR-0001 for more.\n\n" + prose * 5
        + "\n" + "- a point with some words that explain it, a bit longer than usual\n" * 5
        + "- see [the other one](0002-y.md) for more about it\n"
        + "\n| a | b |\n|---|---|\n" + "| one | two |\n" * 4
        + "\n```js\n" + "const x = compute(1, 2, 3);\n" * 8 + "```\n\n"
    )  # fmt: skip
    head = "# ADR-{0:04d}: Title {0}\n\n**Status:** Accepted  \n**Date:** 2024-05-31\n\n"
    return [(f"docs/adr/{n:04d}-x.md", (head.format(n) + part * 8).encode()[:10_000]) for n in range(40)]


def main() -> int:
    """Measure three times and print the best; exit 1 if it misses the goal."""
    files = made_up()
    if len(sys.argv) > 1:
        root = Path(sys.argv[1])
        files = [(p.relative_to(root).as_posix(), p.read_bytes()) for p in sorted(root.rglob("*.md"))]
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for path, data in files:
            read(path, data)
        best = min(best, time.process_time() - start)
    kilobytes = sum(len(data) for _, data in files) / len(files) / 1024
    seconds = best / len(files) * 1000
    print(
        f"{len(files)} records of {kilobytes:.1f} kB on average: {seconds:.2f} s for 1,000 (goal {GOAL:.0f} s)"
    )
    return 0 if seconds < GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
