"""CSRF tokens in the form of jwt_sessions (and Rails): a random pad, then the pad XOR the session's secret."""

import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from hmac import compare_digest

LENGTH = 32
"""Bytes of a secret; a token is twice as long, 88 characters in base64."""


def new_secret() -> str:
    """32 random bytes in base64."""
    return b64encode(secrets.token_bytes(LENGTH)).decode()


def masked(secret: str) -> str:
    """A token for `secret`, another one at each call, so that compression cannot leak it (BREACH)."""
    pad = secrets.token_bytes(LENGTH)
    return b64encode(pad + _xor(pad, b64decode(secret))).decode()


def matches(token: str, secret: str) -> bool:
    """Whether `token` is a mask of `secret`; False for anything that is no token at all."""
    try:
        raw = b64decode(token, validate=True)
    except (Base64Error, ValueError):
        return False
    return len(raw) == 2 * LENGTH and compare_digest(_xor(raw[:LENGTH], raw[LENGTH:]), b64decode(secret))


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
