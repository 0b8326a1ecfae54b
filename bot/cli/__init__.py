"""The `cloi` command, `main`, with all its groups."""

from __future__ import annotations

from bot.cli import checking, insights, keeping, language, log, optimizing, records, runner, running
from bot.cli.base import Trouble, main

__all__ = [
    "Trouble",
    "checking",
    "insights",
    "keeping",
    "language",
    "log",
    "main",
    "optimizing",
    "records",
    "runner",
    "running",
]
