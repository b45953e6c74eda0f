"""Passwords as argon2id hashes (RFC 9106), checked in the same time whether the user exists or not."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from keesa.errors import Invalid

SHORTEST = 8
LONGEST = 256
"""Characters; argon2 would take more, an attacker's megabyte it shall not."""

# argon2id with the parameters that OWASP advises where memory is dear: 19 MiB, two passes, one lane
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def password_fault(password: str) -> str | None:
    """What is wrong with a new password; None where nothing is."""
    if SHORTEST <= len(password) <= LONGEST:
        return None
    return f"must have {SHORTEST} to {LONGEST} characters"


def hash_password(password: str) -> str:
    """An argon2id hash with its parameters; raises `Invalid` for a password that is too short or too long."""
    if fault := password_fault(password):
        raise Invalid({"password": [fault]})
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is the hashed one. None (no such user) takes as long and is False. Some 20 ms of CPU."""
    if len(password) > LONGEST:
        password, password_hash = "", None
    nobodys = _nobodys_hash()  # asked for in any case: its first making takes time too
    try:
        _hasher.verify(password_hash or nobodys, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
