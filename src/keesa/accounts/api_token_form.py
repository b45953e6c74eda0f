"""The form of API tokens: `keesa_`, 30 random characters, and 6 that check them, so that scanners for secrets know one
without asking anybody (the form of GitHub's tokens, https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/).
"""

import re
import secrets
from hashlib import sha256
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final
from zlib import crc32

PREFIX: Final = "keesa_"
_RANDOM: Final = 30
"""Characters, of 62 each: 178 bits."""
_CHECK: Final = 6
"""Characters of the checksum: as many as 32 bits may need."""
PATTERN: Final = f"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECK}}}"
"""What one looks like, as a regular expression of any dialect."""

_CHARACTERS: Final = digits + ascii_uppercase + ascii_lowercase
_FORM: Final = re.compile(PATTERN, re.ASCII)


def new_api_token() -> str:
    """A token that nobody has."""
    random = "".join(secrets.choice(_CHARACTERS) for _ in range(_RANDOM))
    return PREFIX + random + _checksum(random)


def hash_of(text: str) -> str | None:
    """By what the token is kept: SHA-256 of all of it, in hexadecimal; None for what is misspelt, and so no token."""
    if _FORM.fullmatch(text) is None or _checksum(text[len(PREFIX) : -_CHECK]) != text[-_CHECK:]:
        return None
    # no salt and no stretching: nobody guesses 178 random bits
    return sha256(text.encode("ascii")).hexdigest()


def _checksum(random: str) -> str:
    """CRC-32 (that of zlib) of the random characters, in base 62 with leading zeros."""
    left, found = crc32(random.encode("ascii")), ""
    for _ in range(_CHECK):
        left, digit = divmod(left, len(_CHARACTERS))
        found = _CHARACTERS[digit] + found
    return found
