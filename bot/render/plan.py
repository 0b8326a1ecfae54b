"""An implementation plan as Markdown for people: in checks, in pull requests, in `cloi plan`.

What stops it stands on top, then what the record asks for, each line with the place that it was read from;
the rest is folded. What does not fit is left out from the end of its list, and the text says so. Not here:
the plan itself (bot/plans), what merging it means (pulls.py), and how it looks in a terminal (terminal.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from urllib.parse import quote

from bot.plans.difference import Asked, Difference, said
from bot.plans.plan import Dependency, ImplementationPlan, RecordReference, Requirement, Source, Step
from bot.render.fit import rows_within, within
from bot.render.markdown import GITHUB_MOST, Safe, cell, cell_code, code, details, link, size, text
from bot.render.plain import clip, one_line
from bot.render.words import say, say_plainly

_MOST_TABLE = 20_000  # bytes
_MOST_NAMES = 20
_SPARE = 400  # bytes, for words about what was left out

Where = Callable[[Source], Safe]
"""Says where a line of the plan comes from, fit for a table's cell."""


def plan_markdown(
    plan: ImplementationPlan, *, blob_url: str | None = None, most: int = GITHUB_MOST - 2_000
) -> Safe:
    """The whole plan, at most `most` bytes. blob_url: where the record's files lie at the commit that was
    planned from, "https://github.com/o/r/blob/SHA/", for links to its lines; None writes no links."""

    def where(source: Source) -> Safe:
        return _lines(source, blob_url)

    head = say(
        "plan",
        "head",
        plan=plan,
        title=record_title(plan.adr),
        asked=len(plan.adr_requirements),
        record=link(plan.adr.path, _url(plan.adr.path, blob_url)) if blob_url else code(plan.adr.path),
    )
    share = most // 8  # of the space, for each list that a record can make as long as it likes
    above = [_quoted("blocked", plan.blocked, share), warnings(plan, share)]
    below = [_thresholds(plan, where, share), *_folded(plan, where, share)]
    taken = size(head) + sum(size(block) + 2 for block in (*above, *below)) + _SPARE
    title = say("plan", "requirements_title")
    asks = requirements(plan.adr_requirements, where=where, most=max(share, most - taken - size(title)))
    return within(head, [*above, Safe(f"{title}\n\n{asks}"), *below], most)


def plan_difference(
    plan: ImplementationPlan, found: Difference, *, under_way: bool = False, most: int = _MOST_TABLE
) -> Safe:
    """What an edit changes in the plan of a record, line by line, at most about `most` bytes. plan: the new one.
    under_way: whether the old one is being implemented."""
    rows: list[tuple[str, Asked, Asked | None]] = [("withdrawn", one, None) for one in found.withdrawn]
    rows += [("changed", new, old) for old, new in found.changed]
    rows += [("added", one, None) for one in found.added]
    lines = (
        f"| {what} | {cell_code(short_id(one.id), 40)} | {cell(said(one))} | {cell(said(was)) if was else ''} |"
        for what, one, was in rows
    )
    title = record_title(plan.adr)
    if not rows:
        return say("plan", "same", title=title, under_way=under_way)
    head = say("plan", "difference", title=title, under_way=under_way)
    return Safe(f"{head}\n\n{_listed('differences', lines, most)}")


def record_title(record: RecordReference) -> str:
    """ "ADR-003: Use a queue", also where the title already begins with the number. Plain text, one line."""
    title = one_line(record.title)
    if title.lower().startswith(record.id.lower()) or not title:
        return title or record.id
    return f"{record.id}: {title}"


def short_id(requirement: str) -> str:
    """ "ADR-003/R2" as "R2": in the text of one record its number goes without saying."""
    return requirement.rpartition("/")[2] or requirement


def place(source: Source) -> Safe:
    """Path and lines, as code for a table's cell."""
    last = f"-{source.end_line}" if source.end_line > source.line else ""
    return cell_code(f"{source.path}:{source.line}{last}", 120)


def requirements(found: tuple[Requirement, ...], *, where: Where = place, most: int = _MOST_TABLE) -> Safe:
    """A table of what the record asks for, and where it says so, at most about `most` bytes."""
    if not found:
        return say("plan", "no_requirements")
    rows = (
        f"| {cell_code(short_id(r.id), 40)} | {cell(r.kind, 40)} | {cell(r.text)} | {where(r.source)} |"
        for r in found
    )
    return _listed("requirements", rows, most)


def warnings(plan: ImplementationPlan, most: int = _MOST_TABLE) -> Safe:
    """What a reader should know before anything starts; empty if there is nothing."""
    return _quoted("warnings", plan.warnings, most)


def way_back(plan: ImplementationPlan) -> Safe:
    """What takes the change back, and whether that happens by itself."""
    return say("plan", "way_back", triggers=triggers(plan), plan=plan)


