"""REST for git data: blobs, trees, commits, refs."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from bot.sandbox import refs, shapes, shapes_code
from bot.sandbox.call import Answer, Call, Refusal, forbidden, invalid, not_found, operation, page
from bot.sandbox.git import Entry, GitRefused, Signature, is_sha, valid_ref

_KINDS = {"040000": "tree", "160000": "commit"}  # the other modes are blobs


@operation("GET /repos/{owner}/{repo}/git/blobs/{file_sha}")
def get_blob(call: Call) -> Answer:
    """A blob, in base64 or raw."""
    sha = call.params["file_sha"]
    data = call.repository.git.blob(sha)
    if data is None:
        raise not_found()
    if "raw" in call.accept:
        return Answer(data, media_type="application/vnd.github.raw; charset=utf-8")
    return Answer(
        {
            "sha": sha,
            "node_id": shapes.node("B", sha),
            "size": len(data),
            "url": f"{shapes_code.base(call.world, call.repository)}/git/blobs/{sha}",
            "content": base64.encodebytes(data).decode(),
            "encoding": "base64",
        }
    )


@operation("POST /repos/{owner}/{repo}/git/blobs")
def create_blob(call: Call) -> Answer:
    """Stores a blob from utf-8 text or base64."""
    content, encoding = call.body["content"], call.body.get("encoding", "utf-8")
    sha = call.repository.git.write_blob(decode(content) if encoding == "base64" else content.encode())
    url = f"{shapes_code.base(call.world, call.repository)}/git/blobs/{sha}"
    return Answer({"sha": sha, "url": url}, 201, {"Location": url})


def decode(content: str) -> bytes:
    """base64, with line ends in it or not. Raises GitHub's 422."""
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except binascii.Error:
        raise Refusal(422, "content is not valid Base64") from None


@operation("GET /repos/{owner}/{repo}/git/trees/{tree_sha}")
def get_tree(call: Call) -> Answer:
    """A tree by its sha, or that of a commit or branch; `recursive` with any value goes all the way down."""
    name, git = call.params["tree_sha"], call.repository.git
    commit = git.find_commit(name)
    sha = commit.tree if commit else name
    if git.tree(sha) is None:
        raise not_found()
    entries = git.walk(sha, trees=True) if "recursive" in call.query else git.tree(sha) or ()
    return Answer(_tree(call, sha, entries))


def _tree(call: Call, sha: str, entries: Any) -> dict[str, Any]:
    return {
        "sha": sha,
        "url": f"{shapes_code.base(call.world, call.repository)}/git/trees/{sha}",
        "tree": [shapes_code.tree_entry(call.world, call.repository, entry) for entry in entries],
        "truncated": False,
    }


@operation("POST /repos/{owner}/{repo}/git/trees")
def create_tree(call: Call) -> Answer:
    """A tree from entries, on top of base_tree if given; sha null removes a path.

    An App without `workflows: write` is already refused here when it names a workflow file, as on GitHub.
    """
    git = call.repository.git
    base = call.body.get("base_tree")
    commit = git.commit(base) if base else None
    base = commit.tree if commit else base
    if base and git.tree(base) is None:
        raise not_found()
    changes: list[Entry | str] = []
    for item in call.body["tree"]:
        path, mode = item.get("path"), item.get("mode", "100644")
        if not path or "\0" in path:
            raise Refusal(422, "tree.path cannot be empty" if not path else "tree.path contains a null byte")
        guarded = path.startswith(refs.WORKFLOWS) and call.actor.installation
        if guarded and not call.actor.allows("workflows", "write"):
            raise forbidden()
        if "sha" in item and "content" in item:
            raise Refusal(422, "Must supply either tree.sha or tree.content, not both")
        if "content" in item:
            changes.append(Entry(mode, "blob", git.write_blob(item["content"].encode()), path))
        elif item.get("sha") is None:
            if "sha" not in item or not base or git.entry(base, path) is None:
                raise Refusal(422, "GitRPC::BadObjectState")
            changes.append(path)
        else:
            changes.append(_entry(call, path, mode, item["sha"]))
    try:
        sha = git.write_tree(base, changes)
    except GitRefused as error:
        raise Refusal(422, f"tree.path contains a malformed path component: {error}") from error
    return Answer(_tree(call, sha, git.tree(sha)), 201)


def _entry(call: Call, path: str, mode: str, sha: str) -> Entry:
    kind = _KINDS.get(mode, "blob")
    found = call.repository.git.object(sha) if is_sha(sha) else None
    if kind != "commit" and (found is None or found[1] != kind):
        raise Refusal(422, f"tree.sha {sha} is not a valid {kind}")
    return Entry(mode, kind, sha, path)


