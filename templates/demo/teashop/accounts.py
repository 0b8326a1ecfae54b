"""Who shops here: accounts with a name and a password (docs/adr/0002)."""

import hashlib
import hmac
import os

ROUNDS = 20_000


class Accounts:
    """Customers by name, each with a salted hash of the password."""

    def __init__(self):
        self._customers = {}

    def register(self, name, password):
        """Open an account. Raises ValueError if the name is taken or the password has fewer than 8 signs."""
        if name in self._customers:
            raise ValueError(f"{name} has an account already")
        if len(password) < 8:
            raise ValueError("a password needs at least 8 signs")
        salt = os.urandom(16)
        self._customers[name] = salt, _hash(password, salt)

    def login(self, name, password):
        """Whether this is the password of this customer."""
        salt, expected = self._customers.get(name, (b"", b""))
        return hmac.compare_digest(_hash(password, salt), expected)


def _hash(password, salt):
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
