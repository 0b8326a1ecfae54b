"""`cloi adr`, `plan` and `workflow`: what follows from a decision record."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot import __version__
from bot.cli.base import Trouble, main, show

if TYPE_CHECKING:
    from bot.plans.plan import ImplementationPlan
    from bot.records.record import Record


PATHS = click.argument(
    "paths",
    nargs=-1,
    type=click.Path(exists=True, path_type=Path),
    callback=lambda _context, _parameter, given: given or (Path(),),
)
"""Files and directories; without any, the directory that one stands in."""


@main.group()
def adr() -> None:
    """Decision records."""


@adr.command("read", short_help="Read decision records from files and directories.")
@PATHS
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and record.")
def adr_read(paths: tuple[Path, ...], as_json: bool) -> None:
    """Read decision records: files, or directories with all below them; else those below this directory."""
    from bot.checkout import texts
    from bot.records.jsonview import as_json as view
    from bot.records.kinds import FileKind
    from bot.records.log import RecordLog
    from bot.records.reader import read_all

    asked = dict(texts(paths))
    # The log beside a file settles what the file leaves open, such as whether 10/02/2020 is in February.
    beside = dict(texts({path.parent for path in paths if path.is_file()}, deep=False))
    log = RecordLog({name: path.read_bytes() for name, path in {**beside, **asked}.items()})
    named = {path.as_posix() for path in paths if path.is_file()}
    count = 0
    for name in asked:
        records = log.all_of(name)
        if not records and name in named:  # whoever names a file wants to see it, whatever it looks like
            kind = log.kind_of(name)
            if kind is not FileKind.ADR:
                show(f"{name}: looks like {kind.value}, not like a decision record", err=True)
            records = tuple(read_all(name, log.files[name]))
        for record in records:
            count += 1
            if as_json:
                click.echo(json.dumps(view(record), ensure_ascii=False))
            else:
                status = record.status.value if record.status else "no status"
                title = record.title or record.path
                show(f"{record.id or '-':<12} {status:<12} {record.date or '-':<10} {title}")
    if not count:
        raise Trouble("no decision records found there")


def _one_of(found: tuple[Record, ...], file: Path, named: str | None) -> Record:
    """The record that is meant. Raises Trouble, with what could be said instead."""
    if named is not None:
        words = named.casefold()
        meant = [r for r in found if words in ((r.id or "").casefold(), str(r.number))]
    else:
        meant = list(found)
    if len(meant) == 1:
        return meant[0]
    ids = [r.id or "" for r in found]
    if named is not None and not meant:
        raise Trouble(f"{file} holds no record {named}, but {', '.join(ids)}")
    options = ", ".join(f"--record {name}" for name in ids)
    raise Trouble(f"{file} holds {len(found)} records, and a plan is for one; say which: {options}")


def _planned(file: Path, named: str | None = None, *, alone: bool = False) -> ImplementationPlan:
    """alone: whether the record has to have the file for itself."""
    from bot.checkout import checkout_of, log_beside, records_in, why_none
    from bot.plans.configuration import ConfigurationError
    from bot.plans.planner import plan as make

    try:
        place = checkout_of(file)
    except ConfigurationError as error:
        raise Trouble(str(error)) from error
    log = log_beside(file, place.root)
    found = records_in(file, place.root, log)
    if not found:
        raise Trouble(f"{file} is no decision record: {why_none(file, place.root, log)}")
    if alone and len(found) > 1:
        raise Trouble(f"{file} holds {len(found)} records, and its front matter is none of theirs alone")
    record = _one_of(found, file, named)
    # A checkout does not tell what was merged, nor who reviewed it; of the latter the plan says that GitHub knows.
    only_there = place.configuration.accepted_when == "reviewed"
    return make(record, place.configuration, log=log, paths_in_repository=place.paths, merged=only_there)


def _say_obstacles(plan: ImplementationPlan) -> None:
    for sentence in plan.blocked:
        show(f"blocked: {sentence}", err=True)
    for sentence in plan.warnings:
        show(f"warning: {sentence}", err=True)


def _write_back(file: Path, plan: ImplementationPlan, *, add: bool) -> None:
    from bot.checkout import replace_file
    from bot.plans.write_back import NotKept, write_back

    data = file.read_bytes()
    try:
        made = write_back(plan.adr.path, data, plan, add=add)
    except NotKept as error:
        raise Trouble(f"{file} was left as it is: {error}") from error
    if made.data != data:
        replace_file(file, made.data)
        show(f"{file}: wrote {', '.join(made.fields)}")
    else:
        show(f"{file}: it says so already")
    if made.kept:
        show(f"kept as people wrote it: {', '.join(made.kept)}")


RECORD = click.option("--record", "named", help="Which one, where a file holds several: its id or number.")
A_RECORD = click.argument("file", type=click.Path(exists=True, path_type=Path))


@main.command(short_help="Show the plan that follows from a decision record.")
@A_RECORD
@RECORD
@click.option("--json", "as_json", is_flag=True, help="The plan as it would be committed.")
@click.option(
    "--write-back",
    is_flag=True,
    help="Write it into the record's own front matter; an edit, so its digest changes.",
)
@click.option(
    "--add-front-matter", is_flag=True, help="With --write-back, also where the record has none yet."
)
def plan(file: Path, named: str | None, as_json: bool, write_back: bool, add_front_matter: bool) -> None:
    """Show the implementation plan that follows from a decision record."""
    from bot.checkout import page_of
    from bot.plans.plan import to_json
    from bot.render.plan import plan_markdown
    from bot.render.terminal import in_terminal

    file = page_of(file)
    made = _planned(file, named, alone=write_back)
    if write_back or add_front_matter:
        if as_json or not write_back:
            raise Trouble("--add-front-matter goes with --write-back, and neither with --json")
        _write_back(file, made, add=add_front_matter)
    elif as_json:
        click.echo(to_json(made), nl=False)
        _say_obstacles(made)
    else:
        click.echo(in_terminal(plan_markdown(made, most=sys.maxsize)))


@main.command(short_help="Print the GitHub Actions workflow for a decision record.")
@A_RECORD
@RECORD
@click.option(
    "--public-url",
    envvar="CLOI_PUBLIC_URL",
    default="http://localhost:8000",
    show_default=True,
    help="Where runners reach the bot.",
)
def workflow(file: Path, named: str | None, public_url: str) -> None:
    """Print the GitHub Actions workflow that would implement a decision record."""
    from bot.actions.generator import GitHubActionsGenerator
    from bot.actions.workflow import GenerationError
    from bot.checkout import page_of
    from bot.runner import build
    from bot.web.site import runner_path

    made = _planned(page_of(file), named)
    runner = build.build()
    url = public_url.rstrip("/") + runner_path(runner)
    generator = GitHubActionsGenerator(runner_url=url, runner_sha256=build.sha256(), version=__version__)
    try:
        generated = generator.generate(made)
    except GenerationError as error:
        raise Trouble(str(error)) from error
    click.echo(generated.text, nl=False)
    _say_obstacles(made)
