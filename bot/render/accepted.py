"""The issue that offers to implement a record which has just been accepted: templates/words/accepted.md.j2."""

from __future__ import annotations

from bot.plans.plan import ImplementationPlan
from bot.render.plain import clip, inert
from bot.render.plan import plan_markdown, record_title
from bot.render.words import say, say_plainly

_MOST_TITLE = 240
_MOST_PLAN = 50_000


def offer(plan: ImplementationPlan, *, number: int, starts: bool) -> tuple[str, str]:
    """Title (plain text) and body (Markdown). number: the pull request that accepted it; starts: it begins now."""
    record = record_title(plan.adr)
    title = say_plainly("accepted", "title", record=inert(record))
    body = say(
        "accepted",
        "body",
        record=record,
        id=plan.adr.id,
        number=number,
        starts=starts,
        plan=plan_markdown(plan, most=_MOST_PLAN),
    )
    return clip(title, _MOST_TITLE), str(body)
