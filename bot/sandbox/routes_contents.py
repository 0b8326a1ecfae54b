"""REST for files on branches: reading, and one-file commits."""

from __future__ import annotations

from typing import Any

from bot.sandbox import refs, shapes_code
from bot.sandbox.call import Answer, Call, Refusal, forbidden, invalid, not_found, operation
from bot.sandbox.git import Commit, Entry, GitRefused, Signature
from bot.sandbox.routes_gitdata import decode


@operation("GET /repos/{owner}/{repo}/contents/{path}")
def get_contents(call: Call) -> Answer:
    """A file (JSON with base64, or its bytes with the raw media type) or a directory's list."""
    git, repo = call.repository.git, call.repository
    name = call.query.get("ref") or repo.default_branch
    commit = git.find_commit(name)
    if commit is None:
        raise Refusal(404, f"No commit found for the ref {name}")
    entry = git.entry(commit.tree, call.params["path"].strip("/"))
    if entry is None:
        raise not_found()
    if entry.kind == "tree":
        below = [
            Entry(item.mode, item.kind, item.sha, f"{entry.path}/{item.path}".lstrip("/"))
            for item in git.tree(entry.sha) or ()
        ]
        return Answer([shapes_code.content(call.world, repo, name, item, full=False) for item in below])
    if "raw" in call.accept:
        return Answer(git.blob(entry.sha) or b"", media_type="application/vnd.github.raw; charset=utf-8")
    return Answer(shapes_code.content(call.world, repo, name, entry, full=True))


@operation("PUT /repos/{owner}/{repo}/contents/{path}")
def put_contents(call: Call) -> Answer:
    """Writes one file as one commit; `sha` of the old blob is needed to change one (409 if it is another)."""
    branch, tip, old = _place(call)
    _expect(call, old)
    git = call.repository.git
    sha = git.write_blob(decode(call.body["content"]))
    path = call.params["path"].strip("/")
    mode = old.mode if old and old.kind == "blob" else "100644"
    commit = _commit(call, branch, tip, [Entry(mode, "blob", sha, path)])
    entry = git.entry(commit.tree, path)
    assert entry
    shape = shapes_code.content(call.world, call.repository, branch, entry, full=False)
    return Answer(_answer(call, shape, commit), 200 if old else 201)


@operation("DELETE /repos/{owner}/{repo}/contents/{path}")
def delete_contents(call: Call) -> Answer:
    """Removes one file as one commit."""
    branch, tip, old = _place(call)
    if old is None or old.kind != "blob":
        raise not_found()
    _expect(call, old)
    return Answer(_answer(call, None, _commit(call, branch, tip, [old.path])))


def _place(call: Call) -> tuple[str, Commit | None, Entry | None]:
    """(branch, its tip, what lies at the path)."""
    git = call.repository.git
    branch = call.body.get("branch") or call.repository.default_branch
    sha = git.ref(f"refs/heads/{branch.removeprefix('refs/heads/')}")
    tip = git.commit(sha) if sha else None
    if tip is None:
        raise Refusal(404, f"Branch {branch} not found")
    return branch.removeprefix("refs/heads/"), tip, git.entry(tip.tree, call.params["path"].strip("/"))


def _expect(call: Call, old: Entry | None) -> None:
    given, path = call.body.get("sha"), call.params["path"]
    if old is not None and given is None:
        raise Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if given is not None and (old is None or old.sha != given):
        raise Refusal(409, f"{path} does not match {given}")


def _commit(call: Call, branch: str, tip: Commit | None, changes: list[Entry | str]) -> Commit:
    assert tip
    git, body = call.repository.git, call.body
    path = changes[0] if isinstance(changes[0], str) else changes[0].path
    if (
        call.actor.installation
        and path.startswith(refs.WORKFLOWS)
        and not call.actor.allows("workflows", "write")
    ):
        raise forbidden()
    try:
        tree = git.write_tree(tip.tree, changes)
    except GitRefused as error:
        raise invalid("Commit", "path", message="path contains a malformed path component") from error
    mine = shapes_code.committer(call.user, call.commit_time)
    committer = _given(body.get("committer"), mine)
    author = _given(body.get("author"), committer)
    sha = git.write_commit(tree, [tip.sha], body["message"], author, committer)
    if call.app and "author" not in body and "committer" not in body:
        call.repository.signed.setdefault(sha, call.now)
    refs.move(call, f"refs/heads/{branch}", sha, tip.sha, refused=lambda message: Refusal(409, message))
    commit = git.commit(sha)
    assert commit
    return commit


def _given(person: Any, otherwise: Signature) -> Signature:
    if not person:
        return otherwise
    name, email = person.get("name", "").strip(), person.get("email", "").strip()
    if not name or not email or set(name + email) & set("<>\n\0"):
        raise invalid("Commit", "author")
    return Signature(name, email, otherwise.seconds)


def _answer(call: Call, content: Any, commit: Commit) -> dict[str, Any]:
    return {"content": content, "commit": shapes_code.git_commit(call.world, call.repository, commit)}
