"""A language model behind a command that the operator names: one program a question, and no provider in our code.

The program is started without a shell, gets {"task", "material", "key"} as JSON on its standard input, and answers
{"text", "model", "cost_usd"} as JSON on its standard output. It sees the environment of the bot without the bot's
own variables (CLOI_…), so it can have a key and never has ours. Time and size are bounded. A repository cannot
choose it. Not here: what is asked (bot/steps/library), and agents that write code (descriptions.py).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from bot.agents.model import Answer, ModelUnavailable, Request

SECONDS = 180.0
MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class CommandModel:
    """argv: the program and its arguments. seconds: how long one answer may take."""

    argv: Sequence[str]
    seconds: float = SECONDS

    async def answer(self, request: Request) -> Answer:
        """Raises ModelUnavailable."""
        question = {"task": request.task, "material": dict(request.material), "key": request.key}
        try:
            process = await asyncio.create_subprocess_exec(
                *self.argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={k: v for k, v in os.environ.items() if not k.startswith("CLOI_")},
                start_new_session=True,
            )
        except OSError as error:
            raise ModelUnavailable(
                f"the model cannot be started: {error.strerror}", retryable=False
            ) from error
        try:
            said = await asyncio.wait_for(_talk(process, json.dumps(question).encode()), self.seconds)
        except TimeoutError as error:
            raise ModelUnavailable(f"the model has not answered within {self.seconds:g} seconds") from error
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # also what it left running
            await process.wait()
        return _answer(said, process.returncode)


async def _talk(process: asyncio.subprocess.Process, question: bytes) -> bytes:
    assert process.stdin is not None and process.stdout is not None
    with suppress(ConnectionError):  # who answers without listening is judged by the answer
        process.stdin.write(question)
        await process.stdin.drain()
    process.stdin.close()
    out = b""
    while chunk := await process.stdout.read(65_536):
        out += chunk
        if len(out) > MAX_BYTES:
            raise ModelUnavailable(f"the model's answer has more than {MAX_BYTES} bytes", retryable=False)
    await process.wait()
    return out


def _answer(said: bytes, code: int | None) -> Answer:
    if code != 0:
        raise ModelUnavailable(f"the model ended with exit code {code}")
    try:
        data = json.loads(said)
        text, name, cost = data["text"], data.get("model", "unknown"), data.get("cost_usd")
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise ModelUnavailable("the model's answer is not the JSON that was agreed on") from error
    if not isinstance(text, str) or not isinstance(name, str):
        raise ModelUnavailable("the model's answer is not the JSON that was agreed on")
    number = isinstance(cost, int | float) and not isinstance(cost, bool) and 0 <= cost < 1e6
    return Answer(text, name[:100], float(cost) if number else None)
