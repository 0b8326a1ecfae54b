"""A change shown in a comment applies with git as it stands there, or is not shown."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.render.patch import patch
from tests.properties import examples

OLD, NEW, LIST = "docs/adr/0003-use queues.md", "docs/adr/0004-use queues.md", "docs/list.md"


def git(where: Path, *arguments: str, text: str = "") -> None:
    subprocess.run(["git", *arguments], cwd=where, input=text.encode(), check=True, capture_output=True)


def applied(where: Path, before: dict[str, bytes], shown: str) -> dict[str, bytes]:
    """The files after somebody copied the block from the comment into `git apply`."""
    for path, data in before.items():
        (where / path).parent.mkdir(parents=True, exist_ok=True)
        (where / path).write_bytes(data)
    fence, *body, end = shown.split("\n")
    assert fence.endswith("diff") and end == fence.removesuffix("diff")
    git(where, "apply", "--whitespace=nowarn", text="\n".join(body) + "\n")
    return {p.relative_to(where).as_posix(): p.read_bytes() for p in where.rglob("*.md")}


LINES = st.lists(
    st.text(st.characters(blacklist_categories=("C", "Z"), max_codepoint=0x3000) | st.just(" "), max_size=8)
)


@settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=LINES, other=LINES, at=st.integers(0, 9), ended=st.booleans())
def test_it_applies_with_git(
    tmp_path_factory, lines: list[str], other: list[str], at: int, ended: bool
) -> None:
    def text(title: str, body: list[str]) -> bytes:
        return "\n".join([*body[:at], title, *body[at:], *([""] if ended else [])]).encode()

    before = {OLD: text("# 3. Use", lines), LIST: text("[3](0003-use%20queues.md)", other)}
    after = {NEW: text("# 4. Use", lines), LIST: text("[4](0004-use%20queues.md)", other)}
    shown = patch(before, {OLD: None, **after}, {OLD: NEW})
    assert shown is not None
    assert applied(tmp_path_factory.mktemp("patch"), before, shown) == after


def test_a_new_name_alone_is_a_patch_too(tmp_path: Path) -> None:
    shown = patch({OLD: b"x\n"}, {OLD: None, NEW: b"x\n"}, {OLD: NEW})
    assert shown is not None
    assert applied(tmp_path, {OLD: b"x\n"}, shown) == {NEW: b"x\n"}


@pytest.mark.parametrize("data", [b"# 3\r\n", b"\xff\n", "a\u200bb\n".encode(), b"a\x00b\n", b"x" * 50_000])
def test_what_a_comment_cannot_carry_is_not_shown(data: bytes) -> None:
    assert patch({OLD: data}, {OLD: None, NEW: b"# 4\n"}, {OLD: NEW}) is None


def test_a_hostile_name_is_not_shown() -> None:
    name = 'docs/0003-a"\n+++ b/x.md'
    assert patch({name: b"x\n"}, {name: None, NEW: b"x\n"}, {name: NEW}) is None
