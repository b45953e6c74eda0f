"""What is kept in place of a name that was typed at a login: people type their passwords there."""

import hashlib
import hmac
from typing import Final

from keesa.accounts.keys import Keys

LENGTH: Final = 32
"""Hexadecimal digits: 128 bits, so that two names do not meet."""
_PURPOSE: Final = b"keesa: names of failed logins"


class NameHashes:
    """Keyed with what signs the tokens, which no database and no back-up of one holds: who has those cannot try which
    name it was. All workers and nodes have the same; another secret makes others, and counts begin anew.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def of(self, name: str) -> str:
        """`LENGTH` hexadecimal digits, as long for any name."""
        key = hmac.digest(self._keys.ring().signing, _PURPOSE, "sha256")
        return hmac.new(key, name.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:LENGTH]
