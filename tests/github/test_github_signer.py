"""The App proves who it is, and says clearly when it cannot."""

from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.github.signer import AppSigner, BadPrivateKey


def test_a_token_holds_nine_minutes_and_forgives_a_minute_of_clock(clock, private_key, private_pem):
    signed = AppSigner(42, private_pem, clock).jwt()
    claims = jwt.decode(
        signed,
        private_key.public_key(),
        algorithms=["RS256"],
        options={"verify_exp": False, "verify_iat": False},
    )
    now = clock.now()
    assert claims == {
        "iss": "42",
        "iat": int((now - timedelta(seconds=60)).timestamp()),
        "exp": int((now + timedelta(minutes=9)).timestamp()),
    }


def test_a_key_whose_line_breaks_were_escaped_by_a_settings_store_is_taken(clock, private_pem):
    assert AppSigner(1, private_pem.replace("\n", "\\n"), clock).jwt()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda pem: "", "is empty"),
        (lambda pem: "/etc/cloi/key.pem", "not in PEM form"),
        (lambda pem: pem[: len(pem) // 2], "cannot be read"),
    ],
)
def test_a_damaged_key_is_explained_and_never_shown(clock, private_pem, damage, words):
    with pytest.raises(BadPrivateKey, match=words) as caught:
        AppSigner(1, damage(private_pem), clock)
    assert private_pem.splitlines()[1] not in str(caught.value)


def test_a_key_with_a_password_or_of_another_kind_is_explained(clock, private_key):
    locked = private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"x"),
    ).decode()
    with pytest.raises(BadPrivateKey, match="password"):
        AppSigner(1, locked, clock)
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(BadPrivateKey, match="RSA"):
        AppSigner(1, other.decode(), clock)
