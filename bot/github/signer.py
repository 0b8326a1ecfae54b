"""The App's own signature: a short-lived token that proves to GitHub that we are the App.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
The private key lives here and nowhere else, and is never shown. Not here: what the App may do with it
(tokens.py).
"""

from __future__ import annotations

from datetime import timedelta

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.engine.ports import Clock

# GitHub takes at most ten minutes ahead and no `iat` in its future: a minute for clocks that differ.
_BACK, _AHEAD = timedelta(seconds=60), timedelta(minutes=9)


class BadPrivateKey(ValueError):
    """The App's private key cannot be used; the message says what to do, and never contains the key."""


class AppSigner:
    """Signs for one App.

    app_id: as its settings page shows it. private_key: the downloaded file's text, or what `load_key` made of
    it. Raises BadPrivateKey.
    """

    def __init__(self, app_id: int, private_key: str | RSAPrivateKey, clock: Clock) -> None:
        self.app_id = app_id
        self._clock = clock
        self._key = load_key(private_key) if isinstance(private_key, str) else private_key

    def jwt(self) -> str:
        """Valid from a minute ago for nine minutes from now."""
        now = self._clock.now()
        claims = {"iss": str(self.app_id), "iat": now - _BACK, "exp": now + _AHEAD}
        return jwt.encode(claims, self._key, algorithm="RS256")

    def __repr__(self) -> str:
        return f"AppSigner({self.app_id})"


def load_key(pem: str) -> RSAPrivateKey:
    """The key in a .pem file's text, proven, which takes a while. A key whose line breaks were written as the two
    characters "\\n", as many settings stores do, is taken too. Raises BadPrivateKey."""
    text = pem.strip().replace("\\n", "\n")
    if not text:
        raise BadPrivateKey("The App's private key is empty. Generate one on the App's settings page.")
    if "-----BEGIN" not in text:
        raise BadPrivateKey(
            "The App's private key is not in PEM form: it should start with “-----BEGIN”. Give the content of "
            "the .pem file that GitHub offered for download, or the file's path."
        )
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except TypeError as error:
        raise BadPrivateKey("The App's private key is protected by a password; give it without.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadPrivateKey(
            "The App's private key cannot be read; it may have lost its line breaks or its end. Copy the .pem "
            "file again, whole."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise BadPrivateKey("The App's private key is not an RSA key; GitHub signs Apps with RSA only.")
    return key
