"""What becomes of a model's proposals about a decision record: a text that shows them apart, and an event.

The plan is made without them and stays as it is, to the byte: a proposal that people agree with is written into
the record by people, and is planned then. Where no model answers, the text says so, since nothing depends on it.
Not here: holding quotes against the record (bot/agents/proposals.py), the text's words (bot/render/advice.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.agents.model import Answer
from bot.agents.proposals import KINDS, UnreadableAnswer, examine
from bot.engine.outcome import DomainEvent, Done
from bot.engine.ports import StepContext
from bot.plans.requirements import extract
from bot.records.reader import read
from bot.render import advice as words

TASK = (
    "Read the decision record below. Propose what it asks to be built, an order of the work, tests, and how to "
    "take the change back, each only where its words say so. Answer with JSON and nothing else: "
    '{"items": [{"kind": "'
    + "|".join(KINDS)
    + '", "text": "one sentence", "quote": "words of the record"}]}. '
    "Each quote is copied exactly from the record, at least three words; an item without such a quote is refused."
)


def answered(ctx: StepContext, material: Mapping[str, str], answer: Answer) -> Done:
    """The proposals, held against the record, as a text for people. Result: text, accepted, refused, model,
    cost_usd."""
    path, text = material["path"], material["record"]
    known = {r.id: r.source.quote for r in extract(read(path, text.encode()))}
    try:
        good, bad = examine(answer.text, text, known)
    except UnreadableAnswer as error:
        return instead(ctx, material, f"the answer of {answer.model} cannot be read: {error}")
    shown = words.proposals(
        path,
        answer.model,
        [words.ProposalLine(p.kind, p.text, p.quote, p.line, p.end_line, p.known or "") for p in good],
        [words.RefusedLine(r.text, r.quote, r.reason) for r in bad],
    )
    counts = {"accepted": len(good), "refused": len(bad), "model": answer.model}
    event = DomainEvent("ProposalsExamined", {**counts, "reasons": [r.reason for r in bad]})
    return Done({**counts, "text": str(shown), "cost_usd": answer.cost_usd}, events=(event,))


def instead(ctx: StepContext, material: Mapping[str, str], reason: str) -> Done:
    """What is said where there are no proposals."""
    event = DomainEvent("ProposalsExamined", {"accepted": 0, "refused": 0, "model": "", "reasons": [reason]})
    text = str(words.no_proposals(material["path"], reason))
    return Done({"accepted": 0, "refused": 0, "model": "", "text": text, "cost_usd": None}, events=(event,))
