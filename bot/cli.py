"""The `cloi` command. Each subcommand says what it did and ends with 0, with 1 where it found something wrong,
or with 2 where it could not be done as asked. Work is done elsewhere; imports are late, so that help is quick.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot import __version__

if TYPE_CHECKING:
    from bot.plans.plan import ImplementationPlan

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Trouble(click.ClickException):
    """What was asked cannot be done; exit code 2."""

    exit_code = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
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


@main.command()
@click.option(
    "--scenario", default="all", show_default=True, help="Which story to play; `all` plays every one."
)
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object about all stories.")
@click.option("--keep", is_flag=True, help="Keep sandbox and bot running afterwards, to look around.")
def demo(scenario: str, as_json: bool, keep: bool) -> None:
    """Play the main job against a GitHub on this machine, step by step."""
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


@main.command()
def serve() -> None:
    """Receive webhooks and do the work. Settings come from the environment: docs/settings.md."""
    from bot.app import serve as run
    from bot.engine.errors import EngineError
    from bot.github.errors import GitHubError
    from bot.github.signer import BadPrivateKey
    from bot.settings import SettingsError, load_settings

    try:
        settings = load_settings()
        click.echo(f"cloi {__version__} listens on http://{settings.host}:{settings.port}", err=True)
        asyncio.run(run(settings))
    except SettingsError as error:
        raise Trouble(str(error)) from error
    except (EngineError, GitHubError, BadPrivateKey, OSError) as error:
        raise Trouble(str(error)) from error
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


@main.command()
@click.option("--port", default=8080, show_default=True, help="0 takes a free one.")
@click.option(
    "--webhook", default="http://127.0.0.1:8000/webhook", show_default=True, help="Where events go."
)
@click.option(
    "--directory", type=click.Path(path_type=Path), help="Where repositories are kept; else temporary."
)
def sandbox(port: int, webhook: str, directory: Path | None) -> None:
    """A small GitHub on this machine, with the demo's repository and an App, for `cloi serve` to talk to."""
    from bot.demo import serve_sandbox

    try:
        asyncio.run(serve_sandbox(port=port, webhook=webhook, directory=directory, echo=click.echo))
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


@main.group()
def adr() -> None:
    """Decision records."""


@adr.command("read")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and record.")
def adr_read(paths: tuple[Path, ...], as_json: bool) -> None:
    """Read decision records: files, or directories with all below them."""
    from bot.checkout import texts
    from bot.records.jsonview import as_json as view
    from bot.records.kinds import FileKind
    from bot.records.log import RecordLog

    named = {path.as_posix() for path in paths if path.is_file()}
    log = RecordLog({name: path.read_bytes() for name, path in texts(paths)})
    for name in log.files:
        if log.kind_of(name) is not FileKind.ADR and name in named:
            click.echo(f"{name}: {log.kind_of(name).value}, not a decision record", err=True)
    for record in log:
        if as_json:
            click.echo(json.dumps(view(record), ensure_ascii=False))
        else:
            status = record.status.value if record.status else "no status"
            click.echo(
                f"{record.id or '-':<12} {status:<12} {record.date or '-':<10} {record.title or record.path}"
            )
    if not len(log):
        raise Trouble("no decision records found there")


def _planned(file: Path) -> ImplementationPlan:
    from bot.checkout import checkout_of, log_beside, record_in
    from bot.plans.configuration import ConfigurationError
    from bot.plans.planner import plan as make

    try:
        place = checkout_of(file)
    except ConfigurationError as error:
        raise Trouble(str(error)) from error
    log = log_beside(file, place.root)
    record = record_in(file, place.root, log)
    if record is None:
        raise Trouble(f"{file} is not a decision record that I can read")
    return make(record, place.configuration, log=log, paths_in_repository=place.paths)


def _say_obstacles(plan: ImplementationPlan) -> None:
    for sentence in plan.blocked:
        click.echo(f"blocked: {sentence}", err=True)
    for sentence in plan.warnings:
        click.echo(f"warning: {sentence}", err=True)


@main.command()
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="The plan as it would be committed.")
def plan(file: Path, as_json: bool) -> None:
    """Show the implementation plan that follows from a decision record."""
    from bot.plans.plan import to_json
    from bot.render.plan import plan_markdown
    from bot.render.terminal import in_terminal

    made = _planned(file)
    if as_json:
        click.echo(to_json(made), nl=False)
        _say_obstacles(made)
    else:
        click.echo(in_terminal(plan_markdown(made, most=sys.maxsize)))


@main.command()
@click.argument("file", type=FILE)
@click.option(
    "--public-url",
    envvar="CLOI_PUBLIC_URL",
    default="http://localhost:8000",
    show_default=True,
    help="Where runners reach the bot.",
)
def workflow(file: Path, public_url: str) -> None:
    """Print the GitHub Actions workflow that would implement a decision record."""
    from bot.actions.generator import GitHubActionsGenerator
    from bot.actions.workflow import GenerationError
    from bot.runner import build
    from bot.web.site import runner_path

    made = _planned(file)
    runner = build.build()
    url = public_url.rstrip("/") + runner_path(runner)
    generator = GitHubActionsGenerator(runner_url=url, runner_sha256=build.sha256(), version=__version__)
    try:
        generated = generator.generate(made)
    except GenerationError as error:
        raise Trouble(str(error)) from error
    click.echo(generated.text, nl=False)
    _say_obstacles(made)


@main.command()
@click.argument("instance", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and event.")
@click.option("--store", envvar="CLOI_STORE_URL", default="sqlite:///cloi.sqlite3", show_default=True)
def events(instance: str | None, as_json: bool, store: str) -> None:
    """Show the events of an instance, or list the instances. Works beside a running server."""
    from bot.app import store_path
    from bot.engine.errors import StoreError
    from bot.engine.events import encode
    from bot.render.events import table
    from bot.settings import SettingsError
    from bot.store.sqlite import SQLiteStore

    try:
        opened = SQLiteStore.open_readonly(store_path(store))
    except (StoreError, SettingsError) as error:
        raise Trouble(str(error)) from error
    if instance is None:
        for row in opened.summaries():
            click.echo(f"{row.updated_at[:19]}Z  {row.state:<12}  {row.instance}")
        return
    found = opened.read(instance)
    if not found:
        raise Trouble(f"there is no instance {instance}; `cloi events` lists them")
    if as_json:
        for event in found:
            click.echo(encode(event))
    else:
        click.echo(table(found))


def _runner(name: str, help_text: str) -> Callable[..., Any]:
    @main.command(
        name,
        help=help_text,
        context_settings={"ignore_unknown_options": True, "help_option_names": []},
        add_help_option=False,
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(arguments: tuple[str, ...]) -> None:
        from bot.runner.cli import main as run

        sys.exit(run([name, *arguments]))

    return command


_runner("generate", "Inside a workflow: generate implementation, tests or docs from the plan.")
_runner("gate", "Inside a workflow: judge a patch, run tests, verify.")

if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
