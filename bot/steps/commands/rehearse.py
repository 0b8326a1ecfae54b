"""`/cloi rehearse rollback [ADR]`: what a rollback would do now, without doing anything."""

from __future__ import annotations

from bot.render import commands as words
from bot.render.commands import CommandHelp
from bot.render.reverts import rehearsal
from bot.steps.commands.base import Asked, Command, instances_of, meant
from bot.steps.reverting import reverse_of


async def obey(asked: Asked) -> str | None:
    if asked.arguments[:1] == ("rollback",):
        asked = Asked(
            asked.ctx, asked.services, asked.repository, asked.issue, asked.author, asked.arguments[1:]
        )
    for instance in reversed(meant(asked, instances_of(asked, open_only=False))):
        opened = instance.steps.get("open-implementation-pr")
        if opened is None or "commit" not in opened.result:
            continue
        pull = await asked.repository.pull(int(opened.result["number"]))
        head = await asked.repository.branch_head(pull.base.ref)
        assert head is not None, "a pull request goes into it"
        reverse = await reverse_of(asked.repository, str(opened.result["commit"]), head, merged=pull.merged)
        return rehearsal(pull.number, sorted(reverse.files), reverse.conflicts)
    return words.nothing_to_rehearse()


COMMAND = Command(
    CommandHelp(
        name="rehearse",
        usage="/cloi rehearse rollback [ADR]",
        description="Say what a rollback would do now, file by file, without doing it.",
        who="people with write permission",
        examples=("/cloi rehearse rollback",),
    ),
    obey,
)
