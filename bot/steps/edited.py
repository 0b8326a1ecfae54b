"""Whether a record still asks for what was approved. An edit that changes the plan makes the approval void.

Looked at wherever something would follow from the approval: before the dispatch, before the implementation is
proposed, and while people are waited for. Until the run has begun every byte counts, since the run itself refuses
another text than was planned from; afterwards a typo that is mended there, and changes no requirement, stops
nothing. No step of its own; what the author sees before the edit is merged is checking.py's.
"""

from __future__ import annotations

from bot.engine.outcome import DomainEvent, Failed
from bot.engine.ports import StepContext
from bot.github.repository import Repository
from bot.plans import acceptance, dependencies
from bot.plans.configuration import Configuration, ConfigurationError
from bot.plans.difference import Difference, difference
from bot.plans.plan import ImplementationPlan
from bot.plans.planner import plan
from bot.plans.requirements import identifier
from bot.plans.reviewed import Reviewed
from bot.records.log import RecordLog
from bot.records.record import Record
from bot.steps.base import plan_of
from bot.steps.reading import Snapshot, configuration_at, snapshot

_WAY_OUT = (
    "The approval is void. `/cloi cancel`, then `/cloi implement`, makes a new plan; if the edit is taken back, "
    "`/cloi retry` goes on with this one."
)

_NOT_ASKED = Reviewed(True, "")
"""Only what the record asks for is compared here: who approved the edit is asked when the next one starts."""


async def void(
    ctx: StepContext, repository: Repository, base_ref: str, *, exact: bool = False, standing: bool = False
) -> Failed | None:
    """The refusal to go on if the record on `base_ref` no longer asks for what the step's input `plan` says, with
    what is different; None if it does. exact: other words for the same count too. standing: a record whose text is
    the same counts as changed too where the rest of the log, or a file beside it, takes it back: that costs a look
    at the whole log, so not where people are waited for. The instance parks with it. Raises GitHubError."""
    made = plan_of(ctx)
    file = await repository.file(made.adr.path, base_ref)
    same = file is not None and file.blob_sha == made.adr.blob_sha
    if same and not standing:
        return None
    try:
        found = await _now(repository, base_ref, made)
    except ConfigurationError:  # whoever starts the next one is told; what was approved has its own
        return None if same else _compared(made, made, exact)
    if found is None:
        why = f"{made.adr.path} is no decision record on {base_ref} any more."
        return None if same else _stopped(why, made, Difference())
    record, log, seen = found
    if same:
        return _taken_back(made, record, log, seen.configuration)
    now = plan(
        record,
        seen.configuration,
        log=log,
        paths_in_repository=seen.paths,
        merged=True,
        reviewed=_NOT_ASKED,
        phase=made.phase or 1,
    )
    return _compared(made, now, exact)


async def _now(
    repository: Repository, base_ref: str, made: ImplementationPlan
) -> tuple[Record, RecordLog, Snapshot] | None:
    """The record, its log, and what they stand in; None if it is gone. Raises ConfigurationError."""
    sha = await repository.branch_head(base_ref)
    if sha is None:
        return None
    seen = await snapshot(repository, sha, await configuration_at(repository, sha))
    log = seen.log
    names = (r.id for r in log.all_of(made.adr.path) if identifier(r) == made.adr.id)
    record = log.of_file(made.adr.path, next(names, None))
    return None if record is None else (record, log, seen)


def _compared(made: ImplementationPlan, now: ImplementationPlan, exact: bool) -> Failed | None:
    edited = f"{made.adr.path} was edited since its plan was approved:"
    if now.blocked:
        return _stopped(f"{edited} {' '.join(now.blocked)}", made, Difference())
    found = difference(made, now)
    if not found and not exact:
        return None
    return _stopped(f"{edited} {str(found) or 'in words, with the same requirements'}.", now, found)


def _taken_back(
    made: ImplementationPlan, record: Record, log: RecordLog, configuration: Configuration
) -> Failed | None:
    """The refusal where a record of the same bytes may not be implemented any more."""
    _, stops, _ = dependencies.find(record, log)
    reasons = [*acceptance.blocked(record, configuration, merged=True, reviewed=_NOT_ASKED), *stops]
    if not reasons:
        return None
    why = f"{made.adr.path} has the same text as when its plan was approved, and yet: {' '.join(reasons)}"
    return _stopped(why, made, Difference())


def _stopped(why: str, now: ImplementationPlan, found: Difference) -> Failed:
    seen = {
        "digest": now.digest,
        "added": [one.id for one in found.added],
        "changed": [new.id for _, new in found.changed],
        "withdrawn": [one.id for one in found.withdrawn],
    }
    event = DomainEvent("ApprovalVoided", seen)
    return Failed(error=f"{why} {_WAY_OUT}", kind="refused", park=True, events=(event,))
