"""Large or private texts between steps: kept outside of the log, and named in results by digest.

A reference is a mapping and not a string, so that a text from outside can never pose as one. Bodies expire;
the log stays whole. Not here: what is in them.
"""

from __future__ import annotations

from typing import Any

from bot.engine.ports import StepContext


class BodyExpired(Exception):
    """A text that a former step has kept is gone."""


def keep(ctx: StepContext, text: str) -> dict[str, str]:
    """A reference to the text, small enough for an event."""
    return {"blob": ctx.store.put_blob(text.encode())}


def text_of(ctx: StepContext, value: Any) -> str:
    """The text itself, whether it was given as such or by reference. Raises BodyExpired."""
    if not (isinstance(value, dict) and set(value) == {"blob"}):
        return str(value)
    try:
        return ctx.store.get_blob(str(value["blob"])).decode(errors="replace")
    except KeyError as error:
        raise BodyExpired("what a former step has kept has expired; start anew") from error
