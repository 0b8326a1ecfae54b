"""Issues that we open: once for one reason, found again by our key. Not here: comments (comments.py)."""

from __future__ import annotations

import msgspec

from bot.engine.ports import StepContext
from bot.github import markers
from bot.github.journal import Result, once, settle, write
from bot.github.objects import Issue
from bot.github.repository import Repository


class _Made(msgspec.Struct, frozen=True):
    number: int


async def open_issue(
    ctx: StepContext, repository: Repository, *, title: str, body: str, part: str = "issue"
) -> Issue:
    """An issue with these words; one of our App with our key is adopted. part: which one, if a step opens several.

    Raises GitHubError.
    """
    gh = repository.gh
    ours = (await gh.app()).login
    intent = once(ctx, "open-issue", [title], part=part)
    key = intent.effect.key

    async def look() -> Result | None:
        for issue in await repository.issues(creator=ours):
            if issue.user is not None and issue.user.login == ours and markers.has(issue.body, key):
                return {"number": issue.number}
        return None

    async def do() -> Result:
        content = {"title": title, "body": markers.marked(body, key)}
        made = await write(repository, "open-issue", "POST", "/issues", content)
        return {"number": made.read(_Made).number}

    number = int((await settle(intent, gh, look=look, do=do, by_nature=False))["number"])
    return await repository.issue(number)
