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

from keesa.names import control_fault

SHORTEST = 8
LONGEST = 256
"""Characters; argon2 would take more, an attacker's megabyte it shall not."""
COMMON: Final = "is one that is guessed early: choose a longer or a less usual one"
_GUESSABLE: Final = 2
"""Of zxcvbn's scores from 0 to 4 the first that stands for more than a million guesses."""
_LOOKED_AT: Final = 40
"""Characters of a password by which it is told whether it is easy to guess: of more it would take a second."""
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
    """Of a password that a person has chosen. Call it before the transaction that keeps the hash."""
    if fault := password_fault(password):
        return NewPassword("", fault)
    return given_password(password)


def given_password(password: str) -> NewPassword:
    """Of one that is good whatever it is: that of the demo, which everybody is to know."""
    return NewPassword(hash_password(password))


def password_fault(password: str) -> str | None:
    """What is wrong with a new password; None where nothing is."""
    if password.startswith("\ufeff"):
        return "must not begin with a byte-order mark: save it as UTF-8 without one"
    if len(password) > _LONGEST_GIVEN or not SHORTEST <= len(_prepared(password)) <= LONGEST:
        return f"must have {SHORTEST} to {LONGEST} characters"
    return control_fault(password) or (COMMON if _is_guessable(password) else None)


def hash_password(password: str) -> str:
    """An argon2id hash with its parameters."""
    return _hasher.hash(_prepared(password))


def _is_guessable(password: str) -> bool:
    """Whether it is one of the common ones, or made of them by little more than another letter's size or a year."""
    from zxcvbn_rs_py import zxcvbn  # noqa: PLC0415 - its lists take 8 MiB, of processes that set passwords alone

    return int(zxcvbn(_prepared(password)[:_LOOKED_AT]).score) < _GUESSABLE


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
