"""Where the jobs of one run leave artifacts and fetch them: a very small HTTP service on the loopback.

GitHub's own artifact service is out of a job's reach once something is uploaded, and so is this one: a name is
taken once (409) unless `overwrite` is asked for. Archives come from code that nobody trusts, so names, sizes and
members are checked before a file is written. Not here: the stand-in actions that call it (bot/sandbox/standins),
artifacts as objects of the API.

    PUT /NAME  a zip as body, `X-Overwrite: true`   201, 400, 409 or 413
    GET /NAME                                       200 with the zip, or 404
    GET /                                           200, a JSON list of names
Each needs `Authorization: Bearer TOKEN`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import re
import secrets
import shutil
import stat
import zipfile
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

ARCHIVE_LIMIT = 64_000_000  # bytes; more than any demonstration needs
CONTENT_LIMIT = 256_000_000
FILES_LIMIT = 20_000
_NAME = re.compile(r'^(?!\.{1,2}$)[^\x00-\x1f":<>|*?\\/]{1,200}$')  # what actions/upload-artifact allows


class ArtifactService:
    """Serves one run. directory: artifacts are unpacked into directory/NAME/, archives are kept in memory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.token = secrets.token_urlsafe(24)
        self.url = ""
        self._archives: dict[str, bytes] = {}
        self._server: asyncio.Server | None = None
        self._calls: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listens on a free port of the loopback."""
        self._server = await asyncio.start_server(self._call, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    async def close(self) -> None:
        """Stops listening. What was uploaded stays in the directory."""
        if self._server is not None:
            self._server.close()
        for call in list(self._calls):
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def keep(self, name: str, archive: bytes, *, overwrite: bool) -> tuple[HTTPStatus, str]:
        """Takes an archive. Returns the answer's status and words."""
        if not _NAME.match(name):
            return HTTPStatus.BAD_REQUEST, f"{name!r} is no valid artifact name."
        if name in self._archives and not overwrite:
            return HTTPStatus.CONFLICT, (
                f"an artifact with the name {name!r} already exists on the workflow run. "
                "Set overwrite: true to replace it."
            )
        target = self.directory / name
        try:
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                members = _checked(opened)
                shutil.rmtree(target, ignore_errors=True)
                target.mkdir(parents=True)
                for member in members:
                    opened.extract(member, target)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
            shutil.rmtree(target, ignore_errors=True)
            return HTTPStatus.BAD_REQUEST, f"the archive cannot be taken: {error}"
        self._archives[name] = archive
        return HTTPStatus.CREATED, json.dumps(
            {"id": list(self._archives).index(name) + 1, "digest": hashlib.sha256(archive).hexdigest()}
        )

    def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.create_task(self._serve(reader, writer))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            status, body = await asyncio.wait_for(self._answer(reader), 60)
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            status, body = HTTPStatus.BAD_REQUEST, b"this is no request"
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Length: {len(body)}\r\n"
        try:
            writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
            await writer.drain()
        except OSError:
            pass  # the caller went away; nothing is owed to it
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[HTTPStatus, bytes]:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        if not hmac.compare_digest(
            headers.get("authorization", "").encode(), f"Bearer {self.token}".encode()
        ):
            return HTTPStatus.UNAUTHORIZED, b"the run's token is needed"
        name = unquote(path.removeprefix("/"))
        if method == "GET":
            if not name:
                return HTTPStatus.OK, json.dumps(sorted(self._archives)).encode()
            found = self._archives.get(name)
            return (HTTPStatus.NOT_FOUND, b"") if found is None else (HTTPStatus.OK, found)
        if method != "PUT":
            return HTTPStatus.METHOD_NOT_ALLOWED, b""
        length = int(headers.get("content-length", ""))
        if not 0 <= length <= ARCHIVE_LIMIT:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {ARCHIVE_LIMIT} bytes".encode()
        archive = await reader.readexactly(length)
        status, words = self.keep(name, archive, overwrite=headers.get("x-overwrite") == "true")
        return status, words.encode()


def _checked(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members, if each is a plain file or directory that stays inside. Raises ValueError."""
    members = archive.infolist()
    if len(members) > FILES_LIMIT or sum(member.file_size for member in members) > CONTENT_LIMIT:
        raise ValueError(f"more than {FILES_LIMIT} files or {CONTENT_LIMIT} bytes")
    for member in members:
        path = PurePosixPath(member.filename)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or "\\" in member.filename:
            raise ValueError(f"{member.filename!r} leads out of the artifact")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ValueError(f"{member.filename!r} is no plain file")
    return members
