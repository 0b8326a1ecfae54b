"""The phases of an implementation as a mermaid flowchart, which GitHub draws in comments.

Only letters, digits and a few harmless marks of a phase's name reach the label, in quotes, so no name can end
it or speak mermaid. Not here: the fence around it (progress.py).
"""

from __future__ import annotations

import re

from bot.render.plain import clip, one_line, words
from bot.render.view import Look, View

MARKS = {
    Look.TODO: "▫️",
    Look.NOW: "🔄",
    Look.WAITING: "⏳",
    Look.AGAIN: "🔁",
    Look.DONE: "✅",
    Look.SKIPPED: "⏭️",
    Look.FAILED: "❌",
    Look.STOPPED: "⏹️",
    Look.GOING_BACK: "↩️",
    Look.TAKEN_BACK: "↩️",
    Look.STUCK: "‼️",
}

_CLASS = {
    Look.TODO: "todo",
    Look.NOW: "now",
    Look.WAITING: "wait",
    Look.AGAIN: "now",
    Look.DONE: "done",
    Look.SKIPPED: "todo",
    Look.FAILED: "fail",
    Look.STOPPED: "todo",
    Look.GOING_BACK: "back",
    Look.TAKEN_BACK: "back",
    Look.STUCK: "fail",
}
_STYLES = {  # readable on GitHub's light and dark pages alike
    "back": "fill:#6e40c9,stroke:#8957e5,color:#ffffff",
    "done": "fill:#1a7f37,stroke:#2da44e,color:#ffffff",
    "fail": "fill:#cf222e,stroke:#fa4549,color:#ffffff",
    "now": "fill:#0969da,stroke:#218bff,color:#ffffff",
    "todo": "fill:#6e7781,stroke:#8c959f,color:#ffffff",
    "wait": "fill:#9a6700,stroke:#bf8700,color:#ffffff",
}


def flowchart(view: View) -> str:
    """The source, without a fence; empty if the definition has no phases."""
    if not view.phases:
        return ""
    lines = ["flowchart LR"]
    for i, phase in enumerate(view.phases):
        lines.append(f'  p{i}["{MARKS[phase.look]} {label(phase.name)}"]:::{_CLASS[phase.look]}')
    lines += [f"  p{a} --> p{b}" for a, b in view.edges]
    used = {_CLASS[p.look] for p in view.phases}
    lines += [f"  classDef {name} {_STYLES[name]}" for name in sorted(used)]
    return "\n".join(lines)


def label(name: str) -> str:
    """A name that can stand in mermaid's quotes."""
    harmless = re.sub(r"[^\w ,()+-]", " ", words(name))
    return clip(one_line(harmless), 60) or "unnamed"
