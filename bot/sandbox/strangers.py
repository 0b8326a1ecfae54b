"""A stranger who may write: what somebody else does to the branches of an App, on purpose or not."""

from __future__ import annotations

from bot.sandbox import refs
from bot.sandbox.git import Entry, Signature
from bot.sandbox.world import Repository, User, World

LOGIN = "stranger"


def move_branch(world: World, repository: Repository, ref: str) -> None:
    """Force-pushes a branch: its tip is replaced by a commit of the stranger's on the same parents."""
    who = world.users.setdefault(LOGIN, User(world.new_id("user"), LOGIN))
    git = repository.git
    old = git.ref(ref)
    tip = git.commit(old) if old else None
    if old is None or tip is None:
        raise LookupError(f"there is no {ref}")
    note = Entry("100644", "blob", git.write_blob(b"Hello!\n"), "stranger.txt")
    me = Signature(who.login, who.email, int(world.commit_clock().timestamp()))
    new = git.write_commit(git.write_tree(tip.tree, [note]), tip.parents, "Something else\n", me, me)
    git.move(ref, new, old)
    refs.moved(world, repository, who, ref, new, old)
