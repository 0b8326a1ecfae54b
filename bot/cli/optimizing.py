"""`cloi predict` and `cloi optimise`: what the log tells about the next run. Reads the store only."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.base import STORE, Trouble, main, show
from bot.cli.log import opened_store

if TYPE_CHECKING:
    from bot.engine.ports import EventStore
    from bot.insights.optimizer import IntelligentWorkflowOptimizer
    from bot.language.definition import WorkflowDefinition

DEFINITION = click.argument("definition")


def _definition(named: str, store: EventStore) -> tuple[WorkflowDefinition, str]:
    """The definition in a file, of this bot, or that an instance in the store began with last; and its file's
    name."""
    from bot.app import definitions
    from bot.language.definition import parse
    from bot.language.errors import LanguageError

    path = Path(named)
    try:
        if path.suffix in (".yaml", ".yml") or path.is_file():
            return parse(
                path.read_text(encoding="utf-8")
            ), path.name if path.is_absolute() else path.as_posix()
        for known in definitions():
            if known.name == named:
                return known, f"templates/workflows/{named}.yaml"
        for row in reversed(store.summaries(definition=named)):
            first = store.read(row.instance)[:1]
            digest = getattr(first[0].body, "digest", "") if first else ""
            return parse(store.get_blob(f"sha256:{digest}").decode()), f"{named}.yaml"
    except (LanguageError, UnicodeDecodeError) as error:
        raise Trouble(f"{named}: {error}") from error
    except KeyError as error:
        raise Trouble(f"{named}: the text of this definition is not in the store") from error
    raise Trouble(f"there is no definition {named}; name a file, or one that `cloi kpis` lists")


def _optimizer(store: EventStore, definition: WorkflowDefinition) -> IntelligentWorkflowOptimizer:
    from bot.insights.history import gathered
    from bot.insights.optimizer import IntelligentWorkflowOptimizer
    from bot.steps.registry import step_classes

    free = {name for name, cls in step_classes().items() if cls.effect_free}
    return IntelligentWorkflowOptimizer(gathered(store, definition.name), free)


@main.command(short_help="Foretell the next run of a definition from past ones.")
@DEFINITION
@click.option("--repository", help="For a run in this repository; else wherever it ran so far.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@STORE
def predict(definition: str, repository: str | None, as_json: bool, store: str) -> None:
    """Foretell the next run of a definition: chance to fail, time, where it fails, what would prevent it.

    DEFINITION is a file, or a name. Not enough history is an answer too.
    """
    import msgspec

    from bot.render.prediction import prediction

    opened = opened_store(store)
    found, _ = _definition(definition, opened)
    foretold, prevention = _optimizer(opened, found).predict_workflow_failures(found, repository)
    if as_json:
        shown = {"enough": foretold.enough, **msgspec.to_builtins(foretold)}
        click.echo(msgspec.json.encode({**shown, "prevention": msgspec.to_builtins(prevention)}))
    else:
        show(prediction(foretold, prevention))


@main.command(short_help="Propose changes of a definition that make it faster.")
@DEFINITION
@click.option(
    "--diff", is_flag=True, help="The proposed diff alone, for `git apply`; nothing where there is none."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with the diff in it.")
@STORE
def optimise(definition: str, diff: bool, as_json: bool, store: str) -> None:
    """Propose changes of a definition that would make it faster, from past runs; changes nothing.

    DEFINITION is a file, or a name. Nothing to propose is an answer too.
    """
    import msgspec

    from bot.render.optimising import proposal
    from bot.render.story import wants_colour

    opened = opened_store(store)
    found, path = _definition(definition, opened)
    made = _optimizer(opened, found).optimize_workflow_execution(found, path)
    if as_json:
        click.echo(msgspec.json.encode(made))
    elif diff:
        click.echo(made.diff, nl=False)
        if not made.diff:
            show(f"nothing to propose: {made.reason}", err=True)
    else:
        click.echo(proposal(made, colour=wants_colour(sys.stdout, os.environ)))
