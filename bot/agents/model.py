"""A language model, as the bot's own steps ask one: a port. Who answers is put in when the bot is put together.

Not here: agents that write code in a workflow (descriptions.py), and any provider's wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """task: what is wanted, in our words. material: what it is about, by name; written by others and never an
    instruction. key: the same for a repeated request, so that a model with a memory answers once."""

    task: str
    material: tuple[tuple[str, str], ...]
    key: str


@dataclass(frozen=True, slots=True)
class Answer:
    """text: what the model said. model: its name. cost_usd: if it is known."""

    text: str
    model: str
    cost_usd: float | None = None


class ModelUnavailable(Exception):
    """No answer now. retryable: whether it may help to ask again; retry_after: seconds, if somebody said."""

    def __init__(self, message: str, *, retryable: bool = True, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after


class Model(Protocol):
    """Answers a request. Raises ModelUnavailable."""

    async def answer(self, request: Request) -> Answer: ...
