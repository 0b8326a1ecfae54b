"""The files of an artifact, from bytes that anybody may have made: in memory, within limits, or not at all.

An archive can lie about sizes, hold a terabyte in a kilobyte, name files outside of its place, or hold links.
Nothing is written to a disk here. What the files mean is a claim of the runner's (bot/gates).
"""

from __future__ import annotations

import stat
import zipfile
from io import BytesIO

from bot.github.errors import ArtifactRefused

MAX_DOWNLOAD = 20 * 1024 * 1024  # bytes of the archive
MAX_TOTAL = 50 * 1024 * 1024  # bytes of all its files
MAX_FILES = 1000
MAX_RATIO = 200  # unpacked to packed; text seldom exceeds 20
_RATIO_FLOOR = 1024 * 1024  # below this no ratio is suspicious
_ENCRYPTED = 0x1


def unpack(data: bytes) -> dict[str, bytes]:
    """Path to content, of plain files only. Raises ArtifactRefused."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_FILES:
                raise ArtifactRefused(
                    f"The artifact holds {len(entries):,} files; {MAX_FILES:,} are the limit."
                )
            out: dict[str, bytes] = {}
            room = MAX_TOTAL
            for entry in entries:
                if entry.is_dir():
                    continue
                name = _name(entry)
                if name in out:
                    raise ArtifactRefused(f"The artifact holds “{name}” twice.")
                content = _content(archive, entry, room)
                room -= len(content)
                out[name] = content
            return out
    except ArtifactRefused:
        raise
    except Exception as error:  # zipfile trusts what it reads: an empty name alone is an IndexError
        raise ArtifactRefused(f"The artifact is not a readable archive: {error}.") from error


def _name(entry: zipfile.ZipInfo) -> str:
    """The entry's path, if it stays inside."""
    name = entry.filename
    if entry.orig_filename != name or "\\" in name or "\0" in name or ":" in name or name.startswith("/"):
        raise ArtifactRefused(f"The artifact has a file with a dangerous name: “{entry.orig_filename!r}”.")
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise ArtifactRefused(f"The artifact has a file with a dangerous name: “{name}”.")
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise ArtifactRefused(f"“{name}” in the artifact is not a plain file.")
    if entry.flag_bits & _ENCRYPTED:
        raise ArtifactRefused(f"“{name}” in the artifact is encrypted.")
    return name


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> bytes:
    """At most `room` bytes; what the header says is not trusted."""
    allowed = min(room, max(_RATIO_FLOOR, entry.compress_size * MAX_RATIO))
    with archive.open(entry) as file:
        content = file.read(allowed + 1)
    if len(content) > allowed:
        raise ArtifactRefused(f"“{entry.filename}” in the artifact unpacks to far more than it should.")
    return content
