"""The plan for people, as GitHub Markdown: on a check run, in an issue, in the terminal.

All words of the record are hostile: they come from whoever opened the pull request, and appear here under the
bot's name. So they are defused one by one (text.py of GitHub's renderer is not ours to trust): no mention, no
reference to an issue, no link, no HTML, no way out of a table. What does not fit is left out from the end of
the longest list, and the text says so. Not here: progress (bot/render).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import quote as url_quote

from bot.plans.plan import ImplementationPlan, Source, Threshold

LIMIT = 60_000
"""Characters. GitHub refuses more than 65,535 in a check run's text and in a comment."""

MAX_CELL = 300
_MARKS = re.compile(r"[\\`*_{}\[\]()<>#|~!^$]|^[-+=]")
_STARTS_MENTION = re.compile(r"(?<=@)(?=\w)")
_AUTOLINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\bGH)(?=-\d)|(?<=mailto)(?=:)", re.I)
_SPACE = re.compile(r"\s+")
_BREAK = "\u200b"  # zero width: GitHub links names and addresses after rendering, so escapes do not stop it


def safe(text: str, limit: int = MAX_CELL) -> str:
    """Foreign words as plain text for any place in GitHub Markdown, on one line, at most `limit` characters long.

    Control and bidirectional characters go; Markdown's marks are escaped; @names, #12, GH-12 and addresses are
    broken with a zero-width space, so that nobody is notified and nothing is linked.
    """
    visible = "".join(
        ch if unicodedata.category(ch) not in ("Cc", "Cf", "Cs", "Co") else " " for ch in text[: 4 * limit]
    )
    words = _SPACE.sub(" ", visible).strip()
    if len(words) > limit:
        words = words[: limit - 1].rstrip() + "…"
    words = words.replace("&", "&amp;")
    words = _STARTS_MENTION.sub(_BREAK, words)
    words = _AUTOLINKS.sub(_BREAK, words)
    words = (
        _MARKS.sub(r"\\\g<0>", words).replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\|", "&#124;")
    )
    words = re.sub(r"\\#(?=\d)", rf"\\#{_BREAK}", words)
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", words)


def code(text: str, limit: int = MAX_CELL) -> str:
    """Foreign words as a code span that they cannot leave, also inside a table."""
    visible = "".join(
        ch if unicodedata.category(ch) not in ("Cc", "Cf", "Cs", "Co") else " " for ch in text[: 4 * limit]
    )
    words = _SPACE.sub(" ", visible).strip()[:limit].replace("`", "ˋ").replace("|", "¦")
    return f"`{words}`" if words else ""


def as_markdown(plan: ImplementationPlan, *, blob_url: str | None = None, limit: int = LIMIT) -> str:
    """The whole plan. blob_url: "https://github.com/o/r/blob/SHA/", for links to lines; None writes no links.

    limit: characters of the result, at least 2,000.
    """
    return _Page(plan, blob_url).text(max(2_000, limit))


