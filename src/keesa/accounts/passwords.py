"""Passwords as argon2id hashes (RFC 9106), checked in the same time whether the user exists or not.

They are compared in one form, that of RFC 8265 (OpaqueString): NFC, and each kind of blank as a space. Hashes that were
made of another form go on being good.
"""

import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from keesa.errors import Invalid
from keesa.names import control_fault

SHORTEST = 8
LONGEST = 256
"""Characters; argon2 would take more, an attacker's megabyte it shall not."""
_LONGEST_GIVEN: Final = 4 * LONGEST
"""The same before it is brought into its form, which may have fewer characters."""

# argon2id with the parameters that OWASP advises where memory is dear: 19 MiB, two passes, one lane
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that was chosen, hashed already: it takes 20 ms of CPU, which no transaction shall wait for."""

    hash: str = field(repr=False)
    """Empty where there is a fault."""
    fault: str | None = None
    """What is wrong with what was chosen."""


def new_password(password: str) -> NewPassword:
    """Call it before the transaction that keeps the hash."""
    if fault := password_fault(password):
        return NewPassword("", fault)
    return NewPassword(_hasher.hash(_prepared(password)))


def password_fault(password: str) -> str | None:
    """What is wrong with a new password; None where nothing is."""
    if password.startswith("\ufeff"):
        return "must not begin with a byte-order mark: save it as UTF-8 without one"
    if len(password) > _LONGEST_GIVEN or not SHORTEST <= len(_prepared(password)) <= LONGEST:
        return f"must have {SHORTEST} to {LONGEST} characters"
    return control_fault(password)


def hash_password(password: str) -> str:
    """An argon2id hash with its parameters; raises `Invalid` for what may be no password."""
    new = new_password(password)
    if new.fault:
        raise Invalid({"password": [new.fault]})
    return new.hash


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is the hashed one. None (no such user), or what is no hash, takes as long and is False.

    Some 20 ms of CPU; where the password has other forms, so much for each of them until one is right.
    """
    if len(password) > _LONGEST_GIVEN or len(_prepared(password)) > LONGEST:
        password, password_hash = "", None
    nobodys = _nobodys_hash()  # asked for in any case: its first making takes time too
    kept = password_hash if password_hash is not None and _is_hash(password_hash) else None
    good = any(_is_hash_of(kept or nobodys, form) for form in _forms(password))
    return good and kept is not None


def _is_hash(text: str) -> bool:
    try:
        extract_parameters(text)
    except InvalidHashError:
        return False
    return True


def _is_hash_of(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def _prepared(password: str) -> str:
    """The form in which passwords are compared (RFC 8265, section 4.2.1)."""
    if password.isascii():
        return password
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in password)
    return unicodedata.normalize("NFC", spaced)


def _forms(password: str) -> list[str]:
    """The prepared form, then those that an older hash may be of, as keyboards and systems send them."""
    if password.isascii():
        return [password]
    prepared = _prepared(password)
    others = (password, unicodedata.normalize("NFC", password))
    decomposed = (unicodedata.normalize("NFD", form) for form in (prepared, password))
    return list(dict.fromkeys((prepared, *others, *decomposed)))


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
