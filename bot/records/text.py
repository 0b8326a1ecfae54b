"""Bytes to lines, within limits: the first step of reading any record.

A hostile or huge file must cost milliseconds, so the caps are counted here, before anything parses: bytes,
lines that hold text, and the work that a block parser would have with them. What is cut off is said in a
finding, never silently. Not here: what the lines mean.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bot.records.record import Finding, Place, Severity

MAX_BYTES = 128 * 1024
MAX_LINES = 3_000
"""Budget of lines that hold text; an entry of a list or a row of a table counts twice. The longest record of the
development corpus has 840 lines."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text. text: as decoded (and cut); lines: without line ends; blob_sha: git's id of all bytes."""

    path: str
    text: str
    lines: tuple[str, ...]
    blob_sha: str
    findings: tuple[Finding, ...]


def blob_sha(data: bytes) -> str:
    """git's object id of a blob with these bytes (SHA-1 repositories)."""
    return hashlib.sha1(b"blob %d\x00" % len(data) + data, usedforsecurity=False).hexdigest()


def decode(path: str, data: bytes) -> Source:
    """The text of a file, cut to the caps. Never raises; what could not be read becomes a finding."""
    findings: list[Finding] = []
    kept = data
    if len(data) > MAX_BYTES:
        kept = data[:MAX_BYTES]
        reason = f"The file has {len(data) // 1024} kB; only the first {MAX_BYTES // 1024} kB were read."
        findings.append(Finding("too-large", Severity.WARNING, path, Place(1, 1), reason))
    text, remark = _text_of(kept, cut=len(data) > MAX_BYTES)
    if remark:
        findings.append(Finding("encoding", Severity.WARNING, path, Place(1, 1), remark))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    end = _affordable(lines)
    if end < len(lines):
        lines = lines[:end]
        reason = f"The file has too many lines; those after line {end} were not read."
        findings.append(Finding("too-long", Severity.WARNING, path, Place(end, end), reason))
    return Source(path, text, tuple(lines), blob_sha(data), tuple(findings))


def _text_of(data: bytes, *, cut: bool) -> tuple[str, str | None]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), "The file is UTF-16; UTF-8 is what other tools expect."
    if b"\x00" in data:
        return "", "The file is binary and was not read."
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        if cut and error.start > len(data) - 4:  # the cap fell into a character
            return data[: error.start].decode("utf-8-sig", "replace"), None
    return data.decode("cp1252", "replace"), "The file is not UTF-8; it was read as Windows-1252."


def _affordable(lines: list[str]) -> int:
    """How many lines fit the budget; a line of many container marks (`> > - -`) costs more than prose."""
    budget = MAX_LINES
    for number, line in enumerate(lines):
        start = line[:80].lstrip()
        if not start:
            continue
        budget -= 1
        if start[0] in "-*+>|0123456789":
            budget -= 1 + (start.count("- ") + start.count("* ") + start.count("+ ") + start.count(">")) // 4
        if budget < 0:
            return number
    return len(lines)
