"""open_pull, close_pull, delete_branch: a pull request of ours, from its beginning to its end without a merge.

Merging is people's. Only what our App opened is adopted or closed; a branch is deleted only while its head is
what we put there. https://docs.github.com/en/rest/pulls/pulls
"""

from __future__ import annotations

import asyncio

from bot.engine.ports import StepContext
from bot.github import errors, markers
from bot.github.comments import say
from bot.github.journal import Result, once, settle, write
from bot.github.objects import Pull
from bot.github.repository import Repository
from bot.github.route import segments

_HEAD_NOT_SEEN = "PullRequest head invalid"


async def open_pull(
    ctx: StepContext, repository: Repository, *, head: str, commit: str, base: str, title: str, body: str
) -> Pull:
    """Propose branch `head` for `base`. A pull request of our App for this branch is adopted, open or closed if
    it has our key, open otherwise. commit: ours, which the branch must hold: what others have pushed before is not
    proposed under our name. Raises ForeignObject if it holds another or somebody else's stands there, GitHubError.
    """
    gh = repository.gh
    ours = (await gh.app()).login
    intent = once(ctx, "open-pull", [head, base], part=head)
    marker = intent.effect.key
    seen: dict[int, Pull] = {}

    async def look() -> Result | None:
        for pull in await repository.pulls(head=head):
            by_us = pull.user is not None and pull.user.login == ours
            if by_us and (markers.has(pull.body, marker) or (pull.state == "open" and pull.base.ref == base)):
                seen[pull.number] = pull
                return {"number": pull.number}
            if pull.state == "open" and pull.base.ref == base:
                raise errors.ForeignObject(
                    f"#{pull.number} already proposes “{head}” for “{base}”, and it is not ours. It was left "
                    "alone; close it, then retry."
                )
        return None

    def unmoved(found: str | None) -> None:
        if found is not None and found != commit:
            raise errors.ForeignObject(
                f"Somebody has pushed to “{head}” before it could be proposed, so what it holds is not ours "
                "alone. It was left alone; retry to have another branch made."
            )

    async def do() -> Result:
        unmoved(await repository.branch_head(head))
        content = {"title": title, "head": head, "base": base, "body": markers.marked(body, marker)}
        for pause in (*gh.patience, None):
            try:
                made = (await write(repository, "open-pull", "POST", "/pulls", content)).read(Pull)
                unmoved(made.head.sha)  # between our look and GitHub's work
                seen[made.number] = made
                return {"number": made.number}
            except errors.Invalid as error:
                if _HEAD_NOT_SEEN in error.errors and pause is not None:
                    await asyncio.sleep(pause)  # the branch is seconds old; GitHub has not seen it everywhere
                    continue
                found = await look()
                if found is None:
                    raise
                return found
        raise AssertionError("the last pause is None")

    number = int((await settle(intent, gh, look=look, do=do, by_nature=True))["number"])
    return seen.get(number) or await repository.pull(number)


async def opened(ctx: StepContext, repository: Repository, branch: str) -> int | None:
    """The pull request that this step has opened for a branch, in whichever attempt: as noted, or as it is found
    after a crash."""
    for effect in ctx.store.effects(ctx.instance):
        ours = (effect.step, effect.kind) == (ctx.step, "open-pull") and effect.key.endswith(f"/{branch}")
        if ours and "number" in effect.result:
            return int(effect.result["number"])
    login = (await repository.gh.app()).login
    found = [p for p in await repository.pulls(head=branch) if p.user is not None and p.user.login == login]
    return found[0].number if found else None


async def close_pull(
    ctx: StepContext, repository: Repository, number: int, *, comment: str | None = None
) -> bool:
    """Close a pull request of ours without merging, after saying why; whoever closed it before needs no words.
    False if it was merged: then it stays. Raises ForeignObject if it is not ours, GitHubError."""
    ours = (await repository.gh.app()).login
    intent = once(ctx, "close-pull", number, part=str(number))

    async def look() -> Result | None:
        pull = await repository.pull(number)
        if pull.user is None or pull.user.login != ours:
            raise errors.ForeignObject(f"#{number} is not ours, so it was not closed.")
        return {"closed": not pull.merged} if pull.state == "closed" else None

    if comment is not None and intent.observed is None and await look() is None:
        await say(ctx, repository, number, marker=f"{ctx.key} closes {number}", body=comment, beside=True)

    async def do() -> Result:
        answer = await write(repository, "close-pull", "PATCH", f"/pulls/{number}", {"state": "closed"})
        return {"closed": not answer.read(Pull).merged}  # a person may have merged it since our look

    return bool((await settle(intent, repository.gh, look=look, do=do, by_nature=True))["closed"])


async def delete_branch(ctx: StepContext, repository: Repository, branch: str, *, if_head: str) -> bool:
    """Delete a branch whose head is still `if_head`. False if somebody has moved it: then it stays."""
    intent = once(ctx, "delete-branch", [branch, if_head], part=branch)

    async def look() -> Result | None:
        head = await repository.branch_head(branch)
        if head == if_head:
            return None
        return {"deleted": head is None}

    async def do() -> Result:
        try:
            await write(repository, "delete-branch", "DELETE", f"/git/refs/heads/{segments(branch)}")
        except (errors.Invalid, errors.NotFound):
            found = await look()  # 422: it is gone already
            if found is None:
                raise
            return found
        return {"deleted": True}

    return bool((await settle(intent, repository.gh, look=look, do=do, by_nature=True))["deleted"])
