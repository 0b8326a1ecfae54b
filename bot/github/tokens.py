"""Installation tokens, each for one repository and the permissions of one effect.

https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
A stolen or misused token reaches no further than the effect it was minted for. Tokens stay in memory.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta

import msgspec

from bot.engine.ports import Clock
from bot.github import errors
from bot.github.permissions import Permissions, missing
from bot.github.route import full_name
from bot.github.signer import AppSigner
from bot.github.wire import Wire

# Long enough for any request that is under way when it is handed out.
_EARLY = timedelta(minutes=5)

_Key = tuple[int, str, tuple[tuple[str, str], ...]]


class Installation(msgspec.Struct, frozen=True):
    """Where the App is installed. permissions: what its owner granted."""

    id: int
    permissions: dict[str, str] = {}


class _Token(msgspec.Struct, frozen=True):
    token: str
    expires_at: datetime


class Tokens:
    """Mints and remembers. One mint for a key at a time, however many ask."""

    def __init__(self, wire: Wire, signer: AppSigner, clock: Clock) -> None:
        self._wire = wire
        self._signer = signer
        self._clock = clock
        self._installations: dict[str, Installation] = {}
        self._tokens: dict[_Key, _Token] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def as_app(self) -> str:
        """The Authorization header of the App itself, for the few requests that no installation makes."""
        return f"Bearer {self._signer.jwt()}"

    async def authorization(self, repository: str, permissions: Permissions) -> str:
        """The Authorization header for one repository ("owner/name") and these permissions.

        Raises PermissionMissing, NotInstalled, or what else GitHub answers.
        """
        async with self._locks[full_name(repository)]:
            installation = await self._installation(repository)
            key = (installation.id, repository, tuple(sorted(permissions.items())))
            known = self._tokens.get(key)
            if known is None or known.expires_at - _EARLY <= self._clock.now():
                known = self._tokens[key] = await self._renewed(installation, repository, permissions)
            return f"Bearer {known.token}"

    async def _renewed(self, installation: Installation, repository: str, permissions: Permissions) -> _Token:
        """A new token; if the App was removed and installed anew meanwhile, from the new installation."""
        try:
            return await self._mint(installation, repository, permissions)
        except errors.NotInstalled:
            now = await self.installation(repository)
            if now.id == installation.id:
                raise
            return await self._mint(now, repository, permissions)

    def forget(self, repository: str) -> None:
        """Drop what is remembered of a repository: a token was refused, or its installation changed."""
        self._installations.pop(repository, None)
        for key in [k for k in self._tokens if k[1] == repository]:
            del self._tokens[key]

    async def installation(self, repository: str) -> Installation:
        """The repository's installation, as GitHub knows it now. Raises NotInstalled."""
        try:
            answer = await self._wire.send(
                "GET", f"/repos/{full_name(repository)}/installation", self.as_app()
            )
        except errors.NotFound as error:
            self.forget(repository)
            raise errors.NotInstalled(
                f"The App is not installed on {repository}. An owner of {repository.partition('/')[0]} can "
                "install it, or add this repository to its installation.",
                status=404,
            ) from error
        found = self._installations[repository] = answer.read(Installation)
        return found

    async def _installation(self, repository: str) -> Installation:
        return self._installations.get(repository) or await self.installation(repository)

    async def _mint(self, installation: Installation, repository: str, permissions: Permissions) -> _Token:
        body = {"repositories": [repository.partition("/")[2]], "permissions": dict(permissions)}
        path = f"/app/installations/{installation.id}/access_tokens"
        try:
            answer = await self._wire.send("POST", path, self.as_app(), json=body)
        except errors.NotFound as error:  # uninstalled, or installed anew under another id
            self.forget(repository)
            raise errors.NotInstalled(
                f"The App is no longer installed on {repository}.", status=404
            ) from error
        except errors.Invalid as error:
            # GitHub does not say which permission is too much: ask what was granted, and say it.
            lacking = missing(permissions, (await self.installation(repository)).permissions)
            if lacking is not None:
                raise errors.PermissionMissing(*lacking, repository) from error
            raise errors.Refused(
                f"GitHub gives no token for {repository}: {error.message}", status=error.status
            ) from error
        except errors.Unknown as error:  # a token more or less changes nothing: as a read
            raise errors.Unavailable(error.message, path=path, status=error.status) from error
        return answer.read(_Token)
