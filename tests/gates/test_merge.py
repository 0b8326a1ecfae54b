"""Taking a change back beside which others have built: what merges, merges as git would; else it stops."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gates.merge import MergeConflict, merge
from tests.properties import examples

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n", b"e\n"]), max_size=8).map(b"".join)


def test_changes_in_different_places_go_together() -> None:
    base = b"1\n2\n3\n4\n5\n"
    assert merge(base, b"one\n2\n3\n4\n5\n", b"1\n2\n3\n4\nfive\n") == b"one\n2\n3\n4\nfive\n"


def test_changes_of_the_same_line_are_a_conflict() -> None:
    with pytest.raises(MergeConflict) as caught:
        merge(b"1\n2\n3\n", b"1\nzwei\n3\n", b"1\ndeux\n3\n")
    assert caught.value.line == 2


@given(LINES, LINES)
def test_who_changed_nothing_gives_way(base: bytes, other: bytes) -> None:
    assert merge(base, base, other) == other
    assert merge(base, other, base) == other
    assert merge(base, other, other) == other


@settings(max_examples=examples(60), deadline=None)
@given(LINES, LINES, LINES)
def test_what_merges_without_a_conflict_in_git_and_here_is_the_same(a: bytes, b: bytes, c: bytes) -> None:
    try:
        mine = merge(a, b, c)
    except MergeConflict:
        return  # stopping is always allowed; being wrong is not
    with tempfile.TemporaryDirectory() as directory:
        for name, data in (("ours", b), ("base", a), ("theirs", c)):
            (Path(directory) / name).write_bytes(data)
        done = subprocess.run(
            ["git", "merge-file", "-p", "ours", "base", "theirs"], cwd=directory, capture_output=True
        )
    if done.returncode == 0 and mine != done.stdout:
        # Repeated lines can be matched in more ways than one; then every line must still come from a side.
        assert sorted(set(mine.splitlines())) <= sorted(set((a + b + c).splitlines()))
        assert len(mine) <= len(a) + len(b) + len(c)
