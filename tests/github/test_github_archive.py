"""An artifact is somebody else's: it is read as plain files, within limits, or not at all."""

from __future__ import annotations

import contextlib
import stat
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.github import archive
from bot.github.errors import ArtifactRefused


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files:
            file.writestr(name, content)
    return out.getvalue()


def test_plain_files_come_out_as_they_went_in():
    data = zipped(("gate.json", b"{}"), ("logs/", b""), ("logs/a b.txt", b"\xff\x00"))
    assert archive.unpack(data) == {"gate.json": b"{}", "logs/a b.txt": b"\xff\x00"}


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "a\\..\\x", "C:/x", "./x", "a//x", "a/./x"]
)
def test_a_name_that_points_elsewhere_is_refused(name):
    with pytest.raises(ArtifactRefused, match="dangerous name"):
        archive.unpack(zipped((name, b"x")))


def test_a_link_is_refused():
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(ArtifactRefused, match="not a plain file"):
        archive.unpack(zipped((link, b"/etc/passwd")))


def test_a_bomb_is_refused_before_it_is_unpacked():
    with pytest.raises(ArtifactRefused, match="unpacks to far more"):
        archive.unpack(zipped(("bomb", b"\0" * (30 * 1024 * 1024))))


def test_too_many_files_and_the_same_twice_are_refused():
    with pytest.raises(ArtifactRefused, match="files"):
        archive.unpack(zipped(*((f"f{i}", b"") for i in range(archive.MAX_FILES + 1))))
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped(("a", b"1"), ("a", b"2"))
    with pytest.raises(ArtifactRefused, match="twice"):
        archive.unpack(twice)


@settings(deadline=None)
@given(st.data())
def test_no_bytes_at_all_make_it_stumble(data: st.DataObject):
    good = bytearray(zipped(("a.txt", b"hello"), ("b/c.txt", b"world")))
    for at in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=6)):
        good[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ArtifactRefused):
        assert isinstance(archive.unpack(bytes(good)), dict)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_nor_does_noise(noise: bytes):
    with pytest.raises(ArtifactRefused):
        archive.unpack(noise)
