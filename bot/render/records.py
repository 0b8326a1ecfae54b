"""What the check run on a pull request with decision records says: title, summary, text, annotations.

The summary is the tree of findings, the text a preview of the plan that would follow. Not here: the checks
(bot/records), the preview itself (given as Markdown by the caller), and the request to GitHub.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.render.markdown import GITHUB_MOST, Safe, size
from bot.render.plain import clip
from bot.render.result import Annotation, annotations_of, markdown
from bot.render.words import say, say_plainly
from bot.result import Result, Verdict

_MOST_TITLE = 200


@dataclass(frozen=True, slots=True)
class CheckOutput:
    """A check run's output as GitHub's API wants it. conclusion: success, neutral or failure.

    annotations: all of them; a request takes 50.
    """

    conclusion: str
    title: str
    summary: Safe
    text: Safe
    annotations: tuple[Annotation, ...]


def record_check(findings: Result, preview: Safe | None = None) -> CheckOutput:
    """The output for findings on records. preview: Markdown of the plan, escaped by who made it.

    Warnings are neutral: GitHub counts that as passed where the check is required.
    """
    remarks = tuple(annotations_of(findings))
    problems = sum(not r.passed and all(c.passed for c in r.children) for r in findings.walk())
    warnings = sum(_only_warns(r) for r in findings.walk())
    title = say_plainly("records", "title", problems=problems, warnings=warnings, passed=findings.passed)
    return CheckOutput(
        conclusion=_conclusion(findings),
        title=clip(title, _MOST_TITLE),
        summary=markdown(findings),
        text=_preview(preview),
        annotations=remarks,
    )


def _conclusion(findings: Result) -> str:
    if not findings.passed:
        return "failure"
    return "neutral" if findings.verdict is Verdict.WARN else "success"


def _only_warns(result: Result) -> bool:
    """A warning of its own, not one that a child of it has brought up."""
    return result.verdict is Verdict.WARN and all(c.verdict is not Verdict.WARN for c in result.children)


def _preview(preview: Safe | None) -> Safe:
    if preview is None:
        return say("records", "no_preview")
    if size(preview) <= GITHUB_MOST - 1_000:
        return say("records", "preview", preview=preview)
    return say("records", "preview_too_long")
