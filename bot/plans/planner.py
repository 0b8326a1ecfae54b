"""Record and configuration -> ImplementationPlan. Deterministic: no clock, no chance, no network, no files.

Whatever stands in the way is said in `blocked`, with who can change it; nothing here raises for any record. The
ids follow from the record's path and bytes and the configuration, so the same decision planned twice is the
same plan, and an edit of either is another. Not here: advice from history, which stands outside of the digest.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator

import msgspec

from bot.plans import (
    acceptance,
    dependencies,
    document,
    metadata,
    paths,
    patterns,
    requirements,
    risk,
    testing,
    thresholds,
)
from bot.plans.configuration import CONFIGURATION_PATH, Configuration, digest_of
from bot.plans.inputs import PlanInputs
from bot.plans.orchestrator import ImplementationOrchestrator
from bot.plans.plan import (
    SCHEMA,
    Agent,
    ImplementationPlan,
    Limits,
    RecordReference,
    Requirement,
    RollbackTrigger,
    Threshold,
    with_digest,
)
from bot.plans.reviewed import Reviewed
from bot.plans.template import select_workflow_template
from bot.plans.wording import shown
from bot.records.log import RecordLog
from bot.records.record import Record

MAX_SLUG = 40
_GATES = (
    ("gate-failed", "A gate fails after the merge: the verify run of the workflow does not pass."),
    ("check-failed", "A required check fails on the merge commit."),
)


def plan(
    record: Record,
    configuration: Configuration,
    *,
    log: RecordLog | None = None,
    paths_in_repository: Collection[str] = (),
    merged: bool = False,
    reviewed: Reviewed | None = None,
    phase: int | None = None,
) -> ImplementationPlan:
    """The plan for one record, with its digest.

    log: all records of the repository, to look up what this one names; None if not at hand. paths_in_repository:
    the base commit's tree. merged, reviewed: what the caller saw on GitHub (see acceptance.blocked); they matter
    only with accepted_when: merged or reviewed. phase: plan only for this one of the record's own phases, counted
    from 1, where the configuration wants a pull request for each; ignored elsewhere.
    """
    page = document.read(record)
    name = requirements.identifier(record)
    asked = of_all = requirements.extract_from(record, page)
    own = [r for r in asked if r.kind == "phase"]
    of_phase = phase if phase and configuration.pull_requests == "phase" and len(own) > 1 else None
    if of_phase is not None:
        asked = _of_phase(asked, own, min(of_phase, len(own)))
    numbers = thresholds.find(page, name)
    named = paths.named(record, page, paths_in_repository)
    strategy, untested = testing.choose(configuration, paths_in_repository)
    stubs = testing.stubs(numbers, asked, of_all, first=of_phase in (None, 1))
    strategy = msgspec.structs.replace(strategy, benchmark_stubs=stubs)
    depends, stopped, warned = dependencies.find(record, log)
    agent = _agent(configuration)
    inputs = PlanInputs(
        requirements=asked,
        thresholds=numbers,
        dependencies=depends,
        named_paths=named,
        target_files=paths.targets(named, configuration.paths.allow),
        patterns=patterns.find(record, page),
        test_strategy=strategy,
        agent=agent,
        configuration=configuration,
        complexity=risk.complexity_of(asked, numbers, depends),
    )
    arranged = ImplementationOrchestrator().create_plan(inputs)
    generation, validation, integration = (phase.steps for phase in arranged.phases)
    template, reason = select_workflow_template(asked, [p for p in inputs.target_files if p in named])
    parts = [record.path, name, record.blob_sha, digest_of(configuration)]
    parts += [f"phase {of_phase}"] if of_phase else []
    seed = "\0".join(parts).encode("utf-8", "replace")
    ident = hashlib.sha256(seed).hexdigest()
    blocked = [
        *acceptance.blocked(record, configuration, merged=merged, reviewed=reviewed),
        *stopped,
        *_nothing(asked, name),
        *([] if configuration.agent else [_NO_AGENT]),
        *([untested] if untested else []),
    ]
    return with_digest(
        ImplementationPlan(
            schema=SCHEMA,
            workflow_id=f"wf-{ident[:12]}",
            progress_tracking_id=f"pt-{ident[12:24]}",
            adr=RecordReference(
                path=record.path,
                blob_sha=record.blob_sha,
                id=name,
                title=shown(record.title or name),
                status=record.status.value if record.status else None,
            ),
            feature=slug(record.title or name) + (f"-phase-{of_phase}" if of_phase else ""),
            template=template,
            template_reason=reason,
            complexity=inputs.complexity,
            dependencies=depends,
            test_strategy=strategy,
            agent=agent,
            rollback_triggers=tuple(_triggers(record, numbers, name)),
            thresholds=numbers,
            adr_requirements=asked,
            target_files=inputs.target_files,
            architectural_patterns=inputs.patterns,
            constraints=metadata.constraints(record, page.lines, name),
            code_generation_steps=generation,
            validation_steps=validation,
            integration_steps=integration,
            phases=arranged.phases,
            estimated_duration=arranged.estimated_duration,
            risk_assessment=arranged.risk_assessment,
            rollback_required=configuration.rollback_required or metadata.rollback_required(record),
            limits=Limits(
                allow=configuration.paths.allow,
                max_files=configuration.paths.max_files,
                max_bytes=configuration.paths.max_bytes,
                timeout_minutes=configuration.timeout_minutes,
            ),
            runs_on=configuration.runs_on,
            pull_requests=configuration.pull_requests,
            phase=of_phase,
            phase_count=len(own) if of_phase else None,
            blocked=tuple(blocked),
            warnings=(*warned, *_warnings(record, page, asked)),
        )
    )


def _of_phase(asked: tuple[Requirement, ...], own: list[Requirement], number: int) -> tuple[Requirement, ...]:
    """The decision and what belongs to one phase; what belongs to none is done with the first."""
    chosen = own[number - 1]
    named = {_words(r.text) for r in own}

    def belongs(requirement: Requirement) -> bool:
        if requirement.kind == "decision" or requirement is chosen:
            return True
        if requirement.kind == "phase":
            return False
        of = _words(requirement.phase or "")
        return of == _words(chosen.text) or (number == 1 and of not in named)

    return tuple(r for r in asked if belongs(r))


def _words(text: str) -> str:
    return " ".join(text.strip(" :").casefold().split())


def slug(title: str) -> str:
    """a-z, 0-9 and single dashes, at most MAX_SLUG characters, cut at a word; "decision" if nothing is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain[:400])
    out = ""
    for word in words:
        longer = f"{out}-{word}" if out else word[:MAX_SLUG]
        if len(longer) > MAX_SLUG:
            break
        out = longer
    return out or "decision"


