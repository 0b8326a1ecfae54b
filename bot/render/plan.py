"""An implementation plan as Markdown for people: in checks, in pull requests, in `cloi plan`.

Every requirement is shown with the place in the record that it was read from. Not here: the plan itself
(bot/plans), and what merging it means (pulls.py).
"""

from __future__ import annotations

from bot.plans.plan import ImplementationPlan, RecordReference, Requirement, Source, Step
from bot.render.fit import rows_within, within
from bot.render.markdown import GITHUB_MOST, Safe, cell, cell_code, details, text
from bot.render.plain import clip, one_line
from bot.render.words import say, say_plainly

_MOST_TABLE = 20_000  # bytes


def preview(plan: ImplementationPlan, most: int = GITHUB_MOST - 2_000) -> Safe:
    """The whole plan, at most `most` bytes; what does not fit is said."""
    head = say("plan", "head", plan=plan, title=record_title(plan.adr), agent=agent(plan))
    blocks = [requirements(plan.adr_requirements)]
    if plan.blocked:
        blocks.insert(0, say("plan", "blocked", reasons=plan.blocked))
    if plan.warnings:
        blocks.append(say("plan", "warnings", warnings=plan.warnings))
    blocks.append(details(say_plainly("plan", "phases_title"), _phases(plan)))
    if plan.thresholds or plan.rollback_triggers:
        blocks.append(details(say_plainly("plan", "back_title"), way_back(plan)))
    if plan.dependencies:
        body = say("plan", "dependencies", dependencies=plan.dependencies)
        blocks.append(details(say_plainly("plan", "dependencies_title"), body))
    blocks.append(details(say_plainly("plan", "risk_title"), say("plan", "risk", plan=plan)))
    return within(head, blocks, most)


def record_title(record: RecordReference) -> str:
    """ "ADR-003: Use a queue", also where the title already begins with the number. Plain text, one line."""
    title = one_line(record.title)
    if title.lower().startswith(record.id.lower()) or not title:
        return title or record.id
    return f"{record.id}: {title}"


def requirements(found: tuple[Requirement, ...]) -> Safe:
    """A table of what the record asks for, and where it says so."""
    if not found:
        return say("plan", "no_requirements")
    rows = [
        f"| {cell_code(r.id, 40)} | {cell(r.kind, 40)} | {cell(r.text)} | {cell_code(place(r.source), 120)} |"
        for r in found
    ]
    shown, more = rows_within(rows, _MOST_TABLE)
    return say("plan", "requirements", rows=shown, more=more)


def way_back(plan: ImplementationPlan) -> Safe:
    """What takes the change back, and whether that happens by itself."""
    return say("plan", "way_back", triggers=triggers(plan), plan=plan)


def triggers(plan: ImplementationPlan) -> Safe:
    """A list of what takes the change back."""
    return say("plan", "triggers", triggers=plan.rollback_triggers)


def agent(plan: ImplementationPlan) -> Safe:
    """Who writes the code, by which command; fit for a table too."""
    who = plan.agent
    return cell_code(" ".join(who.command)) if who.command else text(who.name or who.provider)


def place(source: Source) -> str:
    """Path and lines, plain."""
    last = f"-{source.end_line}" if source.end_line > source.line else ""
    return f"{source.path}:{source.line}{last}"


def _phases(plan: ImplementationPlan) -> Safe:
    lines: list[str] = []
    for i, phase in enumerate(plan.phases, start=1):
        lines.append(f"{i}. **{text(phase.name)}**")
        lines += [f"   - {_step(step)}" for step in phase.steps]
    shown, more = rows_within(lines, _MOST_TABLE)
    return say("plan", "phases", lines=shown, more=more)


def _step(step: Step) -> Safe:
    serves = ", ".join(step.requirements[:12]) + (" …" if len(step.requirements) > 12 else "")
    return say("plan", "step", type=step.type, said=clip(step.description, 300), serves=serves)
