"""What the check run on a pull request with decision records says: title, summary, text, annotations.

The summary is the tree of findings and a line about older ones; the text has what would mend them, and a preview
of the plan that would follow. Not here: the checks (bot/records), the preview itself (given as Markdown by the
caller), and the request to GitHub.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.render.fit import within
from bot.render.markdown import GITHUB_MOST, Safe, code, fence, link, size
from bot.render.plain import clip
from bot.render.result import Annotation, annotations_of, markdown
from bot.render.words import say, say_plainly
from bot.result import Result, Verdict

_MOST_TITLE = 200
_MOST_EDITS = 10
_MOST_EDIT = 1_500  # characters of one of them
_SPARE = 2_000  # bytes, for the line about older findings


@dataclass(frozen=True, slots=True)
class SuggestedEdit:
    """A change that would mend a finding. line: the first one, from 1. before, after: its lines, without the last
    end. why: the finding. url: of the place, if it can be linked."""

    path: str
    line: int
    before: str
    after: str
    why: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Older:
    """How much there is to remark on records that the pull request leaves as they are."""

    errors: int = 0
    warnings: int = 0
    records: int = 0


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


def record_check(
    findings: Result,
    preview: Safe | None = None,
    *,
    annotated: Collection[str] | None = None,
    edits: Sequence[SuggestedEdit] = (),
    older: Older | None = None,
    unseen: int = 0,
    number_taken: bool = False,
    first: Sequence[tuple[str, str | None]] = (),
) -> CheckOutput:
    """The output for findings on records. preview: Markdown of the plan, escaped by who made it.

    annotated: the files whose lines may be remarked on, None for all. unseen: how many other pull requests were
    not looked at for numbers. number_taken: whether to say how a record gets another; first: the pull requests
    that have it, as ("#7", its url). Warnings are neutral: GitHub counts that as passed where it is required.
    """
    remarks = tuple(a for a in annotations_of(findings) if annotated is None or a["path"] in annotated)
    problems = sum(not r.passed and all(c.passed for c in r.children) for r in findings.walk())
    warnings = sum(_only_warns(r) for r in findings.walk())
    title = say_plainly("records", "title", problems=problems, warnings=warnings, passed=findings.passed)
    words = [markdown(findings, GITHUB_MOST - _SPARE)]
    if number_taken:
        words.append(say("records", "number_taken", first=[link(label, url) for label, url in first]))
    if older is not None and older.records:
        words.append(say("records", "older", older=older))
    if unseen:
        words.append(say("records", "unseen", unseen=unseen))
    above, *below = [*_edits(edits), _preview(preview)]
    return CheckOutput(
        conclusion=_conclusion(findings),
        title=clip(title, _MOST_TITLE),
        summary=Safe("\n\n".join(words)),
        text=within(above, below, GITHUB_MOST),
        annotations=remarks,
    )


def _conclusion(findings: Result) -> str:
    if not findings.passed:
        return "failure"
    return "neutral" if findings.verdict is Verdict.WARN else "success"


def _only_warns(result: Result) -> bool:
    """A warning of its own, not one that a child of it has brought up."""
    return result.verdict is Verdict.WARN and all(c.verdict is not Verdict.WARN for c in result.children)


def _edits(edits: Sequence[SuggestedEdit]) -> Iterator[Safe]:
    if edits:
        yield say("records", "edits")
    for edit in edits[:_MOST_EDITS]:
        label = f"{edit.path}:{edit.line}"
        where = link(label, edit.url) if edit.url else code(label)
        yield say("records", "edit", where=where, why=clip(edit.why, 500), change=_change(edit))
    if len(edits) > _MOST_EDITS:
        yield say("records", "more_edits", more=len(edits) - _MOST_EDITS)


def _change(edit: SuggestedEdit) -> Safe:
    """The lines before and after, as people read changes."""
    before, after = edit.before.split("\n"), edit.after.split("\n")
    lines = difflib.unified_diff(before, after, n=1, lineterm="")
    shown = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    return fence(clip("\n".join(shown), _MOST_EDIT), "diff")


def _preview(preview: Safe | None) -> Safe:
    if preview is None:
        return say("records", "no_preview")
    if size(preview) <= GITHUB_MOST - 1_000:
        return say("records", "preview", preview=preview)
    return say("records", "preview_too_long")
