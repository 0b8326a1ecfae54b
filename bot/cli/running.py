"""`cloi demo`, `serve` and `sandbox`: what runs until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from bot import __version__
from bot.cli.base import Trouble, main, show


def _needs_sandbox() -> None:
    """A server does without it, so `pip install .` leaves out what it is made of."""
    if find_spec("jsonschema_rs") is None:
        raise Trouble("a GitHub on this machine needs more: `pip install '.[sandbox]'`, or `make demo`")
    if shutil.which("git") is None:
        raise Trouble("git is not installed here, and the repositories of the sandbox are real ones")


@main.command(short_help="Play the main job against a GitHub on this machine.")
@click.option(
    "--scenario", default="all", show_default=True, help="Which story to play; `all` plays every one."
)
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object about all stories.")
@click.option("--keep", is_flag=True, help="Keep sandbox and bot running afterwards, to look around.")
def demo(scenario: str, as_json: bool, keep: bool) -> None:
    """Play the main job against a GitHub on this machine, step by step."""
    _needs_sandbox()
    from bot.demo import STORIES, StoodStill, as_told, play

    if scenario != "all" and scenario not in STORIES:
        raise Trouble(f"there is no scenario {scenario!r}; there are: all, {', '.join(STORIES)}")
    names = list(STORIES) if scenario == "all" else [scenario]
    try:
        reports = asyncio.run(play(names, keep=keep, out=sys.stderr if as_json else sys.stdout))
    except StoodStill as error:
        raise Trouble(str(error)) from error
    except KeyboardInterrupt:
        return
    if as_json:
        click.echo(json.dumps({"stories": reports}, indent=2))
    if not all(as_told(report) for report in reports):
        sys.exit(1)


@main.command(short_help="Receive webhooks and do the work.")
def serve() -> None:
    """Receive webhooks and do the work. Settings come from the environment: docs/settings.md."""
    from bot.app import serve as run
    from bot.engine.errors import EngineError
    from bot.github.errors import GitHubError, NotFound, Unavailable
    from bot.github.signer import BadPrivateKey
    from bot.language.errors import LanguageError
    from bot.settings import SettingsError, load_settings, misspelt

    for sentence in misspelt():
        show(f"Remark: {sentence}", err=True)
    try:
        settings = load_settings()
        asyncio.run(run(settings, lambda url: click.echo(f"cloi {__version__} listens on {url}", err=True)))
    except SettingsError as error:
        raise Trouble(str(error)) from error
    except OSError as error:
        raise Trouble(error.strerror or str(error)) from error
    except (Unavailable, NotFound) as error:
        place = f"CLOI_GITHUB_URL is {settings.github_url}"
        raise Trouble(f"{error} {place}; whoever runs the bot should see whether that is right.") from error
    except (EngineError, LanguageError, GitHubError, BadPrivateKey) as error:
        raise Trouble(str(error)) from error
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


@main.command(short_help="Start a small GitHub on this machine, to try things.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one."
)
@click.option(
    "--webhook", default="http://127.0.0.1:8000/webhook", show_default=True, help="Where events go."
)
@click.option(
    "--directory", type=click.Path(path_type=Path), help="Where repositories are kept; else temporary."
)
def sandbox(port: int, webhook: str, directory: Path | None) -> None:
    """A small GitHub on this machine, with the demo's repository and an App, for `cloi serve` to talk to."""
    _needs_sandbox()
    from bot.demo import serve_sandbox

    if directory:
        directory = directory.absolute()  # it is told to another terminal
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise Trouble(f"{directory}: a sandbox begins anew each time; name an empty directory, or none")
    try:
        asyncio.run(serve_sandbox(port=port, webhook=webhook, directory=directory, echo=click.echo))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES) or error.filename:
            raise
        raise Trouble(f"port {port}: {error.strerror}; --port 0 takes a free one") from error
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
