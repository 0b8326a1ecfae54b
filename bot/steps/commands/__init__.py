"""The `/cloi` commands, one module each: grammar and help as data, and what it does.

A command changes only the engine's state (start, cancel, pause …), which is idempotent for the same cause; what
people see of it follows from there. An answer is text or None, where the living comment is answer enough.
"""

from __future__ import annotations

from bot.steps.commands import adr, approve, cancel, help, implement, pause, rehearse, retry, rollback, status
from bot.steps.commands.base import Command

COMMANDS: dict[str, Command] = {
    command.help.name: command
    for command in (
        implement.COMMAND,
        status.COMMAND,
        approve.COMMAND,
        pause.COMMAND,
        pause.RESUME,
        cancel.COMMAND,
        retry.COMMAND,
        rehearse.COMMAND,
        rollback.COMMAND,
        adr.COMMAND,
        help.COMMAND,
    )
}
