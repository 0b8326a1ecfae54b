"""`cloi schema` and `cloi lint`: the definition language of ADR-012, and what is wrong with a text in it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from bot.cli.base import Trouble, main


@main.command()
@click.argument("name", type=click.Choice(["workflow"]))
def schema(name: str) -> None:
    """Print the JSON schema of a language, for editors."""
    from bot.engine.schema import TEXT

    click.echo(TEXT, nl=False)


@main.command()
@click.argument("definitions", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and finding.")
def lint(definitions: tuple[Path, ...], as_json: bool) -> None:
    """Name every mistake in workflow definitions, with its line and what may be meant.

    Ends with 1 where something is wrong; notices alone are none.
    """
    from bot.engine.lint import lint as look
    from bot.render.plain import one_line
    from bot.steps.registry import step_classes

    wrong = 0
    for path in definitions:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Trouble(f"{path} cannot be read: {error}") from error
        for finding in look(text, step_classes()):
            wrong += finding.severity != "notice"
            if as_json:
                click.echo(json.dumps({"file": str(path), **asdict(finding)}, ensure_ascii=False))
            else:
                line = f"{path}:{finding.line}: {finding.severity}: {finding} [{finding.rule}]"
                click.echo(one_line(line))
    if wrong:
        sys.exit(1)
    if not as_json:
        click.echo(f"{len(definitions)} definition{'s' * (len(definitions) > 1)}: nothing wrong", err=True)
