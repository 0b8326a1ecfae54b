"""Stories of the patch: what git writes is read and applied exactly; what it should not hold is refused."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gates.patch import Kind, PatchError, apply, blob_id, parse, touched
from tests.properties import examples

LINES = st.lists(
    st.sampled_from([b"", b"a", b"b", b"c\r", b"+x", b"-y", b"\\ No", b"@@ z", b" ", b"\xff"]), max_size=12
)
CONTENT = st.builds(lambda lines, end: b"\n".join(lines) + end, LINES, st.sampled_from([b"", b"\n", b"\r\n"]))
PATHS = st.sampled_from(["a.py", "b c.txt", "d/é.md", "d/deep/f", "--- a", " x", "b/b b/b"])
TREES = st.dictionaries(PATHS, CONTENT, max_size=5)


@settings(max_examples=examples(60), deadline=None)
@given(before=TREES, after=TREES)
def test_what_git_writes_is_read_and_applied_to_the_same_tree(
    diff: Callable[..., bytes], before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    changed = apply(parse(diff(before, after)), before)

    result = {**before, **changed}
    assert {p: c for p, c in result.items() if c is not None} == after
    assert set(changed) == {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)}


@settings(max_examples=examples(150), deadline=None)
@given(data=st.binary(max_size=400))
def test_noise_is_refused_with_a_sentence(data: bytes) -> None:
    if not data:
        return
    with pytest.raises(PatchError, match=r"\w+"):
        parse(data)


OLD, NEW = blob_id(b"one\n"), blob_id(b"two\n")
HEAD = b"diff --git a/f.py b/f.py\n"
GOOD = HEAD + (f"index {OLD}..{NEW} 100644\n--- a/f.py\n+++ b/f.py\n@@ -1 +1 @@\n-one\n+two\n").encode()


def test_a_plain_change_has_path_kind_and_numbered_lines() -> None:
    (change,) = parse(GOOD).files
    assert (change.path, change.kind, change.mode) == ("f.py", Kind.MODIFY, "100644")
    assert list(change.added()) == [(1, "two")]
    assert apply(parse(GOOD), {"f.py": b"one\n"}) == {"f.py": b"two\n"}


@settings(max_examples=examples(200), deadline=None)
@given(data=st.data())
def test_a_damaged_patch_never_gives_another_result(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD) - 1))
    byte = data.draw(st.integers(0, 255))
    damaged = GOOD[:at] + bytes([byte]) + GOOD[at + 1 :]
    try:
        result = apply(parse(damaged), {"f.py": b"one\n"})
    except PatchError:
        return
    assert result == {"f.py": b"two\n"}


ADD = f"index {'0' * 40}..{NEW}\n--- /dev/null\n+++ b/f.py\n@@ -0,0 +1 @@\n+two\n".encode()
REFUSED = {
    "symbolic link": HEAD + b"new file mode 120000\n" + ADD,
    "submodule": HEAD + b"new file mode 160000\n" + ADD,
    "new executable": HEAD + b"new file mode 100755\n" + ADD,
    "mode changes": HEAD + b"old mode 100644\nnew mode 100755\n",
    "renamed": b"diff --git a/f.py b/f.py\nsimilarity index 100%\nrename from f.py\nrename to g.py\n",
    "paths? differ": GOOD.replace(b"b/f.py\nindex", b"b/g.py\nindex"),
    "binary": HEAD + f"index {OLD}..{NEW} 100644\nBinary files a/f.py and b/f.py differ\n".encode(),
    "GIT binary|binary": HEAD + f"index {OLD}..{NEW} 100644\nGIT binary patch\nliteral 3\n".encode(),
    "NUL": GOOD.replace(b"+two", b"+t\0o"),
    "full-index": GOOD.replace(OLD.encode(), OLD[:7].encode()),
    "leaves the repository": GOOD.replace(b"f.py", b"../f.py"),
    "own directory": GOOD.replace(b"f.py", b".GIT/config"),
    "has to quote": GOOD.replace(b"a/f.py b/f.py", b'"a/f\\n.py" "b/f\\n.py"', 1),
    "not plain": GOOD.replace(b"f.py", b"/etc/passwd"),
    "characters": GOOD.replace(b"f.py", "f\u202e.py".encode()),
    "middle of a line": GOOD[:-1],
    "ends too early": GOOD[: -len(b"+two\n")],
    "other lines": GOOD.replace(b"@@ -1 +1 @@", b"@@ -1,2 +1 @@") + b"+x\n+y\n",
    "stands twice": GOOD + GOOD,
    "no lines of it": HEAD + f"index {OLD}..{NEW} 100644\n".encode(),
    "start of a file": GOOD + b"trailing words\n",
}


@pytest.mark.parametrize(("reason", "diff"), REFUSED.items(), ids=REFUSED)
def test_anything_but_plain_text_changes_is_refused_by_name(reason: str, diff: bytes) -> None:
    with pytest.raises(PatchError, match=reason):
        parse(diff)


@pytest.mark.parametrize(
    ("reason", "base"),
    [("not in the base", {}), ("other content", {"f.py": b"1\n"})],
)
def test_a_patch_for_another_base_is_refused(reason: str, base: dict[str, bytes]) -> None:
    with pytest.raises(PatchError, match=reason):
        apply(parse(GOOD), base)


def test_an_added_file_that_exists_is_refused() -> None:
    patch = parse(HEAD + b"new file mode 100644\n" + ADD)
    assert apply(patch, {}) == {"f.py": b"two\n"}
    with pytest.raises(PatchError, match="there already"):
        apply(patch, {"f.py": b"one\n"})


def test_a_directory_that_is_also_a_file_is_refused() -> None:
    one = HEAD + b"new file mode 100644\n" + ADD
    with pytest.raises(PatchError, match="directories is a file"):
        parse(one + one.replace(b"f.py", b"f.py/g"))


def test_a_file_is_not_replaced_by_a_change_below_it() -> None:
    patch = parse((HEAD + b"new file mode 100644\n" + ADD).replace(b"f.py", b"a/b/f.py"))
    assert touched(patch) == {"a", "a/b", "a/b/f.py"}
    with pytest.raises(PatchError, match="a/b is a file or a link"):
        apply(patch, {"a/b": b"a link or a file"})
