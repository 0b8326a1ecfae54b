"""`cloi backup` and `cloi archive`: copies of the store, and finished work packed away."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.base import STORE, Trouble, main, show

if TYPE_CHECKING:
    from bot.store.sqlite import SQLiteStore


def _sqlite(url: str, *, readonly: bool) -> SQLiteStore:
    from bot.engine.errors import StoreError
    from bot.store import open_store
    from bot.store.sqlite import SQLiteStore

    try:
        opened = open_store(url, readonly=readonly)
    except StoreError as error:
        raise Trouble(str(error)) from error
    if not isinstance(opened, SQLiteStore):
        raise Trouble(f"{url}: only a store in a file can be kept")
    return opened


@main.command(short_help="Copy the store to a new file, and check the copy.")
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="What the copy holds, as one JSON object.")
@STORE
def backup(destination: Path, as_json: bool, store: str) -> None:
    """Copy the store to a new file, also while a server runs, and check the copy: pages and hash chains.

    To go back to it: stop the server, take the store away with the files beside it that end in -wal and -shm (a
    crash leaves them, and they would be read into the copy), put the copy in its place, and start again.
    """
    import msgspec

    from bot.engine.errors import StoreError

    opened = _sqlite(store, readonly=True)
    try:
        made = opened.back_up(destination)
    except StoreError as error:
        raise Trouble(str(error)) from error
    finally:
        opened.close()
    if as_json:
        click.echo(msgspec.json.encode(made))
    else:
        show(
            f"{made.destination}: {made.instances} instances, {made.events} events, {made.size} bytes, sound"
        )


@main.command(short_help="Pack the events of instances that ended long ago.")
@click.option(
    "--older-than", default="30d", show_default=True, help="How long ago it must have ended, in days."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object with the names of what was packed.")
@STORE
def archive(older_than: str, as_json: bool, store: str) -> None:
    """Pack the events of instances that ended long ago, byte for byte, and check each chain before.

    They stay readable: events, replay, why and verify find them as before. The server must be stopped for it.
    Ends with 1 where events are not what was recorded: those stay as they are.
    """
    import json

    from bot.engine.errors import StoreError

    days = re.fullmatch(r"(\d{1,5})d", older_than)
    if not days:
        raise Trouble(f"--older-than {older_than}: write it in days, such as 30d")
    if not Path(store.removeprefix("sqlite:///")).exists():  # it would be made, and a typing error with it
        _sqlite(store, readonly=True).close()
    opened = _sqlite(store, readonly=False)
    try:
        packed, problems = opened.pack(datetime.now(UTC) - timedelta(days=int(days[1])))
    except StoreError as error:
        raise Trouble(str(error)) from error
    finally:
        opened.close()
    if as_json:
        click.echo(json.dumps({"packed": packed, "problems": problems}, ensure_ascii=False))
    else:
        show("\n".join([*packed, f"{len(packed)} instances packed", *problems]))
    if problems:
        sys.exit(1)
