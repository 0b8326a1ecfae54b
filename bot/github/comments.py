"""say and react: one living comment for one marker, edited in place; and a reaction as a quick yes, seen.

A new comment notifies people, an edit does not: so there is one comment, kept true. If a lost answer made two,
the one with the lowest id stays. https://docs.github.com/en/rest/issues/comments
"""

from __future__ import annotations

from bot.engine.ports import StepContext
from bot.github import errors, markers
from bot.github.journal import Intent, asked_again, once, patiently, version, write
from bot.github.objects import Comment
from bot.github.repository import Repository

_MOST = 65_536  # characters, GitHub's limit


async def say(
    ctx: StepContext, repository: Repository, issue: int, *, marker: str, body: str, beside: bool = False
) -> int:
    """Have one comment with this marker on an issue or pull request say `body`; returns its id.

    Saying again what was said last asks GitHub nothing. A comment that somebody deleted is written anew. Raises
    ForeignObject if somebody else's comment has our marker and none of ours has, unless ours may stand beside it;
    GitHubError.
    """
    text = markers.marked(body, marker)
    if len(text) > _MOST:
        raise errors.Invalid(f"The comment has {len(text):,} characters; GitHub takes {_MOST:,}.")
    intent, known = version(ctx, "comment", f"{repository.full_name}#{issue} {marker}", text)
    if intent.observed is not None:
        return int(intent.observed["comment"])
    if known and not intent.known and await _edited(repository, int(known["comment"]), text):
        intent.observe(known)
        return int(known["comment"])
    comment = await repository.comment(int(known["comment"])) if known else None
    if comment is None:
        alone = not (beside or asked_again(ctx))
        comment = await _find_or_write(intent, repository, issue, marker, text, alone)
    if _said(comment) != text:
        try:
            await write(repository, "comment", "PATCH", f"/issues/comments/{comment.id}", {"body": text})
        except errors.Unknown:
            now = await repository.comment(comment.id)
            if now is None or _said(now) != text:
                raise
    intent.observe({"comment": comment.id})
    return comment.id


async def react(ctx: StepContext, repository: Repository, comment_id: int, content: str) -> None:
    """React to a comment (content: "eyes", "+1", "rocket" …). Once by nature; a deleted comment needs none."""
    intent = once(ctx, "react", content, part=f"{comment_id}/{content}")
    if intent.observed is not None:
        return
    try:
        await write(
            repository, "react", "POST", f"/issues/comments/{comment_id}/reactions", {"content": content}
        )
    except errors.NotFound:
        intent.observe({"gone": True})
    else:
        intent.observe({})


async def _edited(repository: Repository, comment_id: int, text: str) -> bool:
    """Edit a comment that is known to be ours, without reading it first. False: look what has become of it."""
    try:
        await write(repository, "comment", "PATCH", f"/issues/comments/{comment_id}", {"body": text})
    except (errors.Unknown, errors.NotFound):
        return False
    return True


async def _find_or_write(
    intent: Intent, repository: Repository, issue: int, marker: str, text: str, alone: bool
) -> Comment:
    async def look() -> Comment | None:
        return await _ours(repository, issue, marker, alone)

    found = await look()
    if found is None and intent.known:
        found = await patiently(repository.gh, look)
    if found is not None:
        return found
    try:
        answer = await write(repository, "comment", "POST", f"/issues/{issue}/comments", {"body": text})
        return answer.read(Comment)
    except errors.Unknown:
        found = await patiently(repository.gh, look)
        if found is None:
            raise
        return found


async def _ours(repository: Repository, issue: int, marker: str, alone: bool) -> Comment | None:
    """Our comment with the marker; where there are several, the first, and the others are deleted. alone: with
    none of ours there, nobody else's may be there either."""
    login = (await repository.gh.app()).login
    marked = [c for c in await repository.comments(issue) if markers.has(c.body, marker)]
    ours = sorted((c for c in marked if c.user and c.user.login == login), key=lambda c: c.id)
    if not ours:
        if marked and alone:
            who = marked[0].user.login if marked[0].user else "somebody"
            raise errors.ForeignObject(
                f"A comment by {who} on #{issue} carries the mark of ours. It was left alone; after a retry, ours "
                "stands beside it."
            )
        return None
    for more in ours[1:]:
        try:
            await write(repository, "comment", "DELETE", f"/issues/comments/{more.id}")
        except errors.NotFound:
            continue
    return ours[0]


def _said(comment: Comment) -> str:
    return (comment.body or "").replace("\r\n", "\n")
