"""Reading: names of strangers stay inside their place, and what GitHub leaves out is fetched."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from io import BytesIO

import httpx
import pytest

from bot.github import errors
from bot.github.objects import Artifact
from bot.github.repository import Repository


@pytest.mark.parametrize("path", ["../../../user", "a/../b", "", "a//b", "a/\0", "."])
async def test_a_path_cannot_leave_its_repository(github_of, path):
    gh, server = github_of(lambda request: httpx.Response(200, json={}))
    with pytest.raises(errors.Invalid):
        await Repository(gh, "o/r").file(path, "main")
    assert server.requests == []


@pytest.mark.parametrize("name", ["o", "o/r/x", "../r", "o/..", "o/r?x", "o/ r", ""])
def test_only_a_full_name_is_a_repository(github_of, name):
    gh, _ = github_of(lambda request: httpx.Response(200))
    with pytest.raises(errors.Invalid):
        Repository(gh, name)


async def test_odd_names_are_escaped_not_interpreted(github_of):
    gh, server = github_of(lambda request: httpx.Response(404, json={}))
    repo = Repository(gh, "o/r")
    assert await repo.file("docs/ä #1?.md", "main&x=1") is None
    assert await repo.branch_head("feature/50%?") is None
    assert server.requests[0].url.raw_path == b"/repos/o/r/contents/docs/%C3%A4%20%231%3F.md?ref=main%26x%3D1"
    assert server.requests[1].url.raw_path == b"/repos/o/r/git/ref/heads/feature/50%25%3F"


async def test_a_file_above_a_megabyte_is_fetched_as_a_blob(github_of):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/repos/o/r/contents/"):
            return httpx.Response(200, json={"type": "file", "sha": "abc", "encoding": "none", "content": ""})
        assert request.url.path == "/repos/o/r/git/blobs/abc"
        return httpx.Response(
            200, json={"content": base64.encodebytes(b"big").decode(), "encoding": "base64"}
        )

    gh, _ = github_of(answer)
    file = await Repository(gh, "o/r").file("big.bin", "main")
    assert file is not None and (file.data, file.blob_sha) == (b"big", "abc")


async def test_a_directory_is_no_file(github_of):
    gh, _ = github_of(lambda request: httpx.Response(200, json=[{"type": "file"}]))
    assert await Repository(gh, "o/r").file("docs", "main") is None


async def test_a_tree_too_large_for_one_answer_is_read_directory_by_directory(github_of):
    directory = {"path": "d", "mode": "040000", "type": "tree", "sha": "d1"}
    file = {"path": "f", "mode": "100755", "type": "blob", "sha": "f1"}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/d1"):
            return httpx.Response(200, json={"tree": [file], "truncated": False})
        whole = "recursive" in request.url.params
        return httpx.Response(200, json={"tree": [directory, file], "truncated": whole})

    gh, _ = github_of(answer)
    tree = await Repository(gh, "o/r").tree("main")
    assert {path: entry.mode for path, entry in tree.items()} == {"d/f": "100755", "f": "100755"}


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ({"permission": "write", "role_name": "maintain"}, "maintain"),
        ({"permission": "read", "role_name": "triage"}, "triage"),
        ({"permission": "write", "role_name": "release-captain"}, "write"),
        ({"permission": "admin", "role_name": "admin"}, "admin"),
        (None, "none"),
    ],
)
async def test_what_a_person_may_do(github_of, answer, level):
    gh, _ = github_of(lambda r: httpx.Response(200, json=answer) if answer else httpx.Response(404, json={}))
    assert await Repository(gh, "o/r").permission("somebody") == level


async def test_an_artifact_comes_from_the_file_store_without_our_token_and_must_be_the_one_uploaded(
    github_of,
):
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("patch.diff", "x")
    data = out.getvalue()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "store.example.test":
            assert "authorization" not in request.headers
            return httpx.Response(200, content=data)
        return httpx.Response(302, headers={"location": "https://store.example.test/a.zip"})

    gh, _ = github_of(answer)
    repo = Repository(gh, "o/r")
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    assert await repo.artifact_files(Artifact(1, "patch", len(data), digest=digest)) == {"patch.diff": b"x"}
    with pytest.raises(errors.ArtifactRefused, match="not the one"):
        await repo.artifact_files(Artifact(1, "patch", len(data), digest="sha256:00"))
    with pytest.raises(errors.ArtifactRefused, match="expired"):
        await repo.artifact_files(Artifact(1, "patch", len(data), expired=True))


async def test_a_download_without_end_is_cut_off(github_of):
    gh, _ = github_of(lambda request: httpx.Response(200, content=b"x" * 5000))
    with pytest.raises(errors.ArtifactRefused, match="larger"):
        await gh.download("/repos/o/r/zip", repository="o/r", permissions={"actions": "read"}, limit=100)


async def test_a_download_that_fails_is_an_ordinary_error(github_of):
    gh, _ = github_of(lambda request: httpx.Response(410, json={"message": "Artifact has expired"}))
    with pytest.raises(errors.NotFound, match="expired"):
        await gh.download("/repos/o/r/zip", repository="o/r", permissions={"actions": "read"}, limit=100)
