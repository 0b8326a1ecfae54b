"""`cloi schema`, `lint` and `plugins`: the language of ADR-012, its words, and what is wrong in a text."""

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
    from bot.language.schema import TEXT

    click.echo(TEXT, nl=False)


@main.command(short_help="Name every mistake in workflow definitions.")
@click.argument("definitions", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and finding.")
def lint(definitions: tuple[Path, ...], as_json: bool) -> None:
    """Name every mistake in workflow definitions, with its line and what may be meant.

    Ends with 1 where something is wrong; notices alone are none.
    """
    from bot.github.facts import FIELDS
    from bot.language.lint import lint as look
    from bot.render.plain import one_line
    from bot.steps.registry import installed, step_classes

    types = step_classes()
    plugins = {one.name for one in installed() if one.kind not in ("", "step type")}
    wrong = 0
    for path in definitions:
        try:
            text = path.read_text(encoding="utf-8")
        except IsADirectoryError as error:
            raise Trouble(f"{path}: it is a directory; name the files in it") from error
        except UnicodeDecodeError as error:
            raise Trouble(f"{path}: it is not text in UTF-8") from error
        for finding in look(text, types, plugins, FIELDS):
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


@main.command(short_help="List step types, classifiers, recovery strategies, gates.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON object a line and plugin, with the schema of its inputs.",
)
def plugins(as_json: bool) -> None:
    """List step types, classifiers, recovery strategies and gates. Ends with 1 where one cannot be used."""
    from bot.render.plain import one_line
    from bot.steps.registry import installed

    found = installed()
    for one in found:
        if as_json:
            shown = {"kind": one.kind, "name": one.name, "source": one.source, "problem": one.problem}
            click.echo(json.dumps({**shown, "schema": one.schema}, ensure_ascii=False))
        elif one.problem:
            click.echo(one_line(f"{one.name} from {one.source} {one.problem}"), err=True)
        else:
            needed = one.schema["required"]
            may = [f"[{name}]" for name in one.schema["properties"] if name not in needed]
            click.echo(f"{one.kind:<18} {one.name:<24} {' '.join([*needed, *may])}".rstrip())
    if any(one.problem for one in found):
        sys.exit(1)
