"""`cloi generate` and `cloi gate`: what runs inside a workflow, here from the installed package."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from bot.cli.base import main


def _runner(name: str, help_text: str, short: str) -> Callable[..., Any]:
    @main.command(
        name,
        help=help_text,
        short_help=short,
        context_settings={"ignore_unknown_options": True, "help_option_names": []},
        add_help_option=False,
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(arguments: tuple[str, ...]) -> None:
        from bot.runner.cli import main as run

        sys.exit(run([name, *arguments]))

    return command


_runner(
    "generate",
    "Inside a workflow: generate implementation, tests or docs from the plan.",
    "Inside a workflow: let the agent write.",
)
_runner("gate", "Inside a workflow: judge a patch, run tests, verify.", "Inside a workflow: judge.")
