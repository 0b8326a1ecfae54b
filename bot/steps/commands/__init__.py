"""The `/cloi` commands, one module each: grammar and help as data, and what it does.

A command changes only the engine's state (start, cancel, retry), which is idempotent for the same cause; what
people see of it follows from there. An answer is text or None, where the living comment is answer enough.
"""

from __future__ import annotations

from bot.steps.commands import adr, approve, cancel, help, implement, rehearse, retry, rollback, status
from bot.steps.commands.base import Command

COMMANDS: dict[str, Command] = {
    module.COMMAND.help.name: module.COMMAND
    for module in (implement, status, approve, cancel, retry, rehearse, rollback, adr, help)
}
