"""The `cloi` command itself, and what its subcommands share. They are grouped by module in this package.

Each subcommand says what it did and ends with 0, with 1 where it found something wrong, or with 2 where it
could not be done as asked. Work is done elsewhere; imports are late, so that help is quick.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from pathlib import Path
from typing import Any

import click

from bot import __version__

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
STORE = click.option(
    "--store",
    envvar="CLOI_STORE_URL",
    default="sqlite:///cloi.sqlite3",
    show_default=True,
    help="Which store; else CLOI_STORE_URL.",
)


def show(text: str, *, err: bool = False) -> None:
    """Print text for people. It may quote files, branches and webhooks of anybody's, and must not drive the
    terminal: control characters, bidirectional overrides and what is invisible are left out."""
    from bot.render.plain import printable

    click.echo(printable(text, keep="\n\t"), err=err)


class Trouble(click.ClickException):
    """What was asked cannot be done; exit code 2."""

    exit_code = 2

    def format_message(self) -> str:
        """As `show` prints."""
        from bot.render.plain import printable

        return printable(self.message, keep="\n\t")


class _Commands(click.Group):
    """Says in a sentence what the system or the store refuses: an unreadable file, a full disk, a torn store."""

    def invoke(self, ctx: click.Context) -> Any:
        from bot.engine.errors import StoreError

        try:
            return super().invoke(ctx)
        except StoreError as error:
            raise Trouble(str(error)) from error
        except OSError as error:
            if error.errno == errno.EPIPE or error.strerror is None:
                raise
            place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
            raise Trouble(f"{place}{error.strerror}") from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cloi")
@click.option("-v", "--verbose", is_flag=True, help="Log what happens inside to stderr.")
def main(verbose: bool) -> None:
    """Decision records become reviewed, judged and revocable work on GitHub."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    for noisy in ("httpx", "httpcore", "hishel"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
