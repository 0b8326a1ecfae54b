"""`cloi kpis`, `why`, `replay` and `verify`: what the log tells. Reads the store only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from bot.cli.base import STORE, Trouble, main
from bot.cli.log import opened_store

if TYPE_CHECKING:
    from bot.engine.events import Event
    from bot.engine.ports import EventStore


def _events(store: EventStore, instance: str) -> list[Event]:
    from bot.engine.errors import StoreError

    try:
        found = store.read(instance)
    except StoreError as error:
        raise Trouble(str(error)) from error
    if not found:
        raise Trouble(f"there is no instance {instance}; `cloi events` lists them")
    return found


@main.command("kpis")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and group.")
@click.option("--definition", help="Of this workflow definition only.")
@click.option("--repository", help="Of this repository only.")
@click.option(
    "--by", type=click.Choice(["definition", "repository"]), default="definition", show_default=True
)
@STORE
def show_kpis(as_json: bool, definition: str | None, repository: str | None, by: str, store: str) -> None:
    """The Key Performance Indicators of ADR-012, over everything that was recorded."""
    import msgspec

    from bot.engine.errors import StoreError
    from bot.engine.kpis import Kpis, kpis
    from bot.render.kpis import table

    opened = opened_store(store)
    found = Kpis()
    for row in opened.summaries(definition=definition):
        try:
            found = found.merge(kpis(opened.read(row.instance)))
        except (StoreError, ValueError) as error:
            click.echo(f"left out: {error}", err=True)
    groups = [g for g in found.counts if repository in (None, g[1])]
    for name in sorted({g[by == "repository"] for g in groups}):
        chosen = {"definition": definition, "repository": repository, by: name}
        indicators = found.indicators(**chosen)
        if as_json:
            click.echo(json.dumps({**chosen, **msgspec.to_builtins(indicators)}, ensure_ascii=False))
        else:
            click.echo(table(name or "no repository", indicators) + "\n")
    if not groups:
        click.echo("nothing was recorded yet that this asks for", err=True)
