"""Who may do what (ADR-012, Permission Management): the bot's answer to the engine's one question (ports.Policy).

Whoever asks by a command must have been seen to be allowed in that command's own instance, where GitHub was asked
(answering.CheckPermission). So what a person does to an implementation rests on a line of the log, whatever code
led there. What the bot does of itself, and what facts start, needs no person's permission.
"""

from __future__ import annotations

from bot.engine.events import StepEmitted
from bot.engine.ports import EventStore

COMMANDS = "answer-command/"
"""Instances that answer one command begin with this."""


class SeenToBeAllowed:
    """store: where the commands' instances are."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    def refusal(self, actor: str, act: str, instance: str, cause: str) -> str | None:
        """See ports.Policy."""
        if not actor.startswith("@") or not cause.startswith(COMMANDS):
            return None
        for event in self._store.read(cause):
            match event.body:
                case StepEmitted(name="PermissionChecked", data={"allowed": True, "user": user}):
                    if f"@{user}" == actor:
                        return None
        words = act.replace("-", " ")
        return f"{actor} was not seen to be allowed to {words} this; people with write permission may."
