"""What a runner may hand over to hurt the judge: paths that cost minutes, that hide behind a file system's habits,
or that replace more than is seen; and evidence by the million."""

import time
from collections.abc import Callable

import pytest

from bot.gates.evidence import EXPECTED, judge_run
from bot.gates.patch import PatchError, apply, blob_id, occupied, parse
from bot.gates.rules import Limits, judge_patch
from bot.result import MOST_EVIDENCE, Result, Verdict, as_json

ANYTHING = Limits(allow=("**",), max_files=50, max_bytes=1_000_000, protected=("docs/adr/0001-a.md",))


def added(path: str, content: bytes = b"x\n") -> bytes:
    """A patch that adds a file, as git would write it, whatever the path."""
    lines = content.split(b"\n")[:-1]
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\nindex {'0' * 40}..{blob_id(content)}\n"
    tab = "\t" if " " in path else ""
    head += f"--- /dev/null\n+++ b/{path}{tab}\n@@ -0,0 +1{f',{len(lines)}' if len(lines) > 1 else ''} @@\n"
    return head.encode() + b"".join(b"+" + line + b"\n" for line in lines)


@pytest.mark.parametrize("path", ["/".join("a" * 3000), "x" * 1001, "/".join("a" * 51)])
def test_a_path_that_would_keep_the_judge_busy_for_minutes_is_refused(path: str) -> None:
    began = time.monotonic()
    with pytest.raises(PatchError, match="too long or too deep"):
        parse(added(path))
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("path", [".git::$INDEX_ALLOCATION/config", ".git:x", "a/.GIT :s/config"])
def test_gits_own_directory_by_its_windows_names_is_refused(path: str) -> None:
    with pytest.raises(PatchError, match="git's own directory"):
        parse(added(path))


@pytest.mark.parametrize(
    "path",
    [
        ".github", ".GitHub", ".github./workflows/x.yml", ".github /x", "CODEOWNERS.", "docs/CLAUDE.md ",
        "docs/ADR/0001-A.md", "docs/adr/0001-a.md.", ".idea/workspace.xml", ".roo/rules.md",
    ],
)  # fmt: skip
def test_a_protected_name_is_known_in_any_case_and_with_dots_at_its_end(path: str) -> None:
    result = judge_patch(parse(added(path)), ANYTHING, {})
    assert "gate/forbidden" in {r.name for r in result.walk() if r.verdict is Verdict.FAIL}


def test_a_file_cannot_take_the_place_of_a_folder_or_submodule() -> None:
    listed = {"src/a.py": "blob", "vendor/lib": "commit", "README.md": "blob"}
    for path, what in {"src": "src", "vendor/lib": "vendor/lib", "vendor/lib/x.py": "vendor/lib"}.items():
        patch = parse(added(path))
        taken = occupied(patch, listed)
        assert taken == {what}
        assert not judge_patch(patch, ANYTHING, {}, taken=taken).passed
        with pytest.raises(PatchError, match="would go"):
            apply(patch, {}, taken=taken)
    assert occupied(parse(added("src/b.py")), listed) == frozenset()


def test_of_a_thousand_faults_some_are_shown_and_all_are_counted() -> None:
    key = ("AK" + "IA" + "ABCDEFGHIJKLMNOP").encode()
    result = judge_patch(parse(added("a.py", (b"k = '" + key + b"'\n") * 1000)), ANYTHING, {})
    (secrets,) = [r for r in result.walk() if r.name == "gate/secrets"]
    assert secrets.reason.startswith("1000 added lines")
    assert len(secrets.evidence) == MOST_EVIDENCE


def claim(**more: object) -> dict[str, object]:
    jobs = dict.fromkeys(("implement", "validate", "integrate"), "success")
    gates = [{"job": "validate", "verdict": "pass"}]
    whole = {"schema": "cloi.result/1", "mode": "implement", "jobs": jobs, "gates": gates}
    return {**whole, "execution": {"status": "finished"}, **more}


@pytest.mark.parametrize("gate", [1, {"job": "validate", "verdict": "fail"}, {"job": "x", "verdict": "pass"}])
def test_a_million_claimed_gates_fail_and_fill_no_log(gate: object) -> None:
    patch = Result("gate/patch", Verdict.PASS, "fine")
    run: Callable[..., Result] = lambda c: judge_run(patch, EXPECTED["implement"], c)  # noqa: E731
    assert run(claim()).passed
    judged = run(claim(gates=[gate] * 1_000_000))
    assert not judged.passed
    assert len(str(as_json(judged))) < 20_000
