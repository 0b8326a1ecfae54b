"""`cloi events`, `cloi report` and `cloi deliveries`: what arrived, what was recorded, and what came of it.

They only read the store, also beside a running server.
"""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from bot.cli.base import STORE, Trouble, main, show

if TYPE_CHECKING:
    from bot.engine.ports import EventStore


def opened_store(url: str) -> EventStore:
    """The store behind a url, for reading."""
    from bot.engine.errors import StoreError
    from bot.store import open_store

    try:
        return open_store(url, readonly=True)
    except StoreError as error:
        raise Trouble(str(error)) from error


def unknown(store: EventStore, instance: str) -> Trouble:
    """Nobody has this name; one that is nearly the same may be meant."""
    names = [row.instance for row in reversed(list(store.summaries()))]
    near = [n for n in names if n.endswith(f"/{instance}")] or get_close_matches(instance, names, 1, 0.8)
    meant = f"did you mean {near[0]}?" if near else "`cloi events` lists them"
    return Trouble(f"there is no instance {instance}; {meant}")


@main.command(short_help="Show the events of an instance, or list instances.")
@click.argument("instance", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and event, or instance.")
@STORE
def events(instance: str | None, as_json: bool, store: str) -> None:
    """Show the events of an instance, or list the instances. Works beside a running server."""
    import msgspec

    from bot.engine.events import encode
    from bot.render.events import table

    opened = opened_store(store)
    if instance is None:
        for row in opened.summaries():
            if as_json:
                click.echo(msgspec.json.encode(row))
            else:
                show(f"{row.updated_at[:19]}Z  {row.state:<12}  {row.instance}")
        return
    found = opened.read(instance)
    if not found:
        raise unknown(opened, instance)
    if as_json:
        for event in found:
            click.echo(encode(event))
    else:
        try:
            shown = table(found)
        except ValueError as error:
            raise Trouble(f"{instance}: {error}; `cloi verify` says more") from error
        click.echo(shown)


@main.command(short_help="Report what came of an instance, in Markdown.")
@click.argument("instance")
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object, with all figures.")
@STORE
def report(instance: str, as_json: bool, store: str) -> None:
    """Report on an instance: phases, gates, estimate and actual, effects, what was undone and how.

    Markdown. Works beside a running server; what is not over is reported up to its last event.
    """
    import msgspec

    from bot.engine.errors import EngineError, UnknownInstance
    from bot.engine.evolve import fold
    from bot.insights.report import report_of
    from bot.language.errors import LanguageError
    from bot.render.report import report_markdown
    from bot.render.terminal import in_terminal
    from bot.render.view import links_of

    opened = opened_store(store)
    try:
        made, folded = report_of(opened, instance), fold(opened.read(instance))
    except UnknownInstance as error:
        raise unknown(opened, instance) from error
    except (EngineError, LanguageError, ValueError) as error:  # the last where its events do not follow
        raise Trouble(f"{error}; `cloi verify` says more") from error
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(made), indent=2))
    else:
        links = links_of(folded) if folded else ()
        click.echo(in_terminal(report_markdown(made, links=links, most=sys.maxsize)))


@main.command(short_help="List the webhooks that arrived, newest first.")
@click.option(
    "--state",
    type=click.Choice(["pending", "consumed", "ignored", "parked"]),
    help="Only those in this state; parked ones could not be handled.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and delivery.")
@click.option(
    "--limit", default=100, type=click.IntRange(min=1), show_default=True, help="How many of the newest."
)
@STORE
def deliveries(state: str | None, as_json: bool, limit: int, store: str) -> None:
    """List the webhooks that arrived, newest first: what became of each, and why."""
    import json

    found = tuple(opened_store(store).deliveries(state=state, limit=limit))
    if not found:
        show(f"no delivery here is {state}" if state else "no delivery arrived here yet", err=True)
    for one in found:
        if as_json:
            shown = ("id", "event", "received_at", "state", "reason", "attempts")
            click.echo(json.dumps({key: getattr(one, key) for key in shown}))
        else:
            reason = " ".join(one.reason.split())  # one delivery, one line
            show(f"{one.received_at[:19]}Z  {one.state:<9} {one.event:<20} {one.id}  {reason}".rstrip())
