"""What the sandbox writes and reads by itself is what git writes and reads: held to the git binary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox.git import ZERO, Entry, Git, GitRefused, Signature

NAMES = st.sampled_from(["a", "b", "a.b", "a-b", "B", "ü", "0", "lib", "lib.py", "z z", "a\\b", '"q"'])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
MODES = st.sampled_from(["100644", "100755", "120000"])
FILES = st.lists(st.tuples(PATHS, MODES, st.sampled_from([b"", b"one\n", b"\0two"])), max_size=6)
WORDS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12)
quick = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MARIA = Signature("Maria", "maria@example.org", 1_700_000_000)


@pytest.fixture
def repository(tmp_path: Path) -> Git:
    return Git(tmp_path / "one.git")


def by_git(git: Git, tree: str | None, lines: list[str]) -> str:
    env = {"GIT_INDEX_FILE": str(git.path / "index")}
    git.run("read-tree", *([tree] if tree else ["--empty"]), env=env)
    git.run("update-index", "-z", "--index-info", stdin="\0".join([*lines, ""]).encode(), env=env)
    return git.run("write-tree", env=env).decode().strip()


@quick
@given(first=FILES, then=FILES, gone=st.lists(PATHS, max_size=2))
def test_a_tree_is_that_of_gits_index(repository: Git, first: list, then: list, gone: list[str]) -> None:
    tree, lines = None, []
    for step, files in enumerate((first, then)):
        entries: list[Entry | str] = [
            Entry(mode, "blob", repository.write_blob(data), path) for path, mode, data in files
        ]
        lines = [f"{entry.mode} {entry.sha}\t{entry.path}" for entry in entries]  # type: ignore[union-attr]
        if step:
            here = {x.path for x in repository.walk(tree)}
            removed = [path for path in gone if path in here]
            entries = [*removed, *entries]
            lines = [*(f"0 {ZERO}\t{path}" for path in removed), *lines]
        expected = by_git(repository, tree, lines)
        tree = repository.write_tree(tree, entries)
        assert tree == expected
        assert repository.run("cat-file", "-t", tree) == b"tree\n"


@quick
@given(name=WORDS, email=WORDS, message=WORDS, zone=st.sampled_from(["+0000", "-0930"]))
def test_a_commit_is_that_of_commit_tree(
    repository: Git, name: str, email: str, message: str, zone: str
) -> None:
    who = Signature(name, email, 1_700_000_000, zone)
    tree = repository.write_tree(None, [])
    env = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", name), ("EMAIL", email), ("DATE", f"@{who.seconds} {zone}"))
    }

    def said(make: Callable[[], str]) -> str | None:
        try:
            return make()
        except GitRefused:
            return None

    theirs = said(
        lambda: (
            repository.run("commit-tree", tree, "-F", "-", stdin=message.encode(), env=env).decode().strip()
        )
    )
    ours = said(lambda: repository.write_commit(tree, [], message, who, who))
    assert ours == theirs
    if ours:
        read = repository.commit(ours)
        assert read is not None
        assert (read.tree, read.message) == (tree, message.removesuffix("\n"))


@quick
@given(shape=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 3)), max_size=9))
def test_history_goes_as_rev_list(repository: Git, shape: list[tuple[int, int, int]]) -> None:
    """Commits with up to two parents each, of few different seconds."""
    tree = repository.write_tree(None, [])

    def at(seconds: int) -> Signature:
        return Signature("Maria", "maria@example.org", 1_700_000_000 + seconds)

    made = [repository.write_commit(tree, [], "root", MARIA, MARIA)]
    time = 0
    for nth, (one, other, later) in enumerate(shape):
        time += later
        parents = {made[one % len(made)], made[other % len(made)]}
        made.append(repository.write_commit(tree, sorted(parents), str(nth), at(time), at(time)))
    tip, limit = made[-1], made[len(made) // 2]
    assert repository.history(tip) == repository.run("rev-list", tip).decode().split()
    limited = repository.run("rev-list", tip, f"^{limit}").decode().split()
    assert repository.history(tip, not_from=[limit]) == limited


def test_refs_are_those_that_git_sees_also_after_somebody_packed_them(repository: Git) -> None:
    tree = repository.write_tree(None, [])
    one, two = (repository.write_commit(tree, [], text, MARIA, MARIA) for text in ("one", "two"))

    def seen() -> dict[str, str]:
        lines = repository.run("for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines()
        return dict(line.split(" ") for line in lines)

    repository.move("refs/heads/main", one, None)
    repository.move("refs/heads/topic/a", one, None)
    repository.move("refs/heads/topic/b", two, None)
    assert (
        repository.refs()
        == seen()
        == {
            "refs/heads/main": one,
            "refs/heads/topic/a": one,
            "refs/heads/topic/b": two,
        }
    )
    for refused in (
        ("refs/heads/main", two, None),  # is there already
        ("refs/heads/main", two, two),  # is elsewhere
        ("refs/heads/topic", one, None),  # a directory
        ("refs/heads/main/sub", one, None),  # below a branch
        ("refs/heads/" + "x" * 300, one, None),
        ("refs/heads/new", "1" * 40, None),  # no such commit
        ("refs/heads/gone", None, one),
    ):
        with pytest.raises(GitRefused):
            repository.move(*refused)
    repository.move("refs/heads/topic/a", None, one)
    repository.move("refs/heads/topic/b", None, two)
    repository.move("refs/heads/topic", two, None)  # what is empty now makes room
    assert repository.refs() == seen() == {"refs/heads/main": one, "refs/heads/topic": two}
    repository.run("pack-refs", "--all")
    repository.run("gc", "-q")
    assert repository.refs() == {"refs/heads/main": one, "refs/heads/topic": two}
    assert repository.ref("refs/heads/main") == one
    repository.move("refs/heads/main", two, one)
    repository.move("refs/heads/topic", None, two)
    assert repository.refs() == seen() == {"refs/heads/main": two}
    assert Git(repository.path).commit(one) is not None
    repository.close()