class _Page:
    def __init__(self, plan: ImplementationPlan, blob_url: str | None) -> None:
        self.plan = plan
        self.blob_url = blob_url

    def text(self, limit: int) -> str:
        parts: list[tuple[str, list[str]]] = [
            (self._head(), []),
            *self._alerts(),
            ("## Phases\n\n| Phase | Steps | After | Way back |\n|---|---|---|---|", self._phases()),
            (
                "## What the record asks for\n\n| Id | Kind | What | Where |\n|---|---|---|---|",
                self._requirements(),
            ),
            ("## Promised numbers\n\n| Id | What | Promise | Where |\n|---|---|---|---|", self._thresholds()),
            (
                "## Other records\n\n| Record | Relation | In this log | Where |\n|---|---|---|---|",
                self._dependencies(),
            ),
            ("## Taken back when", self._triggers()),
            (f"## Risk: {self.plan.risk_assessment.level}", self._risks()),
            ("## How", self._how()),
        ]
        kept = [(head, rows) for head, rows in parts if rows or head.startswith((self._head()[:8], "> "))]
        return _fit(kept, limit)

    def _head(self) -> str:
        plan = self.plan
        count = len(plan.adr_requirements)
        duration = plan.estimated_duration
        state = "may not start yet" if plan.blocked else "may start once it is approved"
        return (
            f"# Plan: {safe(plan.adr.id, 80)} — {safe(plan.adr.title)}\n\n"
            f"{count} requirement{'' if count == 1 else 's'} in {len(plan.phases)} phases, complexity "
            f"{plan.complexity}, "
            f"risk {plan.risk_assessment.level}, about {duration.low_minutes} to "
            f"{duration.high_minutes} minutes of run time. "
            f"It {state}.\n\n"
            f"Plan {code(plan.workflow_id)}, digest {code(plan.digest[:12])}, read from {self._where_file()}."
        )

    def _alerts(self) -> list[tuple[str, list[str]]]:
        out: list[tuple[str, list[str]]] = []
        if self.plan.blocked:
            out.append(
                (
                    "> [!CAUTION]\n> **Nothing may start:**",
                    [f"> - {safe(line, 500)}" for line in self.plan.blocked[:20]],
                )
            )
        if self.plan.warnings:
            out.append(
                (
                    "> [!WARNING]\n> **Good to know:**",
                    [f"> - {safe(line, 500)}" for line in self.plan.warnings[:20]],
                )
            )
        return out

    def _phases(self) -> list[str]:
        return [
            _row(
                f"{number}. {safe(phase.name)}",
                "<br>".join(safe(step.description) for step in phase.steps),
                safe(", ".join(phase.dependencies)) or "—",
                safe(phase.rollback_strategy),
            )
            for number, phase in enumerate(self.plan.phases, 1)
        ]

    def _requirements(self) -> list[str]:
        return [
            _row(safe(r.id.rpartition("/")[2]), safe(r.kind), safe(r.text), self._where(r.source))
            for r in self.plan.adr_requirements
        ]

    def _thresholds(self) -> list[str]:
        return [
            _row(safe(t.id.rpartition("/")[2]), safe(t.subject), _promise(t), self._where(t.source))
            for t in self.plan.thresholds
        ]

    def _dependencies(self) -> list[str]:
        words = {True: "yes", False: "**no**", None: "not looked up"}
        return [
            _row(
                safe(d.target, 100) + (f": {safe(d.note)}" if d.note else ""),
                safe(d.relation),
                words[d.present],
                self._where(d.source),
            )
            for d in self.plan.dependencies
        ]

    def _triggers(self) -> list[str]:
        if not self.plan.rollback_required:
            return ["- nothing by itself: a person is asked (“rollback_required: false”)"]
        return [f"- {safe(trigger.description)}" for trigger in self.plan.rollback_triggers]

    def _risks(self) -> list[str]:
        return [
            f"- **{safe(f.name)}** ({f.level}): {safe(f.reason)} {safe(f.mitigation)}"
            for f in self.plan.risk_assessment.factors
        ]

    def _how(self) -> list[str]:
        plan = self.plan
        tests, limits = plan.test_strategy, plan.limits
        patterns = ", ".join(safe(p) for p in plan.architectural_patterns)
        files = ", ".join(code(p, 120) for p in plan.target_files[:20])
        allowed = ", ".join(code(g, 120) for g in limits.allow[:20])
        command = code(" ".join(tests.command)) or "none"
        return [
            f"- Workflow template: {plan.template}. {safe(plan.template_reason)}",
            f"- Agent: {code(plan.agent.name) or 'none'}. {safe(plan.agent.reason)}",
            f"- Tests: {command}, coverage target {tests.coverage_target} %. {safe(tests.reason)}",
            f"- Files: {files}",
            f"- Limits: at most {limits.max_files} files and {limits.max_bytes} bytes, within {allowed}",
            *([f"- Patterns: {patterns}"] if patterns else []),
            f"- Time: {safe(plan.estimated_duration.reason, 500)}",
        ]

    def _where_file(self) -> str:
        path = self.plan.adr.path
        return f"[{safe(path)}]({self._url(path)})" if self.blob_url else code(path)

    def _where(self, source: Source) -> str:
        lines = f"L{source.line}" + (f"-L{source.end_line}" if source.end_line > source.line else "")
        if self.blob_url is None:
            return code(f"{source.path}#{lines}")
        return f"[{safe(source.path.rpartition('/')[2], 60)}#{lines}]({self._url(source.path)}#{lines})"

    def _url(self, path: str) -> str:
        return f"{self.blob_url}{url_quote(path.encode('utf-8', 'replace'), safe='/')}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _promise(threshold: Threshold) -> str:
    return safe(f"{threshold.comparator} {threshold.value:g} {threshold.unit}")


def _fit(parts: Sequence[tuple[str, list[str]]], limit: int) -> str:
    """All parts, or what fits: the longest list loses rows first, and a last line says how many."""
    rows = [list(lines) for _, lines in parts]
    size = sum(
        len(head) + 2 + sum(len(line) + 1 for line in lines)
        for (head, _), lines in zip(parts, rows, strict=True)
    )
    left_out = 0
    while size > limit - 200 and any(rows):
        longest = max(rows, key=lambda lines: sum(map(len, lines)))
        size -= len(longest.pop()) + 1
        left_out += 1
    text = "\n\n".join(
        "\n".join([head, *_spaced(head, lines)]) for (head, _), lines in zip(parts, rows, strict=True)
    )
    if left_out:
        lines = "line" if left_out == 1 else "lines"
        text += f"\n\n_{left_out} {lines} left out here for length; the whole plan is in its JSON file._"
    return text[: limit - 1] + "\n"


def _spaced(head: str, lines: list[str]) -> list[str]:
    """A list needs an empty line after its heading; a table and an alert go on without one."""
    return ["", *lines] if lines and lines[0].startswith("- ") else lines
