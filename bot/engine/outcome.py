"""What a step answers: Done, Waiting or Failed. The whole vocabulary between steps and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class DomainEvent(msgspec.Struct, frozen=True):
    """Something that a step saw or decided, opaque to the engine, kept in the instance's stream.

    name: such as "QualityGateEvaluated". data: small JSON values; digests instead of large bodies.
    """

    name: str
    data: dict[str, Any] = {}


class Done(msgspec.Struct, frozen=True, tag=True):
    """Finished. result: small JSON values; the definition's `outputs` export its fields."""

    result: dict[str, Any] = {}
    events: tuple[DomainEvent, ...] = ()


class Waiting(msgspec.Struct, frozen=True, tag=True):
    """Not finished, and nothing to do but wait.

    wake_on: keys of facts after which to check again. recheck_after: seconds after which to check without
    one, since any webhook may be lost. deadline: seconds after the step's start at which it has failed; None
    takes the definition's timeout. note: what is waited for, in words. memo: what `check` and `undo` need.
    signal: completes the step with the data of the next signal of this name.
    """

    wake_on: tuple[str, ...] = ()
    recheck_after: float = 300.0
    deadline: float | None = None
    note: str = ""
    memo: dict[str, Any] = {}
    signal: str = ""
    events: tuple[DomainEvent, ...] = ()


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Did not work. error: one sentence for people. kind: transient, rate-limit, permission, conflict,
    bad-input, gate, deadline, refused or bug. retryable: may be tried again as it is, at the earliest
    retry_after seconds from now. before_effect: known to have changed nothing, so nothing is to be undone.
    park: do not roll back; a human must look first. fix_forward: see StepDefinition; None is yes for a gate's.
    evidence: small JSON values for whoever fixes it.
    """

    error: str
    kind: str = "bug"
    retryable: bool = False
    retry_after: float | None = None
    before_effect: bool = False
    park: bool = False
    fix_forward: bool | None = None
    evidence: dict[str, Any] = {}
    events: tuple[DomainEvent, ...] = ()


Outcome = Done | Waiting | Failed

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Outcome] = msgspec.json.Decoder(Outcome)
_SOONEST, _LATEST = 0.01, 100 * 365 * 86_400.0
"""Seconds until a recheck: no step keeps the process busy with looking, or leaves what time can be counted in."""


def sound(answer: object) -> Outcome:
    """What a step answered, as the log will give it back; so that what is kept is what is gone on with.

    Raises ValueError for what is no outcome and what no event could hold: a plugin may answer anything.
    """
    if not isinstance(answer, Outcome):
        raise ValueError(f"{type(answer).__name__} is neither Done nor Waiting nor Failed")
    try:
        outcome = _decoder.decode(_encoder.encode(answer))
    except (msgspec.DecodeError, TypeError, ValueError, RecursionError, OverflowError) as error:
        raise ValueError(f"{type(answer).__name__} that no event can hold: {error}") from error
    if isinstance(outcome, Failed) and not outcome.error.strip():  # people stand before it, and ask why
        outcome = msgspec.structs.replace(outcome, error="it failed and did not say why")
    if isinstance(outcome, Waiting) and not _SOONEST <= outcome.recheck_after <= _LATEST:
        soon = min(max(outcome.recheck_after, _SOONEST), _LATEST)
        outcome = msgspec.structs.replace(outcome, recheck_after=soon)
    return outcome


def held(data: Mapping[str, Any]) -> dict[str, Any]:
    """What people and programs bring along (inputs, a signal's data, a memo), as the log will give it back.

    Raises ValueError for what no event could hold.
    """
    try:
        return msgspec.json.decode(_encoder.encode(data), type=dict[str, Any])
    except (msgspec.DecodeError, TypeError, ValueError, RecursionError, OverflowError) as error:
        raise ValueError(f"no event can hold what it brings: {error}") from error
