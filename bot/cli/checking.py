"""`cloi adr check` and `cloi adr graph`: a log of decision records, judged and drawn."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from bot import __version__
from bot.cli.base import Trouble, show
from bot.cli.records import PATHS, adr


@adr.command("check")
@PATHS
@click.option("--json", "as_json", is_flag=True, help="One JSON object with all findings.")
@click.option("--sarif", "as_sarif", is_flag=True, help="SARIF 2.1.0, for code scanning and editors.")
@click.option(
    "--changed",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Judge only this file, as if a pull request changed it; may be given several times.",
)
def adr_check(paths: tuple[Path, ...], as_json: bool, as_sarif: bool, changed: tuple[Path, ...]) -> None:
    """Check decision records by the habits of their log. A file is checked within the log beside it; without a
    path, all below this directory are checked.

    Ends with 1 if there are errors; warnings and notices end with 0.
    """
    from bot.checkout import gather
    from bot.records.checks import as_result, check
    from bot.render import findings
    from bot.render.sarif import sarif

    if as_json and as_sarif:
        raise Trouble("--json and --sarif exclude each other")
    place = gather([*paths, *(path for path in changed if path.exists())])
    given = {place.name(path) for path in changed}
    judged = {record.path for record in place.log if record.path in (given or place.named)}
    if not judged and changed:
        raise Trouble(f"none of what changed is a decision record: {', '.join(map(str, changed))}")
    if not judged:
        raise Trouble("no decision records found there")
    log = place.log
    result = as_result([f for r in log if r.path in judged for f in check(r, log, changed=given or None)])
    found = list(findings.remarks(result))
    if as_sarif:
        click.echo(json.dumps(sarif(found, version=__version__), indent=2, ensure_ascii=False))
    elif as_json:
        data = {
            "records": len(judged),
            "passed": result.passed,
            "summary": result.reason,
            "findings": findings.as_data(found),
        }
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        click.echo(findings.as_text(found, len(judged), lambda name: os.path.relpath(place.root / name)))
    if not result.passed:
        sys.exit(1)


@adr.command("graph", short_help="Draw which record replaces, amends or needs which.")
@PATHS
@click.option("--json", "as_json", is_flag=True, help="Nodes and edges as one JSON object.")
def adr_graph(paths: tuple[Path, ...], as_json: bool) -> None:
    """Draw which record replaces, amends or needs which, as a mermaid flowchart; without a path, of all records
    below this directory."""
    from bot.checkout import gather
    from bot.records.graph import graph_of, to_json, to_mermaid

    log = gather(paths).log
    if not len(log):
        raise Trouble("no decision records found there")
    graph = graph_of(log)
    if as_json:
        click.echo(json.dumps(to_json(graph), indent=2, ensure_ascii=False))
    else:
        click.echo(to_mermaid(graph), nl=False)
        if not graph.edges:
            show("nothing to draw: no record there names another one", err=True)
