"""Git over REST: contents, trees, commits, refs, comparisons, on real repositories."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.git import valid_ref
from tests.properties import examples


async def test_a_file_is_written_changed_and_removed(shop: Any) -> None:
    made = await shop.good("tom", "PUT", "contents/docs/a b.md", {"message": "One", "content": "b25l"})
    sha = made["content"]["sha"]
    again = {"message": "Two", "content": "dHdv"}
    assert (await shop.request("tom", "PUT", "contents/docs/a b.md", again)).status_code == 422
    assert (
        await shop.request("tom", "PUT", "contents/docs/a b.md", {**again, "sha": "0" * 40})
    ).status_code == 409
    changed = await shop.good("tom", "PUT", "contents/docs/a b.md", {**again, "sha": sha})
    read = await shop.good("rita", "GET", "contents/docs/a%20b.md?ref=main")
    assert base64.b64decode(read["content"]) == b"two"
    raw = await shop.request("rita", "GET", "contents/docs/a b.md", Accept="application/vnd.github.raw+json")
    assert raw.content == b"two"
    listed = await shop.good("rita", "GET", "contents/docs")
    assert [(one["name"], one["type"]) for one in listed] == [("a b.md", "file")]
    gone = {"message": "Three", "sha": changed["content"]["sha"]}
    await shop.good("tom", "DELETE", "contents/docs/a b.md", gone)
    assert (await shop.request("rita", "GET", "contents/docs/a b.md")).status_code == 404
    root = {one["name"]: one["type"] for one in await shop.good("rita", "GET", "contents/")}
    assert root == {".github": "dir", "README.md": "file", "src": "dir"}
    history = await shop.good("rita", "GET", "commits?path=docs/a b.md&per_page=2")
    assert [one["commit"]["message"] for one in history] == ["Three", "Two"]


async def test_a_tree_holds_modes_directories_and_removals(shop: Any) -> None:
    main = await shop.good("tom", "GET", "git/trees/main?recursive=1")
    source = next(entry for entry in main["tree"] if entry["path"] == "src")
    blob = await shop.good("tom", "POST", "git/blobs", {"content": "AAEC", "encoding": "base64"})
    made = await shop.good(
        "tom",
        "POST",
        "git/trees",
        {
            "base_tree": main["sha"],
            "tree": [
                {"path": "README.md", "mode": "100644", "type": "blob", "sha": None},
                {"path": "copy/of", "mode": "040000", "type": "tree", "sha": source["sha"]},
                {"path": "bin/run", "mode": "100755", "type": "blob", "content": "#!/bin/sh\n"},
                {"path": "data.bin", "mode": "100644", "type": "blob", "sha": blob["sha"]},
                {"path": "link", "mode": "120000", "type": "blob", "content": "bin/run"},
            ],
        },
    )
    read = await shop.good("tom", "GET", f"git/trees/{made['sha']}?recursive=true")
    modes = {entry["path"]: entry["mode"] for entry in read["tree"] if entry["type"] == "blob"}
    assert modes == {
        ".github/workflows/ci.yml": "100644",
        "bin/run": "100755",
        "copy/of/cart.py": "100644",
        "data.bin": "100644",
        "link": "120000",
        "src/cart.py": "100644",
    }
    assert (
        base64.b64decode((await shop.good("tom", "GET", f"git/blobs/{blob['sha']}"))["content"]) == b"\0\1\2"
    )


async def test_paths_that_git_does_not_store_are_refused(shop: Any) -> None:
    for path in ("../up", ".git/config", "a//b", "/abs", "a/./b", "nul\0"):
        entry = {"path": path, "mode": "100644", "type": "blob", "content": "x"}
        assert (await shop.request("tom", "POST", "git/trees", {"tree": [entry]})).status_code == 422, path


async def test_a_removal_of_nothing_and_a_wrong_sha_are_refused(shop: Any) -> None:
    for entry in (
        {"path": "no.txt", "mode": "100644", "type": "blob", "sha": None},
        {"path": "no.txt", "mode": "100644", "type": "blob", "sha": "1" * 40},
        {"path": "README.md", "mode": "100644", "type": "blob", "sha": "1" * 40, "content": "x"},
    ):
        tip = (await shop.good("tom", "GET", "commits/main"))["sha"]
        refused = await shop.request("tom", "POST", "git/trees", {"base_tree": tip, "tree": [entry]})
        assert refused.status_code == 422


async def test_author_data_is_kept_and_unsigned(shop: Any) -> None:
    tip = await shop.good("tom", "GET", "git/ref/heads/main")
    tree = await shop.good("tom", "GET", "git/trees/main")
    author = {"name": "Ada L", "email": "ada@example.org", "date": "2026-01-02T03:04:05Z"}
    body = {
        "message": "Hi\n\nthere\n",
        "tree": tree["sha"],
        "parents": [tip["object"]["sha"]],
        "author": author,
    }
    commit = await shop.good(shop.mint(), "POST", "git/commits", body)
    assert commit["author"] == commit["committer"] == author
    assert commit["verification"]["verified"] is False
    assert (await shop.good(shop.mint(), "GET", f"git/commits/{commit['sha']}"))["sha"] == commit["sha"]


async def test_texts_that_git_cannot_hold_are_refused(shop: Any) -> None:
    tip = (await shop.good("tom", "GET", "commits/main"))["commit"]["tree"]["sha"]
    for extra in (
        {"message": "a\0b"},
        {"author": {"name": "...", "email": "x@y"}},
        {"author": {"name": "a<b", "email": "x"}},
    ):
        body = {"message": "x", "tree": tip, **extra}
        assert (await shop.request("tom", "POST", "git/commits", body)).status_code == 422, extra


async def test_branches_with_slashes_are_found_and_compared(shop: Any) -> None:
    await shop.branch("cloi/adr-1/work", {"a.txt": "1\n"})
    await shop.good("tom", "PUT", "contents/b.txt", {"message": "Meanwhile", "content": "Mg=="})
    branch = await shop.good("tom", "GET", "branches/cloi%2Fadr-1%2Fwork")
    assert branch["commit"]["commit"]["message"] == "Work on cloi/adr-1/work"
    compared = await shop.good("tom", "GET", "compare/main...cloi%2Fadr-1%2Fwork")
    assert (compared["status"], compared["ahead_by"], compared["behind_by"]) == ("diverged", 1, 1)
    assert [(file["filename"], file["patch"]) for file in compared["files"]] == [
        ("a.txt", "@@ -0,0 +1 @@\n+1")
    ]
    matching = await shop.good("tom", "GET", "git/matching-refs/heads/cloi/")
    assert [one["ref"] for one in matching] == ["refs/heads/cloi/adr-1/work"]
    assert (await shop.request("tom", "GET", "git/ref/heads/cloi")).status_code == 404
    names = [one["name"] for one in await shop.good("tom", "GET", "branches")]
    assert names == ["cloi/adr-1/work", "main"]


async def test_refs_are_once(shop: Any) -> None:
    tip = (await shop.good("tom", "GET", "commits/main"))["sha"]
    await shop.good("tom", "POST", "git/refs", {"ref": "refs/heads/one", "sha": tip})
    wrong = ["heads/x", *("one", "one/below", "a..b", "a b", "refs/heads/main", "0" * 40)]
    for name in wrong:
        ref = name if name.startswith("heads/") else f"refs/heads/{name}"
        assert (await shop.request("tom", "POST", "git/refs", {"ref": ref, "sha": tip})).status_code == 422, (
            ref
        )
    assert (await shop.request("tom", "DELETE", "git/refs/heads/main")).status_code == 422
    assert (await shop.request("tom", "DELETE", "git/refs/heads/none")).status_code == 422


async def test_a_rename_is_one_change(shop: Any) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    await shop.good(
        "tom",
        "PUT",
        "contents/old.txt",
        {"message": "x", "content": base64.b64encode(text.encode()).decode()},
    )
    await shop.pull("rename", {"old.txt": None, "new.txt": text + "more\n"})
    files = await shop.good("tom", "GET", "pulls/1/files")
    assert [(file["status"], file["previous_filename"], file["filename"]) for file in files] == [
        ("renamed", "old.txt", "new.txt")
    ]


async def test_what_is_checked_out_cannot_push_past_the_rules(shop: Any, tmp_path: Path) -> None:
    target = tmp_path / "work"
    shop.sandbox.checkout("acme/shop", "main", target)
    assert (target / "src/cart.py").exists()
    config = (target / ".git/config").read_text()
    assert "url = http://github.test/acme/shop.git" in config
    assert str(tmp_path / "sandbox") not in config


@settings(max_examples=examples(60), deadline=None)
@given(st.text(st.sampled_from("ab/.@{~^:?*[\\ -\n\x7f") | st.characters(codec="utf-8"), max_size=8))
def test_a_valid_ref_is_one_that_git_takes(name: str) -> None:
    full = f"refs/heads/{name}"
    if valid_ref(full):
        assert subprocess.run(["git", "check-ref-format", full], check=False).returncode == 0