@operation("GET /repos/{owner}/{repo}/git/commits/{commit_sha}")
def get_commit(call: Call) -> Answer:
    """A commit object."""
    commit = call.repository.git.commit(call.params["commit_sha"])
    if commit is None:
        raise not_found()
    return Answer(shapes_code.git_commit(call.world, call.repository, commit))


@operation("POST /repos/{owner}/{repo}/git/commits")
def create_commit(call: Call) -> Answer:
    """A commit object. What an App commits without author data of its own is its bot's, and signed by GitHub."""
    git, body = call.repository.git, call.body
    if git.tree(body["tree"]) is None:
        raise Refusal(422, "Tree SHA does not exist")
    parents = body.get("parents", [])
    if any(git.commit(parent) is None for parent in parents):
        raise Refusal(422, "Parent SHA does not exist or is not a commit object")
    if "signature" in body:
        raise Refusal(422, "The sandbox takes no signatures.")
    mine = shapes_code.committer(call.user, call.commit_time)
    author = _signature(call, body["author"]) if "author" in body else mine
    committer = _signature(call, body["committer"]) if "committer" in body else author
    sha = git.write_commit(body["tree"], parents, body["message"], author, committer)
    if call.app and "author" not in body and "committer" not in body:
        call.repository.signed.setdefault(sha, call.now)
    commit = git.commit(sha)
    assert commit
    return Answer(shapes_code.git_commit(call.world, call.repository, commit), 201)


def _signature(call: Call, given: dict[str, str]) -> Signature:
    name, email = given.get("name", "").strip(), given.get("email", "").strip()
    if not name or not email or set(name + email) & set("<>\n\0"):
        raise invalid("Commit", "author", "invalid")
    at = call.commit_time
    if "date" in given:
        try:
            at = datetime.fromisoformat(given["date"])
        except ValueError:
            raise invalid("Commit", "date", "invalid") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Signature(name, email, int(at.timestamp()), at.strftime("%z")[:5])


@operation("GET /repos/{owner}/{repo}/git/ref/{ref}")
def get_ref(call: Call) -> Answer:
    """One ref by exact name, without "refs/" before it."""
    name = f"refs/{call.params['ref']}"
    sha = call.repository.git.ref(name)
    if sha is None:
        raise not_found()
    return Answer(shapes_code.ref(call.world, call.repository, name, sha))


@operation("GET /repos/{owner}/{repo}/git/matching-refs/{ref}")
def matching_refs(call: Call) -> Answer:
    """All refs whose names begin so."""
    found = call.repository.git.refs(f"refs/{call.params['ref']}")
    return page(call, found.items(), lambda pair: shapes_code.ref(call.world, call.repository, *pair))


@operation("POST /repos/{owner}/{repo}/git/refs")
def create_ref(call: Call) -> Answer:
    """A new branch or tag."""
    git, name, sha = call.repository.git, call.body["ref"], call.body["sha"]
    if not name.startswith(("refs/heads/", "refs/tags/")) or not valid_ref(name):
        raise Refusal(422, f"{name} is not a valid ref name.")
    short = name.split("/", 2)[2]
    if short.startswith("refs/") or is_sha(short):
        raise Refusal(422, "Branch or tag names that begin with refs/ or look like a sha are not allowed.")
    if git.commit(sha) is None:
        raise Refusal(422, "Object does not exist")
    if git.ref(name):
        raise Refusal(422, "Reference already exists")
    refs.move(call, name, sha, None)
    shape = shapes_code.ref(call.world, call.repository, name, sha)
    return Answer(shape, 201, {"Location": shape["url"]})


def _existing(call: Call) -> tuple[str, str]:
    name = f"refs/{call.params['ref']}"
    sha = call.repository.git.ref(name)
    if sha is None:
        raise Refusal(422, "Reference does not exist")
    return name, sha


@operation("PATCH /repos/{owner}/{repo}/git/refs/{ref}")
def update_ref(call: Call) -> Answer:
    """Moves a ref; without force only forward."""
    name, old = _existing(call)
    git, new = call.repository.git, call.body["sha"]
    if git.commit(new) is None:
        raise Refusal(422, "Object does not exist")
    if not call.body.get("force") and not git.contains(new, old):
        raise Refusal(422, "Update is not a fast forward")
    if new != old:
        refs.move(call, name, new, old)
    return Answer(shapes_code.ref(call.world, call.repository, name, new))


@operation("DELETE /repos/{owner}/{repo}/git/refs/{ref}")
def delete_ref(call: Call) -> Answer:
    """Deletes a branch or tag."""
    name, old = _existing(call)
    if name == f"refs/heads/{call.repository.default_branch}":
        raise Refusal(422, "Cannot delete the default branch")
    refs.move(call, name, None, old)
    return Answer(status=204)
