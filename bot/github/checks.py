"""check_run: one check run for one external id, brought to a state, annotations fifty at a time.

https://docs.github.com/en/rest/checks/runs. Only our App can write its check runs, so none is ever foreign. Too
long a text may answer 5xx, so lengths are held here. Not here: what the check says (bot/render).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from bot.engine.ports import StepContext
from bot.github import errors
from bot.github.journal import patiently, version, write
from bot.github.objects import CheckOutput, CheckRun
from bot.github.repository import Repository

BATCH = 50  # annotations a request
_TITLE, _TEXT, _ANNOTATION_TITLE, _MESSAGE = 255, 65_535, 255, 64_000
_BUTTONS = 3
_LABEL, _DESCRIPTION, _IDENTIFIER = 20, 40, 20
_SHORTENED = "\n\n… shortened: this was longer than GitHub shows."


async def check_run(
    ctx: StepContext,
    repository: Repository,
    *,
    name: str,
    head_sha: str,
    external_id: str,
    status: str,
    conclusion: str | None,
    title: str,
    summary: str,
    text: str = "",
    annotations: Sequence[Mapping[str, Any]] = (),
    details_url: str | None = None,
    actions: Sequence[Mapping[str, str]] = (),
) -> int:
    """Bring the check run with this external id on a commit to this state; returns its id.

    status: queued, in_progress or completed; conclusion only with completed. annotations, actions: as GitHub
    takes them. GitHub only adds annotations: give all that this check run shall have, in the same order; those
    that it has already are not sent again. Longer texts are shortened. Raises Invalid for buttons that GitHub
    would not take, GitHubError.
    """
    _check_buttons(actions)
    output: dict[str, Any] = {"title": title[:_TITLE], "summary": _short(summary)}
    if text:
        output["text"] = _short(text)
    state: dict[str, Any] = {"name": name, "external_id": external_id, "status": status, "output": output}
    if status == "completed":
        state["conclusion"] = conclusion
    if details_url:
        state["details_url"] = details_url
    if actions:
        state["actions"] = [dict(a) for a in actions]
    notes = [_annotation(a) for a in annotations]

    intent, known = version(
        ctx, "check-run", f"{repository.full_name}@{head_sha} {external_id}", [state, notes]
    )
    if intent.observed is not None:
        return int(intent.observed["check_run"])
    written = False
    if known is not None and not intent.known:
        number, sent = int(known["check_run"]), int(known["annotations"])
    else:
        look = partial(_ours, repository, head_sha, name, external_id)
        found = await look()
        if found is None and intent.known:
            found = await patiently(repository.gh, look)
        if found is None:
            found, written = await _create(repository, head_sha, state, notes[:BATCH], look), True
        number, sent = found.id, found.output.annotations_count if found.output else 0
    rest = notes[sent:]
    while rest or not written:
        batch = {**state, "output": {**output, "annotations": rest[:BATCH]}}
        await write(repository, "check-run", "PATCH", f"/check-runs/{number}", batch)
        rest, written = rest[BATCH:], True
    intent.observe({"check_run": number, "annotations": max(sent, len(notes))})
    return number


async def _create(
    repository: Repository,
    head_sha: str,
    state: Mapping[str, Any],
    notes: Sequence[Mapping[str, Any]],
    look: Callable[[], Awaitable[CheckRun | None]],
) -> CheckRun:
    body = {**state, "head_sha": head_sha, "output": {**state["output"], "annotations": list(notes)}}
    try:
        made = (await write(repository, "check-run", "POST", "/check-runs", body)).read(CheckRun)
    except errors.Unknown:
        found = await patiently(repository.gh, look)
        if found is None:
            raise
        return found
    # What was just sent, whatever the answer has counted already.
    return msgspec.structs.replace(made, output=CheckOutput(annotations_count=len(notes)))


async def _ours(repository: Repository, head_sha: str, name: str, external_id: str) -> CheckRun | None:
    """Our check run with the id; where there are several, the first, and the others step back."""
    app = (await repository.gh.app()).id
    found = await repository.check_runs(head_sha, name=name, every=True)
    ours = sorted(
        (c for c in found if c.app and c.app.id == app and c.external_id == external_id), key=lambda c: c.id
    )
    for more in ours[1:]:
        if (more.status, more.conclusion) != ("completed", "neutral"):
            said = {"title": "Replaced", "summary": f"The check run {ours[0].id} says how it stands."}
            body = {"status": "completed", "conclusion": "neutral", "output": said}
            await write(repository, "check-run", "PATCH", f"/check-runs/{more.id}", body)
    return ours[0] if ours else None


def _annotation(annotation: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(annotation)
    out["message"] = str(out["message"])[:_MESSAGE]
    if out.get("title"):
        out["title"] = str(out["title"])[:_ANNOTATION_TITLE]
    return out


def _short(text: str) -> str:
    return text if len(text) <= _TEXT else text[: _TEXT - len(_SHORTENED)] + _SHORTENED


def _check_buttons(actions: Sequence[Mapping[str, str]]) -> None:
    if len(actions) > _BUTTONS:
        raise errors.Invalid(f"A check run has at most {_BUTTONS} buttons, not {len(actions)}.")
    for action in actions:
        for field, most in (("label", _LABEL), ("description", _DESCRIPTION), ("identifier", _IDENTIFIER)):
            if not 0 < len(action.get(field, "")) <= most:
                raise errors.Invalid(f"A button's {field} has 1 to {most} characters: “{action.get(field)}”.")
