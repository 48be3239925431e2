"""Tokens of sessions and of the first set-up.

They are random enough (256 and 120 bits) that a plain SHA-256 of what is presented is all that need be kept.
"""

import hashlib
from base64 import b32encode, urlsafe_b64encode


def session_token(secret: bytes) -> str:
    return urlsafe_b64encode(secret).rstrip(b"=").decode()


def token_sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def setup_token(secret: bytes) -> str:
    """As it is printed: four groups of six letters, easy to type."""
    letters = b32encode(secret).decode()
    return "-".join(letters[at : at + 6] for at in range(0, len(letters), 6))


def setup_token_sha256(typed: str) -> bytes:
    """Of what a person typed: blanks, dashes and case do not count."""
    return token_sha256("".join(typed.split()).replace("-", "").upper())
