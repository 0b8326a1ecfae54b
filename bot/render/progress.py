"""The living comment: one comment for an implementation, edited in place, so that it never makes noise.

It says first what happens now and who has to act, then the rest for those who want it. Nothing in it depends
on the time of writing, so an unchanged state gives unchanged bytes and needs no edit. Not here: the hidden
marker by which the comment is found again (its caller adds it).
"""

from __future__ import annotations

from bot.engine.instance import WorkflowInstance
from bot.engine.state import StepState, WorkflowState
from bot.render import result as rendered
from bot.render.fit import within
from bot.render.flowchart import MARKS, flowchart
from bot.render.markdown import (
    GITHUB_MOST,
    Safe,
    cell,
    details,
    fence,
    link,
    linked,
    text,
)
from bot.render.plain import clip, words
from bot.render.report import report_short
from bot.render.times import to_the_second
from bot.render.view import Look, PhaseView, StepView, View, links_of, sentence_of
from bot.render.words import say, say_plainly

_STATE_MARKS = {
    WorkflowState.RUNNING: "🔄",
    WorkflowState.ROLLING_BACK: "↩️",
    WorkflowState.PARKED: "✋",
    WorkflowState.PAUSED: "⏸️",
    WorkflowState.COMPLETED: "✅",
    WorkflowState.COMPENSATED: "↩️",
    WorkflowState.CANCELLED: "⏹️",
}
_MOST_GATE = 20_000


def living_comment(view: View, most: int = GITHUB_MOST - 1_000) -> Safe:
    """The comment's Markdown, at most `most` bytes (the rest is room for the caller's marker).

    When it is too long, whole parts are left out; headline, state and footer always stand.
    """
    head = Safe(f"{say('progress', 'headline', view=view)}\n\n{_state(view)}")
    foot = say("progress", "footer", view=view)
    return within(
        head, [_bar(view), _expected(view), _table(view), _drawing(view), *_folded(view)], most, foot
    )


def status_line(instance: WorkflowInstance) -> str:
    """One plain line for lists: a mark and what happens now. Not safe in Markdown."""
    waits = any(s.state is StepState.WAITING for s in instance.steps.values())
    return f"{_mark(instance.state, waits)} {sentence_of(instance)}"


def status_markdown(instance: WorkflowInstance) -> Safe:
    """The same as Markdown, with its links."""
    return linked(status_line(instance), links_of(instance))


def _mark(state: WorkflowState, waits: bool) -> str:
    return MARKS[Look.WAITING] if waits and state is WorkflowState.RUNNING else _STATE_MARKS[state]


def _state(view: View) -> Safe:
    mark = _mark(view.state, any(s.look is Look.WAITING for s in _steps(view)))
    return say("progress", "state", view=view, mark=mark, sentence=linked(view.sentence, view.links))


def _steps(view: View) -> list[StepView]:
    return [s for p in view.phases for s in p.steps] + list(view.internal)


def _bar(view: View) -> Safe:
    done, total = view.back or (view.phases_done, len(view.phases))
    if not total:
        return Safe("")
    bar = "▰" * done + "▱" * (total - done)
    return say("progress", "bar", bar=bar, done=done, total=total, back=view.back is not None)


def _expected(view: View) -> Safe:
    return say("progress", "expected", between=view.expected) if view.expected else Safe("")


def _table(view: View) -> Safe:
    rows: list[str] = []
    for phase in view.phases:
        rows.append(_phase_row(phase))
        rows += [_row(view, step, indent="&emsp;") for step in phase.steps]
    if not view.phases:
        rows = [_row(view, step) for step in view.internal]
    return Safe("\n".join([say("progress", "table_head"), *rows])) if rows else Safe("")


def _phase_row(phase: PhaseView) -> str:
    return f"| {MARKS[phase.look]} | **{cell(words(phase.name), 80)}** | | | | |"


def _row(view: View, step: StepView, indent: str = "") -> str:
    said = say("progress", "step", step=step, said=linked(clip(step.said, 300), view.links))
    more = [(label, url) for label, url in step.links[:8] if label not in step.said]
    links = ", ".join(link(clip(label, 80), url) for label, url in more)
    started = to_the_second(step.started_at) if step.started_at else ""
    cells = (MARKS[step.look], indent + cell(step.label, 80), said, links, started, step.took)
    return "| " + " | ".join(cells) + " |"


def _drawing(view: View) -> Safe:
    drawn = flowchart(view)
    return fence(drawn, "mermaid") if drawn else Safe("")


def _folded(view: View) -> list[Safe]:
    out = []
    if view.gate_lost:
        out.append(say("progress", "gate_lost"))
    if view.gate is not None:
        summary = say_plainly("progress", "gate", verdict=view.gate.verdict.value)
        out.append(
            details(
                f"{rendered.MARKS[view.gate.verdict]} {summary}",
                rendered.markdown(view.gate, _MOST_GATE),
                opened=not view.gate.passed,
            )
        )
    if view.phases and view.internal:
        rows = "\n".join([say("progress", "table_head"), *(_row(view, s) for s in view.internal)])
        out.append(details(say_plainly("progress", "internal"), Safe(rows)))
    if view.report is not None:
        out.append(details(say_plainly("report", "short_title"), report_short(view.report, links=view.links)))
    if view.chain_head:
        body = say("progress", "chain_body", head=text(view.chain_head))
        out.append(details(say_plainly("progress", "chain"), body))
    return out
