"""Who is asking: personal tokens, an App's JWT, installation tokens (narrowed, one hour), a run's GITHUB_TOKEN.

Not here: what an actor may do (permissions.py).
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox.world import App, Installation, Repository, User, World

LEVELS = {"read": 1, "write": 2, "admin": 3}
_LIFE = timedelta(hours=1)  # of installation tokens
_LONGEST = 10 * 60  # seconds an App's JWT may live
_DRIFT = 60  # seconds that a client's clock may be ahead


class BadCredentials(Exception):
    """401; the text is GitHub's message."""


@dataclass(frozen=True)
class Actor:
    """user: a person or an App's bot. app without installation: the App itself, by its JWT. permissions and
    repositories hold for installation tokens only."""

    user: User | None = None
    app: App | None = None
    installation: Installation | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    repositories: tuple[Repository, ...] = ()

    @property
    def label(self) -> str:
        """For the request log."""
        if self.user:
            return self.user.login
        return f"app/{self.app.slug}" if self.app else ""

    def allows(self, permission: str, level: str) -> bool:
        """Whether an installation token has a permission at this level."""
        return LEVELS.get(self.permissions.get(permission, ""), 0) >= LEVELS[level]


@dataclass(frozen=True)
class InstallationToken:
    """A minted token."""

    token: str
    actor: Actor
    expires_at: datetime


@functools.cache
def generate_key(bits: int = 2048) -> str:
    """A private key as PEM; one a process, since making one takes a tenth of a second and more."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@functools.cache
def public_key(private_key_pem: str) -> str:
    """The public half, as PEM; kept, since reading a key checks its primes."""
    key = serialization.load_pem_private_key(private_key_pem.encode(), None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


class Tokens:
    """Issues tokens and recognises them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._issued: dict[str, InstallationToken] = {}

    def mint(
        self, installation: Installation, permissions: Mapping[str, str], repositories: tuple[Repository, ...]
    ) -> InstallationToken:
        """An installation token for these permissions (metadata:read comes along) and repositories."""
        actor = Actor(
            installation.app.bot,
            installation.app,
            installation,
            {"metadata": "read", **permissions},
            repositories,
        )
        expires = (self._world.auth_clock() + _LIFE).replace(microsecond=0)
        issued = InstallationToken("ghs_" + secrets.token_hex(18), actor, expires)
        self._issued[issued.token] = issued
        return issued

    def personal(self) -> str:
        """A person's token; see World.users."""
        return "ghp_" + secrets.token_hex(18)

    def revoke(self, token: str) -> None:
        """Forgets a token, as when its run ends."""
        self._issued.pop(token, None)

    def actor(self, authorization: str | None) -> Actor:
        """Who sends this Authorization header; nobody without one. Raises BadCredentials."""
        if not authorization:
            return Actor()
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() not in ("bearer", "token") or not token:
            raise BadCredentials("Bad credentials")
        if token.count(".") == 2:
            return Actor(app=self._app(token))
        issued = self._issued.get(token)
        if issued and issued.expires_at > self._world.auth_clock():
            return issued.actor
        for user in self._world.users.values():
            if user.token and secrets.compare_digest(user.token, token):
                return Actor(user)
        raise BadCredentials("Bad credentials")

    def _app(self, token: str) -> App:
        """The App that signed a JWT, by GitHub's rules: RS256, iss, iat not ahead, exp within ten minutes."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
            app = next(
                app
                for app in self._world.apps.values()
                if str(claims.get("iss")) in (str(app.id), client_id(app))
            )
            jwt.decode(
                token,
                app.public_key_pem,
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_iat": False, "verify_iss": False},
            )
            issued, expires = int(claims["iat"]), int(claims["exp"])
        except StopIteration:
            raise BadCredentials("Integration not found") from None
        except (jwt.PyJWTError, KeyError, TypeError, ValueError):
            raise BadCredentials("A JSON web token could not be decoded") from None
        now = self._world.auth_clock().timestamp()
        if issued > now + _DRIFT:
            raise BadCredentials(
                "'Issued at' claim ('iat') must be an Integer representing the time in the past"
            )
        if expires <= now:
            raise BadCredentials(
                "'Expiration time' claim ('exp') must be a numeric value representing the future"
            )
        if expires > now + _LONGEST + _DRIFT:
            raise BadCredentials("'Expiration time' claim ('exp') is too far in the future")
        return app


def client_id(app: App) -> str:
    """The other name that a JWT may give its App."""
    return f"Iv23sandbox{app.id}"
