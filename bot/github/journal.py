"""Each write is an intent first, then looked for, then done, then observed. So it happens once, or is found.

The intent is durable before anything is sent. A process may die, or an answer may be lost, at any point after
it: whoever comes next finds the intent, looks for what may have come of it in GitHub, and adopts that only if
our App made it. Effects on what there is once (a branch, a closing) are `once`; effects on what changes over
time (a comment, a check run) are `version`s of a subject. Not here: how each is looked for (the effects).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec

from bot.engine.ports import Effect, StepContext
from bot.github import errors
from bot.github.client import GitHub
from bot.github.permissions import EFFECTS, Permissions
from bot.github.repository import Repository
from bot.github.wire import Response

T = TypeVar("T")
Result = dict[str, Any]


class Intent:
    """An effect that was intended. known: it was before, or a state before it was and nobody saw what came of it:
    so something may be there. replaces: keys of such states, which are settled with this one."""

    def __init__(self, ctx: StepContext, effect: Effect, *, known: bool) -> None:
        self._store = ctx.store
        self.effect = effect
        self.known = known
        self.replaces: tuple[str, ...] = ()

    @property
    def observed(self) -> Result | None:
        """What came of it, if that is known."""
        return self.effect.result if self.effect.state == "observed" else None

    def observe(self, result: Mapping[str, Any]) -> Result:
        """Note what came of it, beside what was noted with the intent."""
        whole = {**self.effect.result, **result}
        for key in self.replaces:
            self._store.observe(key, {**whole, "replaced": True})
        self._store.observe(self.effect.key, whole)
        return whole


def digest_of(content: Any) -> str:
    """sha256 over content as JSON with sorted keys."""
    data = msgspec.json.encode(content, order="deterministic")
    return "sha256:" + hashlib.sha256(data).hexdigest()


def once(
    ctx: StepContext, kind: str, content: Any, *, part: str = "", hints: Mapping[str, Any] | None = None
) -> Intent:
    """Intend what a step does once. part: which one, if it does several of a kind. hints: where to look for it.

    Raises ForeignObject if the same step has already begun it with other content.
    """
    key = f"{ctx.key}/{kind}/{part}" if part else f"{ctx.key}/{kind}"
    intent = _intend(ctx, key, kind, digest_of(content), hints or {})
    if intent.effect.digest != digest_of(content):
        raise errors.ForeignObject(
            f"This step has already begun its “{kind}” with other content; what came of it must be looked at "
            "before it is done anew."
        )
    return intent


def version(ctx: StepContext, kind: str, subject: str, content: Any) -> tuple[Intent, Result | None]:
    """Intend the next state of what the instance keeps writing, and what is known of the subject's object.

    If the last state was this one and was observed, the intent is that one, observed.
    """
    digest = digest_of(content)
    before = [
        e for e in ctx.store.effects(ctx.instance) if e.kind == kind and e.result.get("subject") == subject
    ]
    last = before[-1] if before else None
    key = f"{ctx.key}/{kind}/{subject}/{len(before) + 1}"
    if last is not None and last.digest == digest:
        key = last.key
    seen = next((e.result for e in reversed(before) if e.state == "observed"), None)
    intent = _intend(ctx, key, kind, digest, {"subject": subject})
    intent.replaces = tuple(e.key for e in before if e.state == "intended" and e.key != key)
    intent.known = intent.known or bool(intent.replaces)
    return intent, seen


def find(ctx: StepContext, kind: str) -> Effect | None:
    """The effect of this kind that this step intended, if it did."""
    key = f"{ctx.key}/{kind}"
    return next((e for e in ctx.store.effects(ctx.instance) if e.key == key), None)


def asked_again(ctx: StepContext) -> bool:
    """Whether this step was begun before under another key: a person has looked and said to go on."""
    return any(
        e.step == ctx.step and not e.key.startswith(f"{ctx.key}/") for e in ctx.store.effects(ctx.instance)
    )


async def settle(
    intent: Intent,
    gh: GitHub,
    *,
    look: Callable[[], Awaitable[Result | None]],
    do: Callable[[], Awaitable[Result]],
    by_nature: bool,
) -> Result:
    """Look, adopt or do, observe. by_nature: GitHub refuses a second one, so doing it blindly is safe.

    After an answer that did not come, it is looked for with patience; raises Unknown if it is not to be seen.
    """
    if intent.observed is not None:
        return intent.observed
    found = await look()
    if found is None and intent.known and not by_nature:
        found = await patiently(gh, look)
    if found is None:
        intent.known = True  # from here on, what is found may be ours
        try:
            found = await do()
        except errors.Unknown:
            found = await patiently(gh, look)
            if found is None:
                raise
    return intent.observe(found)


async def patiently(gh: GitHub, look: Callable[[], Awaitable[T | None]]) -> T | None:
    """Look again after each pause of the client's patience: GitHub may lag, or still be at it."""
    for pause in gh.patience:
        await asyncio.sleep(pause)
        found = await look()
        if found is not None:
            return found
    return None


async def write(
    repository: Repository,
    kind: str,
    method: str,
    path: str,
    json: Any = None,
    *,
    need: Permissions | None = None,
) -> Response:
    """Send one write with the permissions of its kind of effect. path: below the repository."""
    return await repository.gh.call(
        method,
        repository.path + path,
        repository=repository.full_name,
        permissions=need or EFFECTS[kind],
        json=json,
    )


def _intend(ctx: StepContext, key: str, kind: str, digest: str, hints: Mapping[str, Any]) -> Intent:
    known = any(e.key == key for e in ctx.store.effects(ctx.instance))
    effect = Effect(
        key=key,
        kind=kind,
        instance=ctx.instance,
        step=ctx.step,
        digest=digest,
        state="intended",
        intended_at=ctx.now.isoformat(),
        result=dict(hints),
    )
    return Intent(ctx, ctx.store.intend(effect), known=known)