_NO_AGENT = (
    f"No agent is configured. A maintainer can write into {CONFIGURATION_PATH}: "
    "agent: {name: my-agent, provider: command, command: [program, argument]}"
)


def _agent(configuration: Configuration) -> Agent:
    setting = configuration.agent
    if setting is None:
        return Agent(provider="none", name="", command=(), reason=f"{CONFIGURATION_PATH} names no agent.")
    return Agent(
        provider=setting.provider,
        name=setting.name,
        command=setting.command,
        reason=f"best-available: “{setting.name}” is the only agent that {CONFIGURATION_PATH} names.",
    )


def _nothing(asked: tuple[Requirement, ...], name: str) -> Iterator[str]:
    if not asked:
        yield (
            f"{name} states no decision and no work, so there is nothing to implement. "
            "Its author can add a decision."
        )


def _warnings(record: Record, page: document.Document, asked: tuple[Requirement, ...]) -> Iterator[str]:
    if asked and asked[0].kind != "decision":
        yield "The record has no sentence that states its decision, so no requirement is numbered R1."
    elif len(asked) == 1:
        yield (
            "Nothing but the decision itself was found to implement. "
            "That may be right; if not, list the work in the record."
        )
    if len(asked) >= requirements.MAX_REQUIREMENTS:
        yield f"The record asks for more than {requirements.MAX_REQUIREMENTS} things; the rest was left out."
    if page.cut:
        yield "The record is longer than this bot looks at; what stands near its end was left out."
    if ignored := metadata.commands(record):
        yield (
            f"The front matter names scripts or commands to validate with ({ignored}). "
            "What a record names is never run."
        )
    for finding in record.findings:
        yield f"While reading line {finding.place.line}: {shown(finding.reason)}"


def _triggers(record: Record, numbers: tuple[Threshold, ...], name: str) -> Iterator[RollbackTrigger]:
    for key, description in _GATES:
        yield RollbackTrigger(id=key, kind="gate", description=description)
    for number in numbers:
        promise = f"{number.subject} {number.comparator} {number.value:g} {number.unit}"
        yield RollbackTrigger(
            id=f"{number.id}-missed",
            kind="threshold",
            description=f"Measured, and not kept: {promise}",
            threshold=number,
        )
    for index, words in enumerate(metadata.rollback_triggers(record), 1):
        kind = "threshold" if thresholds.stated(words) else "gate"
        yield RollbackTrigger(
            id=f"{name}/own-{index}", kind=kind, description=f"Named by the record: {words}"
        )