def triggers(plan: ImplementationPlan) -> Safe:
    """A list of what takes the change back."""
    return say("plan", "triggers", triggers=plan.rollback_triggers)


def risk(plan: ImplementationPlan, advice: Sequence[str] = ()) -> Safe:
    """The plan's risks with their reasons. advice: what earlier runs say, which is no part of the plan."""
    known = say("plan", "risk", plan=plan)
    return Safe(f"{known}\n\n{say('plan', 'history', advice=advice)}") if advice else known


def agent(plan: ImplementationPlan) -> Safe:
    """Who writes the code, by which command; fit for a table too."""
    who = plan.agent
    return cell_code(" ".join(who.command)) if who.command else text(who.name or who.provider)


def _thresholds(plan: ImplementationPlan, where: Where, most: int) -> Safe:
    stubs = {stub.threshold: stub.name for stub in plan.test_strategy.benchmark_stubs or ()}
    rows = [
        f"| {cell_code(short_id(t.id), 40)} | {cell(t.subject)} | "
        f"{cell(f'{t.comparator} {t.value:g} {t.unit}', 80)} | "
        f"{cell_code(stubs[t.id], 120) if t.id in stubs else ''} | {where(t.source)} |"
        for t in plan.thresholds
    ]
    return _listed("thresholds", rows, most) if rows else Safe("")


def _folded(plan: ImplementationPlan, where: Where, most: int) -> list[Safe]:
    parts = [("phases_title", _phases(plan, most)), ("back_title", way_back(plan))]
    if plan.dependencies:
        rows = (_dependency(d, where) for d in plan.dependencies)
        parts.append(("dependencies_title", _listed("dependencies", rows, most)))
    parts += [("risk_title", risk(plan)), ("how_title", _how(plan))]
    return [details(say_plainly("plan", title), body) for title, body in parts]


def _phases(plan: ImplementationPlan, most: int) -> Safe:
    lines: list[str] = []
    for number, phase in enumerate(plan.phases, start=1):
        lines.append(say("plan", "phase", number=number, phase=phase))
        lines += [f"   - {_step(step)}" for step in phase.steps]
    return _listed(None, lines, most)


def _step(step: Step) -> Safe:
    ids = [short_id(name) for name in step.requirements]
    serves = ", ".join(ids[:12]) + (" …" if len(ids) > 12 else "")
    return say("plan", "step", type=step.type, said=clip(step.description, 300), serves=serves)


def _dependency(found: Dependency, where: Where) -> str:
    named = cell(f"{found.target}: {found.note}" if found.note else found.target)
    present = say("plan", "present", present=found.present)
    return f"| {named} | {cell(found.relation, 40)} | {present} | {where(found.source)} |"


def _how(plan: ImplementationPlan) -> Safe:
    return say(
        "plan",
        "how",
        plan=plan,
        agent=agent(plan) if plan.agent.provider != "none" else "nobody yet",
        tests=code(clip(" ".join(plan.test_strategy.command), 300)) or "no command",
        allowed=_codes(plan.limits.allow),
        files=_codes(plan.target_files) or "none",
        patterns=", ".join(plan.architectural_patterns[:_MOST_NAMES]),
    )


def _codes(names: tuple[str, ...]) -> Safe:
    shown = ", ".join(code(clip(one_line(name), 120)) for name in names[:_MOST_NAMES])
    return Safe(shown + (" …" if len(names) > _MOST_NAMES else ""))


def _quoted(block: str, sentences: tuple[str, ...], most: int) -> Safe:
    rows = [say("plan", "quoted", said=clip(one_line(sentence), 500)) for sentence in sentences]
    return _listed(block, rows, most) if rows else Safe("")


def _listed(block: str | None, rows: Iterable[str], most: int) -> Safe:
    """As many rows as fit, inside the words of the block, and how many did not."""
    shown, more = rows_within(list(rows), most)
    body = say("plan", block, rows=shown) if block else shown
    return Safe(f"{body}\n\n{say('plan', 'more', more=more)}") if more else body


def _lines(source: Source, blob_url: str | None) -> Safe:
    """Lines of the record, which is named above: a link if there is somewhere to link to."""
    said = f"L{source.line}" + (f"-L{source.end_line}" if source.end_line > source.line else "")
    return link(said, f"{_url(source.path, blob_url)}#{said}") if blob_url else cell_code(said)


def _url(path: str, blob_url: str | None) -> str:
    """A file's page. GitHub has lines to point to only in a Markdown file's plain view."""
    plain = "?plain=1" if path.lower().endswith((".md", ".markdown")) else ""
    return f"{blob_url}{quote(path.encode('utf-8', 'replace'), safe='/')}{plain}"
