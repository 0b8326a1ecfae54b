"""`/cloi implement [ADR]`: start implementing a decision record, or point to where it already happens.

Without a record named, it is the one that the issue links or names; if there is not exactly one, the answer
asks. The record is looked up on the default branch: what is not merged is not decided.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from bot.engine.state import WorkflowState
from bot.github.permissions import everything, missing
from bot.plans.configuration import CONFIGURATION_PATH, ConfigurationError
from bot.records.record import Record
from bot.render import commands as words
from bot.render.commands import CommandHelp, RecordLine
from bot.render.progress import status_markdown
from bot.steps.beginning import begin
from bot.steps.commands.base import RECORD_ID, Asked, Command, instances_of, load, which
from bot.steps.reading import configuration_at, snapshot

_PATH = re.compile(r"[\w./-]+\.(?:md|markdown|rst|adoc)\b")


async def obey(asked: Asked) -> str | None:
    repository = asked.repository
    info = await repository.info()
    try:
        configuration = await configuration_at(repository, info.default_branch)
    except ConfigurationError as error:
        return words.blocked(RecordLine(CONFIGURATION_PATH, ""), [str(error)])
    head = await repository.branch_head(info.default_branch)
    records = list((await snapshot(repository, head or "", configuration)).log) if head else []
    if asked.arguments:
        found = which(" ".join(asked.arguments), records, lambda r: (r.id or "", r.path, r.number))
        if not found:
            return words.no_such_record(" ".join(asked.arguments), _near(" ".join(asked.arguments), records))
    else:
        issue = await repository.issue(asked.issue)
        found = mentioned(records, f"{issue.title}\n{issue.body or ''}")
    if len(found) != 1:
        return words.which_record([_line(r) for r in found or records])
    # Asked now and not at the last step: a person who has merged a workflow should not learn it then.
    granted = (await repository.gh.tokens.installation(repository.full_name)).permissions
    lacking = missing(everything(), granted)
    if lacking is not None:
        return words.permission_lacking(*lacking, repository.full_name.partition("/")[0])
    return await _start(asked, found[0], model_help=configuration.model_help)


def mentioned(records: Sequence[Record], text: str) -> list[Record]:
    """Records that an issue's title and text name, each once, in the order of the log."""
    numbers = {int(n) for n in RECORD_ID.findall(text)}
    paths = set(_PATH.findall(text))
    return [
        r
        for r in records
        if r.number in numbers or any(p == r.path or p.endswith("/" + r.path) for p in paths)
    ]


def _line(record: Record) -> RecordLine:
    return RecordLine(
        record.id or record.path, record.title or "", record.status.value if record.status else None
    )


def _near(asked: str, records: Sequence[Record]) -> list[RecordLine]:
    """The records whose ids come closest to what was asked for."""
    by_id = {r.id or r.path: r for r in records}
    return [_line(by_id[i]) for i in difflib.get_close_matches(asked, by_id, n=5, cutoff=0.4)]


async def _start(asked: Asked, record: Record, *, model_help: bool) -> str | None:
    identity = record.id or record.path
    for summary in instances_of(asked):
        running = load(asked, summary)
        if running.context.get("record") == identity and running.cause != asked.ctx.instance:
            where = await _comment_of(asked, running.id)
            return words.already_running(identity, where, status_markdown(running))
    context = {
        "repository": asked.repository.full_name,
        "issue": asked.issue,
        "path": record.path,
        "record": identity,
        "title": record.title or identity,
        "requester": asked.author,
        "phase": 1 + _phases_done(asked, identity),
    }
    begin(asked.ctx, context, actor=f"@{asked.author}", model_help=model_help)
    return None


def _phases_done(asked: Asked, identity: str) -> int:
    """How many of the record's phases are implemented already, where each has a pull request of its own."""
    last = 0
    for summary in instances_of(asked, open_only=False):
        ended = load(asked, summary)
        if ended.context.get("record") == identity and ended.state is WorkflowState.COMPLETED:
            left = int(ended.steps["plan"].result.get("phases_left", 0))
            last = int(ended.context["phase"]) if left > 0 else 0
    return last


async def _comment_of(asked: Asked, instance: str) -> str | None:
    """Where the living comment of a running implementation is, if it has been written yet."""
    for effect in asked.ctx.store.effects(f"follow-implementation/{instance}"):
        if "comment" in effect.result:
            comment = await asked.repository.comment(int(effect.result["comment"]))
            return comment.html_url if comment else None
    return None


COMMAND = Command(
    CommandHelp(
        name="implement",
        usage="/cloi implement [ADR]",
        description="Plan a decision record, propose the workflow that would implement it, and follow it to "
        "its merge. Nothing runs before a maintainer has merged the workflow.",
        who="people with write permission",
        examples=("/cloi implement", "/cloi implement ADR-012"),
    ),
    obey,
)
