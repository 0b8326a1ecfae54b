"""`cloi kpis`, `why`, `replay` and `verify`: what the log tells. Reads the store only."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from bot.cli.base import STORE, Trouble, main, show
from bot.cli.log import opened_store, unknown

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
        raise unknown(store, instance)
    return found


@main.command("kpis", short_help="Key Performance Indicators over all that was recorded.")
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
    from bot.insights.kpis import Kpis, kpis
    from bot.render.kpis import table

    opened = opened_store(store)
    found = Kpis()
    for row in opened.summaries(definition=definition):
        try:
            found = found.merge(kpis(opened.read(row.instance)))
        except (StoreError, ValueError) as error:
            show(f"left out: {error}", err=True)
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


@main.command(short_help="Say why an instance is in its state, and what it waits for.")
@click.argument("instance")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@STORE
def why(instance: str, as_json: bool, store: str) -> None:
    """Why an instance is in its state: what led there, what it waits for, what would make it go on."""
    from dataclasses import asdict
    from datetime import UTC, datetime

    from bot.engine.errors import EngineError
    from bot.engine.evolve import fold
    from bot.language.definition import parse
    from bot.language.errors import LanguageError
    from bot.render.why import why as explain

    opened = opened_store(store)
    events = _events(opened, instance)
    try:
        folded = fold(events)
        definition = parse(opened.get_blob(f"sha256:{folded.digest if folded else ''}").decode())
    except KeyError as error:
        raise Trouble(f"{instance}: the definition that it began with is not in the store") from error
    except (EngineError, LanguageError, ValueError) as error:
        raise Trouble(f"{instance}: {error}; `cloi verify` says more") from error
    try:
        found = explain(events, definition, datetime.now(UTC))
    except (KeyError, TypeError, ValueError) as error:  # a step that is none, a time that is none
        raise Trouble(
            f"{instance}: its events are not what was recorded: {error}; `cloi verify` says more"
        ) from error
    click.echo(json.dumps(asdict(found), ensure_ascii=False) if as_json else str(found))


@main.command(short_help="Show the state of an instance after each of its events.")
@click.argument("instance")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a line: the event, and all that it made."
)
@STORE
def replay(instance: str, as_json: bool, store: str) -> None:
    """Fold the events of an instance anew and show its state after each."""
    import msgspec

    from bot.render.why import replay as again
    from bot.render.why import states

    try:
        for event, grown in again(_events(opened_store(store), instance)):
            if as_json:
                click.echo(msgspec.json.encode({"event": event, "instance": grown}))
            else:
                show(f"{event.version:>4}  {event.at[:19]}Z  {event.name:<28}  {states(grown)}")
    except ValueError as error:
        raise Trouble(f"the events do not follow: {error}") from error


@main.command(short_help="Check that what was recorded is whole.")
@click.argument("instance", required=False)
@click.option("--head", help="A head that the bot published on GitHub, to be found in the instance's stream.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and instance.")
@STORE
def verify(instance: str | None, head: str | None, as_json: bool, store: str) -> None:
    """Check what was recorded: hash chains over the stored bytes, folds, definitions, a published head.

    Ends with 1 where something does not fit.
    """
    from dataclasses import asdict

    from bot.insights.verify import verify as look

    if head is not None and instance is None:
        raise Trouble("--head needs the instance whose head it was")
    opened = opened_store(store)
    wrong = 0
    rows = {row.instance: row for row in opened.summaries()}
    if instance is not None and instance not in rows and not opened.head(instance):
        raise unknown(opened, instance)
    for name in [instance] if instance is not None else rows:
        found = look(opened, name, rows.get(name), head)
        wrong += bool(found.problems)
        if as_json:
            click.echo(json.dumps(asdict(found), ensure_ascii=False))
        else:
            show(
                f"{'wrong' if found.problems else 'whole'}  {found.events:>5}  {found.head[:16]:<16}  {name}"
            )
            for problem in found.problems:
                show(f"       {problem}")
    if wrong:
        sys.exit(1)
